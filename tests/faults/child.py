"""The bot as a process that dies at a named moment: it wraps a function of the house and kills itself beside it."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy.engine.default import DefaultDialect

import bot.desk
import bot.duties
import bot.maildesk
import bot.pace
import handlers.mail.imap
import handlers.mail.send
import handlers.slack.send
import storage.inbox
import storage.items
import storage.ledger
import storage.outbox
import storage.threads
import storage.timers
from bot.build import build
from bot.config import settings
from bot.run import open_store, serve
from rules.book.load import load
from tests.faults.shared_clock import SharedClock

#: moment -> the function at which it is: dying before it begins, or after it returned and before anyone heard of it.
MOMENTS: dict[str, tuple[Any, str]] = {
    "the commit": (DefaultDialect, "do_commit"),
    "the take": (bot.desk.Desk, "take"),
    "counting": (storage.inbox, "count"),
    "the ledger": (storage.ledger, "append"),
    "the item": (storage.items, "save"),
    "settling": (storage.inbox, "settle"),
    "the outbox": (storage.outbox, "put"),
    "the claim": (storage.outbox, "claim"),
    "the beginning of a send": (storage.outbox, "begin"),
    "the post to Slack": (handlers.slack.send.SlackSender, "send"),
    "the look for a lost post": (handlers.slack.send.SlackSender, "find"),
    "the mail": (handlers.mail.send.SmtpSender, "send"),
    "the receipt": (storage.outbox, "sent"),
    "the conversation": (storage.threads, "bind"),
    "a due time": (storage.timers, "hold"),
    "dropping a due time": (storage.timers, "drop"),
    "the inbox's mark": (bot.maildesk.InboxDesk, "advance"),
    "the sign in the mailbox": (handlers.mail.imap.Session, "settle"),
}


def run(rulebook: str, clock_file: str, start: str, moment: tuple[str, str, int] | None) -> None:
    """The bot, configured by the environment, on a shared clock. `moment`: before or after what, at which time."""
    logging.basicConfig(level=logging.WARNING)
    # The stand-in of Slack takes more than one message a second, and the database would remember the turns of the dead.
    bot.pace.POSTS = bot.pace.ALL_POSTS = bot.pace.EDITS = 1000
    bot.pace.CALLS = dict.fromkeys(bot.pace.CALLS, 1000)
    bot.duties.LEASE_SECONDS, bot.duties.LOOK_SECONDS = 0.6, 0.2  # real seconds, which nobody turns by hand
    if moment is not None:
        _die(*moment)
    asyncio.run(_live(rulebook, SharedClock(Path(clock_file), datetime.fromisoformat(start))))


async def _live(text: str, clock: SharedClock) -> None:
    chosen, book, stop = settings(), load(text), asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    store = await open_store(chosen.database_url)
    watching = asyncio.create_task(clock.watch())
    try:
        await serve(await build(chosen, book, text, store, clock=clock), book, text, stop)
    finally:
        watching.cancel()
        store.close()


def _die(when: str, moment: str, times: int) -> None:
    """At the `times`-th passage of the moment this process is gone, as by kill -9."""
    owner, name = MOMENTS[moment]
    really, left = getattr(owner, name), [times]

    def passed() -> None:
        left[0] -= 1
        if left[0] == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    setattr(owner, name, (_async if asyncio.iscoroutinefunction(really) else _plain)(really, when, passed))


def _plain(really: Callable[..., Any], when: str, passed: Callable[[], None]) -> Callable[..., Any]:
    def wrapped(*args: Any, **named: Any) -> Any:
        if when == "before":
            passed()
        result = really(*args, **named)
        if when == "after":
            passed()
        return result

    return wrapped


def _async(really: Callable[..., Any], when: str, passed: Callable[[], None]) -> Callable[..., Any]:
    async def wrapped(*args: Any, **named: Any) -> Any:
        if when == "before":
            passed()
        result = await really(*args, **named)
        if when == "after":
            passed()
        return result

    return wrapped
