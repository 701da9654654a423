"""Marks: how far a conversation was heard, never beyond what was missed, and never before it is ours."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from handlers.ports import Mark
from handlers.slack.marks import Marks, earlier, ts_of

NOW = datetime(2026, 3, 4, 16, 0, tzinfo=UTC)
START = ts_of(NOW)


def ts(seconds: float) -> str:
    return ts_of(NOW + timedelta(seconds=seconds))


def listening() -> Marks:
    """A process that has caught up with C1, which is ours since the start."""
    marks = Marks()
    marks.part()
    marks.load({"C1": Mark(START, START)})
    marks.read("C1")
    marks.mend(NOW)
    return marks


def test_a_timestamp_is_written_as_slack_does() -> None:
    assert START == "1772640000.000000"
    assert earlier("1772640000.000000") == "1772639999.999999"
    assert earlier("1772640000.000100", timedelta(days=1)) == "1772553600.000100"
    assert earlier("0000000000.000000") == "0000000000.000000"


def test_it_goes_on_with_what_was_taken_in_whatever_order() -> None:
    marks = listening()
    for seconds in (2, 5, 3):
        marks.passed("C1", ts(seconds))
    assert marks.due() == {"C1": Mark(START, ts(5))}
    marks.keep(marks.due())
    assert marks.due() == {}


def test_it_waits_for_what_could_not_be_taken() -> None:
    marks = listening()
    marks.missed("C1", ts(2), NOW)
    marks.passed("C1", ts(5))
    assert marks.known("C1") == Mark(START, earlier(ts(2)))
    assert marks.missing_since() == NOW
    marks.passed("C1", ts(2))
    assert marks.known("C1") == Mark(START, ts(5))
    assert marks.missing_since() is None


def test_what_is_missing_for_good_is_looked_for_once() -> None:
    marks = listening()
    marks.missed("C9", ts(2), NOW)
    marks.part()
    marks.mend(NOW + timedelta(minutes=10))
    assert marks.missing_since() is None


def test_a_gap_holds_it_until_it_was_looked_through() -> None:
    marks = listening()
    marks.passed("C1", ts(5))
    marks.part()
    marks.passed("C1", ts(90))
    assert marks.known("C1") == Mark(START, ts(5)), "between 5 and 90 something may have been said"
    marks.part()
    assert marks.known("C1") == Mark(START, ts(5)), "a second gap does not forget the first"
    marks.mend(NOW)
    assert marks.known("C1") == Mark(START, ts(5)), "that conversation could not be read"
    marks.read("C1")
    assert marks.known("C1") == Mark(START, ts(90))


def test_a_new_conversation_is_ours_from_its_first_message_on() -> None:
    marks = listening()
    marks.passed("C2", ts(7))
    assert marks.known("C2") == Mark(earlier(ts(7)), ts(7))
    marks.part()
    marks.passed("C3", ts(8))
    assert marks.known("C3") is None, "whether it began before is for the look through the gap to say"
    marks.begin("C3", START)
    assert marks.known("C3") == Mark(START, ts(8))


def test_what_is_no_timestamp_leaves_no_mark() -> None:
    marks = listening()
    for odd in ("", "17.000001", "9999999999999.000100", "now"):
        marks.passed("C1", odd)
        marks.missed("C1", odd, NOW)
    marks.passed("", ts(1))
    assert marks.due() == {}
