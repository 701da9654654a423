"""Watches who can be reached: asks Slack, listens to it, and has the work of who can't passed on, item by item."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from bot.desk import Desk
from bot.outages import Outages
from handlers.ports import Accounts, Busy, Standing
from rules.absence import Failing, concerns, gone, outdated, seats_left
from rules.book.rulebook import Rulebook
from rules.items import Item
from rules.own_events import Absent, Reachable, Unreachable
from storage import absences, items
from storage.store import Store, Unavailable

log = logging.getLogger(__name__)

#: Slack tells of a deactivated account when it happens; what we did not hear is asked for this often.
EVERY = timedelta(hours=1)
#: What could not be asked is asked again after this.
AGAIN = timedelta(minutes=5)
#: So many items are passed on beside each other: they share commits.
BATCH = 50
ALL_OPEN = 1_000_000
#: The cause under which the operator hears that Slack knows none of us.
STRANGERS = "slack-people"


class Absences:
    """`look` passes on what lies with the absent. `accounts`: where Slack is asked; None: there is no Slack."""

    def __init__(self, store: Store, desk: Desk, outages: Outages, clock: Callable[[], datetime]) -> None:
        self._store, self._desk, self._outages, self._clock = store, desk, outages, clock
        self.accounts: Accounts | None = None
        #: Who is absent, as of the last look: rulebook key -> the way that fails.
        self.gone: dict[str, Failing] = {}
        self._searched: set[tuple[str, datetime]] = set()  # absences for which every open item was looked through
        self._asked: tuple[str, datetime] | None = None  # for which rulebook version everybody was asked, until when
        self._asking: asyncio.Task[None] | None = None
        self._trusted: bool | None = None  # whether Slack knows anybody of ours; None: nobody was asked for yet

    @property
    def busy(self) -> bool:
        """Whether Slack is being asked now."""
        return self._asking is not None and not self._asking.done()

    async def look(self) -> None:
        """Pass on what lies with people out of reach until nothing is left; ask Slack when it is time. Raises Busy."""
        ws, book = self._desk.books.workspace, self._desk.books.current
        try:
            ways = await self._store.read(lambda conn: absences.failing(conn, ws))
        except Unavailable as problem:
            raise Busy("The database is busy; who is absent waits for it.") from problem
        for way in outdated(book, ways):
            await self._tell_reachable(way.person, way.channel)
        self.gone = _gone(book, ways, slack=self._desk.books.slack)
        self._searched &= {(person, way.since) for person, way in self.gone.items()}
        for person, way in self.gone.items():
            await self._pass_on(person, way)
        if self.accounts is not None and not self.busy and self._is_time(book):
            self._asking = asyncio.create_task(self._ask_everybody(self.accounts, book))

    def next_look(self) -> datetime | None:
        """When Slack is asked again (UTC)."""
        return self._asked[1] if self._asked and self.accounts is not None else None

    async def changed(self, standing: Standing, id: str = "") -> None:
        """An account of Slack stands like this now; `id`: of the happening that told it. Raises Busy."""
        books = self._desk.books
        person = books.current.person_of(f"slack:{standing.user}")
        if person not in books.current.people:
            return
        ways = await self._ways()
        known = any((way.person, way.channel, way.address) == (person, "slack", standing.user) for way in ways)
        if standing.gone and not known:
            await self._desk.take(self._lost(person, standing.gone, id))
        elif known and not standing.gone:
            await self._tell_reachable(person, "slack", id)

    async def doubted(self, lane: str) -> Unreachable | str | None:
        """A message to `lane` can never be delivered: is it that its reader is out of reach?

        A sentence where that is known already, the event where Slack says so now; None: something else is wrong.
        """
        channel, _, address = lane.partition(":")
        book = self._desk.books.current
        person = book.person_of(f"slack:{address}" if channel == "slack" else address)
        if person not in book.people:
            return None
        try:
            if person in _gone(book, await self._ways(), slack=self._desk.books.slack):
                return f"{book.named(person)} can't be reached"
        except Busy:
            return None
        if channel != "slack" or self.accounts is None:
            return None
        standing = await self.accounts.standing(address)
        if standing is None or not (standing.known or self._trusted):
            return None
        return self._lost(person, standing.gone) if standing.gone else None

    async def quiet_until(self, lane: str) -> datetime | None:
        """Until when (UTC) the reader of a lane does not want to be disturbed; None where nobody says so."""
        channel, _, address = lane.partition(":")
        if channel != "slack" or self.accounts is None:
            return None
        return await self.accounts.quiet_until(address)

    async def close(self) -> None:
        """Stop asking."""
        if self._asking is not None:
            self._asking.cancel()
            await asyncio.gather(self._asking, return_exceptions=True)

    async def _pass_on(self, person: str, way: Failing) -> None:
        """Each item by itself, after the absence was committed: whatever ends us, the rest is found again.

        An item's version is part of the id: one that could go nowhere is tried anew when something has changed.
        """
        whole = (person, way.since) not in self._searched
        tried: set[str] = set()
        while left := [item for item in await self._left(person, whole=whole) if _id(person, way, item) not in tried]:
            for start in range(0, len(left), BATCH):
                batch = left[start : start + BATCH]
                tried |= {_id(person, way, item) for item in batch}
                await asyncio.gather(*(self._desk.take(self._absent(person, way, item)) for item in batch))
        self._searched.add((person, way.since))

    async def _left(self, person: str, *, whole: bool) -> Sequence[Item]:
        """The items in which somebody's seat is still to be taken; `whole`: where they only back up, too."""
        books, ws, now = self._desk.books, self._desk.books.workspace, self._clock()

        def work(conn: Any) -> list[Item]:
            book = books.present(conn, now)
            if whole:
                found: Iterable[Item] = items.listing(conn, ws, include_docket=True, limit=ALL_OPEN)
            else:
                found = items.held(conn, ws, person)
            mine = (item for item in found if concerns(item, person))
            return [item for item in mine if seats_left(item, books.workflow(conn, item), book, now)]

        try:
            return await self._store.read(work)
        except Unavailable as problem:
            raise Busy("The database is busy; who is absent waits for it.") from problem

    def _is_time(self, book: Rulebook) -> bool:
        return self._asked is None or self._asked[0] != book.version or self._asked[1] <= self._clock()

    async def _ask_everybody(self, accounts: Accounts, book: Rulebook) -> None:
        """Ask Slack for everybody whom the rulebook gives an account."""
        self._asked = (book.version, self._clock() + EVERY)
        found: list[Standing] = []
        for person in book.people.values():
            if not person.slack:
                continue
            if (standing := await accounts.standing(person.slack)) is None:
                self._asked = (book.version, self._clock() + AGAIN)
            else:
                found.append(standing)
        try:
            if found and await self._believes(found):
                for standing in found:
                    await self.changed(standing)
        except Busy as problem:
            log.warning("who is absent is not recorded yet: %s", problem)
            self._asked = (book.version, self._clock() + AGAIN)

    async def _believes(self, found: Sequence[Standing]) -> bool:
        """Where Slack knows nobody of ours, the workspace or the rulebook is the wrong one, and nothing is moved."""
        known = any(standing.known for standing in found)
        if known and not self._trusted:  # an earlier process may have told of it
            await self._outages.recovered(STRANGERS)
        if not known and self._trusted is not False:
            await self._outages.failed(STRANGERS, _STRANGERS)
        self._trusted = known
        return known

    async def _ways(self) -> tuple[Failing, ...]:
        try:
            return await self._store.read(lambda conn: absences.failing(conn, self._desk.books.workspace))
        except Unavailable as problem:
            raise Busy("The database is busy; who is absent waits for it.") from problem

    async def _tell_reachable(self, person: str, channel: Any, id: str = "") -> None:
        given = self._meta(id or f"reachable:{channel}:{person}:{uuid4().hex}")
        await self._desk.take(Reachable(**given, person=person, channel=channel))

    def _lost(self, person: str, why: str, id: str = "") -> Unreachable:
        given = self._meta(id or f"unreachable:slack:{person}:{uuid4().hex}")
        return Unreachable(**given, person=person, channel="slack", why=why)

    def _absent(self, person: str, way: Failing, item: Item) -> Absent:
        return Absent(**self._meta(_id(person, way, item)), item=item.key, person=person, since=way.since)

    def _meta(self, id: str) -> dict[str, Any]:
        ws = self._desk.books.workspace
        return {"id": id, "workspace": ws, "at": self._clock(), "by": "docket", "via": "docket"}


_STRANGERS = (
    "Slack knows none of the rulebook's people any more. Is SLACK_BOT_TOKEN of another workspace, or are the ids under "
    "`slack` in the rulebook? Nothing was passed on."
)


def _gone(book: Rulebook, ways: Sequence[Failing], *, slack: bool) -> dict[str, Failing]:
    return {key: way for key, person in book.people.items() if (way := gone(person, ways, slack=slack)) is not None}


def _id(person: str, way: Failing, item: Item) -> str:
    return f"absence:{person}:{way.since.isoformat()}:{item.key}:{item.version}"
