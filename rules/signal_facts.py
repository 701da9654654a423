"""What signals are found in, as it is read from the shelves: private work is in none of it, times are UTC."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from rules.figures import Ordeal, Passage


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """The `n`th exception or gate of an item, decided; `case` is what it rested on (rules/precedents.py)."""

    item: str
    n: int
    workflow: str
    code: str
    verdict: str  # approved or rejected
    reason_code: str
    opened_at: datetime
    ended_at: datetime
    case: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Passed:
    """An item went from `giver`, who had it in the stage `left`, to `receiver`; `back`: it was sent back."""

    item: str
    workflow: str
    at: datetime
    giver: str
    receiver: str
    left: str = ""
    back: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """A closed item, from its opening to its end."""

    item: str
    workflow: str
    opened_at: datetime
    closed_at: datetime

    @property
    def seconds(self) -> float:
        return (self.closed_at - self.opened_at).total_seconds()


@dataclass(frozen=True, slots=True, kw_only=True)
class Traces:
    """All of it: the newest time from `since` to `until`, before which lies an equal one from `before` on.

    `answered` and `raised` go further back, to what is usual; the others to `before`.
    """

    before: datetime
    since: datetime
    until: datetime
    answered: Sequence[Answered] = ()
    raised: Sequence[Ordeal] = ()
    passed: Sequence[Passed] = ()
    ended: Sequence[Ended] = ()
    passages: Sequence[Passage] = ()
