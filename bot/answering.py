"""Reads what an answer needs from the shelves and lets the rules word it; changes nothing."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from bot import ways_in
from bot.books import Books
from bot.digests import compose, occasion_now
from bot.holding_back import shown
from bot.links import threads_of
from bot.quarantine import all_held, kept_in
from bot.reports import report_of
from rules.events import Command
from rules.forms import form
from rules.home import CLOSED_AT_MOST, CLOSED_FOR, Home, home, oversees
from rules.items import Item
from rules.links import page
from rules.messages import Form, Reply
from rules.pausing import instead
from rules.reading import Shelf, Told, answer
from rules.replies import refused
from rules.reports import COVERS, QUESTIONS, nearest
from rules.rights import refusal, refused_to
from rules.ruling import World
from rules.wording.model import answered as model
from rules.wording.reports import MODEL, offered, reported
from storage import items, ledger, outbox, questions, threads

LISTED_AT_MOST = 2000
#: Of the exceptions that somebody answers for; a Home shows fewer still.
OVERSEEN_AT_MOST = 1000


def answered(conn: Any, books: Books, command: Command, now: datetime) -> Reply:
    """The reply to a question."""
    if command.verb == "digest":
        return _digest(conn, books, command, now)
    if command.verb == "report":
        return _report(conn, books, command, now)
    if command.verb == "web":
        return _web(conn, books, command, now)
    shelf = shelf_of(conn, books, command)
    return answer(command, books.present(conn, now), lambda item: books.workflow(conn, item), shelf, now)


def filled(command: Command, world: World) -> Form | Reply | None:
    """The form of a click, unless what it is about is paused."""
    asked = form(command, world)
    return instead(asked, world.item, world.pauses, world.book) or asked


def shelf_of(conn: Any, books: Books, command: Command) -> Shelf:
    """What was read for a command: one item with its record, or the open items."""
    ws = books.workspace
    if command.verb == "mine":
        me = books.current.person_of(command.by)
        mine = _concerning(conn, ws, me, questions.deciding(conn, ws), _Loaded(conn, ws))
        return Shelf(items=shown(conn, books, mine))
    if command.verb == "quarantine":
        return Shelf(kept=all_held(conn, ws))
    if command.verb not in ("show", "why", "decide"):
        everything = items.listing(conn, ws, include_docket=True, limit=LISTED_AT_MOST)
        return Shelf(items=shown(conn, books, everything))
    key = command.item
    if key is None and command.thread:
        key = threads.find(conn, ws, [f"slack:{command.place}:{command.thread}"])
    item = items.load(conn, ws, key) if key else None
    return item_shelf(conn, books, item) if item else Shelf()


def homes(conn: Any, books: Books, readers: Sequence[str], now: datetime) -> list[Home]:
    """The Home of each of these identities, from one snapshot."""
    ws, book, found = books.workspace, books.present(conn, now), []
    waiting = questions.deciding(conn, ws)
    shelf = _Loaded(conn, ws)
    for reader in readers:
        me = book.person_of(reader)
        overseen = [
            w.item
            for w in waiting
            if (workflow := book.workflows.get(w.workflow)) is None or oversees(book, me, workflow, w.owner)
        ]
        ended = items.ended(conn, ws, me, now - CLOSED_FOR, CLOSED_AT_MOST)
        known = {item.key: item for item in (*_concerning(conn, ws, me, waiting, shelf), *ended)}
        for key in overseen[:OVERSEEN_AT_MOST]:
            if key not in known and (item := shelf.item(key)) is not None:
                known[key] = item
        kept = kept_in(conn, ws) if refusal("quarantine", book, me) is None else ()
        seen = shown(conn, books, [*known.values()])
        found.append(home(me, seen, book, lambda item: books.workflow(conn, item), now, kept))
    return found


class _Loaded:
    """Items by key, each read once."""

    def __init__(self, conn: Any, ws: str) -> None:
        self._conn, self._ws = conn, ws
        self._known: dict[str, Item | None] = {}

    def item(self, key: str) -> Item | None:
        if key not in self._known:
            self._known[key] = items.load(self._conn, self._ws, key)
        return self._known[key]


def _concerning(conn: Any, ws: str, me: str, waiting: Sequence[questions.Deciding], shelf: _Loaded) -> list[Item]:
    """The open items that somebody has, asked for, or may decide on; however many others there are."""
    own = items.listing(conn, ws, owner=me, include_docket=True, limit=LISTED_AT_MOST)
    asked = items.listing(conn, ws, requester=me, include_docket=True, limit=LISTED_AT_MOST)
    found = {item.key: item for item in (*own, *asked)}
    for each in waiting:
        if me in each.may_decide and each.item not in found and (item := shelf.item(each.item)) is not None:
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
    workflow = books.workflow(conn, item)
    own = page(item, workflow, books.public_url)
    waits = () if workflow.private else item.open_trouble()[:1]
    like = [one for trouble in waits for one in books.precedents.like(conn, books.workspace, item, trouble)]
    (item,) = shown(conn, books, [item])
    return Shelf(item=item, entries=entries, told=told, threads=threads_of(conn, books, item), page=own, like=like)


def _digest(conn: Any, books: Books, command: Command, now: datetime) -> Reply:
    """`/docket digest`: for its readers, leaders, managers and the operator (interface.md, "Slack")."""
    book = books.present(conn, now)
    me = book.person_of(command.by)
    if (refusal := refused_to(command, book, None, None)) is not None:
        return refusal
    spec = book.digests.get(command.name or "") or next(iter(book.digests.values()), None)
    if spec is None:
        return refused("no_digest", ("The rulebook has no digest.",))
    message = compose(conn, books, occasion_now(spec, me, book, now))
    # asked for by mail it is answered to whoever asks in that name: a link takes the trust that `web` takes
    return Reply(message=message if command.via == "mail" else ways_in.below(message, books, me, now))


def _web(conn: Any, books: Books, command: Command, now: datetime) -> Reply:
    """`/docket web`: a link that signs whoever asks in to the web page, for people of the rulebook."""
    book = books.present(conn, now)
    if (refusal := refused_to(command, book, None, None)) is not None:
        return refusal
    return ways_in.answer(books, book.person_of(command.by), now)


def _report(conn: Any, books: Books, command: Command, now: datetime) -> Reply:
    """`/docket report NAME`: a question to the ledger, for leaders, managers, digest readers and the operator."""
    if (refusal := refused_to(command, books.present(conn, now), None, None)) is not None:
        return refusal
    name = command.name or ""
    if not name:
        return Reply(message=offered())
    asked, _, about = name.partition(" ")
    if asked == MODEL:
        return model(about.strip(), books.current)
    if name not in QUESTIONS:
        meant = f" Did you mean `{near}`?" if (near := nearest(name)) else ""
        there = f"There are: {', '.join(QUESTIONS)}."
        return refused("unknown_report", (f"There is no report `{name}`.{meant}",), (there,))
    return Reply(message=reported(report_of(conn, books, name, now), now - COVERS))
