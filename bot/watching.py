"""Puts together what watches over the bot: the watchdog, its call outside, and the pages that say how the bot is."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

from bot.absences import Absences
from bot.books import Books
from bot.config import Settings
from bot.desk import Desk
from bot.duties import WATCHDOG, Duties
from bot.duties import inbox as reading
from bot.health import Health
from bot.outages import Outages
from bot.silence import Watched
from bot.tokens import Tokens
from bot.watchdog import Watchdog
from storage.store import Store

if TYPE_CHECKING:
    from handlers.web.listen import WebDoor


def watching(
    settings: Settings,
    store: Store,
    books: Books,
    desk: Desk,
    outages: Outages,
    absences: Absences,
    inboxes: Sequence[Watched],
    duties: Duties,
    clock: Callable[[], datetime],
) -> Health:
    """How the bot is, with its watchdog; it has looked at nothing yet."""
    watchdog = Watchdog(store, books, desk, outages, absences, inboxes, clock)
    watchdog.ours, watchdog.reads = duties.want(WATCHDOG), lambda name: duties.ours(reading(name))
    if settings.heartbeat_url is not None:
        watchdog.beat = _heartbeat(settings.heartbeat_url.get_secret_value())
    return Health(store, books, desk.metrics, watchdog, inboxes, clock)


def _heartbeat(url: str) -> Callable[[], Awaitable[str]]:
    # Imported here: who has no heartbeat need not pay for a web client.
    from handlers.web.heartbeat import beat

    return partial(beat, url)


def serve_health(health: Health, door: WebDoor, tokens: Tokens) -> None:
    """Add the health pages to a door that has not started."""
    from handlers.web.health import HealthPages

    HealthPages(health.parts, health.page, tokens.watcher()).serve(door)
