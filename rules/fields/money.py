"""Amounts of money: `$1.2k`, `1.200,50 €`, `CHF 50.-`, `300 euros`; canonical `450.00 USD`; linear, never a float."""

from __future__ import annotations

import re
from decimal import Decimal

from rules.book.field import Field
from rules.fields import currencies
from rules.fields.calendar_words import months
from rules.fields.currency_beside import Beside, behind, in_front
from rules.fields.found import Context, Mention
from rules.fields.numerals import SPACES, Numeral, numerals, scale, worth
from rules.fields.plain import SPOILT

_AND = rf"(?:(?:and|und|et|y|e|en|con|com)[{SPACES}])?"
_DASHED_CENTS = re.compile(r"[.,:][-–—]{1,2}(?!\w)")  # 50.- and 50,– and the Swedish 50:-
_RANGE_IN_FRONT = re.compile(r"\s?(?:[-–—/]|\s(?:to|or|bis|oder|à|a|ou|o|hasta|até|tot|en|and)\s)\s?")
_MORE_BEHIND = re.compile(r"\s?[-–—]\s?[^\w\s]{0,2}\d|/\d|\s?[x×*]\s?\d|[\d%_" + SPOILT + "]")
_TIMES_IN_FRONT = re.compile(r"\d\s?[xX×*]\s?$|(?<!\w)[x×*]\s$|×$")
_MINUS_IN_FRONT = re.compile(r"(?<!\w)[-–]$|\bminus\s$", re.IGNORECASE)
_POINT_IN_FRONT = re.compile(r"(?<![\w.])[.,]$")  # .50
_TWO_DIGITS_BEHIND = re.compile(rf"[{SPACES}]?{_AND}\d{{2}}(?![\d%]|[.,:/]\d|[{SPACES}][^\W\d_]+[{SPACES}]?[:=])(?!\w)")
_CENTS_BEHIND = re.compile(rf"[{SPACES},]{{0,2}}{_AND}\d{{1,2}}[{SPACES}]?([^\W\d_]+|¢)")
_GLUED_CODE = re.compile(r"(?<![^\W_])[A-Z]{3}$|(?<![^\W_])(?:Rs|kr)\.?$")  # USD1200 names no thing but money
_UNIT_BEHIND = re.compile(rf"[{SPACES}]?([^\W\d_]+|¢)")
_GROUPED = re.compile(rf"\d{{1,3}}(?:[{SPACES}]\d{{3}})+")
_WORD_IN_FRONT = re.compile(rf"([^\W\d_]+)\.?[{SPACES}]{{1,2}}$")
# Behind these (and months) a short number is a name, so the space after it groups no thousands: "invoice 45 300 EUR".
_NAMES_NUMBERS = (
    "order orders invoice invoices no nr num number item items room ticket case account acct bill po ref reference id "
    "rechnung bestellung auftrag kunde nummer facture commande numéro pedido factura orden número ordine fattura nota "
    "numero factuur bestelling fatura faktura"
)


def home(field: Field, context: Context) -> tuple[str, ...]:
    """The currencies that an unnamed or shared sign may mean, first choice first: the field's, then the book's."""
    return tuple(dict.fromkeys(code for code in (field.currency, context.currency) if code))


def canonical(amount: Decimal, code: str) -> str | None:
    """`450.00 USD` with the currency's own decimals, or None when the amount has more of them than the currency."""
    exact = amount.quantize(Decimal(1).scaleb(-currencies.decimals(code)))
    return f"{exact:f} {code}" if exact == amount else None


def is_canonical(written: str) -> bool:
    """Whether this is an amount as it is stored; so `1.200 KWD` from a form is no question of separators."""
    amount, _, code = written.partition(" ")
    if not re.fullmatch(r"\d{1,15}(?:\.\d{1,4})?", amount) or code not in currencies.tender():
        return False
    return canonical(Decimal(amount), code) == written


def mentions(field: Field, text: str, context: Context) -> list[Mention]:
    """Every amount with a currency sign, code or word in plain text; unclear ones without a value.

    Three digits behind a single separator are thousands (`1.200 €`), except for currencies with three decimals.
    Unclear are: a shared sign where the home currency has another (`$` in a euro book, `kr` outside Scandinavia),
    negative amounts and those alone in parentheses, ranges (300-400 EUR), multiplications (2 x $450), cents by name,
    billions that may be of the long scale, and more decimals than the currency has.
    """
    own = home(field, context)
    found: list[Mention] = []
    before: Numeral | None = None
    taken = 0  # the end of the last amount: its currency is no other number's
    for numeral in numerals(text):
        named = not numeral.code or _GLUED_CODE.search(text[max(0, numeral.start - 4) : numeral.start])
        mention = _mention(text, numeral, before, taken, own) if named else None
        if mention is not None:
            found.append(mention)
            taken = mention.end
        before = numeral
    return found


def bare(field: Field, numeral: Numeral, text: str, context: Context) -> tuple[str | None, int]:
    """A number without a currency, as an answer to a question for money: (canonical or None, end)."""
    code = home(field, context)[0]
    end = _end_of_number(text, numeral.end, short_billion=False)
    left = text[max(0, numeral.start - 12) : numeral.start]
    sure = not (_MINUS_IN_FRONT.search(left) or _POINT_IN_FRONT.search(left) or _MORE_BEHIND.match(text, end))
    sure = sure and not _parenthesised(text, numeral.start, end)
    amount = _amount(text, numeral, code, short_billion=False) if sure else None
    return (None if amount is None else canonical(amount, code)), end


def _mention(text: str, numeral: Numeral, before: Numeral | None, taken: int, own: tuple[str, ...]) -> Mention | None:
    """The amount of money that a number is part of, or None when no currency stands beside it."""
    front = in_front(text, taken, numeral.start, own)
    number_end = _end_of_number(text, numeral.end, short_billion=front is not None)
    back = behind(text, number_end, own, scaled=scale(text, numeral.end) is not None)
    if front is None and back is None:
        unit = _UNIT_BEHIND.match(text, number_end)
        return Mention(numeral.start, unit.end(), None) if unit and currencies.hundredth(unit.group(1)) else None
    start = front.edge if front else numeral.start
    end = back.edge if back else number_end
    code = _currency(front, back, own)
    if code is None or _changed_by_neighbours(text, start, end, number_end):
        return Mention(start, end, None)
    if _follows_a_number(text, before, start, taken, shared=front is not None and back is None):
        return Mention(start, end, None)
    amount = _amount(text, numeral, code, short_billion=front is not None)
    return Mention(start, end, None if amount is None else canonical(amount, code))


def _currency(front: Beside | None, back: Beside | None, own: tuple[str, ...]) -> str | None:
    """The one currency that is meant; None where the two sides differ, or a minus or bracket stands between."""
    if (front and front.turned) or (back and back.turned):
        return None
    if front and back:
        codes = tuple(code for code in back.codes if code in front.codes)
    else:
        codes = (front or back or Beside((), 0)).codes
    return currencies.chosen(codes, own)


def _amount(text: str, numeral: Numeral, code: str, *, short_billion: bool) -> Decimal | None:
    if _GROUPED.fullmatch(numeral.written):
        word = _WORD_IN_FRONT.search(text[max(0, numeral.start - 14) : numeral.start])
        named = word.group(1).casefold() if word else ""
        if named in _NAMES_NUMBERS.split() or named in months():
            return None
    scaled = scale(text, numeral.end, short_billion=short_billion)
    amount = worth(numeral.written, triple="" if scaled or currencies.decimals(code) == 3 else ".,")
    if amount is None or scaled is None:
        return amount
    return amount.scaleb(scaled[0]) if scaled[0] > 0 else None


def _end_of_number(text: str, end: int, *, short_billion: bool) -> int:
    dashed = _DASHED_CENTS.match(text, end)
    if dashed:
        return dashed.end()
    scaled = scale(text, end, short_billion=short_billion)
    return scaled[1] if scaled else end


def _changed_by_neighbours(text: str, start: int, end: int, number_end: int) -> bool:
    """Whether what stands around makes it another amount: a minus, a range, a factor, cents, letters."""
    left = text[max(0, start - 12) : start]
    if _MINUS_IN_FRONT.search(left) or _TIMES_IN_FRONT.search(left) or _POINT_IN_FRONT.search(left):
        return True
    runs_on = text[end : end + 1].isalpha() and max(text[end], text[end - 1]) < "\u2e80"
    if runs_on or _MORE_BEHIND.match(text, end) or _parenthesised(text, start, end):
        return True
    cents = _CENTS_BEHIND.match(text, end)
    if cents and currencies.hundredth(cents.group(1)):
        return True
    return end > number_end and _TWO_DIGITS_BEHIND.match(text, end) is not None  # 15 USD 50


def _follows_a_number(text: str, before: Numeral | None, start: int, taken: int, *, shared: bool) -> bool:
    """300 to 400 EUR: a number without a currency of its own leads to this one. 300 EUR 40: whose is it?"""
    if before is None or before.code or before.end <= taken:
        return False
    gap = text[before.end : start][:12]
    return bool(_RANGE_IN_FRONT.fullmatch(gap)) or (shared and len(gap) <= 2 and not gap.strip(SPACES))


def _parenthesised(text: str, start: int, end: int) -> bool:
    """(450.00 USD): a negative to an accountant, an aside to everyone else. An aside stands behind a word."""
    if text[start - 1 : start] != "(" or text[end : end + 1] != ")":
        return False
    return not text[max(0, start - 4) : start - 1].rstrip(SPACES)[-1:].isalnum()
