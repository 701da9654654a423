"""Business time: open intervals in UTC computed from local wall-clock hours, exact across clock changes.

An instant is open when the wall clock of the calendar's zone then reads an open time of an open day: an hour that the
clocks skip is never open, an hour that they repeat is open twice. All sums are whole microseconds.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from functools import lru_cache
from zoneinfo import ZoneInfo

from rules.book.durations import Duration
from rules.book.explaining import explain
from rules.book.open_years import SECOND, OpenYear, holidays_of, open_year
from rules.book.rulebook import Calendar, Rulebook, Span

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FARTHEST = 400 * 86_400 * SECOND


class BusinessCalendar:
    """A calendar that can count; one instance serves all threads.

    Times go in aware, in any zone, and come out in UTC.
    """

    def __init__(self, calendar: Calendar) -> None:
        self.calendar = calendar
        self.zone = ZoneInfo(calendar.timezone)
        self._years: dict[int, OpenYear] = {}

    def is_open(self, at: datetime) -> bool:
        """Whether it is open at that instant; closing time itself is closed."""
        instant = _instant(at)
        year = self._year(at.astimezone(UTC).year)
        found = bisect_right(year.starts, instant) - 1
        return found >= 0 and instant < year.ends[found]

    def next_opening(self, at: datetime) -> datetime:
        """The first open instant from `at` on. Raises ValueError when there is none within 400 days."""
        return _moment(self._opening(_instant(at)))

    def open_seconds(self, a: datetime, b: datetime) -> float:
        """Seconds of open time from a to b; negative when b is before a."""
        first, last = _instant(a), _instant(b)
        return (self._open(first, last) if first <= last else -self._open(last, first)) / SECOND

    def plus_open_seconds(self, start: datetime, seconds: float) -> datetime:
        """The first instant by which that many seconds (not negative) were open since `start`. Raises ValueError."""
        return _moment(self._plus(_instant(start), round(seconds * SECOND)))

    def add(self, start: datetime, duration: Duration) -> datetime:
        """When a time allowed from `start` is over. Raises ValueError where the calendar never opens.

        Seconds to hours pass as they are, days and weeks end at the same local time (a skipped one a little later).
        Business minutes and hours count open time. N business days: the same local time on the Nth next open day,
        counted from the next opening if it is closed now, at closing if that day closes earlier.
        """
        if duration.unit in ("business minute", "business hour"):
            return _moment(self._plus(_instant(start), duration.amount * duration.unit_seconds * SECOND))
        if duration.unit == "business day":
            return self._business_days(start, duration.amount)
        if duration.unit in ("day", "week"):
            days = duration.amount * (7 if duration.unit == "week" else 1)
            return (start.astimezone(self.zone) + timedelta(days=days)).astimezone(UTC)
        return start.astimezone(UTC) + timedelta(seconds=duration.amount * duration.unit_seconds)

    def share(self, start: datetime, duration: Duration, fraction: Fraction) -> datetime:
        """When that share (0 to 1) of the time allowed is used up, in open time for business units."""
        due = self.add(start, duration)
        if fraction >= 1:
            return due
        first, last = _instant(start), _instant(due)
        if duration.business:
            return _moment(self._plus(first, int(self._open(first, last) * fraction)))
        return _moment(first + int((last - first) * fraction))

    def closing(self, day: date) -> datetime | None:
        """When that local day closes for good; None on a day without open time."""
        pieces = [self._year(year).days.get(day.toordinal()) for year in _years_of(day)]
        ends = [piece[1] for piece in pieces if piece]
        return _moment(max(ends)) if ends else None

    def next_open_day(self, day: date) -> date:
        """The first local day after `day` with open time. Raises ValueError when there is none within 400 days."""
        for ahead in range(1, 402):
            later = day + timedelta(days=ahead)
            if self.closing(later) is not None:
                return later
        raise self._never()

    def why_closed(self, day: date) -> str | None:
        """The holiday's name, or "closed", where a day that would be open by its weekday is not; else None."""
        if not self.calendar.hours.get(day.weekday()):
            return None
        if day in self.calendar.closed:
            return "closed"
        return holidays_of(self.calendar.holidays, day.year).get(day)

    def pieces(self, start: datetime) -> Iterator[tuple[datetime, datetime]]:
        """Open intervals in UTC from `start` on, each within one local day where the clocks do not change."""
        instant = _instant(start)
        for year in range(start.astimezone(UTC).year, 9999):
            opened = self._year(year)
            for first, last in zip(opened.starts, opened.ends, strict=True):
                if last > instant:
                    yield _moment(max(first, instant)), _moment(last)

    def explain(self, start: datetime, duration: Duration) -> str:
        """The sum of `add` in words, in the calendar's zone."""
        return explain(self, start, duration)

    def _business_days(self, start: datetime, amount: int) -> datetime:
        local = self.next_opening(start).astimezone(self.zone)
        day = local.date()
        for _ in range(amount):
            day = self.next_open_day(day)
        closing = self.closing(day)
        same_time = datetime.combine(day, local.time(), tzinfo=self.zone).astimezone(UTC)
        return min(same_time, closing) if closing else same_time

    def _opening(self, instant: int) -> int:
        first = _moment(instant).year
        for number in range(first, first + 3):
            year = self._year(number)
            found = bisect_right(year.ends, instant)
            if found < len(year.ends):
                opening = max(instant, year.starts[found])
                if opening - instant <= _FARTHEST:
                    return opening
                break
        raise self._never()

    def _open(self, first: int, last: int) -> int:
        begin, end = _moment(first).year, _moment(last).year
        whole = sum(self._year(number).total for number in range(begin, end))
        return whole + self._year(end).open_before(last) - self._year(begin).open_before(first)

    def _plus(self, instant: int, needed: int) -> int:
        if needed <= 0:
            return instant
        number = _moment(instant).year
        needed += self._year(number).open_before(instant)
        while needed > self._year(number).total:
            year = self._year(number)
            if not year.total:
                self._opening(max(instant, year.first))
            needed -= year.total
            number += 1
        return self._year(number).after(needed)

    def _year(self, number: int) -> OpenYear:
        year = self._years.get(number)
        if year is None:
            # Two threads may both compute it; they get the same.
            year = self._years[number] = open_year(self.calendar, number)
        return year

    def _never(self) -> ValueError:
        return ValueError(f"The calendar `{self.calendar.name}` is not open once in 400 days.")


def calendar_of(book: Rulebook, name: str | None, timezone: str | None = None) -> BusinessCalendar:
    """The calendar of that name (None: the book's default), read in another zone where one is given."""
    calendar = book.calendars[name or book.defaults.calendar]
    if timezone is not None and timezone != calendar.timezone:
        calendar = replace(calendar, timezone=timezone)
    return _calendar(
        calendar.name, tuple(sorted(calendar.hours.items())), calendar.timezone, calendar.holidays, calendar.closed
    )


@lru_cache(maxsize=512)
def _calendar(
    name: str,
    hours: tuple[tuple[int, tuple[Span, ...]], ...],
    timezone: str,
    holidays: str | None,
    closed: frozenset[date],
) -> BusinessCalendar:
    return BusinessCalendar(Calendar(name=name, hours=dict(hours), timezone=timezone, holidays=holidays, closed=closed))


def _instant(at: datetime) -> int:
    """Microseconds since 1970."""
    return (at.astimezone(UTC) - _EPOCH) // timedelta(microseconds=1)


def _moment(instant: int) -> datetime:
    try:
        return _EPOCH + timedelta(microseconds=instant)
    except OverflowError:
        raise ValueError("The sum ends after the year 9999.") from None


def _years_of(day: date) -> tuple[int, ...]:
    """The years of UTC that a local day may lie in."""
    return tuple(range((day - timedelta(days=1)).year, (day + timedelta(days=1)).year + 1))
