"""What a pause holds back: judged inside the take, kept whole with its own id, and told to whoever said it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from bot.books import Books
from handlers.ports import Taken
from rules.apply import apply
from rules.events import Command, Event, Mailed, Posted, Unreadable
from rules.items import Item
from rules.pausing import held_for, laid_over, met
from rules.ruling import World
from storage import inbox, pauses
from storage.happenings import packed


def held_back(conn: Any, books: Books, event: Event, raw: bytes, world: World, *, goes_on: bool) -> Taken | None:
    """Keep an event that would change something paused; None: it is taken. It has been counted in this transaction.

    What would come of it is asked of the rules, which touch nothing: so every way to a workflow is a way to its pause.
    `goes_on`: it was held, and a pause that somebody let go on does not hold it again.
    """
    # Numbers are given away for good, so that no key is used twice.
    ruling = apply(event, replace(world, number=lambda _prefix: 0))
    pauses_on = [pause for pause in world.pauses if pause.resumed_at is None] if goes_on else world.pauses
    found = held_for(event, ruling, pauses_on)
    if found is None:
        return None
    workflow, pause = found
    ws, book = books.workspace, world.book
    about = world.item.key if world.item is not None else None
    if isinstance(event, Command):
        inbox.settle(conn, ws, event.id, "ignored", about, f"{workflow} is paused")
        return Taken(key=about or "", ignored="paused", reply=met(event, pause, book))
    inbox.settle(conn, ws, event.id, "paused", about, f"{workflow} is paused")
    keep_whole(conn, ws, event, raw, workflow)
    heard = isinstance(event, Posted) and not event.bot
    return Taken(key=about or "", ignored="paused", reply=met(event, pause, book) if heard else None)


def keep_whole(conn: Any, ws: str, event: Event, raw: bytes, workflow: str | None = None) -> None:
    """Keep an event so that it can be taken later. A mail's bytes say all of it, and are read anew then."""
    is_mail = isinstance(event, Mailed | Unreadable) and bool(raw)
    inbox.pack(conn, ws, event.id, "" if is_mail else packed(event), workflow)


def shown(conn: Any, books: Books, items: Sequence[Item]) -> list[Item]:
    """Items as their readers see them: what is paused is held."""
    return laid_over(items, pauses.standing(conn, books.workspace))
