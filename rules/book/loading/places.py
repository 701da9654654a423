"""Names that the world defines: time zones, currencies, holidays, and how addresses and identifiers look."""

from __future__ import annotations

import re
from functools import lru_cache
from zoneinfo import available_timezones

import holidays

from rules.book.loading.known import guess
from rules.book.loading.shape import Part
from rules.fields.currencies import tender

_ADDRESS = re.compile(r"[^\s@<>(),;:\"\[\]\\]{1,64}@[^\s@<>(),;:\"\[\]\\_]{1,190}\.[^\W\d_][\w-]{0,60}[^\W_]")
_SLACK_PERSON = re.compile(r"[UW][A-Z0-9]{2,20}", re.ASCII)
_TIME = re.compile(r"([01]\d|2[0-3]):([0-5]\d)", re.ASCII)


def timezone(part: Part, key: str, default: str, *, needed: bool = False) -> str:
    """An IANA zone, or the default."""
    name = part.text(key, needed=needed, meant="Name an IANA zone, like Europe/Berlin.")
    if name and name not in _zones():
        part.hole(
            f"`{name}` is not a time zone", _likely(name, _zones(), "Name an IANA zone, like Europe/Berlin."), key
        )
    return name or default


def currency(part: Part, key: str) -> str:
    """An ISO 4217 code, or ""."""
    code = part.text(key)
    if code and not is_currency(code):
        part.hole(f"`{code}` is not a currency", _likely(code, tender(), "Name its ISO 4217 code, like USD."), key)
    return code


def is_zone(name: str) -> bool:
    """Whether it is an IANA zone."""
    return name in _zones()


def is_currency(code: str) -> bool:
    """Whether it is the ISO 4217 code of money in use today."""
    return code in tender()


def holiday_code(part: Part, key: str) -> str | None:
    """A country, or country-subdivision, whose public holidays are known."""
    code = part.text(key)
    if not code:
        return None
    country, _, subdivision = code.partition("-")
    countries = holidays.list_supported_countries()
    if country not in countries:
        part.hole(f"no holidays are known for `{code}`", "Name a country, or country-subdivision: US, DE-BY.", key)
        return None
    known = countries[country]
    if subdivision and subdivision not in known:
        part.hole(f"no holidays are known for `{code}`", guess(subdivision, known, "subdivisions"), key)
        return None
    return code


def address(part: Part, key: str) -> str:
    """An e-mail address; needed."""
    text = part.text(key, needed=True, meant="Everyone can be reached by mail.")
    if text and (not _ADDRESS.fullmatch(text) or ".." in text):
        part.hole(f"`{text}` is not an e-mail address", "Write it like dana@example.com.", key)
        return ""
    return text


def slack_person(part: Part, key: str) -> str | None:
    """A Slack user id, if given."""
    text = part.text(key)
    if not text:
        return None
    if text.startswith("S"):
        part.hole(f"`{text}` is a Slack user group", "A team can't own anything; name one person's id (U...).", key)
    elif not _SLACK_PERSON.fullmatch(text):
        part.hole(f"`{text}` is not a Slack user id", "Copy it from the person's profile: Copy member ID (U...).", key)
    return text


def clock(text: str) -> tuple[int, int] | None:
    """Hour and minute of `08:30`."""
    match = _TIME.fullmatch(text)
    return (int(match[1]), int(match[2])) if match else None


@lru_cache(maxsize=1)
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


def _likely(word: str, known: frozenset[str], otherwise: str) -> str:
    near = guess(word, sorted(known), "names")
    return near if near.startswith("Did you mean") else otherwise
