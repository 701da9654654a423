"""`docketbot run`: starts the doors, the courier and the knock, keeps them going, and ends cleanly."""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import Awaitable
from contextlib import suppress
from datetime import UTC, datetime, timedelta

from apscheduler.schedulers.asyncio import AsyncIOScheduler

from bot.adopting import Dropped, adopt
from bot.build import Bot, build, unset_inboxes
from bot.config import Misconfigured, Settings, rulebook
from handlers.ports import Busy
from rules.book.rulebook import Rulebook
from storage.store import Store, Unavailable, Unusable

log = logging.getLogger(__name__)

STOP_SECONDS = 10.0
RETRY_SECONDS = (1.0, 2.0, 5.0, 10.0, 30.0, 60.0)


async def open_store(url: str, patience: int | None = None) -> Store:
    """Open the database; one that is locked or unreachable is tried again with back-off, `patience` times or for ever.

    Raises Misconfigured where it can never be opened like this.
    """
    attempt = 0
    while True:
        try:
            return await asyncio.to_thread(Store.open, url)
        except Unusable as problem:
            raise Misconfigured(str(problem)) from None
        except Unavailable as problem:
            if patience is not None and attempt >= patience:
                raise Misconfigured(str(problem)) from None
            seconds = RETRY_SECONDS[min(attempt, len(RETRY_SECONDS) - 1)]
            log.warning("%s Trying again in %.0f s.", problem, seconds)
            attempt += 1
            await asyncio.sleep(seconds)


async def run(settings: Settings) -> None:
    """The bot, from settings to its end by SIGTERM or SIGINT. Raises Misconfigured with what to do."""
    if problems := settings.problems():
        raise Misconfigured("\n".join(problems))
    book, text = rulebook(settings.rulebook)
    store = await open_store(settings.database_url)
    try:
        bot = await build(settings, book, text, store)
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for name in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(name, stop.set)
        loop.add_signal_handler(signal.SIGHUP, lambda: asyncio.ensure_future(reload(bot)))
        await serve(bot, book, text, stop)
    finally:
        store.close()


async def serve(bot: Bot, book: Rulebook, text: str, stop: asyncio.Event) -> None:
    """Run a built bot until `stop` is set. Raises Misconfigured where a token or the rulebook can't work."""
    await _adopt_at_start(bot, book, text)
    _say_what_is_missing(bot)
    alarm = Alarm(bot)
    loop = asyncio.get_running_loop()

    def changed() -> None:  # called from the storage's threads
        with suppress(RuntimeError):  # the loop has ended
            loop.call_soon_threadsafe(alarm.written)

    bot.store.subscribe(changed)
    if hasattr(bot.clock, "subscribe"):
        bot.clock.subscribe(alarm.ring)
    try:
        tasks = [asyncio.create_task(bot.courier.run(stop)), asyncio.create_task(alarm.run(stop))]
        tasks += [asyncio.create_task(inbox.run(stop)) for inbox in bot.inboxes]
        if bot.slack is not None:
            await _start_slack(bot, stop)
        log.info("running: %s", _parts(bot))
        ended = [asyncio.create_task(stop.wait()), *tasks]
        await asyncio.wait(ended, return_when=asyncio.FIRST_COMPLETED)
    finally:
        stop.set()
        if bot.slack is not None:
            await _within(STOP_SECONDS, bot.slack.stop())
        await _within(STOP_SECONDS, asyncio.gather(*tasks, return_exceptions=True))
        for close in bot.closers:
            await _within(2.0, close())
    for task in tasks:
        if task.done() and not task.cancelled() and (problem := task.exception()) is not None:
            raise problem


class Alarm:
    """Wakes the knock at the next due time and after each change. APScheduler only rings; the times are our rows."""

    def __init__(self, bot: Bot) -> None:
        self._bot = bot
        self._rung = asyncio.Event()
        # Missed and doubled rings are one ring: what is due is asked of the database, never of the scheduler.
        self._scheduler = AsyncIOScheduler(
            timezone=UTC, job_defaults={"misfire_grace_time": None, "coalesce": True, "max_instances": 1}
        )
        self._next: datetime | None = None

    def ring(self) -> None:
        """Look now: the clock was pushed, or the time has come."""
        self._rung.set()
        self._bot.courier.wake()

    def written(self) -> None:
        """Something was committed: the courier may have work, and the next due time may be another."""
        self._bot.courier.wake()
        self._rung.set()

    async def run(self, stop: asyncio.Event) -> None:
        """Fire what is due, set the alarm for the next due time, sleep; until `stop`."""
        self._scheduler.start()
        stopping = asyncio.ensure_future(stop.wait())
        try:
            while not stop.is_set():
                self._rung.clear()
                try:
                    await self._bot.knock.look()
                    self._set(await self._bot.knock.next_look())
                except Busy as problem:
                    log.warning("%s", problem)
                    self._set(self._bot.clock() + timedelta(seconds=2))
                rung = asyncio.ensure_future(self._rung.wait())
                await asyncio.wait({rung, stopping}, return_when=asyncio.FIRST_COMPLETED)
                rung.cancel()
        finally:
            stopping.cancel()
            self._scheduler.shutdown(wait=False)

    def _set(self, at: datetime) -> None:
        # The bot's clock may be pushed by hand; the scheduler lives by the real one, so the distance is what counts.
        seconds = max(0.01, (at - self._bot.clock()).total_seconds())
        real = datetime.now(UTC) + timedelta(seconds=seconds)
        self._scheduler.add_job(self.ring, "date", run_date=real, id="next due time", replace_existing=True)


async def reload(bot: Bot) -> None:
    """Load the rulebook again (SIGHUP); a bad one leaves the old in force and tells the operator."""
    try:
        book, text = rulebook(bot.settings.rulebook)
        if await adopt(bot.store, bot.books, book, text, bot.clock):
            log.info("rulebook %s is in force", book.version[:4])
        await bot.inbox_desk.recovered("rulebook")
    except (Misconfigured, Dropped) as problem:
        log.warning("the new rulebook was refused; the old one stays in force")
        await bot.inbox_desk.failed("rulebook", f"The new rulebook was refused, the old one stays in force. {problem}")
    except (Busy, Unavailable) as problem:
        log.warning("the rulebook could not be loaded again: %s", problem)


async def _adopt_at_start(bot: Bot, book: Rulebook, text: str) -> None:
    for seconds in (*RETRY_SECONDS, None):
        try:
            await adopt(bot.store, bot.books, book, text, bot.clock)
        except Dropped as problem:
            raise Misconfigured(str(problem)) from None
        except Unavailable as problem:
            if seconds is None:
                raise Misconfigured(f"The database stays unavailable: {problem}") from None
            log.warning("%s Trying again in %.0f s.", problem, seconds)
            await asyncio.sleep(seconds)
        else:
            return


def _say_what_is_missing(bot: Bot) -> None:
    """Once at start: what the rulebook speaks of and the settings lack; the bot runs without it."""
    for name in unset_inboxes(bot.books.current, bot.settings):
        log.warning("the rulebook's inbox %s has no setting DOCKET_INBOX_%s: it is not read", name, name.upper())
    if not bot.settings.mail_on:
        log.warning("DOCKET_SMTP_URL is not set: no mail goes out")


async def _start_slack(bot: Bot, stop: asyncio.Event) -> None:
    """Connect to Slack; refused is the end, unreachable is retried in the background while the rest runs."""
    from handlers.slack.listen import Refused, Unreachable

    try:
        await bot.slack.start()
    except Refused as problem:
        raise Misconfigured(str(problem)) from None
    except Unreachable as problem:
        log.warning("%s", problem)
        task = asyncio.create_task(_retry_slack(bot, stop, str(problem)))
        task.add_done_callback(lambda done: done.cancelled() or done.exception())


async def _retry_slack(bot: Bot, stop: asyncio.Event, sentence: str) -> None:
    from handlers.slack.listen import CAUSE, Refused, Unreachable

    told = False
    for attempt in range(1_000_000):
        seconds = RETRY_SECONDS[min(attempt, len(RETRY_SECONDS) - 1)]
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), seconds)
        if stop.is_set():
            return
        try:
            await bot.slack.start()
        except (Refused, Unreachable) as problem:
            log.warning("%s", problem)
            sentence = str(problem)
        else:
            await bot.inbox_desk.recovered(CAUSE)
            return
        if not told and attempt >= 2:
            with suppress(Busy):
                await bot.inbox_desk.failed(CAUSE, sentence)
                told = True


def _parts(bot: Bot) -> str:
    parts = ["Slack"] if bot.slack is not None else []
    parts += [f"{len(bot.inboxes)} inboxes"] if bot.inboxes else []
    parts += ["mail out"] if bot.settings.mail_on else []
    return ", ".join(parts) + f", rulebook {bot.books.current.version[:4]}"


async def _within(seconds: float, work: Awaitable[object] | None) -> None:
    """Wait for something to end, but never for ever: what is not answered is knocked on again after the restart."""
    if work is None:
        return
    with suppress(TimeoutError):
        try:
            await asyncio.wait_for(asyncio.shield(asyncio.ensure_future(work)), seconds)
        except asyncio.CancelledError:
            raise
        except Exception:
            log.exception("something did not end cleanly")
