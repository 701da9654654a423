"""Approvals: who is asked for a yes and when, what it rests on, and the way there and back for changes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from rules.book.holes import Holes
from rules.book.load import load
from rules.deciding_page import page
from rules.events import Command
from rules.forms import form
from rules.home import decision_rows
from rules.items import Item, Trouble
from rules.messages import Form, Reply
from rules.notices import REQUESTER, ChangesAsked, DecisionCard, Notice, Question, Reminder, Verdict
from rules.reading import Shelf, answer
from rules.record import trouble_json
from rules.wording.by_mail import Reach, by_mail
from tests.rules.test_flows import HARBOR, RITA
from tests.street import Street, plain

DANA, FINN, LEE, MARIA, SAM = (f"slack:U0{name}" for name in ("DANA", "FINN", "LEE", "MARIA", "SAM"))
GATE = "because: {} is looked at by a second person., owner: {}, backup: {}, respond_within: 2 business hours"
APPROVAL = "    approval:\n"


def gate(about: str, owner: str, backup: str, more: str = "") -> str:
    return "{" + GATE.format(about, owner, backup) + more + "}"


def with_gates(*gates: str) -> str:
    """Harbor, whose access needs these yeses instead of its own."""
    head, _, rest = HARBOR.partition(APPROVAL)
    _, _, tail = rest.partition("    follow_up: {every: 4 business hours")
    return f"{head}    approval: [{', '.join(gates)}]\n    follow_up: {{every: 4 business hours{tail}"


#: The private workflow with a gate of its own.
PRIVATE = HARBOR.replace("    private: true", f"    approval: {gate('It', 'maria', 'lee')}\n    private: true")


def wants_access(
    street: Street,
    who: str = FINN,
    text: str = "I need access to billing",
    *,
    system: str = "billing",
    until: str = "2026-03-20",
) -> Item:
    """ACC-n, with all that is required."""
    key = street.says(who, f"{text}\nuntil: {until}", channel="it-help").items[0].key
    street.says(who, system, thread=key)
    assert not street.items[key].missing
    return street.items[key]


def only(item: Item) -> Trouble:
    (trouble,) = item.open_trouble()
    return trouble


def said(street: Street, who: str, verb: str, item: str = "ACC-1", **more: Any) -> Reply:
    reply = street.types(who, verb, item, **more).reply
    assert reply is not None
    return reply


def yes(street: Street, who: str, item: str = "ACC-1", **more: Any) -> Reply:
    street.passes(minutes=1)
    return said(street, who, "approve", item, reason_code="GOODWILL", words="They audit us this month.", **more)


def asks(street: Street, who: str, verb: Any, **shelf: Any) -> Reply:
    command = Command(id="q", workspace="main", at=street.now, by=who, via="slack", verb=verb, item="ACC-1")
    return answer(command, street.book, lambda item: street.book.workflows[item.workflow], Shelf(**shelf), street.now)


def worded(street: Street, notice: Notice) -> str:
    message = street.words(notice)
    assert message is not None
    return plain(message)


@pytest.fixture
def street() -> Street:
    return Street(HARBOR)


class TestWhoIsAsked:
    @pytest.mark.parametrize(
        ("who", "text", "owner", "backup"),
        [
            (FINN, "I need access to billing", "lee", "maria"),  # Lee manages Finn, and can't back himself up
            (SAM, "I need access to billing", "maria", "lee"),
            (LEE, "I need access to billing", "maria", "sam"),  # Lee asked: somebody else backs Maria up
            (MARIA, "I need access to billing", "lee", "sam"),  # she has no manager, and `else` is herself
            (RITA, "I need access to billing", "maria", "lee"),  # a stranger has no manager here
            (FINN, "I need admin access to billing", "maria", "lee"),  # the threshold
            (MARIA, "I need admin access to billing", "lee", "sam"),
        ],
    )
    def test_the_first_row_that_holds_else_the_owner_never_the_requester_and_nobody_twice(
        self, street: Street, who: str, text: str, owner: str, backup: str
    ) -> None:
        trouble = only(wants_access(street, who, text))
        assert (trouble.gate, trouble.owner, trouble.backup) == ("approval", owner, backup)
        assert trouble.may_decide == (owner,)
        assert trouble.because.startswith("row 1, mentions" if "admin" in text else "the manager of whoever asked")

    def test_a_threshold_on_a_field_and_an_item_that_has_not_said_it_yet(self) -> None:
        rows = ", rows: [{when: 'until > now + days(20)', owner: maria, backup: sam}]"
        street = Street(with_gates(gate("Access", "lee", "sam", rows)))
        assert only(wants_access(street)).owner == "lee"
        assert only(wants_access(street, DANA, until="2026-03-28")).owner == "maria"

    def test_the_requester_decides_on_no_path_and_hears_who_does(self, street: Street) -> None:
        """By command, form, after an escalation and by handover: nobody decides on their own request (M120)."""
        wants_access(street, LEE)
        for verb in ("approve", "reject", "changes"):
            reply = said(street, LEE, verb, reason_code="GOODWILL", words="Mine.")
            assert reply.code == "own_request"
            assert "maria can decide APPROVAL" in plain(reply.message)
        assert said(street, MARIA, "assign", person="lee", code="APPROVAL", words="He knows.").code == "own_request"
        street.passes(days=7)
        assert "lee" not in only(street.items["ACC-1"]).may_decide
        assert said(street, LEE, "approve", reason_code="GOODWILL", words="Mine.").refused

    def test_only_who_is_asked_decides(self, street: Street) -> None:
        wants_access(street)
        for who in (MARIA, SAM, DANA, RITA):
            assert said(street, who, "approve", reason_code="GOODWILL", words="Fine.").refused
        assert yes(street, LEE).refused is False

    def test_a_private_item_never_goes_to_somebodys_manager(self) -> None:
        """The rulebook would tell them of it: it does not load."""
        text = HARBOR.replace("    private: true", f"    approval: {gate('It', 'MANAGER', 'lee')}\n    private: true")
        with pytest.raises(Holes) as holes:
            load(text.replace("MANAGER", "{manager_of: requester, else: maria}"))
        assert "manager" in str(holes.value.holes[0])
        load(text.replace("MANAGER", "maria"))


class TestWhen:
    def test_as_soon_as_nothing_required_is_missing(self, street: Street) -> None:
        street.says(FINN, "I need access to billing\nuntil: 2026-03-20", channel="it-help")
        for verb in ("next", "close"):
            reply = said(street, SAM, verb)
            assert reply.code == "unapproved"
            assert "Unreviewed grants caused the March incident." in plain(reply.message)
            assert "asked for as soon as this is known: system" in plain(reply.message)
        assert not street.items["ACC-1"].exceptions
        street.says(FINN, "billing", thread="ACC-1")
        assert (only(street.items["ACC-1"]).code, street.items["ACC-1"].state) == ("APPROVAL", "blocked")

    def test_not_while_a_stop_rule_blocks_it(self, street: Street) -> None:
        """Maria decides on the length first; with her yes it goes to Lee, with her no nobody is asked."""
        item = wants_access(street, until="2026-09-20")
        assert [t.code for t in item.exceptions] == ["LONG_ACCESS"]
        yes(street, MARIA)
        assert only(street.items["ACC-1"]).code == "APPROVAL"
        wants_access(street, DANA, until="2026-09-20")
        said(street, MARIA, "reject", "ACC-2", reason_code="OUTSIDE_POLICY", words="Too long.")
        assert [t.code for t in street.items["ACC-2"].exceptions] == ["LONG_ACCESS"]

    def test_it_may_not_move_before_and_hears_who_decides_until_when(self, street: Street) -> None:
        wants_access(street)
        for verb in ("next", "close"):
            reply = said(street, SAM, verb)
            assert reply.code == "blocked"
            assert "waits for lee to decide APPROVAL, until 2026-03-04 20:00" in plain(reply.message)
        yes(street, LEE)
        assert said(street, SAM, "close").code == "evidence"
        assert street.items["ACC-1"].state == "open"

    def test_another_yes_moves_nothing_past_it(self) -> None:
        """An exception that would move the item on does not, while its stage needs a yes."""
        look = "{name: look, within: 1 business day}"
        grant = "{name: grant, within: 1 business day, needs: [system], unmet: MISSING_DETAILS}"
        handoffs = "handoffs: {at_most: 6, bounces: 3, then: MISSING_DETAILS}"
        one = "    stages: [{name: grant, within: 1 business day}]\n"
        street = Street(HARBOR.replace(one, f"    stages: [{look}, {grant}]\n    {handoffs}\n"))
        wants_access(street)
        said(street, SAM, "except", code="MISSING_DETAILS", words="Which one?")
        yes(street, SAM, code="MISSING_DETAILS")
        assert street.items["ACC-1"].stage == "look"
        yes(street, LEE, code="APPROVAL")
        said(street, SAM, "next")
        assert street.items["ACC-1"].stage == "grant"

    def test_of_a_stage_on_entering_it(self) -> None:
        """Nothing is asked before, and nothing leaves it without."""
        asked = f"name: payment\n        approval: {gate('Money', 'maria', 'lee')}"
        street = Street(HARBOR.replace("name: payment", asked))
        street.says(RITA, "Please refund ORD-48213, it was $45")
        assert not street.items["REF-1"].exceptions
        street.types(DANA, "tick", "REF-1", name="1", words="pass")
        said(street, DANA, "next", "REF-1")
        trouble = only(street.items["REF-1"])
        assert (trouble.code, trouble.owner) == ("APPROVAL_PAYMENT", "maria")
        assert said(street, FINN, "close", "REF-1").code == "blocked"
        yes(street, MARIA, "REF-1")
        assert street.items["REF-1"].state == "open"

    def test_an_item_from_before_the_gate_is_asked_about_when_it_would_move(self, street: Street) -> None:
        item = wants_access(street)
        street.items["ACC-1"] = replace(item, exceptions=())
        assert said(street, SAM, "close").code == "blocked"
        assert only(street.items["ACC-1"]).code == "APPROVAL"


class TestSequence:
    TWO = with_gates(gate("The system", "lee", "maria"), gate("The budget", "maria", "sam"))
    SAME = with_gates(gate("The system", "lee", "sam"), gate("The budget", "lee", "sam"))

    def test_one_after_another_and_the_requester_hears_of_the_last(self) -> None:
        street = Street(self.TWO)
        wants_access(street)
        assert (only(street.items["ACC-1"]).code, only(street.items["ACC-1"]).owner) == ("APPROVAL", "lee")
        yes(street, LEE)
        assert (only(street.items["ACC-1"]).code, only(street.items["ACC-1"]).owner) == ("APPROVAL_2", "maria")
        assert not street.heard(REQUESTER, Verdict)
        yes(street, MARIA)
        assert street.items["ACC-1"].state == "open"
        assert len(street.heard(REQUESTER, Verdict)) == 1

    def test_nobody_is_asked_twice_while_somebody_else_on_the_ladder_is_there(self) -> None:
        street = Street(self.SAME)
        wants_access(street, DANA)
        yes(street, LEE)
        second = only(street.items["ACC-1"])
        assert (second.code, second.owner, second.backup) == ("APPROVAL_2", "sam", "maria")

    def test_a_no_ends_it_and_the_next_is_not_asked(self) -> None:
        street = Street(self.TWO)
        wants_access(street)
        said(street, LEE, "reject", reason_code="NO_PROOF", words="Nobody asked for that.")
        item = street.items["ACC-1"]
        assert (item.outcome, [t.code for t in item.exceptions]) == ("rejected", ["APPROVAL"])
        assert "rejected by lee" in worded(street, street.heard(REQUESTER)[-1])

    def test_opened_again_the_no_is_asked_again_and_the_yes_before_it_stands(self) -> None:
        street = Street(self.TWO)
        wants_access(street)
        yes(street, LEE)
        said(street, MARIA, "reject", reason_code="NO_PROOF", words="No budget.")
        said(street, SAM, "reopen", words="There is one after all.")
        assert [t.code for t in street.items["ACC-1"].open_trouble()] == ["APPROVAL_2"]


class TestValues:
    def test_known_fields_lock_while_it_is_pending_and_empty_ones_may_be_filled(self) -> None:
        street = Street(HARBOR.replace("      until:  {ask", "      why: {type: text}\n      until:  {ask"))
        wants_access(street)
        reply = said(street, SAM, "set", name="until", words="2026-03-25")
        assert reply.code == "pending"
        assert "lee decides, until 2026-03-04 20:00" in plain(reply.message)
        assert "They can send it back for changes" in plain(reply.message)
        assert street.items["ACC-1"].fields["until"] == "2026-03-20"
        assert not said(street, SAM, "set", name="why", words="the audit").refused
        assert "the audit" in worded(street, street.heard("lee", DecisionCard)[-1])
        assert only(street.items["ACC-1"]).opened_at == street.items["ACC-1"].opened_at, "it is the same question"

    def test_with_show_only_what_it_names_is_locked(self) -> None:
        street = Street(with_gates(gate("Access", "lee", "sam", ", show: [system]")))
        wants_access(street)
        assert said(street, SAM, "set", name="system", words="payroll").code == "pending"
        assert not said(street, SAM, "set", name="until", words="2026-03-25").refused
        assert [t.state for t in street.items["ACC-1"].exceptions] == ["open"]

    def test_a_changed_value_voids_the_yes_and_it_is_asked_anew_with_the_old_one_shown(self, street: Street) -> None:
        wants_access(street)
        yes(street, LEE)
        street.passes(minutes=5)
        said(street, SAM, "set", name="until", words="2026-03-30")
        item = street.items["ACC-1"]
        assert [t.state for t in item.exceptions] == ["void", "open"]
        assert item.state == "blocked"
        card = worded(street, street.heard("lee", DecisionCard)[-1])
        assert "Before: lee approved ACC-1" in card
        assert "They audit us this month. That is void: until changed." in card
        reply = asks(street, SAM, "show", item=item)
        assert "APPROVAL is void: what was decided on has changed." in plain(reply.message)

    def test_the_same_value_again_changes_nothing(self, street: Street) -> None:
        wants_access(street)
        yes(street, LEE)
        said(street, SAM, "set", name="until", words="2026-03-20")
        assert [t.state for t in street.items["ACC-1"].exceptions] == ["approved"]

    def test_asked_anew_it_goes_to_whom_the_threshold_names_now(self) -> None:
        rows = ", rows: [{when: 'until > now + days(20)', owner: maria, backup: sam}]"
        street = Street(with_gates(gate("Access", "lee", "sam", rows)))
        wants_access(street)
        yes(street, LEE)
        said(street, SAM, "set", name="until", words="2026-03-28")
        assert only(street.items["ACC-1"]).owner == "maria"

    @pytest.mark.parametrize("decided", [False, True])
    def test_an_empty_field_that_reaches_a_threshold_calls_for_the_other_person(self, decided: bool) -> None:
        """A yes of Lee's does not cover what only Maria may allow; what reaches no threshold voids nothing."""
        level = "      level: {type: choice, choices: {admin: [root], user: [plain]}}\n      until:  {ask"
        rows = ", rows: [{when: 'level == \"admin\"', owner: maria, backup: sam}]"
        for value, owner in (("user", "lee"), ("admin", "maria")):
            street = Street(with_gates(gate("Access", "lee", "sam", rows)).replace("      until:  {ask", level))
            wants_access(street)
            if decided:
                yes(street, LEE)
            said(street, SAM, "set", name="level", words=value)
            last = street.items["ACC-1"].exceptions[-1]
            assert (last.owner, last.state == "approved") == (owner, decided and owner == "lee")

    def test_time_alone_calls_nobody_back(self) -> None:
        """A threshold that counts days from now is judged when it is asked, not again each morning."""
        rows = ", rows: [{when: 'until < now + days(3)', owner: maria, backup: sam}]"
        street = Street(with_gates(gate("Access", "lee", "sam", rows)))
        wants_access(street)
        yes(street, LEE)
        street.passes(days=14)
        said(street, SAM, "set", name="system", words="billing")
        assert [t.state for t in street.items["ACC-1"].exceptions] == ["approved"]


class TestChanges:
    def sent_back(self, street: Street, words: str = "Until when, and for which audit?") -> Item:
        wants_access(street)
        street.passes(minutes=30)
        assert not said(street, LEE, "changes", words=words).refused
        return street.items["ACC-1"]

    def test_it_goes_back_with_what_is_missing_and_everybody_sees_it(self, street: Street) -> None:
        item = self.sent_back(street)
        assert (item.state, item.changes, item.exceptions[0].state) == ("waiting", "APPROVAL", "void")
        question = street.heard(REQUESTER, Question)[-1]  # the first one was which system it is
        assert worded(street, question).startswith(
            "finn, lee asks for changes first:\nUntil when, and for which audit?"
        )
        (told,) = street.heard("sam", ChangesAsked)
        assert "lee asks for changes on ACC-1" in worded(street, told)
        assert "lee asked for changes on ACC-1" in worded(street, street.heard("lee", DecisionCard)[-1])
        assert "Waiting for finn: lee asks for changes" in worded(street, street.heard("conversation")[-1])
        reply = said(street, SAM, "close")
        assert (reply.code, "lee asked for changes on ACC-1" in plain(reply.message)) == ("changes", True)
        assert not said(street, SAM, "set", name="until", words="2026-03-25").refused, "fields are free again"

    @pytest.mark.parametrize(
        ("who", "deed", "since"),
        [
            (SAM, ("set", {"name": "until", "words": "2026-03-25"}), "until changed"),
            (SAM, ("next", {}), "it was sent again as it stands"),
            (FINN, "It is for the March audit.", "they answered"),
            (FINN, "until: 2026-03-25", "until changed"),  # what was known and not right may be said anew
        ],
    )
    def test_it_comes_back_with_a_fresh_clock_and_what_happened(
        self, street: Street, who: str, deed: Any, since: str
    ) -> None:
        first = self.sent_back(street).exceptions[0]
        street.passes(hours=1)
        if isinstance(deed, str):
            street.says(who, deed, thread="ACC-1")
        else:
            said(street, who, deed[0], **deed[1])
        again = only(street.items["ACC-1"])
        assert (again.code, again.owner, street.items["ACC-1"].changes) == ("APPROVAL", "lee", "")
        assert again.due_at - again.opened_at > first.due_at - street.now, "his time begins again"
        card = worded(street, street.heard("lee", DecisionCard)[-1])
        assert f"lee asked for changes: Until when, and for which audit? Since then: {since}." in card
        assert [k for k in street.kinds("ACC-1") if k in ("raised", "changes_asked")] == [
            "raised",
            "changes_asked",
            "raised",
        ]
        yes(street, LEE)
        assert street.items["ACC-1"].state == "open"

    @pytest.mark.parametrize(
        ("who", "deed"),
        [
            (FINN, "thanks"),
            (DANA, "I would like to see this, too"),
            (SAM, {"name": "until", "words": "2026-03-20"}),  # as it was
        ],
    )
    def test_what_changes_nothing_does_not_bring_it_back(self, street: Street, who: str, deed: Any) -> None:
        self.sent_back(street)
        if isinstance(deed, str):
            street.says(who, deed, thread="ACC-1")
        else:
            said(street, who, "set", **deed)
        assert street.items["ACC-1"].state == "waiting"

    def test_clocks_are_honest(self, street: Street) -> None:
        """The stage stands still all the while; nobody is reminded of what does not lie with them."""
        before = wants_access(street).due_at
        street.passes(minutes=30)
        said(street, LEE, "changes", words="Which audit?")
        street.passes(hours=3)
        assert not [n for n in street.notices if isinstance(n, Reminder)]
        said(street, SAM, "next")
        street.passes(hours=1)
        yes(street, LEE)
        item = street.items["ACC-1"]
        assert item.due_at is not None
        assert before is not None
        assert (item.due_at - before).total_seconds() >= 4.5 * 3600
        assert item.clock_stopped_at is None

    def test_it_is_asked_for_again_and_then_becomes_an_exception(self, street: Street) -> None:
        """Three questions, as the workflow says; a yes to the exception asks the approver as it stands."""
        self.sent_back(street)
        street.passes(days=3)
        assert len(street.heard(REQUESTER, Question)) == 1 + 3
        assert only(street.items["ACC-1"]).code == "MISSING_DETAILS"
        yes(street, SAM)
        assert only(street.items["ACC-1"]).code == "APPROVAL"

    def test_a_no_to_that_exception_asks_anew(self, street: Street) -> None:
        self.sent_back(street)
        street.passes(days=3)
        said(street, SAM, "reject", reason_code="NO_PROOF", words="We do need it.")
        assert (street.items["ACC-1"].state, street.items["ACC-1"].asks) == ("waiting", 1)

    def test_where_nothing_is_followed_up_it_comes_back_by_itself(self) -> None:
        """As it stands: nothing ever rests without a due time."""
        street = Street(PRIVATE)
        street.types(DANA, "new", workflow="concern", words="Somebody is being treated badly.")
        said(street, MARIA, "changes", "CON-1", words="Who saw it?")
        street.passes(hours=3)
        assert only(street.items["CON-1"]).anew == "nothing came"

    def test_only_an_approval_goes_back_and_only_by_who_decides_it_with_words(self, street: Street) -> None:
        wants_access(street)
        assert said(street, LEE, "changes").code == "changes"
        for who in (SAM, DANA, FINN, MARIA):
            assert said(street, who, "changes", words="More.").refused
        street.says(RITA, "Please refund ORD-48213, I was charged $450 twice")
        assert said(street, LEE, "changes", "REF-1", words="More.").code == "no_approval"
        assert said(street, LEE, "changes", words="More.").refused is False
        assert said(street, LEE, "changes", words="Even more.").code == "void", "it went back already"

    def test_while_it_is_away_a_stop_rule_may_fire_and_it_still_comes_back(self, street: Street) -> None:
        self.sent_back(street)
        said(street, SAM, "set", name="until", words="2026-09-20")
        assert {t.code for t in street.items["ACC-1"].open_trouble()} == {"APPROVAL", "LONG_ACCESS"}


class TestSeen:
    """An approval is seen as one, wherever it is read."""

    def test_the_card_says_what_why_and_has_a_third_way(self, street: Street) -> None:
        wants_access(street)
        (card,) = (street.words(n) for n in street.heard("lee", DecisionCard))
        assert card is not None
        assert plain(card).startswith(
            "Approve by 2026-03-04 20:00:00+00:00 (in 4 h): I need access to billing (approval)"
        )
        assert "APPROVAL: Unreviewed grants caused the March incident. It is asked of the manager of whoever" in plain(
            card
        )
        assert card.subject.startswith("Approve by 14:00: ")
        assert [(a.label, a.more) for a in card.actions] == [
            ("Approve", False), ("Reject", False), ("Ask for changes", False),
            ("Ask", True), ("Reassign", True), ("Snooze", True),
        ]  # fmt: skip
        assert "raised" not in plain(card)

    def test_the_letter_brings_the_line_for_it(self, street: Street) -> None:
        item = wants_access(street)
        (card,) = (street.words(n) for n in street.heard("lee", DecisionCard))
        assert card is not None
        letter = by_mail(
            card, "lee", street.book, Reach(slack=False, replies=True), item, street.book.workflows["access"]
        )
        assert "approve GOODWILL because ..." in plain(letter)
        assert "changes because ...  sends it back, with what is missing" in plain(letter)

    def test_lists_name_it(self, street: Street) -> None:
        item = wants_access(street)
        (row,) = decision_rows([item], "lee", lambda i: street.book.workflows[i.workflow], street.now)
        assert row.line[2] == ": I need access to billing (approval)"
        reply = asks(street, LEE, "exceptions", items=[item])
        assert "1 approval, by deadline" in plain(reply.message)
        assert "APPROVAL (approval)" in plain(reply.message)
        assert "approve by" in plain(reply.message)
        assert trouble_json(only(item))["code"] == "APPROVAL"

    def test_reminder_escalation_and_page(self, street: Street) -> None:
        wants_access(street)
        street.passes(hours=5)
        (reminder, *_) = street.heard("lee", Reminder)
        assert "approve now, it was due" in worded(street, reminder)
        (up,) = street.heard("maria", DecisionCard)
        assert "lee had until" in worded(street, up)
        shown = page(street.ticket(up), street.world(street.items["ACC-1"]))
        assert shown is not None
        assert [c.value for c in shown.approve] == ["OUR_MISTAKE", "GOODWILL"]
        assert yes(street, MARIA).refused is False

    def test_by_mail_it_is_approved_and_sent_back(self, street: Street) -> None:
        wants_access(street)
        wants_access(street, DANA)
        first, second = street.heard("lee", DecisionCard)
        street.mails("lee@harbor.example", "changes because the audit is not named", answers=second)
        assert street.items["ACC-2"].exceptions[0].changes == "the audit is not named"
        street.mails("lee@harbor.example", "approve GOODWILL because they audit us this month", answers=first)
        (decided,) = street.items["ACC-1"].exceptions
        assert decided.decision is not None
        assert (decided.state, decided.decision.via) == ("approved", "mail")

    @pytest.mark.parametrize("text", ["Changes to the plan, please see below", "Changes", "reply soon please"])
    def test_talk_in_a_mail_is_no_command(self, street: Street, text: str) -> None:
        wants_access(street)
        (card,) = street.heard("lee", DecisionCard)
        street.mails("lee@harbor.example", text, answers=card)
        assert only(street.items["ACC-1"]).state == "open"

    def test_the_form_asks_what_is_missing(self, street: Street) -> None:
        item = wants_access(street)
        command = Command(id="q", workspace="main", at=street.now, by=LEE, via="slack", verb="changes", item="ACC-1")
        opened = form(command, street.world(item))
        assert isinstance(opened, Form)
        assert [blank.name for blank in opened.blanks] == ["words"]

    def test_who_reviews_changes_only_with_a_reason_that_is_shown(self, street: Street) -> None:
        """That this person reviews and that one does not is itself a decision on record (M65)."""
        wants_access(street)
        assert said(street, LEE, "assign", person="maria", code="APPROVAL").code == "cause"
        street.passes(minutes=1)
        said(street, LEE, "assign", person="maria", code="APPROVAL", words="Finn is my brother")
        (entry,) = (e for e in street.entries if e.kind == "reassigned")
        assert (entry.by, entry.texts["because"]) == ("lee", "Finn is my brother")
        assert "lee handed this decision to you: Finn is my brother" in worded(
            street, street.heard("maria", DecisionCard)[-1]
        )
        reply = asks(street, SAM, "show", item=street.items["ACC-1"], entries=street.entries)
        assert "Finn is my brother" in plain(reply.message)
        assert yes(street, LEE).refused
        assert not yes(street, MARIA).refused

    def test_in_private_only_its_own_people_hear_of_it(self) -> None:
        street = Street(PRIVATE)
        street.types(DANA, "new", workflow="concern", words="Somebody is being treated badly.")
        assert only(street.items["CON-1"]).owner == "maria"
        said(street, MARIA, "changes", "CON-1", words="Who saw it?")
        street.passes(days=2)
        assert {n.to for n in street.notices if n.item == "CON-1"} <= {"maria", "lee", "conversation", REQUESTER}
        listed = asks(street, SAM, "exceptions", items=[street.items["CON-1"]])
        assert "CON-1" not in plain(listed.message)
        assert said(street, SAM, "changes", "CON-1", words="What?").code == "unknown_item"
