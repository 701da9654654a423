"""The week in a digest: each figure against the time before, counted by hand here; nobody is blamed."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from rules.book.load import load
from rules.digest import digest
from rules.digest_facts import Figures
from rules.digest_week import week_sections
from rules.figures import Dwell, Ordeal, Passage
from rules.messages import Message, named_in
from rules.report_facts import GateCount
from rules.signal_facts import Ended, Passed, Traces
from rules.week_facts import Change, Week
from tests.rules.test_digest import rows
from tests.rules.test_flows import HARBOR
from tests.street import plain

BOOK = load(HARBOR)
#: Friday, March 6 2026, 16:00 in Chicago.
NOW = datetime(2026, 3, 6, 22, 0, tzinfo=UTC)
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
THIS, LAST = NOW - 2 * DAY, NOW - 9 * DAY
HEAD = "The week against the one before"


def week(**traces: object) -> Week:
    return Week(traces=replace(Traces(before=NOW - 14 * DAY, since=NOW - 7 * DAY, until=NOW), **traces))


def said(of: Week) -> Message:
    return Message(subject="", headline=(), sections=week_sections(of, BOOK))


def passages(kind: str, *at: datetime) -> list[Passage]:
    return [Passage(item=f"REF-{n}", workflow="refund", kind=kind, at=each) for n, each in enumerate(at, 1)]


def raised(code: str, this: int, last: int) -> list[Ordeal]:
    ats = [THIS] * this + [LAST] * last
    return [Ordeal(item=f"REF-{n}", workflow="refund", code=code, opened_at=at) for n, at in enumerate(ats, 1)]


def stay(stage: str, hours: int, at: datetime = THIS, *, late: bool = False, item: str = "REF-1") -> Dwell:
    missed = ((at - HOUR, at),) if late else ()
    return Dwell(
        item=item, workflow="refund", stage=stage, owner="dana", entered_at=at - hours * HOUR, left_at=at, late=missed
    )


class TestTheTrend:
    def test_what_came_and_went_against_the_week_before(self) -> None:
        came = [*passages("opened", THIS, THIS, LAST), *passages("closed", LAST), *passages("reopened", THIS)]
        assert rows(said(week(passages=came)), HEAD)[0] == "Opened 2 (1 before), closed 0 (1), opened again 1 (0)"

    def test_deadlines_kept(self) -> None:
        dwells = [
            stay("triage", 1),
            stay("triage", 2, late=True),
            stay("payment", 1),
            stay("triage", 1, LAST, late=True),
        ]
        of = replace(week(passages=passages("opened", THIS)), dwells=dwells)
        assert rows(said(of), HEAD)[1] == "Deadlines kept: 67% of 3 stages (0% of 1 stage)"

    def test_exceptions_by_code_and_what_was_sent_back(self) -> None:
        back = [Passed(item="REF-4", workflow="refund", at=THIS, giver="finn", receiver="dana", back=True)]
        of = week(
            raised=[*raised("OVER_LIMIT", 1, 2), *raised("NOT_READY", 2, 0)], passed=back,
            passages=passages("opened", THIS),
        )  # fmt: skip
        listed = rows(said(of), HEAD)
        assert "Sent back once (0): REF-4" in listed
        assert "Exceptions raised: NOT_READY in refund 2 (0), OVER_LIMIT in refund 1 (2)" in listed

    def test_the_slowest_stage_is_the_one_with_the_longest_half(self) -> None:
        dwells = [stay("triage", hours, item=f"REF-{hours}") for hours in (1, 2, 90)]
        dwells += [stay("payment", hours, item=f"REF-{hours}") for hours in (10, 20, 30)]
        dwells += [stay("rare", 99), stay("payment", 5, LAST)]
        of = replace(week(passages=passages("opened", THIS)), dwells=dwells)
        (slowest,) = [row for row in rows(said(of), HEAD) if row.startswith("Slowest")]
        assert slowest == (
            "Slowest stage: payment of refund, half of 3 stays up to 20 h (before 5 h), nine in ten up to 30 h; "
            "longest REF-30, REF-20, REF-10"
        )

    def test_how_fast_it_closed_stands_beside_what_came_back(self) -> None:
        ended = [
            Ended(item=f"REF-{n}", workflow="refund", opened_at=at - n * HOUR, closed_at=at)
            for n, at in ((2, THIS), (4, THIS), (9, LAST))
        ]
        back = [Passed(item="REF-2", workflow="refund", at=THIS, giver="finn", receiver="dana", back=True)]
        of = week(ended=ended, passed=back, passages=passages("closed", THIS, THIS))
        assert (
            rows(said(of), HEAD)[-1] == "refund  2 closed, half within 3 h (1, 9 h), 1 sent back or opened again: REF-2"
        )

    def test_of_a_month_it_says_so(self) -> None:
        of = Week(
            traces=Traces(
                before=NOW - 60 * DAY,
                since=NOW - 30 * DAY,
                until=NOW,
                passages=passages("opened", THIS, NOW - 40 * DAY),
            )
        )
        assert rows(said(of), "The last 30 days against the 30 before")


class TestWhatRepeats:
    def test_a_code_is_told_with_its_limit_its_items_and_who_mends_the_cause_and_nobody_else(self) -> None:
        message = said(week(raised=raised("OVER_LIMIT", 7, 1)))
        (row,) = rows(message, "Repeats")
        assert row == (
            "OVER_LIMIT  in refund 7 times (1 before), 5 within 30 days are expected at most · dana mends the cause: "
            "REF-1, REF-2, REF-3, REF-4, REF-5 and 2 more"
        )
        assert named_in(message) == {"dana"}

    def test_twice_is_no_repetition(self) -> None:
        assert not rows(said(week(raised=raised("OVER_LIMIT", 2, 9))), "Repeats")

    @pytest.mark.parametrize(("approved", "rejected", "told"), [(5, 0, True), (4, 0, False), (50, 1, False)])
    def test_a_gate_that_never_says_no(self, approved: int, rejected: int, told: bool) -> None:
        gate = GateCount(
            workflow="access", code="APPROVAL", approved=approved, rejected=rejected, void=0, waited=timedelta(hours=40)
        )
        listed = rows(said(replace(week(), gates=[gate])), "Repeats")
        wanted = [
            "APPROVAL  in access 5 times approved, never rejected · 40 h of waiting in all · asked because Unreviewed "
            "grants caused the March incident. · does it still need to be asked? /docket report gates"
        ]
        assert listed == (wanted if told else [])


class TestARulebookThatCameIntoForce:
    def test_the_same_length_of_time_on_both_sides(self) -> None:
        """It came two days ago: two days after it against the two before it, and nothing of what lies further back."""
        change = Change(version="3f2a77", at=THIS, workflows=("refund",))
        at = [NOW - DAY, THIS, THIS - DAY, THIS - 3 * DAY]
        ended = [Ended(item="REF-1", workflow="refund", opened_at=NOW - 5 * HOUR, closed_at=NOW - HOUR)]
        of = replace(week(passages=passages("opened", *at), ended=ended), changes=[change])
        (row,) = rows(said(of), "Rulebook")
        assert row.startswith("refund  rulebook 3f2a since 2026-03-04")
        assert row.endswith(
            ", 2 days before and after: opened 1 and 2, exceptions 0 and 0, closed 0 and 1, half within none and 4 h"
        )


def test_the_week_stands_behind_what_is_urgent_and_alone_is_news() -> None:
    figures = Figures(since=NOW - 7 * DAY, until=NOW, open_items=(), changed=())
    sections = week_sections(week(passages=passages("opened", THIS)), BOOK)
    message = digest(
        "friday", "maria", date(2026, 3, 6), figures, BOOK, lambda item: BOOK.workflows[item.workflow], sections
    )
    assert [section.heading for section in message.sections] == [HEAD]
    assert "No decision waits for you" in plain(message)


def test_a_week_without_anything_has_no_list() -> None:
    assert all(not section.rows for section in week_sections(week(), BOOK))
