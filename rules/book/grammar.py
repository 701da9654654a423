"""The words that a condition may use, read before rule-engine does: so every refusal has its place and its hint."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from itertools import zip_longest
from typing import Literal

from rapidfuzz import fuzz, process

from rules.book.patterns import shortened

Kind = Literal["string", "date", "number", "name", "sign"]

BUILT_IN = ("text", "sender", "subject", "channel", "now")
FUNCTIONS = ("mentions", "matches", "minutes", "hours", "days", "weeks")
WORDS = ("and", "or", "not", "in", "true", "false")
RESERVED = (*WORDS, "null", "nan", "inf", "for", "if", "else", "elif", "while")
LONGEST = 2_000

_SIGNS = ("==", "!=", ">=", "<=", ">", "<", "+", "-", "*", "/", "%", "(", ")", "[", "]", ",", ".")
_TOKEN = re.compile(
    r"(?P<space>\s+)"
    r"|(?P<string>[A-Za-z]*(?P<quote>[\"'])(?:[^\\\n]|\\.)*?(?P=quote))"
    r"|(?P<number>\d+(?:\.\d+)?)"
    r"|(?P<name>[^\W\d]\w*)"
    r"|(?P<sign>[=!]~~?|\*\*|//|<<|>>|&&|\|\||\?\?|[=!<>]=|.)",
    re.DOTALL,
)
_DAY = re.compile(r"d(['\"])\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d)?)?\1")
_NO_REGEX = "Use matches(field, 'pattern'), which runs in linear time."
_HINTS = {
    "=": "Did you mean `==`?",
    "=~": _NO_REGEX,
    "=~~": _NO_REGEX,
    "!~": _NO_REGEX,
    "!~~": _NO_REGEX,
    "&&": "Did you mean `and`?",
    "&": "Did you mean `and`?",
    "||": "Did you mean `or`?",
    "|": "Did you mean `or`?",
    "!": "Did you mean `not`?",
    "?": "Write it with and, or, not.",
    "$": "Write the number alone; its currency is the field's.",
    "€": "Write the number alone; its currency is the field's.",
    "£": "Write the number alone; its currency is the field's.",
    "“": 'Use straight quotes: "...".',
    "”": 'Use straight quotes: "...".',
    '"': "A quote is not closed.",
    "'": "A quote is not closed.",
}


class ConditionError(ValueError):
    """A condition that can't be used: `sentence` (without full stop), `meant` (a sentence or ""), `offset` in it."""

    def __init__(self, sentence: str, meant: str = "", offset: int = 0) -> None:
        super().__init__(f"{sentence}. {meant}".rstrip())
        self.sentence = sentence
        self.meant = meant
        self.offset = offset


@dataclass(frozen=True, slots=True)
class Token:
    """A word of a condition and where it begins."""

    kind: Kind
    text: str
    offset: int


def tokens(source: str, fields: Collection[str]) -> tuple[Token, ...]:
    """The condition's words, each of them known. Raises ConditionError at the first that is not."""
    if len(source) > LONGEST:
        raise ConditionError(f"the condition is longer than {LONGEST} characters")
    found: list[Token] = []
    for match in _TOKEN.finditer(source):
        kind, text = match.lastgroup, match[0]
        if kind == "space":
            continue
        token = Token(_kind(match), text, match.start())
        attribute = bool(found) and found[-1].text == "."
        _check(token, fields, attribute)
        found.append(token)
    _called(found)
    return tuple(found)


def raw_patterns(source: str, found: tuple[Token, ...]) -> str:
    """The source with the pattern of every `matches` call as a raw string: a pattern's backslash is its own."""
    pieces: list[str] = []
    done = depth = 0
    inside = False
    for previous, token in zip((None, *found), found, strict=False):
        if token.text == "(":
            inside = inside or (previous is not None and previous.text == "matches")
            depth += inside
        elif token.text == ")" and inside:
            depth -= 1
            inside = depth > 0
        elif inside and token.kind == "string" and token.text[0] != "r":
            pieces += [source[done : token.offset], "r"]
            done = token.offset
    return "".join([*pieces, source[done:]])


def nearest(word: str, known: Collection[str]) -> str:
    """The hint "Did you mean `amount`?", or "" where nothing is near."""
    near = process.extractOne(
        word.casefold(), sorted(known), scorer=fuzz.ratio, processor=str.casefold, score_cutoff=65
    )
    return f"Did you mean `{near[0]}`?" if near else ""


def usage(name: str) -> str:
    """How a function is written."""
    usages = {"mentions": 'mentions("refund", "money back")', "matches": "matches(text, 'ORD-\\d+')"}
    return f"Write it like {usages.get(name, f'{name}(4)')}."


def _called(found: list[Token]) -> None:
    """A function's name alone says nothing."""
    for token, after in zip_longest(found, found[1:]):
        if token.kind == "name" and token.text in FUNCTIONS and (after is None or after.text != "("):
            raise ConditionError(f"`{token.text}` needs brackets", usage(token.text), token.offset)


def _kind(match: re.Match[str]) -> Kind:
    if match["string"] is not None:
        return "date" if match[0][0] == "d" else "string"
    if match["number"] is not None:
        return "number"
    return "name" if match["name"] is not None else "sign"


def _check(token: Token, fields: Collection[str], attribute: bool) -> None:
    text, offset = token.text, token.offset
    if token.kind == "date" and not _DAY.fullmatch(text):
        raise ConditionError(f"`{shortened(text)}` is not a day", 'Write d"2026-12-31" or d"2026-12-31T17:00".', offset)
    if token.kind == "string" and text[0] not in "r'\"":
        raise ConditionError(f"`{shortened(text)}` is not a text", "Write it in quotes alone.", offset)
    if token.kind == "sign" and text not in _SIGNS:
        raise ConditionError(f"`{text}` is not used in conditions", _HINTS.get(text, ""), offset)
    if token.kind == "name" and not attribute and text not in {*fields, *BUILT_IN, *FUNCTIONS, *WORDS}:
        known = [*fields, *BUILT_IN, *FUNCTIONS, *WORDS]
        meant = nearest(text, known) or f"Known here: {', '.join([*fields, *BUILT_IN])}."
        raise ConditionError(f"unknown field `{shortened(text)}`", meant, offset)
