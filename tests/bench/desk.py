"""Whole takes: the real desk with Harbor's rules on a store of its own."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime

from bot.books import Books
from bot.demo import example
from bot.desk import Desk
from rules.book.load import load
from rules.events import Posted
from rules.lanes import Ways
from storage.store import Store
from tests.bench.measure import Take

NOW = datetime(2026, 3, 4, 16, 0, tzinfo=UTC)
_numbers = itertools.count(1)


def desk_on(store: Store) -> Desk:
    """The desk of Harbor Supply on that store, at a moment that stands."""
    text = example()
    return Desk(store, Books(load(text), text, "main"), lambda: NOW, Ways(slack=True, mail=True))


def posted(number: int) -> Posted:
    """A request in #refunds: it is read, judged and recorded, with its question and card in the outbox."""
    return Posted(
        id=f"slack:T1:C1:{number}", workspace="main", at=NOW, by=f"slack:U{number}", via="slack",
        place="C1", place_name="refunds", ts=f"{number}.000000", thread=None,
        text=f"Please refund ORD-{number % 100000:05d}, I was charged twice on day {number}",
    )  # fmt: skip


def take_of_the_desk(store: Store) -> Take:
    """One such request after another."""
    desk = desk_on(store)

    async def take() -> None:
        await desk.take(posted(next(_numbers)))

    return take


async def take_number(store: Store, number: int) -> None:
    """The request of that number."""
    await desk_on(store).take(posted(number))
