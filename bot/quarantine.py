"""What is held, as people are shown it, and how it is read once more."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from types import NoneType
from typing import Any

from handlers.mail.read import read
from rules.events import Command, Event, Mailed, Posted, Unreadable
from rules.items import Item
from rules.quarantine import named
from rules.ruling import World
from rules.traces import Kept
from storage import inbox, items
from storage.happenings import unpacked

#: Of what somebody wrote in a channel so much is shown where it is held.
SHOWN_CHARACTERS = 60
#: Reads a held mail once more: the inbox it came to, its bytes, the time now (UTC). None: it can't be.
Reread = Callable[[str, bytes, datetime], Event | None]


def all_held(conn: Any, ws: str) -> list[Kept]:
    """What is in quarantine and what waits for something paused, oldest first."""
    waiting = [_kept(each, 0) for each in inbox.paused(conn, ws)]
    return sorted([*kept_in(conn, ws), *waiting], key=lambda kept: kept.at)


def kept_in(conn: Any, ws: str) -> list[Kept]:
    """Everything in quarantine, oldest first, with what it says of itself."""
    held = inbox.quarantined(conn, ws)
    together = Counter(each.item for each in held if each.item)
    return [_kept(each, together[each.item or ""] - 1) for each in held]


def with_kept(conn: Any, ws: str, command: Command, reread: Reread, world: World) -> World:
    """The world with the held happening that a command names, where it names one, and the item that says it is held."""
    found = named(all_held(conn, ws), command.code or "")
    if len(found) != 1:
        return world
    readable = not isinstance(again(conn, ws, found[0].id, reread, world.now), Unreadable | NoneType)
    return replace(world, kept=replace(found[0], readable=readable), item=_item_about(conn, ws, found[0]))


def again(conn: Any, ws: str, outside_id: str, reread: Reread, now: datetime) -> Event | None:
    """The happening of that outside id, read from its kept bytes as if it came now."""
    known = inbox.waiting(conn, ws, outside_id)
    if known is None:
        return None
    if known.event:
        return unpacked(known.event)
    if not known.raw or known.channel != "mail" or not known.place:
        return None
    event = reread(known.place, bytes(known.raw), now)
    return replace(event, id=outside_id) if event is not None else None


def _item_about(conn: Any, ws: str, kept: Kept) -> Item | None:
    """The bot's own item that says that it is held."""
    if kept.item:
        return items.load(conn, ws, kept.item)
    return items.failure(conn, ws, f"unreadable:{kept.id}")


def _kept(held: inbox.Held, beside: int) -> Kept:
    kept = Kept(
        id=held.outside_id, at=held.at, kind=held.kind, reason=held.reason, item=held.item or "",
        inbox=held.place or "", size=held.size, beside=max(0, beside), paused=held.workflow or "",
    )  # fmt: skip
    if held.event:
        return _as_it_is(kept, unpacked(held.event))
    if held.channel != "mail":
        return replace(kept, readable=False)
    said = read(held.head, inbox=held.place or "", received_at=held.at)
    if not isinstance(said, Mailed):
        return kept
    return replace(kept, kind="Mail", sender=said.by, subject=said.subject)


def _as_it_is(kept: Kept, event: Event | None) -> Kept:
    """Who it is from, and how it begins where a channel heard it; what was said to us alone is nobody's to look at."""
    if event is None:
        return replace(kept, readable=False)
    said = event.text if isinstance(event, Posted) and not event.direct else ""
    return replace(kept, sender=event.by, subject=" ".join(said.split())[:SHOWN_CHARACTERS])
