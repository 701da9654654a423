"""What the rules answer: what to record, whom to tell, and what to say back."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from rules.absence import Said
from rules.book.rulebook import Rulebook
from rules.entries import Entry
from rules.events import Event
from rules.items import Item, Trouble
from rules.messages import Reply
from rules.notices import Notice
from rules.pauses import Backlog, Pause
from rules.precedents import Precedent
from rules.tickets import Ticket
from rules.traces import Clue, Kept, Letter, Traffic


@dataclass(frozen=True, slots=True, kw_only=True)
class Timer:
    """A due time of an item, in UTC: `kind` says what for, `subject` names the exception ("" for the item's stage)."""

    kind: str
    subject: str
    due_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Raised:
    """An exception of some code that was raised before: on which item, when (UTC)."""

    item: str
    at: datetime


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
    ticket: Ticket | None = None  # of the letter that a mail answers, or of the page that was used
    number: Callable[[str], int] = lambda _key: 1
    alike: Callable[[str, str], Sequence[Item]] = lambda _workflow, _text: ()
    failure: Callable[[str], Item | None] = lambda _cause: None  # the open BOT item of a cause
    held: Callable[[str], Sequence[Item]] = lambda _person: ()  # the open items that a person has or may decide on
    raised: Callable[[str, str, int], Sequence[Raised]] = lambda _workflow, _code, _most: ()  # the newest ones first
    latest: Callable[[str], Item | None] = lambda _cause: None  # what the rules opened last for a cause
    bound: Callable[[str], Item | None] = lambda _name: None  # the item that a conversation or a flow belongs to
    record: Callable[[str], Sequence[Entry]] = lambda _item: ()  # an item's entries, oldest first
    other: Callable[[str], Item | None] = lambda _key: None  # the item of a key
    like: Callable[[Item, Trouble], Sequence[Precedent]] = lambda _item, _trouble: ()  # earlier decisions like it
    clue: Clue | None = None  # what led from a mail to the item
    traffic: Traffic = field(default_factory=Traffic)
    hush: Callable[[], str] = lambda: ""  # why nothing automatic may be written to the sender of a mail now
    hasty: Callable[[], str] = lambda: ""  # the same, which counts only against a mail that says nothing of use
    letters: Sequence[Letter] = ()  # of ours that a bounce names
    kept: Kept | None = None  # what a command about the quarantine means
    released: bool = False  # a person let it go: it is not held again
    pauses: Sequence[Pause] = ()  # what is paused
    backlog: Callable[[], Sequence[Backlog]] = lambda: ()  # what waits until it goes on


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruling:
    """`items` are the items as the entries leave them; no entries: nothing changed, and `ignored` or `reply` says why.

    `threads` are outside conversations (`slack:C1:1700.1`, `mail:<id>`) that from now on belong to the item; `offered`
    those that belong to it unless they have one already. `held`: it is not taken but kept for a person to look at, and
    why. `leads_to` happens in the same transaction.
    `unkept`: it was said in confidence and nobody has passed it on: its raw bytes are not kept.
    """

    entries: tuple[Entry, ...] = ()
    items: tuple[Item, ...] = ()
    notices: tuple[Notice, ...] = ()
    threads: Mapping[str, str] = field(default_factory=dict)  # conversation -> item key
    offered: Mapping[str, str] = field(default_factory=dict)  # conversation -> item key
    reply: Reply | None = None
    ignored: str = ""
    touched: str = ""  # the item that it concerns, also where nothing changed
    spends: str = ""  # the outbox id of a token that is used up by it
    unkept: bool = False
    unjudged: tuple[str, ...] = ()  # conditions that failed while this was judged, in words
    held: str = ""
    leads_to: tuple[Event, ...] = ()
    lets_go: str = ""  # the outside id of what leaves the quarantine and is taken now
    away: Said | None = None  # somebody said that they are away
    returns: str = ""  # the person whose absence, said by command, is over
    drops: str = ""  # the outside id of what leaves it for good
    pauses: Pause | None = None  # this is paused from now on
    resumes: Pause | None = None  # somebody let this go on
