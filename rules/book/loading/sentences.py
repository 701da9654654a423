"""What must be one plain sentence: a promise, what a code means, why a gate exists."""

from __future__ import annotations

import re

from rules.book.loading.shape import Loading, Part
from rules.book.loading.source import Node

_LONGEST = 160
_ABBREVIATION = re.compile(r"\b(e\.g|i\.e|etc|Mr|Mrs|Ms|Dr|St|No|vs|approx)\.", re.IGNORECASE)
_SECOND = re.compile(r"[.!?…][\"'”’)]*\s+\S")


def needed_sentence(part: Part, key: str, meant: str) -> str:
    """The sentence under a key that must be there."""
    node = part.value(key)
    if node is None:
        part.missing(key, meant)
        return ""
    return one_sentence(part.loading, node, f"`{key}` of {part.name}")


def one_sentence(loading: Loading, node: Node, name: str) -> str:
    """A text of at least two words, one sentence, short enough to be read at a glance."""
    text = loading.text_of(node, name)
    if not text:
        return ""
    if len(text.split()) < 2:
        loading.at(node, f"{name} is not a sentence", "Say it so that someone new understands it.")
    elif _SECOND.search(_ABBREVIATION.sub(r"\1", text)):
        loading.at(
            node, f"{name} is more than one sentence", "If one sentence can't say it, the rule is still too fuzzy."
        )
    elif len(text) > _LONGEST:
        loading.at(node, f"{name} is longer than {_LONGEST} characters", "One short sentence, read at a glance.")
    return text
