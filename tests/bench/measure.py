"""What every row of the bench shares: its size, its rounds side by side, the printed table and the JSON beside it."""

from __future__ import annotations

import asyncio
import json
import statistics
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

#: One caller's whole transaction; the store or the peer answers when it is durable.
Take = Callable[[], Awaitable[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How much is measured, `WHOLE` by default; only ratios of one run mean something in any of them."""

    name: str
    seconds: float  # of each round of what is counted a second
    rounds: int
    pending: int  # timers that stand while others fire
    due: int
    late_seconds: int  # of firing 100 a second
    items: int  # for the start and the digest; five entries each
    drained: int  # notices
    growth: tuple[int, ...]


WHOLE = Size(
    name="whole", seconds=3, rounds=5, pending=1_000_000, due=1000, late_seconds=30, items=1_000_000, drained=20_000,
    growth=(10_000, 100_000, 1_000_000),
)  # fmt: skip
MIDDLE = Size(
    name="middle", seconds=1.5, rounds=3, pending=100_000, due=500, late_seconds=10, items=100_000, drained=4000,
    growth=(1_000, 10_000, 100_000),
)  # fmt: skip
QUICK = Size(
    name="quick", seconds=0.5, rounds=2, pending=5_000, due=100, late_seconds=3, items=5_000, drained=500,
    growth=(500, 5_000),
)  # fmt: skip
SIZES = {size.name: size for size in (WHOLE, MIDDLE, QUICK)}


@dataclass(slots=True, kw_only=True)
class Row:
    """One row of the table. `figures`: each one's rounds by name, ours under `ours`.

    `aims`: by peer, the ratio that is wanted (`more`: ours by theirs, of a rate; else theirs by ours, of a time), or by
    "limit" the figure itself. `missing`: peers that could not be measured, and why.
    """

    work: str
    unit: str
    ours: str
    more: bool = True
    figures: dict[str, list[float]] = field(default_factory=dict)
    aims: dict[str, float] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)
    note: str = ""
    also: tuple[str, ...] = ()  # further figures of ours, which are no peer's

    def add(self, name: str, figure: float) -> None:
        """One round's figure."""
        self.figures.setdefault(name, []).append(figure)

    def median(self, name: str) -> float:
        """The middle of its rounds."""
        return statistics.median(self.figures[name])

    def ratio(self, peer: str) -> float:
        """How often ours is as good as the peer: above 1 it is better, whether much or little is wanted."""
        ours, theirs = self.median(self.ours), self.median(peer)
        return ours / theirs if self.more else theirs / ours if ours else float("inf")

    def lines(self) -> list[str]:
        """The row as it is printed."""
        said = [f"{self.work} ({self.unit})"]
        for name, found in self.figures.items():
            line = f"  {name:58} {self.median(name):>10,.4g}   ({min(found):,.4g} to {max(found):,.4g})"
            if name == self.ours and "limit" in self.aims:
                limit = self.aims["limit"]
                line += f"   limit {limit:g}: {'met' if self.median(name) <= limit else 'missed'}"
            elif name != self.ours and name not in self.also:
                line += f"   ours/it {self.ratio(name):6.2f}"
            if name in self.aims:
                aim = self.aims[name]
                line += f"   aim {aim:.2g}: {'met' if self.ratio(name) >= aim else 'missed'}"
            said.append(line)
        said += [f"  {name:58} not measured: {why}" for name, why in self.missing.items()]
        return [*said, *([f"  {self.note}"] if self.note else [])]


async def rate(take: Take, callers: int, seconds: float) -> float:
    """Takes a second while so many callers each wait for their answer before they ask again."""
    began, done = time.perf_counter(), 0

    async def caller() -> None:
        nonlocal done
        while time.perf_counter() - began < seconds:
            await take()
            done += 1

    await asyncio.gather(*(caller() for _ in range(callers)))
    return done / (time.perf_counter() - began)


async def side_by_side(row: Row, takes: dict[str, Take], size: Size, callers: int = 32) -> Row:
    """Measure these in turn, round by round: a machine's mood then meets them all."""
    for take in takes.values():
        await rate(take, callers, size.seconds / 5)  # statements prepared, pages in memory
    for _ in range(size.rounds):
        for name, take in takes.items():
            row.add(name, await rate(take, callers, size.seconds))
    return row


def quantile(found: Sequence[float], share: float) -> float:
    """The value below which that share of them lies."""
    ordered = sorted(found)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def say(line: str) -> None:
    """Progress, at once."""
    print(line, file=sys.stderr, flush=True)


def keep(rows: Sequence[Row], size: Size, file: Path) -> None:
    """Write what was measured, with medians and ratios, as JSON."""
    file.parent.mkdir(parents=True, exist_ok=True)
    told = [
        {
            **asdict(row),
            "medians": {name: row.median(name) for name in row.figures},
            "ratios": {name: row.ratio(name) for name in row.figures if name != row.ours and name not in row.also},
        }
        for row in rows
    ]
    file.write_text(json.dumps({"size": asdict(size), "rows": told}, indent=1) + "\n")
