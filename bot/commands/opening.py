"""Opens the database for a command that reads, with the rulebook that is in force there."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bot.terminal import finish

if TYPE_CHECKING:
    from bot.books import Books
    from bot.config import Settings
    from storage.store import Store

_SQLITE_FILE = "sqlite:///"


def over(work: Callable[[Store, Books], Awaitable[Any]]) -> Any:
    """Run `work` over the configured database. What can be mended ends in its sentence and exit code 2."""

    async def opened() -> Any:
        from bot.config import settings
        from bot.run import open_store

        chosen = settings()
        _there(chosen.database_url)
        store = await open_store(chosen.database_url, patience=2)
        try:
            books = await store.read(lambda conn: _in_force(conn, chosen))
            books.files = chosen.files
            return await work(store, books)
        finally:
            store.close()

    return finish(opened)


def _there(url: str) -> None:
    """A question makes no database: an empty one in the wrong folder would answer that nothing is open."""
    from bot.config import Misconfigured

    path = url.removeprefix(_SQLITE_FILE).partition("?")[0]
    if url.startswith(_SQLITE_FILE) and path and not Path(path).exists():
        raise Misconfigured(
            f"There is no database at {path}; `docketbot run` makes it. If it lies elsewhere, set DOCKET_DATABASE_URL."
        )


def _in_force(conn: Any, chosen: Settings) -> Books:
    """The rulebook that the bot last loaded; before its first start, the one in the file."""
    from bot.adopting import IN_FORCE
    from bot.books import Books
    from bot.build import WORKSPACE
    from bot.config import rulebook
    from rules.book.load import Holes, load
    from storage import rulebooks, settings

    version = settings.get(conn, WORKSPACE, IN_FORCE)
    text = rulebooks.text(conn, WORKSPACE, version) if version else None
    if text is not None:
        try:
            return Books(load(text), text, WORKSPACE)
        except Holes:
            pass  # an earlier version of this program let it pass: the file is what there is
    return Books(*rulebook(chosen.rulebook), WORKSPACE)
