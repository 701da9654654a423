"""Amounts in free text: what is read, what is asked back, and what is no amount at all."""

from __future__ import annotations

import pytest

from rules.book.field import Field
from tests.rules.fields.reading_cases import AMOUNT, found

READ = [
    ("Please refund ORD-12345, I was charged $450 twice", "450.00 USD"),
    ("1,200.50 USD", "1200.50 USD"),
    ("1.200,50 EUR", "1200.50 EUR"),
    ("1 200,50 €", "1200.50 EUR"),
    ("1\u00a0200,50 €", "1200.50 EUR"),
    ("1\u202f200,50 €", "1200.50 EUR"),
    ("1'200.50 CHF", "1200.50 CHF"),
    ("1’200.50 CHF", "1200.50 CHF"),
    ("$1.2k", "1200.00 USD"),
    ("1.2k USD", "1200.00 USD"),
    ("450 k€", "450000.00 EUR"),
    ("EUR 300", "300.00 EUR"),
    ("EUR300", "300.00 EUR"),
    ("300 €", "300.00 EUR"),
    ("450,00EUR", "450.00 EUR"),
    ("US$ 40", "40.00 USD"),
    ("usd$ 40", "40.00 USD"),
    ("300 $US", "300.00 USD"),
    ("C$40", "40.00 CAD"),
    ("R$ 1.200,50", "1200.50 BRL"),
    ("£12.30", "12.30 GBP"),
    ("₹1,00,000", "100000.00 INR"),
    ("₹ 5 lakh", "500000.00 INR"),
    ("12 dollars", "12.00 USD"),
    ("40 bucks", "40.00 USD"),
    ("300 euros", "300.00 EUR"),
    ("100 Schweizer Franken", "100.00 CHF"),
    ("CHF 50.-", "50.00 CHF"),
    ("Fr. 50.—", "50.00 CHF"),
    ("€50,-", "50.00 EUR"),
    ("$5M?", "5000000.00 USD"),
    ("2 Mio. €", "2000000.00 EUR"),
    ("2 millions d'euros", "2000000.00 EUR"),
    ("$1 billion", "1000000000.00 USD"),
    ("KWD 1.25", "1.250 KWD"),
    ("1.200.000 VND", "1200000 VND"),
    ("450円", "450 JPY"),
    ("$1,500.00 MXN", "1500.00 MXN"),
    ("order #10023 ($45)", "45.00 USD"),
    ("INV-300 EUR 40", "40.00 EUR"),
    ("ORD-12345 - $450", "450.00 USD"),
    ("- $450", "450.00 USD"),
    ("٤٥٠ USD", "450.00 USD"),
    ("١٬٢٠٠٫٥٠ USD", "1200.50 USD"),
    ("$４５０", "450.00 USD"),
    ("\u200f$450\u200f", "450.00 USD"),
    # Three digits behind a single separator are thousands.
    ("$1.200", "1200.00 USD"),
    ("1,200 USD", "1200.00 USD"),
    ("€ 12.345.678", "12345678.00 EUR"),
    # A line that names the field wins, and there a number needs no currency.
    ("Please pay it back.\nAmount: 450", "450.00 USD"),
    ("paid 20 EUR shipping\namount = 450 EUR", "450.00 EUR"),
    # The same amount twice is one amount.
    ("$450, that is 450.00 dollars", "450.00 USD"),
]

UNCLEAR = [
    "-$450",
    "minus $450",
    "USD -450",
    "($450)",
    "(450.00) USD",
    "refund: ($450)",
    "$300-400",
    "300 to 400 EUR",
    "300–400 €",
    "2 x $450",
    "3 dollars 50 cents",
    "99 cents",
    "15 USD 50",
    "15 dollars and 50",
    "$40 EUR",
    "X$40",
    "c $ 16.4",
    "1,34 $ c",
    "500 kr",
    "¥500",
    "Rs. 500",
    "12 pounds",
    "1 billion euros",
    "75 USD millones",
    "$450 k",
    "$1,200,50",
    "$1,2345",
    "$1.2.3",
    ".50 USD",
    "JPY 12.50",
    "1.200 KWD",
    "invoice 45 300 EUR",
    "March 3 450 USD",
    "300 EUR 40",
    "$450x",
    "$99999999999999999999",
    "$45\u0336",
    "2½ USD, that is $2½",
]

NO_AMOUNT = [
    "2 items",
    "I ordered 3 on 12/01/2026 at 10:30",
    "ORD-12345",
    "5 try it",
    "2 TRY again",
    "all 3 of them cost nothing",
    "forty dollars",
    "4\u03365\u03360\u0336 USD",
    "\u202e054$",
    "v1.2",
    "",
]


@pytest.mark.parametrize(("text", "value"), READ)
def test_an_amount_is_read(text: str, value: str) -> None:
    """A known form gives its one canonical value."""
    assert found(AMOUNT, text) == (value,)


@pytest.mark.parametrize("text", UNCLEAR)
def test_what_could_mean_two_things_is_asked_back(text: str) -> None:
    """An amount that can't be read for certain has no value, and somebody is asked."""
    assert found(AMOUNT, text) == "unclear"


@pytest.mark.parametrize("text", NO_AMOUNT)
def test_a_number_without_a_currency_is_no_amount(text: str) -> None:
    """In an opening message only a currency makes a number money."""
    assert found(AMOUNT, text) == ()


def test_two_amounts_contradict() -> None:
    """Two different amounts are both reported; nobody chooses between them."""
    assert found(AMOUNT, "I paid $450 instead of $400") == ("450.00 USD", "400.00 USD")


@pytest.mark.parametrize(
    ("text", "home", "book", "value"),
    [
        ("$40", "CAD", "EUR", ("40.00 CAD",)),
        ("$40", None, "AUD", ("40.00 AUD",)),
        ("$40", "EUR", "USD", ("40.00 USD",)),
        ("$40", None, "EUR", "unclear"),
        ("kr 40", None, "SEK", ("40.00 SEK",)),
        ("40 kr", "NOK", "USD", ("40.00 NOK",)),
        ("¥40", None, "JPY", ("40 JPY",)),
        ("12 pounds", None, "GBP", ("12.00 GBP",)),
        ("2 TRY", None, "TRY", ("2.00 TRY",)),
        ("40 sek", None, "SEK", ("40.00 SEK",)),
        ("30 sek", None, "USD", ()),
    ],
)
def test_a_shared_sign_is_the_home_currency(text: str, home: str | None, book: str, value: object) -> None:
    """`$`, `kr` and the like mean the field's currency, else the book's, else nothing for certain."""
    field = Field(name="amount", type="money", currency=home)
    assert found(field, text, currency=book) == value
