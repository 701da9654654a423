"""Which letter of ours a mail answers: the token in the address that it came to, and what the outbox knows of it."""

from __future__ import annotations

from typing import Any

from bot.books import Books
from rules.events import Mailed
from rules.items import Item
from rules.mail_words import commands, key_named
from rules.tickets import Ticket, ticket
from storage import items, tokens


def ticket_of(conn: Any, books: Books, event: Mailed) -> tuple[Ticket, Item] | None:
    """The ticket of the first of its addresses that holds a token of ours, with the item that the letter was about."""
    if books.tokens is None:
        return None
    outbox_id = next((found for detail in event.details if (found := books.tokens.read(detail))), None)
    issued = tokens.issued(conn, books.workspace, outbox_id) if outbox_id else None
    about = items.load(conn, books.workspace, issued.notice.item) if issued else None
    if outbox_id is None or issued is None or about is None:
        return None
    return ticket(outbox_id, issued.notice, issued.created_at, about, spent=issued.spent), about


def named(conn: Any, books: Books, event: Mailed) -> Item | None:
    """The item that a person of the rulebook names in a command, which counts before what their mail refers to."""
    if event.automatic or books.current.person_of(event.by) not in books.current.people:
        return None
    key = key_named(event.new_text)
    item = items.load(conn, books.workspace, key) if key else None
    told = item is not None and commands(event.new_text, books.current, books.workflow(conn, item))
    return item if told else None
