"""Takes what was said while nobody listened: once after each gap, in order, by the same reading as live events.

What history does not show can't be caught up with: a message that was posted and deleted in the gap, an edit before the
last one, a reaction on a message of days ago, a button or slash command (of these the person saw the failure).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection, Iterable, Sequence
from contextlib import suppress
from datetime import timedelta
from functools import partial
from operator import itemgetter

from slack_sdk.errors import SlackApiError

from handlers.ports import Busy, Clock, Heard, Sleep
from handlers.slack import ending
from handlers.slack.client import Client, code_of, fault
from handlers.slack.history import History, Insisting, Said, window
from handlers.slack.listen_events import Events, NotTaken
from handlers.slack.marks import TS, Marks, ts_of
from handlers.slack.wire import is_direct, moment

log = logging.getLogger(__name__)

#: The cause under which it is reported that conversations can't be read.
CAUSE = "slack:history"
#: An answer to a question (`mine`, `show`) comes within this time or not at all: later it would only puzzle.
ANSWER_WITHIN = timedelta(minutes=15)
#: Slack has given up by then; what could not be taken until then is looked for in history.
GIVEN_UP = timedelta(minutes=10)
KEEP_SECONDS = 60.0
#: The row that says up to when all conversations were known: one that is not known came after that.
_ALL = "*"
#: The bot is not in that conversation any more.
_GONE = frozenset({"channel_not_found", "not_in_channel"})


class CatchingUp:
    """`part()` when nobody listens any more (also before the first time), `join()` when somebody does again.

    `failed(cause, sentence)` and `recovered(cause)` tell the operator and say whether that worked.
    """

    def __init__(
        self,
        client: Client,
        events: Events,
        heard: Heard,
        *,
        clock: Clock,
        sleep: Sleep,
        failed: Callable[[str, str], Awaitable[bool]],
        recovered: Callable[[str], Awaitable[bool]],
    ) -> None:
        self._events = events
        self._marks: Marks = events.marks
        self._heard = heard
        self._clock = clock
        self._failed = failed
        self._recovered = recovered
        self._insist = Insisting(sleep)
        self._history = History(client, events.us, self._insist)
        self._gaps = 0
        self._wanted = asyncio.Event()
        self._through = asyncio.Event()  # what was said lately has been taken
        self._stopped = False
        self._at_work = False
        self._names: dict[str, str] = {}
        self._unread: dict[str, str] = {}  # what can't be read, and why
        self._told: dict[str, str] | None = None
        self._task: asyncio.Task[None] | None = None
        events.reached = self.reached

    @property
    def busy(self) -> bool:
        """Whether it reads now, and does not just wait for Slack or the database."""
        return (self._wanted.is_set() or self._at_work) and not self._insist.resting

    def part(self) -> None:
        """From now on something may be missed."""
        self._gaps += 1
        self._marks.part()
        self._through.clear()

    def join(self) -> None:
        """What is said comes in again: read what was missed, in the background."""
        self._wanted.set()
        if self._task is None:
            self._task = asyncio.create_task(self._go_on())

    async def stop(self) -> None:
        """Read no further, and let nobody wait for it."""
        self._stopped = True
        self._through.set()
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def keep(self) -> None:
        """Remember how far it came. Raises Busy."""
        if due := self._marks.due():
            await self._heard.advance(due)
            self._marks.keep(due)

    async def reached(self, place: str, ts: str) -> None:
        """Wait until the message `ts` has been taken, where it fell into a gap: what is about it would be lost before.

        Raises NotTaken when the bot stops first.
        """
        while not self._through.is_set():
            mark = self._marks.known(place)
            if mark is not None and ts <= mark.ts:
                return
            await self._through.wait()
        if self._stopped:
            raise NotTaken("the bot is stopping")

    async def _go_on(self) -> None:
        """Catch up when it is wanted, and keep the marks, for ever."""
        while True:
            with suppress(TimeoutError):
                # Not wait_for: until Python 3.12 it swallows a stop that comes in the moment in which it is wanted.
                async with asyncio.timeout(KEEP_SECONDS):
                    await self._wanted.wait()
            missing = self._marks.missing_since()
            if missing is not None and self._clock() - missing > GIVEN_UP:
                self.part()
                self._wanted.set()
            try:
                if self._wanted.is_set():
                    self._at_work = True
                    self._wanted.clear()
                    async with self._heard.alone():
                        await self._catch_up()
                await self.keep()
            except Busy as problem:
                log.warning("how far Slack was heard can't be kept now: %s", problem)
            except SlackApiError as error:
                log.warning("what was missed in Slack can't be read: %s", code_of(error))
            except Exception:
                log.exception("what was missed in Slack could not be read")
            finally:
                self._at_work = False

    async def _catch_up(self) -> None:
        gap, began = self._gaps, self._clock()
        now = ts_of(began)
        try:
            self._marks.load(await self._insist(self._heard.marks))
            places = await self._places()
            if self._marks.known(_ALL) is None:
                # The first start ever: what was said before it is not ours.
                read = dict.fromkeys(places, now)
                log.info("Slack is heard from now on, in %d conversations", len(read))
            else:
                read = await self._read(places, now)
        finally:
            if gap == self._gaps:
                self._through.set()
        if gap != self._gaps:
            return  # nobody listened again meanwhile: all is read once more, from where it was
        for place, since in read.items():
            self._marks.begin(place, since)
            self._marks.read(place)
        self._marks.begin(_ALL, now)
        self._marks.read(_ALL)
        self._marks.mend(began)
        await self._tell()

    async def _places(self) -> list[str]:
        """Every conversation that the bot is in, channels first."""
        self._names, self._unread = {}, {}
        for kinds, name in ((("public_channel", "private_channel"), "channels"), (("im",), "direct messages")):
            try:
                self._names |= await self._insist(partial(self._events.channels.ours, *kinds))
            except SlackApiError as error:
                self._not_read(name, error)
        return list(self._names)

    async def _read(self, places: Sequence[str], began: str) -> dict[str, str]:
        """What of these conversations could be read, and since when each is ours.

        No mark moves before all of it is done, so that a stop on the way loses nothing.
        """
        marks = {place: mark for place in places if (mark := self._marks.known(place)) is not None}
        # In a large workspace most direct messages with the bot are empty, and each costs a call: they come last.
        silent = {place for place, mark in marks.items() if is_direct(place) and mark.ts == mark.since}
        read: dict[str, str] = {}
        await self._take(await self._lately((place for place in places if place not in silent), began, read))
        self._through.set()
        # Older threads cost a call each. They come after what is new, whose people wait; each thread in its own order.
        for place, root in await self._insist(self._heard.threads):
            mark = marks.get(place)
            if mark is not None and place in read and TS.fullmatch(root) and root <= window(mark):
                await self._take(await self._history.thread(place, root, mark))
        await self._take(await self._lately(silent, began, read))
        return read

    async def _lately(self, places: Iterable[str], began: str, read: dict[str, str]) -> list[Said]:
        """What was said lately in these conversations; `read` is told of those that could be read."""
        everything = self._marks.known(_ALL)
        assert everything is not None
        found: list[Said] = []
        for place in places:
            mark = self._marks.known(place)
            try:
                if mark is None:
                    said, read[place] = await self._history.since_invited(place, everything.ts, began)
                else:
                    said, read[place] = await self._history.lately(place, mark), mark.since
            except SlackApiError as error:
                self._not_read(f"#{name}" if (name := self._names[place]) else "a direct message", error)
            else:
                found += said
        return found

    async def _take(self, found: Collection[Said]) -> None:
        """In the order in which it was said and edited, wherever. While the database is busy, the next waits for it."""
        # Of a message that is not ours only an edit counts: an item may have been made of it all the same.
        steps = [(said.ts, said.place, False, said) for said in found if said.ours]
        steps += [(said.changed_at, said.place, True, said) for said in found if said.changed_at]
        as_it_reads: set[tuple[str, str]] = set()  # taken now, so its edit is in it
        for _, place, change, said in sorted(steps, key=itemgetter(0, 1, 2)):
            if change and (place, said.ts) in as_it_reads:
                continue
            answering = said.fresh and self._clock() - moment(said.ts) <= ANSWER_WITHIN
            work = partial(self._events.recall, said.message, place, change=change, answering=answering)
            try:
                if await self._insist(work):
                    as_it_reads.add((place, said.ts))
            except Exception as problem:
                if isinstance(problem, SlackApiError) and code_of(problem) in ending.ERRORS:
                    raise  # nothing can be read any more
                # Not a matter of time: one that can never be taken must not block what was said after it.
                log.exception("a message that was missed could not be taken")
                await self._insist(partial(self._events.set_aside, said.message, place, problem))
            self._marks.passed(place, said.ts)

    def _not_read(self, what: str, error: SlackApiError) -> None:
        code = code_of(error)
        if code in ending.ERRORS:
            raise error
        log.warning("what was said in %s can't be read: %s", what, code)
        if code not in _GONE:
            self._unread[what] = str(fault(error, what))

    async def _tell(self) -> None:
        """The operator hears of what can't be read once, and once more when it can."""
        if self._unread == self._told:
            return
        if self._unread:
            where, why = ", ".join(self._unread), " ".join(dict.fromkeys(self._unread.values()))
            told = await self._failed(CAUSE, f"What was said in {where} while Docket was away can't be read. {why}")
        else:
            told = await self._recovered(CAUSE)  # an earlier process may have told of it
        if told:
            self._told = self._unread
