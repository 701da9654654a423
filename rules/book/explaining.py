"""The sum of a due time in words, so that anyone can check it by hand."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

from rules.book.durations import Duration

if TYPE_CHECKING:
    from rules.book.calendars import BusinessCalendar

_SHOWN = 5  # days told one by one; of more, the first and last ones
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def explain(calendar: BusinessCalendar, start: datetime, duration: Duration) -> str:
    """The words of a sum; times are of the calendar's zone, and days beyond a week away carry their date.

    "4 business hours from Fri 15:30: 1 h 30 until 17:00, Mon is Labor Day, 2 h 30 on Tue from 09:00: Tue 11:30"
    """
    moment = calendar.add(start, duration)
    due, local = moment.astimezone(calendar.zone), start.astimezone(calendar.zone)
    if not duration.business:
        steps = _clock_change(local, due)
    elif duration.unit == "business day":
        steps = _by_days(calendar, local, duration.amount, moment)
    else:
        steps = _by_hours(calendar, local, moment)
    first = local.date()
    told = f": {', '.join(_short(steps))}" if steps else ""
    return f"{duration} from {_day(first, first)} {local:%H:%M}{told}: {_day(due.date(), first)} {due:%H:%M}"


def _by_hours(calendar: BusinessCalendar, start: datetime, due: datetime) -> list[str]:
    steps: list[str] = []
    at = start
    for opening, closing in calendar.pieces(start):
        if opening >= due:
            break
        # Lengths are of UTC times: two times of one zone are subtracted as if its clocks never changed.
        spent = _length(min(closing, due) - opening)
        begin, end = opening.astimezone(calendar.zone), min(closing, due).astimezone(calendar.zone)
        steps += _closed_days(calendar, at, begin, start.date())
        if opening == start.astimezone(UTC):
            steps.append(f"{spent} until {end:%H:%M}")
        elif begin.date() == start.date():
            steps.append(f"{spent} from {begin:%H:%M}")
        else:
            steps.append(f"{spent} on {_day(begin.date(), start.date())} from {begin:%H:%M}")
        at = begin
    return steps


def _by_days(calendar: BusinessCalendar, start: datetime, amount: int, due: datetime) -> list[str]:
    opening = calendar.next_opening(start)
    counted = opening.astimezone(calendar.zone)
    steps = _closed_days(calendar, start, counted, start.date())
    if opening != start.astimezone(UTC):
        steps.append(f"counted from {_day(counted.date(), start.date())} {counted:%H:%M}")
    day = counted.date()
    for number in range(1, amount + 1):
        later = calendar.next_open_day(day)
        steps += _skipped(calendar, day, later, start.date())
        day = later
        if amount > 1:
            steps.append(f"{_day(day, start.date())} is {number}")
    ended = due.astimezone(calendar.zone)
    if due == calendar.closing(day) and ended.time() != counted.time():
        steps.append(f"{_day(day, start.date())} closes at {ended:%H:%M}")
    return steps


def _closed_days(calendar: BusinessCalendar, at: datetime, opening: datetime, first: date) -> list[str]:
    """Why the days between two open times are closed although their weekday is not; the starting day too."""
    today = calendar.why_closed(at.date()) if at.date() != opening.date() else None
    steps = [f"{_day(at.date(), first)} is {today}"] if today and at.date() == first else []
    return steps + _skipped(calendar, at.date(), opening.date(), first)


def _skipped(calendar: BusinessCalendar, last: date, following: date, first: date) -> list[str]:
    between = (last + timedelta(days=ahead) for ahead in range(1, (following - last).days))
    reasons = ((day, calendar.why_closed(day)) for day in between)
    return [f"{_day(day, first)} is {reason}" for day, reason in reasons if reason]


def _clock_change(start: datetime, due: datetime) -> list[str]:
    shift = (due.utcoffset() or timedelta()) - (start.utcoffset() or timedelta())
    if not shift:
        return []
    way = "forward" if shift > timedelta() else "back"
    return [f"the clocks go {way} {_length(abs(shift))} in between"]


def _short(steps: list[str]) -> list[str]:
    if len(steps) <= _SHOWN + 1:
        return steps
    return [*steps[: _SHOWN - 2], f"{len(steps) - _SHOWN + 1} more steps", *steps[-2:]]


def _length(span: timedelta) -> str:
    minutes = round(span.total_seconds() / 60)
    hours, rest = divmod(minutes, 60)
    if not hours:
        return f"{rest} min"
    return f"{hours} h {rest:02}" if rest else f"{hours} h"


def _day(day: date, first: date) -> str:
    """The weekday; with the date where the weekday alone would be doubtful."""
    name = _DAYS[day.weekday()]
    return name if abs((day - first).days) < 6 else f"{name} {day.day} {_MONTHS[day.month - 1]}"
