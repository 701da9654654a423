"""One start in a process of its own, as `docketbot run` does it: figures on its output when ready and after a load.

Nothing of the bot is imported above, because its imports are part of what is measured.
"""

from __future__ import annotations

import asyncio
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from bot.for_good import for_good

if TYPE_CHECKING:
    from storage.store import Store

EXAMPLE = Path(__file__).parents[2] / "examples" / "harbor.yml"


def _memory() -> float:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) / 1024
    return 0.0


async def start(file: str, seconds: float, began: float) -> None:
    """Open, put the bot together, look for what is due; then take requests for so many `seconds`."""
    with for_good():
        from bot.config import rulebook, settings
        from bot.run import build, open_store

        given = {
            "DOCKET_DATABASE_URL": f"sqlite:///{file}", "SLACK_BOT_TOKEN": "xoxb-1", "SLACK_APP_TOKEN": "xapp-1",
            "DOCKET_SMTP_URL": "smtp://127.0.0.1:9", "DOCKET_MAIL_FROM": "bot@harbor.example",
        }  # fmt: skip
        book, text = rulebook(EXAMPLE)
    store = await open_store(given["DOCKET_DATABASE_URL"])
    with for_good():
        bot = await build(settings(given), book, text, store)
    bot.absences.accounts = None  # nobody is asked over the network
    await bot.knock.look()
    sys.stdout.write(f"{time.time() - began} {_memory()}\n")
    if seconds:
        await _load(store, seconds)
    await asyncio.gather(*(c() for c in bot.closers if asyncio.iscoroutinefunction(c)))
    store.close()


async def _load(store: Store, seconds: float) -> None:
    from tests.bench.desk import take_of_the_desk
    from tests.bench.measure import rate

    take = take_of_the_desk(store)
    await rate(take, 32, seconds / 2)
    half = _memory()
    await rate(take, 32, seconds / 2)
    sys.stdout.write(f"{_memory()} {_memory() - half}\n")


if __name__ == "__main__":
    # since the process began, imports included
    ticks = int(Path("/proc/self/stat").read_text().rsplit(")", 1)[1].split()[19])
    up = float(Path("/proc/uptime").read_text().split()[0])
    asyncio.run(start(sys.argv[1], float(sys.argv[2]), time.time() - (up - ticks / 100)))
