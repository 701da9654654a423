"""Watching an inbox: each message is taken by the desk, and only then marked in the mailbox and passed by.

Per message: fetch with PEEK, read, `await desk.take` (one transaction that stores the raw bytes and what follows from
them), then the mark in the database, then \\Seen or the move. A crash anywhere reads the message again; its outside id
makes that harmless. \\Seen is a sign for people: what was read is known by the mark (UIDVALIDITY and the highest UID),
because a person who opens a mail sets \\Seen too.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import ssl
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from handlers.mail.house import MailDesk
from handlers.mail.identity import is_ours
from handlers.mail.imap import BROKEN, Fetched, Refused, Session
from handlers.mail.oauth import AccessTokens, ConsentNeeded
from handlers.mail.outages import Outages
from handlers.mail.patience import Pace, Patience, Stopped
from handlers.mail.read import WORKSPACE, read
from handlers.mail.settings import InboxSettings
from handlers.mail.waves import Read, together, waves
from handlers.ports import Clock
from rules.events import Mailed, Unreadable

log = logging.getLogger(__name__)
T = TypeVar("T")
_STRIKES = 5  # attempts to fetch one message before it is called unreadable


class Inbox:
    """One watched folder. `run` is its life; of several instances the one whose inbox it is (`ours`) watches it."""

    def __init__(
        self,
        settings: InboxSettings,
        desk: MailDesk,
        *,
        clock: Clock,
        own_addresses: frozenset[str] = frozenset(),
        inbox_addresses: frozenset[str] = frozenset(),
        tokens: AccessTokens | None = None,
        tls: ssl.SSLContext | None = None,
        pace: Pace | None = None,
        ours: Callable[[], bool] = lambda: True,
    ) -> None:
        """`own_addresses`: what the bot writes from; `inbox_addresses`: what it reads, this one and the others.

        `tokens`: where `settings.oauth` asks for them.
        """
        self._settings = settings
        self._desk = desk
        self._clock = clock
        self._own = own_addresses
        self._inboxes = inbox_addresses
        self._tokens = tokens
        self._tls = tls
        self._pace = pace or Pace()
        self._ours = ours
        self._cause = f"inbox:{settings.name}"
        self._patience = Patience(self._pace, asyncio.Event())
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=self._cause)
        self._session: Session | None = None
        #: When the last round ended well, by the monotonic clock, and when the last mail was taken, UTC; None: not yet.
        self.rounded_at: float | None = None
        self.mailed_at: datetime | None = None
        self._mark = 0
        self._settled: set[int] = set()
        self._strikes: Counter[int] = Counter()
        self._outages = self._fresh_outages()

    @property
    def name(self) -> str:
        """The inbox's, as the rulebook calls it."""
        return self._settings.name

    async def run(self, stop: asyncio.Event) -> None:
        """Watch until `stop` is set; ends within seconds of it. Nothing outside makes it raise."""
        self._patience = Patience(self._pace, stop)
        try:
            while not stop.is_set():
                try:
                    await self._until_ours()
                    await self._until_stop(self._watch())
                except Stopped:
                    break
                except Refused:
                    if self._tokens is not None:
                        self._tokens.forget()
                    await self._outages.refused()
                    await self._patience.back_off(self._pace.refused, self._pace.refused_most)
                except ConsentNeeded as problem:
                    await self._outages.consent(str(problem))
                    await self._patience.back_off(self._pace.refused, self._pace.refused_most)
                except BROKEN as problem:
                    log.info("%s: %s", self._cause, type(problem).__name__)
                    await self._outages.broken(problem)
                    await self._patience.back_off(self._pace.retry, self._pace.retry_most)
                except Exception as fault:
                    log.exception("%s: a fault of this program", self._cause)
                    await self._outages.broken(fault)
                    await self._patience.back_off(self._pace.retry, self._pace.retry_most)
        finally:
            self._thread.shutdown(wait=False, cancel_futures=True)

    async def _until_ours(self) -> None:
        """Wait while another instance watches. What was known of this inbox before may have passed meanwhile."""
        if self._ours():
            return
        log.info("%s: another instance reads it", self._cause)
        self.rounded_at, self._outages = None, self._fresh_outages()
        while not self._ours():
            await self._patience.sleep(self._pace.slice)

    def _fresh_outages(self) -> Outages:
        return Outages(self._settings, self._desk, report_seconds=self._pace.report)

    # One session: connect, catch up, then look and wait in turn, for as long as it is ours.

    async def _watch(self) -> None:
        try:
            token = await self._tokens.token() if self._tokens is not None else ""
            session = self._session = await self._blocking(
                lambda: Session(self._settings, access_token=token, tls=self._tls)
            )
            await self._catch_up(session)
            swept, wait = _now(), self._pace.idle_first
            while self._ours():
                uids = await self._blocking(lambda: session.above(self._mark))
                await self._take_all(session, uids)
                self._patience.worked()
                self.rounded_at = time.monotonic()
                await self._outages.fine()
                if _now() - swept > self._pace.sweep:
                    swept = _now()
                    await self._look_below(session)
                wait = self._pace.idle_first if uids else min(wait * 2, self._pace.idle)
                if not session.announced():
                    await self._wait(session, wait)
        finally:
            if self._session is not None:
                self._session.close()
                self._session = None

    async def _catch_up(self, session: Session) -> None:
        """Set the mark to go on from, and take what lies below it and is not ours yet."""
        self._settled.clear()
        name = self._settings.name
        known = await self._patience.insist(lambda: self._desk.mark(name))
        if known is not None and known[0] == session.uidvalidity:
            # left without our sign by a crash between commit and \\Seen, or numbered late by the server
            self._mark = known[1]
            await self._look_below(session)
            return
        newest = session.highest
        if known is None:
            # what people had read before we came is history
            uids = await self._blocking(lambda: session.unseen(1, newest))
        else:
            # the folder was made anew, all its numbers are void; what was counted before is known by its outside id
            self._strikes.clear()
            since = self._clock() - timedelta(days=30)
            uids = await self._blocking(lambda: session.unseen_or_since(since, newest))
        await self._take_all(session, uids, passing=False)
        await self._patience.insist(lambda: self._desk.advance(name, session.uidvalidity, newest))
        self._mark = newest

    async def _look_below(self, session: Session) -> None:
        low = max(1, self._mark - 1000)
        self._settled = {uid for uid in self._settled if uid >= low}
        uids = await self._blocking(lambda: session.unseen(low, self._mark))
        await self._take_all(session, [uid for uid in uids if uid not in self._settled], passing=False)

    async def _take_all(self, session: Session, uids: Sequence[int], *, passing: bool = True) -> None:
        """Take these messages in order. `passing`: the mark goes along, over messages that vanished meanwhile, too."""
        for batch in await self._blocking(lambda: list(session.batches(uids))) if uids else []:
            taken: list[int] = []
            try:
                for piece in [[message] for message in batch] if any(self._strikes[u] for u, _ in batch) else [batch]:
                    for wave in waves(await self._events(session, piece)):
                        await together(self._take(event, message.raw) for message, event in wave)
                        self.mailed_at = self._clock()
                        taken += [message.uid for message, _ in wave]
                        if passing:
                            await self._pass(session, taken[-1])
            finally:
                # also when stopped or broken off: what was taken should carry our sign
                if taken and self._session is session:
                    await self._sign(session, taken)
        if uids and passing:
            await self._pass(session, uids[-1])

    async def _pass(self, session: Session, uid: int) -> None:
        if uid > self._mark:
            await self._patience.insist(lambda: self._desk.advance(self._settings.name, session.uidvalidity, uid))
            self._mark = uid

    async def _events(self, session: Session, batch: Sequence[tuple[int, int]]) -> list[Read]:
        """The messages of a batch, read. One that breaks every attempt to fetch it must not block those behind it."""
        if len(batch) == 1 and self._strikes[batch[0][0]] >= _STRIKES:
            uid = batch[0][0]
            key = f"{self._settings.name}\0{session.uidvalidity}\0{uid}".encode()
            problem = f"The mail server does not hand it out (folder {self._settings.folder}, UID {uid})."
            spare = self._unreadable(f"mail:{hashlib.sha256(key).hexdigest()}", self._clock(), problem)
            return [(Fetched(uid, b"", None, whole=False), spare)]
        try:
            fetched = await self._blocking(lambda: session.fetch(batch))
        except BROKEN:
            self._strikes.update(uid for uid, _ in batch)
            raise
        return await self._blocking(lambda: [(message, self._event(message)) for message in fetched])

    def _event(self, message: Fetched) -> Mailed | Unreadable:
        now = self._clock()
        event = self.reading(message.raw, min(message.arrived.astimezone(UTC), now) if message.arrived else now)
        if isinstance(event, Mailed) and not message.whole:
            cut = tuple(replace(file, data=b"", sha256="") for file in event.attachments)
            said = (*event.troubles, "It is larger than 25 MB; only its beginning was read.")
            return replace(event, attachments=cut, troubles=said)
        return event

    def reading(self, raw: bytes, received_at: datetime) -> Mailed | Unreadable:
        """What a mail of this inbox says."""
        return read(
            raw, inbox=self.name, received_at=received_at, own_addresses=self._own, inbox_addresses=self._inboxes,
            sent_ids=lambda message_id: is_ours(message_id, self._own), authserv=self._settings.authserv,
        )  # fmt: skip

    async def _take(self, event: Mailed | Unreadable, raw: bytes) -> None:
        try:
            await self._patience.insist(lambda: self._desk.take(event, raw))
        except Stopped:
            raise
        except Exception:
            if isinstance(event, Unreadable):
                raise
            # a fault in judging this one mail must not block those behind it
            log.exception("%s: a mail could not be handled", self._cause)
            problem = "It was read, but could not be handled: a fault of this program."
            spare = self._unreadable(event.id, event.at, problem)
            await self._patience.insist(lambda: self._desk.take(spare, raw))

    def _unreadable(self, outside_id: str, at: datetime, problem: str) -> Unreadable:
        return Unreadable(
            id=outside_id, workspace=WORKSPACE, at=at, by="", via="mail", inbox=self._settings.name, problem=problem
        )

    async def _sign(self, session: Session, uids: Sequence[int]) -> None:
        """Mark or move what was taken. A folder that allows neither is told to the operator, and mail is read on."""
        self._settled.update(uids)
        await self._outages.signed(await self._blocking(lambda: session.settle(uids)))

    async def _wait(self, session: Session, seconds: float) -> None:
        """Until something may be new: the server says so (IDLE), or it is time to look."""
        if not session.can_idle:
            await self._patience.sleep(self._pace.poll)
            return
        await self._blocking(session.begin_idle)
        ends = _now() + seconds
        while _now() < ends and self._ours() and not self._patience.stop.is_set() and not session.announced():
            if await self._blocking(lambda: session.idle(self._pace.slice)):
                break
        await self._blocking(session.end_idle)
        if self._patience.stop.is_set():
            raise Stopped

    async def _blocking(self, call: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, call)

    async def _until_stop(self, life: Awaitable[None]) -> None:
        """Run `life`; when stopped, give it two seconds to end what is under way, then cut its connection."""
        task = asyncio.ensure_future(life)
        stopped = asyncio.ensure_future(self._patience.stop.wait())
        try:
            await asyncio.wait({task, stopped}, return_when=asyncio.FIRST_COMPLETED)
            if not task.done():
                await asyncio.wait({task}, timeout=2 + self._pace.slice)
            if not task.done() and self._session is not None:
                self._session.close()
                await asyncio.wait({task}, timeout=2)
        finally:
            stopped.cancel()
            task.cancel()
        if task.done() and not task.cancelled():
            task.result()


def _now() -> float:
    return asyncio.get_running_loop().time()
