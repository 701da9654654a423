"""How durations are written, and what is said of one that can't be read."""

from __future__ import annotations

import pytest

from rules.book.durations import Duration, parse, parse_short


@pytest.mark.parametrize(
    ("text", "duration"),
    [
        ("4 business hours", Duration(4, "business hour")),
        ("1 business hour", Duration(1, "business hour")),
        ("1 business day", Duration(1, "business day")),
        ("90 business minutes", Duration(90, "business minute")),
        ("30 minutes", Duration(30, "minute")),
        ("45 seconds", Duration(45, "second")),
        ("1 hour", Duration(1, "hour")),
        ("2 days", Duration(2, "day")),
        ("3 weeks", Duration(3, "week")),
        ("  2  Business  Days ", Duration(2, "business day")),
    ],
)
def test_durations_are_read_and_given_back_in_words(text: str, duration: Duration) -> None:
    """Singular and plural; the words come back as they are said."""
    assert parse(text) == duration
    assert str(duration) == " ".join(text.lower().split())
    assert duration.business is ("business" in str(duration))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("2h", "`2h` is not a duration. Did you mean `2 hours`?"),
        ("30m", "`30m` is not a duration. Did you mean `30 minutes`?"),
        ("30", "`30` is not a duration. Write a number and a unit, like `30 minutes`."),
        ("soon", "`soon` is not a duration. Write a number and a unit, like `4 business hours`."),
        ("", "`` is not a duration. Write a number and a unit, like `4 business hours`."),
        ("-3 hours", "`-3 hours` is not a duration. Write a number and a unit, like `4 business hours`."),
        ("1.5 hours", "`1.5 hours` is not a duration. Write a number and a unit, like `4 business hours`."),
        ("٣ hours", "`٣ hours` is not a duration. Write a number and a unit, like `4 business hours`."),
        ("2 busines hours", "`busines hours` is not a unit of time. Did you mean `2 business hours`?"),
        ("2 hrs", "`hrs` is not a unit of time. Did you mean `2 hours`?"),
        ("2 fortnights", "`fortnights` is not a unit of time. Known units: second, minute, hour,"),
        ("0 hours", "`0 hours` is no time at all; give a number above zero."),
        ("999999 weeks", "`999999 weeks` is longer than a century."),
        ("9" * 300 + " days", "is not a duration."),
    ],
)
def test_what_can_not_be_read_is_told_with_what_was_meant(text: str, said: str) -> None:
    """A sentence, and the nearest thing that can be read."""
    with pytest.raises(ValueError) as caught:
        parse(text)
    assert said in str(caught.value)
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize(
    ("text", "duration"),
    [
        ("45s", Duration(45, "second")),
        ("30m", Duration(30, "minute")),
        ("2h", Duration(2, "hour")),
        ("2D", Duration(2, "day")),
    ],
)
def test_short_forms_are_for_commands(text: str, duration: Duration) -> None:
    """/docket snooze REF-12 2h"""
    assert parse_short(text) == duration


@pytest.mark.parametrize("text", ["2 hours", "h", "2w", "0h", "-2h", "2hh", ""])
def test_short_forms_that_are_none(text: str) -> None:
    """A sentence again."""
    with pytest.raises(ValueError, match=r"is not a time like 45s, 30m, 2h or 2d\.|is no time at all"):
        parse_short(text)
