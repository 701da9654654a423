"""Fields with a pattern of the rulebook: the matched text, as a whole token, by RE2 in linear time."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from rules.book.field import Field
from rules.book.patterns import PatternError, compiled
from rules.fields.found import Context, Mention

MENTIONS_AT_MOST = 50  # each search walks the text once more

_WORD = r"\pL\pM\pN\x{fffd}"
# Slack writes bold and italics as *ORD-1* and _ORD-1_, so underscores at the rim belong to no token.
_WHOLE = rf"(?:^|[^{_WORD}_])_*({{}})_*(?:$|[^{_WORD}_])"
_LONGER_BEFORE = re.compile(r"\w[-/.]$|[#@]$")
_LONGER_BEHIND = re.compile(r"-\w")


def mentions(field: Field, text: str, _context: Context) -> list[Mention]:
    """Every whole token of plain text that the field's pattern matches, as written.

    `ORD-\\d{5}` is not found inside ORD-123456. A token that goes on behind a hyphen (ORD-12345-B) is unclear, and so
    is one that would match but for capital letters (ord-12345). Without a pattern, or with one that RE2 refuses
    (the loader does too), nothing is found.
    """
    if not field.pattern:
        return []
    found = [
        Mention(start, end, None if _goes_on(text, start, end) else text[start:end])
        for start, end in _tokens(field.pattern, text)
    ]
    if found:
        return found
    return [Mention(start, end, None) for start, end in _tokens(f"(?i:{field.pattern})", text)]


def matches(field: Field, raw: str) -> bool:
    """Whether the whole of `raw` matches, anchors of the pattern included."""
    expression = _expression(field.pattern or "")
    return expression is not None and expression.fullmatch(raw) is not None


def _tokens(pattern: str, text: str) -> list[tuple[int, int]]:
    expression = _expression(_WHOLE.replace("{}", f"(?:{pattern})"))
    spans: list[tuple[int, int]] = []
    at = 0
    while expression is not None and at <= len(text) and len(spans) < MENTIONS_AT_MOST:
        match = expression.search(text, at)
        if match is None:
            break
        start, end = match.span(1)
        if end > start:
            spans.append((start, end))
        # The character that closed this token may open the next one.
        at = max(end, at + 1)
    return spans


def _goes_on(text: str, start: int, end: int) -> bool:
    before = text[max(0, start - 2) : start]
    return bool(_LONGER_BEFORE.search(before) and before[-1] == "-") or bool(_LONGER_BEHIND.match(text, end))


@lru_cache(maxsize=512)
def _expression(pattern: str) -> Any:
    try:
        return compiled(pattern)
    except PatternError:
        return None
