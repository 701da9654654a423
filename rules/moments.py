"""Moments as people write them: `2026-03-04 14:30`, `today 2:30pm`, `Mar 3, 14:30`, `now`, RFC 3339."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from rules.book.field import Field
from rules.book.rulebook import Rulebook
from rules.fields.reading import Context, NotReadable, canonical

_CLOCK: Final = re.compile(
    r"(?:\bat +)?\b(\d{1,2})(?::(\d{2})(?::\d{2})?)? *([ap])\.?m\b\.?|\b(\d{1,2}):(\d{2})\b", re.I
)
_YEAR: Final = re.compile(r"\b\d{4}\b")
_DAY: Final = Field(name="day", type="date")


class NotAMoment(ValueError):
    """Not a day and a time; the sentence says what is missing."""


def moment_in(text: str, now: datetime, zone: str, book: Rulebook) -> datetime:
    """The moment that a text names, UTC. Words without a zone are read by the clock of `zone`; a time alone is today's,
    a day without a year the last such day. Raises NotAMoment.
    """
    said = " ".join(text.split())
    if said.casefold() == "now":
        return now
    try:
        at = datetime.fromisoformat(said)
    except ValueError:
        pass
    else:
        if "T" in said or ":" in said:
            return _utc(at if at.tzinfo else at.replace(tzinfo=ZoneInfo(zone)))
    clock = _CLOCK.search(said)
    if clock is None:
        raise NotAMoment("Say the time, too, like 2026-03-04 14:30 or today 2:30pm.")
    rest = f"{said[: clock.start()]} {said[clock.end() :]}".strip(" ,")
    day = _day(rest, now.astimezone(ZoneInfo(zone)).date(), now, zone, book)
    return _utc(datetime.combine(day, _time(clock), ZoneInfo(zone)))


def _utc(at: datetime) -> datetime:
    try:
        return at.astimezone(UTC)
    except OverflowError:
        raise NotAMoment("That day is out of range.") from None


def _time(clock: re.Match[str]) -> time:
    hour, minute = int(clock[1] or clock[4]), int(clock[2] or clock[5] or 0)
    if clock[3]:
        if not 1 <= hour <= 12:
            raise NotAMoment(f"`{clock[0].strip()}` is no time of day.")
        hour = hour % 12 + (12 if clock[3].lower() == "p" else 0)
    try:
        return time(hour, minute)
    except ValueError:
        raise NotAMoment(f"`{clock[0].strip()}` is no time of day.") from None


def _day(rest: str, today: date, now: datetime, zone: str, book: Rulebook) -> date:
    if not rest or rest.casefold() == "today":
        return today
    if rest.casefold() == "yesterday":
        return today - timedelta(days=1)
    try:
        found = date.fromisoformat(canonical(_DAY, rest, Context(now=now, timezone=zone, currency=book.currency)))
    except NotReadable:
        raise NotAMoment(f"I can't tell which day `{rest[:40]}` is. Write it like 2026-03-04 14:30.") from None
    if found <= today or _YEAR.search(rest):
        return found
    # A day without a year is read as the next one; what happened is behind us.
    for year in range(found.year - 1, found.year - 9, -1):
        try:
            return found.replace(year=year)
        except ValueError:  # February 29
            continue
    return found
