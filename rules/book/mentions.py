"""Whole words in a stranger's text, in any case and any script: what `mentions(...)` of a condition means."""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from typing import Any

import re2

_WORD = r"\p{L}\p{M}\p{N}_"
_SPACE = r"[\s\p{Z}\x{85}]+"
# Slack writes italics as _refund_, so underscores at the rim belong to no word.
_BEFORE = rf"(?:^|[^{_WORD}])_*"
_AFTER = rf"_*(?:$|[^{_WORD}])"

# Scripts that write no spaces between words: there a phrase may stand inside a run of letters.
_UNSPACED = ((0x0E00, 0x0EFF), (0x1000, 0x109F), (0x1780, 0x17FF), (0x3040, 0x30FF), (0x3400, 0x9FFF), (0xF900, 0xFAFF))

_MARKS = re2.compile(r"\p{M}{31}")


def mentions(text: str, phrases: tuple[str, ...]) -> bool:
    """Whether one of the phrases stands in the text as whole words; white space within a phrase is flexible."""
    return _compiled(phrases).search(_plain(text)) is not None


def speaks(phrase: str) -> bool:
    """Whether a phrase has anything to look for."""
    return any(unicodedata.category(letter)[0] in "LNS" for letter in phrase)


@lru_cache(maxsize=16)
def _plain(text: str) -> str:
    """The text as it is compared: one form for each letter (NFKC), folded case, straight apostrophes."""
    if _MARKS.search(text):
        # Normalizing sorts a run of marks in quadratic time; UAX #15, section 13 (Stream-Safe Text) allows 30.
        text = re2.sub(r"(\p{M}{30})\p{M}+", r"\1", text)
    folded = unicodedata.normalize("NFKC", text).casefold()
    return unicodedata.normalize("NFKC", folded).replace("’", "'")


@lru_cache(maxsize=1024)
def _compiled(phrases: tuple[str, ...]) -> Any:
    options = re2.Options()
    options.log_errors = False
    return re2.compile("|".join(_pattern(_plain(phrase)) for phrase in phrases), options)


def _pattern(phrase: str) -> str:
    words = phrase.split()
    middle = _SPACE.join(re2.escape(word) for word in words)
    before = _BEFORE if _needs_rim(words[0][0]) else ""
    after = _AFTER if _needs_rim(words[-1][-1]) else ""
    return f"{before}{middle}{after}"


def _needs_rim(letter: str) -> bool:
    """A rim is where a letter would go on: `c++` needs none behind it, nor does a word of a script without spaces."""
    if unicodedata.category(letter)[0] not in "LMN":
        return False
    return not any(low <= ord(letter) <= high for low, high in _UNSPACED) and ord(letter) < 0x20000
