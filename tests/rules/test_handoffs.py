"""Handoffs: whoever gets an item knows all of it, accepts or sends it back; what goes round is stopped; flows join."""

from __future__ import annotations

import json
from typing import Any

import pytest

from rules.events import Command
from rules.forms import form
from rules.home import own_rows
from rules.items import Item
from rules.links import related, threads
from rules.messages import Form, Message, Reply
from rules.notices import REQUESTER, Handed, Question, Reminder
from rules.reading import Shelf, answer
from rules.record import item_json, veil
from tests.rules.test_flows import HARBOR, RITA
from tests.street import Street, plain

DANA, FINN, LEE, MARIA, INES, SAM = (f"slack:U0{name}" for name in ("DANA", "FINN", "LEE", "MARIA", "INES", "SAM"))
CAUSE = "The order belongs to somebody else."


def with_(old: str, new: str, text: str = HARBOR) -> str:
    """Harbor's rulebook with one thing said otherwise."""
    assert text.count(old) == 1, f"the rulebook has {text.count(old)} of {old}"
    return text.replace(old, new)


#: Three stages, of which the last has no owner of its own; nothing follows.
LONGER = with_(
    "    stale_after: 2 business days",
    "      - {name: sending, within: 1 business day}\n    stale_after: 2 business days",
    with_(", then: {open: bookkeeping, carry: [order, amount]}", ""),
)


@pytest.fixture
def street() -> Street:
    return Street(HARBOR)


def opened(street: Street, text: str = "Please refund ORD-48213, it was $45") -> Item:
    """REF-1: complete, with Dana in triage."""
    street.says(RITA, text)
    return street.items["REF-1"]


def does(street: Street, who: str, verb: str, key: str = "REF-1", **more: Any) -> Item:
    """Somebody does it, and is not refused."""
    reply = street.types(who, verb, key, **more).reply
    assert reply is not None
    assert not reply.refused, plain(reply.message)
    return street.items[key]


def refused(street: Street, who: str, verb: str, key: str = "REF-1", **more: Any) -> Reply:
    """Somebody does it, is refused, and nothing has changed."""
    before = street.items[key]
    reply = street.types(who, verb, key, **more).reply
    assert reply is not None
    assert reply.refused
    assert street.items[key] == before
    return reply


def moves_on(street: Street, who: str = DANA, key: str = "REF-1") -> Item:
    """All of the stage is done, and it goes to the next."""
    street.ticks_all(who, key)
    return does(street, who, "next", key)


def handed(street: Street) -> Item:
    """REF-1 in payment: Dana handed it to Finn."""
    opened(street)
    return moves_on(street)


def card(street: Street, to: str) -> Message:
    """The last handoff card that somebody got, as it reads now."""
    said = street.words(street.heard(to, Handed)[-1])
    assert said is not None
    return said


def shown(street: Street, key: str = "REF-1", who: str = DANA) -> str:
    """`/docket show KEY`."""
    item = street.items[key]
    entries = [entry for entry in street.entries if entry.item == key]
    command = Command(**street._meta(who), verb="show", item=key)
    of = street.book.workflows
    return plain(
        answer(command, street.book, lambda i: of[i.workflow], Shelf(item=item, entries=entries), street.now).message
    )


def closes(street: Street, key: str = "REF-1") -> Item:
    """Finn proves it and closes it."""
    street.ticks_all(FINN, key)
    does(street, FINN, "evidence", key, name="receipt", words="re_1234")
    return does(street, FINN, "close", key)


class TestHandingOver:
    def test_the_receiver_owns_it_at_once_and_the_card_says_that_they_have_not_accepted(self, street: Street) -> None:
        item = handed(street)
        assert (item.stage, item.owner, item.state) == ("payment", "finn", "open")
        assert item.unaccepted is not None
        assert (item.unaccepted.passed_from, item.unaccepted.left) == ("dana", "triage")
        assert "Handed to finn by dana, not accepted yet." in shown(street)
        does(street, FINN, "accept")
        assert street.items["REF-1"].unaccepted is None
        assert "not accepted yet" not in shown(street)

    def test_one_card_brings_the_new_owner_everything(self, street: Street) -> None:
        """Fields, first words, what was asked and said, decisions with their why, proofs, files; two answers to it."""
        street.says(RITA, "Please refund ORD-48213, I was charged twice")
        street.says(RITA, "450 USD", thread="REF-1")
        does(street, LEE, "approve", reason_code="DOUBLE_CHARGE", words="The log shows both captures.")
        street.says(RITA, "it was on March 3", thread="REF-1")
        does(street, DANA, "evidence", name="note", words="two captures, 9:01 and 9:02")
        moves_on(street)
        assert len(street.heard("finn", Handed)) == 1
        said = plain(card(street, "finn"))
        for known in (
            "Handed over by dana", "amount 450 USD", "ORD-48213", "I was charged twice", "Asked for amount",
            "it was on March 3", "DOUBLE_CHARGE", "The log shows both captures.", "two captures, 9:01 and 9:02",
        ):  # fmt: skip
            assert known in said
        assert [a.label for a in card(street, "finn").actions][:2] == ["Accept", "Send back"]

    def test_a_second_acceptance_says_who_has_it(self, street: Street) -> None:
        handed(street)
        does(street, FINN, "accept")
        assert "finn has it" in plain(refused(street, FINN, "accept").message)

    def test_nobody_accepts_what_was_not_handed_over(self, street: Street) -> None:
        opened(street)
        assert refused(street, DANA, "accept").code == "accepted_already"

    @pytest.mark.parametrize(
        ("verb", "more"),
        [
            ("ack", {}),
            ("evidence", {"name": "receipt", "words": "re_1"}),
            ("tick", {"name": "1"}),
            ("set", {"name": "reason", "words": "twice"}),
        ],
    )
    def test_working_on_it_accepts_it(self, street: Street, verb: str, more: dict[str, str]) -> None:
        handed(street)
        assert does(street, FINN, verb, **more).unaccepted is None
        assert "accepted" in street.kinds("REF-1")

    def test_closing_and_moving_on_accept_it_too(self) -> None:
        street = Street(LONGER)
        handed(street)
        moves_on(street, FINN)
        (handoff,) = street.items["REF-1"].handoffs
        assert handoff.accepted_at is not None

    def test_what_is_refused_accepts_nothing(self, street: Street) -> None:
        """Finn tries to close it without proof: it is as unaccepted as before."""
        handed(street)
        refused(street, FINN, "close")
        assert street.items["REF-1"].unaccepted is not None

    def test_somebody_elses_work_does_not_accept_for_them(self, street: Street) -> None:
        handed(street)
        assert does(street, LEE, "evidence", name="receipt", words="re_1").unaccepted is not None

    def test_the_stages_reminder_asks_for_the_two_answers(self, street: Street) -> None:
        handed(street)
        reminders = [n for n in street.passes(hours=8) if isinstance(n, Reminder) and n.to == "finn"]
        said = street.words(reminders[0])
        assert said is not None
        assert "handed over by dana, not accepted yet" in plain(said)
        labels = [action.label for action in said.sections[0].rows[0].actions]
        assert labels == ["Accept", "Send back", "Snooze"]

    def test_the_home_tab_offers_them_first(self, street: Street) -> None:
        """Of the five that its menu holds."""
        item = handed(street)
        (row,) = own_rows([item], "finn", lambda i: street.book.workflows[i.workflow], street.now)
        labels = [action.label for action in row.actions]
        assert (labels[:2], len(labels)) == (["Accept", "Send back"], 5)
        assert "not accepted yet" in plain(Message(subject="", headline=row.line))

    def test_assign_hands_over_and_claim_takes(self, street: Street) -> None:
        opened(street)
        assert does(street, DANA, "assign", person="@ines", words="She knows them.").unaccepted is not None
        assert does(street, LEE, "claim").unaccepted is None
        assert [(h.passed_from, h.to) for h in street.items["REF-1"].handoffs] == [("dana", "ines"), ("ines", "lee")]

    def test_a_stage_that_begins_anew_goes_to_nobody_else(self, street: Street) -> None:
        """A silence that is let go starts the clock; whoever was given the work keeps it."""
        handed(street)
        does(street, LEE, "assign", person="@ines", words="Finn is full.")
        does(street, LEE, "except", code="STALLED", words="Nothing happens.")
        does(street, LEE, "approve", code="STALLED", reason_code="GOODWILL", words="She is on it.")
        assert street.items["REF-1"].owner == "ines"


class TestSendingBack:
    def test_it_returns_to_its_stage_and_person_with_the_cause(self, street: Street) -> None:
        handed(street)
        item = does(street, FINN, "back", words=CAUSE)
        assert (item.stage, item.owner, item.unaccepted) == ("triage", "dana", None)
        (back,) = item.returns
        assert (back.passed_from, back.to, back.cause) == ("finn", "dana", CAUSE)
        assert CAUSE in plain(card(street, "dana"))
        assert CAUSE in shown(street)
        assert item.due_at is not None
        assert item.stage_at == street.now

    def test_it_is_mended_handed_over_again_and_accepted(self, street: Street) -> None:
        handed(street)
        does(street, FINN, "back", words=CAUSE)
        does(street, DANA, "set", name="order", words="ORD-11111")
        item = moves_on(street)
        assert (item.owner, item.unaccepted is not None) == ("finn", True)
        assert CAUSE not in "\n".join(plain(card(street, "finn")).split("\n")[:2])
        assert CAUSE in plain(card(street, "finn")), "but that it was sent back, and why, is known"
        assert does(street, FINN, "accept").fields["order"] == "ORD-11111"
        assert (len(item.handoffs), len(item.returns)) == (3, 1)

    @pytest.mark.parametrize(
        ("steps", "stage", "owner"),
        [
            ("next back", "triage", "dana"),
            ("next next back", "payment", "finn"),  # to the stage before, which is his own
            ("next next back back", "triage", "dana"),
            ("next assign back", "payment", "finn"),  # from Ines, to whom it was given in the stage
            ("next assign back back", "triage", "dana"),
            ("assign next back", "triage", "ines"),
            ("assign next back back", "triage", "dana"),
            ("next back next back", "triage", "dana"),
            ("next assign next back back", "payment", "finn"),
        ],
    )
    def test_whatever_way_it_came_is_the_way_back(self, steps: str, stage: str, owner: str) -> None:
        street = Street(LONGER)
        opened(street)
        for step in steps.split():
            has_it = street.book.people[street.items["REF-1"].owner].slack
            by = f"slack:{has_it}"
            if step == "next":
                moves_on(street, by)
            elif step == "assign":
                does(street, by, "assign", person="@ines", words="She knows them.")
            else:
                does(street, by, "back", words=CAUSE)
        item = street.items["REF-1"]
        assert (item.stage, item.owner) == (stage, owner)
        assert len(item.returns) == steps.count("back")

    def test_where_nobody_handed_it_over_it_says_what_to_do_instead(self, street: Street) -> None:
        opened(street)
        said = plain(refused(street, DANA, "back", words=CAUSE).message)
        assert "is where it began" in said
        assert "/docket assign REF-1 @person" in said
        assert isinstance(self._form(street), Reply), "nobody fills in a cause for nothing"

    def test_it_needs_a_cause_and_a_click_asks_for_it(self, street: Street) -> None:
        handed(street)
        assert refused(street, FINN, "back", words="  ").blank == "words"
        asked = self._form(street)
        assert isinstance(asked, Form)
        assert [blank.label for blank in asked.blanks] == ["What is missing or wrong"]

    def _form(self, street: Street) -> Form | Reply | None:
        command = Command(
            **street._meta(FINN if street.items["REF-1"].owner == "finn" else DANA), verb="back", item="REF-1"
        )
        return form(command, street.world(street.items["REF-1"]))

    def test_what_is_being_decided_stays_where_it_is(self, street: Street) -> None:
        handed(street)
        does(street, FINN, "except", code="LEGAL_THREAT", words="They wrote of a lawyer.")
        assert "maria" in plain(refused(street, FINN, "back", words=CAUSE).message)

    def test_neither_strangers_nor_colleagues_send_it_back_or_accept_it(self, street: Street) -> None:
        handed(street)
        for who in (RITA, INES, SAM):
            assert refused(street, who, "back", words=CAUSE).code == "not_yours"
            assert refused(street, who, "accept").code == "not_yours"

    def test_what_is_closed_is_neither_sent_back_nor_accepted(self, street: Street) -> None:
        handed(street)
        closes(street)
        assert refused(street, FINN, "back", words=CAUSE).code == "closed"
        assert refused(street, FINN, "accept").code == "closed"

    def test_whoever_gave_it_may_be_away_by_then(self, street: Street) -> None:
        """It goes to who stands in, for it always has one present owner."""
        handed(street)
        street.loses("dana")
        assert does(street, FINN, "back", words=CAUSE).owner == "lee"

    def test_by_mail_one_line_accepts_or_sends_back(self, street: Street) -> None:
        handed(street)
        letter = street.heard("finn", Handed)[-1]
        street.mails("finn@harbor.example", "accept", answers=letter)
        assert street.items["REF-1"].unaccepted is None
        does(street, FINN, "assign", person="@ines", words="She knows them.")
        letter = street.heard("ines", Handed)[-1]
        street.mails("ines@harbor.example", f"back REF-1 {CAUSE}", answers=letter)
        assert (street.items["REF-1"].owner, street.items["REF-1"].returns[0].cause) == ("finn", CAUSE)


class TestTooMany:
    """`handoffs: {at_most: 6, bounces: 3, then: STALLED}`."""

    def _passes(self, street: Street, *people: str) -> Item:
        for person in people:
            does(street, MARIA, "assign", person=f"@{person}", words="Somebody else knows more.")
        return street.items["REF-1"]

    def test_three_times_back_and_forth_ask_somebody(self, street: Street) -> None:
        opened(street)
        item = self._passes(street, "finn", "dana", "finn", "dana", "finn")
        assert item.state == "open"
        item = self._passes(street, "dana")
        (trouble,) = item.open_trouble()
        assert (trouble.code, trouble.owner) == ("STALLED", "lee")
        assert "finn and dana passed it back and forth 3 times" in self._why(street, item)

    def test_more_hands_than_allowed_ask_somebody(self, street: Street) -> None:
        opened(street)
        item = self._passes(street, "finn", "ines", "sam", "olu", "dana", "ines")
        assert item.state == "open"
        item = self._passes(street, "sam")
        assert [t.code for t in item.open_trouble()] == ["STALLED"]
        assert "it changed hands 7 times, 6 are expected at most" in self._why(street, item)

    def test_a_yes_lets_it_go_on_and_counts_anew(self, street: Street) -> None:
        opened(street)
        self._passes(street, "finn", "ines", "sam", "olu", "dana", "ines", "sam")
        item = does(street, LEE, "approve", code="STALLED", reason_code="GOODWILL", words="Sam ends it.")
        assert item.state == "open"
        item = self._passes(street, "finn", "ines", "olu", "dana", "ines", "finn")
        assert item.state == "open", "six more are within the limit again"
        assert self._passes(street, "olu").state == "blocked"

    def test_a_no_that_leaves_it_open_asks_again_at_the_next_change_of_hands(self, street: Street) -> None:
        opened(street)
        self._passes(street, "finn", "ines", "sam", "olu", "dana", "ines", "sam")
        item = does(street, LEE, "reject", code="STALLED", reason_code="OUTSIDE_POLICY", words="Sam keeps it.")
        assert item.state == "open"
        assert self._passes(street, "finn").state == "blocked"

    def test_a_silence_that_was_let_go_counts_nothing_anew(self, street: Street) -> None:
        """The same code for another reason: the handoffs behind it still count."""
        opened(street)
        self._passes(street, "finn", "ines", "sam", "olu", "dana", "ines")
        does(street, DANA, "except", code="STALLED", words="Nothing happens.")
        does(street, LEE, "approve", code="STALLED", reason_code="GOODWILL", words="Wait for them.")
        assert self._passes(street, "sam").state == "blocked"

    def test_a_stage_and_its_return_are_changes_of_hands(self, street: Street) -> None:
        handed(street)
        for _ in range(2):
            does(street, FINN, "back", words=CAUSE)
            moves_on(street)
        assert does(street, FINN, "back", words=CAUSE).open_trouble("STALLED")

    def _why(self, street: Street, item: Item) -> str:
        command = Command(**street._meta(LEE), verb="decide", item=item.key)
        of = street.book.workflows
        return plain(answer(command, street.book, lambda i: of[i.workflow], Shelf(item=item), street.now).message)


class TestGoingOn:
    """`close: {then: {open: bookkeeping, carry: [order, amount]}}`."""

    def test_the_next_flow_begins_with_what_is_known_and_each_names_the_other(self, street: Street) -> None:
        handed(street)
        closes(street)
        book = street.items["BOOK-1"]
        assert book.fields == {"order": "ORD-48213", "amount": "45.00 USD"}
        assert (book.owner, book.requester, book.state) == ("finn", "docket", "open")
        assert "It goes on in BOOK-1." in shown(street)
        assert "It comes from REF-1." in shown(street, "BOOK-1")
        said = plain(card(street, "finn"))
        for known in ("BOOK-1", "re_1234", "it was $45", "Done"):
            assert known in said
        assert not street.heard(REQUESTER, Question)

    def test_only_what_is_done_goes_on(self, street: Street) -> None:
        opened(street, "Please refund ORD-48213, I was charged $450 twice")
        does(street, LEE, "reject", reason_code="NO_PROOF", words="One capture.")
        assert "BOOK-1" not in street.items

    def test_a_field_that_nobody_knew_is_asked_of_its_owner(self) -> None:
        street = Street(with_("carry: [order, amount]", "carry: [order]"))
        handed(street)
        closes(street)
        assert street.items["BOOK-1"].state == "waiting"
        (question,) = street.heard("finn", Question)
        said = street.words(question)
        assert said is not None
        assert "How much?" in plain(said)
        assert "/docket set BOOK-1 amount value" in plain(said)
        assert "finn" in plain(said).split("\n")[0]
        street.passes(days=1)
        assert len(street.heard("finn", Question)) == 3
        does(street, FINN, "set", "BOOK-1", name="amount", words="45 USD")
        assert street.items["BOOK-1"].state == "open"

    def test_its_owner_may_answer_in_a_mail(self) -> None:
        street = Street(with_("carry: [order, amount]", "carry: [order]"))
        handed(street)
        closes(street)
        street.mails("finn@harbor.example", "45 USD", answers=street.heard("finn", Question)[-1])
        assert street.items["BOOK-1"].fields["amount"] == "45.00 USD"

    def test_closed_again_it_begins_nothing_new_while_the_first_is_open(self, street: Street) -> None:
        """But what is in the books by now is brought up to date, and whoever keeps them hears of it."""
        handed(street)
        closes(street)
        told = len(street.heard("finn", Handed))
        does(street, FINN, "reopen", words="The wrong amount.")
        does(street, FINN, "set", name="amount", words="54 USD")
        closes(street)
        assert "BOOK-2" not in street.items
        assert street.items["BOOK-1"].fields["amount"] == "54.00 USD"
        assert len(street.heard("finn", Handed)) > told
        assert [link.key for link in street.items["REF-1"].links] == ["BOOK-1"]

    def test_closed_again_after_the_first_ended_it_begins_another(self, street: Street) -> None:
        handed(street)
        closes(street)
        does(street, FINN, "evidence", "BOOK-1", name="note", words="Booked.")
        does(street, FINN, "close", "BOOK-1")
        does(street, FINN, "reopen", words="The money came back.")
        closes(street)
        assert street.items["BOOK-2"].state == "open"

    def test_what_it_began_from_is_opened_again_instead_of_being_sent_back(self, street: Street) -> None:
        handed(street)
        closes(street)
        assert "/docket reopen REF-1 cause" in plain(refused(street, FINN, "back", "BOOK-1", words=CAUSE).message)

    def test_what_the_rules_opened_has_an_address_of_its_own(self, street: Street) -> None:
        """It lives in no thread; of a private flow there is none."""
        handed(street)
        closes(street)
        book, private = street.items["BOOK-1"], street.book.workflows["concern"]
        assert related(street.items["REF-1"]) == ("BOOK-1",)
        there = threads([(book, street.book.workflows["bookkeeping"])], "https://docket.example")
        assert there == {"BOOK-1": "https://docket.example/items/BOOK-1"}
        assert threads([(book, private)], "https://docket.example") == {}

    def test_of_private_work_that_follows_the_public_item_says_nothing(self) -> None:
        street = Street(with_("then: {open: bookkeeping, carry: [order, amount]}", "then: {open: concern}"))
        handed(street)
        closes(street)
        assert street.items["CON-1"].owner == "maria"
        public = [e for e in street.entries if e.item == "REF-1"]
        assert "CON-1" not in repr(public) + repr(street.items["REF-1"]) + shown(street)
        does(street, FINN, "reopen", words="Not yet.")
        closes(street)
        assert "CON-2" not in street.items

    def test_what_follows_private_work_says_nothing_of_it(self) -> None:
        end = "close: {evidence: [note]%s}\n    exceptions: {NOT_HEARD"
        text = with_(end % "", end % ", then: {open: bookkeeping}")
        street = Street(text)
        street.mails("rita@corp.example", "My lead shouts at me", inbox="concerns")
        does(street, MARIA, "evidence", "CON-1", name="note", words="We spoke.")
        does(street, MARIA, "close", "CON-1")
        public = [e for e in street.entries if e.item == "BOOK-1"]
        said = repr(public) + repr(street.items["BOOK-1"]) + plain(card(street, "finn")) + shown(street, "BOOK-1")
        for secret in ("CON-1", "shouts", "We spoke", "rita"):
            assert secret not in said


def test_as_json_it_has_its_handoffs_its_rework_and_its_links(street: Street) -> None:
    """Additive keys; of private work nothing of them is left."""
    handed(street)
    does(street, FINN, "back", words=CAUSE)
    moves_on(street)
    closes(street)
    whole = item_json(street.items["REF-1"], street.book)
    assert [(h["from"], h["to"], h["returned"]) for h in whole["handoffs"]] == [
        ("dana", "finn", False), ("finn", "dana", True), ("dana", "finn", False),
    ]  # fmt: skip
    assert whole["handoffs"][1]["cause"] == CAUSE
    assert (whole["rework"], whole["links"]) == (1, [{"key": "BOOK-1", "relation": "then"}])
    assert CAUSE not in json.dumps(veil(whole))


def test_show_says_what_each_stage_is_done_by(street: Street) -> None:
    """Automated, assisted, reported or human (M5)."""
    opened(street)
    assert "triage  assisted" in shown(street)
    assert "payment  human" in shown(street)
