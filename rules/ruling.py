"""What the rules answer: what to record, whom to tell, and what to say back."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from rules.book.rulebook import Rulebook
from rules.entries import Entry
from rules.items import Item
from rules.messages import Reply
from rules.notices import Notice


@dataclass(frozen=True, slots=True, kw_only=True)
class Timer:
    """A due time of an item, in UTC: `kind` says what for, `subject` names the exception ("" for the item's stage)."""

    kind: str
    subject: str
    due_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """All that a ruling may depend on beside the event: loaded by the desk in the same transaction.

    `book` is the rulebook in force, `book_of` gives the one an item began with; `number` hands out the next number
    of a workflow's key; `alike` gives its open items that could say the same as a text, newest first.
    """

    now: datetime
    book: Rulebook
    book_of: Callable[[str], Rulebook]
    item: Item | None = None
    number: Callable[[str], int] = lambda _key: 1
    alike: Callable[[str, str], Sequence[Item]] = lambda _workflow, _text: ()
    failure: Callable[[str], Item | None] = lambda _cause: None  # the open BOT item of a cause


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruling:
    """`items` are the items as the entries leave them; no entries: nothing changed, and `ignored` or `reply` says why.

    `threads` are outside conversations (`slack:C1:1700.1`, `mail:<id>`) that from now on belong to the item.
    """

    entries: tuple[Entry, ...] = ()
    items: tuple[Item, ...] = ()
    notices: tuple[Notice, ...] = ()
    threads: Mapping[str, str] = field(default_factory=dict)  # conversation -> item key
    reply: Reply | None = None
    ignored: str = ""
    touched: str = ""  # the item that it concerns, also where nothing changed
    unjudged: tuple[str, ...] = ()  # conditions that failed while this was judged, in words
