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

_POWERS = {
    3: "k tsd thousand tausend mille mila duizend tusen mil",
    4: "万 萬",
    5: "lakh lakhs",
    6: "m mm mn mio mln million millions millionen millones millón millon milhão milhões milhao milhoes milione "
    "milioni miljoen miljon miljoner milyon",
    7: "crore crores",
    8: "億 亿",
    9: "bn mrd mld milliard milliards milliarde milliarden miliardo miliardi miljard miljarder milyar",
}
_SCALES = {word: power for power, words in _POWERS.items() for word in words.split()} | {"mil millones": 9}
_SHORTENED = ("mio", "mrd", "tsd", "mld")
# A long-scale billion is a thousand times a short-scale one; the others are short for different things.
_TWO_MEANINGS = (
    "billion billions billionen billón billones bilhão bilhões bilião biliões bilione bilioni biljoen trillion "
    "trillions bln mill mi bi b lac lacs cr hundred grand dozen 千 百 十"
)
_SCALE_LIKE = re.compile(r"mil[lhjyi]\w+|bil(?:h|j|li[oó])\w*|tril\w+")  # misspelt or of another language
_SCALE = re.compile(
    rf"[{SPACES}]?([万萬億亿千百十]|mil[{SPACES}]mill(?:ones|ón)\b|[^\W\d_]{{2,9}}(?!\w)|[kKmMbB](?!\w))"
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
    """The power of ten written at `at` (k, Mio., million, mil millones) as (power, end); power -1: it is not certain.

    None: no scale word stands there. `short_billion`: the text around is English enough to take billion as 10^9.
    A letter alone must be glued to its number or to the sign behind it: `1.2k`, `450 k€`, but not `450 m`.
    """
    match = _SCALE.match(text, at)
    if match is None:
        return None
    word, end = " ".join(match.group(1).split()).casefold(), match.end()
    if word in _SHORTENED and text[end : end + 1] == ".":
        end += 1
    if short_billion and word in ("billion", "b"):
        return 9, end
    if word in ("k", "m", "b") and match.start(1) > at and text[end : end + 1] not in tuple("€$£"):
        return -1, end
    if word in _SCALES:
        return _SCALES[word], end
    return (-1, end) if word in _TWO_MEANINGS.split() or _SCALE_LIKE.fullmatch(word) else None
