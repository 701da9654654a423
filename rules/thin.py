"""A rationale that tells nobody anything: "ok", "per review", the reason code once more (M140)."""

from __future__ import annotations

import re
from typing import Final

_WORD = re.compile(r"[^\W_]+")
#: Words that stand for having decided and say nothing of why; and those that are only between others.
_WORDS = """
    ok okay okey k yes no yep nope sure fine good great agreed agree accept accepted approve approved approving
    approval reject rejected denied decline declined done lgtm looks right correct valid invalid go ahead
    review reviewed policy rule rules process request requested discussed discussion above below before see thread
    ticket email mail call chat na none same usual standard normal reason reasons manager
    i we you it is was this that me my as per by on for of to in with and the a an be all at
    ja nein gut passt genehmigt abgelehnt oui non si bien
"""
_EMPTY: Final = frozenset(_WORDS.split())


def is_thin(rationale: str, reason_code: str, meaning: str) -> bool:
    """Whether somebody new would learn nothing from it: one word, empty words alone, the code or its sentence again."""
    words = [word.casefold() for word in _WORD.findall(rationale)]
    if len(words) < 2 or set(words) <= _EMPTY:
        return True
    said = " ".join(words)
    return said in (_plain(reason_code), _plain(meaning))


def _plain(text: str) -> str:
    return " ".join(word.casefold() for word in _WORD.findall(text.replace("_", " ")))
