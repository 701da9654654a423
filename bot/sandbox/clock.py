"""A clock that a hand can push: it runs on in the demo and stands still in tests."""

from __future__ import annotations

import time as monotonic_time
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

SATURDAY = 5


class HandClock:
    """Tells a time that only grows; call it or `now()` for an aware UTC datetime.

    `start` is the first time told (default: the real one). `running`: real time passes on top of what was pushed;
    otherwise the clock stands still until it is pushed.
    """

    def __init__(self, start: datetime | None = None, *, running: bool = True) -> None:
        if start is not None and start.tzinfo is None:
            raise ValueError("the clock needs an aware datetime")
        self._start = (start or datetime.now(UTC)).astimezone(UTC)
        self._began = monotonic_time.monotonic()
        self._pushed = timedelta()
        self.running = running
        self._listeners: list[Callable[[], None]] = []

    def now(self) -> datetime:
        """The time now, aware, UTC."""
        elapsed = timedelta(seconds=monotonic_time.monotonic() - self._began) if self.running else timedelta()
        return self._start + self._pushed + elapsed

    __call__ = now

    def push(self, by: timedelta) -> None:
        """Move the time forward and tell who subscribed. Raises ValueError for a step back."""
        if by < timedelta():
            raise ValueError("time can't be pushed back")
        self._pushed += by
        for listener in tuple(self._listeners):
            listener()

    def push_to(self, moment: datetime) -> None:
        """Move the time to that aware moment; does nothing when it has passed."""
        self.push(max(timedelta(), moment - self.now()))

    def subscribe(self, callback: Callable[[], None]) -> Callable[[], None]:
        """Call `callback` after every push; the function returned ends that."""
        self._listeners.append(callback)
        return lambda: self._listeners.remove(callback)


def next_morning(now: datetime, zone: str, at: time) -> datetime:
    """The next weekday (Monday to Friday) after `now` at the local time `at` of the IANA zone, as UTC."""
    local = now.astimezone(ZoneInfo(zone))
    day: date = local.date()
    if local.time() >= at:
        day += timedelta(days=1)
    while day.weekday() >= SATURDAY:
        day += timedelta(days=1)
    return datetime.combine(day, at, ZoneInfo(zone)).astimezone(UTC)


def working_hour(now: datetime, zone: str) -> datetime:
    """`now` when it lies in a weekday's 09:00-15:00 of the zone, else the next weekday at 10:00, as UTC.

    A demo begun on a Sunday would show only "answer due on Monday": it begins in working hours instead.
    """
    local = now.astimezone(ZoneInfo(zone))
    if local.weekday() < SATURDAY and time(9) <= local.time() < time(15):
        return now.astimezone(UTC)
    if local.time() < time(9):  # today may still become the working day
        return next_morning(now, zone, time(10))
    return next_morning(datetime.combine(local.date(), time(23, 59), ZoneInfo(zone)), zone, time(10))
