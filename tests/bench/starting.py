"""The start on a database with many open items, and the memory of the process, idle and under load."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import tempfile
import time
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
        for _ in range(min(3, size.rounds)):
            program = [sys.executable, "-m", "tests.bench.starting", str(file), str(size.late_seconds)]
            done = await asyncio.to_thread(subprocess.run, program, capture_output=True, text=True, check=True)
            for name, figure in zip((READY, IDLE, LOADED, GROWN), done.stdout.split(), strict=True):
                row.add(name, float(figure))
    row.note = (
        f"memory: limit 150 MB, {'met' if row.median(LOADED) < 150 else 'missed'}. The load lasts {size.late_seconds} s"
        " here, not the hour of the aim."
    )
    return row


def _memory() -> float:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) / 1024
    return 0.0


async def start(file: str, seconds: float, began: float) -> None:
    """Open, put the bot together, look for what is due; then take requests for a while."""
    from bot.build import build
    from bot.config import settings
    from bot.demo import example
    from rules.book.load import load
    from storage.store import Store

    text = example()
    given = {
        "DOCKET_DATABASE_URL": f"sqlite:///{file}", "SLACK_BOT_TOKEN": "xoxb-1", "SLACK_APP_TOKEN": "xapp-1",
        "DOCKET_SMTP_URL": "smtp://127.0.0.1:9", "DOCKET_MAIL_FROM": "bot@harbor.example",
    }  # fmt: skip
    store = Store.open(given["DOCKET_DATABASE_URL"])
    bot = await build(settings(given), load(text), text, store)
    bot.absences.accounts = None  # nobody is asked over the network
    await bot.knock.look()
    figures = [time.time() - began, _memory()]

    from tests.bench.desk import take_of_the_desk
    from tests.bench.measure import rate

    take = take_of_the_desk(store)
    await rate(take, 32, seconds / 2)
    half = _memory()
    await rate(take, 32, seconds / 2)
    sys.stdout.write(" ".join(str(each) for each in (*figures, _memory(), _memory() - half)) + "\n")
    sys.stdout.flush()
    await asyncio.gather(*(c() for c in bot.closers if asyncio.iscoroutinefunction(c)))
    store.close()


if __name__ == "__main__":
    # since the process began, imports included
    ticks = int(Path("/proc/self/stat").read_text().rsplit(")", 1)[1].split()[19])
    up = float(Path("/proc/uptime").read_text().split()[0])
    asyncio.run(start(sys.argv[1], float(sys.argv[2]), time.time() - (up - ticks / 100)))
