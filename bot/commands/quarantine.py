"""`quarantine`: what is held, one of it with its headers, and letting it go or dropping it with a reason."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from bot.commands.looking import Private, veiled
from bot.commands.opening import over
from bot.terminal import data, inert, local, say, stop, table, visible

app = typer.Typer(invoke_without_command=True)

Id = Annotated[str, typer.Argument(help="Its id, or the beginning of it, as `docketbot quarantine` shows it.")]
Because = Annotated[str, typer.Option("--because", help="Why: a sentence, which stands in the record.")]
By = Annotated[str | None, typer.Option("--by", help="Who decides it, by the rulebook's name; else its operator.")]


@app.callback()
def listing(
    context: typer.Context,
    json: Annotated[bool, typer.Option("--json", help="As JSON, for programs.")] = False,
    private: Private = False,
) -> None:
    """What is held, oldest first: who wrote, about what, why it waits. Example: docketbot quarantine --json"""
    if context.invoked_subcommand is not None:
        return

    async def work(store: Any, books: Any) -> None:
        from rules.quarantine import short

        kept = await _seen(store, books, private=private)
        if json:
            data([_json(one) for one in kept])
            return
        if not kept:
            say("Nothing is held. Mail is held when it can't be read, looks hostile, or one sender's is too much.")
            return
        zone = books.current.timezone
        rows = [(short(o.id), local(o.at, zone), o.inbox, o.sender, o.subject[:60], o.reason) for o in kept]
        table(("ID", "SINCE", "INBOX", "FROM", "SUBJECT", "WHY"), rows)

    over(work)


@app.command()
def show(
    id: Id,
    body: Annotated[bool, typer.Option("--body", help="With its text: a stranger's words.")] = False,
    private: Private = False,
) -> None:
    """One that is held: its headers and what came along. Example: docketbot quarantine show 3f2a91c04d --body"""

    async def work(store: Any, books: Any) -> None:
        from handlers.mail.read import read
        from rules.events import Mailed
        from storage import inbox

        one = await _one(store, books, id, private=private)
        raw = await store.read(lambda conn: inbox.raw(conn, books.workspace, one.id)) or b""
        mail = read(raw, inbox=one.inbox, received_at=one.at) if one.inbox else None
        lines = [("Id", one.id), ("Held since", local(one.at, books.current.timezone)), ("Why", one.reason)]
        lines += [("Inbox", one.inbox), ("Record", one.item), ("Size", f"{one.size:,} bytes")]
        if mail is None:  # what was said in Slack stands there; what was said to us alone is nobody's to look at
            lines += [("From", one.sender), ("Says", one.subject)]
        if isinstance(mail, Mailed):
            lines += [("From", f"{mail.from_name} <{mail.by}>"), ("To", ", ".join(mail.recipients[:10]))]
            lines += [("Subject", mail.subject), ("Message-ID", mail.message_id or "")]
            lines += [("File", f"{f.name} ({f.media_type}, {f.size:,} bytes)") for f in mail.attachments]
            lines += [("Odd", trouble) for trouble in mail.troubles]
        for name, value in lines:
            typer.echo(f"{name + ':':<12}{visible(value)}")
        if body and isinstance(mail, Mailed):
            typer.echo("\n" + inert(mail.text))

    over(work)


@app.command()
def release(id: Id, because: Because, by: By = None) -> None:
    """Let it go: it is taken as if it had just come. Example: docketbot quarantine release 3f2a91c0 --because "..." """
    _judge("release", id, because, by)


@app.command()
def drop(id: Id, because: Because, by: By = None) -> None:
    """Give it up; its bytes stay. Example: docketbot quarantine drop 3f2a91c04d --because "spam" """
    _judge("drop", id, because, by)


def _judge(verb: str, id: str, because: str, by: str | None) -> None:
    async def work(store: Any, books: Any) -> None:
        from uuid import uuid4

        from bot.build import build
        from bot.config import settings
        from bot.quarantine import all_held
        from rules.events import Command
        from rules.quarantine import named
        from storage import inbox

        book = books.current
        if by is not None and by not in book.people:
            stop(f"`{by}` is nobody of the rulebook. It has: {', '.join(book.people)}.")
        found = named(await store.read(lambda conn: all_held(conn, books.workspace)), id)
        if len(found) > 1:
            stop(f"`{id}` is the beginning of {len(found)} ids. Type more of it.")
        # Put together as the bot is, because what is let go is read and judged as if it had just come.
        bot = await build(settings(), book, books.text, store)
        try:
            taken = await bot.desk.take(
                Command(
                    id=f"command:{uuid4()}", workspace=books.workspace, at=datetime.now(UTC), by=by or book.operator,
                    via="command line", verb="quarantine", name=verb, code=id, words=because,
                )
            )  # fmt: skip
        finally:
            for close in bot.closers:
                await close()
        assert taken.reply is not None, "a command is answered"
        lines = (taken.reply.message.headline, *taken.reply.message.lines)
        words = " ".join(_flat(line, books) for line in lines)
        if taken.reply.refused:
            stop(words, 1)
        became = await store.read(lambda conn: inbox.arrival(conn, books.workspace, found[0].id))
        where = f" ({became.state}: {became.item})" if verb == "release" and became and became.item else ""
        say(f"{words}{where}")

    over(work)


def _flat(line: Any, books: Any) -> str:
    from bot.terminal import flat

    return flat(line, books.current.named, books.current.timezone)


async def _seen(store: Any, books: Any, *, private: bool) -> list[Any]:
    """What is held; of private work only with `private`, which the records of its items then say."""
    from bot.quarantine import all_held
    from rules.quarantine import confined_to
    from storage import items

    kept = await store.read(lambda conn: all_held(conn, books.workspace))
    hidden = [one for one in kept if confined_to(one, books.current) is not None]
    if not hidden:
        return list(kept)
    if not private:
        noun = "thing that is" if len(hidden) == 1 else "things that are"
        say(f"{len(hidden)} {noun} held may be private. With --private you see more, on record.")
        return [one for one in kept if one not in hidden]
    about = await store.read(lambda c: [items.load(c, books.workspace, one.item) for one in hidden if one.item])
    await veiled(store, books, [item for item in about if item is not None], "quarantine", private=True)
    return list(kept)


async def _one(store: Any, books: Any, id: str, *, private: bool) -> Any:
    from rules.quarantine import named

    found = named(await _seen(store, books, private=private), id)
    if not found:
        stop(f"Nothing is held as `{id}`. `docketbot quarantine` lists what is.", 1)
    if len(found) > 1:
        stop(f"`{id}` is the beginning of {len(found)} ids. Type more of it.")
    return found[0]


def _json(kept: Any) -> dict[str, Any]:
    from rules.record import rfc3339

    return {
        "id": kept.id,
        "at": rfc3339(kept.at),
        "kind": kept.kind,
        "inbox": kept.inbox,
        "from": kept.sender,
        "subject": kept.subject,
        "reason": kept.reason,
        "size": kept.size,
        "item": kept.item,
    }
