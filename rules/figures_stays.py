"""Which stages an item stayed in, from its entries: since when, until when, in whose hands, how long too late."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final, NamedTuple

from rules.entries import moment
from rules.figures import Dwell

#: The kinds of entries that say it; all others may be left out.
STEPS: Final = ("opened", "owned", "reassigned", "entered", "clock", "stood_still", "closed", "reopened")


class Step(NamedTuple):
    """What is read of an entry."""

    kind: str
    at: datetime
    facts: Mapping[str, Any]


def stays(item: str, workflow: str, steps: Iterable[Step], now: datetime) -> list[Dwell]:
    """Its stays, oldest first; the last not ended where it is open. `steps` are its entries up to `now`, in order."""
    fold = _Fold(item, workflow)
    for step in steps:
        fold.take(step)
    if fold.stage:
        fold.leave(now, ended=False)
    return fold.found


class _Fold:
    def __init__(self, item: str, workflow: str) -> None:
        self.found: list[Dwell] = []
        self.stage = ""
        self._item, self._workflow = item, workflow
        self._owner = ""
        self._entered_at: datetime | None = None
        self._due_at: datetime | None = None
        self._stopped_at: datetime | None = None
        self._late: list[tuple[datetime, datetime]] = []

    def take(self, step: Step) -> None:
        kind, at, facts = step
        match kind:
            case "opened":
                self._stopped_at = at if facts.get("missing") else None
            case "owned" | "reassigned" if not facts.get("code"):
                self._owner = facts["owner"]
            case "entered":
                self._enter(facts["stage"], at, moment(facts["due_at"]))
            case "clock" if facts["running"]:
                self._stopped_at, self._due_at = None, moment(facts["due_at"])
            case "clock":
                self._stopped_at = at
            case "stood_still":
                self._due_at = moment(facts["due_at"])
            case "closed" if self.stage:
                self.leave(at)
            case "reopened":
                self._stopped_at = None
                self._enter(facts["stage"], at, None)

    def leave(self, at: datetime, *, ended: bool = True) -> None:
        """The stay is over, or is looked at now."""
        assert self._entered_at is not None, "it has a stage, so it entered it"
        self._clock_ends(at)
        self.found.append(
            Dwell(
                item=self._item, workflow=self._workflow, stage=self.stage, owner=self._owner,
                entered_at=self._entered_at, left_at=at, late=tuple(self._late), ended=ended,
            )
        )  # fmt: skip
        self.stage, self._late = "", []

    def _enter(self, stage: str, at: datetime, due_at: datetime | None) -> None:
        if stage == self.stage:  # a fresh clock in the same stage
            self._clock_ends(at)
        else:
            if self.stage:
                self.leave(at)
            self.stage, self._entered_at = stage, at
        self._due_at, self._stopped_at = due_at, at if self._stopped_at else None

    def _clock_ends(self, at: datetime) -> None:
        """Missed is a deadline that passed while the clock ran; whatever it waits for then, it is late until now."""
        due_at = self._due_at
        if due_at is not None and due_at < (self._stopped_at or at):
            self._late.append((due_at, at))
