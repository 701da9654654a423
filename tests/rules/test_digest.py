"""The digest: its counts are its rows, nothing private is in it, and a day without news is one line."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from rules.digest import Figures, digest
from rules.messages import Message
from tests.rules.test_flows import HARBOR, RITA
from tests.street import Street, plain


@pytest.fixture
def street() -> Street:
    return Street(HARBOR)


def morning(street: Street, reader: str = "maria") -> Message:
    """The digest of the last day, up to now."""
    figures = Figures(
        since=street.now - timedelta(days=1),
        until=street.now + timedelta(seconds=1),
        open_items=[item for item in street.items.values() if item.closed_at is None],
        changed=list(street.items.values()),
    )
    workflow_of = lambda item: street.book.workflows[item.workflow]  # noqa: E731
    return digest("morning", reader, date(2026, 3, 5), figures, street.book, workflow_of)


def rows(message: Message, heading: str) -> list[str]:
    """The rows under a heading, as words."""
    found = [s for s in message.sections if s.heading == heading]
    return [plain(Message(subject="", headline=row.line)) for section in found for row in section.rows]


def test_a_day_without_news_is_one_line(street: Street) -> None:
    message = morning(street)
    assert message.sections == ()
    assert "Nothing waits for you" in plain(message)


def test_what_waits_for_the_reader_comes_first_with_its_buttons(street: Street) -> None:
    street.says(RITA, "Refund $450 for ORD-48213 please")
    street.passes(hours=3)
    message = morning(street, "lee")
    assert message.sections[0].heading == "Waits for you"
    assert [a.label for a in message.sections[0].rows[0].actions] == ["Approve", "Reject"]
    assert "1 decision waits for you" in plain(message)
    assert "overdue" in rows(message, "Waits for you")[0]


def test_who_may_not_decide_reads_it_under_the_others(street: Street) -> None:
    street.says(RITA, "Refund $450 for ORD-48213 please")
    message = morning(street, "maria")
    assert len(rows(message, "Waits for others")) == 1
    assert not rows(message, "Waits for you")


def test_decisions_stand_with_code_and_rationale(street: Street) -> None:
    street.says(RITA, "Refund $450 for ORD-48213 please")
    street.types("slack:U0LEE", "approve", "REF-1", reason_code="DOUBLE_CHARGE", words="Both captures are in the log.")
    (row,) = rows(morning(street), "Decided")
    assert "DOUBLE_CHARGE" in row
    assert "Both captures" in row


def test_overdue_due_today_and_quiet_are_told_apart_and_nothing_twice(street: Street) -> None:
    street.says(RITA, "Refund $45 for ORD-48213 please")
    street.passes(hours=5)
    street.says(RITA, "Refund $46 for ORD-11111 please")
    message = morning(street)
    assert len(rows(message, "Overdue")) == 1
    listed = [row.split()[0] for heading in ("Overdue", "Due today", "Quiet") for row in rows(message, heading)]
    assert len(listed) == len(set(listed))


def test_the_bots_own_failures_have_their_lines(street: Street) -> None:
    street.fails("inbox:refunds", "The inbox refunds does not answer.")
    street.fails("inbox:refunds", "The inbox refunds does not answer.")
    (row,) = rows(morning(street), "Ours")
    assert "2 times" in row


def test_nothing_private_is_in_it(street: Street) -> None:
    street.types(RITA, "new", workflow="concern", words="Somebody is being treated badly.")
    street.passes(days=1)
    words = plain(morning(street, "maria"))
    assert "CON-" not in words
    assert "badly" not in words
    assert "0 items open" in words


def test_long_lists_are_cut_with_a_count_and_where_the_rest_is(street: Street) -> None:
    for number in range(14):
        street.says(f"slack:U0X{number}", f"Refund $4{number:02d} for ORD-100{number:02d} please")
    message = morning(street, "lee")
    first = message.sections[0]
    assert len(first.rows) == 10
    assert first.rest.startswith("and 4 more")
