"""Which outside conversation belongs to which item."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache

from sqlalchemy import Connection, bindparam, select

from storage.columns import hold, insert, key_of
from storage.rendered import Rendered
from storage.schema import threads

_BIND = Rendered(
    insert(
        threads,
        lambda new: new.on_conflict_do_update(
            index_elements=["workspace", "conversation"], set_={"item": new.excluded.item}
        ),
    ),
    threads.c.keys(),
)
_OFFER = Rendered(insert(threads, lambda new: new.on_conflict_do_nothing()), threads.c.keys())


@lru_cache(maxsize=32)
def _find(count: int) -> Rendered:
    """What is known of so many conversations."""
    asked = [bindparam(f"c{n}", type_=threads.c.conversation.type) for n in range(count)]
    known = select(threads.c.conversation, threads.c.item)
    return Rendered(known.where(threads.c.workspace == bindparam("ws"), threads.c.conversation.in_(asked)))


def bind(conn: Connection, ws: str, conversations: Mapping[str, str]) -> None:
    """From now on these conversations are those items', whatever they were before."""
    if conversations:  # in one order, so that two transactions with the same can't wait for each other
        kept = {key_of(name): key for name, key in conversations.items()}
        rows = [{"workspace": ws, "conversation": name, "item": key} for name, key in sorted(kept.items())]
        _BIND.run_each(conn, rows)


def offer(conn: Connection, ws: str, conversations: Mapping[str, str]) -> None:
    """These conversations are those items' from now on, unless they are an item's already."""
    if conversations:
        rows = [{"workspace": ws, "conversation": name, "item": key} for name, key in conversations.items()]
        _OFFER.run_each(conn, rows)


def find(conn: Connection, ws: str, conversations: Sequence[str]) -> str | None:
    """The key of the item that the first of these conversations belongs to, in the given order.

    Two instances that ask for the same conversation in order to write take turns: the second sees what the first
    opened there, so a thread gets one item.
    """
    return next(iter(known(conn, ws, conversations).values()), None)


def known(conn: Connection, ws: str, conversations: Sequence[str]) -> dict[str, str]:
    """Those of these conversations that belong to an item, in the given order, with its key; else as `find`."""
    found: dict[str, str] = {}
    if not conversations:
        return found
    hold(conn, *(f"conversation\n{ws}\n{each}" for each in conversations))
    # a mail's References may be as long as a stranger likes, and engines bound the number of parameters
    for start in range(0, len(conversations), 500):
        part = conversations[start : start + 500]
        rows = _find(len(part)).rows(conn, {"ws": ws, **{f"c{n}": each for n, each in enumerate(part)}})
        belongs = {row.conversation: row.item for row in rows}
        for each in part:
            if (item := belongs.get(key_of(each))) is not None:
                found[each] = str(item)
    return found
