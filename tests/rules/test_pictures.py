"""What the pictures say: the finding in the title, every number in the alternative text, nothing where nothing is."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from bot.demo import example
from rules.book.load import load
from rules.figures import AGES, Age, Kept, OpenCount
from rules.pictures import (
    ALT_CHARACTERS,
    LINES,
    ROWS,
    age_of_open,
    deadlines_kept,
    deadlines_since,
    exceptions_over_time,
    has_pictures,
    time_in_stage,
)

FIRST = date(2026, 2, 5)
NOON = datetime(2026, 3, 4, 18, tzinfo=UTC)


def counts(**by_code: list[int]) -> list[OpenCount]:
    return [
        OpenCount(day=FIRST + timedelta(days=n), code=code, open=open)
        for code, values in by_code.items()
        for n, open in enumerate(values)
    ]


def stays(*hours: float) -> list[float]:
    return [each * 3600 for each in hours]


def test_nothing_is_drawn_of_nothing() -> None:
    assert exceptions_over_time([]) is None
    assert exceptions_over_time(counts(OVER_LIMIT=[0, 0, 0])) is None
    assert age_of_open([]) is None
    assert time_in_stage({}) is None
    assert deadlines_kept([]) is None


TRENDS = [
    ({"A": [1, 4, 3]}, "Open exceptions rose from 1 to 3 since Feb 5"),
    ({"A": [0, 1, 3], "B": [0, 0, 2]}, "Open exceptions rose from none to 5 since Feb 5; 3 of them A"),
    ({"A": [4, 4, 1], "B": [2, 2, 2]}, "Open exceptions fell from 6 to 3 since Feb 5; 2 of them B"),
    ({"A": [2, 5, 2]}, "2 exceptions open, as many as on Feb 5"),
    ({"A": [1, 5, 0], "B": [0, 2, 0]}, "No exception is open; since Feb 5 there were at most 7"),
]


@pytest.mark.parametrize(("values", "title"), TRENDS)
def test_the_trend_of_exceptions_is_said_in_words(values: dict[str, list[int]], title: str) -> None:
    picture = exceptions_over_time(counts(**values))
    assert picture is not None
    assert picture.title == title


def test_the_codes_that_stand_highest_have_their_own_line_and_the_rest_one_together() -> None:
    many = {f"CODE_{n}": [n, 0, n] for n in range(LINES + 3)}
    picture = exceptions_over_time(counts(**many))
    assert picture is not None
    assert [each.label for each in picture.series] == ["CODE_6", "CODE_5", "CODE_4", "CODE_3", "2 others"]
    assert picture.series[-1].values == (3, 0, 3), "CODE_0 was never open, and counts for no other"
    assert picture.said[-1] == "3 · 3"
    assert "CODE_6: 6 at first, at most 6 on Feb 5, 6 at last." in picture.alt


@pytest.mark.parametrize(
    ("ages", "title"),
    [
        ({"under 1 day": 3}, "None of 3 open items is older than a week"),
        ({"under 1 day": 2, "1 to 4 weeks": 1}, "1 of 3 open items is older than a week"),
        ({"1 to 4 weeks": 1, "over 4 weeks": 4}, "5 of 5 open items are older than a week"),
        ({"over 4 weeks": 1}, "1 of 1 open item is older than a week"),
    ],
)
def test_the_title_counts_what_is_old(ages: dict[str, int], title: str) -> None:
    found = [Age(workflow=w, bucket=bucket, open=n) for bucket, n in ages.items() for w in ["refund"]]
    picture = age_of_open(found)
    assert picture is not None
    assert picture.title == title
    assert all(f"{name}: {ages.get(name, 0)}." in picture.alt for _, name in AGES)


def test_ages_of_all_workflows_stand_together() -> None:
    picture = age_of_open([Age(workflow=w, bucket="under 1 day", open=2) for w in ("refund", "access")])
    assert picture is not None
    assert picture.series[0].values == (4, 0, 0, 0, 0)


def test_the_slowest_stage_comes_first_and_is_named() -> None:
    took = {("refund", "triage"): stays(30, 1, 1, 2), ("refund", "payout"): stays(5, 20, 50, 20)}
    picture = time_in_stage(took)
    assert picture is not None
    assert picture.title == "refund · payout takes longest: half of 4 stays within 20 h, 9 in 10 within 2.1 days"
    assert picture.ticks == ("refund · payout", "refund · triage")
    assert picture.said == ("20 h · 2.1 days", "1 h · 30 h")
    assert "refund · triage: 1 h and 30 h, of 4 stays." in picture.alt
    many = time_in_stage({(f"flow{n}", "triage"): stays(n + 1) for n in range(ROWS + 4)})
    assert many is not None
    assert len(many.ticks) == ROWS


def test_deadlines_are_counted_by_week_and_a_quiet_week_leaves_a_gap() -> None:
    monday = date(2026, 2, 16)
    found = [
        Kept(monday=monday, workflow="refund", ended=9, kept=9),
        Kept(monday=monday, workflow="access", ended=1, kept=0),
        Kept(monday=monday + timedelta(weeks=2), workflow="refund", ended=3, kept=3),
    ]
    picture = deadlines_kept(found)
    assert picture is not None
    assert picture.title == "12 of 13 deadlines kept (92 %), 3 of 3 in the week of Mar 2"
    assert (picture.ticks, picture.said) == (("Feb 16", "Feb 23", "Mar 2"), ("90 %", "", "100 %"))
    assert [each.values for each in picture.series] == [(9, 0, 3), (1, 0, 0)]
    almost = deadlines_kept([Kept(monday=monday, workflow="refund", ended=400, kept=399)])
    assert almost is not None
    assert almost.said == ("99 %",), "one missed is not 100 %"


def test_the_weeks_of_deadlines_begin_on_a_monday_of_the_organization() -> None:
    since = deadlines_since(NOON, "America/Chicago")
    assert since == datetime(2026, 1, 12, 6, tzinfo=UTC), "midnight in Chicago, eight weeks with this one"


def test_an_alternative_text_is_as_long_as_slack_takes_and_ends_with_a_sentence() -> None:
    picture = exceptions_over_time(counts(**{f"{'X' * 240}_{n}": [n + 1] for n in range(6)}))
    assert picture is not None
    assert len(picture.alt) <= ALT_CHARACTERS
    assert picture.alt.endswith(".")


def test_digests_of_a_week_and_more_have_pictures() -> None:
    digests = load(example()).digests
    assert (has_pictures(digests["friday"]), has_pictures(digests["morning"]), has_pictures(None)) == (
        True,
        False,
        False,
    )
    covers = digests["friday"].covers
    assert covers is not None
    assert not has_pictures(replace(digests["friday"], covers=replace(covers, amount=6)))
