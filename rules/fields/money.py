"""Amounts of money: `$1.2k`, `1.200,50 €`, `CHF 50.-`, `300 euros`; canonical `450.00 USD`; linear, never a float."""

from __future__ import annotations

import re
from decimal import Decimal

from rules.book.rulebook import Field
from rules.fields import currencies
from rules.fields.found import Context, Mention
from rules.fields.numerals import SPACES, Numeral, numerals, scale, worth
from rules.fields.plain import SPOILT

_DASHED_CENTS = re.compile(r"(?:[.,]|:)[-–—]{1,2}(?!\w)")  # 50.- and 50,– and the Swedish 50:-
_WORDS_BEHIND = re.compile(rf"[{SPACES}-]?([^\W\d_]+(?:[{SPACES}.\-][^\W\d_]+){{0,2}})")
_OF = re.compile(rf"[{SPACES}](?:of|de|di)[{SPACES}]|[{SPACES}]d['’]")
_WORD_BEFORE = re.compile(rf"(?<![^\W_])([^\W\d_]{{2,8}}\.?)[{SPACES}:]{{0,2}}$")
_RANGE_BEFORE = re.compile(r"\s?(?:[-–—/]|\s(?:to|or|bis|oder|à|a|ou|o|hasta|até|tot|en|and)\s)\s?")
_RANGE_BEHIND = re.compile(r"\s?[-–—]\s?[^\w\s]{0,2}\d|/\d|\s?[x×*]\s?\d")
_TIMES_BEFORE = re.compile(r"(?:\d\s?[xX×*]|[x×*])\s?$")
_NEGATIVE_BEFORE = re.compile(r"(?:^|[\s(:=])[-–]$|[-–]$|\bminus\s$")
_MORE_DIGITS = re.compile(rf"[{SPACES}]?(?:(?:and|und|et|y|e|en)[{SPACES}])?(\d{{1,2}})(?![\d.,:/%]|[{SPACES}]?[^\W_])")
_CENTS_BEHIND = re.compile(rf"[{SPACES},]{{0,2}}(?:(?:and|und|et|y|e|en)[{SPACES}])?\d{{1,2}}[{SPACES}]?([^\W\d_]+|¢)")
# Behind these (and months) a short number is a name, so the space after it groups no thousands: "invoice 45 300 EUR".
_NAMES_NUMBERS = frozenset(
    "order orders invoice invoices no nr num number item items room ticket case account acct bill po ref reference id "
    "rechnung bestellung auftrag kunde nummer facture commande numéro pedido factura orden número ordine fattura numero "
    "factuur bestelling nota fatura faktura jan feb mar march mars apr april may mai june juin juni july juli juillet "
    "aug august sep sept oct october nov november dec december".split()
)
_GROUPED = re.compile(rf"\d{{1,3}}(?:[{SPACES}]\d{{3}})+")


def home(field: Field, context: Context) -> tuple[str, ...]:
    """The currencies that an unnamed or shared sign may mean, first choice first: the field's, then the book's."""
    return tuple(dict.fromkeys(code for code in (field.currency, context.currency) if code))


def canonical(amount: Decimal, code: str) -> str | None:
    """`450.00 USD` with the currency's own decimals, or None when the amount has more of them than the currency."""
    step = Decimal(1).scaleb(-currencies.decimals(code))
    exact = amount.quantize(step)
    return f"{exact:f} {code}" if exact == amount else None


def mentions(field: Field, text: str, context: Context) -> list[Mention]:
    """Every amount with a currency sign, code or word in plain text; unclear ones without a value.

    Unclear are: a shared sign where the home currency has another (`$` in a euro book, `kr` outside Scandinavia),
    negative amounts and those alone in parentheses, ranges (300-400 EUR), multiplications (2 x $450), cents by name,
    more decimals than the currency has, and `1.200` for a currency with three decimals (elsewhere three digits
    behind a single separator are thousands).
    """
    own = home(field, context)
    found: list[Mention] = []
    before: Numeral | None = None
    taken = 0  # behind the currency of the amount before: "300 EUR 40" gives EUR to 300 or to nobody
    for numeral in numerals(text):
        if not numeral.code:
            mention = _Amount(text, numeral, before, own, taken).mention()
            if mention is not None:
                found.append(mention)
                taken = mention.end
        before = numeral
    return found


def bare(field: Field, numeral: Numeral, text: str, context: Context) -> tuple[str | None, int]:
    """A number without a currency, as an answer to a question for money: (canonical or None, end)."""
    own = home(field, context)
    return _Amount(text, numeral, None, own, numeral.start).valued(own[0])


class _Amount:
    """One numeral and what stands around it."""

    def __init__(
        self, text: str, numeral: Numeral, before: Numeral | None, own: tuple[str, ...], taken: int
    ) -> None:
        self.text, self.numeral, self.before, self.own, self.taken = text, numeral, before, own, taken
        self.start, self.end = numeral.start, numeral.end

    def mention(self) -> Mention | None:
        """The amount of money that stands here, or None when no currency stands with the number."""
        in_front = self._currency_in_front()
        self.end = numeral_end = self._end_of_number(short_billion=bool(in_front))
        behind = self._currency_behind()
        if not in_front and not behind:
            return self._cents()
        value = self._value(in_front, behind, numeral_end)
        return Mention(self.start, self.end, value)

    def valued(self, code: str) -> tuple[str | None, int]:
        """(canonical amount in that currency, end of the number with its scale); None: not certain."""
        end = self._end_of_number(short_billion=False)
        amount = self._number(code, end)
        if self._spoilt() or _NEGATIVE_BEFORE.search(self.text[max(0, self.start - 7) : self.start]):
            amount = None
        return (None if amount is None else canonical(amount, code)), end

    def _value(self, in_front: tuple[str, ...], behind: tuple[str, ...], numeral_end: int) -> str | None:
        codes = tuple(code for code in behind if code in in_front) if in_front and behind else in_front or behind
        code = currencies.chosen(codes, self.own) if codes else None
        if code is None or self._ambiguous_neighbours(shared=bool(in_front) and not behind):
            return None
        amount = self._number(code, numeral_end)
        return None if amount is None else canonical(amount, code)

    def _number(self, code: str, end: int) -> Decimal | None:
        written = self.numeral.written
        if _GROUPED.fullmatch(written):
            word = _WORD_BEFORE.search(self.text[max(0, self.start - 14) : self.start])
            if word and word.group(1).rstrip(".").casefold() in _NAMES_NUMBERS:
                return None
        scaled = scale(self.text, self.numeral.end, short_billion=self.start < self.numeral.start)
        amount = worth(written, triple="" if scaled or currencies.decimals(code) == 3 else ".,")
        if amount is None or not scaled:
            return amount
        return None if scaled[0] < 0 else amount.scaleb(scaled[0])

    def _end_of_number(self, *, short_billion: bool) -> int:
        end = self.numeral.end
        dashed = _DASHED_CENTS.match(self.text, end)
        if dashed:
            return dashed.end()
        scaled = scale(self.text, end, short_billion=short_billion)
        return scaled[1] if scaled else end

    def _currency_in_front(self) -> tuple[str, ...]:
        """The currencies named in front of the number; moves `start` there."""
        floor = max(self.taken, self.start - 24)
        left = self.text[floor : self.start]
        near = left.rstrip(SPACES)
        if len(left) - len(near) > 2:
            return ()
        for sign, codes in currencies.signs().items():
            if near.endswith(sign) and not _letter(near[: -len(sign)][-1:], sign[0]):
                self.start = floor + len(near) - len(sign)
                return codes
        if near.endswith("$"):  # letters in front that no currency has: X$ 40
            self.start = floor + len(near) - 1
            return ("?", "??")
        word = _WORD_BEFORE.search(near)
        if word is None:
            return ()
        named = word.group(1).rstrip(".")
        codes = currencies.coded(named, self.own) or (("EUR",) if named.casefold() in ("euro", "euros") else ())
        if codes:
            self.start = floor + word.start(1)
        return codes

    def _currency_behind(self) -> tuple[str, ...]:
        """The currencies named behind the number; moves `end` there."""
        at = self.end
        of = _OF.match(self.text, at)
        if of and self.end > self.numeral.end:  # "2 million de dollars"; without a scale word "5 of them"
            at = of.end()
        gap = at
        while gap < len(self.text) and gap - at < 2 and self.text[gap] in SPACES:
            gap += 1
        for sign, codes in currencies.signs().items():
            if self.text.startswith(sign, gap):
                after = self.text[gap + len(sign) : gap + len(sign) + 1]
                if _letter(after, sign[-1]):
                    continue
                if after.isdigit() and gap > at:
                    return ()  # "10023 $45": the sign belongs to what it is glued to
                self.end = gap + len(sign)
                return codes
        return self._word_behind(at)

    def _word_behind(self, at: int) -> tuple[str, ...]:
        match = _WORDS_BEHIND.match(self.text[at : at + 40])
        phrase = match.group(1) if match else ""
        while match and phrase:
            codes = currencies.words().get(" ".join(phrase.split()).casefold(), ())
            codes = codes or (currencies.coded(phrase, self.own) if phrase.isalpha() else ())
            end = at + match.start(1) + len(phrase)
            if codes and self.text[end : end + 1] not in ("_", SPOILT):
                self.end = end
                late = scale(self.text, end)  # "75 USD millones"
                if late and self.text[end : end + 1] in SPACES and self.end == end and late[1] - end > 2:
                    return ("?", "??")
                return codes
            phrase = phrase[: max(phrase.rfind(s) for s in SPACES + ".-")] if not phrase.isalpha() else ""
        return ()

    def _cents(self) -> Mention | None:
        """`99 cents` is money, but of which currency and how much beside it is not said in one place."""
        match = re.compile(rf"[{SPACES}]?([^\W\d_]+|¢)").match(self.text, self.end)
        if match and currencies.hundredth(match.group(1)):
            return Mention(self.start, match.end(), None)
        return None

    def _spoilt(self) -> bool:
        after = self.text[self.end : self.end + 1]
        return after in ("_", SPOILT, "%") and bool(after)

    def _ambiguous_neighbours(self, *, shared: bool) -> bool:
        """Whether what stands around makes the amount another one, or leaves open whose the currency is."""
        text, start, end = self.text, self.start, self.end
        left = text[max(0, start - 12) : start]
        between = text[max(0, self.start - 12) : self.numeral.start]
        if _NEGATIVE_BEFORE.search(between[len(left) :]) or self._spoilt() or text[end : end + 1].isdigit():
            return True
        if text[end : end + 1].isalpha() and text[end] < "\u2e80" and text[end - 1] < "\u2e80":
            return True
        if _RANGE_BEHIND.match(text[end : end + 12]) or _TIMES_BEFORE.search(left):
            return True
        if self._follows_a_number() or (_NEGATIVE_BEFORE.search(left) and not self._dash_parts_words(left)):
            return True
        more, cents = _MORE_DIGITS.match(text, end), _CENTS_BEHIND.match(text, end)
        if (more and end > self.numeral.end) or (cents and currencies.hundredth(cents.group(1))):
            return True
        if self._parenthesised():
            return True
        return shared and self._sign_between_numbers()

    def _follows_a_number(self) -> bool:
        """300-400 EUR, 300 to 400 EUR: the first of the two has no currency of its own."""
        before = self.before
        if before is None or before.code or before.end < self.taken:
            return False
        return bool(_RANGE_BEFORE.fullmatch(self.text[before.end : self.start][:12]))

    def _dash_parts_words(self, left: str) -> bool:
        """`ORD-12345 -$40` is negative; a dash at the end of a word (`fee-$40`) only joins."""
        return left[-2:-1].isalpha()

    def _parenthesised(self) -> bool:
        """(450.00 USD): a negative to an accountant, an aside to others. An aside stands behind a word."""
        text = self.text
        opens = text[self.start - 1 : self.start] == "(" and text[self.end : self.end + 1] == ")"
        inside = "(" in text[self.start : self.numeral.start] or ")" in text[self.numeral.end : self.end]
        if not opens:
            return inside or (text[self.start - 1 : self.start] == "(" and text[self.numeral.end : self.end][:1] == ")")
        before = text[max(0, self.start - 4) : self.start - 1].rstrip(SPACES)
        return not before or not before[-1].isalnum()

    def _sign_between_numbers(self) -> bool:
        """`300 EUR 40`: the word belongs to either number, unless it is glued to this one."""
        before = self.before
        if before is None or before.code or self.text[self.numeral.start - 1] not in SPACES:
            return False
        gap = self.text[before.end : self.start]
        return self.taken <= before.end and len(gap) <= 2 and not gap.strip(SPACES)


def _letter(neighbour: str, edge: str) -> bool:
    """Whether a sign's edge letter runs on into a word (`Kr` of `Kraft`, the `S$` of `OS$`)."""
    if not neighbour.isalpha() or neighbour >= "\u2e80":
        return False
    return edge.isalpha() or edge == "$"


def is_canonical(written: str) -> bool:
    """Whether this is an amount as it is stored; so `1.200 KWD` from a form is no question of separators."""
    amount, _, code = written.partition(" ")
    if not re.fullmatch(r"\d{1,15}(?:\.\d{1,4})?", amount) or code not in currencies.tender():
        return False
    return canonical(Decimal(amount), code) == written
