"""What a round of the watchdog finds in the database, read on one snapshot of it."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from bot.books import Books
from bot.digests import latest
from bot.knock import outside_id
from bot.recording import due_of
from bot.verifying import replayed
from rules.items import Item
from rules.ruling import Timer
from storage import inbox, items, pauses, settings, timers, watch
from storage.timers import DueTimer

#: Due for longer than that is no busy moment.
UNFIRED = timedelta(minutes=1)
#: A claimed message is sent or handed back within two minutes (bot/leases.py), whoever claimed it.
STUCK = timedelta(minutes=3)
#: A digest waits for what fires at the same hour.
MISSED = timedelta(minutes=5)
#: So much is looked at in a round at most; where there is more, the next rounds go on from there.
MOST, SAMPLE = 500, 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """What is not as it should be.

    `timeless`: keys of open items whose due times are not those that their rules give. `unfired`, `stuck` (ids of
    notices), `missed` (digests, in words): what should have happened. `differing`: sentences on items that are not what
    their entries give. `told`: the causes that the operator has an exception of. `reached`, `sampled`: where the next
    round begins.
    """

    timeless: tuple[str, ...]
    unfired: tuple[DueTimer, ...]
    stuck: tuple[str, ...]
    missed: tuple[str, ...]
    differing: tuple[str, ...]
    told: tuple[str, ...]
    reached: str
    sampled: str


def findings(
    conn: Any,
    books: Books,
    now: datetime,
    gone: Collection[str],
    *,
    mends: bool,
    causes: Collection[str],
    after: str,
    sample_after: str,
) -> Findings:
    """Everything at `now` (UTC). `gone` are those who can't be reached: their digests wait for them.

    `mends`: whether this instance mends; one that does not has no need to know what could be. `causes` are those that
    the operator may have been told of. `after` and `sample_after` are where the last round came to: of what is
    suspicious without being wrong there may be more than a round looks at, and some items are compared with their
    records each minute, all of them in the end.
    """
    ws = books.workspace
    suspicious = watch.timeless(conn, ws, after, MOST) if mends else []
    sample = watch.some(conn, ws, sample_after, SAMPLE)
    return Findings(
        timeless=tuple(
            key for key in dict.fromkeys((*suspicious, *sample)) if mends and _timeless(conn, books, key, now)
        ),
        unfired=tuple(timers.due(conn, now - UNFIRED, MOST)),
        stuck=tuple(watch.stuck(conn, now - STUCK, MOST)),
        missed=tuple(_missed(conn, books, now, gone)),
        differing=tuple(sentence for key in sample for sentence in _differing(conn, books, key)),
        told=tuple(cause for cause in causes if items.failure(conn, ws, cause) is not None),
        reached=suspicious[-1] if len(suspicious) == MOST else "",
        sampled=sample[-1] if len(sample) == SAMPLE else "",
    )


def _timeless(conn: Any, books: Books, key: str, now: datetime) -> bool:
    ws = books.workspace
    item = items.load(conn, ws, key)
    if item is None or item.closed_at is not None or pauses.rests(conn, ws, key):
        return False
    wanted, there = set(due_of(conn, books, item)), set(timers.of_item(conn, ws, key))
    # What has fired already and changed nothing (the rules failed on it, and the operator knows) would fire no more.
    over = {timer for timer in wanted - there if timer.due_at <= now and _has_fired(conn, ws, key, timer)}
    return wanted - over != there


def _has_fired(conn: Any, ws: str, key: str, timer: Timer) -> bool:
    named = DueTimer(ws=ws, item=key, kind=timer.kind, subject=timer.subject, due_at=timer.due_at)
    return inbox.arrival(conn, ws, outside_id(named)) is not None


def _missed(conn: Any, books: Books, now: datetime, gone: Collection[str]) -> Iterator[str]:
    book = books.current
    if pauses.rests(conn, books.workspace, ""):
        return  # everything is paused, and they wait for it
    for spec in book.digests.values():
        for reader in spec.to:
            for way in spec.via:
                occasion = None if reader in gone else latest(spec, reader, way, book, now - MISSED)
                if occasion is None:
                    continue
                last = settings.get(conn, books.workspace, occasion.cursor)
                if last is None or datetime.fromisoformat(last) < occasion.at:
                    yield f"{spec.name} of {occasion.day.isoformat()} for {book.named(reader)} by {way}"


def _differing(conn: Any, books: Books, key: str) -> Iterator[str]:
    """Of a private item it is said that there is one, and no more."""
    for sentence in replayed(conn, books.workspace, key):
        item: Item | None = items.load(conn, books.workspace, key)
        private = item is None or books.workflow(conn, item).private
        yield "A private item is not what its record gives." if private else sentence
