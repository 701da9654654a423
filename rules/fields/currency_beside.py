"""The currency that stands in front of a number or behind it: a sign, a code or a word, and where it ends."""

from __future__ import annotations

import re
from dataclasses import dataclass

from rules.fields import currencies
from rules.fields.numerals import SPACES, scale
from rules.fields.plain import SPOILT

UNKNOWN = ("?", "??")  # it is a currency, but nobody can say which: never resolved to one

_MINUS_OR_BRACKET = "-–("
_WORD_IN_FRONT = re.compile(rf"(?<![^\W_])([^\W\d_]{{2,8}})\.?[{SPACES}:]{{0,2}}$")
_WORDS_BEHIND = re.compile(rf"[{SPACES}-]?([^\W\d_]+(?:[{SPACES}.\-][^\W\d_]+){{0,3}})")
_OF = re.compile(rf"[{SPACES}](?:of|de|di)[{SPACES}]|[{SPACES}]d['’]")
_LATE_SCALE_LETTERS = 3
# "c $ 16", "1,34 $ c", "10 $ hk": another country's dollar, written apart from its sign.
_OTHER_DOLLAR_IN_FRONT = re.compile(rf"(?<![\w'’])(?:c|ca|can|hk|nz|au|aus|sg|nt|mx|r)[{SPACES}]$", re.IGNORECASE)
_CODED_DOLLAR = re.compile(r"(?<![^\W_])([A-Za-z]{3})\$$")
_OTHER_DOLLAR_BEHIND = re.compile(
    rf"[{SPACES}](?:c|ca|can|hk|nz|au|aus|sg|nt|mx|canadien|australien|canadiense|australiano)s?(?!\w)", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Beside:
    """The currencies that are meant, the outer edge of their sign, and whether a minus or bracket stands between."""

    codes: tuple[str, ...]
    edge: int
    turned: bool = False


def in_front(text: str, floor: int, start: int, home: tuple[str, ...]) -> Beside | None:
    """The currency named in [floor, start), right in front of the number at `start`."""
    floor = max(floor, start - 24)
    near = text[floor:start].rstrip(SPACES)
    turned = near[-1:] != "" and near[-1:] in _MINUS_OR_BRACKET
    near = near.rstrip(_MINUS_OR_BRACKET + SPACES) if turned else near
    if start - floor - len(near) > 3:
        return None
    for sign, codes in currencies.signs().items():
        if near.endswith(sign) and not _runs_on(near[: -len(sign)][-1:], sign[0]):
            if sign == "$" and _OTHER_DOLLAR_IN_FRONT.search(near[:-1]):
                codes = UNKNOWN
            return Beside(codes, floor + len(near) - len(sign), turned)
    if near.endswith("$"):
        coded = _CODED_DOLLAR.search(near)  # usd$ 15, else letters that no dollar has: X$ 40
        code = coded.group(1).upper() if coded else ""
        codes = (code,) if code in currencies.signs()["$"] else UNKNOWN
        return Beside(codes, floor + (coded.start() if coded else len(near) - 1), turned)
    word = _WORD_IN_FRONT.search(near)
    codes = currencies.coded(word.group(1), home) or _euro(word.group(1)) if word else ()
    return Beside(codes, floor + word.start(1), turned) if word and codes else None


def behind(text: str, at: int, home: tuple[str, ...], *, scaled: bool) -> Beside | None:
    """The currency named right behind the number that ends at `at`; `scaled`: with a word such as million."""
    of = _OF.match(text, at) if scaled else None  # "2 millions d'euros"; without a scale word "5 of them"
    at = of.end() if of else at
    turned = text[at : at + 1] == ")"
    at += turned
    gap = at
    while gap - at < 2 and text[gap : gap + 1] and text[gap] in SPACES:
        gap += 1
    for sign, codes in currencies.signs().items():
        if not text.startswith(sign, gap):
            continue
        after = text[gap + len(sign) : gap + len(sign) + 1]
        if after.isdigit() and gap > at:
            return None  # "10023 $45": the sign belongs to what it is glued to
        if not _runs_on(after, sign[-1]):
            if sign == "$" and _OTHER_DOLLAR_BEHIND.match(text, gap + 1):
                codes = UNKNOWN
            return Beside(codes, gap + len(sign), turned)
    return _word_behind(text, at, home, turned=turned)


def _word_behind(text: str, at: int, home: tuple[str, ...], *, turned: bool) -> Beside | None:
    match = _WORDS_BEHIND.match(text[at : at + 40])
    phrase = match.group(1) if match else ""
    while match and phrase:
        codes = currencies.words().get(" ".join(phrase.split()).casefold(), ()) or currencies.coded(phrase, home)
        end = at + match.start(1) + len(phrase)
        if codes and text[end : end + 1] not in ("_", SPOILT):
            late = scale(text, end)  # "75 USD millones": the number is another one
            more = late is not None and late[1] - end > _LATE_SCALE_LETTERS
            return Beside(UNKNOWN if more else codes, end, turned)
        phrase = "" if phrase.isalpha() else phrase[: max(phrase.rfind(mark) for mark in SPACES + ".-")]
    return None


def _euro(word: str) -> tuple[str, ...]:
    return ("EUR",) if word.casefold() in ("euro", "euros") else ()


def _runs_on(neighbour: str, edge: str) -> bool:
    """Whether a sign's edge letter runs on into a word (`Kr` of `Kraft`, the `$` of `X$`)."""
    return neighbour.isalpha() and neighbour < "\u2e80" and (edge.isalpha() or edge == "$")
