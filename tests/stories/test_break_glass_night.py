"""A break-glass night and its morning after, told from outside: at once, on record, told, reviewed, mended."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.stories.harbor import Harbor, harbor
from tests.stories.test_main_job import asks, holds, letters, said

WHY = "The customer flies at six and the bank closes at ten."
#: Wednesday, March 4 2026, 22:00 in Chicago.
NIGHT = datetime(2026, 3, 5, 4, 0, tzinfo=UTC)


async def told(office: Harbor, who: str) -> str:
    """All that somebody has in their direct messages."""
    return "\n".join(office.town.slack.words(message) for message in office.town.slack.inbox(who))


async def answer(office: Harbor, who: str, line: str) -> str:
    """What somebody hears who types a command."""
    await office.town.slack.types(who, f"/docket {line}")
    await office.calm()
    return str(office.town.slack.words(office.town.slack.whispers(who)[-1]))


async def test_a_break_glass_night_and_its_morning_after(tmp_path: Path) -> None:
    async with harbor(tmp_path, now=NIGHT) as office:
        slack = office.town.slack
        root = await asks(office, "Please refund ORD-48213, I was charged $450 twice")
        assert "Waiting for Lee" in await said(office, root)
        assert "may break the glass" in await answer(office, "finn", f"breakglass REF-1 {WHY}")
        card: Any = next(m for m in slack.thread(root) if slack.words(m).startswith("*REF-1*"))
        await slack.clicks("dana", "docket:more", card, "Break the glass")
        await office.until(lambda: slack.view("dana"))
        assert await slack.submits("dana", {"Why it can't wait; it is reviewed afterwards": "  "}) != {}
        assert await slack.submits("dana", {"Why it can't wait; it is reviewed afterwards": WHY}) == {}
        await office.calm()

        item = await office.item("REF-1")
        assert ([t.state for t in item.exceptions], item.state) == (["bypassed", "bypassed"], "open")
        assert "Dana Ruiz broke the glass on REF-1" in await told(office, "lee")
        assert WHY in await told(office, "lee")
        assert "Its review is REVIEW-1" in await said(office, root)
        for line in ("next REF-1", "evidence REF-1 receipt re_1234"):
            await answer(office, "dana", line)
        assert (await office.item("REF-1")).stage == "payment"

        await office.pushes(hours=10, minutes=31)
        digest = next(m for m in slack.inbox("maria") if "digest" in slack.words(m))
        assert "Glass broken" in slack.words(digest)
        assert "went past OVER_LIMIT" in slack.words(digest)
        assert any(WHY in letter for letter in letters(office, "maria@harbor.example"))
        assert "Nobody decides on their own request" in await answer(
            office, "dana", "approve REVIEW-1 JUSTIFIED it had to be"
        )
        await answer(office, "maria", "approve REVIEW-1 JUSTIFIED the bank confirms that it was closing")
        review = await office.item("REVIEW-1")
        assert (review.outcome, review.evidence[0].kind) == ("done", "status")
        assert "the bank confirms" in await told(office, "dana")

        assert "can't close without proof: note" in await answer(office, "dana", "close FIX-1")
        await answer(office, "dana", "evidence FIX-1 note Lee has a deputy at night now.")
        await answer(office, "dana", "close FIX-1")
        assert (await office.item("FIX-1")).outcome == "done"
        await holds(office)
