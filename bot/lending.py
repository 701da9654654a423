"""Passes on what the absent hold, item by item, and gives it back when they return (M31, M138)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from bot.desk import Desk
from handlers.ports import Busy
from rules.absence import Failing, concerns, lent, seats_left
from rules.book.rulebook import Rulebook
from rules.items import Item
from rules.own_events import Absent, Returned
from rules.people import is_present, zone_of
from storage import absences, items
from storage.store import Store, Unavailable

#: So many items are passed on beside each other: they share commits.
BATCH = 50
ALL_OPEN = 1_000_000
T = TypeVar("T")
_BUSY = "The database is busy; who is absent waits for it."


@dataclass(frozen=True, slots=True, kw_only=True)
class _Absence:
    """Of one person; `mark` tells it from their other ones, so that each is searched for whole once."""

    person: str
    since: datetime
    mark: str


class Lending:
    """`look` moves all that is to be moved; each item in a take of its own, found in the items themselves.

    So whatever ends us in the middle, the rest is found again.
    """

    def __init__(self, store: Store, desk: Desk, clock: Callable[[], datetime]) -> None:
        self._store, self._desk, self._clock = store, desk, clock
        self._searched: set[tuple[str, str]] = set()  # absences for which every open item was looked through
        #: When the first of those who are away is back (UTC).
        self.next_return: datetime | None = None

    def forget(self) -> None:
        """Somebody else does it now: what was searched here says nothing any more."""
        self._searched.clear()

    async def look(self, gone: Mapping[str, Failing], known: absences.Absent) -> None:
        """Pass on what lies with the absent until nothing is left; give back to who is there again. Raises Busy."""
        now = self._clock()
        book = await self._read(lambda conn: self._desk.books.present(conn, now))
        self.next_return = _first_return(book, now)
        found = _absences(book, gone, known, now)
        self._searched &= {(each.person, each.mark) for each in found}
        for absence in found:
            await self._pass_on(absence, known.lent)
        for person in sorted(known.lent):
            if is_present(book, person, now) or person not in book.people:
                await self._give_back(person)

    async def _pass_on(self, absence: _Absence, already: Collection[str]) -> None:
        """An item's version is part of the id: one that could go nowhere is tried anew when something has changed."""
        whole = (absence.person, absence.mark) not in self._searched
        tried: set[str] = set()
        while left := [i for i in await self._left(absence.person, whole=whole) if _id(absence, i) not in tried]:
            if absence.person not in already and not tried:
                await self._write(lambda conn: absences.lend(conn, self._ws, absence.person, self._clock()))
            for start in range(0, len(left), BATCH):
                batch = left[start : start + BATCH]
                tried |= {_id(absence, item) for item in batch}
                await asyncio.gather(*(self._desk.take(self._absent(absence, item)) for item in batch))
        self._searched.add((absence.person, absence.mark))

    async def _left(self, person: str, *, whole: bool) -> Sequence[Item]:
        """The items in which somebody's seat is still to be taken; `whole`: where they only back up, too."""
        books, now = self._desk.books, self._clock()

        def work(conn: Any) -> list[Item]:
            book = books.present(conn, now)
            if whole:
                found: Iterable[Item] = items.listing(conn, self._ws, include_docket=True, limit=ALL_OPEN)
            else:
                found = items.held(conn, self._ws, person)
            mine = (item for item in found if concerns(item, person))
            return [item for item in mine if seats_left(item, books.workflow(conn, item), book, now)]

        return await self._read(work)

    async def _give_back(self, person: str) -> None:
        tried: set[str] = set()
        while left := [item for item in await self._lent(person) if item.key not in tried]:
            for start in range(0, len(left), BATCH):
                batch = left[start : start + BATCH]
                tried |= {item.key for item in batch}
                await asyncio.gather(*(self._desk.take(self._returned(person, item)) for item in batch))
        await self._write(lambda conn: absences.given_back(conn, self._ws, person))

    async def _lent(self, person: str) -> Sequence[Item]:
        def work(conn: Any) -> list[Item]:
            everything = items.listing(conn, self._ws, include_docket=True, limit=ALL_OPEN)
            return [item for item in everything if lent(item, person)]

        return await self._read(work)

    async def _read(self, work: Callable[[Any], T]) -> T:
        try:
            return await self._store.read(work)
        except Unavailable as problem:
            raise Busy(_BUSY) from problem

    async def _write(self, work: Callable[[Any], None]) -> None:
        try:
            await self._store.write(work)
        except Unavailable as problem:
            raise Busy(_BUSY) from problem

    @property
    def _ws(self) -> str:
        return self._desk.books.workspace

    def _absent(self, absence: _Absence, item: Item) -> Absent:
        meta = self._meta(_id(absence, item))
        return Absent(**meta, item=item.key, person=absence.person, since=absence.since)

    def _returned(self, person: str, item: Item) -> Returned:
        return Returned(**self._meta(f"returned:{person}:{item.key}:{item.version}"), item=item.key, person=person)

    def _meta(self, id: str) -> dict[str, Any]:
        return {"id": id, "workspace": self._ws, "at": self._clock(), "by": "docket", "via": "docket"}


def _absences(book: Rulebook, gone: Mapping[str, Failing], known: absences.Absent, now: datetime) -> list[_Absence]:
    """Everybody of the rulebook who is not there now, by whatever cause."""
    said = {each.person: each.at for each in known.said}
    found = []
    for person, one in book.people.items():
        if (way := gone.get(person)) is not None:
            found.append(_Absence(person=person, since=way.since, mark=way.since.isoformat()))
        elif one.away is not None and not is_present(book, person, now):
            mark = f"{one.away.until}:{one.away.stand_in}"
            found.append(_Absence(person=person, since=said.get(person, now), mark=mark))
    return found


def _first_return(book: Rulebook, now: datetime) -> datetime | None:
    """When the first of those who are away has their first day back."""
    days = [
        datetime.combine(one.away.until + timedelta(days=1), time(0), ZoneInfo(zone_of(book, person)))
        for person, one in book.people.items()
        if one.away is not None and not is_present(book, person, now)
    ]
    return min((day.astimezone(now.tzinfo) for day in days if day > now), default=None)


def _id(absence: _Absence, item: Item) -> str:
    return f"absence:{absence.person}:{absence.mark}:{item.key}:{item.version}"
