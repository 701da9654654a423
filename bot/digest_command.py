"""`docketbot digest`: which time it covers, how it is printed, how it is queued for its readers."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from bot.books import Books
from bot.config import settings
from bot.digests import Occasion, compose, notice_of, occasion_now, times
from bot.letters import mentions, names
from bot.recording import put
from bot.sealing import Sealing
from handlers.mail.write import html, text
from handlers.pieces import Reading
from rules.book.rulebook import Digest as Spec
from rules.book.rulebook import Rulebook
from rules.items import Item
from rules.lanes import Ways
from rules.messages import Message
from rules.replay import evolve
from storage import items, ledger
from storage.store import Store


def occasion_for(spec: Spec, reader: str, book: Rulebook, now: datetime, day: date | None) -> Occasion:
    """Up to now; or that local day in the organization's zone, from the previous occasion's `at` to the day's `at`."""
    if day is None:
        return occasion_now(spec, reader, book, now)
    zone = ZoneInfo(book.timezone)
    at = min(now, datetime.combine(day, spec.at, zone).astimezone(now.tzinfo))
    # for nobody in particular: a reader's own zone does not count here
    before = next((when for when_day, when in times(spec, "", book, at) if when_day < day), None)
    since = before or datetime.combine(day - timedelta(days=1), time(0), zone).astimezone(now.tzinfo)
    return Occasion(name=spec.name, reader=reader, way=spec.via[0], day=day, since=since, at=at)


def stood(conn: Any, ws: str, at: datetime) -> list[Item]:
    """Every item as it stood at a moment: items are the fold of their entries, so the ledger still knows."""
    found = []
    for key in items.all_keys(conn, ws):
        item: Item | None = None
        for recorded in ledger.of_item(conn, ws, key):
            if recorded.entry.at < at:
                item = evolve(item, recorded.entry)
        if item is not None:
            found.append(item)
    return found


async def printed(store: Store, books: Books, occasion: Occasion, form: str, now: datetime) -> str:
    """The digest as text, html, json or Slack's blocks; one of the past shows what stood then."""

    def work(conn: Any) -> Message:
        past = stood(conn, books.workspace, occasion.at) if occasion.at < now else None
        return compose(conn, books, occasion, past)

    message = await store.read(work)
    book = books.current
    if form == "text":
        return in_words(message, book, occasion.at)
    if form == "json":
        return json.dumps(asdict(message), ensure_ascii=False, indent=2, default=str)
    known, pinged = names(book), mentions(book)
    if form == "blocks":
        from handlers.slack.mrkdwn import Reader
        from handlers.slack.write import write

        fallback, blocks = write(message, Reader(book.timezone, known, pinged))
        return json.dumps({"text": fallback, "blocks": blocks}, ensure_ascii=False, indent=2)
    return html(message, _reading(book, occasion.at))


def in_words(message: Message, book: Rulebook, at: datetime) -> str:
    """A message as plain text, its times in the organization's zone, its "today" the day of `at`."""
    return text(message, _reading(book, at))


def _reading(book: Rulebook, at: datetime) -> Reading:
    zone = ZoneInfo(book.timezone)
    return Reading(names=names(book), zone=zone, today=at.astimezone(zone).date())


async def queued(store: Store, books: Books, spec: Spec, now: datetime, day: date | None) -> int:
    """Put it into the outbox for every reader, besides the scheduled one."""
    await Sealing(store, books.workspace, lambda: now).before_digest()
    chosen = settings()
    ways = Ways(slack=chosen.slack_on, mail=chosen.mail_on)

    def work(conn: Any) -> int:
        count = 0
        for reader in spec.to:
            occasion = occasion_for(spec, reader, books.current, now, day)
            for way in spec.via:
                put(conn, books, notice_of(replace(occasion, way=way)), None, now, ways)
            count += 1
        return count

    return await store.write(work)
