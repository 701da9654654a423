"""Numbers, addresses, choices and patterns in free text."""

from __future__ import annotations

import pytest

from rules.book.field import Field
from tests.rules.fields.reading_cases import EMAIL, LINK, ORDER, PHONE, REASON, REGION, SEATS, found


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("12 seats please", ("12",)),
        ("seats: 12.50", ("12.5",)),
        ("seats is -4", ("-4",)),
        ("1,200 seats", "unclear"),
        ("450m seats", "unclear"),
        ("seat 1e5", "unclear"),
        ("we need 3 laptops by Dec 1", ()),
        ("12 seats, no, 14 seats", ("12", "14")),
    ],
)
def test_numbers_by_their_name(text: str, value: object) -> None:
    """In an opening message a number belongs to the field whose name stands beside it."""
    assert found(SEATS, text) == value


@pytest.mark.parametrize(("region", "value"), [("US", ("1200",)), ("DE", ("1.2",)), (None, "unclear")])
def test_the_region_settles_separators_of_plain_numbers(region: str | None, value: object) -> None:
    """1,200 is 1200 in the US and 1.2 in Germany."""
    assert found(SEATS, "1,200 seats", region=region) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("mail legal@example.org.", ("legal@example.org",)),
        ("<mailto:A.B@Example.ORG|A.B@Example.ORG>", ("A.B@example.org",)),
        ("kim.o'neil@mail.example.org", ("kim.o'neil@mail.example.org",)),
        ("a@b.co or A@b.co", ("a@b.co",)),
        ("a@b.co or c@b.co", ("a@b.co", "c@b.co")),
        ("a..b@example.org", "unclear"),
        ("alice@host", "unclear"),
        ("alice@-host.org", ()),
        ("me @ home", ()),
    ],
)
def test_emails(text: str, value: object) -> None:
    """The domain in lower case, the local part as written."""
    assert found(EMAIL, text) == value


@pytest.mark.parametrize(
    ("text", "region", "value"),
    [
        ("+1 415 555 2671", None, ("+14155552671",)),
        ("+1 (415) 555-2671.", "DE", ("+14155552671",)),
        ("(415) 555-2671", "US", ("+14155552671",)),
        ("call 4155552671", "US", ("+14155552671",)),
        ("order 4155552671", "US", ()),
        ("030 901820", "DE", ("+4930901820",)),
        ("call 415-555-2671", None, "unclear"),
        ("tel. 123", "US", ()),
        ("+1 415 555 2671 ext 12", "US", "unclear"),
        ("+999 1234567", "US", "unclear"),
        ("2026-12-01", "DE", ()),
    ],
)
def test_phones(text: str, region: str | None, value: object) -> None:
    """E.164, with the region's country where the number names none; extensions have no place in it."""
    assert found(PHONE, text, region=region) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("see https://Status.Example.com/A?b=C.", ("https://status.example.com/A?b=C",)),
        ("(https://x.org/a_(b))", ("https://x.org/a_(b)",)),
        ("<https://x.org/a|the page>", ("https://x.org/a",)),
        ("www.example.com/x", ("https://www.example.com/x",)),
        ("http://localhost:8080/#1", ("http://localhost:8080/#1",)),
        ("http://362", "unclear"),
        ("https://bank.example@evil.example/", "unclear"),
        ("https://x.org:99999/", "unclear"),
        ("javascript:alert(1)", ()),
        ("example.com", ()),
    ],
)
def test_urls(text: str, value: object) -> None:
    """Scheme and host in lower case, the sentence's punctuation cut off."""
    assert found(LINK, text) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("I was charged $450", ("NA",)),
        ("450 EUR", ("EU",)),
        ("a customer in the EU", ("EU",)),
        ("na und, eu sei", ()),
        ("NATO", ()),
        ("non-EU", "unclear"),
        ("not in the EU", "unclear"),
        ("$5 and €4", ("NA", "EU")),
    ],
)
def test_choices(text: str, value: object) -> None:
    """A choice is named by its key or other words; short capitals as written."""
    assert found(REGION, text) == value


def test_the_longer_choice_wins() -> None:
    """`Premium Plus` does not also mean `Premium`."""
    plan = Field(name="plan", type="choice", choices={"Premium": (), "Premium Plus": ("premium+",)})
    assert found(plan, "premium plus please") == ("Premium Plus",)
    assert found(plan, "Premium, not basic") == ("Premium",)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("refund ORD-12345, please", ("ORD-12345",)),
        ("*ORD-12345* _ORD-12345_ `ORD-12345`", ("ORD-12345",)),
        ("ORD-12345/ORD-12346", ("ORD-12345", "ORD-12346")),
        ("https://shop.example/ORD-12345", ("ORD-12345",)),
        ("ORD-123456", ()),
        ("XORD-12345", ()),
        ("éORD-12345", ()),
        ("ORD-12345é", ()),
        ("ORD-12345\u0301", ()),
        ("ORD-12345-B", "unclear"),
        ("ord-12345", "unclear"),
        ("ＯＲＤ－１２３４５", ("ORD-12345",)),
    ],
)
def test_patterns(text: str, value: object) -> None:
    """A pattern is found as a whole token, in the case that the rulebook wrote."""
    assert found(ORDER, text) == value


def test_a_longer_alternative_is_found() -> None:
    """The token decides which alternative matches, not the order of the alternatives."""
    field = Field(name="order", type="pattern", pattern=r"ORD-\d{5}|ORD-\d{7}")
    assert found(field, "ORD-1234567") == ("ORD-1234567",)


def test_text_is_never_filled_from_the_opening_message() -> None:
    """Not even by its name: the opening message is the request, not the answer."""
    assert found(REASON, "reason: it broke") == ()
