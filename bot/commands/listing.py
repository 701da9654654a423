"""`docketbot items`, `exceptions`, `show`, `why`: what is open, for whom, since when, and one item whole."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bot.commands.speaking import NO, put, put_json, refuse, table

if TYPE_CHECKING:
    from bot.books import Books
    from rules.book.rulebook import Rulebook
    from rules.items import Item
    from rules.messages import Message

LISTED_AT_MOST = 100_000

AsJson = Annotated[bool, typer.Option("--json", help="For programs.")]
Key = Annotated[str, typer.Argument(metavar="KEY", help="An item's key, for example REF-12.")]


def items(
    every: Annotated[bool, typer.Option("--all", help="The bot's own failures (BOT-...), too.")] = False,
    as_json: AsJson = False,
) -> None:
    """What is open, by due time.

    Example: docketbot items
    """
    from bot.commands.opening import reading
    from rules.record import item_json
    from rules.wording.lines import title
    from storage import items as shelf
    from storage import ledger

    def work(conn: Any, books: Books) -> None:
        found = shelf.listing(conn, books.workspace, include_docket=every, limit=LISTED_AT_MOST)
        if as_json:
            put_json(
                [item_json(i, books.workflow(conn, i), ledger.of_item(conn, books.workspace, i.key)) for i in found]
            )
        elif not found:
            put("Nothing is open. Items come from the channels and inboxes that the rulebook names.")
        else:
            at = _times(books.current)
            rows = [
                (i.key, i.state, i.stage or "", i.owner, at(i.due_at), at(i.opened_at), title(i, books.workflow(conn, i)))
                for i in found
            ]
            put(table(("ITEM", "STATE", "STAGE", "OWNER", "DUE", "OPENED", "TITLE"), rows))

    reading(work)


def exceptions(as_json: AsJson = False) -> None:
    """The open exceptions, the bot's own failures among them, by deadline.

    Example: docketbot exceptions --json
    """
    from bot.commands.opening import reading
    from rules.record import exception_json
    from rules.wording.lines import title
    from storage import items as shelf

    def work(conn: Any, books: Books) -> None:
        found = shelf.listing(conn, books.workspace, include_docket=True, limit=LISTED_AT_MOST)
        pairs = sorted(((i, t) for i in found for t in i.open_trouble()), key=lambda pair: pair[1].due_at)
        if as_json:
            put_json([exception_json(i, books.workflow(conn, i), t) for i, t in pairs])
        elif not pairs:
            put("No exception is open. They come when a stop rule fires or somebody raises one.")
        else:
            at = _times(books.current)
            rows = [
                (i.key, t.code, t.owner, at(t.due_at), at(t.opened_at), title(i, books.workflow(conn, i)))
                for i, t in pairs
            ]
            put(table(("ITEM", "CODE", "OWNER", "DECIDE BY", "OPENED", "TITLE"), rows))

    reading(work)


def show(key: Key, as_json: AsJson = False) -> None:
    """One item whole, with its ledger.

    Example: docketbot show REF-12
    """
    from bot.commands.opening import reading
    from rules.messages import Message, Row, Section
    from rules.reading import entry_line
    from rules.record import item_json
    from rules.wording.cards import item_card
    from storage import ledger

    def work(conn: Any, books: Books) -> None:
        item = _item(conn, books, key)
        workflow, record = books.workflow(conn, item), ledger.of_item(conn, books.workspace, item.key)
        if as_json:
            put_json(item_json(item, workflow, record))
            return
        card = item_card(item, workflow, books.current, datetime.now(UTC))
        rows = tuple(Row(line=(f"{recorded.seq}. ", *entry_line(recorded.entry))) for recorded in record)
        sections = (*card.sections, Section(heading="Ledger", rows=rows))
        put(words(Message(subject="", headline=card.headline, lines=card.lines, sections=sections), books.current))

    reading(work)


def why(key: Key) -> None:
    """Owner, deadline and every notice of an item explained: which rule, which sum, who was told when.

    Example: docketbot why REF-12
    """
    from bot.answering import item_shelf
    from bot.commands.opening import reading
    from rules import reading as answers

    def work(conn: Any, books: Books) -> None:
        item = _item(conn, books, key)
        shelf = item_shelf(conn, books, item)
        said = answers.why(item, books.workflow(conn, item), books.current, shelf, datetime.now(UTC))
        put(words(said, books.current))

    reading(work)


def words(message: Message, book: Rulebook) -> str:
    """A message for a terminal, its times in the organization's zone."""
    from bot.letters import names
    from handlers.mail.write import text

    return text(message, names(book), book.timezone).rstrip()


def _item(conn: Any, books: Books, key: str) -> Item:
    from rules.commands import key_in
    from storage import items as shelf

    item = shelf.load(conn, books.workspace, key_in(key) or key)
    if item is None:
        refuse(f"There is no {key}. `docketbot items` lists what is open.", NO)
    return item


def _times(book: Rulebook) -> Any:
    """How a UTC moment is shown: in the organization's zone, `2026-03-04 10:00`, "" for none."""
    from zoneinfo import ZoneInfo

    zone = ZoneInfo(book.timezone)
    return lambda at: f"{at.astimezone(zone):%Y-%m-%d %H:%M}" if at else ""
