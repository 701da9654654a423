"""The courier: claims waiting notices, words them as things stand now, delivers them lane by lane, keeps receipts."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Literal

from bot.absences import Absences
from bot.books import Books
from bot.desk import Desk
from bot.leases import BATCH, Leases
from bot.letters import Lettering, lettered
from bot.logs import story
from bot.outages import Outages
from bot.pace import Pace
from bot.pictures import Illustrator
from bot.receipts import Receipts
from handlers.ports import Busy, Directory, Lasting, Outgoing, Passing, Sender, Sleep, Unshown
from rules.messages import named_in
from storage import outbox
from storage.outbox import Claimed
from storage.store import Store, Unavailable

log = logging.getLogger(__name__)

#: What is under way when the bot stops gets so long to end; the whole stop has ten seconds.
FINISH_SECONDS = 6.0
FIRST_RETRY_SECONDS, LONGEST_RETRY_SECONDS = 2.0, 600.0
#: After so many tries a channel counts as unreachable, and the operator hears of it.
TRIES_UNTIL_TOLD = 5
#: RFC 5321, section 4.5.4.1: a sender gives up after four to five days.
GIVE_UP = timedelta(days=5)
_CLOSED = {"slack": "Docket is not connected to Slack", "mail": "DOCKET_SMTP_URL and DOCKET_MAIL_FROM are not set"}
_CAUSES = {"slack": "slack", "mail": "smtp"}
_PART = "sending"


class Courier:
    """Sends what waits in the outbox through `senders` (by the lane's channel: slack, mail).

    `quiet` is for leases.py.
    """

    def __init__(
        self,
        store: Store,
        books: Books,
        desk: Desk,
        senders: dict[str, Sender],
        clock: Callable[[], datetime],
        quiet: asyncio.Lock,
        outages: Outages,
        pace: Pace,
        absences: Absences,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        self._store, self._books, self._senders, self._clock = store, books, senders, clock
        self._outages, self._pace, self._sleep = outages, pace, sleep
        self._leases = Leases(store, clock, quiet, sleep)
        self._absences = absences
        self._receipts = Receipts(store, desk, clock, absences, sleep)
        self._wake = asyncio.Event()
        self._lanes: dict[tuple[str, str], asyncio.Task[None]] = {}  # the last task of each lane that is served
        self._under_way: set[str] = set()
        self._pacing: set[asyncio.Task[None]] = set()  # the lanes that only wait for Slack's pace
        #: Where strangers' names are learnt before a message is sent; set by the composition where Slack is on.
        self.directory: Directory | None = None
        #: Where digests get their pictures; set by the composition.
        self.illustrator: Illustrator | None = None
        self._claiming = False
        # Until the first success, an earlier process may have told the operator that these fail.
        self._doubted = set(_CAUSES)
        self._told: set[str] = set()

    def wake(self) -> None:
        """Look again: something was put into the outbox, or the clock moved. To be called in the event loop."""
        self._wake.set()

    def without(self, channel: str) -> None:
        """That channel is closed for good: what waits for it goes another way, where there is one."""
        self._senders.pop(channel, None)
        if channel == "slack":
            self.directory = self._absences.accounts = None
        self.wake()

    async def run(self, stop: asyncio.Event) -> None:
        """Send until `stop` is set; then what is under way ends, and claims that were not begun are given back."""
        stopping = asyncio.create_task(stop.wait())
        try:
            while not stop.is_set():
                self._wake.clear()
                self._claiming = True  # a claim that is committed and not yet served is work under way, too
                claimed = await self._leases.claim(self._under_way)
                for lane, claims in _by_lane(claimed).items():
                    # A pushed clock ends the lease of what is being sent right now: it must not be sent beside itself.
                    if fresh := [claim for claim in claims if claim.id not in self._under_way]:
                        self._serve(lane, fresh, stop)
                self._claiming = False
                if len(claimed) < BATCH:
                    await self._wait(stopping)
        finally:
            stopping.cancel()
            await self._finish()

    async def idle(self) -> None:
        """Wait until nothing that could be sent now is waiting or under way: for tests and the command line."""
        while True:
            await asyncio.gather(*self._lanes.values(), return_exceptions=True)
            ready = await self._store.read(outbox.next_ready)
            if not self._lanes and not self._claiming and (ready is None or ready > self._clock()):
                return
            self._wake.set()
            await asyncio.sleep(0.01)

    def _serve(self, lane: tuple[str, str], claims: Sequence[Claimed], stop: asyncio.Event) -> None:
        with story(claims[0].story):  # the task goes on in it, to the receipt
            task = asyncio.create_task(self._lane(claims, stop, self._lanes.get(lane)))
        ids = {claim.id for claim in claims}
        self._lanes[lane] = task
        self._under_way |= ids

        def done(task: asyncio.Task[None]) -> None:
            self._under_way -= ids
            if self._lanes[lane] is task:
                del self._lanes[lane]
            self._wake.set()  # the lane's next notice may go now
            if not task.cancelled() and (problem := task.exception()) is not None:
                log.error("a lane of the courier ended", exc_info=problem)

        task.add_done_callback(done)

    async def _turn(self, lane: str, *, edit: bool) -> None:
        """Wait until Slack's pace lets this go; a stop does not wait for that."""
        task = asyncio.current_task()
        assert task is not None
        self._pacing.add(task)
        try:
            await (self._pace.edit() if edit else self._pace.post(lane))
        finally:
            self._pacing.discard(task)

    async def _finish(self) -> None:
        for task in self._pacing:
            task.cancel()
        tasks = list(self._lanes.values())
        if not tasks:
            return
        _, hanging = await asyncio.wait(tasks, timeout=FINISH_SECONDS)
        for task in hanging:
            task.cancel()
        await asyncio.gather(*hanging, return_exceptions=True)

    async def _wait(self, stopping: asyncio.Task[Literal[True]]) -> None:
        """Until woken, stopped, or the next notice is ready."""
        try:
            ready = await self._store.read(outbox.next_ready)
        except Unavailable:
            ready = self._clock() + timedelta(seconds=1)
        seconds = 30.0 if ready is None else min(30.0, max(0.05, (ready - self._clock()).total_seconds()))
        woken = asyncio.create_task(self._wake.wait())
        await asyncio.wait({woken, stopping}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        woken.cancel()

    async def _lane(self, claims: Sequence[Claimed], stop: asyncio.Event, before: asyncio.Task[None] | None) -> None:
        """Send what was claimed of one lane: one notice, or all its reminders as one message."""
        if before is not None:  # it has written its receipt, else these could not be claimed, and ends at any moment
            await asyncio.wait({before})
        try:
            lettering = await self._store.read(self._worded(claims))
        except Unavailable:
            return  # the lease ends by itself
        except Exception as problem:
            log.exception("a notice could not be worded")
            sentence = f"A {type(claims[0].notice).__name__} could not be worded ({type(problem).__name__})."
            await self._receipts.failed(claims, sentence, "rules:wording")
            return
        if lettering.outgoing is None:
            await self._receipts.dropped(claims, lettering.reason)
            return
        if (until := await self._quiet_until(claims[0], lettering)) is not None:
            await self._receipts.put_aside(claims, until)
            return
        try:
            await self._deliver(claims, lettering, await self._with_names(lettering.outgoing), stop)
        except asyncio.CancelledError:
            # Whether it arrived is not known; who claims it next looks first, and need not wait for the lease.
            await asyncio.shield(self._receipts.given_back(claims))
            raise

    def _worded(self, claims: Sequence[Claimed]) -> Callable[[Any], Lettering]:
        slack = "slack" in self._senders
        return lambda conn: lettered(conn, self._books, claims, self._clock(), slack=slack)

    async def _quiet_until(self, first: Claimed, lettering: Lettering) -> datetime | None:
        """Until when a reminder waits for who does not want to be disturbed; never beyond what it reminds of."""
        if lettering.waits_until is None or first.attempts:
            return None
        until = await self._absences.quiet_until(first.lane)
        return None if until is None else min(until, lettering.waits_until)

    async def _with_names(self, outgoing: Outgoing) -> Outgoing:
        if self.directory is None:
            return outgoing
        await self.directory.learn(named_in(outgoing.message) - outgoing.names.keys())
        return replace(outgoing, names={**self.directory.names, **outgoing.names})

    async def _deliver(
        self, claims: Sequence[Claimed], lettering: Lettering, outgoing: Outgoing, stop: asyncio.Event
    ) -> None:
        first, edit = claims[0], outgoing.edit is not None
        channel, _, address = first.lane.partition(":")
        sender = self._senders.get(channel)
        if sender is None:
            await self._closed(claims, channel, address)
            return
        try:
            found = await sender.find(outgoing, first.created_at) if first.maybe_sent else None
            if found is None:
                if self.illustrator is not None and lettering.pictured is not None and not stop.is_set():
                    outgoing = await self.illustrator.onto(outgoing, lettering.pictured, first)
                if channel == "slack" and not stop.is_set():
                    await self._turn(first.lane, edit=edit)
                if stop.is_set() or not await self._receipts.begun(claims):
                    await self._receipts.given_back(claims)
                    return
                if not self._leases.hold(claims):
                    return
                found = await sender.send(outgoing)
        except Passing as problem:
            if self.illustrator is not None and isinstance(problem, Unshown):
                self.illustrator.refused(first)
            await self._later(claims, channel, problem, private=lettering.private)
        except Lasting as problem:
            if channel in self._senders:
                await self._receipts.failed(claims, str(problem), f"deliver:{first.lane}", problem.status)
            else:  # which it was until this showed that it is not
                await self._closed(claims, channel, address)
        except Exception as problem:
            log.exception("a message could not be sent")
            sentence = f"A message to {address} could not be sent ({type(problem).__name__})."
            await self._receipts.failed(claims, sentence, f"deliver:{first.lane}")
        else:
            await self._receipts.arrived(claims, lettering, outgoing, found)
            if self.illustrator is not None:
                self.illustrator.arrived(first)
            await self._works(channel)

    async def _closed(self, claims: Sequence[Claimed], channel: str, address: str) -> None:
        sentence = f"{address} was not told: {_CLOSED.get(channel, channel)}."
        await self._receipts.otherwise(claims, sentence, f"deliver:{channel}:off")

    async def _later(self, claims: Sequence[Claimed], channel: str, problem: Passing, *, private: bool) -> None:
        tries, now = claims[0].attempts, self._clock()
        if now - claims[0].created_at > GIVE_UP:
            await self._receipts.failed(claims, f"Given up after {GIVE_UP.days} days. {problem}", f"deliver:{channel}")
            return
        seconds = problem.retry_after_seconds
        if seconds is None:
            seconds = min(LONGEST_RETRY_SECONDS, FIRST_RETRY_SECONDS * 2 ** min(tries, 20))
        # Without a Retry-After nobody knows whether the message arrived before the answer was lost: look first.
        unsure = problem.retry_after_seconds is None
        await self._receipts.put_off(claims, now + timedelta(seconds=seconds), str(problem), maybe_sent=unsure)
        if tries + 1 >= TRIES_UNTIL_TOLD and channel not in self._told:
            try:
                # What a server said may name whom a private message was for.
                said = f"Sending by {channel} fails; it is tried again." if private else str(problem)
                await self._outages.failed(_CAUSES[channel], said, _PART)
                self._told.add(channel)
            except Busy:
                log.warning("the operator could not be told: the database is busy")

    async def _works(self, channel: str) -> None:
        if channel not in self._doubted | self._told:
            return
        try:
            await self._outages.recovered(_CAUSES[channel], _PART)
            self._doubted.discard(channel)
            self._told.discard(channel)
        except Busy:
            log.warning("the operator could not be told: the database is busy")


def _by_lane(claimed: Sequence[Claimed]) -> dict[tuple[str, str], list[Claimed]]:
    lanes: dict[tuple[str, str], list[Claimed]] = {}
    for claim in claimed:
        lanes.setdefault((claim.ws, claim.lane), []).append(claim)
    return lanes
