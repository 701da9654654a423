"""The figures of pictures, digests and reports: what each is, and how it follows from what the ledger tells.

All are counted over a time from `since` to before `until` (UTC). Days and weeks are local ones of the organization's
zone; the last one ends at `until` where that comes sooner. Private work is in none of them (`Scope`).
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from rules.items import Outcome

#: Ages of open items in days, each bucket up to before the next, with what it is called.
AGES: Final[tuple[tuple[int, str], ...]] = (
    (0, "under 1 day"),
    (1, "1 to 3 days"),
    (3, "3 to 7 days"),
    (7, "1 to 4 weeks"),
    (28, "over 4 weeks"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What figures leave out: the workflows `hidden`, and of others the items that began while they were private.

    `private_under`: workflow -> the versions of the rulebook under which it was. `unreadable` are versions of which
    nobody can tell: what began with one, in a workflow that is not among the `known`, is left out as well.
    """

    hidden: frozenset[str] = frozenset()
    private_under: Mapping[str, frozenset[str]] = field(default_factory=dict)
    unreadable: frozenset[str] = frozenset()
    known: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Dwell:
    """A stay of an item in a stage, from entering it to leaving it by whichever way; a fresh clock is no new stay.

    `owner` had it last. `late`: from each deadline that was missed to the end of its clock, half-open. `ended` is
    False where it still stands there, and `left_at` then when that was asked.
    """

    item: str
    workflow: str
    stage: str
    owner: str
    entered_at: datetime
    left_at: datetime
    late: tuple[tuple[datetime, datetime], ...] = ()
    ended: bool = True

    @property
    def seconds(self) -> float:
        return (self.left_at - self.entered_at).total_seconds()

    @property
    def kept(self) -> bool:
        """Whether its deadline was never missed."""
        return not self.late


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """An item was opened, closed or reopened (`kind`); `outcome` is how it was closed."""

    item: str
    workflow: str
    kind: str
    at: datetime
    outcome: Outcome | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """Of one day and workflow: how many items were opened and reopened, and closed with which outcome."""

    day: date
    workflow: str
    opened: int = 0
    reopened: int = 0
    closed: Mapping[Outcome, int] = field(default_factory=dict)

    @property
    def net(self) -> int:
        """By how many more items were open at its end."""
        return self.opened + self.reopened - sum(self.closed.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class Ordeal:
    """An exception or gate from its raising to its end, as `ended_at` None while it is undecided."""

    item: str
    workflow: str
    code: str
    opened_at: datetime
    ended_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenCount:
    """How many exceptions of a code were open at the end of a day."""

    day: date
    code: str
    open: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Age:
    """How many of a workflow's open items are of an age, as `AGES` calls it."""

    workflow: str
    bucket: str
    open: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """Of the stays that ended in a week (`monday` is its first day): how many, and how many within their deadline."""

    monday: date
    workflow: str
    ended: int
    kept: int

    @property
    def share(self) -> float:
        return self.kept / self.ended


def local_days(since: datetime, until: datetime, zone: str) -> list[date]:
    """The local days that the time touches, in order."""
    there = ZoneInfo(zone)
    first, last = since.astimezone(there).date(), (until - timedelta(microseconds=1)).astimezone(there).date()
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]


def day_end(day: date, zone: str) -> datetime:
    """The first instant (UTC) after a local day."""
    at = datetime.combine(day + timedelta(days=1), time(0), ZoneInfo(zone))
    return at.astimezone(UTC)


def flow(passages: Iterable[Passage], since: datetime, until: datetime, zone: str) -> list[Flow]:
    """What came and went, for each local day of the time and each workflow that occurs; days without any are there."""
    there = ZoneInfo(zone)
    counts: Counter[tuple[date, str, str]] = Counter()
    for each in passages:
        counts[each.at.astimezone(there).date(), each.workflow, each.outcome or each.kind] += 1
    workflows = sorted({workflow for _, workflow, _ in counts})
    outcomes: tuple[Outcome, ...] = ("done", "rejected", "withdrawn", "duplicate")
    return [
        Flow(
            day=day,
            workflow=workflow,
            opened=counts[day, workflow, "opened"],
            reopened=counts[day, workflow, "reopened"],
            closed={outcome: n for outcome in outcomes if (n := counts[day, workflow, outcome])},
        )
        for day in local_days(since, until, zone)
        for workflow in workflows
    ]


def open_over_time(ordeals: Sequence[Ordeal], since: datetime, until: datetime, zone: str) -> list[OpenCount]:
    """How many exceptions were open at the end of each local day, for each code that was open in the time."""
    days = local_days(since, until, zone)
    ends = [min(day_end(day, zone), until) for day in days]
    codes = sorted({each.code for each in ordeals})
    counts: Counter[tuple[int, str]] = Counter()
    for each in ordeals:
        # It is open at the ends of days from the first after its raising to the last up to its end.
        counts[bisect_right(ends, each.opened_at), each.code] += 1
        if each.ended_at is not None:
            counts[bisect_right(ends, each.ended_at), each.code] -= 1
    found, still = [], Counter[str]()
    for n, day in enumerate(days):
        for code in codes:
            still[code] += counts[n, code]
            found.append(OpenCount(day=day, code=code, open=still[code]))
    return found


def kept_by_week(dwells: Iterable[Dwell], zone: str) -> list[Kept]:
    """The share of stages left in time, by week and workflow; a week without any is not there."""
    ended, kept = Counter[tuple[date, str]](), Counter[tuple[date, str]]()
    for each in dwells:
        day = each.left_at.astimezone(ZoneInfo(zone)).date()
        week = (day - timedelta(days=day.weekday()), each.workflow)
        ended[week] += 1
        kept[week] += each.kept
    return [
        Kept(monday=monday, workflow=name, ended=n, kept=kept[monday, name])
        for (monday, name), n in sorted(ended.items())
    ]


def quantile(values: Sequence[float], share: float) -> float:
    """The smallest of these (sorted, not none) that at least this share of them does not exceed: the nearest rank."""
    rank = -(-len(values) * round(share * 100) // 100)
    return values[max(0, rank - 1)]
