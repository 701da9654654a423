"""Finds the item that a mail belongs to, and the letters of ours that a bounce names; the rules say if it joins."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import Any

from bot.books import Books
from bot.tickets import named, ticket_of
from handlers.mail.identity import sent_as
from rules.belonging import copy_of, joins, referred
from rules.bounces import believed
from rules.events import Mailed
from rules.failures import confined
from rules.items import Item
from rules.loops import DAY, hasty_after
from rules.own_events import Refused
from rules.ruling import World
from rules.traces import Clue, Letter, Traffic
from storage import inbox, items, ledger, threads, traffic

#: Of the letters of ours that a mail names so many are looked up: it is about one, and may quote a thread.
LETTERS_AT_MOST = 20
#: What the outside id of a mail ends in that is taken once more, because a copy of it reached a private inbox.
APART = ":private"


def with_mail(conn: Any, books: Books, event: Mailed, world: World) -> World:
    """The world that a mail meets: the item that it belongs to and why, the letter that it answers or gives back."""
    ws, now = books.workspace, world.now
    ticket, answered = ticket_of(conn, books, event) or (None, None)
    to = "" if event.automatic else event.reply_to or event.by
    mails = Traffic(
        answered=traffic.answered(conn, ws, to, now - DAY) if to else (),
        answers=partial(traffic.answers, conn, ws),
        opened=partial(traffic.opened, conn, ws),
        doubted=partial(traffic.doubted, conn, ws),
    )
    world = replace(world, ticket=ticket, letters=_letters(conn, books, event), traffic=mails)
    item = _bounced_item(conn, books, event, world) or named(conn, books, event)
    clue: Clue | None = None
    if item is None:
        item, clue = _item_of(conn, books, event, world, answered)
    return replace(world, item=item, clue=clue)


def with_letter(conn: Any, books: Books, event: Refused, world: World) -> World:
    """The world with the letter that was refused, and the item that it was about."""
    letter = traffic.letter(conn, books.workspace, event.letter)
    if letter is None:
        return world
    return replace(world, letters=(letter,), item=items.load(conn, books.workspace, letter.item))


def taken_apart(conn: Any, books: Books, event: Mailed, known: inbox.Arrival) -> Mailed | None:
    """The mail to take once more, where its copy in a private inbox came after one that others see; None: a repeat."""
    if not known.item or not confined(event, books.current) or event.id.endswith(APART):
        return None
    item = items.load(conn, books.workspace, known.item)
    if item is None or books.workflow(conn, item).private:
        return None
    if known.state == "quarantined":
        inbox.settle(conn, books.workspace, event.id, "ignored", known.item, "it came to a private inbox as well")
    return replace(event, id=event.id + APART)


def _letters(conn: Any, books: Books, event: Mailed) -> tuple[Letter, ...]:
    """The letters of ours that a bounce names, by Message-ID or by token."""
    if event.bounce is None:
        return ()
    tokens = [books.tokens.read(detail) for detail in (*event.bounce.details, *event.details)] if books.tokens else []
    named = [sent_as(message_id) for message_id in event.bounce.sent_as] + tokens
    ids = [outbox_id for outbox_id in dict.fromkeys(named) if outbox_id][:LETTERS_AT_MOST]
    found = (traffic.letter(conn, books.workspace, outbox_id) for outbox_id in ids)
    return tuple(letter for letter in found if letter is not None)


def _item_of(
    conn: Any, books: Books, event: Mailed, world: World, answered: Item | None
) -> tuple[Item | None, Clue | None]:
    """The item that a mail belongs to and what led to it; `answered`: that of the letter whose token it came back with.

    Every conversation is asked for at once: two instances that take turns over them must do so in one order.
    """
    apart = bool(confined(event, books.current))
    for clue, item in _led_to(conn, books, event, world.traffic, answered):
        voices = _voices(conn, books, item) if clue == "subject" else frozenset[str]()
        workflow = books.workflow(conn, item)
        if clue == "moved" or joins(event, item, workflow, world, clue, confined=apart, voices=voices):
            return item, clue
    return None, None


def _bounced_item(conn: Any, books: Books, event: Mailed, world: World) -> Item | None:
    """The item of the letter that came back, where the rules believe that one did."""
    back = believed(event.bounce, world.letters, world.now) if event.bounce is not None else None
    return items.load(conn, books.workspace, back[0].item) if back is not None and back[0].item else None


def _led_to(
    conn: Any, books: Books, event: Mailed, mails: Traffic, answered: Item | None
) -> Iterator[tuple[Clue, Item]]:
    ws = books.workspace
    if event.id.endswith(APART) and (item := _opened_by(conn, ws, event)) is not None:
        yield "moved", item
        return
    own, copy = f"mail:{event.message_id}" if event.message_id else "", copy_of(event)
    asked = [*referred(event), *((copy.conversation,) if copy else ()), *((own,) if own else ())]
    belongs = threads.known(conn, ws, asked)
    referring = [belongs[name] for name in referred(event) if name in belongs]
    for key in dict.fromkeys(referring):
        yield from _loaded(conn, ws, "reference", key)
    ours = [outbox_id for message_id in event.references if (outbox_id := sent_as(message_id))]
    for outbox_id in ours[:LETTERS_AT_MOST]:  # a letter that was answered before its receipt was written
        if (letter := traffic.letter(conn, ws, outbox_id)) is not None:
            yield from _loaded(conn, ws, "reference", letter.item)
    if copy is not None and copy.conversation in belongs:
        yield from _loaded(conn, ws, "copy", belongs[copy.conversation])
    if own in belongs and not _came(conn, ws, belongs[own], event.message_id):
        yield from _loaded(conn, ws, "awaited", belongs[own])
    if answered is not None:
        yield "letter", answered
    for key in event.subject_keys:
        yield from _loaded(conn, ws, "subject", key)
    if (last := hasty_after(event, books.current, mails)) is not None:
        yield from _loaded(conn, ws, "haste", last.item)


def _loaded(conn: Any, ws: str, clue: Clue, key: str) -> Iterator[tuple[Clue, Item]]:
    if (item := items.load(conn, ws, key)) is not None:
        yield clue, item


def _opened_by(conn: Any, ws: str, event: Mailed) -> Item | None:
    """The open item that the mail itself opened where it was first found."""
    first = inbox.arrival(conn, ws, event.id.removesuffix(APART))
    item = items.load(conn, ws, first.item) if first is not None and first.state == "taken" and first.item else None
    opened = item is not None and item.closed_at is None and item.source.message_id == event.message_id
    return item if opened else None


def _came(conn: Any, ws: str, key: str, message_id: str | None) -> bool:
    """Whether a mail of that id is in the item already: then another one of the same id is none that was awaited."""
    entries = [recorded.entry for recorded in ledger.of_item(conn, ws, key)]
    ids = [entry.facts.get("message_id") or entry.facts.get("source", {}).get("message_id") for entry in entries]
    return message_id in ids


def _voices(conn: Any, books: Books, item: Item) -> frozenset[str]:
    """Who has written about an item, machines aside."""
    entries = [recorded.entry for recorded in ledger.of_item(conn, books.workspace, item.key)]
    said = (e for e in entries if e.kind == "attached" and not e.facts.get("automatic"))
    return frozenset(str(entry.texts.get("from", "")) for entry in said) - {""}
