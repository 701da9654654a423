"""Proves the ledger: every hash, and that replaying the entries gives exactly the items that stand."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import fields, replace
from functools import partial
from typing import Any

from rules.entries import stamp
from rules.items import Item
from rules.replay import evolve
from storage import items, ledger
from storage.seal_proof import Head, check_seals
from storage.store import Store

#: After so long a person wonders whether it still works.
SILENCE_SECONDS = 2.0


async def verified(
    store: Store, ws: str, say: Callable[[str], None], expected: Sequence[str] = ()
) -> tuple[int, list[str]]:
    """How many items were replayed, and what is broken, a sentence each; `say` hears of progress and of the seals.

    Each of the seals `expected` must be there, named as digests name them.
    """

    def check(conn: Any) -> tuple[Head, list[str]]:
        chain = ledger.check_chain(conn, ws)
        head, broken = check_seals(conn, ws, expected)
        return head, [*chain, *broken]

    checking = asyncio.ensure_future(store.read(check))
    if not (await asyncio.wait({checking}, timeout=SILENCE_SECONDS))[0]:
        say("Checking every hash and every seal ...")
    head, broken = await checking
    say(_sealed(head))
    keys = await store.read(lambda conn: items.all_keys(conn, ws))
    told = time.monotonic()
    for number, key in enumerate(keys):
        broken += await store.read(partial(replayed, ws=ws, key=key))
        if time.monotonic() - told > SILENCE_SECONDS:
            told = time.monotonic()
            say(f"{number} of {len(keys)} items replayed")
    return len(keys), broken


def _sealed(head: Head) -> str:
    rest = ""
    if head.unsealed_since is not None:
        many = "1 entry is" if head.unsealed == 1 else f"{head.unsealed} entries are"
        rest = f" {many} not sealed yet, since {stamp(head.unsealed_since)}."
    if not head.seals:
        return f"There is no seal.{rest}"
    seals = "1 seal" if head.seals == 1 else f"{head.seals} seals"
    return f"{head.entries} entries stand under {seals}, the newest {head.hash}.{rest}"


def replayed(conn: Any, ws: str, key: str) -> list[str]:
    """How an item differs from what its entries give, in a sentence; nothing where it does not."""
    stored = items.load(conn, ws, key)
    item: Item | None = None
    try:
        recorded = ledger.of_item(conn, ws, key)
        for one in recorded:
            item = evolve(item, one.entry)
    except (ValueError, KeyError, TypeError) as problem:
        return [f"{key}: its entries can't be replayed ({problem})."]
    if stored is None or item is None:
        return [f"{key}: it is not there."]
    if any(one.erased for one in recorded):
        return []  # what a person had erased can't be compared any more; the chain still holds
    replayed = replace(item, head=stored.head)
    if replayed == stored:
        return []
    differing = [f.name for f in fields(Item) if getattr(replayed, f.name) != getattr(stored, f.name)]
    return [f"{key}: replaying its entries gives another item ({', '.join(differing)})."]
