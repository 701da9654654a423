"""Numbers as people write them: where they stand in a text and what they mean, or that they could mean two things."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from rules.fields.plain import SPOILT

DIGITS_AT_MOST = 15  # of the whole part; longer ones are account numbers, not quantities
NUMERALS_AT_MOST = 400  # in one text: behind that stands a table, not a request
SPACES = " \u00a0\u202f\u2009"

# Either thousands set apart by spaces, or digits joined by separators. Each step consumes, nothing is tried twice.
_NUMERAL = re.compile(
    rf"(?<![^\W_])(?<![#_{SPOILT}])(?<!\w[-/.,:'’])\d{{1,3}}(?:[{SPACES}]\d{{3}}(?![\d']))+(?:[.,]\d+)*"
    r"|\d+(?:[.,'’]\d+)*"
)
_WESTERN = re.compile(r"\d{1,3}(?:,\d{3})+|\d{1,2}(?:,\d{2})+,\d{3}")  # 1,200,000 and 12,00,000
_DOTTED = re.compile(r"\d{1,3}(?:\.\d{3})+")
_SPACED = re.compile(rf"\d{{1,3}}(?:[{SPACES}]\d{{3}})+")
_QUOTED = re.compile(r"\d{1,3}(?:['’]\d{3})+")

_SCALES = {
    "k": 3, "tsd": 3, "thousand": 3, "tausend": 3, "mille": 3, "mila": 3, "duizend": 3, "tusen": 3, "mil": 3,
    "m": 6, "mm": 6, "mn": 6, "mio": 6, "million": 6, "millions": 6, "millionen": 6, "millones": 6, "millón": 6,
    "milhão": 6, "milhões": 6, "milione": 6, "milioni": 6, "miljoen": 6, "miljon": 6, "miljoner": 6, "milyon": 6,
    "bn": 9, "mrd": 9, "milliard": 9, "milliards": 9, "milliarde": 9, "milliarden": 9, "miliardo": 9, "miliardi": 9,
    "miljard": 9, "miljarder": 9, "mil millones": 9, "milyar": 9, "万": 4, "萬": 4, "億": 8, "亿": 8,
}  # fmt: skip
# A long-scale billion is a thousand times a short-scale one, and a trillion is worse.
_TWO_MEANINGS = {"billion", "billions", "billionen", "billón", "billones", "bilhão", "bilhões", "bilião", "biliões",
                 "bilione", "bilioni", "biljoen", "trillion", "trillions", "mil mil", "b", "千", "百", "十"}  # fmt: skip
_SCALE = re.compile(
    rf"[{SPACES}]?(mil[{SPACES}]mill(?:ones|ón)|[^\W\d_]{{2,9}}(?![\w])\.?|[kKmMbB](?!\w)|[MmBb][MmNn](?![\w])|[万萬億亿千百十])"
)


@dataclass(frozen=True, slots=True)
class Numeral:
    """Digits at [start, end) of the text. `code`: they are part of a longer name (ORD-12345, #17, v2)."""

    start: int
    end: int
    written: str
    code: bool


def numerals(text: str) -> Iterator[Numeral]:
    """Every number written in the text, in order, 400 at most."""
    for count, match in enumerate(_NUMERAL.finditer(text)):
        if count >= NUMERALS_AT_MOST:
            return
        yield Numeral(match.start(), match.end(), match.group(), _is_code(text, match.start()))


def _is_code(text: str, start: int) -> bool:
    before = text[start - 1] if start else ""
    if not before:
        return False
    if before in "#_@\\" + SPOILT or (before.isalnum() and before < "\u2e80"):  # from there on no spaces are written
        return True
    earlier = text[start - 2] if start > 1 else ""
    if before in "-/.=&?+" and earlier.isalpha():
        # `US$-40` has no letter before its dash; `INV-300`, `page/3`, `No.7` do.
        return True
    return before in "/:.,'’" and earlier.isdigit()


def worth(written: str, *, triple: str = "") -> Decimal | None:
    """What a numeral means, or None where it could mean two things or nothing.

    With both separators the last one is decimal. One separator before exactly three digits (1.200 / 1,200) means
    thousands where `triple` holds that separator, a decimal fraction where it holds "-" and that separator, and is
    unclear (None) where it does not hold it. `0.450` and `1234.567` can only be fractions.
    """
    digits = re.sub(r"\D", "", written)
    if len(digits) > DIGITS_AT_MOST + 6:
        return None
    whole, mark, fraction = _decimal_part(written)
    if mark and len(fraction) == 3 and re.fullmatch(r"[1-9]\d{0,2}", whole):
        if f"-{mark}" in triple:
            pass
        elif mark in triple:
            whole, fraction = whole + fraction, ""
        else:
            return None
    whole_digits = _ungrouped(whole, mark if fraction else "")
    if whole_digits is None or len(whole_digits) > DIGITS_AT_MOST:
        return None
    return Decimal(f"{whole_digits}.{fraction}" if fraction else whole_digits)


def _decimal_part(written: str) -> tuple[str, str, str]:
    """(whole part as written, decimal mark, fraction); the mark is "" where there is none."""
    at = max(written.rfind("."), written.rfind(","))
    if at < 0 or written.count(written[at]) > 1:
        return written, "", ""
    return written[:at], written[at], written[at + 1 :]


def _ungrouped(whole: str, mark: str) -> str | None:
    if whole.isdigit():
        return whole
    for grouping, separator in ((_WESTERN, ","), (_DOTTED, "."), (_SPACED, SPACES), (_QUOTED, "'’")):
        if mark and mark in separator:
            continue  # 1,200,50 groups nothing properly
        if grouping.fullmatch(whole):
            return re.sub(r"\D", "", whole)
    return None


def scale(text: str, at: int, *, short_billion: bool = False) -> tuple[int, int] | None:
    """The power of ten written at `at` (k, Mio., million, mil millones) as (power, end); (-1, end): it has two meanings.

    None: no scale word stands there. `short_billion`: the text around is English enough to take billion as 10^9.
    """
    match = _SCALE.match(text, at)
    if not match:
        return None
    word = " ".join(match.group(1).rstrip(".").casefold().split())
    end = match.end() if word + "." == match.group(1).casefold() and word in ("mio", "mrd", "tsd") else match.end(1)
    if match.group(1).endswith(".") and word not in ("mio", "mrd", "tsd"):
        end -= 1
    glued = match.start(1) == at
    if len(word) == 1 and word in "mkb" and not glued:
        return None  # "450 m" is a length, "5 k" and "5 b" are nobody's habit
    if short_billion and word in ("billion", "b"):
        return 9, end
    if word in _SCALES:
        return _SCALES[word], end
    return (-1, end) if word in _TWO_MEANINGS else None
