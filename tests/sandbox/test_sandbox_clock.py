"""The hand clock: it stands still or runs on, only grows, and knows the next working morning."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

import pytest
from small_town import FRIDAY

from bot.sandbox.clock import HandClock, next_morning, working_hour

ZONE = "America/Chicago"


def test_a_clock_by_hand_moves_only_when_pushed_and_tells_it() -> None:
    clock, heard = HandClock(FRIDAY, running=False), []
    stop = clock.subscribe(lambda: heard.append(clock.now()))
    clock.push(timedelta(minutes=15))
    clock.push_to(FRIDAY)  # has passed: nothing moves
    stop()
    clock.push(timedelta(hours=1))
    assert clock() == FRIDAY + timedelta(minutes=75)
    assert heard == [FRIDAY + timedelta(minutes=15)] * 2
    with pytest.raises(ValueError, match="back"):
        clock.push(timedelta(seconds=-1))


def test_a_running_clock_goes_on_from_where_it_was_pushed() -> None:
    clock = HandClock(FRIDAY)
    before = clock.now()
    clock.push(timedelta(days=1))
    assert timedelta(days=1) <= clock.now() - before < timedelta(days=1, seconds=5)


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        ("2026-11-20T16:42", "2026-11-23T14:31"),  # Friday 10:42 -> Monday 08:31, standard time
        ("2026-11-23T12:00", "2026-11-23T14:31"),  # Monday 06:00 -> the same morning
        ("2026-10-30T20:00", "2026-11-02T14:31"),  # across the end of summer time
    ],
)
def test_next_morning_skips_the_weekend_and_keeps_the_local_hour(now: str, expected: str) -> None:
    moment = datetime.fromisoformat(now).replace(tzinfo=UTC)
    assert next_morning(moment, ZONE, time(8, 31)) == datetime.fromisoformat(expected).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        ("2026-11-20T16:42", "2026-11-20T16:42"),  # within working hours: as it is
        ("2026-11-21T16:42", "2026-11-23T16:00"),  # Saturday -> Monday 10:00
        ("2026-11-20T23:00", "2026-11-23T16:00"),  # Friday 17:00 -> Monday
        ("2026-11-20T12:00", "2026-11-20T16:00"),  # Friday 06:00 -> 10:00 that day
    ],
)
def test_a_demo_begins_in_working_hours(now: str, expected: str) -> None:
    moment = datetime.fromisoformat(now).replace(tzinfo=UTC)
    assert working_hour(moment, ZONE) == datetime.fromisoformat(expected).replace(tzinfo=UTC)
