"""Figures a second way, slow and obvious: every item of an exported ledger is played again, entry by entry."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from rules.entries import OWN_RECORD, Entry
from rules.items import Item
from rules.replay import evolve


@dataclass
class Stay:
    """An item in a stage: since when, until when (None: still), who had it last, for how long after its deadlines."""

    item: Item
    stage: str
    since: datetime
    until: datetime | None = None
    owner: str = ""
    spans: list[tuple[datetime, datetime]] = field(default_factory=list)

    @property
    def late(self) -> timedelta:
        return sum((last - first for first, last in self.spans), timedelta())

    @property
    def missed(self) -> bool:
        return bool(self.late)


@dataclass
class Played:
    """One item after each of its entries."""

    workflow: str
    frames: list[tuple[Entry, Item]] = field(default_factory=list)


def played(entries: Iterable[Entry], leave_out: Iterable[str]) -> dict[str, Played]:
    """Every item whose workflow is not left out."""
    items: dict[str, Played] = {}
    last: dict[str, Item] = {}
    for entry in entries:
        if entry.item == OWN_RECORD:
            continue
        last[entry.item] = evolve(last.get(entry.item), entry)
        item = last[entry.item]
        items.setdefault(entry.item, Played(item.workflow)).frames.append((entry, item))
    return {key: one for key, one in items.items() if one.workflow not in set(leave_out)}


def stays(one: Played, now: datetime) -> Iterator[Stay]:
    """Its stays in stages up to now, as one sees them who looks at the item between any two entries."""
    here: Stay | None = None
    missed_since: datetime | None = None
    frames = [frame for frame in one.frames if frame[0].at < now]
    for n, (entry, item) in enumerate(frames):
        stage = item.stage if item.closed_at is None else None
        fresh = entry.kind in ("entered", "reopened", "closed")
        if entry.kind == "stood_still" and missed_since is not None and item.due_at and item.due_at > missed_since:
            missed_since = None  # it passed while everything stood still: it was moved
        if fresh and missed_since is not None and here is not None:
            here.spans.append((missed_since, entry.at))
            missed_since = None
        if here is not None and (stage != here.stage):
            here.until = entry.at
            yield here
            here = None
        if here is None and stage is not None:
            here = Stay(item, stage, entry.at)
        if here is not None:
            here.owner = item.owner
            upto = frames[n + 1][0].at if n + 1 < len(frames) else now
            runs = item.clock_stopped_at is None
            if runs and item.due_at is not None and item.due_at < upto and missed_since is None:
                missed_since = item.due_at
    if here is not None:
        if missed_since is not None:
            here.spans.append((missed_since, now))
        yield here


def late_minutes(one: Played, since: datetime, until: datetime) -> Iterator[datetime]:
    """The minutes of a time in which it was beyond a deadline that it missed while its clock ran."""
    for stay in stays(one, until):
        for first, last in stay.spans:
            at = max(first, since)
            while at < min(last, until):
                yield at
                at += timedelta(minutes=1)


def open_at(one: Played, at: datetime) -> list[str]:
    """The codes that wait for a decision on it just before a moment."""
    item = next((item for entry, item in reversed(one.frames) if entry.at < at), None)
    return [trouble.code for trouble in item.open_trouble()] if item is not None else []


def days(items: dict[str, Played], since: datetime, until: datetime, zone: str) -> Counter[tuple[date, str, str]]:
    """(local day, workflow, what) -> how often; what is opened, reopened or how it was closed."""
    counts: Counter[tuple[date, str, str]] = Counter()
    for one in items.values():
        for entry, item in one.frames:
            if since <= entry.at < until and entry.kind in ("opened", "closed", "reopened"):
                what = item.outcome if entry.kind == "closed" else entry.kind
                counts[entry.at.astimezone(ZoneInfo(zone)).date(), one.workflow, str(what)] += 1
    return counts


def midnight_after(day: date, zone: str) -> datetime:
    """The end of a local day, found by looking at every quarter of an hour: clocks change."""
    at = datetime(day.year, day.month, day.day, tzinfo=UTC)
    while at.astimezone(ZoneInfo(zone)).date() <= day:
        at += timedelta(minutes=15)
    return at


def grouped(some: Iterable[Stay]) -> dict[tuple[str, str], list[Stay]]:
    """By workflow and stage."""
    found: dict[tuple[str, str], list[Stay]] = defaultdict(list)
    for stay in some:
        found[stay.item.workflow, stay.stage].append(stay)
    return found
