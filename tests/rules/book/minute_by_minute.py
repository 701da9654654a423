"""The oracle of the calendar tests: business time read slowly, minute by minute, from the wall clock."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from holidays import country_holidays

from rules.book.rulebook import Calendar

MINUTE = timedelta(minutes=1)


class Oracle:
    """Everything by looking at single minutes; times are UTC on whole minutes."""

    def __init__(self, calendar: Calendar) -> None:
        self.calendar = calendar
        self.zone = ZoneInfo(calendar.timezone)
        country, _, subdivision = (calendar.holidays or "").partition("-")
        self.holidays = country_holidays(country, subdiv=subdivision or None) if country else {}

    def is_open(self, at: datetime) -> bool:
        local = at.astimezone(self.zone)
        day, clock = local.date(), local.time()
        if day in self.calendar.closed or day in self.holidays:
            return False
        spans = self.calendar.hours.get(day.weekday(), ())
        return any(span.start <= clock and (span.end == time(0) or clock < span.end) for span in spans)

    def next_opening(self, at: datetime) -> datetime:
        while not self.is_open(at):
            at += MINUTE
        return at

    def open_minutes(self, a: datetime, b: datetime) -> int:
        minutes = 0
        while a < b:
            minutes += self.is_open(a)
            a += MINUTE
        return minutes

    def plus(self, at: datetime, minutes: int) -> datetime:
        while minutes:
            minutes -= self.is_open(at)
            at += MINUTE
        return at

    def open_day(self, day: date) -> list[datetime]:
        """The open minutes of a local day, in order."""
        at = datetime.combine(day, time(), tzinfo=UTC) - timedelta(hours=30)
        minutes = (at + n * MINUTE for n in range(84 * 60))
        return [minute for minute in minutes if minute.astimezone(self.zone).date() == day and self.is_open(minute)]

    def business_days(self, at: datetime, amount: int) -> datetime:
        local = self.next_opening(at).astimezone(self.zone)
        day = local.date()
        minutes: list[datetime] = []
        while amount:
            day += timedelta(days=1)
            minutes = self.open_day(day)
            amount -= bool(minutes)
        same_time = datetime.combine(day, local.time(), tzinfo=self.zone).astimezone(UTC)
        return min(same_time, minutes[-1] + MINUTE)
