"""Reads what an answer needs from the shelves and lets the rules word it; changes nothing."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from bot.books import Books
from bot.digests import compose, occasion_now
from rules.events import Command
from rules.forms import form
from rules.items import Item
from rules.messages import Form, Reply
from rules.reading import Shelf, Told, answer
from rules.replies import refused
from rules.ruling import World
from storage import items, ledger, outbox, questions, threads

LISTED_AT_MOST = 2000


def answered(conn: Any, books: Books, command: Command, now: datetime) -> Reply:
    """The reply to a question."""
    if command.verb == "digest":
        return _digest(conn, books, command, now)
    shelf = shelf_of(conn, books, command)
    return answer(command, books.current, lambda item: books.workflow(conn, item), shelf, now)


def filled(command: Command, world: World) -> Form | Reply:
    """The form of a click."""
    return form(command, world)


def shelf_of(conn: Any, books: Books, command: Command) -> Shelf:
    """What was read for a command: one item with its record, or the open items."""
    ws = books.workspace
    if command.verb == "mine":
        return Shelf(items=_concerning(conn, ws, books.current.person_of(command.by)))
    if command.verb not in ("show", "why", "decide"):
        everything = items.listing(conn, ws, include_docket=True, limit=LISTED_AT_MOST)
        return Shelf(items=everything)
    key = command.item
    if key is None and command.thread:
        key = threads.find(conn, ws, [f"slack:{command.place}:{command.thread}"])
    item = items.load(conn, ws, key) if key else None
    return item_shelf(conn, books, item) if item else Shelf()


def _concerning(conn: Any, ws: str, me: str) -> list[Item]:
    """The open items that somebody has, asked for, or may decide on; however many others there are."""
    own = items.listing(conn, ws, owner=me, include_docket=True, limit=LISTED_AT_MOST)
    asked = items.listing(conn, ws, requester=me, include_docket=True, limit=LISTED_AT_MOST)
    found = {item.key: item for item in (*own, *asked)}
    for waiting in questions.deciding(conn, ws):
        if me in waiting.may_decide and waiting.item not in found:
            item = items.load(conn, ws, waiting.item)
            if item is not None:
                found[item.key] = item
    return list(found.values())


def item_shelf(conn: Any, books: Books, item: Item) -> Shelf:
    """An item with its entries and the notices that went out about it."""
    entries = [recorded.entry for recorded in ledger.of_item(conn, books.workspace, item.key)]
    told = [
        Told(
            to=books.current.person_of(posted.notice.to),
            kind=type(posted.notice).__name__,
            at=posted.ended_at or posted.created_at,
            state=posted.state,
        )
        for posted in outbox.of_item(conn, books.workspace, item.key)
    ]
    return Shelf(item=item, entries=entries, told=told)


def _digest(conn: Any, books: Books, command: Command, now: datetime) -> Reply:
    """`/docket digest`: for its readers, leaders, managers and the operator (interface.md, "Slack")."""
    book = books.current
    me = book.person_of(command.by)
    readers = {person for spec in book.digests.values() for person in spec.to}
    leaders = {w.leader for w in book.workflows.values() if w.leader}
    managers = {p.manager for p in book.people.values() if p.manager}
    if me not in {book.operator} | readers | leaders | managers:
        names = ", ".join(book.named(person) for person in sorted(readers)) or "nobody yet"
        return refused("not_yours", (f"The digest is for its readers: {names}.",))
    spec = book.digests.get(command.name or "") or next(iter(book.digests.values()), None)
    if spec is None:
        return refused("no_digest", ("The rulebook has no digest.",))
    return Reply(message=compose(conn, books, occasion_now(spec, me, book, now)))
