"""Plain numbers: by the field's name in an opening message, alone in an answer; canonical decimal `12.5`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal
from functools import lru_cache

from babel import Locale, UnknownLocaleError

from rules.book.field import Field
from rules.fields.found import Context, Mention
from rules.fields.numerals import SPACES, Numeral, numerals, scale, worth
from rules.fields.plain import SPOILT

# A number in front of any other word counts something (2 items, 3 days) and is no answer to "how much".
_MAY_FOLLOW = (
    "please pls thanks thank in for and or but is was back total altogether only twice again on at to from by per each "
    "i it they bitte danke insgesamt und für zurück merci svp en pour et au total por favor gracias y grazie e per "
    "graag obrigado obrigada because as since if that though sorry"
)
_NEXT_WORD = re.compile(rf"[{SPACES}]{{0,2}}([^\W\d_]+)")
_WORD_IN_FRONT = re.compile(rf"([^\W\d_]+)(?:[{SPACES}]*[:=]|[{SPACES}](?:is|of|are|was))?[{SPACES}]{{0,2}}$")
_METRES = re.compile(rf"[{SPACES}]?(?:mm|[mb])|[{SPACES}]k", re.IGNORECASE)
_GLUED_BEHIND = re.compile(rf"[\w{SPOILT}@\\]|[-–/:.,'’][\w]|[-–—/:]\s?\d")


def canonical(number: Decimal) -> str:
    """`12.5`: no exponent, no trailing zeros, so that equal numbers are equal strings."""
    if not number:
        return "0"
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def read(numeral: Numeral, text: str, context: Context) -> tuple[str | None, int]:
    """What a numeral of the text means as a plain number: (canonical or None where it is unclear, end).

    Nothing but the region says whether 1.200 is 1200 or 1.2: without one, or with spaces as its grouping, it is
    unclear. A percentage is its number. A leading minus counts.
    """
    end = numeral.end
    scaled = scale(text, end)
    if scaled and _METRES.fullmatch(text, end, scaled[1]):
        if text[end] not in SPACES:
            return None, scaled[1]  # 450m: millions or metres
        scaled = None
    amount = worth(numeral.written, triple="" if scaled else _triple(context.region))
    if scaled:
        end = scaled[1]
        amount = amount.scaleb(scaled[0]) if amount is not None and scaled[0] > 0 else None
    if amount is None:
        return None, end
    sign = text[max(0, numeral.start - 2) : numeral.start]
    if sign.endswith(("-", "–")):
        if sign[:-1].isalnum():
            return None, end
        amount = -amount
    return canonical(amount), end


def mentions(field: Field, text: str, context: Context) -> list[Mention]:
    """Numbers that the text ties to the field by its name: `seats: 12`, `12 seats`, `quantity of 3`.

    Any other number of an opening message could be anything, so it is not even unclear.
    """
    names = {_stem(word) for word in field.name.split("_") if len(word) > 1}
    found: list[Mention] = []
    for numeral in numerals(text):
        if numeral.code:
            continue
        value, end = read(numeral, text, context)
        behind = _NEXT_WORD.match(text, end)
        before = _WORD_IN_FRONT.search(text[max(0, numeral.start - 30) : numeral.start].rstrip("-–"))
        words = {_stem(match.group(1)) for match in (behind, before) if match}
        if words & names:
            found.append(Mention(numeral.start, end, None if _GLUED_BEHIND.match(text, end) else value))
    return found


def standing_alone(text: str, *, counting: bool) -> Iterator[tuple[Numeral, bool]]:
    """The numbers of an answer that are no part of something else, each with whether it is only faintly one.

    Faint is, unless things are `counting`, a number in front of a word that it may count (`2 items`).
    """
    for numeral in numerals(text):
        scaled = scale(text, numeral.end)
        end = scaled[1] if scaled else numeral.end
        if numeral.code or _GLUED_BEHIND.match(text, end):
            continue
        word = _NEXT_WORD.match(text, end)
        counts = word is not None and word.group(1).casefold() not in _MAY_FOLLOW.split()
        yield numeral, counts and not counting


@lru_cache(maxsize=64)
def _triple(region: str | None) -> str:
    """How the region reads a single separator before three digits, in the words of `numerals.worth`."""
    try:
        symbols = Locale.parse(f"und_{region}").number_symbols["latn"] if region else {}
    except (UnknownLocaleError, ValueError, KeyError):
        symbols = {}
    group, decimal = symbols.get("group"), symbols.get("decimal")
    if {group, decimal} != {".", ","}:
        return ""
    return f"{group}-{decimal}"


def _stem(word: str) -> str:
    folded = word.casefold()
    return folded[:-1] if folded.endswith("s") and len(folded) > 3 else folded
