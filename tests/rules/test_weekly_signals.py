"""Signals: each comes from its threshold on and not below, says it, and names the items to look it up in."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count, pairwise
from math import exp, factorial

import pytest

from rules.book.load import load
from rules.figures import Ordeal, Passage
from rules.signal_facts import Answered, Ended, Passed, Traces
from rules.signals import (
    ALIKE,
    CHANCE,
    LEAST,
    above_usual,
    beyond_chance,
    bouncing,
    rework,
    same_case,
    same_hour,
    signals,
)
from tests.rules.test_flows import HARBOR

BOOK = load(HARBOR)
#: Friday, March 6 2026, 16:00 in Chicago.
NOW = datetime(2026, 3, 6, 22, 0, tzinfo=UTC)
WEEK, DAY, HOUR = timedelta(days=7), timedelta(days=1), timedelta(hours=1)


def traces(**found: object) -> Traces:
    return replace(Traces(before=NOW - 2 * WEEK, since=NOW - WEEK, until=NOW), **found)


class TestBouncing:
    def moved(self, item: str, *between: str) -> list[Passed]:
        """The item goes from the first to the second, on to the third, ..."""
        hours = count()
        return [
            Passed(item=item, workflow="refund", at=NOW - DAY + next(hours) * HOUR, giver=giver, receiver=receiver)
            for giver, receiver in pairwise(between)
        ]

    @pytest.mark.parametrize(
        ("moves", "keys"),
        [
            ((("dana", "finn"), ("dana", "finn"), ("dana", "finn"), ("dana", "finn")), None),  # one way is a flow
            ((("dana", "finn", "dana"), ("dana", "finn", "dana")), None),
            (
                (("dana", "finn", "dana"), ("finn", "dana", "finn"), ("dana", "finn", "dana")),
                ("REF-1", "REF-2", "REF-3"),
            ),
            ((("dana", "finn", "dana", "finn", "dana", "finn", "dana"),), ("REF-1",)),
            ((("dana", "finn", "lee", "dana"), ("dana", "lee", "finn"), ("finn", "lee", "dana")), None),
            ((("dana", "dana", "dana", "dana"),), None),  # from stage to stage in one hand
        ],
    )
    def test_back_and_forth_between_two_counts_over_all_items(
        self, moves: tuple[tuple[str, ...], ...], keys: tuple[str, ...] | None
    ) -> None:
        passed = [each for n, between in enumerate(moves, 1) for each in self.moved(f"REF-{n}", *between)]
        found = bouncing(passed, BOOK)
        assert [signal.items for signal in found] == ([keys] if keys else [])
        assert all("between Dana Ruiz and Finn Okafor, 3 times in all (told from 3 on)" in each.says for each in found)

    def test_two_workflows_are_two_matters(self) -> None:
        passed = [
            *self.moved("REF-1", "dana", "finn", "dana", "finn", "dana"),
            *self.moved("BOOK-1", "finn", "dana", "finn"),
        ]
        assert bouncing([*passed[:4], *(replace(each, workflow="bookkeeping") for each in passed[4:])], BOOK) == []


def answered(number: int, at: datetime, waits: timedelta, **more: object) -> Answered:
    one = Answered(
        item=f"ACC-{number}", n=0, workflow="access", code="APPROVAL", verdict="approved", reason_code="GOODWILL",
        opened_at=at, ended_at=at + waits,
    )  # fmt: skip
    return replace(one, **more)


class TestTheSameHour:
    #: Friday, 16:00 in Chicago, and Tuesday morning.
    FRIDAY, TUESDAY = datetime(2026, 2, 27, 22, 0, tzinfo=UTC), datetime(2026, 2, 24, 16, 0, tzinfo=UTC)

    def asked(self, fridays: int, weeks: int, tuesdays: int, over: timedelta) -> list[Answered]:
        """So many on Friday afternoons of so many weeks, answered `over` later; the others within an hour."""
        late = [answered(n, self.FRIDAY - WEEK * (n % weeks), over) for n in range(fridays)]
        return late + [answered(100 + n, self.TUESDAY - WEEK * (n % 6), HOUR) for n in range(tuesdays)]

    def test_what_sticks_on_friday_afternoons_is_told_in_open_hours(self) -> None:
        """From 16:00 on Friday to 16:00 on Monday: eight open hours, since the office is closed between."""
        (signal,) = same_hour(self.asked(4, 3, 8, timedelta(days=3)), BOOK)
        assert signal.says == (
            "APPROVAL asked for on Friday afternoons waits 8 h of open hours, at other times 1 h (half wait longer, "
            "half shorter; 4 cases in 3 weeks; told from 2 times as long on)"
        )
        assert signal.items == ("ACC-0", "ACC-1", "ACC-2", "ACC-3")

    @pytest.mark.parametrize(
        ("fridays", "weeks", "tuesdays", "over"),
        [
            (3, 3, 8, timedelta(days=3)),  # too few
            (4, 2, 8, timedelta(days=3)),  # two bad weeks are no habit
            (4, 3, 7, timedelta(days=3)),  # nothing to compare with
            (4, 3, 8, timedelta(days=2, hours=17)),  # a weekend by itself is no delay: until Monday, 09:00
        ],
    )
    def test_below_any_of_its_thresholds_it_is_none(
        self, fridays: int, weeks: int, tuesdays: int, over: timedelta
    ) -> None:
        assert same_hour(self.asked(fridays, weeks, tuesdays, over), BOOK) == []

    def test_what_is_told_of_a_workflow_that_is_gone_is_nothing(self) -> None:
        gone = [replace(each, workflow="gone") for each in self.asked(4, 3, 8, timedelta(days=3))]
        assert same_hour(gone, BOOK) == []


class TestTheSameCase:
    LATE = "amount~17USD region=eu parcel arrived late again"

    @pytest.mark.parametrize(("times", "found"), [(ALIKE - 1, False), (ALIKE, True), (ALIKE + 2, True)])
    def test_like_cases_decided_alike_suggest_a_rule(self, times: int, found: bool) -> None:
        cases = [answered(n, NOW - n * DAY, HOUR, case=self.LATE) for n in range(times)]
        cases += [answered(50 + n, NOW - n * DAY, HOUR, case=f"amount~{n}USD other words {n} quite") for n in range(9)]
        told = same_case(cases)
        assert [signal.items for signal in told] == ([tuple(f"ACC-{n}" for n in range(times))] if found else [])
        assert all(f"approved as GOODWILL {times} times in like cases" in signal.says for signal in told)

    def test_like_cases_decided_in_different_ways_suggest_none(self) -> None:
        ways = [("approved", "GOODWILL"), ("approved", "OUR_MISTAKE"), ("rejected", "NO_PROOF")]
        cases = [
            answered(n, NOW - n * DAY, HOUR, case=self.LATE, verdict=ways[n % 3][0], reason_code=ways[n % 3][1])
            for n in range(9)
        ]
        assert same_case(cases) == []

    def test_each_case_is_in_one_signal(self) -> None:
        other = "amount~3USD region=na card was charged twice"
        cases = [answered(n, NOW - n * DAY, HOUR, case=(self.LATE, other)[n % 2]) for n in range(10)]
        told = same_case(cases)
        assert sorted(len(signal.items) for signal in told) == [5, 5]
        assert len({key for signal in told for key in signal.items}) == 10


def raised(counts: list[int], code: str = "OVER_LIMIT") -> list[Ordeal]:
    """So many in each week, the newest week last; the first of all was ten weeks ago."""
    numbers = count(1)
    found = [Ordeal(item="REF-0", workflow="refund", code="STALLED", opened_at=NOW - 10 * WEEK)]
    for back, times in enumerate(reversed(counts)):
        found += [
            Ordeal(item=f"REF-{next(numbers)}", workflow="refund", code=code, opened_at=NOW - back * WEEK - HOUR)
            for _ in range(times)
        ]
    return found


class TestAboveUsual:
    @pytest.mark.parametrize("mean", [0.0, 0.3, 1.0, 2.5, 7.0, 20.0])
    def test_the_threshold_is_the_first_count_that_chance_reaches_too_seldom(self, mean: float) -> None:
        """By the sum of Poisson's own terms, not the way it is computed."""

        def at_least(k: int) -> float:
            return 1 - sum(exp(-mean) * mean**i / factorial(i) for i in range(k))

        k = beyond_chance(mean)
        assert at_least(k) < 1 / CHANCE
        assert k == 1 or at_least(k - 1) >= 1 / CHANCE

    def test_a_busy_office_is_counted_too(self) -> None:
        assert 800 < beyond_chance(800) < 900

    @pytest.mark.parametrize(
        ("weeks", "found"),
        [
            ([2] * 8 + [9], True),  # with a mean of 2 chance makes 9 in fewer than one of a thousand weeks
            ([2] * 8 + [8], False),
            ([0] * 8 + [LEAST], True),
            ([0] * 8 + [LEAST - 1], False),
            ([10] * 8 + [15], False),
            ([2] * 8 + [0], False),
        ],
    )
    def test_it_is_told_from_there_on(self, weeks: list[int], found: bool) -> None:
        told = above_usual(traces(raised=raised(weeks)))
        assert [len(signal.items) for signal in told] == ([weeks[-1]] if found else [])

    def test_its_sentence_says_how_it_is_known(self) -> None:
        (signal,) = above_usual(traces(raised=raised([2] * 8 + [9])))
        assert signal.says == (
            "OVER_LIMIT was raised 9 times this week, in the 8 weeks before 2.0 a week (told from 9 on: so many come "
            "by chance in fewer than 1 of 1,000 weeks)"
        )

    def test_nobody_knows_yet_what_is_usual_in_a_new_workflow(self) -> None:
        young = [each for each in raised([0] * 8 + [9]) if each.opened_at > NOW - 3 * WEEK]
        assert above_usual(traces(raised=young)) == []


class TestRework:
    def closed(self, times: int) -> list[Ended]:
        return [
            Ended(item=f"REF-{n}", workflow="refund", opened_at=NOW - DAY - n * HOUR, closed_at=NOW - DAY)
            for n in range(1, times + 1)
        ]

    def back(self, *keys: str, at: datetime = NOW - DAY) -> list[Passed]:
        return [Passed(item=k, workflow="refund", at=at, giver="finn", receiver="dana", back=True) for k in keys]

    def test_what_came_back_stands_beside_how_fast_it_was(self) -> None:
        again = [Passage(item="REF-9", workflow="refund", kind="reopened", at=NOW - HOUR)]
        (signal,) = rework(traces(ended=self.closed(5), passed=self.back("REF-1", "REF-2"), passages=again))
        assert signal.items == ("REF-1", "REF-2", "REF-9")
        assert signal.says == (
            "3 items were sent back, or opened again after their end, beside 5 closed, half of them within 3 h (told "
            "from 3 and 20% of the closed on)"
        )

    @pytest.mark.parametrize(
        ("closed", "keys", "at"),
        [
            (5, ("REF-1", "REF-2", "REF-1"), NOW - DAY),
            (16, ("REF-1", "REF-2", "REF-3"), NOW - DAY),
            (5, ("REF-1", "REF-2", "REF-3"), NOW - 8 * DAY),  # that was in the week before
        ],
    )
    def test_little_of_it_is_none(self, closed: int, keys: tuple[str, ...], at: datetime) -> None:
        assert rework(traces(ended=self.closed(closed), passed=self.back(*keys, at=at))) == []


def test_of_nothing_there_are_none() -> None:
    assert signals(traces(), BOOK) == []
