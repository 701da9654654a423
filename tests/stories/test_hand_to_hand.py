"""A refund through its hands, told from outside: handed over, sent back, mended, accepted, closed, and booked."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from rules.record import item_json
from tests.stories.harbor import Harbor, harbor
from tests.stories.test_main_job import asks, holds, said

CAUSE = "That order belongs to somebody else."


async def types(office: Harbor, who: str, *lines: str) -> str:
    """Slash commands, one after the other; gives what the last was answered with."""
    for line in lines:
        await office.town.slack.types(who, f"/docket {line}")
        await office.calm()
    return str(office.town.slack.words(office.town.slack.whispers(who)[-1]))


def newest(office: Harbor, who: str, words: str) -> dict[str, Any]:
    """The newest direct message to somebody with these words."""
    slack = office.town.slack
    return next(m for m in reversed(slack.inbox(who)) if words in slack.words(m))


async def ticks_all(office: Harbor, who: str, key: str) -> None:
    """Every step that its stage asks for is done."""
    for number, _ in (await office.item(key)).open_steps():
        await types(office, who, f"tick {key} {number}")


async def test_a_refund_is_sent_back_mended_accepted_and_goes_on_in_the_books(tmp_path: Path) -> None:
    async with harbor(tmp_path) as office:
        slack = office.town.slack
        root = await asks(office, "Please refund ORD-48213, it was $45")
        await ticks_all(office, "dana", "REF-1")
        await types(office, "dana", "next REF-1")
        assert "Handed to Finn Okafor by Dana Ruiz, not accepted yet." in await said(office, root)

        card = newest(office, "finn", "You have *REF-1*")
        assert "it was $45" in slack.words(card)
        await slack.clicks("finn", "Send back", card)
        await office.until(lambda: slack.view("finn"))
        assert await slack.submits("finn", {"What is missing or wrong": CAUSE}) == {}
        await office.calm()
        item = await office.item("REF-1")
        assert (item.stage, item.owner, item.returns[0].cause) == ("triage", "dana", CAUSE)
        assert CAUSE in slack.words(newest(office, "dana", "REF-1"))
        assert "Finn Okafor sent it back from payment" in await said(office, root)
        assert CAUSE in await said(office, root)

        await types(office, "dana", "set REF-1 order ORD-11111")
        await ticks_all(office, "dana", "REF-1")
        await types(office, "dana", "next REF-1")
        await slack.clicks("finn", "Accept", newest(office, "finn", "ORD-11111"))
        await office.calm()
        assert (await office.item("REF-1")).unaccepted is None
        assert "not accepted yet" not in await said(office, root)

        await ticks_all(office, "finn", "REF-1")
        await types(office, "finn", "evidence REF-1 receipt re_1234", "close REF-1")
        books = await office.item("BOOK-1")
        assert books.fields == {"order": "ORD-11111", "amount": "45.00 USD"}
        assert "re_1234" in slack.words(newest(office, "finn", "You have *BOOK-1*"))
        assert "BOOK-1" in await said(office, root)
        assert "BOOK-1" in await types(office, "dana", "show REF-1")
        origin = await office.item("REF-1")
        assert origin.source.permalink is not None
        shown = await types(office, "finn", "show BOOK-1")
        assert "It comes from" in shown
        assert origin.source.permalink in json.dumps(slack.whispers("finn")[-1])
        whole = item_json(origin, office.bot.books.current)
        assert (whole["rework"], len(whole["handoffs"])) == (1, 3)
        await holds(office)
