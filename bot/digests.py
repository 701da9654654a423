"""Digests: when one is due for whom, and what was read for it at the moment it is sent."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from bot.books import Books
from bot.lateness import punctuality
from bot.quarantine import kept_in
from bot.weeks import covered, sections_of
from rules.book.calendars import calendar_of
from rules.book.rulebook import Digest as Spec
from rules.book.rulebook import Rulebook, Workflow
from rules.digest import digest
from rules.digest_facts import Figures, no_page
from rules.entries import stamp
from rules.items import Item, Trouble
from rules.links import decision_page
from rules.messages import Message
from rules.notices import DecisionCard, Digest
from rules.pauses import Backlog, Pause
from rules.people import zone_of
from rules.quarantine import keepers
from rules.tickets import LASTS
from storage import items, outbox, pauses, seals

OPEN_AT_MOST = 100_000
#: How far back the occasion before a long holiday is looked for.
LOOK_BACK_DAYS = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Occasion:
    """One digest for one person by one way: it covers `since` to `at` (UTC); `day` is the local day it stands for."""

    name: str
    reader: str
    way: str
    day: date
    since: datetime
    at: datetime

    @property
    def id(self) -> str:
        """Its outside id (design.md, promise 2)."""
        return f"digest:{self.name}:{self.day.isoformat()}:{self.reader}:{self.way}"

    @property
    def cursor(self) -> str:
        """The name under which it is remembered until when the last one reached."""
        return f"digest:{self.name}:{self.reader}:{self.way}"


def times(spec: Spec, reader: str, book: Rulebook, now: datetime) -> Iterator[tuple[date, datetime]]:
    """The local days and moments (UTC) of a digest for a reader, the latest one up to `now` first."""
    zone = ZoneInfo(zone_of(book, reader))
    calendar = calendar_of(book, spec.calendar, zone.key) if spec.calendar else None
    today = now.astimezone(zone).date()
    for back in range(LOOK_BACK_DAYS):
        day = today - timedelta(days=back)
        at = datetime.combine(day, spec.at, zone).astimezone(now.tzinfo)
        if at > now or day.weekday() not in spec.days:
            continue
        if calendar is not None and calendar.closing(day) is None:
            continue  # nobody reads it on a day on which the calendar does not open at all
        yield day, at


def next_time(spec: Spec, reader: str, book: Rulebook, now: datetime) -> datetime:
    """When to look again: the digest's time today or tomorrow in the reader's zone, UTC."""
    zone = ZoneInfo(zone_of(book, reader))
    day = now.astimezone(zone).date()
    at = datetime.combine(day, spec.at, zone)
    if at <= now:
        at = datetime.combine(day + timedelta(days=1), spec.at, zone)
    return at.astimezone(now.tzinfo)


def latest(spec: Spec, reader: str, way: str, book: Rulebook, now: datetime) -> Occasion | None:
    """The newest occasion up to `now`; it covers the time since the one before, or `covers` of the rulebook."""
    found = times(spec, reader, book, now)
    newest = next(found, None)
    if newest is None:
        return None
    day, at = newest
    _, before = next(found, (day, at - timedelta(days=1)))
    since = before
    if spec.covers is not None:
        since = min(before, at - timedelta(seconds=spec.covers.amount * spec.covers.unit_seconds))
    return Occasion(name=spec.name, reader=reader, way=way, day=day, since=since, at=at)


def occasion_now(spec: Spec, reader: str, book: Rulebook, now: datetime) -> Occasion:
    """A digest asked for out of turn: from its last occasion up to now."""
    last = latest(spec, reader, spec.via[0], book, now)
    since = last.at if last is not None and last.at < now else now - timedelta(days=1)
    day = now.astimezone(ZoneInfo(zone_of(book, reader))).date()
    return Occasion(name=spec.name, reader=reader, way=spec.via[0], day=day, since=since, at=now)


def notice_of(occasion: Occasion) -> Digest:
    """The notice that waits in the outbox for it."""
    return Digest(
        item="",
        to=occasion.reader,
        name=occasion.name,
        day=occasion.day.isoformat(),
        way=occasion.way,
        since=occasion.since.isoformat(),
        until=occasion.at.isoformat(),
    )


def occasion_of(notice: Digest) -> Occasion:
    """The inverse of `notice_of`."""
    return Occasion(
        name=notice.name,
        reader=notice.to,
        way=notice.way,
        day=date.fromisoformat(notice.day),
        since=datetime.fromisoformat(notice.since),
        at=datetime.fromisoformat(notice.until),
    )


def _held(conn: Any, books: Books) -> int:
    """How much waits in quarantine for the operator; of what is private nobody is told."""
    book = books.current
    return sum(book.operator in keepers(one, book) for one in kept_in(conn, books.workspace))


def _paused(conn: Any, books: Books) -> list[Pause]:
    """What is paused, but for what is private."""
    return [pause for pause in pauses.standing(conn, books.workspace) if not _is_private(books, pause.workflow)]


def _waiting(conn: Any, books: Books) -> list[Backlog]:
    return [each for each in pauses.backlog(conn, books.workspace) if not _is_private(books, each.workflow)]


def _is_private(books: Books, workflow: str) -> bool:
    return workflow in books.current.workflows and books.current.workflows[workflow].private


def _page_of(conn: Any, books: Books, occasion: Occasion, item: Item, trouble: Trouble) -> str:
    """The page of the newest letter or card that asked the reader for that decision; "" where there is none."""
    if books.tokens is None or not books.public_url:
        return ""
    asked = [
        posted
        for posted in outbox.of_item(conn, books.workspace, item.key)
        if isinstance(posted.notice, DecisionCard)
        and (posted.notice.to, posted.notice.code) == (occasion.reader, trouble.code)
        and posted.notice.opened_at == stamp(trouble.opened_at)
        and posted.created_at + LASTS > occasion.at
    ]
    return decision_page(books.tokens.mint(asked[-1].id, "page"), books.public_url) if asked else ""


def compose(
    conn: Any, books: Books, occasion: Occasion, standing: Sequence[Item] | None = None, *, pages: bool = False
) -> Message:
    """Read the figures and word the digest; from the items `standing`, open and closed, where the past is asked for.

    `pages`: it goes to its reader alone, and where they can't click they get the pages on which they can decide.
    """
    ws = books.workspace
    if standing is None:
        now_open = items.listing(conn, ws, include_docket=True, limit=OPEN_AT_MOST)
        changed: Sequence[Item] = items.changed(conn, ws, occasion.since, occasion.at)
    else:
        now_open, changed = [item for item in standing if item.closed_at is None], standing
    figures = Figures(
        since=occasion.since,
        until=occasion.at,
        # what came in while the digest waited to be sent belongs into the next one
        open_items=[item for item in now_open if item.opened_at < occasion.at],
        changed=changed,
        held=_held(conn, books) if standing is None else 0,
        punctuality=punctuality(conn, ws, occasion.since, occasion.at, now=standing is None),
        seal=newest.short if (newest := seals.newest(conn, ws, occasion.at)) else "",
        pauses=_paused(conn, books) if standing is None else (),
        waits=_waiting(conn, books) if standing is None else (),
        drill=pauses.last_drill(conn, ws) if standing is None else None,
        page_of=partial(_page_of, conn, books, occasion) if pages else no_page,
    )

    def workflow_of(item: Item) -> Workflow:
        return books.workflow(conn, item)

    length = covered(books.current.digests.get(occasion.name))
    week = sections_of(conn, books, length, occasion.at) if length else ()
    return digest(occasion.name, occasion.reader, occasion.day, figures, books.current, workflow_of, week)
