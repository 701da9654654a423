"""What the reading tests share: a Saturday in November, a dollar book, and a field of each type."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from rules.book.field import Field
from rules.fields.reading import Context, Found, find

# 12:00 in Chicago on Saturday, Nov 21, 2026.
CONTEXT = Context(now=datetime(2026, 11, 21, 18, 0, tzinfo=UTC), timezone="America/Chicago", currency="USD")

AMOUNT = Field(name="amount", type="money", ask="How much should go back?")
UNTIL = Field(name="until", type="date", ask="Until when?")
SEATS = Field(name="seats", type="number", ask="How many seats?")
EMAIL = Field(name="email", type="email")
PHONE = Field(name="phone", type="phone")
LINK = Field(name="link", type="url")
REGION = Field(name="region", type="choice", choices={"EU": ("EUR", "€"), "NA": ("USD", "$")})
ORDER = Field(name="order", type="pattern", pattern=r"ORD-\d{5}", ask="Which order is it? (ORD-12345)")
REASON = Field(name="reason", type="text", ask="What happened?")

NOTHING = Found()


def found(field: Field, text: str, **context: object) -> tuple[str, ...] | str:
    """The values found in an opening message; "unclear" where something looked like one."""
    read = find(field, text, replace(CONTEXT, **context))  # type: ignore[arg-type]  # the fields of Context by name
    return "unclear" if read.unclear else read.values
