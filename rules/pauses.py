"""What a pause is, of one workflow or of everything, and a rollback: since when, by whom and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Pause:
    """A pause that stands, or stood: of `workflow` ("": of everything), since `since` (UTC), by whom and why.

    `resumed_at` and `resumed_by` are set when somebody let it go on: until `ended_at` what it held is handled. `drill`:
    it only tried the switch, and `worked` says with which result (None: not known yet).
    """

    workflow: str
    since: datetime
    by: str
    because: str = ""
    drill: bool = False
    resumed_at: datetime | None = None
    resumed_by: str = ""
    ended_at: datetime | None = None
    worked: bool | None = None

    def covers(self, workflow: str) -> bool:
        """Whether it stops that workflow."""
        return self.workflow in ("", workflow)


@dataclass(frozen=True, slots=True, kw_only=True)
class Backlog:
    """How many happenings of a kind (Posted, Mailed, ...) wait for a workflow, the oldest of `oldest` (UTC)."""

    workflow: str
    kind: str
    count: int
    oldest: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PutOff:
    """A due time of an item that stood still while it was paused: what would be due at `due_at` is due at `until`."""

    kind: str
    subject: str
    due_at: datetime
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Rollback:
    """That something on an item was undone: by whom, when (UTC), why."""

    by: str
    at: datetime
    because: str


def covering(pauses: Sequence[Pause], workflow: str) -> Pause | None:
    """The pause that has stopped a workflow longest, of those that stand; None: it goes on."""
    return min((pause for pause in pauses if pause.covers(workflow)), key=lambda pause: pause.since, default=None)
