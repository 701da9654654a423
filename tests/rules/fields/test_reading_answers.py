"""Replies to a question, values typed into forms, and values shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from rules.book.field import Field
from rules.fields.reading import NotReadable, canonical, read_answer, show
from tests.rules.fields.reading_cases import AMOUNT, CONTEXT, EMAIL, ORDER, PHONE, REASON, REGION, SEATS, UNTIL

READ: list[tuple[list[Field], str, dict[str, str]]] = [
    ([AMOUNT], "450", {"amount": "450.00 USD"}),
    ([AMOUNT], "1.2k", {"amount": "1200.00 USD"}),
    ([AMOUNT], "it was 450 on March 3", {"amount": "450.00 USD"}),
    ([AMOUNT], "2 items, 450 USD", {"amount": "450.00 USD"}),
    ([ORDER, AMOUNT], "ORD-12345, 450", {"order": "ORD-12345", "amount": "450.00 USD"}),
    ([ORDER, AMOUNT], "450", {"amount": "450.00 USD"}),
    ([AMOUNT, UNTIL], "450 by Dec 1", {"amount": "450.00 USD", "until": "2026-12-01"}),
    ([AMOUNT, SEATS], "450 USD and 3", {"amount": "450.00 USD", "seats": "3"}),
    ([AMOUNT, SEATS], "amount: 450, seats: 3", {"amount": "450.00 USD", "seats": "3"}),
    ([SEATS], "12", {"seats": "12"}),
    ([SEATS], "3 laptops", {"seats": "3"}),
    ([REGION], "eu", {"region": "EU"}),
    ([EMAIL], "It's kim@example.org", {"email": "kim@example.org"}),
    ([REASON], "It broke in half; 2½ cm are left.", {"reason": "It broke in half; 2½ cm are left."}),
    ([REASON], "yes", {"reason": "yes"}),
    ([ORDER, REASON], "ORD-12345, it broke", {"order": "ORD-12345"}),
    (
        [ORDER, AMOUNT, REASON],
        "Order: ORD-12345\n• *Amount* = 450\nreason: it broke\nbadly\n\nThanks",
        {"order": "ORD-12345", "amount": "450.00 USD", "reason": "it broke\nbadly"},
    ),
    ([Field(name="cost_center", type="number")], "Cost-Center: 12", {"cost_center": "12"}),
    ([AMOUNT], "amount: 450 USD\nthe old one was 300 USD", {"amount": "450.00 USD"}),
]


@pytest.mark.parametrize(("fields", "reply", "values"), READ)
def test_a_reply_is_read_for_every_missing_field(fields: Sequence[Field], reply: str, values: dict[str, str]) -> None:
    """Everything that is certain is taken, by name first."""
    answers = read_answer(fields, reply, CONTEXT)
    assert answers.values == values
    assert not answers.unclear


@pytest.mark.parametrize("reply", ["thanks!", "ok, will check", "👍", "", "Vielen Dank, Dana"])
@pytest.mark.parametrize("field", [REASON, AMOUNT, ORDER])
def test_small_talk_is_no_answer(field: Field, reply: str) -> None:
    """Nobody's reason is "thanks", and nobody is corrected for being polite."""
    answers = read_answer([field], reply, CONTEXT)
    assert not answers.values
    assert not answers.unclear


@pytest.mark.parametrize(
    ("fields", "reply", "name", "part"),
    [
        ([AMOUNT], "$450 or $500", "amount", "450 USD or 500 USD"),
        ([AMOUNT], "-5", "amount", "450 USD"),
        ([AMOUNT], "2 items", "amount", "can't be read"),
        ([AMOUNT], "10:30", "amount", "10:30"),
        ([AMOUNT], "amount: 450\namount: 500", "amount", "450 USD or 500 USD"),
        ([UNTIL], "12/01/2026", "until", "2026-12-05 or Dec 5, 2026"),
        ([ORDER], "12345", "order", "like ORD-12345"),
        ([ORDER], "ord-12345", "order", "like ORD-12345"),
        ([REGION], "asia", "region", "EU or NA"),
        ([ORDER, AMOUNT], "12345", "amount", "`amount: 450 USD`"),
        ([PHONE, AMOUNT], "5551234", "phone", "can't be read"),
    ],
)
def test_what_can_not_be_read_is_said_with_the_form_that_can(
    fields: Sequence[Field], reply: str, name: str, part: str
) -> None:
    """The sentence names what was wrong and shows what would be read; nothing is guessed."""
    answers = read_answer(fields, reply, CONTEXT)
    assert not answers.values
    assert part in answers.unclear[name]


def test_one_number_for_two_questions_is_nobodys() -> None:
    """450 could be the amount or the seats; both are asked for by name."""
    answers = read_answer([AMOUNT, SEATS], "450", CONTEXT)
    assert not answers.values
    assert set(answers.unclear) == {"amount", "seats"}


def test_a_phone_number_is_no_amount() -> None:
    """A number that another open question claims is not taken twice."""
    answers = read_answer([AMOUNT, PHONE], "4155552671", replace(CONTEXT, region="US"))
    assert answers.values == {"phone": "+14155552671"}


def test_a_long_text_is_bounded() -> None:
    """A text field keeps 3,000 characters, and no NUL."""
    assert read_answer([REASON], "a\x00b" + "x" * 9_000, CONTEXT).values["reason"] == "ab" + "x" * 2_998


ROUND = [
    (AMOUNT, "450.00 USD", "450 USD"),
    (AMOUNT, "12000.50 USD", "12,000.50 USD"),
    (AMOUNT, "12000.00 EUR", "12,000 EUR"),
    (AMOUNT, "1200 JPY", "1,200 JPY"),
    (AMOUNT, "1.200 KWD", "1.200 KWD"),
    (UNTIL, "2026-12-01", "Dec 1, 2026"),
    (SEATS, "12.5", "12.5"),
    (PHONE, "+14155552671", "+1 415-555-2671"),
    (EMAIL, "Kim@example.org", "Kim@example.org"),
    (REGION, "EU", "EU"),
    (ORDER, "ORD-12345", "ORD-12345"),
    (REASON, "It broke.", "It broke."),
]


@pytest.mark.parametrize(("field", "value", "shown"), ROUND)
def test_what_is_shown_reads_back_as_the_same_value(field: Field, value: str, shown: str) -> None:
    """A canonical value is its own canonical form, and so is what people see of it."""
    assert show(field, value) == shown
    assert canonical(field, value, CONTEXT) == value
    assert canonical(field, shown, CONTEXT) == value


@pytest.mark.parametrize(
    ("field", "raw"),
    [
        (AMOUNT, "-4"),
        (AMOUNT, ""),
        (AMOUNT, "lots"),
        (UNTIL, "soon"),
        (ORDER, "ORD-1"),
        (REGION, "x"),
        (REASON, "y" * 4_000),
    ],
)
def test_a_form_refuses_what_it_can_not_read(field: Field, raw: str) -> None:
    """The refusal is a sentence for the person who typed it."""
    with pytest.raises(NotReadable) as refusal:
        canonical(field, raw, CONTEXT)
    assert refusal.value.sentence.endswith(".")


def test_what_is_not_canonical_is_shown_as_it_is() -> None:
    """Values of an older rulebook, where the field had another type, still show."""
    assert show(AMOUNT, "a lot") == "a lot"
    assert show(UNTIL, "soon") == "soon"
    assert show(PHONE, "none") == "none"
