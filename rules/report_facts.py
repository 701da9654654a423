"""What reports are made of, as it is read from the shelves; times are UTC."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from rules.book.rulebook import Rulebook
from rules.figures import Dwell, Ordeal, Passage
from rules.figures_cases import Ending, Loop
from rules.items import Item
from rules.signal_facts import Traces


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosedItem:
    """An item that was closed as done without the proof that its workflow wants."""

    key: str
    workflow: str
    title: str
    owner: str
    closed_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeCount:
    """How often a code was raised in a workflow, how many of these are open, and one of the items."""

    workflow: str
    code: str
    raised: int
    open: int
    last: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Stalled:
    """Of the items of a workflow that were opened in the time covered: how many, and how many fell silent or late."""

    workflow: str
    opened: int
    stalled: int


@dataclass(frozen=True, slots=True, kw_only=True)
class GateCount:
    """What became of the decisions under one code: how many of each verdict, and how long they were waited for."""

    workflow: str
    code: str
    approved: int
    rejected: int
    void: int
    waited: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """An item changed hands (`handed`) or was sent back (`returned`, with its cause)."""

    item: str
    workflow: str
    kind: str
    at: datetime
    by: str
    facts: str  # JSON
    cause: str  # JSON text; "" where there is none or it was erased


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """What happened from `since` to before `until`, private work left out; what a report does not ask for is empty."""

    since: datetime
    until: datetime
    dwells: Sequence[Dwell] = ()
    passages: Sequence[Passage] = ()
    endings: Sequence[Ending] = ()
    raised: Sequence[Ordeal] = ()
    loops: Sequence[Loop] = ()
    said: Mapping[tuple[str, str], int] = field(default_factory=dict)  # (workflow, kind of entry) -> how many

    @property
    def days(self) -> float:
        return (self.until - self.since) / timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What was read for a report; what it does not ask for is empty.

    `public`: whether a workflow of that name is no private one.
    """

    now: datetime
    book: Rulebook
    public: Callable[[str], bool]
    closed: Sequence[ClosedItem] = ()
    codes: Sequence[CodeCount] = ()
    stalls: Sequence[Stalled] = ()
    gates: Sequence[GateCount] = ()
    moves: Sequence[Move] = ()
    items: Sequence[Item] = ()
    period: Period | None = None
    before: Period | None = None  # the equal time before it
    standing: Sequence[Dwell] = ()  # where open items stand now
    version: str = ""  # of the rulebook that came into force between the two
    changed: Sequence[str] = ()  # the workflows that read differently in it
    traces: Traces | None = None
