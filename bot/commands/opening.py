"""Opens the database for a command that only reads, with the rulebook that is in force there."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from bot.adopting import IN_FORCE
from bot.books import Books
from bot.build import WORKSPACE
from bot.config import Misconfigured, Settings, rulebook, settings
from rules.book.load import load
from storage import rulebooks
from storage import settings as remembered
from storage.store import Store

T = TypeVar("T")
_SQLITE_FILE = "sqlite:///"


def reading(work: Callable[[Any, Books], T]) -> T:
    """Run `work` on one snapshot of the database. Raises Misconfigured, storage's Unusable and Unavailable."""
    here = settings()
    store = opened(here)
    try:
        return asyncio.run(store.read(lambda conn: work(conn, in_force(conn, here))))
    finally:
        store.close()


def opened(here: Settings) -> Store:
    """The database of these settings; a SQLite file that is not there yet is not made by a question."""
    url = here.database_url
    if url.startswith(_SQLITE_FILE) and not Path(url.removeprefix(_SQLITE_FILE).partition("?")[0]).exists():
        raise Misconfigured(
            "There is no database here yet; `docketbot run` makes it. If it lies elsewhere, set DOCKET_DATABASE_URL."
        )
    return Store.open(url)


def in_force(conn: Any, here: Settings) -> Books:
    """The rulebook that the bot last loaded; before its first start, the one in the file."""
    version = remembered.get(conn, WORKSPACE, IN_FORCE)
    text = rulebooks.text(conn, WORKSPACE, version) if version else None
    if text is None:
        return Books(*rulebook(here.rulebook), WORKSPACE)
    return Books(load(text), text, WORKSPACE)
