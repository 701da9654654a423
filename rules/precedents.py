"""Decided before, and like this: which earlier decisions are shown to whoever decides now (M139, M56)."""

from __future__ import annotations

import heapq
import math
import re
from array import array
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from rules.items import Decision, Item, Trouble

#: So many are shown: who decides reads them on a phone.
SHOWN: Final = 3
#: The share of what a case says, weighed by how rare it is, that another must say too to be called like it.
LIKE_FROM: Final = 0.25
#: A word that so many cases have tells nothing; its list is not walked.
_COMMON: Final = 5000
_WORD = re.compile(r"[^\W\d_]{3,}")
_CODE = re.compile(r"[\w-]*\d[\w-]*")  # names one thing
#: A number or a sum in its canonical form; anything short without a figure is a choice, or as good as one.
_SIZED = re.compile(r"(-?\d{1,15}(?:\.\d{1,6})?)( [A-Z]{3})?", re.ASCII)
_CHOICE = 30
_MOST_WORDS = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Precedent:
    """An earlier decision that is like the one to be made, and how its item ended."""

    key: str
    decision: Decision
    ended: str
    permalink: str | None


def case_of(item: Item, trouble: Trouble) -> str:
    """What a decision rested on, as words that cases are compared by: the request's own and its values.

    Sums and numbers count by their size (half a doubling is one step), since no two are the same; what names one thing
    alone (an order, a date) counts not at all.
    """
    values = {**item.fields, **trouble.values}
    told = [word for name, value in sorted(values.items()) for word in _value(name, value)]
    words = dict.fromkeys(_WORD.findall(_CODE.sub(" ", item.text.casefold())))
    return " ".join([*told, *list(words)[:_MOST_WORDS]])


def _value(name: str, value: str) -> list[str]:
    if sized := _SIZED.fullmatch(value):
        size = abs(float(sized[1]))
        return [f"{name}~{round(math.log2(size) * 2) if size else 0}{(sized[2] or '').strip()}"]
    if len(value) <= _CHOICE and not any(c.isdigit() for c in value):
        return [f"{name}={value.casefold().replace(' ', '_')}"]
    return []


class Cases:
    """The decided cases of one code, found by the words they share, the rare ones first.

    TF-IDF over an inverted index; about 100,000 cases are searched in some milliseconds.
    """

    def __init__(self) -> None:
        self._having: defaultdict[str, array[int]] = defaultdict(lambda: array("I"))
        self._lengths: array[float] = array("f")
        self.refs: list[tuple[str, int]] = []  # item and the number of its exception

    def add(self, item: str, n: int, case: str) -> None:
        """One more; a case that is there already is known by whoever adds it."""
        number, words = len(self.refs), set(case.split())
        self.refs.append((item, n))
        self._lengths.append(math.sqrt(len(words)) or 1.0)
        for word in words:
            self._having[word].append(number)

    def nearest(self, case: str, most: int) -> list[tuple[str, int]]:
        """The cases most like this one, the likest first, the newer of two equals; none that is not like it at all."""
        if not self.refs:
            return []
        weights = {word: self._weight(word) for word in set(case.split())}
        whole = sum(weights.values())
        known = sorted((word for word in weights if word in self._having), key=lambda word: len(self._having[word]))
        scores: defaultdict[int, float] = defaultdict(float)
        for place, word in enumerate(known):
            having = self._having[word]
            if place and len(having) > _COMMON:
                break
            for number in having[-_COMMON:]:
                scores[number] += weights[word]
        found = heapq.nlargest(
            most * 8, ((score / self._lengths[number], number, score) for number, score in scores.items())
        )
        like = [(number, score) for _, number, score in found if whole and score / whole >= LIKE_FROM]
        return [self.refs[number] for number, _ in like[:most]]

    def _weight(self, word: str) -> float:
        having = len(self._having[word]) if word in self._having else 0
        return math.log((1 + len(self.refs)) / (1 + having)) + 0.1


def precedents(found: Iterable[tuple[Item, int]], of: Item) -> list[Precedent]:
    """The decisions as they stand now: what was made void since says nothing."""
    shown = []
    for item, n in found:
        trouble = item.exceptions[n] if n < len(item.exceptions) else None
        if item.key == of.key or trouble is None or trouble.decision is None:
            continue
        if trouble.state in ("approved", "rejected"):
            shown.append(
                Precedent(
                    key=item.key, decision=trouble.decision, ended=_ended(item, trouble.decision.at),
                    permalink=item.source.permalink,
                )
            )  # fmt: skip
    return shown[:SHOWN]


def _ended(item: Item, decided_at: datetime) -> str:
    """How it went on after the decision, in a word or two."""
    if item.closed_at is None:
        return "still open"
    again = "opened again, then " if item.reopened is not None and item.reopened.at > decided_at else ""
    return f"{again}{item.outcome}"
