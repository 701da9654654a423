"""Dates in free text, read on Saturday, Nov 21, 2026 in Chicago."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from rules.fields.reading import read_answer
from tests.rules.fields.reading_cases import CONTEXT, UNTIL, found

READ = [
    ("2026-12-01", "2026-12-01"),
    ("until 2026-12-01T10:00:00Z", "2026-12-01"),
    ("2026/12/01", "2026-12-01"),
    ("01.12.2026", "2026-12-01"),
    ("bis 01.12.", "2026-12-01"),
    ("01.12.26", "2026-12-01"),
    ("13/01/2027", "2027-01-13"),
    ("01/13/2027", "2027-01-13"),
    ("12/12/2026", "2026-12-12"),
    ("by 3/21", "2027-03-21"),
    ("2026年12月1日", "2026-12-01"),
    ("Dec 1", "2026-12-01"),
    ("Dec. 1st, 2026", "2026-12-01"),
    ("1 December 2026", "2026-12-01"),
    ("the 1st of December", "2026-12-01"),
    ("1-Dec-2026", "2026-12-01"),
    ("5th of may", "2027-05-05"),
    ("1. Dezember 2026", "2026-12-01"),
    ("3. März", "2027-03-03"),
    ("1er décembre 2026", "2026-12-01"),
    ("14 mars", "2027-03-14"),
    ("1 de diciembre de 2026", "2026-12-01"),
    ("1 dicembre", "2026-12-01"),
    ("2 mrt", "2027-03-02"),
    ("1º de dezembro de 2026", "2026-12-01"),
    ("Friday, Dec 4", "2026-12-04"),
    ("Feb 29", "2028-02-29"),
    # A day that passed comes again; today is still to come.
    ("March 3", "2027-03-03"),
    ("Nov 20", "2027-11-20"),
    ("Nov 21", "2026-11-21"),
    ("tomorrow", "2026-11-22"),
    ("bis morgen", "2026-11-22"),
    ("après-demain", "2026-11-23"),
    ("pasado mañana", "2026-11-23"),
    ("domani", "2026-11-22"),
    ("overmorgen", "2026-11-23"),
    ("amanhã", "2026-11-22"),
    ("in 3 days", "2026-11-24"),
    ("in two weeks", "2026-12-05"),
    ("3 days from now", "2026-11-24"),
    ("in 3 Tagen", "2026-11-24"),
    ("dans 3 jours", "2026-11-24"),
    ("dentro de dos semanas", "2026-12-05"),
    ("tra 3 giorni", "2026-11-24"),
    ("over twee weken", "2026-12-05"),
    ("em 3 dias", "2026-11-24"),
    ("in 2 months", "2027-01-21"),
    ("end of the month", "2026-11-30"),
    ("end of next month", "2026-12-31"),
    ("Ende des Monats", "2026-11-30"),
    ("fin du mois", "2026-11-30"),
    ("by the end of the year", "2026-12-31"),
    ("by friday", "2026-11-27"),
    ("bis Freitag", "2026-11-27"),
    ("entro venerdì", "2026-11-27"),
    ("next friday", "2026-11-27"),
    ("vendredi prochain", "2026-11-27"),
    ("until: Dec 1", "2026-12-01"),
    # "next week" names no day and takes nothing away from a day that is named.
    ("I'm away next week, I need it until Dec 1", "2026-12-01"),
]

UNCLEAR = [
    "12/01/2026",
    "26/12/01",
    "1.2.26",
    "31 April",
    "2026-02-30",
    "Monday, Dec 4",
    "Dec 1-5",
    "1-5 December",
    "1 or 2 December",
    "Dec 1, 2000 USD",
    "between Dec 1 and now",
    "the week of Dec 1",
    "2 weeks from Dec 1",
    "in 3 business days",
    "next week",
    "Dec 2026",
    "last Friday",
    "by saturday",
    "next monday 12/1",
    "Mar 5 dicembre",
]

NO_DATE = [
    "24/7",
    "3/21 done",
    "INV-2026-12-01",
    "v1.2.2026",
    "192.168.1.20",
    "may 5 people come",
    "we may 3 times",
    "guten Morgen",
    "por la mañana",
    "I sat on it",
    "on friday it broke",
    "today's report",
    "3 days",
    "99/99/2026",
    "Black Friday",
]


@pytest.mark.parametrize(("text", "value"), READ)
def test_a_date_is_read(text: str, value: str) -> None:
    """A known form gives its one ISO date."""
    assert found(UNTIL, text) == (value,)


@pytest.mark.parametrize("text", UNCLEAR)
def test_a_date_that_could_be_two_days_is_asked_back(text: str) -> None:
    """What could be another day, or no day, has no value."""
    assert found(UNTIL, text) == "unclear"


@pytest.mark.parametrize("text", NO_DATE)
def test_what_only_looks_like_a_date_is_none(text: str) -> None:
    """Fractions, names and ordinary words are no dates, not even unclear ones."""
    assert found(UNTIL, text) == ()


@pytest.mark.parametrize(
    ("region", "value"), [("US", ("2026-12-01",)), ("GB", ("2026-01-12",)), ("CA", "unclear"), (None, "unclear")]
)
def test_the_region_settles_the_order_of_day_and_month(region: str | None, value: object) -> None:
    """12/01/2026 is read where the region's own short dates say which comes first."""
    assert found(UNTIL, "12/01/2026", region=region) == value


def test_next_friday_is_asked_back_while_this_weeks_is_still_to_come() -> None:
    """Said on a Monday, "next Friday" is this week's to some and next week's to others; "by Friday" is not."""
    monday = datetime(2026, 11, 23, 18, 0, tzinfo=UTC)
    assert found(UNTIL, "next friday", now=monday) == "unclear"
    assert found(UNTIL, "by friday", now=monday) == ("2026-11-27",)


def test_tomorrow_is_the_writers_tomorrow() -> None:
    """At 23:00 in Chicago it is already the next day in UTC."""
    late = datetime(2026, 11, 22, 5, 0, tzinfo=UTC)
    assert found(UNTIL, "tomorrow", now=late) == ("2026-11-22",)
    assert found(UNTIL, "tomorrow", now=late, timezone="UTC") == ("2026-11-23",)


@pytest.mark.parametrize(
    ("reply", "value"),
    [("friday", "2026-11-27"), ("3/21", "2027-03-21"), ("01.12.", "2026-12-01"), ("may 5", "2027-05-05")],
)
def test_an_answer_needs_fewer_words(reply: str, value: str) -> None:
    """Asked for a date, people write less than in an opening message."""
    assert read_answer([UNTIL], reply, CONTEXT).values == {"until": value}


def test_two_dates_contradict() -> None:
    """Both are reported."""
    assert found(UNTIL, "Dec 1 or rather Dec 5") == ("2026-12-01", "2026-12-05")
