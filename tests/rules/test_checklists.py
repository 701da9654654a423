"""Checklists and prerequisites: a run for each entering of a stage, steps with a name, and nothing passed over."""

from __future__ import annotations

from typing import Any

import pytest

from rules.apply import wanted
from rules.events import Command
from rules.forms import form
from rules.home import own_rows
from rules.items import Item
from rules.messages import Form, Reply
from rules.notices import DecisionCard, Handed
from rules.reading import Shelf, answer
from rules.record import item_json
from rules.wording.cards import item_card
from tests.rules.test_flows import HARBOR, RITA
from tests.street import Street, plain

DANA, FINN, LEE, MARIA, SAM = (f"slack:U0{name}" for name in ("DANA", "FINN", "LEE", "MARIA", "SAM"))
YES = {"reason_code": "GOODWILL", "words": "We know them from the shop."}
NO = {"reason_code": "NO_PROOF", "words": "Nobody knows them."}
#: Two prerequisites with codes of their own, and three steps, in the first stage.
LONG = HARBOR.replace(
    "before: [{check: Customer is known, else: NOT_READY}]",
    "before: [{check: Customer is known, else: NOT_READY}, {check: Order is ours, else: STALLED}]\n"
    "        unmet: STALLED\n"
    "        checklist: [Amount checked, Card checked, Note written]",
)


@pytest.fixture
def street() -> Street:
    return refund(HARBOR)


def refund(rulebook: str) -> Street:
    """REF-1, small and complete: Dana has it in triage."""
    street = Street(rulebook)
    street.says(RITA, "Please refund ORD-48213, it was $45")
    return street


def in_payment(street: Street) -> Item:
    """REF-1 is Finn's, in payment, with nothing ticked there."""
    street.ticks_all(DANA, "REF-1")
    assert not said(street, DANA, "next").refused
    return street.items["REF-1"]


def said(street: Street, who: str, verb: str, **more: Any) -> Reply:
    reply = street.types(who, verb, "REF-1", **more).reply
    assert reply is not None
    return reply


def tick(street: Street, who: str, step: str, words: str = "") -> Reply:
    return said(street, who, "tick", name=step, words=words)


def states(street: Street) -> list[str]:
    run = street.items["REF-1"].run
    assert run is not None
    return [step.state for step in run.steps]


def opened(street: Street, who: str) -> Form | Reply:
    command = Command(**street._meta(who), verb="tick", item="REF-1")
    found = form(command, street.world(street.items.get(wanted(command).key or "")))
    assert found is not None
    return found


class TestARun:
    """Entering a stage starts one; it pins what the rulebook said then (M19, M43, M47)."""

    def test_a_new_item_begins_with_the_steps_of_its_first_stage(self, street: Street) -> None:
        (run,) = street.items["REF-1"].runs
        assert (run.id, run.stage, run.rulebook) == ("REF-1/C1", "triage", street.book.version)
        assert [(s.text, s.kind, s.code, s.state) for s in run.steps] == [
            ("Customer is known", "prerequisite", "NOT_READY", "open")
        ]

    def test_each_stage_has_its_own_and_those_before_stay_as_they_were(self, street: Street) -> None:
        item = in_payment(street)
        first, second = item.runs
        assert (second.id, [s.text for s in second.steps]) == (
            "REF-1/C2", ["Payment log checked", "Card matches the order"],
        )  # fmt: skip
        assert (first.ended_at, second.ended_at) == (street.now, None)
        assert (first.steps[0].state, first.steps[0].by) == ("passed", "dana")

    def test_a_stage_without_steps_has_none(self) -> None:
        street = Street(HARBOR)
        street.types(DANA, "new", workflow="bookkeeping", words="ORD-48213 45 USD")
        item = street.items["BOOK-1"]
        assert item.runs == ()
        reply = street.types(FINN, "tick", "BOOK-1", name="1").reply
        assert reply is not None
        assert reply.code == "no_checklist"

    def test_an_item_that_is_opened_again_begins_anew(self, street: Street) -> None:
        in_payment(street)
        street.ticks_all(FINN, "REF-1")
        said(street, FINN, "evidence", name="receipt", words="re_1")
        assert not said(street, FINN, "close").refused
        street.says(RITA, "the money never came", thread="REF-1")
        item = street.items["REF-1"]
        assert [run.id for run in item.runs] == ["REF-1/C1", "REF-1/C2", "REF-1/C3"]
        assert [n for n, _ in item.open_steps()] == [1, 2]
        assert item.runs[1].ended_at is not None

    def test_a_fresh_clock_is_no_fresh_work(self) -> None:
        """An approved silence starts the stage's clock anew, and what is ticked stays ticked."""
        street = refund(HARBOR.replace("within: 2 business days, else: STALLED}", "within: 9 days, else: STALLED}"))
        in_payment(street)
        tick(street, FINN, "1")
        street.passes(days=3)
        assert street.items["REF-1"].open_trouble("STALLED")
        assert not said(street, LEE, "approve", code="STALLED", **YES).refused
        assert (len(street.items["REF-1"].runs), states(street)) == (2, ["passed", "open"])


class TestTicking:
    """Each step keeps who, what, when and why (M44)."""

    def test_who_what_when_and_why(self, street: Street) -> None:
        in_payment(street)
        street.passes(hours=1)
        reply = tick(street, FINN, "1")
        step = street.items["REF-1"].runs[-1].steps[0]
        assert (step.state, step.by, step.at, step.why) == ("passed", "finn", street.now, "")
        assert "1 of 2 done · next: Card matches the order" in plain(reply.message)
        entry = street.entries[-1]
        assert (entry.kind, entry.by, entry.facts) == (
            "ticked", "finn", {"run": "REF-1/C2", "step": 1, "state": "passed"},
        )  # fmt: skip

    def test_taken_back_with_a_cause(self, street: Street) -> None:
        in_payment(street)
        tick(street, FINN, "1")
        assert tick(street, FINN, "1", "undo").code == "why"
        assert not tick(street, FINN, "1", "undo it was another order's log").refused
        assert states(street) == ["open", "open"]
        assert street.entries[-1].texts == {"why": "it was another order's log"}

    @pytest.mark.parametrize(
        ("step", "words", "code"),
        [
            ("", "", "usage"),
            ("x", "", "usage"),
            ("1", "not done yet", "usage"),  # talk is no pass
            ("²", "", "usage"),
            ("9" * 5000, "", "usage"),
            ("0", "", "unknown_step"),
            ("3", "", "unknown_step"),
            ("1", "undo nothing there", "ticked"),
            ("2", "fail", "why"),
            ("2", "blocked   ", "why"),
        ],
    )
    def test_what_can_not_be_ticked_is_refused_and_changes_nothing(
        self, street: Street, step: str, words: str, code: str
    ) -> None:
        before = in_payment(street)
        reply = tick(street, FINN, step, words)
        assert (reply.refused, reply.code) == (True, code)
        assert street.items["REF-1"] == before

    def test_a_step_is_done_once(self, street: Street) -> None:
        in_payment(street)
        tick(street, FINN, "1")
        reply = tick(street, LEE, "1")
        assert (reply.code, "finn" in plain(reply.message)) == ("ticked", True)

    @pytest.mark.parametrize(("who", "may"), [(FINN, True), (LEE, True), (MARIA, True), (DANA, False), (RITA, False)])
    def test_owner_backup_and_leader_tick(self, street: Street, who: str, may: bool) -> None:
        in_payment(street)
        assert tick(street, who, "1").refused is not may

    def test_nothing_is_ticked_on_what_is_closed(self, street: Street) -> None:
        said(street, DANA, "except", code="LEGAL_THREAT", words="A letter came.")
        said(street, MARIA, "reject", code="LEGAL_THREAT", reason_code="OUTSIDE_POLICY", words="To court.")
        assert tick(street, DANA, "1").code == "closed"

    def test_prerequisites_come_before_the_work(self) -> None:
        street = refund(LONG)
        reply = tick(street, DANA, "3")
        assert reply.code == "prerequisite"
        assert "1 Customer is known, 2 Order is ours" in plain(reply.message)
        assert [tick(street, DANA, n).refused for n in ("1", "2", "3")] == [False, False, False]
        assert states(street) == ["passed"] * 3 + ["open"] * 2

    def test_by_mail_in_a_reply(self, street: Street) -> None:
        """`tick 2` answers the letter that names the item; a sentence that begins with it is talk."""
        street.mails("rita@corp.example", "Please refund ORD-11111, it was $45", message_id="<a@corp.example>")
        more = {"references": ("<a@corp.example>",), "trust": "aligned"}
        street.mails("dana@harbor.example", "Tick 1 of them is enough", **more)
        assert street.items["REF-2"].open_steps()
        street.mails("dana@harbor.example", "tick 1", **more)
        assert not street.items["REF-2"].open_steps()

    def test_in_a_thread_without_its_key(self, street: Street) -> None:
        item = street.items["REF-1"]
        street.types(DANA, "tick", name="1", place=item.source.place, thread=item.source.thread)
        assert states(street) == ["passed"]


class TestFailing:
    """A failed prerequisite or step becomes an owned exception with its reason and a deadline (M46)."""

    def test_a_failed_prerequisite_opens_its_exception(self, street: Street) -> None:
        assert tick(street, DANA, "1", "fail").code == "why"
        reply = tick(street, DANA, "1", "fail no account under that address")
        (trouble,) = street.items["REF-1"].open_trouble()
        assert (trouble.code, trouble.owner, trouble.raised_by) == ("NOT_READY", "lee", "dana")
        assert trouble.because == "1 Customer is known failed: no account under that address"
        assert "NOT_READY, until" in plain(reply.message)
        card = street.words(street.heard("lee", DecisionCard)[0])
        assert card is not None
        assert "no account under that address" in plain(card)

    @pytest.mark.parametrize(
        ("rulebook", "code"),
        [
            (HARBOR, "NOT_READY"),
            (HARBOR.replace("needs: [order, amount]", "needs: []").replace("unmet: NOT_READY\n", "\n"), "STALLED"),
        ],
    )
    def test_a_blocked_step_is_its_stages_unmet_else_what_silence_becomes(self, rulebook: str, code: str) -> None:
        street = refund(rulebook)
        in_payment(street)
        tick(street, FINN, "2", "blocked the card expired")
        assert [t.code for t in street.items["REF-1"].open_trouble()] == [code]

    def test_a_step_may_name_an_exception_of_its_own(self) -> None:
        street = refund(HARBOR.replace("Card matches the order]", "{check: Card matches the order, else: OVER_LIMIT}]"))
        item = in_payment(street)
        assert item.run is not None
        assert [step.code for step in item.run.steps] == ["NOT_READY", "OVER_LIMIT"]
        tick(street, FINN, "2", "fail it is somebody else's card")
        assert street.items["REF-1"].open_trouble("OVER_LIMIT")

    def test_without_any_code_a_person_says_which_it_is(self) -> None:
        street = Street(HARBOR.replace("stages: [{name: book,", "stages: [{checklist: [Booked], name: book,"))
        street.types(DANA, "new", workflow="bookkeeping", words="ORD-48213 45 USD")
        reply = street.types(FINN, "tick", "BOOK-1", name="1", words="blocked the books are shut").reply
        assert reply is not None
        assert reply.code == "no_code"
        assert "/docket except BOOK-1 CODE" in plain(reply.message)
        assert "MISMATCH" in plain(reply.message)
        assert not street.items["BOOK-1"].open_trouble()

    def test_while_it_waits_for_a_decision_nobody_ticks_it_away(self, street: Street) -> None:
        tick(street, DANA, "1", "fail no account")
        for words in ("", "undo a slip", "fail still none"):
            reply = tick(street, DANA, "1", words)
            assert (reply.code, "lee" in plain(reply.message)) == ("undecided", True)

    def test_one_decision_at_a_time_for_one_code(self, street: Street) -> None:
        in_payment(street)
        tick(street, FINN, "1", "fail the log is gone")
        before = street.items["REF-1"]
        assert tick(street, FINN, "2", "blocked no card").code == "already_open"
        assert street.items["REF-1"] == before
        assert not tick(street, FINN, "2").refused, "other work goes on meanwhile"

    def test_nothing_is_taken_back_under_a_decision(self, street: Street) -> None:
        in_payment(street)
        tick(street, FINN, "1")
        tick(street, FINN, "2", "blocked no card")
        assert tick(street, FINN, "1", "undo looked at the wrong day").code == "blocked"

    def test_approved_it_is_waived_by_name_and_code(self, street: Street) -> None:
        tick(street, DANA, "1", "fail no account")
        assert not said(street, LEE, "approve", **YES).refused
        item = street.items["REF-1"]
        assert (item.stage, item.open_steps()) == ("triage", ())
        assert item.run is not None
        shown = plain(Reply(message=shown_to(street, DANA)).message)
        assert "waived by lee, GOODWILL" in shown
        assert tick(street, DANA, "1").code == "waived"
        assert not said(street, DANA, "next").refused

    def test_rejected_it_stays_failed_and_may_be_tried_again(self, street: Street) -> None:
        tick(street, DANA, "1", "fail no account")
        said(street, LEE, "reject", **NO)
        assert (states(street), said(street, DANA, "next").code) == (["failed"], "steps")
        tick(street, DANA, "1", "fail still no account")
        assert len(street.items["REF-1"].open_trouble("NOT_READY")) == 1
        said(street, LEE, "reject", **NO)
        assert not tick(street, DANA, "1").refused
        assert not said(street, DANA, "next").refused

    def test_rejected_where_the_code_closes_it_ends(self) -> None:
        street = refund(HARBOR.replace("Customer is known, else: NOT_READY", "Customer is known, else: LEGAL_THREAT"))
        tick(street, DANA, "1", "fail they are in court with us")
        said(street, MARIA, "reject", reason_code="OUTSIDE_POLICY", words="To court.")
        item = street.items["REF-1"]
        assert (item.outcome, item.run) == ("rejected", None)

    def test_a_waiver_that_was_not_theirs_counts_no_more(self, street: Street) -> None:
        tick(street, DANA, "1", "fail no account")
        card = street.heard("lee", DecisionCard)[0]
        street.mails("lee@harbor.example", "approve GOODWILL because we know them", answers=card, trust="aligned")
        assert not street.items["REF-1"].open_steps()
        said(street, LEE, "disavow")
        item = street.items["REF-1"]
        assert [n for n, _ in item.open_steps()] == [1]
        assert item.open_trouble("NOT_READY")
        said(street, item.open_trouble()[0].owner, "approve", **YES)
        assert not street.items["REF-1"].open_steps(), "the decision that was made anew is about that step"

    def test_an_exception_of_the_same_code_about_something_else_waives_nothing(self, street: Street) -> None:
        tick(street, DANA, "1", "fail no account")
        said(street, LEE, "reject", **NO)
        street.passes(minutes=1)
        said(street, RITA, "except", code="NOT_READY", words="The order is another one.")
        said(street, LEE, "approve", code="NOT_READY", **YES)
        assert [n for n, _ in street.items["REF-1"].open_steps()] == [1]


def shown_to(street: Street, who: str) -> Any:
    command = Command(**street._meta(who), verb="show", item="REF-1")
    shelf = Shelf(item=street.items["REF-1"], entries=street.entries)
    reply = answer(command, street.book, lambda i: street.book.workflows[i.workflow], shelf, street.now)
    return reply.message


class TestInTheWay:
    """What is not done holds up the next stage and the end, on every path (M45)."""

    def test_next_and_close_name_what_is_open_and_who_can_tick_it(self, street: Street) -> None:
        reply = said(street, DANA, "next")
        assert reply.code == "steps"
        words = plain(reply.message)
        assert "1 Customer is known" in words
        assert "dana, lee or maria can tick it off: `/docket tick REF-1 1`" in words
        assert street.items["REF-1"].stage == "triage"
        in_payment(street)
        tick(street, FINN, "1")
        said(street, FINN, "evidence", name="receipt", words="re_1")
        reply = said(street, FINN, "close")
        assert (reply.code, "2 Card matches the order" in plain(reply.message)) == ("steps", True)
        tick(street, FINN, "2")
        assert not said(street, FINN, "close").refused

    @pytest.mark.parametrize("verb", ["next", "close"])
    def test_by_mail_it_is_refused_alike(self, street: Street, verb: str) -> None:
        street.mails("rita@corp.example", "Please refund ORD-11111, it was $45", message_id="<a@corp.example>")
        street.mails("dana@harbor.example", verb, references=("<a@corp.example>",), trust="aligned")
        assert (street.items["REF-2"].stage, street.items["REF-2"].state) == ("triage", "open")

    def test_an_approved_handoff_does_not_pass_over_what_is_open(self, street: Street) -> None:
        """`unmet` moves an item on (interface.md, "States"), but not past steps that the decision was not about."""
        said(street, RITA, "except", code="NOT_READY", words="The order is another one.")
        said(street, LEE, "approve", **YES)
        item = street.items["REF-1"]
        assert (item.stage, item.state) == ("triage", "open")
        street.ticks_all(DANA, "REF-1")
        said(street, RITA, "except", code="NOT_READY", words="And the amount, too.")
        said(street, LEE, "approve", **YES)
        assert street.items["REF-1"].stage == "payment"

    def test_many_open_steps_are_counted(self) -> None:
        steps = ", ".join(f"Step {n}" for n in range(1, 15))
        street = refund(
            HARBOR.replace("before: [{check: Customer is known, else: NOT_READY}]", f"checklist: [{steps}]")
        )
        reply = said(street, DANA, "next")
        assert "14 steps of triage are not done on REF-1" in plain(reply.message)
        assert "10 Step 10 and 4 more" in plain(reply.message)


class TestWhatPeopleSee:
    """The card, the form, the record."""

    def test_the_card_says_how_far_it_is_and_its_menu_leads_on(self, street: Street) -> None:
        in_payment(street)
        tick(street, FINN, "1")
        item = street.items["REF-1"]
        card = item_card(item, street.book.workflows["refund"], street.book, street.now)
        assert "1 of 2 done · next: Card matches the order" in plain(card)
        menu = [action.label for action in card.actions if action.more]
        assert (menu[-1], len(menu) <= 5) == ("Checklist", True)
        tick(street, FINN, "2")
        card = item_card(street.items["REF-1"], street.book.workflows["refund"], street.book, street.now)
        assert "checklist: 2 of 2 done" in plain(card)
        assert [action.label for action in card.actions if action.more][-1] == "Close"

    def test_whoever_gets_it_reads_what_is_to_be_done(self, street: Street) -> None:
        in_payment(street)
        card = street.words(street.heard("finn", Handed)[-1])
        assert card is not None
        (section,) = [s for s in card.sections if s.heading == "To do here: tick REF-1 and the number"]
        assert [row.line for row in section.rows] == [("1 Payment log checked",), ("2 Card matches the order",)]

    def test_app_home_offers_it(self, street: Street) -> None:
        (row,) = own_rows(street.items.values(), "dana", lambda i: street.book.workflows[i.workflow], street.now)
        assert "Checklist" in [action.label for action in row.actions]

    def test_the_form_ticks_several_at_once(self) -> None:
        street = refund(LONG)
        found = opened(street, DANA)
        assert isinstance(found, Form)
        assert [(b.name, b.label, len(b.choices)) for b in found.blanks[:-1]] == [
            ("1.1", "1 Customer is known", 2), ("1.2", "2 Order is ours", 2), ("1.3", "3 Amount checked", 3),
            ("1.4", "4 Card checked", 3), ("1.5", "5 Note written", 3),
        ]  # fmt: skip
        fields = {"1.3": "blocked", "1.1": "pass", "1.2": "pass", "1.4": "pass", "1.5": "", "words": "no amount"}
        reply = said(street, DANA, "tick", fields=fields, words="no amount")
        assert not reply.refused, plain(reply.message)
        assert states(street) == ["passed", "passed", "blocked", "passed", "open"]
        assert [t.code for t in street.items["REF-1"].open_trouble()] == ["STALLED"]
        again = opened(street, DANA)
        assert isinstance(again, Form)
        assert [b.name for b in again.blanks] == ["1.5", "1.undo", "words"]
        assert [c.value for c in again.blanks[1].choices] == ["1", "2", "4"]

    def test_all_of_a_form_or_nothing(self) -> None:
        street = refund(LONG)
        before = street.items["REF-1"]
        reply = said(street, DANA, "tick", fields={"1.1": "pass", "1.3": "pass", "words": ""})
        assert (reply.code, street.items["REF-1"]) == ("prerequisite", before)
        reply = said(street, DANA, "tick", fields={"1.1": "fail", "words": ""})
        assert (reply.code, reply.blank) == ("why", "words")
        assert said(street, DANA, "tick", fields={"1.1": "", "words": "x"}).code == "nothing_ticked"
        assert street.items["REF-1"] == before

    def test_a_form_that_was_filled_in_for_another_run_ticks_nothing(self, street: Street) -> None:
        before = in_payment(street)
        reply = said(street, FINN, "tick", fields={"1.1": "pass"})
        assert (reply.code, street.items["REF-1"]) == ("changed_meanwhile", before)

    def test_the_form_takes_back(self, street: Street) -> None:
        in_payment(street)
        tick(street, FINN, "1")
        assert not said(street, FINN, "tick", fields={"2.undo": "1", "2.2": ""}, words="wrong log").refused
        assert states(street) == ["open", "open"]

    def test_who_may_not_tick_gets_no_form(self, street: Street) -> None:
        found = opened(street, FINN)
        assert isinstance(found, Reply)
        assert found.code == "not_yours"

    def test_show_and_its_json_list_every_run(self, street: Street) -> None:
        in_payment(street)
        tick(street, FINN, "1")
        tick(street, FINN, "2", "blocked the card expired")
        words = plain(shown_to(street, DANA))
        assert "REF-1/C2 · payment · 1 of 2 done" in words
        assert "2 Card matches the order: blocked, finn" in words
        assert "the card expired" in words
        said(street, LEE, "approve", **YES)
        first, second = item_json(street.items["REF-1"], street.book)["checklists"]
        assert (first["id"], first["ended_at"] is not None) == ("REF-1/C1", True)
        assert second["rulebook"] == {"version": street.book.version}
        assert [(s["n"], s["state"], s["by"], s["exception"]) for s in second["steps"]] == [
            (1, "passed", "finn", None), (2, "waived", "finn", "NOT_READY"),
        ]  # fmt: skip


class TestPrivateWork:
    """Nothing of a private item's checklist is anybody else's."""

    PRIVATE = HARBOR.replace("stages: [{name: heard,", "stages: [{checklist: [Spoken in person], name: heard,")

    def test_the_owner_ticks_and_nobody_else_hears_that_there_is_one(self) -> None:
        street = Street(self.PRIVATE)
        street.types(RITA, "new", workflow="concern", words="It goes on")
        reply = street.types(DANA, "tick", "CON-1", name="1").reply
        assert reply is not None
        assert reply.code == "unknown_item"
        reply = street.types(MARIA, "close", "CON-1").reply
        assert reply is not None
        assert "maria or lee can tick it off" in plain(reply.message)
        street.types(MARIA, "tick", "CON-1", name="1", words="blocked they are away")
        item = street.items["CON-1"]
        assert [t.owner for t in item.open_trouble()] == ["lee"]
        assert {n.to for n in street.notices if n.item == "CON-1"} <= {"lee", "maria", "conversation", "requester"}
