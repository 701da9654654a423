"""`docketbot run`: starts the doors, the courier and the knock, keeps them going, and ends cleanly."""

from __future__ import annotations

import asyncio
import logging
import re
import signal
import time
from collections.abc import Awaitable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from itertools import count

from apscheduler.schedulers.asyncio import AsyncIOScheduler

from bot.adopting import adopt_at_start, reload
from bot.build import Bot, build, inbox_names
from bot.clock import DatabaseClock, clock_of
from bot.config import Misconfigured, Settings, rulebook
from bot.connecting import connect
from bot.for_good import for_good
from handlers.ports import Busy
from rules.book.rulebook import Rulebook
from storage import outbox
from storage.store import Store, Unavailable, Unusable

log = logging.getLogger(__name__)

#: Together they stay below the ten seconds in which a stop must be over.
STOP_SECONDS, CLOSE_SECONDS = 8.0, 1.0
#: Longer than this was not a slow start but a database that could not be had.
LONG_OPENING_SECONDS = 1.0
RETRY_SECONDS = (1.0, 2.0, 5.0, 10.0, 30.0, 60.0)


async def open_store(url: str, patience: int | None = None) -> Store:
    """Open the database; one that is locked or unreachable is tried again with back-off, `patience` times or for ever.

    Raises Misconfigured where it can never be opened like this.
    """
    for attempt in count():
        try:
            return await asyncio.to_thread(Store.open, url)
        except Unusable as problem:
            raise Misconfigured(str(problem)) from None
        except Unavailable as problem:
            if patience is not None and attempt >= patience:
                raise Misconfigured(str(problem)) from None
            seconds = RETRY_SECONDS[min(attempt, len(RETRY_SECONDS) - 1)]
            log.warning("%s Trying again in %.0f s.", problem, seconds)
            await asyncio.sleep(seconds)
    raise AssertionError("counting does not end")


async def run(settings: Settings) -> None:
    """The bot, from settings to its end by SIGTERM or SIGINT. Raises Misconfigured and Unusable with what to do."""
    if problems := settings.problems():
        raise Misconfigured("\n".join(problems))
    with for_good():
        book, text = rulebook(settings.rulebook)
    began = time.monotonic()
    store = await open_store(settings.database_url)
    waited_seconds = time.monotonic() - began
    try:
        store.reserve()
        if not store.shared:
            with suppress(Unavailable):  # then it is free when its lease ends
                await store.write(outbox.free)
        clock = await clock_of(store)
        with for_good():
            bot = await build(settings, book, text, store, clock=clock)
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for name in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(name, stop.set)
        reloads: set[asyncio.Task[None]] = set()  # the loop itself holds tasks only weakly
        loop.add_signal_handler(signal.SIGHUP, lambda: reloads.add(asyncio.create_task(reload(bot))))
        if waited_seconds > LONG_OPENING_SECONDS:
            bot.desk.away(waited_seconds, "It could not be opened at the start.")
        await serve(bot, book, text, stop)
    finally:
        store.close()


async def serve(bot: Bot, book: Rulebook, text: str, stop: asyncio.Event) -> None:
    """Run a built bot until `stop` is set, or until a newer Docket takes over its database.

    Raises Misconfigured where a token or the rulebook can't work, and for that newer one.
    """
    await adopt_at_start(bot, book, text)
    if bot.web is not None:
        await _listen(bot)
    _say_what_is_missing(bot)
    alarm = Alarm(bot)
    loop = asyncio.get_running_loop()

    def changed() -> None:  # called from the storage's threads
        with suppress(RuntimeError):  # the loop has ended
            loop.call_soon_threadsafe(stop.set if bot.store.outgrown else alarm.ring)

    bot.store.subscribe(changed)
    if hasattr(bot.clock, "subscribe"):
        bot.clock.subscribe(alarm.ring)
        bot.clock.subscribe(bot.knock.sealing.wake)
    tasks = [asyncio.create_task(bot.courier.run(stop)), asyncio.create_task(alarm.run(stop))]
    tasks += [asyncio.create_task(inbox.run(stop)) for inbox in bot.inboxes]
    bot.duties.subscribe(alarm.ring)
    bot.health.watchdog.ring = alarm.ring
    rounds = [bot.silence.run(stop), bot.duties.run(stop), bot.health.watchdog.run(stop), bot.knock.sealing.run(stop)]
    rounds += [bot.clock.run(stop)] if isinstance(bot.clock, DatabaseClock) else []
    beside = [asyncio.create_task(each) for each in rounds]
    stopped = asyncio.create_task(stop.wait())
    try:
        if bot.slack is not None:
            tasks.append(await connect(bot, stop))
        if bot.homes is not None:
            tasks.append(asyncio.create_task(bot.homes.run(stop)))
        log.info("running: %s", _parts(bot))
        await asyncio.wait({stopped, *tasks[: 2 + len(bot.inboxes)]}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        stop.set()
        doors = [door.stop() for door in (bot.slack, bot.web) if door is not None]
        await _within(STOP_SECONDS, asyncio.gather(*doors, *tasks, *beside, return_exceptions=True))
        await _within(CLOSE_SECONDS, asyncio.gather(*(close() for close in bot.closers), return_exceptions=True))
    if bot.store.outgrown is not None:
        raise Misconfigured(str(bot.store.outgrown))
    for task in tasks:
        if task.done() and not task.cancelled() and (problem := task.exception()) is not None:
            raise problem


async def _listen(bot: Bot) -> None:
    try:
        await bot.web.start()
    except OSError as problem:
        raise Misconfigured(f"DOCKET_HTTP: {bot.settings.http} can't be listened on ({problem.strerror}).") from None


class Alarm:
    """Wakes the knock at the next due time and after each change. APScheduler only rings; the times are our rows."""

    def __init__(self, bot: Bot) -> None:
        self._bot = bot
        self._rung = asyncio.Event()
        # Missed and doubled rings are one ring: what is due is asked of the database, never of the scheduler.
        self._scheduler = AsyncIOScheduler(
            timezone=UTC, job_defaults={"misfire_grace_time": None, "coalesce": True, "max_instances": 1}
        )

    def ring(self) -> None:
        """Look now: the time has come, the clock was pushed, or something was committed (the courier has work then)."""
        self._bot.courier.wake()
        if self._bot.homes is not None:
            self._bot.homes.wake()
        self._rung.set()

    async def run(self, stop: asyncio.Event) -> None:
        """Fire what is due, set the alarm for the next due time, sleep; until `stop`."""
        self._scheduler.start()
        stopping = asyncio.create_task(stop.wait())
        try:
            while not stop.is_set():
                self._rung.clear()
                self._set(await self._look())
                rung = asyncio.create_task(self._rung.wait())
                await asyncio.wait({rung, stopping}, return_when=asyncio.FIRST_COMPLETED)
                rung.cancel()
        finally:
            stopping.cancel()
            self._scheduler.shutdown(wait=False)

    async def _look(self) -> datetime:
        """Fire what is due; says when to look again, soon where that was not possible."""
        try:
            await self._bot.knock.look()
            return await self._bot.knock.next_look()
        except Busy as problem:
            log.warning("%s", problem)
            return self._bot.clock() + timedelta(seconds=2)
        except Exception as problem:
            # What can't be fired must not end the bot; the operator hears of it.
            log.exception("due times could not be fired")
            with suppress(Busy):
                sentence = f"Due times could not be fired ({type(problem).__name__}). It is tried again every minute."
                await self._bot.outages.failed("rules:knock", sentence)
            return self._bot.clock() + timedelta(minutes=1)

    def _set(self, at: datetime) -> None:
        # The bot's clock may be pushed by hand; the scheduler lives by the real one, so the distance is what counts.
        seconds = max(0.01, (at - self._bot.clock()).total_seconds())
        real = datetime.now(UTC) + timedelta(seconds=seconds)
        self._scheduler.add_job(self.ring, "date", run_date=real, id="next due time", replace_existing=True)


def _say_what_is_missing(bot: Bot) -> None:
    """Once at start: what the rulebook speaks of and the settings lack; the bot runs without it."""
    wanted = inbox_names(bot.books.current)
    for name in wanted:
        if bot.settings.inbox(name) is None:
            setting = f"DOCKET_INBOX_{re.sub(r'[^A-Z0-9]', '_', name.upper())}"
            log.warning("the rulebook's inbox %s is not read: %s is not set", name, setting)
    known = {url.get_secret_value() for name in wanted if (url := bot.settings.inbox(name)) is not None}
    for name, url in bot.settings.inboxes.items():
        if url.get_secret_value() not in known:
            log.warning("DOCKET_INBOX_%s is set, but no workflow of the rulebook takes from it", name.upper())
    if not bot.settings.mail_on:
        log.warning("DOCKET_SMTP_URL is not set: no mail goes out")
    if not bot.settings.slack_on:
        log.warning("Slack is off: SLACK_BOT_TOKEN and SLACK_APP_TOKEN are not set")
    elif bot.settings.slack_signing_secret is not None and not bot.settings.slack_by_http:
        log.warning("Slack is connected in Socket Mode: with SLACK_APP_TOKEN set, SLACK_SIGNING_SECRET is not used")


def _parts(bot: Bot) -> str:
    parts = ["Slack"] if bot.slack is not None else []
    parts += [f"{len(bot.inboxes)} inboxes"] if bot.inboxes else []
    parts += ["mail out"] if bot.settings.mail_on else []
    return ", ".join(parts) + f", rulebook {bot.books.current.version[:4]}"


async def _within(seconds: float, work: Awaitable[object]) -> None:
    """Wait for something to end, but never for ever: what is not answered is knocked on again after the restart."""
    with suppress(TimeoutError):
        await asyncio.wait_for(work, seconds)
