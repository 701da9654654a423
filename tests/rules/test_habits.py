"""An inbox's habit: what is usual is learnt from four weeks, and only a silence beyond it is told."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from rules.habits import Habit, decode, encode, heard, is_silent, longest

MONDAY = datetime(2026, 3, 2, 9, tzinfo=UTC)


def office(weeks: int) -> Habit:
    """Mail every hour from 9 to 17, Monday to Friday."""
    habit = None
    for day in range(weeks * 7):
        at = MONDAY + timedelta(days=day)
        if at.weekday() < 5:
            for hour in range(9):
                habit = heard(habit, at + timedelta(hours=hour))
    assert habit is not None
    return habit


@pytest.mark.parametrize(
    ("weeks", "hours_after", "silent"),
    [
        (4, 16, False),  # a night
        (4, 64, False),  # a weekend
        (4, 79, False),  # a weekend and a slow Monday morning
        (4, 81, True),  # longer than any weekend by a quarter
        (1, 500, False),  # too little is known yet
    ],
)
def test_only_a_silence_beyond_the_longest_of_four_weeks_counts(weeks: int, hours_after: int, silent: bool) -> None:
    habit = office(weeks)
    assert is_silent(habit, habit.last + timedelta(hours=hours_after)) is silent


def test_an_inbox_with_mail_every_minute_is_not_silent_for_less_than_an_hour() -> None:
    habit = Habit(since=MONDAY, last=MONDAY + timedelta(days=20), silences={MONDAY.date(): timedelta(minutes=2)})
    assert not is_silent(habit, habit.last + timedelta(minutes=59))
    assert is_silent(habit, habit.last + timedelta(minutes=61))


def test_what_was_long_ago_is_forgotten() -> None:
    habit = heard(heard(None, MONDAY), MONDAY + timedelta(days=9))
    assert longest(habit) == timedelta(days=9)
    for day in range(10, 45):
        habit = heard(habit, MONDAY + timedelta(days=day))
    assert longest(habit) == timedelta(days=1)


def test_a_late_mail_changes_nothing_and_a_habit_survives_being_written_down() -> None:
    habit = office(3)
    assert heard(habit, MONDAY) == habit
    assert decode(encode(habit)) == habit
