"""`items`, `exceptions`, `show`, `why`, `digest`: what stands, read from the database; nothing needs Slack or mail."""

from __future__ import annotations

from datetime import UTC, date, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from bot.commands.looking import Private, veiled
from bot.commands.opening import over
from bot.terminal import data, flat, inert, local, say, stop, table

LISTED_AT_MOST = 100_000
ITEM_COLUMNS = ("KEY", "STATE", "OWNER", "STAGE", "SINCE", "DUE", "TITLE")
Json = Annotated[bool, typer.Option("--json", help="As JSON, for programs.")]
Key = Annotated[str, typer.Argument(help="The item's key, such as REF-12.")]


class Format(StrEnum):
    """How a digest is printed."""

    text = "text"
    html = "html"
    json = "json"
    blocks = "blocks"


def items(
    json: Json = False,
    everything: Annotated[bool, typer.Option("--all", help="With the bot's own.")] = False,
    private: Private = False,
) -> None:
    """What is open, for whom, since when. Example: docketbot items --json"""

    async def work(store: Any, books: Any) -> None:
        from bot.holding_back import shown
        from rules.record import item_json, veil
        from storage import items as shelf
        from storage import ledger

        def listed(conn: Any) -> Any:
            found = shelf.listing(conn, books.workspace, include_docket=everything, limit=LISTED_AT_MOST)
            return shown(conn, books, found)

        found = await store.read(listed)
        hidden = await veiled(store, books, found, "items", private=private)
        if json:
            records = await store.read(lambda c: {i.key: ledger.of_item(c, books.workspace, i.key) for i in found})
            whole = [item_json(i, books.current, [(r.seq, r.entry, r.hash) for r in records[i.key]]) for i in found]
            data([veil(each) if each["key"] in hidden else each for each in whole])
            return
        if not found:
            say("Nothing is open. Items come from the channels and inboxes that the rulebook names.")
            return
        zone = books.current.timezone
        table(ITEM_COLUMNS, [_row(item, zone, private=item.key in hidden) for item in found])

    over(work)


def exceptions(json: Json = False, private: Private = False) -> None:
    """Every open exception and approval by deadline, then by cost; the bot's own too. Example: docketbot exceptions"""

    async def work(store: Any, books: Any) -> None:
        from rules.board import waiting
        from rules.record import trouble_json, veil
        from storage import items as shelf

        found = await store.read(lambda c: shelf.listing(c, books.workspace, include_docket=True, limit=LISTED_AT_MOST))
        pairs = await store.read(lambda c: waiting(found, books.current, lambda item: books.workflow(c, item)))
        hidden = await veiled(store, books, [i for i in found if i.open_trouble()], "exceptions", private=private)
        if json:
            rows = [{"key": i.key, "workflow": i.workflow, "title": i.title, **trouble_json(t)} for t, i in pairs]
            data([veil(row) if row["key"] in hidden else row for row in rows])
            return
        if not pairs:
            say("No exception is open. They come when a stop rule fires or somebody raises one.")
            return
        zone = books.current.timezone
        lines = []
        for t, i in pairs:
            code, owner, title = ("", "", "private") if i.key in hidden else (t.code, t.owner, i.title)
            lines.append((i.key, code, owner, local(t.opened_at, zone), local(t.due_at, zone), title))
        table(("KEY", "CODE", "OWNER", "SINCE", "DECIDE BY", "TITLE"), lines)

    over(work)


def show(
    key: Key,
    json: Json = False,
    private: Private = False,
    files: Annotated[
        Path | None, typer.Option("--files", help="Write the files that came with it into this folder.")
    ] = None,
    traced: Annotated[bool, typer.Option("--trace", help="With --json: its stays and waits up to now, too.")] = False,
) -> None:
    """One item whole, with its ledger. Example: docketbot show REF-12 --json"""

    async def work(store: Any, books: Any) -> None:
        from bot.digest_command import in_words
        from bot.files import written
        from rules.attaching import files_of
        from rules.reading import entry_line, file_line
        from rules.record import item_json, veil
        from rules.tracing import trace, trace_json
        from rules.wording.cards import item_card
        from rules.wording.tracing import trace_sections
        from storage import ledger

        item = await _item(store, books, key)
        hidden = await veiled(store, books, [item], "show", private=private)
        recorded = await store.read(lambda c: ledger.of_item(c, books.workspace, item.key))
        now = datetime.now(UTC)
        way = trace(item, [one.entry for one in recorded], now)
        if json:
            whole = item_json(item, books.current, [(r.seq, r.entry, r.hash) for r in recorded])
            if traced:
                whole["trace"] = trace_json(way)
            data(veil(whole) if hidden else whole)
            return
        if hidden:
            table(ITEM_COLUMNS, [_row(item, books.current.timezone, private=True)])
            return
        workflow = await store.read(lambda c: books.workflow(c, item))
        zone = books.current.timezone
        card = item_card(item, workflow, books.current, now)
        typer.echo(inert(in_words(card, books.current, now)))
        for section in trace_sections(item, workflow, way):
            typer.echo(section.heading)
            for row in section.rows:
                typer.echo(f"  {flat(row.line, books.current.named, zone)}")
            if section.rest:
                typer.echo(f"  {section.rest}")
        came = files_of(one.entry for one in recorded)
        for line in ["Files", *(f"  {flat(file_line(f), books.current.named, zone)}" for f in came)] if came else ():
            typer.echo(line)
        if files is not None:
            say(await store.read(lambda c: written(c, books, came, files)))
        typer.echo("Record")
        for one in recorded:
            typer.echo(f"  {one.seq:>3}  {flat(entry_line(one.entry), books.current.named, zone)}  {one.hash[:8]}")

    over(work)


def why(key: Key, private: Private = False) -> None:
    """Owner, deadline and notices explained: the rule, the sum, who was told when. Example: docketbot why REF-12"""

    async def work(store: Any, books: Any) -> None:
        from bot.answering import item_shelf
        from bot.digest_command import in_words
        from rules.reading import why as explained

        item = await _item(store, books, key)
        if await veiled(store, books, [item], "why", private=private):
            table(ITEM_COLUMNS, [_row(item, books.current.timezone, private=True)])
            return
        workflow = await store.read(lambda c: books.workflow(c, item))
        found = await store.read(lambda c: item_shelf(c, books, item))
        now = datetime.now(UTC)
        book = await store.read(lambda c: books.present(c, now))
        message = explained(item, workflow, book, found, now)
        typer.echo(inert(in_words(message, book, now)))

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
    """The item of that key; without it the command ends."""
    from bot.holding_back import shown
    from storage import items as shelf

    item = await store.read(lambda conn: shelf.load(conn, books.workspace, key.upper()))
    if item is None:
        stop(f"There is no {key.upper()}. `docketbot items` lists what is open.", 1)
    return (await store.read(lambda conn: shown(conn, books, [item])))[0]


def _row(item: Any, zone: str, *, private: bool) -> tuple[str, ...]:
    """A line of a table; of what is private its state and times alone."""
    times = (local(item.opened_at, zone), local(item.due_at, zone) if item.due_at else "")
    if private:
        return (item.key, item.state, "", "", *times, "private")
    return (item.key, item.state, item.owner, item.stage or "", *times, item.title)
