"""Hostile text: whatever strangers send is read in bounded, linear time, without a crash and without a guess."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.book.field import Field
from rules.fields.plain import READ_CHARACTERS
from rules.fields.reading import canonical, find, read_answer, show
from tests.fuzzing import examples
from tests.rules.fields.reading_cases import (
    AMOUNT,
    CONTEXT,
    EMAIL,
    LINK,
    ORDER,
    PHONE,
    REASON,
    REGION,
    SEATS,
    UNTIL,
)

TYPED = [
    AMOUNT,
    UNTIL,
    SEATS,
    EMAIL,
    PHONE,
    LINK,
    REGION,
    ORDER,
    Field(name="any", type="pattern", pattern=r"(\w+\s?)*x"),
]
ENDLESS = [
    "1", "1,1,", "1 1 ", "1.", "1-", "1/1/", "12.12.2026 ", "$", "$1 ", "US $ ", "EUR ", "1 million ", "On On ",
    "Dec 1 ", "friday ", "in 3 days ", "a@", "a.", "http://", "www.", "+1 ", "( ", "(((1)))", "\x00",
    "\u202e1", "\u0316\u0301",
    "e\u0301\u0300\u0316", "١", "１", "EU ", "not ", "ORD-12345 ", "amount: ", "amount: 1\n", "\n", " ", "x",
]  # fmt: skip


def _seconds(text: str) -> float:
    start = time.process_time()  # a busy neighbour must not count
    for field in TYPED:
        find(field, text, CONTEXT)
    read_answer([*TYPED, REASON], text, CONTEXT)
    return time.process_time() - start


@pytest.mark.parametrize("piece", ENDLESS)
def test_time_grows_no_faster_than_the_text(piece: str) -> None:
    """Four times the text takes about four times as long; sixteen would be quadratic."""
    short, long = ((piece * READ_CHARACTERS)[: READ_CHARACTERS // part] for part in (16, 4))
    _seconds(short)
    # Caches and collections only ever make it slower, so one good try of five is enough.
    assert any(_seconds(long) < 9 * _seconds(short) + 0.05 for _ in range(5))


def test_behind_twenty_thousand_characters_nothing_is_read() -> None:
    """A text of 100 kB costs as much as its beginning, and a number cut in two is no number."""
    assert not find(AMOUNT, "x " * 50_000 + "$450", CONTEXT)
    assert not find(AMOUNT, " " * (READ_CHARACTERS - 3) + "$4500000", CONTEXT).values


@settings(max_examples=examples(200), deadline=None)
@given(st.text(max_size=200))
def test_any_text_can_be_read(text: str) -> None:
    """No text raises, and every value found is its own canonical form."""
    for field in TYPED[:-1]:
        for value in find(field, text, CONTEXT).values:
            assert canonical(field, value, CONTEXT) == value
    read_answer([*TYPED, REASON], text, CONTEXT)


@settings(max_examples=examples(300), deadline=None)
@given(
    st.decimals(min_value="0.01", max_value="9999999", places=2), st.sampled_from(["{:,.2f}", "{:.2f}"]), st.booleans()
)
def test_every_amount_as_people_write_it_is_read_back(amount: object, form: str, continental: bool) -> None:
    """Written in the English or the continental way, with a sign or a code, an amount is the same amount."""
    written = form.format(amount)
    if continental:
        written = written.translate(str.maketrans(",.", ".,"))
    for text in (f"{written} EUR", f"€{written}", f"pay {written} € now"):
        assert find(AMOUNT, text, CONTEXT).values == (f"{amount:.2f} EUR",)


@settings(max_examples=examples(100), deadline=None)
@given(st.dates(min_value=CONTEXT.today, max_value=CONTEXT.today.replace(year=2060)))
def test_every_date_reads_back_as_it_is_shown(day: object) -> None:
    """What we write ourselves we can read."""
    assert find(UNTIL, show(UNTIL, str(day)), CONTEXT).values == (str(day),)
