"""What a week is told from, and how much of it lies in a stretch of its time; private work is in none of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from rules.figures import Dwell
from rules.report_facts import GateCount
from rules.signal_facts import Ended, Traces


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """Another rulebook came into force at `at` (UTC); in it these workflows read differently than before."""

    version: str
    at: datetime
    workflows: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Week:
    """What was read for it, private work left out: `dwells` and `traces` of this time and the equal one before it.

    `gates` are the decisions since `gates_since` (UTC), by workflow and code.
    """

    traces: Traces
    dwells: Sequence[Dwell] = ()
    gates: Sequence[GateCount] = ()
    gates_since: datetime | None = None
    changes: Sequence[Change] = ()


@dataclass(frozen=True, slots=True)
class Stretch:
    """From `since` to before `until` (UTC), somewhere in the time that was read: what of the facts lies in it."""

    week: Week
    since: datetime
    until: datetime

    def has(self, at: datetime) -> bool:
        """Whether a moment is in it."""
        return self.since <= at < self.until

    def passages(self, kind: str, workflow: str | None = None) -> int:
        """How often items were opened, closed or reopened (`kind`)."""
        found = (each for each in self.week.traces.passages if each.kind == kind and workflow in (None, each.workflow))
        return sum(self.has(each.at) for each in found)

    def raised(self, workflow: str | None = None) -> Counter[tuple[str, str]]:
        """How often each code was raised, by workflow and code."""
        some = (each for each in self.week.traces.raised if workflow in (None, each.workflow))
        return Counter((each.workflow, each.code) for each in some if self.has(each.opened_at))

    def dwells(self, workflow: str | None = None) -> list[Dwell]:
        """The stays that ended."""
        some = (each for each in self.week.dwells if workflow in (None, each.workflow))
        return [each for each in some if self.has(each.left_at)]

    def ended(self, workflow: str) -> list[Ended]:
        """The items that were closed."""
        return [each for each in self.week.traces.ended if each.workflow == workflow and self.has(each.closed_at)]

    def back(self) -> list[str]:
        """What was sent back, as often as it was."""
        return [each.item for each in self.week.traces.passed if each.back and self.has(each.at)]


def both(week: Week) -> tuple[Stretch, Stretch]:
    """The time before, and the newest one."""
    traces = week.traces
    return Stretch(week, traces.before, traces.since), Stretch(week, traces.since, traces.until)
