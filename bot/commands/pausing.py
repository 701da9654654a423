"""`pause` and `resume`: the off switch, its release with all that was held, and the drill that proves it."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from bot.commands.opening import over
from bot.terminal import flat, say, stop

Workflow = Annotated[str | None, typer.Argument(help="Its name or key; without it, everything.")]
By = Annotated[str | None, typer.Option("--by", help="Who says so, by the rulebook's name; else its operator.")]

#: What takes longer says how far it has come.
SILENT_SECONDS = 2.0


def pause(
    workflow: Workflow = None,
    because: Annotated[str, typer.Option("--because", help="Why: who meets the pause reads it.")] = "",
    by: By = None,
    drill: Annotated[
        bool, typer.Option("--drill", help="Try the switch: pause for a moment, look whether it holds, go on.")
    ] = False,
) -> None:
    """Stop a workflow, or everything. Example: docketbot pause refund --because "the bank is down" """

    async def work(store: Any, books: Any) -> None:
        if drill:
            await _drill(store, books, workflow, by)
            return
        _answer(await _told(store, books, "pause", workflow, because, by), books)

    over(work)


def resume(workflow: Workflow = None, by: By = None) -> None:
    """Let it go on: what was held is shown and then handled, in order. Example: docketbot resume refund"""

    async def work(store: Any, books: Any) -> None:
        from bot.pausing import Resuming

        async with PutTogether(store, books) as bot:
            reply = await _take(bot, "resume", workflow, "", by)
            _answer(reply, books)
            taken = await Resuming(store, bot.desk, bot.clock).look(_progress())
            say(f"It goes on. {taken} taken of what was held." if taken else "It goes on.")

    over(work)


class PutTogether:
    """The bot put together and not started: what was held is read and judged as if it had just come."""

    def __init__(self, store: Any, books: Any) -> None:
        self._store, self._books = store, books

    async def __aenter__(self) -> Any:
        from bot.build import build
        from bot.config import settings

        self._bot = await build(settings(), self._books.current, self._books.text, self._store)
        return self._bot

    async def __aexit__(self, *_: object) -> None:
        for close in self._bot.closers:
            await close()


async def _told(store: Any, books: Any, verb: str, workflow: str | None, because: str, by: str | None) -> Any:
    async with PutTogether(store, books) as bot:
        return await _take(bot, verb, workflow, because, by)


async def _take(bot: Any, verb: str, workflow: str | None, because: str, by: str | None) -> Any:
    from uuid import uuid4

    from rules.events import Command

    who = _who(bot.books, by)
    command = Command(
        id=f"command:{uuid4()}", workspace=bot.books.workspace, at=datetime.now(UTC), by=who, via="command line",
        verb="pause" if verb == "pause" else "resume", workflow=workflow, words=because,
    )  # fmt: skip
    return (await bot.desk.take(command)).reply


def _who(books: Any, by: str | None) -> str:
    if by is not None and by not in books.current.people:
        stop(f"`{by}` is nobody of the rulebook. It has: {', '.join(books.current.people)}.")
    return by or str(books.current.operator)


def _answer(reply: Any, books: Any) -> None:
    """Say what the rules say; a refusal ends the command with 1."""
    lines = (reply.message.headline, *reply.message.lines)
    words = "\n".join(flat(line, books.current.named, books.current.timezone) for line in lines)
    if reply.refused:
        stop(words, 1)
    say(words)


async def _drill(store: Any, books: Any, workflow: str | None, by: str | None) -> None:
    from bot.drill import drill
    from rules.pausing import stoppable
    from storage import pauses

    found = stoppable(books.current, workflow)
    if found is None:
        stop(f"There is no workflow `{workflow}`. There are: {', '.join(books.current.workflows)}.")
    standing = await store.read(lambda conn: pauses.standing(conn, books.workspace))
    if standing:
        stop("Something is paused already; a drill would say nothing about the switch. Let it go on first.", 1)
    async with PutTogether(store, books) as bot:
        checks = await drill(store, bot.desk, bot.clock, found, _who(books, by))
    for check in checks:
        typer.echo(f"{'ok' if check.ok else 'NOT OK':<7} {check.said}")
    if not all(check.ok for check in checks):
        stop("The off switch does not hold.", 1)
    say("The off switch works; the next digest says when it was tried.")


def _progress() -> Callable[[str, int, int], None]:
    """Says each second how far it is, once it has taken longer than a moment."""
    began = last = time.monotonic()

    def tell(what: str, done: int, of: int) -> None:
        nonlocal last
        now = time.monotonic()
        if now - began > SILENT_SECONDS and now - last > 1.0:
            last = now
            say(f"{done:,}{f' of {of:,}' if of else ''} {what}")

    return tell
