"""One year of a calendar as sorted open intervals: what business time is counted with."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from itertools import accumulate
from zoneinfo import ZoneInfo

import holidays

from rules.book.rulebook import Calendar, Span

SECOND = 1_000_000  # microseconds
_DAY = 86_400
_EPOCH_ORDINAL = date(1970, 1, 1).toordinal()


@dataclass(frozen=True, slots=True)
class OpenYear:
    """A year of UTC, in microseconds since 1970.

    `starts` and `ends` are the open intervals in order, `sums[i]` the open time before interval i; `days` maps a local
    day (ordinal) to its first opening and last closing within this year; `total` is all of its open time.
    """

    first: int
    starts: tuple[int, ...]
    ends: tuple[int, ...]
    sums: tuple[int, ...]
    total: int
    days: Mapping[int, tuple[int, int]]

    def open_before(self, instant: int) -> int:
        """Open time from the year's beginning to an instant of the year."""
        found = bisect_right(self.starts, instant) - 1
        if found < 0:
            return 0
        return self.sums[found] + min(instant, self.ends[found]) - self.starts[found]

    def after(self, open_time: int) -> int:
        """The first instant with that much open time behind it in this year (above zero, at most `total`)."""
        found = bisect_left(self.sums, open_time) - 1
        return self.starts[found] + open_time - self.sums[found]


def open_year(calendar: Calendar, year: int) -> OpenYear:
    """Compute a year of a calendar. Raises ValueError beyond 9998."""
    weekly = {weekday: [_seconds(span) for span in spans] for weekday, spans in calendar.hours.items()}
    starts: list[int] = []
    ends: list[int] = []
    days: dict[int, tuple[int, int]] = {}
    for begin, end, offset in _stretches(ZoneInfo(calendar.timezone), year):
        for ordinal in range(
            (begin + offset) // _DAY + _EPOCH_ORDINAL, (end + offset - 1) // _DAY + _EPOCH_ORDINAL + 1
        ):
            spans = weekly.get((ordinal + 6) % 7)
            if not spans or _is_closed(ordinal, calendar):
                continue
            midnight = (ordinal - _EPOCH_ORDINAL) * _DAY - offset
            for opening, closing in spans:
                first, last = max(midnight + opening, begin) * SECOND, min(midnight + closing, end) * SECOND
                if first >= last:
                    continue
                if ends and ends[-1] == first and days.get(ordinal, (0, 0))[1] == first:
                    ends[-1] = last
                else:
                    starts.append(first)
                    ends.append(last)
                days[ordinal] = (days.get(ordinal, (first, last))[0], last)
    lengths = [end - start for start, end in zip(starts, ends, strict=True)]
    sums = list(accumulate(lengths, initial=0))
    first_instant = _epoch_seconds(year) * SECOND
    return OpenYear(first_instant, tuple(starts), tuple(ends), tuple(sums[:-1]), sums[-1], days)


@lru_cache(maxsize=1024)
def holidays_of(code: str | None, year: int) -> Mapping[date, str]:
    """Public holidays of a country or country-subdivision in a year, with their names."""
    if code is None:
        return {}
    country, _, subdivision = code.partition("-")
    found = holidays.country_holidays(country, subdiv=subdivision or None, years=year)
    return {day: name for day, name in found.items() if day.year == year}


def _is_closed(ordinal: int, calendar: Calendar) -> bool:
    if not 1 <= ordinal <= date.max.toordinal():
        return True
    day = date.fromordinal(ordinal)
    return day in calendar.closed or day in holidays_of(calendar.holidays, day.year)


def _stretches(zone: ZoneInfo, year: int) -> Iterator[tuple[int, int, int]]:
    """The year in stretches of one UTC offset: begin, end (seconds since 1970), offset (seconds).

    Offsets are looked up once a day: no zone changes its clocks twice within one.
    """
    begin, year_end = _epoch_seconds(year), _epoch_seconds(year + 1)
    offset = _offset(zone, begin)
    for day_end in range(begin + _DAY, year_end + 1, _DAY):
        later = _offset(zone, day_end)
        if later == offset:
            continue
        low, high = day_end - _DAY, day_end
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if _offset(zone, middle) == offset else (low, middle)
        yield begin, high, offset
        begin, offset = high, later
    yield begin, year_end, offset


def _offset(zone: ZoneInfo, instant: int) -> int:
    offset = datetime.fromtimestamp(instant, zone).utcoffset() or timedelta()
    return offset // timedelta(seconds=1)


def _epoch_seconds(year: int) -> int:
    if year > 9998:
        raise ValueError("The sum ends after the year 9998.")
    return int(datetime(year, 1, 1, tzinfo=UTC).timestamp())


def _seconds(span: Span) -> tuple[int, int]:
    start, end = (t.hour * 3600 + t.minute * 60 + t.second for t in (span.start, span.end))
    return start, end or _DAY
