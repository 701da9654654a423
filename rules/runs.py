"""What a stage keeps beside its clock: the run of its checklist, and the answer that it awaits from outside."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

StepState = Literal["open", "passed", "failed", "blocked"]
StepKind = Literal["prerequisite", "step"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step of a run: what is to be done, and what became of it: by whom, when (UTC), why ("" where nobody asked).

    `code` is the exception that it becomes when it fails or is blocked ("": the rulebook names none).
    """

    text: str
    kind: StepKind
    code: str = ""
    state: StepState = "open"
    by: str = ""
    at: datetime | None = None
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One pass through a stage's prerequisites and checklist, in their order, as rulebook `rulebook` had them (M47).

    `id` is the item's key with /C and a number; `ended_at`: the stage was left, or the item closed.
    """

    id: str
    stage: str
    rulebook: str
    started_at: datetime
    steps: tuple[Step, ...]
    ended_at: datetime | None = None

    @property
    def number(self) -> str:
        """What stands behind /C."""
        return self.id.rpartition("/C")[2]


@dataclass(frozen=True, slots=True, kw_only=True)
class Awaited:
    """An answer of an outside party, as the rulebook calls it, awaited `since` (UTC); its silence becomes `code`."""

    who: str
    since: datetime
    code: str
    heard_at: datetime | None = None
