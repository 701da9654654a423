"""How the cost grows with what is stored: the same work on databases of several sizes, and its plot."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

from storage.store import Store
from tests.bench import digests
from tests.bench.desk import take_of_the_desk
from tests.bench.firing import Firing
from tests.bench.measure import Row, Size, rate, say
from tests.bench.seeding import full
from tests.bench.starting import READY, started

TAKE, FIRED, START = "a whole take, 32 callers (ms)", "1,000 due (s)", "ready after the start (s)"
DIGEST = "a digest's questions but for open items (ms)"


async def grows(size: Size) -> Row:
    """The figures of each size, in order, and how many times the first the last is."""
    row = Row(
        work=f"growth over {', '.join(f'{n:,}' for n in size.growth)} items, SQLite FULL",
        unit="each its own",
        ours=TAKE,
    )
    row.more, row.also = False, (FIRED, START, DIGEST)
    for count in size.growth:
        say(f"  growth: {count:,} items")
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "full.db"
            await full(file, count)
            row.add(START, (await started(_short(size), count, file)).median(READY))
            asked = await digests.asked(_short(size), count, file)
            row.add(DIGEST, sum(each.median(digests.OURS) for each in asked[1:]))
            store = Store.open(f"sqlite:///{file}")
            await rate(take_of_the_desk(store), 32, 0.3)
            row.add(TAKE, 1000 / await rate(take_of_the_desk(store), 32, size.seconds))
            store.close()
            firing = Firing(f"sqlite:///{file}")
            await firing.prepare(size.due, first=5_000_000)
            row.add(FIRED, await firing.fire())
            firing.store.close()
    return row


def _short(size: Size) -> Size:
    return replace(size, rounds=1, late_seconds=1)


def plot(row: Row, size: Size, file: Path) -> None:
    """Draw it, readable on a light and on a dark page: no ground of its own, colours that stand off both."""
    import matplotlib as drawing

    drawing.use("svg")
    import matplotlib.pyplot as plt

    grey = "#7d8590"
    drawing.rcParams.update(
        {"text.color": grey, "axes.labelcolor": grey, "xtick.color": grey, "ytick.color": grey, "axes.edgecolor": grey,
         "font.size": 11, "svg.hashsalt": "docket", "svg.fonttype": "none"}
    )  # fmt: skip
    figure, axes = plt.subplots(figsize=(8, 4.2))
    colours: Any = ("#2f81f7", "#d29922", "#3fb950", "#db61a2")
    for (name, found), colour in zip(row.figures.items(), colours, strict=False):
        axes.plot(size.growth, [each / found[0] for each in found], marker="o", color=colour, label=name)
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_ylim(0.3, max(30.0, axes.get_ylim()[1]))
    axes.set_xlabel("items stored, five entries each")
    axes.set_ylabel(f"cost, times that at {size.growth[0]:,}")
    axes.grid(True, color=grey, alpha=0.25)
    axes.legend(frameon=False, labelcolor=grey)
    figure.tight_layout()
    file.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(file, transparent=True, metadata={"Date": None})
