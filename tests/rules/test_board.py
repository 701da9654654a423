"""The exception lane: what stands on its board in which order, what changes it, and what is never there."""

from __future__ import annotations

from datetime import timedelta

import pytest

from rules.board import board_day, concerned, cost_an_hour, waiting
from rules.book.load import load
from rules.book.rulebook import Workflow
from rules.commands import Parsed, parse
from rules.exceptions import exceptions
from rules.items import Item
from rules.lanes import Ways, lane
from rules.messages import Message
from rules.notices import KINDS, LANE, Board, decode, encode
from rules.wording.board import ROWS, board, taken_down
from rules.wording.legend import legend
from tests.rules.test_flows import HARBOR, RITA, big_refund
from tests.street import Street, plain


@pytest.fixture
def street() -> Street:
    return Street(HARBOR)


def of(street: Street, item: Item) -> Workflow:
    return street.book.workflows[item.workflow]


def order(street: Street) -> list[str]:
    found = waiting(street.items.values(), street.book, lambda item: of(street, item))
    return [f"{item.key} {trouble.code}" for trouble, item in found]


def shown(street: Street) -> Message:
    public = [item for item in street.items.values() if not of(street, item).private]
    found = waiting(public, street.book, lambda item: of(street, item))
    return board(found, lambda item: of(street, item), street.now)


def asked(street: Street, who: str, name: str | None = None) -> str:
    seen = [item for item in street.items.values() if not of(street, item).private]
    reply = exceptions(name, street.book, lambda item: of(street, item), seen, street.now)
    rests = [section.rest for section in reply.message.sections]
    return "\n".join([plain(reply.message), *rests])


class TestOrder:
    def test_what_is_due_first_stands_first(self, street: Street) -> None:
        big_refund(street)
        street.passes(minutes=10)
        street.says(RITA, "refund me for ORD-50000, $40, or my lawyer calls")
        assert order(street) == ["REF-2 LEGAL_THREAT", "REF-1 OVER_LIMIT"]

    @pytest.mark.parametrize(("cost", "first"), [("400", "ACC-1"), ("80", "REF-1")])
    def test_of_what_is_due_together_the_costliest_stands_first(self, cost: str, first: str) -> None:
        text = HARBOR.replace("    key: ACC\n", f"    key: ACC\n    cost_of_delay: {cost} USD per business day\n")
        same = "MISSING_DETAILS: {means: Which system or until when was never said., owner: sam, backup: lee"
        assert f"{same}, respond_within: 1 business day" in text
        street = Street(
            text.replace(f"{same}, respond_within: 1 business day", f"{same}, respond_within: 4 business hours")
        )
        street.says(RITA, "Please refund ORD-48213, it was $45")
        street.types(RITA, "new", workflow="access", fields={"system": "Payroll", "until": "2026-03-10"})
        for key, code in (("REF-1", "NOT_READY"), ("ACC-1", "MISSING_DETAILS")):
            street.types("slack:U0DANA", "except", key, code=code, words="Look at it.")
            street.now += timedelta(seconds=7)
        assert order(street)[0].startswith(first)

    @pytest.mark.parametrize(
        ("cost", "an_hour"),
        [
            ("25 USD per business hour", 25),
            ("80 USD per business day", 10),
            ("24 USD per day", 1),
            ("1 USD per minute", 60),
            ("168 USD per week", 1),
            ("25 EUR per business hour", 0),
        ],
    )
    def test_costs_are_compared_by_the_hour_and_in_one_currency(self, cost: str, an_hour: int) -> None:
        workflow = load(HARBOR.replace("25 USD per business hour", cost)).workflows["refund"]
        assert cost_an_hour(workflow, "USD") == an_hour


class TestBoard:
    def test_each_row_says_what_for_whom_since_when_until_when_and_what_it_costs(self, street: Street) -> None:
        big_refund(street)
        words = plain(shown(street))
        assert words.startswith("1 open exception, by deadline")
        for part in (
            "REF-1",
            "Refund for ORD-48213",
            "OVER_LIMIT",
            "lee",
            "16:00",
            "decide by",
            "25 USD a business hour",
        ):
            assert part in words

    def test_approvals_stand_among_them(self, street: Street) -> None:
        big_refund(street)
        street.types("slack:U0RITA", "new", workflow="access", fields={"system": "Payroll", "until": "2026-03-10"})
        assert "APPROVAL (approval)" in plain(shown(street))
        assert "1 open exception and 1 approval" in plain(shown(street))

    def test_what_is_overdue_says_since_when(self, street: Street) -> None:
        big_refund(street)
        street.passes(hours=3)
        assert "overdue since" in plain(shown(street))

    def test_the_bots_own_failures_are_there_and_private_work_is_not(self, street: Street) -> None:
        street.fails("inbox:refunds", "The inbox refunds can't be reached.")
        street.types(RITA, "new", workflow="concern", words="My lead shouts at people.")
        street.types("maria", "except", "CON-1", code="NOT_HEARD", words="I was ill.")
        words = plain(shown(street))
        assert "BOT-1" in words
        assert "CON-1" not in words
        assert "NOT_HEARD" not in words

    def test_nothing_is_one_line(self, street: Street) -> None:
        assert plain(shown(street)) == "No exception is open. They come when a stop rule fires or somebody raises one."

    def test_more_than_fit_are_counted(self, street: Street) -> None:
        for n in range(ROWS + 3):
            street.says(f"slack:U{n:04}", f"Please refund ORD-1{n:04}, it was $900")
        message = shown(street)
        assert len(message.sections[0].rows) == ROWS
        assert message.sections[0].rest == "and 3 more: `/docket exceptions`"

    def test_it_hangs_for_a_day_of_the_organization(self, street: Street) -> None:
        assert board_day(street.book, street.now).isoformat() == "2026-03-04"
        assert board_day(street.book, street.now + timedelta(hours=14, minutes=1)).isoformat() == "2026-03-05"
        assert "Thursday, March 5" in plain(taken_down(board_day(street.book, street.now + timedelta(days=1))))

    def test_its_notice_goes_to_the_channel_and_is_kept_as_values(self, street: Street) -> None:
        notice = Board(item="", to=LANE, channel="exceptions", day="2026-03-04")
        assert lane(notice, None, street.book, Ways(slack=True, mail=True)) == "slack:#exceptions"
        assert lane(notice, None, street.book, Ways(slack=False, mail=True)) is None
        assert decode(encode(notice)) == notice
        assert KINDS["Board"] is Board


class TestWhatChangesIt:
    def changes(self, street: Street, since: int) -> bool:
        return concerned(street.entries[since:], street.items, lambda item: of(street, item))

    def test_raised_decided_handed_on_and_gone_up(self, street: Street) -> None:
        for happens in (
            lambda: big_refund(street),
            lambda: street.types("slack:U0LEE", "assign", "REF-1", person="maria", words="She knows them."),
            lambda: street.passes(hours=2, minutes=1),
            lambda: street.types("slack:U0MARIA", "approve", "REF-1", reason_code="GOODWILL", words="Keep them."),
        ):
            before = len(street.entries)
            happens()
            assert self.changes(street, before)

    def test_routine_work_does_not(self, street: Street) -> None:
        street.says(RITA, "Please refund ORD-48213, it was $45")
        street.types("slack:U0DANA", "ack", "REF-1")
        street.types("slack:U0DANA", "set", "REF-1", name="amount", words="46 USD")
        assert not self.changes(street, 0)

    def test_a_value_that_its_row_may_show_does(self, street: Street) -> None:
        street.says(RITA, "refund me or my lawyer calls")
        before = len(street.entries)
        street.says(RITA, "ORD-48213", thread="REF-1")
        assert self.changes(street, before)

    def test_private_work_never_does(self, street: Street) -> None:
        street.types(RITA, "new", workflow="concern", words="My lead shouts at people.")
        street.types("maria", "except", "CON-1", code="NOT_HEARD", words="I was ill.")
        assert not self.changes(street, 0)


class TestAsked:
    def test_all_of_it_or_one_workflow_with_what_needs_a_yes(self, street: Street) -> None:
        big_refund(street)
        street.fails("inbox:refunds")
        assert "BOT-1" in asked(street, "dana")
        of_refund = asked(street, "dana", "refund")
        assert "1 open exception in refund, by deadline" in of_refund
        assert "BOT-1" not in of_refund
        for said in (
            "OVER_LIMIT  amount > 300 · lee, else maria, within 2 business hours · a no closes it",
            "STALLED  silence; silence of the bank; too many handoffs; another system says otherwise",
            "NOT_READY  a prerequisite fails; a handoff comes without what it needs",
            "MISSING_DETAILS  no answer to 3 questions",
            'OUTGOING  mentions("guarantee")',
            "asks for order, amount, again every 4 business hours, 3 times at most",
            "opens bookkeeping when it is closed",
        ):
            assert said in of_refund

    def test_what_is_no_workflow_is_told_with_those_there_are(self, street: Street) -> None:
        assert "There is no workflow `refunds`. There are: refund," in asked(street, "dana", "refunds")

    def test_a_gate_says_that_it_always_asks(self, street: Street) -> None:
        needs, _alone = legend(street.book.workflows["access"])
        assert "APPROVAL  always · maria, else lee" in plain(Message(subject="", headline=("",), sections=(needs,)))

    def test_it_is_typed_with_a_workflow(self) -> None:
        assert parse("exceptions Refund") == Parsed(verb="exceptions", workflow="refund")
