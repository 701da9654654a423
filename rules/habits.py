"""An inbox's own habit: how long it is silent as a rule, so that a silence beyond it can be told (M131)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

#: So long back is looked; four weekends are in it.
WINDOW = timedelta(days=28)
#: Before that much is known, nobody can say what is usual.
LEARNING = timedelta(days=14)
#: Beyond the longest silence of the window by this factor it is worth a person's look; an hour's silence never is.
BEYOND = 1.25
LEAST = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Habit:
    """What is known of an inbox: since when (UTC), its last mail, and each day's longest silence that ended then."""

    since: datetime
    last: datetime
    silences: Mapping[date, timedelta] = field(default_factory=dict)


def heard(habit: Habit | None, at: datetime) -> Habit:
    """The habit after a mail that came at `at` (UTC)."""
    if habit is None:
        return Habit(since=at, last=at)
    if at <= habit.last:
        return habit
    silence, day = at - habit.last, at.date()
    kept = {each: length for each, length in habit.silences.items() if day - each <= WINDOW}
    kept[day] = max(silence, kept.get(day, timedelta(0)))
    return Habit(since=habit.since, last=at, silences=kept)


def longest(habit: Habit) -> timedelta:
    """The longest silence of the window."""
    return max(habit.silences.values(), default=timedelta(0))


def is_silent(habit: Habit, now: datetime) -> bool:
    """Whether no mail has come for longer than is usual there; never while too little is known."""
    if habit.last - habit.since < LEARNING:
        return False
    return now - habit.last > max(LEAST, longest(habit) * BEYOND)


def encode(habit: Habit) -> dict[str, object]:
    """The habit as JSON values."""
    return {
        "since": habit.since.isoformat(),
        "last": habit.last.isoformat(),
        "silences": {day.isoformat(): length.total_seconds() for day, length in habit.silences.items()},
    }


def decode(data: Mapping[str, object]) -> Habit:
    """The inverse of `encode`."""
    silences = data["silences"]
    assert isinstance(silences, dict)
    return Habit(
        since=datetime.fromisoformat(str(data["since"])),
        last=datetime.fromisoformat(str(data["last"])),
        silences={date.fromisoformat(day): timedelta(seconds=length) for day, length in silences.items()},
    )
