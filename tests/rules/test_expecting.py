"""Silence of an outside party: whose word ends the wait, when it becomes an exception, and what a decision starts."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from rules.events import Command
from rules.items import Item
from rules.messages import Reply
from rules.notices import DecisionCard
from rules.reading import Shelf, why
from rules.record import item_json
from rules.timing import EXPECT
from rules.wording.cards import item_card
from tests.rules.test_flows import HARBOR, RITA
from tests.street import Street, plain

DANA, FINN, LEE, MARIA = (f"slack:U0{name}" for name in ("DANA", "FINN", "LEE", "MARIA"))
BANK = "disputes@bank.example"
EXAMPLES = Path(__file__).parents[2] / "examples"
YES = {"reason_code": "GOODWILL", "words": "They asked for two more days."}
NO = {"reason_code": "NO_PROOF", "words": "Ask them again."}
#: Silence of the bank has a code of its own, apart from the silence of everybody.
APART = HARBOR.replace(
    "within: 2 business days, else: STALLED}", "within: 2 business days, else: BANK_SILENT}"
).replace(
    "      STALLED: {means",
    "      BANK_SILENT: {means: The bank does not answer., owner: lee, backup: maria, respond_within: 1 business day,"
    " on_reject: stay}\n      STALLED: {means",
    1,
)


def waiting(rulebook: str = APART, mail: str = "") -> Street:
    """REF-1 came by mail and is in payment since Wednesday 10:00: the bank is to answer by Friday 10:00."""
    street = Street(rulebook)
    street.mails("rita@corp.example", "Please refund ORD-48213, it was $45", message_id="<a@corp.example>")
    if mail:
        street.types(DANA, "set", "REF-1", name="mail", words=mail)
    street.ticks_all(DANA, "REF-1")
    street.types(DANA, "next", "REF-1")
    assert street.items["REF-1"].stage == "payment"
    return street


def due(street: Street) -> datetime | None:
    return next((t.due_at for t in street.timers["REF-1"] if t.kind == EXPECT), None)


def silent(street: Street) -> bool:
    return bool(street.items["REF-1"].open_trouble("BANK_SILENT"))


def said(street: Street, who: str, verb: str, **more: Any) -> Reply:
    reply = street.types(who, verb, "REF-1", **more).reply
    assert reply is not None
    return reply


def mails(street: Street, who: str, text: str = "We have paid it.", **more: Any) -> None:
    street.mails(who, text, references=("<a@corp.example>",), **more)


class TestTheWindow:
    def test_it_runs_from_entering_the_stage_in_the_workflows_calendar(self) -> None:
        street = waiting()
        awaited = street.items["REF-1"].awaited
        assert awaited is not None
        assert (awaited.who, awaited.since, awaited.code) == ("the bank", street.now, "BANK_SILENT")
        assert due(street) == datetime.fromisoformat("2026-03-06T16:00:00+00:00")

    def test_a_stage_that_expects_nothing_has_none(self) -> None:
        street = Street(APART)
        street.says(RITA, "Please refund ORD-48213, it was $45")
        assert (street.items["REF-1"].awaited, due(street)) == (None, None)

    def test_silence_becomes_the_exception_that_the_rulebook_names(self) -> None:
        street = waiting()
        street.passes(hours=47, minutes=59)
        assert not silent(street)
        street.passes(minutes=1)
        (trouble,) = street.items["REF-1"].open_trouble("BANK_SILENT")
        assert (trouble.owner, street.items["REF-1"].state) == ("lee", "blocked")
        card = street.words(street.heard("lee", DecisionCard)[-1])
        assert card is not None
        assert "BANK_SILENT: the bank has not answered since 2026-03-04 16:00" in plain(card)

    def test_their_time_runs_on_while_ours_stands_still(self) -> None:
        """An exception stops the stage's clock, not the bank's."""
        street = waiting()
        said(street, RITA, "except", code="NOT_READY", words="The order is another one.")
        street.passes(days=2)
        assert silent(street)

    def test_it_ends_with_the_stage(self) -> None:
        street = waiting()
        street.ticks_all(FINN, "REF-1")
        said(street, FINN, "evidence", name="receipt", words="re_1")
        assert not said(street, FINN, "close").refused
        assert (street.items["REF-1"].awaited, street.timers["REF-1"]) == (None, ())

    def test_opened_again_it_is_awaited_anew(self) -> None:
        street = waiting()
        mails(street, BANK)
        street.ticks_all(FINN, "REF-1")
        said(street, FINN, "evidence", name="receipt", words="re_1")
        said(street, FINN, "close")
        street.passes(days=1)
        said(street, FINN, "reopen", words="the money came back")
        awaited = street.items["REF-1"].awaited
        assert awaited is not None
        assert (awaited.since, awaited.heard_at) == (street.now, None)


def _by_hand(street: Street) -> None:
    reply = said(street, FINN, "set", name="reason", words="the bank paid it by phone")
    assert "That counts as the answer of the bank." in plain(reply.message)


def _in_the_thread(street: Street) -> None:
    street.take(
        Command(**street._meta(FINN), verb="ack", item="REF-1")
    )  # nothing of the bank's: a person of the rulebook is on it
    mails(street, BANK)


ANSWERS: dict[str, Callable[[Street], Any]] = {
    "a mail": lambda street: mails(street, BANK),
    "a mail without words": lambda street: mails(street, BANK, ""),
    "by hand": _by_hand,
    "after the owner was on it": _in_the_thread,
}
NO_ANSWERS: dict[str, Callable[[Street], Any]] = {
    "the requester": lambda street: mails(street, "rita@corp.example", "any news?"),
    "a person of the rulebook": lambda street: mails(street, "dana@harbor.example", "I wrote to the bank."),
    "their machine": lambda street: mails(street, BANK, "I am out of office", automatic="auto-reply"),
    "their ticket system": lambda street: mails(street, BANK, "Ticket 7 was opened", automatic="notification"),
    "a bounce": lambda street: mails(street, "mailer-daemon@bank.example", "Undelivered", automatic="bounce"),
    "somebody in their name": lambda street: mails(street, BANK, "We have paid.", trust="failed"),
    "nobody who can be believed": lambda street: mails(street, "", "We have paid."),
    "a mail about something else": lambda street: street.mails(BANK, "Our new price list"),
    "a note of the owner's": lambda street: said(street, FINN, "evidence", name="note", words="they are slow"),
}


@pytest.mark.parametrize("how", ANSWERS)
def test_what_ends_the_wait(how: str) -> None:
    street = waiting()
    street.passes(hours=1)
    ANSWERS[how](street)
    awaited = street.items["REF-1"].awaited
    assert awaited is not None
    assert (awaited.heard_at, due(street)) == (street.now, None)
    street.passes(days=3)
    assert not silent(street)


@pytest.mark.parametrize("how", NO_ANSWERS)
def test_what_does_not_end_it(how: str) -> None:
    street = waiting()
    before = due(street)
    NO_ANSWERS[how](street)
    assert due(street) == before
    assert "heard" not in street.kinds("REF-1")
    street.passes(days=3)
    assert silent(street)


def test_in_a_slack_thread_it_is_somebody_outside_the_rulebook() -> None:
    street = Street(APART)
    street.says(RITA, "Please refund ORD-48213, it was $45")
    street.ticks_all(DANA, "REF-1")
    street.types(DANA, "next", "REF-1")
    for who in (RITA, FINN, MARIA):
        street.says(who, "any word from the bank?", thread="REF-1")
    assert due(street) is not None
    street.says("slack:UBANKBOT", "paid", thread="REF-1", bot=True)
    assert due(street) is not None
    street.says("slack:U0BANK", "we paid it this morning", thread="REF-1", guest=True)
    assert due(street) is None


def test_where_the_requester_is_expected_it_is_their_word_alone() -> None:
    street = waiting(APART.replace("from: the bank", "from: the requester"))
    mails(street, BANK)
    assert due(street) is not None
    mails(street, "rita@corp.example", "here is the photo")
    assert due(street) is None


def test_the_requester_whose_address_stands_in_a_field_is_the_one_who_is_awaited() -> None:
    """Who applied themselves is the candidate; a colleague who wrote for them is not."""
    rulebook = APART.replace("from: the bank", "from: the customer").replace(
        "      region: {type: choice", "      mail: {type: email}\n      region: {type: choice"
    )
    for address, counts in (("rita@corp.example", True), ("carol@corp.example", False)):
        street = waiting(rulebook, mail=address)
        mails(street, "rita@corp.example", "here is the photo")
        assert (due(street) is None) == counts


class TestDeciding:
    """What a verdict on the silence starts."""

    @pytest.mark.parametrize(("verb", "words"), [("approve", YES), ("reject", NO)])
    def test_the_window_begins_anew_whatever_was_decided(self, verb: str, words: dict[str, str]) -> None:
        """A rejection that leaves the item in its stage, too: nothing is awaited for ever."""
        street = waiting()
        street.passes(days=2)
        assert not said(street, LEE, verb, code="BANK_SILENT", **words).refused
        item = street.items["REF-1"]
        assert item.awaited is not None
        assert (item.stage, item.awaited.since, silent(street)) == ("payment", street.now, False)
        assert due(street) == datetime.fromisoformat("2026-03-10T15:00:00+00:00"), "Tuesday 10:00, clocks went forward"
        street.passes(days=4)
        assert silent(street)

    def test_what_came_while_it_was_undecided_is_said_and_no_new_window_begins(self) -> None:
        street = waiting()
        street.passes(days=2)
        mails(street, BANK)
        card = street.words(street.heard("lee", DecisionCard)[-1])
        assert card is not None
        assert "the bank answered only 2026-03-06" in plain(card)
        said(street, LEE, "approve", code="BANK_SILENT", **YES)
        assert due(street) is None

    def test_one_code_for_both_silences_is_asked_once(self) -> None:
        """Harbor's own rulebook: the bank's silence and everybody's are both STALLED."""
        street = waiting(HARBOR)
        street.passes(days=2)
        assert len(street.items["REF-1"].open_trouble("STALLED")) == 1
        said(street, LEE, "approve", **YES)
        assert not street.items["REF-1"].open_trouble()
        street.passes(hours=1)
        assert not street.items["REF-1"].open_trouble(), "both begin anew"

    def test_another_exception_starts_no_new_window(self) -> None:
        street = waiting()
        before = due(street)
        street.passes(hours=3)
        said(street, RITA, "except", code="NOT_READY", words="The order is another one.")
        said(street, LEE, "approve", code="NOT_READY", **YES)
        assert due(street) == before


def card_of(street: Street) -> str:
    item = street.items["REF-1"]
    return plain(item_card(item, street.book.workflows["refund"], street.book, street.now))


def test_the_card_why_and_json_say_who_is_awaited_until_when() -> None:
    street = waiting()
    item: Item = street.items["REF-1"]
    assert "Expects an answer from the bank by 2026-03-06 16:00" in card_of(street)
    told = why(item, street.book.workflows["refund"], street.book, Shelf(item=item), street.now)
    assert "Expects an answer from the bank by" in plain(told)
    assert item_json(item, street.book)["awaited"] == {
        "from": "the bank", "since": "2026-03-04T16:00:00Z", "else": "BANK_SILENT", "heard_at": None,
    }  # fmt: skip
    street.passes(days=2)
    assert "the bank has not answered since 2026-03-04" in card_of(street)
    mails(street, BANK)
    assert "has not answered" not in card_of(street)


@pytest.mark.parametrize(("system", "comes"), [("Bank", True), ("the BANK", True), ("Stripe", False), ("", False)])
def test_by_webhook_it_is_the_system_that_is_awaited(system: str, comes: bool) -> None:
    street = waiting()
    street.hooks(system, item="REF-1", note="The dispute is settled.")
    awaited = street.items["REF-1"].awaited
    assert awaited is not None
    assert (awaited.heard_at is not None) is comes
    assert (due(street) is None) is comes


def test_while_the_requester_is_asked_nobody_outside_can_be_silent() -> None:
    """Their time begins when all that is needed is known, not before."""
    street = Street((EXAMPLES / "vendor-coordination.yml").read_text())
    street.says(RITA, "Please order more flour, the supplier has some", channel="purchasing")
    assert street.items["PO-1"].missing
    assert street.items["PO-1"].awaited is None
    street.says(RITA, "PO-3301", thread="PO-1")
    street.passes(hours=1)
    for name, value in (("supplier", "Delta Grain"), ("needed", "2026-12-14")):
        street.types("slack:U0ZOE", "set", "PO-1", name=name, words=value)
    awaited = street.items["PO-1"].awaited
    assert awaited is not None
    assert (awaited.who, awaited.since) == ("the supplier", street.now)
