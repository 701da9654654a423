"""A street without walls: events go through the rules, items and timers lie in dictionaries, a hand turns the clock."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from rules.absence import Failing, Said, holds, lent, noted, seats_left, without
from rules.apply import apply, wanted
from rules.book.load import load
from rules.book.rulebook import Rulebook
from rules.entries import OWN_RECORD, Entry
from rules.events import (
    Command,
    Deleted,
    Edited,
    Event,
    Hooked,
    Mailed,
    Posted,
    Reacted,
)
from rules.items import Item
from rules.mail_words import commands, key_named
from rules.messages import Message
from rules.notices import Notice
from rules.own_events import (
    Absent,
    Due,
    Failed,
    Reachable,
    Recovered,
    Returned,
    Unreachable,
)
from rules.pauses import Pause
from rules.replay import evolve
from rules.ruling import Raised, Ruling, Timer, World
from rules.tickets import Ticket, ticket
from rules.timing import timers
from rules.wording import word
from rules.wording.handoffs import Past

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
        self.failing: dict[tuple[str, str], Failing] = {}  # ways to people that fail
        self.said: dict[str, Said] = {}  # absences that were said by command
        self.pauses: list[Pause] = []
        self.put_at: list[datetime] = []  # when each of the notices was put into the outbox
        self.spent: set[str] = set()  # tokens that were used
        self._ids = itertools.count(1)

    def take(self, event: Event, ticket: Ticket | None = None) -> Ruling:
        """Judge one event and keep what came of it, as the desk does; the fold of the entries must be the items."""
        if isinstance(event, Unreachable) and (way := noted(event, self.book)):
            self.failing.setdefault((way.person, way.channel), way)
        if isinstance(event, Reachable):
            self.failing.pop((self.book.person_of(event.person), event.channel), None)
        want = wanted(event)
        key = want.key or next((self.threads[c] for c in want.conversations if c in self.threads), None)
        if isinstance(event, Mailed):
            named = self.items.get(key_named(event.new_text) or "")
            ours = self.book.person_of(event.by) in self.book.people and named is not None
            told = ours and commands(event.new_text, self.book, self.book.workflows[named.workflow])
            key = (named.key if told else None) or key or (ticket.item if ticket else None)
        ruling = apply(event, replace(self.world(self.items.get(key or "")), ticket=ticket))
        self.spent |= {ruling.spends} - {""}
        if ruling.away is not None:
            self.said[ruling.away.person] = ruling.away
        self.said.pop(ruling.returns, None)
        self.pauses += filter(None, (ruling.pauses,))
        if (on := ruling.resumes) is not None:
            self.pauses = [on if (p.workflow, p.since) == (on.workflow, on.since) else p for p in self.pauses]
        for entry in ruling.entries:
            self.entries.append(entry)
            if entry.item == OWN_RECORD:
                continue
            self.items[entry.item] = evolve(self.items.get(entry.item), entry)
        for item in ruling.items:
            assert self.items[item.key] == item, "a ruling's items are the fold of its entries"
            self.timers[item.key] = timers(item, self.book, self.book.workflows[item.workflow])
        self.notices += ruling.notices
        self.put_at += [self.now] * len(ruling.notices)
        self.threads = {**ruling.offered, **self.threads, **ruling.threads}
        for following in ruling.leads_to:
            self.take(following)
        return ruling

    def ticket(self, notice: Notice) -> Ticket:
        """What the token of a notice is worth now."""
        at = max(n for n, known in enumerate(self.notices) if known == notice)
        item = self.items[notice.item]
        return ticket(f"n{at}", notice, self.put_at[at], item, spent=f"n{at}" in self.spent)

    def says(self, who: str, text: str, channel: str = "refunds", thread: str | None = None, **more: Any) -> Ruling:
        """A message in a Slack channel; `thread` is an item's key."""
        root = self.items[thread].source.thread if thread else None
        place = self.items[thread].source.place if thread else f"C0{channel.upper()}"
        return self.take(
            Posted(**self._meta(who), place=place, place_name=channel, ts=self._ts(), thread=root, text=text, **more)
        )

    def mails(self, who: str, text: str, inbox: str = "refunds", **more: Any) -> Ruling:
        """A mail to an inbox; `references` names what it answers, `answers` the notice whose token it bears."""
        number, answers = next(self._ids), more.pop("answers", None)
        more = {"references": (), "subject": "", "sent_at": self.now, "message_id": f"<{number}@corp.example>", **more}
        mail = Mailed(**self._meta(who, "mail"), inbox=inbox, from_name="", text=text, new_text=text, **more)
        return self.take(mail, self.ticket(answers) if answers else None)

    def hooks(self, system: str, workflow: str = "refund", **more: Any) -> Ruling:
        """A signed webhook of another system."""
        meta = self._meta(f"hook:{system or workflow}", "webhook")
        return self.take(Hooked(**meta, workflow=workflow, system=system, **more))

    def types(self, who: str, verb: str, item: str | None = None, **more: Any) -> Ruling:
        """A command, as typed or clicked."""
        return self.take(self.command(who, verb, item, **more))

    def command(self, who: str, verb: str, item: str | None = None, **more: Any) -> Command:
        """The same, not yet taken."""
        return Command(**self._meta(who), verb=verb, item=item, **more)  # type: ignore[arg-type]

    def ticks_all(self, who: str, item: str) -> None:
        """All that the checklist of its stage still asks for is done."""
        for number, _ in self.items[item].open_steps():
            self.types(who, "tick", item, name=str(number))

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

    def loses(self, who: str, channel: str = "slack", why: str = "deactivated in Slack") -> Ruling:
        """Somebody can't be reached; what they hold is passed on, item by item, as the bot's knock does."""
        ruling = self.take(Unreachable(**self._meta("docket", "docket"), person=who, channel=channel, why=why))  # type: ignore[arg-type]
        self.passes_on(who, self.now)
        return ruling

    def passes_on(self, who: str, since: datetime) -> None:
        """What somebody absent holds goes to others, item by item, as the bot's knock has it."""
        for item in [*self.items.values()]:
            if seats_left(item, self.book.workflows[item.workflow], self.world(None).book, self.now):
                self.take(Absent(**self._meta("docket", "docket"), item=item.key, person=who, since=since))

    def gives_back(self, who: str) -> None:
        """What was lent because they were absent is theirs again, as the bot's knock has it."""
        for item in [*self.items.values()]:
            if lent(item, who):
                self.take(Returned(**self._meta("docket", "docket"), item=item.key, person=who))

    def finds(self, who: str, channel: str = "slack") -> Ruling:
        """They can be reached again."""
        return self.take(Reachable(**self._meta("docket", "docket"), person=who, channel=channel))  # type: ignore[arg-type]

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
        came = next((self.items[link.key] for link in item.links if link.relation == "from"), None)
        origin = came and (came, self.book.workflows[came.workflow], self._entries_of(came.key))
        past = Past(entries=self._entries_of(item.key), origin=origin)
        return word(notice, item, self.book.workflows[item.workflow], self.world(None).book, self.now, past=past)

    def _entries_of(self, item: str) -> list[Entry]:
        return [entry for entry in self.entries if entry.item == item]

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
            book=without(self.book, [*self.failing.values()], self.now, slack=True, said=[*self.said.values()]),
            held=lambda person: [i for i in self.items.values() if i.closed_at is None and holds(i, person)],
            book_of=lambda _version: self.book,
            item=item,
            raised=self._raised,
            latest=lambda cause: max(
                (i for i in self.items.values() if i.cause == cause), key=lambda i: i.opened_at, default=None
            ),
            record=lambda key: [entry for entry in self.entries if entry.item == key],
            pauses=self.pauses,
            number=lambda prefix: 1 + sum(key.startswith(f"{prefix}-") for key in self.items),
            bound=lambda name: self.items.get(self.threads.get(name, "")),
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

    def _raised(self, workflow: str, code: str, most: int) -> list[Raised]:
        own = [item for item in self.items.values() if item.workflow == workflow]
        found = [Raised(item=item.key, at=t.opened_at) for item in own for t in item.exceptions if t.code == code]
        return sorted(found, key=lambda each: each.at, reverse=True)[:most]

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
