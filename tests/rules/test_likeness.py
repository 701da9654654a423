"""Near-duplicates: which two requests are one, and which only sound alike."""

from __future__ import annotations

import time

import pytest

from rules.likeness import alike, signature

ONE_REQUEST = [
    ("Please refund ORD-12345, I was charged $450 twice", "please refund ORD-12345, I was charged $450.00 twice!!"),
    ("Please refund ORD-12345, charged $450 twice", "Please refnud ORD-12345, chargd $450 twice"),
    ("Please refund ORD-12345", "Hi again, please refund ORD-12345. Thanks"),
    ("Please refund ORD-12345, $1,200.50 paid twice", "please refund ORD-12345: $1200.5 paid twice"),
    ("The printer in the kitchen is broken again", "Printer in the kitchen is broken"),
    ("Wo bleibt meine Erstattung für ORD-12345?", "wo bleibt meine erstattung fuer ORD-12345"),
    ("Access to the billing system for Anna, please", "Please, access to the billing system for Anna"),
    ("refund please", "Refund, please!"),
    ("ORD-12345", "ord-12345"),
    ("返金をお願いします ORD-12345", "返金をお願いします ORD-12345"),
]

TWO_REQUESTS = [
    ("Please refund ORD-12345, I was charged $450 twice", "Please refund ORD-12346, I was charged $450 twice"),
    ("Please refund ORD-12345, I was charged $450", "Please refund ORD-12345, I was charged $540"),
    ("The printer on floor 3 is broken", "The printer on floor 4 is broken"),
    ("Please reset the password for Anna in the shop", "Please reset the password for Boris in the shop"),
    ("Access to the billing system for Anna", "Access to the billing system for Anna and Boris"),
    ("Grant me admin access to the billing system", "Revoke my admin access to the billing system"),
    (
        "Please grant the night shift access to the billing system of the northern warehouse until the audit ends",
        "Please revoke the night shift access to the billing system of the northern warehouse until the audit ends",
    ),
    ("reset the password of the shop", "reset the password of the till"),
    ("do refund ORD-12345 to the customer's card", "do not refund ORD-12345 to the customer's card"),
    ("refund please", "refund now"),
    ("Please refund ORD-12345", "Please refund ORD-12345 and ORD-12346"),
    ("thanks", "thanks"),
    ("", ""),
    ("👍", "👍"),
]


@pytest.mark.parametrize(("a", "b"), ONE_REQUEST)
def test_the_same_request_said_again_is_alike(a: str, b: str) -> None:
    """Typing errors, courtesy, word order and a word more make no second request."""
    assert alike(a, b)
    assert alike(b, a)


@pytest.mark.parametrize(("a", "b"), TWO_REQUESTS)
def test_requests_that_only_sound_alike_stay_two(a: str, b: str) -> None:
    """Another number, name, verb or negation is another request, however many words they share."""
    assert not alike(a, b)
    assert not alike(b, a)


def test_long_texts_cost_no_more_than_their_beginning() -> None:
    """Two megabytes of hostile words are compared by their first 2,000 characters."""
    start = time.process_time()
    for piece in ("a1 ", "word ", "A", "\u0301", "Aa Bb "):
        text = piece * 200_000
        alike(text, text + "x")
    assert time.process_time() - start < 10  # read whole, it would be hours


@pytest.mark.parametrize(
    ("a", "b"), [("Please refund ORD-12345, $450", "please refund ORD-12345 ($450)!"), ("a b", "c d")]
)
def test_whatever_is_alike_has_one_signature(a: str, b: str) -> None:
    assert not alike(a, b) or signature(a) == signature(b)


def test_other_numbers_have_another_signature() -> None:
    assert signature("refund ORD-1") != signature("refund ORD-2")
