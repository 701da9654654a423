"""What delay costs: by the clock of the rulebook's rate, in its own currency, within the time that is looked at."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from rules.book.load import load
from rules.figures import Dwell, quantile
from rules.report_facts import Facts, Period
from rules.reports_worth import cost_of_delay
from tests.months import HARBOR
from tests.street import MORNING

DAY = timedelta(days=1)


def late(key: str, workflow: str, first: datetime, last: datetime, *, ended: bool = True) -> Dwell:
    return Dwell(
        item=key, workflow=workflow, stage="triage", owner="dana", entered_at=first - DAY, left_at=last,
        late=((first, last),), ended=ended,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("rate", "hours", "cost", "currency"),
    [
        ("25 USD per business hour", 8, 200, "USD"),  # from Wednesday 10:00 on: 7 h and one
        ("0.5 USD per business minute", 8, 240, "USD"),
        ("400 USD per business day", 8, 400, "USD"),
        ("10 EUR per hour", 24, 240, "EUR"),
        ("70 EUR per week", 24, 10, "EUR"),
    ],
)
def test_a_day_late_costs_by_the_rate(rate: str, hours: float, cost: float, currency: str) -> None:
    book = load(HARBOR.replace("25 USD per business hour", rate))
    stays = [late("REF-1", "refund", MORNING, MORNING + DAY)]
    period = Period(since=MORNING - DAY, until=MORNING + 9 * DAY, dwells=stays)
    report = cost_of_delay(Facts(now=period.until, book=book, public=lambda _name: True, period=period))
    (row,) = [row for row in report.rows if row[0] == "refund"]
    assert row == ("refund", pytest.approx(cost), currency, rate, 1, pytest.approx(hours), ("REF-1",))


def test_what_is_late_now_counts_and_what_was_late_before_does_not() -> None:
    """Only the hours within the time; the workflow that costs most stands first, those without a cost are named."""
    book = load(HARBOR)
    stays = [late("REF-1", "refund", MORNING - 5 * DAY, MORNING + timedelta(hours=1))]
    period = Period(since=MORNING, until=MORNING + DAY, dwells=stays)
    standing = [
        late("REF-2", "refund", MORNING, MORNING + timedelta(hours=2), ended=False),
        late("ACC-1", "access", MORNING - DAY, MORNING + DAY, ended=False),
    ]
    facts = Facts(now=period.until, book=book, public="concern".__ne__, period=period, standing=standing)
    report = cost_of_delay(facts)
    assert [(row[0], row[1], row[4], row[6]) for row in report.rows] == [
        ("refund", 75.0, 2, ("REF-2", "REF-1")),
        ("access", None, 1, ("ACC-1",)),
        ("bookkeeping", None, 0, ()),
    ]
    assert report.tells == (
        "Delay costs most in refund: 75.00 USD. The rulebook gives no cost of delay for access, bookkeeping."
    )


@pytest.mark.parametrize(
    ("values", "share", "is_"),
    [([7.0], 0.9, 7.0), ([1.0, 2.0], 0.5, 1.0), ([1.0, 2.0, 3.0], 0.5, 2.0), ([*map(float, range(1, 11))], 0.9, 9.0),
     ([*map(float, range(1, 101))], 0.9, 90.0), ([1.0, 9.0], 0.9, 9.0)],
)  # fmt: skip
def test_a_quantile_is_a_value_that_there_is(values: list[float], share: float, is_: float) -> None:
    assert quantile(values, share) == is_
