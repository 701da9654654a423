"""Watches who can be reached: asks Slack, listens to it, and looks whether there is a way to everybody."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from bot.desk import Desk
from bot.lending import Lending
from bot.outages import Outages
from handlers.ports import Accounts, Busy, Standing
from rules.absence import Failing, gone, outdated, unreached
from rules.book.rulebook import Rulebook
from rules.own_events import Reachable, Unreachable
from storage import absences
from storage.store import Store, Unavailable

log = logging.getLogger(__name__)

#: Slack tells of a deactivated account when it happens; what we did not hear is asked for this often.
EVERY = timedelta(hours=1)
#: What could not be asked is asked again after this.
AGAIN = timedelta(minutes=5)
#: Ways that Slack can't tell of are looked at this often, and whenever a rulebook is loaded.
CHECKED_EVERY = timedelta(days=30)
REACHABILITY = "reachability"
#: The cause under which the operator hears that Slack knows none of us.
STRANGERS = "slack-people"


class Absences:
    """`look` passes on what lies with the absent. `accounts`: where Slack is asked; None: there is no Slack.

    `ours`: whether that is this instance's to do; the others only know who is absent.
    """

    def __init__(
        self,
        store: Store,
        desk: Desk,
        outages: Outages,
        clock: Callable[[], datetime],
        ours: Callable[[], bool] = lambda: True,
    ) -> None:
        self._store, self._desk, self._outages, self._clock = store, desk, outages, clock
        self._ours = ours
        self.accounts: Accounts | None = None
        #: Who is absent, as of the last look: rulebook key -> the way that fails.
        self.gone: dict[str, Failing] = {}
        self._lending = Lending(store, desk, clock)
        self._checked: tuple[str, datetime] | None = None  # for which rulebook version, until when it holds
        self._asked: tuple[str, datetime] | None = None  # for which rulebook version everybody was asked, until when
        self._asking: asyncio.Task[None] | None = None
        self._trusted: bool | None = None  # whether Slack knows anybody of ours; None: nobody was asked for yet

    @property
    def busy(self) -> bool:
        """Whether Slack is being asked now."""
        return self._asking is not None and not self._asking.done()

    async def look(self) -> None:
        """Pass on what lies with the absent, give back what is theirs again, ask Slack when it is time. Raises Busy."""
        book, known = self._desk.books.current, await self._known()
        self.gone = _gone(book, known.failing, slack=self._desk.books.slack)
        if not self._ours():
            self._lending.forget()  # whoever does it now may leave off anywhere
            return
        for way in outdated(book, known.failing):
            await self._tell_reachable(way.person, way.channel)
        await self._lending.look(self.gone, known)
        await self._check_everybody(book, known.failing)
        if self.accounts is not None and not self.busy and self._is_time(book):
            self._asking = asyncio.create_task(self._ask_everybody(self.accounts, book))

    def next_look(self) -> datetime | None:
        """When Slack is asked again or somebody returns (UTC)."""
        asked = self._asked[1] if self._asked and self.accounts is not None else None
        return min((at for at in (asked, self._lending.next_return) if at is not None), default=None)

    async def changed(self, standing: Standing, id: str = "") -> None:
        """An account of Slack stands like this now; `id`: of the happening that told it. Raises Busy."""
        books = self._desk.books
        person = books.current.person_of(f"slack:{standing.user}")
        if person not in books.current.people:
            return
        ways = (await self._known()).failing
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
            if person in _gone(book, (await self._known()).failing, slack=self._desk.books.slack):
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

    async def _check_everybody(self, book: Rulebook, failing: Sequence[Failing]) -> None:
        """At each load and once a month: is there a way to everybody of the rulebook? They hear nothing of it."""
        now = self._clock()
        if self._checked is not None and self._checked[0] == book.version and now < self._checked[1]:
            return
        lost = unreached(book, failing, slack=self._desk.books.slack, mail=self._desk.ways.mail)
        if lost:
            await self._outages.failed(REACHABILITY, " ".join(lost))
        else:
            await self._outages.recovered(REACHABILITY)
        self._checked = (book.version, now + CHECKED_EVERY)

    async def _known(self) -> absences.Absent:
        try:
            return await self._store.read(lambda conn: absences.known(conn, self._desk.books.workspace))
        except Unavailable as problem:
            raise Busy("The database is busy; who is absent waits for it.") from problem

    async def _tell_reachable(self, person: str, channel: Any, id: str = "") -> None:
        given = self._meta(id or f"reachable:{channel}:{person}:{uuid4().hex}")
        await self._desk.take(Reachable(**given, person=person, channel=channel))

    def _lost(self, person: str, why: str, id: str = "") -> Unreachable:
        given = self._meta(id or f"unreachable:slack:{person}:{uuid4().hex}")
        return Unreachable(**given, person=person, channel="slack", why=why)

    def _meta(self, id: str) -> dict[str, Any]:
        ws = self._desk.books.workspace
        return {"id": id, "workspace": ws, "at": self._clock(), "by": "docket", "via": "docket"}


_STRANGERS = (
    "Slack knows none of the rulebook's people any more. Is SLACK_BOT_TOKEN of another workspace, or are the ids under "
    "`slack` in the rulebook? Nothing was passed on."
)


def _gone(book: Rulebook, ways: Sequence[Failing], *, slack: bool) -> dict[str, Failing]:
    return {key: way for key, person in book.people.items() if (way := gone(person, ways, slack=slack)) is not None}
