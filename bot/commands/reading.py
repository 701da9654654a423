"""`items`, `exceptions`, `show`, `why`, `digest`: what stands, read from the database; nothing needs Slack or mail."""

from __future__ import annotations

from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Annotated, Any

import typer

from bot.commands.opening import over
from bot.terminal import data, flat, inert, local, say, stop, table

LISTED_AT_MOST = 100_000
Json = Annotated[bool, typer.Option("--json", help="As JSON, for programs.")]
Key = Annotated[str, typer.Argument(help="The item's key, such as REF-12.")]


class Format(StrEnum):
    """How a digest is printed."""

    text = "text"
    html = "html"
    json = "json"
    blocks = "blocks"


def items(
    json: Json = False, everything: Annotated[bool, typer.Option("--all", help="With the bot's own.")] = False
) -> None:
    """What is open, for whom, since when. Example: docketbot items --json"""

    async def work(store: Any, books: Any) -> None:
        from rules.record import item_json
        from storage import items as shelf
        from storage import ledger

        def read(conn: Any) -> Any:
            found = shelf.listing(conn, books.workspace, include_docket=everything, limit=LISTED_AT_MOST)
            seen = [item for item in found if not books.workflow(conn, item).private]
            return [(item, ledger.of_item(conn, books.workspace, item.key) if json else ()) for item in seen]

        shown = await store.read(read)
        if json:
            data([item_json(i, books.current, [(r.seq, r.entry, r.hash) for r in record]) for i, record in shown])
            return
        if not shown:
            say("Nothing is open. Items come from the channels and inboxes that the rulebook names.")
            return
        zone = books.current.timezone
        rows = [
            (
                i.key,
                i.state,
                i.owner,
                i.stage or "",
                local(i.opened_at, zone),
                local(i.due_at, zone) if i.due_at else "",
                i.title,
            )
            for i, _ in shown
        ]
        table(("KEY", "STATE", "OWNER", "STAGE", "SINCE", "DUE", "TITLE"), rows)

    over(work)


def exceptions(json: Json = False) -> None:
    """Every open exception by deadline, the bot's own failures too. Example: docketbot exceptions"""

    async def work(store: Any, books: Any) -> None:
        from rules.record import trouble_json
        from storage import items as shelf

        def read(conn: Any) -> Any:
            found = shelf.listing(conn, books.workspace, include_docket=True, limit=LISTED_AT_MOST)
            return [(t, i) for i in found if not books.workflow(conn, i).private for t in i.open_trouble()]

        pairs = await store.read(read)
        pairs.sort(key=lambda pair: pair[0].due_at)
        if json:
            data([{"key": i.key, "workflow": i.workflow, "title": i.title, **trouble_json(t)} for t, i in pairs])
            return
        if not pairs:
            say("No exception is open. They come when a stop rule fires or somebody raises one.")
            return
        zone = books.current.timezone
        rows = [(i.key, t.code, t.owner, local(t.opened_at, zone), local(t.due_at, zone), i.title) for t, i in pairs]
        table(("KEY", "CODE", "OWNER", "SINCE", "DECIDE BY", "TITLE"), rows)

    over(work)


def show(key: Key, json: Json = False) -> None:
    """One item whole, with its ledger. Example: docketbot show REF-12 --json"""

    async def work(store: Any, books: Any) -> None:
        from bot.digest_command import in_words
        from rules.reading import entry_line
        from rules.record import item_json
        from rules.wording.cards import item_card
        from storage import ledger

        item = await _item(store, books, key)
        recorded = await store.read(lambda c: ledger.of_item(c, books.workspace, item.key))
        if json:
            data(item_json(item, books.current, [(r.seq, r.entry, r.hash) for r in recorded]))
            return
        workflow = await store.read(lambda c: books.workflow(c, item))
        zone = books.current.timezone
        now = datetime.now(UTC)
        card = item_card(item, workflow, books.current, now)
        typer.echo(inert(in_words(card, books.current, now)))
        typer.echo("Record")
        for one in recorded:
            typer.echo(f"  {one.seq:>3}  {flat(entry_line(one.entry), books.current.named, zone)}  {one.hash[:8]}")

    over(work)


def why(key: Key) -> None:
    """Owner, deadline and notices explained: the rule, the sum, who was told when. Example: docketbot why REF-12"""

    async def work(store: Any, books: Any) -> None:
        from bot.answering import item_shelf
        from bot.digest_command import in_words
        from rules.reading import why as explained

        item = await _item(store, books, key)
        workflow = await store.read(lambda c: books.workflow(c, item))
        found = await store.read(lambda c: item_shelf(c, books, item))
        now = datetime.now(UTC)
        message = explained(item, workflow, books.current, found, now)
        typer.echo(inert(in_words(message, books.current, now)))

    over(work)


def digest(
    name: Annotated[str, typer.Argument(help="The digest's name in the rulebook.")],
    day: Annotated[
        str | None, typer.Option("--date", help="That local day (2026-11-20); without it, up to now.")
    ] = None,
    form: Annotated[Format, typer.Option("--format", help="How it is printed.")] = Format.text,
    send: Annotated[bool, typer.Option("--send", help="Send it to its readers as well.")] = False,
) -> None:
    """A digest, shown or sent. Example: docketbot digest morning --date 2026-11-20 --format html"""

    async def work(store: Any, books: Any) -> None:
        from bot.digest_command import occasion_for, printed, queued

        spec = books.current.digests.get(name)
        if spec is None:
            known = ", ".join(books.current.digests) or "none"
            stop(f"The rulebook has no digest `{name}`. It has: {known}.")
        try:
            wanted = date.fromisoformat(day) if day else None
        except ValueError:
            stop(f"`{day}` is no day. Write it like 2026-11-20.")
        now = datetime.now(UTC)
        occasion = occasion_for(spec, spec.to[0], books.current, now, wanted)
        typer.echo(inert(await printed(store, books, occasion, form.value, now)))
        if send:
            count = await queued(store, books, spec, now, wanted)
            say(f"Queued for {count} readers; the running bot sends it.")

    over(work)


async def _item(store: Any, books: Any, key: str) -> Any:
    """An item that may be seen here; without it the command ends."""
    from storage import items as shelf

    item = await store.read(lambda conn: shelf.load(conn, books.workspace, key.upper()))
    if item is None:
        stop(f"There is no {key.upper()}. `docketbot items` lists what is open.", 1)
    if (await store.read(lambda conn: books.workflow(conn, item))).private:
        stop(f"{item.key} is private: it is seen by its requester, owner and backup, in Slack or by mail.", 1)
    return item
