"""`make bench`: every row of the speed table in turn, each a ratio against a named peer, measured in one run.

Usage: python -m tests.bench [--size whole|middle|quick] [--only intake,firing,late,...]: the parts by name, and mail.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import logging
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from tests.bench import acks, digests, draining, firing, growth, intake, mail, starting
from tests.bench.measure import SIZES, Row, Size, keep, say
from tests.postgres import Server, server

ROOT = Path(__file__).parents[2]
JSON, PLOT = ROOT / "build" / "bench.json", ROOT / "docs" / "pictures" / "growth.svg"


async def everything(size: Size, only: set[str], postgres: Server) -> list[Row]:
    """The rows, as docs/performance.md has them; one that fails is said and left out."""
    rows: list[Row] = []

    async def of_firing() -> list[Row]:
        with tempfile.TemporaryDirectory() as folder:
            numbers = itertools.count()
            lite = await firing.thousand(size, lambda: f"sqlite:///{folder}/{next(numbers)}.db", "SQLite FULL")
        return [lite, await firing.thousand(size, postgres.fresh, "PostgreSQL")]

    async def of_growth() -> list[Row]:
        row = await growth.grows(size)
        growth.plot(row, size, PLOT if size.name != "quick" else JSON.with_name("growth.svg"))
        return [row]

    async def of_intake() -> list[Row]:
        return [await intake.on_sqlite(size), await intake.on_postgres(size, postgres)]

    async def of_acks() -> list[Row]:
        return list(await acks.acknowledged(size))

    async def one(found: Awaitable[Row]) -> list[Row]:
        return [await found]

    parts: dict[str, Callable[[], Awaitable[list[Row]]]] = {
        "intake": of_intake,
        "firing": of_firing,
        "late": lambda: one(firing.lateness(size, postgres)),
        "acks": of_acks,
        "start": lambda: one(starting.started(size)),
        "outbox": lambda: one(draining.drained(size, postgres)),
        "digest": lambda: digests.asked(size),
        "growth": of_growth,
    }
    for name, part in parts.items():
        if only and name not in only:
            continue
        began = time.monotonic()
        say(f"{name} ...")
        try:
            found = await part()
        except Exception as problem:  # one peer that does not run must not hide the rest
            say(f"  {name} could not be measured: {type(problem).__name__}: {problem}")
            continue
        rows += found
        say("\n".join(line for row in found for line in row.lines()))
        say(f"  ({name}: {time.monotonic() - began:.0f} s)")
    return rows


def main() -> None:
    asked = argparse.ArgumentParser(description="Ratios against named peers, measured in one run.")
    asked.add_argument("--size", choices=SIZES, default="whole")
    asked.add_argument("--only", default="", help="parts by name, with commas")
    given = asked.parse_args()
    logging.disable(logging.WARNING)
    size, only = SIZES[given.size], set(filter(None, given.only.split(",")))
    with server(durable=True) as postgres:
        rows = asyncio.run(everything(size, only, postgres))
    keep(rows, size, JSON)
    print("\n".join(line for row in rows for line in row.lines()))
    print(f"\nsize: {size.name}; all figures: {JSON.relative_to(ROOT)}")
    if "mail" in only or (not only and size.name == "whole"):
        asyncio.run(mail.compare())


if __name__ == "__main__":
    main()
