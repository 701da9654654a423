"""The start on a database with many open items, and the memory of the process, idle and under load."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.bench.measure import Row, Size
from tests.bench.seeding import full

READY, IDLE, LOADED = "ready (s)", "memory idle (MB)", "memory after the load (MB)"
GROWN = "grown over the load's second half (MB)"


async def started(size: Size, count: int | None = None, file: Path | None = None) -> Row:
    """A process of its own: from its first line to all that is due having been looked for; then under load."""
    count = count or size.items
    row = Row(
        work=f"start with {count:,} open items, SQLite", unit="s, MB", ours=READY, more=False, aims={"limit": 2.0},
        also=(IDLE, LOADED, GROWN),
    )  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        if file is None:
            file = Path(folder) / "open.db"
            await full(file, count, all_open=True, entries=1)
        # As a program that is installed: its bytecode is there. The first start here makes it, and is not counted.
        compiled = {"PYTHONPYCACHEPREFIX": str(Path(folder) / "bytecode"), "PYTHONDONTWRITEBYTECODE": ""}
        rounds = min(3, size.rounds)
        for n in range(rounds + 1):
            # The load comes last: its due times lie in the past, and a start after it would have them all to fire.
            seconds = size.late_seconds if n == rounds else 0
            program = [sys.executable, "-m", "tests.bench.one_start", str(file), str(seconds)]
            done = await asyncio.to_thread(
                subprocess.run, program, capture_output=True, text=True, check=True, env={**os.environ, **compiled}
            )
            for name, figure in zip((READY, IDLE, LOADED, GROWN), done.stdout.split() if n else (), strict=False):
                row.add(name, float(figure))
    row.note = (
        f"memory: limit 150 MB, {'met' if row.median(LOADED) < 150 else 'missed'}. The load lasts {size.late_seconds} s"
        " here, not the hour of the aim."
    )
    return row
