"""The list of items of the web page: what is asked for in its address, read a page at a time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from bot.books import Books
from bot.holding_back import shown
from handlers.looking import Filters
from rules.commands import as_key
from rules.items import Item
from rules.looking import Address, Sheet
from rules.wording.sheets import listed
from storage import items, looking
from storage.looking import After

ROWS: Final = 50


def items_page(
    conn: Any, books: Books, asked: Mapping[str, str], sees: Callable[[Item], bool], now: datetime, address: Address
) -> tuple[Sheet, Filters, Mapping[str, str]]:
    """The items that somebody may see (`sees`) of those asked for; the choices; where the next page begins."""
    book = books.current
    workflow, owner, key = (asked.get(name, "").strip() for name in ("workflow", "owner", "key"))
    state = "closed" if asked.get("state") == "closed" else "open"
    chosen = {"workflow": workflow, "owner": owner, "state": state, "key": key}
    onward: After | None = None
    if key:
        found = [item for item in _named(conn, books, key) if sees(item)]
    elif workflow and (workflow not in book.workflows or book.workflows[workflow].private):
        found = []  # what is private is found without: how long its list takes to read would tell of it
    else:
        found, onward = _read_on(conn, books, chosen, sees, _place(asked.get("after", "")))
    flows = sorted(flow.name for flow in book.workflows.values() if not flow.private)
    filters = Filters(
        workflows=tuple((name, name) for name in flows),
        owners=tuple(sorted(((who, person.name) for who, person in book.people.items()), key=lambda pair: pair[1])),
        chosen=chosen,
    )
    table = listed(
        shown(conn, books, found), lambda item: books.workflow(conn, item), now, address, more=onward is not None
    )
    further = {name: value for name, value in chosen.items() if value}
    return (
        Sheet(title=("Items",), parts=(table,)),
        filters,
        {**further, "after": _written(onward)} if onward is not None else {},
    )


def _named(conn: Any, books: Books, text: str) -> list[Item]:
    """The item of a key (`ref-12`), or those of that number in every workflow (`12`)."""
    key = as_key(text)
    number = text if text.isascii() and text.isdecimal() and len(text) <= 12 else ""
    keys = [key] if key else [f"{flow.key}-{int(number)}" for flow in books.current.workflows.values() if number]
    return [item for one in keys if (item := items.load(conn, books.workspace, one)) is not None]


def _read_on(
    conn: Any, books: Books, chosen: Mapping[str, str], sees: Callable[[Item], bool], after: After | None
) -> tuple[list[Item], After | None]:
    """A page's worth from a place on, and the place where the next begins; None: that was all that they may see.

    Neither the place nor whether there is one tells of what is hidden: both are of items that are shown.
    """
    is_open, found = chosen["state"] == "open", list[Item]()
    read = looking.open_items if is_open else looking.closed_items
    if not is_open and after is not None and after.at is None:
        after = None
    while True:
        some = read(conn, books.workspace, workflow=chosen["workflow"], owner=chosen["owner"], after=after, limit=ROWS)
        for item in some:
            if sees(item):
                if len(found) == ROWS:
                    return found, _behind(found[-1])
                found.append(item)
        if len(some) < ROWS:
            return found, None
        after = _behind(some[-1])


def _behind(item: Item) -> After:
    return After(item.closed_at or item.due_at, item.key)


def _place(text: str) -> After | None:
    """A place as it stands in an address (`2026-03-04T16:00:00.000000Z~REF-12`); what is none is the beginning."""
    moment, mark, key = text[:80].partition("~")
    if not mark or as_key(key) != key:
        return None
    try:
        at = datetime.fromisoformat(moment).astimezone(UTC) if moment else None
    except (ValueError, OverflowError):
        return None
    return After(at, key)


def _written(place: After) -> str:
    return f"{place.at.astimezone(UTC).isoformat() if place.at else ''}~{place.key}"
