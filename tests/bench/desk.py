"""Whole takes a second: the real desk with Harbor's rules beside the bare store that writes the same kind of rows."""

from __future__ import annotations

import itertools
import statistics
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from bot.books import Books
from bot.demo import example
from bot.desk import Desk
from rules.book.load import load
from rules.events import Posted
from rules.notices import Ways
from storage.store import Store
from tests.bench.intake import ROUNDS, Take, a_second, take_of_the_store

NOW = datetime(2026, 3, 4, 16, 0, tzinfo=UTC)
_numbers = itertools.count(1)


def take_of_the_desk(store: Store) -> Take:
    """A request in #refunds: read, judged, recorded, with its question and card in the outbox."""
    text = example()
    desk = Desk(store, Books(load(text), text, "main"), lambda: NOW, Ways(slack=True, mail=True))

    async def take() -> None:
        number = next(_numbers)
        await desk.take(
            Posted(
                id=f"slack:T1:C1:{number}", workspace="main", at=NOW, by=f"slack:U{number}", via="slack",
                place="C1", place_name="refunds", ts=f"{number}.000000", thread=None,
                text=f"Please refund ORD-{number % 100000:05d}, I was charged twice on day {number}",
            )
        )  # fmt: skip

    return take


async def compare() -> None:
    """Print takes a second of the desk and what share of the bare store's it reaches."""
    with tempfile.TemporaryDirectory() as folder:
        stores = {name: Store.open(f"sqlite:///{Path(folder) / name}.db") for name in ("desk", "store")}
        peers = {"desk with rules": take_of_the_desk(stores["desk"]), "bare store": take_of_the_store(stores["store"])}
        for callers in (1, 32):
            rates: dict[str, list[float]] = {name: [] for name in peers}
            for _ in range(ROUNDS):
                for name, take in peers.items():
                    rates[name].append(await a_second(take, callers))
            medians = {name: statistics.median(found) for name, found in rates.items()}
            print(f"whole takes, SQLite FULL, {callers} caller{'s' * (callers > 1)}")
            for name, median in medians.items():
                print(f"  {name:24} {median:8,.0f} a second   desk/it {medians['desk with rules'] / median:5.2f}")
        for store in stores.values():
            store.close()
