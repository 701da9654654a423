"""A manager's morning after a busy day: the digest in Slack and by mail, a decision from it, the week on Friday."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

from bot.digest_command import occasion_for, printed
from bot.digests import compose
from bot.pages import Pages
from rules.messages import Link
from tests.stories.harbor import Harbor, harbor
from tests.stories.test_main_job import asks, decides, holds, letters

LOG = "The payment log shows both captures."


def digest_of(office: Harbor, who: str) -> dict[str, Any]:
    """The newest digest in somebody's direct messages."""
    slack = office.town.slack
    return next(m for m in reversed(slack.inbox(who)) if "digest" in slack.words(m))


async def busy(office: Harbor) -> None:
    """Wednesday: one request that Lee decides, one that goes back and forth, one that frightens; something private."""
    await asks(office, "Please refund ORD-48211, I was charged $450 twice")
    await decides(office, "lee", "Approve", "DOUBLE_CHARGE", LOG)
    passing = [("lee", "assign REF-2 @finn"), ("finn", "assign REF-2 @dana")] * 2
    asked = [
        ("rita", f"new {words}") for words in ("refund ORD-48213, it was $45", "concern Somebody is treated badly")
    ]
    for who, line in (*asked, *passing):
        await office.town.slack.types(who, f"/docket {line}")
        await office.calm()
    await asks(office, "refund ORD-48215, $25, or my lawyer calls")


async def test_marias_morning_after_a_busy_day(tmp_path: Path) -> None:
    async with harbor(tmp_path) as office:
        slack = office.town.slack
        await busy(office)
        await office.pushes(hours=22.5)  # 08:30 on Thursday

        digest = digest_of(office, "maria")
        words = slack.words(digest)
        assert "1 decision waits for you (oldest " in words
        assert " promises broken" in words
        assert "*Paused and held*" not in words
        assert "LEGAL_THREAT" in words.split("*Broken*")[0], "hers, with buttons, above what broke"
        assert "triage not done within 4 business hours · Dana Ruiz · due" in words
        assert f'also OVER_LIMIT approved by Lee Park, DOUBLE_CHARGE: "{LOG}"' in words
        assert "also back and forth 2 times between Finn Okafor and Dana Ruiz" in words
        assert "CON-" not in words
        assert "badly" not in words
        (letter,) = [each for each in letters(office, "maria@harbor.example") if "Maria's digest" in each]
        told = " ".join(words.replace("*", "").split())
        first = letter.split("Maria's digest ")[1].split(" Waits for you")[0]
        assert first in told, "the same first line by mail as in Slack"
        for said in ("Waits for you", "Broken", LOG, "In Slack: /docket mine"):
            assert said in letter
        assert "CON-" not in letter

        # Where mail is all there is, the letter leads to the page on which she can decide.
        books = office.bot.books
        books.public_url = "https://docket.example"
        occasion = occasion_for(books.current.digests["morning"], "maria", books.current, office.clock(), None)
        paged = await office.store.read(lambda conn: compose(conn, books, occasion, pages=True))
        (link,) = [part for part in paged.sections[0].rows[0].line if isinstance(part, Link) and "page" in part.label]
        assert books.tokens is not None
        shown = await Pages(office.bot.desk, books.tokens).asked(
            link.url.removeprefix("https://docket.example/decide/")
        )
        assert shown is not None
        assert (shown.page.person, shown.page.item, shown.page.code) == ("maria", "REF-3", "LEGAL_THREAT")
        plainly = await office.store.read(lambda conn: compose(conn, books, occasion))
        assert "docket.example" not in str(plainly), "in a channel of its own nobody else's link stands"

        # She decides from it, as from a decision's own card.
        await slack.clicks("maria", "Reject", digest)
        await office.until(lambda: slack.view("maria"))
        why = {
            "Reason code": "OUTSIDE_POLICY",
            "Why, so that someone new understands it next month": "Five weeks late.",
        }
        assert await slack.submits("maria", why) == {}
        await office.calm()
        decided = [t for item in await office.everything() for t in item.exceptions if t.decision is not None]
        assert [t.decision.by for t in decided if t.decision and t.decision.rationale == "Five weeks late."] == [
            "maria"
        ]

        now = office.clock() + timedelta(seconds=1)
        week = occasion_for(books.current.digests["friday"], "maria", books.current, now, None)
        said = " ".join((await printed(office.store, books, week, "text", now)).split())
        assert (
            "The week against the one before ------------------------------- - Opened 3 (0 before), closed 1 (0)"
            in said
        )
        assert "LEGAL_THREAT in refund 1 (0), OVER_LIMIT in refund 1 (0)" in said
        assert "CON-" not in said
        await holds(office)
