"""A street without walls: events go through the rules, items and timers lie in dictionaries, a hand turns the clock."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta
from typing import Any

from rules.apply import apply, wanted
from rules.book.load import load
from rules.book.rulebook import Rulebook
from rules.entries import Entry
from rules.events import Command, Deleted, Due, Edited, Event, Failed, Mailed, Posted, Reacted, Recovered
from rules.items import Item
from rules.messages import Message
from rules.notices import Notice
from rules.replay import evolve
from rules.ruling import Ruling, Timer, World
from rules.timing import timers
from rules.wording import word

#: Wednesday, March 4 2026, 10:00 in Chicago: an ordinary working morning.
MORNING = datetime(2026, 3, 4, 16, 0, tzinfo=UTC)


class Street:
    """Harbor's office: `says`, `mails`, `types` are people; `passes` turns the clock and fires what is due."""

    def __init__(self, rulebook: str, now: datetime = MORNING) -> None:
        self.book: Rulebook = load(rulebook)
        self.now = now
        self.items: dict[str, Item] = {}
        self.entries: list[Entry] = []
        self.notices: list[Notice] = []
        self.threads: dict[str, str] = {}
        self.timers: dict[str, tuple[Timer, ...]] = {}
        self._ids = itertools.count(1)

    def take(self, event: Event) -> Ruling:
        """Judge one event and keep what came of it, as the desk does; the fold of the entries must be the items."""
        want = wanted(event)
        key = want.key or next((self.threads[c] for c in want.conversations if c in self.threads), None)
        ruling = apply(event, self.world(self.items.get(key or "")))
        for entry in ruling.entries:
            self.entries.append(entry)
            self.items[entry.item] = evolve(self.items.get(entry.item), entry)
        for item in ruling.items:
            assert self.items[item.key] == item, "a ruling's items are the fold of its entries"
            self.timers[item.key] = timers(item, self.book, self.book.workflows[item.workflow])
        self.notices += ruling.notices
        self.threads.update(ruling.threads)
        return ruling

    def says(self, who: str, text: str, channel: str = "refunds", thread: str | None = None, **more: Any) -> Ruling:
        """A message in a Slack channel; `thread` is an item's key."""
        root = self.items[thread].source.thread if thread else None
        place = self.items[thread].source.place if thread else f"C0{channel.upper()}"
        return self.take(
            Posted(**self._meta(who), place=place, place_name=channel, ts=self._ts(), thread=root, text=text, **more)
        )

    def mails(self, who: str, text: str, inbox: str = "refunds", **more: Any) -> Ruling:
        """A mail to an inbox; `references` names what it answers."""
        number = next(self._ids)
        more = {"references": (), "subject": "", "message_id": f"<{number}@corp.example>", **more}
        return self.take(Mailed(**self._meta(who, "mail"), inbox=inbox, from_name="", text=text, new_text=text, **more))

    def types(self, who: str, verb: str, item: str | None = None, **more: Any) -> Ruling:
        """A command, as typed or clicked."""
        return self.take(Command(**self._meta(who), verb=verb, item=item, **more))  # type: ignore[arg-type]

    def edits(self, who: str, item: str, text: str) -> Ruling:
        """The source message of an item is edited."""
        source = self.items[item].source
        assert source.message_id is not None
        return self.take(
            Edited(**self._meta(who), place=source.place, ts=source.message_id, thread=source.thread, text=text)
        )

    def deletes(self, who: str, item: str) -> Ruling:
        """The source message of an item is deleted."""
        source = self.items[item].source
        assert source.message_id is not None
        return self.take(Deleted(**self._meta(who), place=source.place, ts=source.message_id, thread=source.thread))

    def reacts(self, who: str, reaction: str, author: str, text: str, channel: str = "random") -> Ruling:
        """A reaction on somebody's message."""
        message = Posted(
            **self._meta(author),
            place=f"C0{channel.upper()}",
            place_name=channel,
            ts=self._ts(),
            thread=None,
            text=text,
        )
        return self.take(Reacted(**self._meta(who), reaction=reaction, message=message))

    def fails(self, cause: str, sentence: str = "It does not answer.") -> Ruling:
        """The bot itself fails."""
        return self.take(Failed(**self._meta("docket"), cause=cause, sentence=sentence))

    def recovers(self, cause: str) -> Ruling:
        """What failed works again."""
        return self.take(Recovered(**self._meta("docket"), cause=cause))

    def passes(self, **time: float) -> list[Notice]:
        """Let time pass; what comes due fires at its moment, in order. Returns the notices of that time."""
        until, before = self.now + timedelta(**time), len(self.notices)
        while (first := self._first_due(until)) is not None:
            key, timer = first
            self.now = max(self.now, timer.due_at)
            self.take(
                Due(
                    **self._meta("docket", "timer"), item=key, kind=timer.kind, subject=timer.subject,
                    due_at=timer.due_at,
                )
            )  # fmt: skip
        self.now = until
        return self.notices[before:]

    def heard(self, to: str, kind: type[Notice] | None = None) -> list[Notice]:
        """The notices to somebody, of one kind or all."""
        return [n for n in self.notices if n.to == to and (kind is None or isinstance(n, kind))]

    def words(self, notice: Notice) -> Message | None:
        """What a notice says now."""
        item = self.items[notice.item]
        return word(notice, item, self.book.workflows[item.workflow], self.book, self.now)

    def kinds(self, item: str) -> list[str]:
        """The kinds of an item's entries, in order."""
        return [entry.kind for entry in self.entries if entry.item == item]

    def _first_due(self, until: datetime) -> tuple[str, Timer] | None:
        due = [(t.due_at, key, t) for key, many in self.timers.items() for t in many if t.due_at <= until]
        first = min(due, key=lambda d: (d[0], d[1], d[2].kind), default=None)
        return (first[1], first[2]) if first else None

    def world(self, item: Item | None) -> World:
        return World(
            now=self.now,
            book=self.book,
            book_of=lambda _version: self.book,
            item=item,
            number=lambda prefix: 1 + sum(key.startswith(f"{prefix}-") for key in self.items),
            alike=lambda name, _text: [i for i in self.items.values() if i.workflow == name and i.closed_at is None],
            failure=lambda cause: next(
                (
                    i
                    for i in self.items.values()
                    if i.workflow == "docket" and i.closed_at is None and i.fields["cause"] == cause
                ),
                None,
            ),
        )

    def _meta(self, who: str, via: str = "slack") -> dict[str, Any]:
        return {"id": f"e{next(self._ids)}", "workspace": "main", "at": self.now, "by": who, "via": via}

    def _ts(self) -> str:
        return f"{self.now.timestamp():.0f}.{next(self._ids):06d}"


def plain(message: Message) -> str:
    """A message as bare text, for tests that look for a word in it."""

    def flat(line: Any) -> str:
        return "".join(
            p if isinstance(p, str) else str(getattr(p, "text", getattr(p, "identity", getattr(p, "at", ""))))
            for p in line
        )

    rows = [flat(row.line) for section in message.sections for row in section.rows]
    return "\n".join([flat(message.headline), *map(flat, message.lines), *rows, *map(flat, message.small)])
