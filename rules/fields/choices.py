"""Choices: a field's value is the key of the choice that the text names by its key or one of its other words."""

from __future__ import annotations

import re
from functools import lru_cache

from rules.book.field import Field
from rules.fields.found import Context, Mention

_NOT = re.compile(
    r"(?:\b(?:not|no|non|isn['’]t|never|nicht|kein|keine|keinen|pas|sin|niet|geen|não|sem|sans|ohne|without|except|"
    r"outside)\b(?:\s(?:the|a|an|in|from|of|de|la|le|el)){0,2}[\s-]{1,2}|\bnon-)$",
    re.IGNORECASE,
)
MENTIONS_AT_MOST = 200


def mentions(field: Field, text: str, _context: Context, *, asked: bool = False) -> list[Mention]:
    """Every choice named in plain text, as whole words; signs such as € anywhere.

    A word of at most three letters that the rulebook writes in capitals (NA, EU, US) must be written so in free text,
    where `na` and `us` are other words; a whole answer may be in any case. "not EU", "non-EU" is unclear.
    """
    if asked:
        only = text.strip().strip(".!\"'`*_ ").casefold()
        for key, words in field.choices.items():
            if only in {word.casefold() for word in (key, *words)}:
                return [Mention(0, len(text), key)]
    found: list[Mention] = []
    for word, key in _words(tuple((k, tuple(w)) for k, w in field.choices.items())):
        for match in _pattern(word).finditer(text):
            denied = _NOT.search(text[max(0, match.start() - 24) : match.start()])
            found.append(Mention(match.start(), match.end(), None if denied else key))
            if len(found) >= MENTIONS_AT_MOST:
                return found
    return found


@lru_cache(maxsize=256)
def _words(choices: tuple[tuple[str, tuple[str, ...]], ...]) -> tuple[tuple[str, str], ...]:
    """(word, key) for every way to name a choice."""
    return tuple((word, key) for key, others in choices for word in dict.fromkeys((key, *others)) if word.strip())


@lru_cache(maxsize=1024)
def _pattern(word: str) -> re.Pattern[str]:
    before = r"(?<!\w)" if word[0].isalnum() else ""
    after = r"(?!\w)" if word[-1].isalnum() else ""
    exact = len(word) <= 3 and word.isupper()
    middle = r"[\s_-]".join(re.escape(part) for part in re.split(r"[\s_-]+", word.strip()) if part) or re.escape(word)
    return re.compile(before + middle + after, 0 if exact else re.IGNORECASE)
