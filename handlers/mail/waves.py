"""Mails that can be taken side by side: neighbours that have nothing to do with each other share their commit."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Iterable, Iterator, Sequence

from handlers.mail.imap import Fetched
from rules.events import Mailed, Unreadable

#: As many as the storage's one writer commits together.
MOST = 32

Read = tuple[Fetched, Mailed | Unreadable]


def waves(read: Sequence[Read]) -> Iterator[list[Read]]:
    """`read` in its order, in groups of mails that don't concern each other.

    One that answers another or shares a thread, a sender or an outside id with it comes after it: a reply must find
    the item that its parent opens, and the same request twice the first one.
    """
    wave: list[Read] = []
    known: set[str] = set()
    for message, event in read:
        ids = _ids(event)
        if wave and (len(wave) >= MOST or ids & known):
            yield wave
            wave, known = [], set()
        wave.append((message, event))
        known |= ids
    if wave:
        yield wave


async def together(takes: Iterable[Awaitable[None]]) -> None:
    """Wait until all are over; then raise what the first that failed raised."""
    for outcome in await asyncio.gather(*takes, return_exceptions=True):
        if isinstance(outcome, BaseException):
            raise outcome


def _ids(event: Mailed | Unreadable) -> set[str]:
    if isinstance(event, Unreadable):
        return {event.id}
    named = {event.message_id} if event.message_id else set()
    # whoever has no believable sender may be anybody
    return {event.id, f"from {event.by}", *named, *event.references, *event.details, *event.subject_keys}
