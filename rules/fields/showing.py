"""Canonical values as people read them: short, and in a form that would be read back as the same value."""

from __future__ import annotations

from datetime import date
from decimal import Decimal, InvalidOperation

import phonenumbers
from babel.dates import format_date
from babel.numbers import get_currency_precision

from rules.book.field import Field


def show(field: Field, value: str) -> str:
    """`450.00 USD` as `450 USD`, `2026-12-01` as `Dec 1, 2026`, E.164 in groups; what is not canonical as it is."""
    if field.type == "money":
        return _money(value)
    if field.type == "date":
        return _date(value)
    if field.type == "phone":
        return _phone(value)
    return value


def _money(value: str) -> str:
    written, _, code = value.partition(" ")
    try:
        amount = Decimal(written)
    except InvalidOperation:
        return value
    if not amount.is_finite():
        return value
    whole = amount == amount.to_integral_value()
    # With three decimals "12.500" must not lose its last ones: 12.5 and 12500 are told apart by them.
    if whole and get_currency_precision(code) <= 2:
        return f"{amount:,.0f} {code}"
    return f"{amount:,f} {code}" if get_currency_precision(code) <= 2 else value


def _date(value: str) -> str:
    try:
        return format_date(date.fromisoformat(value), "MMM d, y", locale="en_US")
    except ValueError:
        return value


def _phone(value: str) -> str:
    try:
        number = phonenumbers.parse(value)
    except phonenumbers.NumberParseException:
        return value
    return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.INTERNATIONAL))
