"""Business time: known sums by hand, and every operation against a minute-by-minute reading of the wall clock."""

from __future__ import annotations

import os
import random
from datetime import UTC, date, datetime, time, timedelta
from fractions import Fraction
from zoneinfo import ZoneInfo

import pytest

from rules.book.calendars import BusinessCalendar, calendar_of
from rules.book.durations import Duration, parse
from rules.book.load import load
from rules.book.rulebook import Calendar, Span
from tests.rules.book.minute_by_minute import Oracle
from tests.rules.book.rulebooks import small

CHICAGO = ZoneInfo("America/Chicago")


def spans(*written: str) -> tuple[Span, ...]:
    clocks = [text.replace("24:00", "00:00").split("-") for text in written]
    return tuple(Span(time.fromisoformat(start), time.fromisoformat(end)) for start, end in clocks)


def calendar(
    hours: dict[int, tuple[Span, ...]], zone: str = "America/Chicago", holidays: str | None = None
) -> Calendar:
    return Calendar(name="office", hours=hours, timezone=zone, holidays=holidays)


OFFICE = BusinessCalendar(calendar(dict.fromkeys(range(5), spans("09:00-17:00")), holidays="US"))
ALWAYS = BusinessCalendar(calendar(dict.fromkeys(range(7), spans("00:00-24:00"))))
SHORT_FRIDAY = BusinessCalendar(
    calendar({**dict.fromkeys(range(4), spans("08:00-12:00", "13:00-17:00")), 4: spans("08:00-12:00")})
)


def local(text: str, fold: int = 0) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=CHICAGO, fold=fold)


@pytest.mark.parametrize(
    ("business", "start", "allowed", "due", "explained"),
    [
        (OFFICE, "2026-09-04 15:30", "4 business hours", "2026-09-08 11:30",
         "4 business hours from Fri 15:30: 1 h 30 until 17:00, Mon is Labor Day, 2 h 30 on Tue from 09:00: Tue 11:30"),
        (OFFICE, "2026-09-08 10:00", "2 business hours", "2026-09-08 12:00",
         "2 business hours from Tue 10:00: 2 h until 12:00: Tue 12:00"),
        (OFFICE, "2026-09-08 15:00", "2 business hours", "2026-09-08 17:00",
         "2 business hours from Tue 15:00: 2 h until 17:00: Tue 17:00"),
        (OFFICE, "2026-09-05 12:00", "30 business minutes", "2026-09-08 09:30",
         "30 business minutes from Sat 12:00: Mon is Labor Day, 30 min on Tue from 09:00: Tue 09:30"),
        (OFFICE, "2026-09-07 12:00", "1 business hour", "2026-09-08 10:00",
         "1 business hour from Mon 12:00: Mon is Labor Day, 1 h on Tue from 09:00: Tue 10:00"),
        (OFFICE, "2026-09-08 06:00", "1 business hour", "2026-09-08 10:00",
         "1 business hour from Tue 06:00: 1 h from 09:00: Tue 10:00"),
        (OFFICE, "2026-09-04 15:30", "1 business day", "2026-09-08 15:30",
         "1 business day from Fri 15:30: Mon is Labor Day: Tue 15:30"),
        (OFFICE, "2026-09-04 15:30", "2 business days", "2026-09-09 15:30",
         "2 business days from Fri 15:30: Mon is Labor Day, Tue is 1, Wed is 2: Wed 15:30"),
        (OFFICE, "2026-09-05 12:00", "1 business day", "2026-09-09 09:00",
         "1 business day from Sat 12:00: Mon is Labor Day, counted from Tue 09:00: Wed 09:00"),
        (OFFICE, "2026-09-08 17:00", "1 business day", "2026-09-10 09:00",
         "1 business day from Tue 17:00: counted from Wed 09:00: Thu 09:00"),
        (SHORT_FRIDAY, "2026-09-10 15:00", "1 business day", "2026-09-11 12:00",
         "1 business day from Thu 15:00: Fri closes at 12:00: Fri 12:00"),
        (SHORT_FRIDAY, "2026-09-08 11:00", "2 business hours", "2026-09-08 14:00",
         "2 business hours from Tue 11:00: 1 h until 12:00, 1 h from 13:00: Tue 14:00"),
        (OFFICE, "2026-09-08 15:30", "30 minutes", "2026-09-08 16:00", "30 minutes from Tue 15:30: Tue 16:00"),
        (OFFICE, "2026-09-08 15:30", "1 week", "2026-09-15 15:30", "1 week from Tue 15:30: Tue 15 Sep 15:30"),
        (OFFICE, "2026-10-31 10:30", "24 hours", "2026-11-01 09:30",
         "24 hours from Sat 10:30: the clocks go back 1 h in between: Sun 09:30"),
        (OFFICE, "2026-10-31 10:30", "1 day", "2026-11-01 10:30",
         "1 day from Sat 10:30: the clocks go back 1 h in between: Sun 10:30"),
        (ALWAYS, "2026-10-31 10:30", "24 business hours", "2026-11-01 09:30",
         "24 business hours from Sat 10:30: 13 h 30 until 00:00, 10 h 30 on Sun from 00:00: Sun 09:30"),
    ],
)  # fmt: skip
def test_sums_that_anyone_can_check(
    business: BusinessCalendar, start: str, allowed: str, due: str, explained: str
) -> None:
    """Due times, and the words that explain them."""
    assert business.add(local(start), parse(allowed)) == local(due)
    assert business.explain(local(start), parse(allowed)) == explained


def test_a_long_sum_is_told_by_its_ends() -> None:
    """Nobody reads fifty days; the first and the last ones are enough to see how it went."""
    told = OFFICE.explain(local("2026-09-04 15:30"), parse("80 business hours"))
    assert told == (
        "80 business hours from Fri 15:30: 1 h 30 until 17:00, Mon is Labor Day, 8 h on Tue from 09:00, 8 more steps, "
        "8 h on Fri 18 Sep from 09:00, 6 h 30 on Mon 21 Sep from 09:00: Mon 21 Sep 15:30"
    )


def test_opening_and_closing() -> None:
    """Half-open: the opening minute is open, the closing one is not."""
    assert OFFICE.is_open(local("2026-09-08 09:00"))
    assert not OFFICE.is_open(local("2026-09-08 17:00"))
    assert OFFICE.next_opening(local("2026-09-08 12:34")) == local("2026-09-08 12:34")
    assert OFFICE.next_opening(local("2026-09-04 17:00")) == local("2026-09-08 09:00")
    assert OFFICE.open_seconds(local("2026-09-04 16:00"), local("2026-09-08 10:00")) == 7200
    assert OFFICE.open_seconds(local("2026-09-08 10:00"), local("2026-09-04 16:00")) == -7200
    assert OFFICE.plus_open_seconds(local("2026-09-04 16:59:59"), 1.5) == local("2026-09-08 09:00:00.500000")
    assert OFFICE.plus_open_seconds(local("2026-09-05 12:00"), 0) == local("2026-09-05 12:00")


def test_clock_changes() -> None:
    """A skipped hour is never open, a repeated one is open twice, a skipped local time comes a little later."""
    assert ALWAYS.open_seconds(local("2026-03-08 00:00"), local("2026-03-09 00:00")) == 23 * 3600
    assert ALWAYS.open_seconds(local("2026-11-01 00:00"), local("2026-11-02 00:00")) == 25 * 3600
    night = BusinessCalendar(calendar(dict.fromkeys(range(7), spans("01:30-02:30"))))
    assert night.open_seconds(local("2026-03-08 00:00"), local("2026-03-09 00:00")) == 1800
    assert night.open_seconds(local("2026-11-01 00:00"), local("2026-11-02 00:00")) == 5400
    assert not night.is_open(local("2026-11-01 01:10", fold=1))
    assert night.is_open(local("2026-11-01 01:50", fold=1))
    assert OFFICE.add(local("2026-03-07 02:30"), parse("1 day")) == local("2026-03-08 03:30")


def test_shares_of_the_time_allowed() -> None:
    """Half of the time: in open time for business units, by the clock for others."""
    start = local("2026-09-04 15:30")
    assert OFFICE.share(start, parse("4 business hours"), Fraction(1, 2)) == local("2026-09-08 09:30")
    assert OFFICE.share(start, parse("1 business day"), Fraction(1, 2)) == local("2026-09-08 11:30")
    assert OFFICE.share(start, parse("2 hours"), Fraction(1, 4)) == local("2026-09-04 16:00")
    for allowed in ("4 business hours", "1 business day", "2 days"):
        assert OFFICE.share(start, parse(allowed), Fraction(1)) == OFFICE.add(start, parse(allowed))


def test_a_calendar_that_never_opens_says_so() -> None:
    """Instead of looking forever."""
    mondays = frozenset(date(2026, 1, 5) + timedelta(weeks=week) for week in range(104))
    for business in (
        BusinessCalendar(calendar({})),
        BusinessCalendar(Calendar(name="office", hours={0: spans("09:00-10:00")}, timezone="UTC", closed=mondays)),
    ):
        for ask in (
            lambda b: b.next_opening(local("2026-01-01 00:00")),
            lambda b: b.add(local("2026-01-01 00:00"), parse("1 business hour")),
            lambda b: b.add(local("2026-01-01 00:00"), parse("1 business day")),
            lambda b: b.explain(local("2026-01-01 00:00"), parse("1 business day")),
        ):
            with pytest.raises(ValueError, match="The calendar `office` is not open once in 400 days"):
                ask(business)


def test_the_end_of_time_is_a_sentence() -> None:
    """The calendar of Python ends; nothing crashes there."""
    with pytest.raises(ValueError, match="ends after the year"):
        OFFICE.add(datetime(9998, 12, 31, tzinfo=UTC), parse("20 business hours"))


def test_calendars_of_a_rulebook_are_made_once() -> None:
    """The default one has no name to give; a reminder reads it in the zone of the person reminded."""
    book = load(small())
    office = calendar_of(book, "office")
    assert calendar_of(book, None) is office
    assert calendar_of(load(small(("version: 1", "version: 1  # edited"))), "office") is office
    berlin = calendar_of(book, "office", "Europe/Berlin")
    assert berlin is calendar_of(book, "office", "Europe/Berlin")
    assert berlin.next_opening(local("2026-09-08 00:00")).hour == 7


# Zones of every kind of clock change: usual, southern, half an hour, around Ramadan, at midnight, a day skipped, none.
ZONES = [
    "America/Chicago", "Europe/Berlin", "Australia/Lord_Howe", "Africa/Casablanca", "America/Havana", "Asia/Beirut",
    "America/Sao_Paulo", "America/Asuncion", "Pacific/Apia", "Asia/Kathmandu", "America/St_Johns", "Atlantic/Azores",
    "Africa/Cairo", "Asia/Tehran", "Pacific/Chatham", "UTC",
]  # fmt: skip
LONG = os.environ.get("DOCKET_FUZZ") == "1"
YEARS = range(2007, 2027) if LONG else (2011, 2026)
CASES_PER_ZONE = 200 if LONG else 6


def some_hours(dice: random.Random) -> dict[int, tuple[Span, ...]]:
    """Random opening hours, on quarter hours, with gaps, midnights and weekdays that differ."""
    hours = {}
    for weekday in dice.sample(range(7), dice.randint(1, 7)):
        edges = sorted(dice.sample(range(97), 2 * dice.randint(1, 3)))
        clocks = [f"{edge // 4:02}:{edge % 4 * 15:02}" for edge in edges]
        hours[weekday] = spans(*(f"{start}-{end}" for start, end in zip(clocks[::2], clocks[1::2], strict=True)))
    return hours


def near_a_clock_change(dice: random.Random, zone: ZoneInfo, year: int) -> datetime:
    """A minute of the year, most often within two days of a clock change if it has any."""
    midnights = [datetime(year, 1, 1, tzinfo=UTC) + timedelta(days=n) for n in range(365)]
    offsets = [midnight.astimezone(zone).utcoffset() for midnight in midnights]
    changes = [at for at, before, now in zip(midnights[1:], offsets, offsets[1:], strict=False) if before != now]
    around = dice.choice(changes) if changes and dice.random() < 0.8 else dice.choice(midnights)
    return around + timedelta(minutes=dice.randrange(-2 * 1440, 1440))


@pytest.mark.parametrize("zone", ZONES)
def test_every_operation_agrees_with_the_wall_clock(zone: str) -> None:
    """Random calendars near clock changes, against the oracle; DOCKET_FUZZ=1 walks twenty years of each zone."""
    dice = random.Random(f"docket {zone}")
    for year in YEARS:
        for _ in range(max(1, CASES_PER_ZONE // len(YEARS))):
            closed = frozenset(date(year, 1, 1) + timedelta(days=dice.randrange(365)) for _ in range(20))
            rule = Calendar(
                name="office",
                hours=some_hours(dice),
                timezone=zone,
                holidays=dice.choice([None, "US", "DE-BY", "IN"]),
                closed=closed,
            )
            business, oracle = BusinessCalendar(rule), Oracle(rule)
            start = near_a_clock_change(dice, oracle.zone, year)
            minutes, days = dice.randrange(1, 900), dice.randrange(1, 4)
            until = start + timedelta(minutes=dice.randrange(5_000))
            assert business.is_open(start) == oracle.is_open(start)
            assert business.next_opening(start) == oracle.next_opening(start)
            assert business.open_seconds(start, until) == 60 * oracle.open_minutes(start, until)
            due = oracle.plus(start, minutes)
            assert business.add(start, Duration(minutes, "business minute")) == due
            assert business.plus_open_seconds(start, 60 * minutes) == due
            assert business.open_seconds(start, due) == 60 * minutes
            assert business.add(start, Duration(days, "business day")) == oracle.business_days(start, days)
            assert (
                start
                <= business.share(start, Duration(days, "business day"), Fraction(1, 2))
                <= due + timedelta(days=400)
            )
            assert business.explain(start, Duration(minutes, "business minute"))
            assert business.explain(start, Duration(days, "business day"))
