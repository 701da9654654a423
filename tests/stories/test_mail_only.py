"""People without Slack, and an office without it: everyone hears by mail what they must do, and how they can do it."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.demo import example
from bot.sandbox.clock import HandClock
from bot.sandbox.town import Town
from rules.book.load import load
from tests.dovecot import Dovecot
from tests.stories.harbor import MORNING
from tests.stories.post_office import Post, mail, post

pytestmark = pytest.mark.usefixtures("quick_mail", "unpaced")
REQUEST = "Please refund ORD-48213, $450, I was charged twice."
OLU = "olu@harbor.example"


def decided_by(owner: str, backup: str) -> str:
    """The example, with these for what is over the limit."""
    seats = "owner: {}\n        backup: {}\n        respond_within: 2 business hours"
    return example().replace(seats.format("lee", "maria"), seats.format(owner, backup))


def subjects(office: Post, address: str) -> list[str]:
    return [letter.subject for letter in office.peer.to(address)]


async def test_who_has_no_slack_decides_hands_on_and_reads_by_mail_what_others_see_in_slack(
    tmp_path: Path, dovecot: Dovecot
) -> None:
    """Olu owns the decision, is reminded, and the day's digest comes to Olu by mail alone."""
    text = decided_by("olu", "lee").replace("morning: {to: [maria, lee]", "morning: {to: [olu]")
    with_slack = Town(load(text), HandClock(MORNING, running=False))
    async with with_slack as town, post(tmp_path, dovecot, text=text, slack=town) as office:
        await office.arrives(mail(REQUEST))
        card = office.last(OLU)
        assert card.subject == "Decide by 12:00: refund 450 USD, ORD-48213 [REF-1]"
        for said in ("amount 450 USD", "OVER_LIMIT", "If nobody does: Lee Park can decide"):
            assert said in card.text
        assert "To decide, reply with one line" in card.text
        assert "Whatever else you write is kept with REF-1 and decides nothing." in card.text
        await office.pushes(hours=1)
        reminder = office.last(OLU)
        assert reminder.subject == "Reminder, decide by 12:00: refund 450 USD, ORD-48213 [REF-1]"
        await office.arrives(mail("Lee, please take this one.", sender=f"Olu <{OLU}>", answers=reminder))
        assert await office.keys() == ["REF-1"], "an answer to a reminder belongs to what it reminded of"
        await office.pushes(hours=1, minutes=1)
        assert any("REF-1" in str(m) for m in town.slack.inbox("lee")), "escalated to the backup, in Slack"
        await office.does("lee", "assign", "REF-1", person="olu", words="Olu knows the customer.")
        await office.pushes(hours=21)
        digest = next(letter for letter in office.peer.to(OLU) if letter.mail["Precedence"] == "bulk")
        assert digest.subject.startswith("Harbor Supply, Thursday Mar 5: ")
        assert subjects(office, OLU).count(digest.subject) == 1
        assert not [key for key in await office.keys() if key.startswith("BOT-")]


async def test_who_has_no_slack_asks_by_mail_and_is_handed_items_and_escalations(
    tmp_path: Path, dovecot: Dovecot
) -> None:
    text = decided_by("maria", "olu").replace("      - {is: dana}", "      - {is: olu}")
    with_slack = Town(load(text), HandClock(MORNING, running=False))
    async with with_slack as town, post(tmp_path, dovecot, text=text, slack=town) as office:
        await office.arrives(mail("Please refund ORD-48213.", sender=f"Olu Bright <{OLU}>"))
        assert (await office.item("REF-1")).requester == "olu"
        assert office.last(OLU).subject == "How much should go back? [REF-1]"
        await office.arrives(mail(REQUEST))
        handed = next(one for one in office.peer.to(OLU) if one.subject.startswith("Yours now: "))
        assert "To act, reply with one line" in handed.text
        await office.pushes(hours=2, minutes=1)
        escalated = next(one for one in office.peer.to(OLU) if one.subject.startswith("Decide now: "))
        assert "You can decide now; Maria Sol still can." in escalated.text
        assert "approve GOODWILL because ..." in escalated.text


async def test_an_office_without_slack_works_by_mail_alone(tmp_path: Path, dovecot: Dovecot) -> None:
    """Also those with a Slack id are written to, each digest comes once, and nothing counts as undeliverable."""
    async with post(tmp_path, dovecot) as office:
        await office.arrives(mail(REQUEST))
        assert subjects(office, "dana@harbor.example") == ["Yours now: refund 450 USD, ORD-48213 [REF-1]"]
        card = office.last("lee@harbor.example")
        assert "To decide, reply with one line" in card.text
        assert "REF-1" in card.html
        assert "approve DOUBLE_CHARGE because ..." in card.html
        await office.pushes(hours=2, minutes=1)
        assert subjects(office, "maria@harbor.example")[-1] == "Decide now: refund 450 USD, ORD-48213 [REF-1]"
        await office.pushes(hours=20, minutes=31)
        for who in ("lee", "maria"):
            digests = [one for one in office.peer.to(f"{who}@harbor.example") if "Thursday" in one.subject]
            assert len(digests) == 1
            assert "REF-1" in digests[0].text
        assert await office.keys() == ["REF-1"]


async def test_the_owner_hears_what_became_of_a_decision_where_no_card_shows_it(
    tmp_path: Path, dovecot: Dovecot
) -> None:
    async with post(tmp_path, dovecot) as office:
        await office.arrives(mail(REQUEST))
        why = "Payment log shows both captures."
        await office.does("lee", "approve", "REF-1", reason_code="DOUBLE_CHARGE", words=why)
        told = office.last("dana@harbor.example")
        assert told.subject == "Approved: refund 450 USD, ORD-48213 [REF-1]"
        assert why in told.text
        assert "Dana Ruiz has REF-1" in told.text
