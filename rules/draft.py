"""A ruling in the making: every change is recorded as an entry and seen at once, as the ledger will replay it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, Literal

from rules.book.conditions import ConditionFailed, Facts
from rules.book.rulebook import ExceptionRule, Rulebook, Workflow
from rules.entries import Entry, Kind
from rules.events import Event
from rules.items import Item
from rules.messages import Reply
from rules.notices import Notice
from rules.own_events import Started
from rules.replay import evolve
from rules.ruling import Ruling, World

#: `by` of what the bot's own rules and clock did.
DOCKET = "docket"


class Draft:
    """One item under judgement: `item` is always what the entries so far make of it."""

    def __init__(self, world: World, event: Event, workflow: Workflow, key: str, item: Item | None) -> None:
        self.world = world
        self.event = event
        self.now = world.now
        self.book: Rulebook = world.book
        self.workflow = workflow
        self.version = item.rulebook if item else world.book.version
        self.key = key
        self.by = world.book.person_of(event.by)
        self.via = event.via
        self.guest = event.guest
        self.threads: dict[str, str] = {}
        self.offered: dict[str, str] = {}
        self.spends = ""  # the outbox id of a token that is used up by it
        self.failures: list[str] = []  # conditions that could not be judged, in words, for the operator
        self._item = item
        self._entries: list[Entry] = []
        self._notices: list[Notice] = []
        self._leads_to: list[Event] = []

    @property
    def item(self) -> Item:
        assert self._item is not None, "a draft is opened before it is read"
        return self._item

    def record(
        self,
        kind: Kind,
        facts: Mapping[str, Any] | None = None,
        texts: Mapping[str, Any] | None = None,
        *,
        by: str | None = None,
    ) -> None:
        """Add an entry and let the item follow it. `by` is the acting person unless the bot's rules acted."""
        entry = Entry(
            kind=kind,
            item=self.key,
            at=self.now,
            by=self.by if by is None else by,
            via=self.via,
            rulebook=self.version,
            facts=facts or {},
            texts=texts or {},
        )
        self._item = evolve(self._item, entry)
        self._entries.append(entry)

    def tell(self, *notices: Notice) -> None:
        """Add notices; of several for one message in a ruling one is kept: the last, or the one that begins it."""
        for notice in notices:
            if notice.slot is not None:
                same = [n for n in self._notices if n.slot == notice.slot]
                if same and notice.revises:
                    continue
                self._notices = [n for n in self._notices if n not in same]
            if notice not in self._notices:
                self._notices.append(notice)

    def hears(self, person: str) -> bool:
        """Whether a notice to somebody is among those of this ruling already."""
        return any(notice.to == person and not notice.revises for notice in self._notices)

    def start(
        self,
        workflow: str,
        relation: Literal["then", "review", "remediation"],
        title: str,
        text: str,
        *,
        fields: Mapping[str, str] | None = None,
        code: str = "",
        owner: str = "",
        cause: str = "",
    ) -> None:
        """Have an item of `workflow` opened because of this one, in the same take (events.Started)."""
        self._leads_to.append(
            Started(
                id=f"{self.event.id}:{relation}:{self.key}:{len(self._leads_to) + 1}",
                workspace=self.event.workspace,
                at=self.now,
                by=self.by,
                via=self.via,
                workflow=workflow,
                origin=self.key,
                relation=relation,
                title=title,
                text=text,
                fields=fields or {},
                code=code,
                owner=owner,
                cause=cause,
            )
        )

    @property
    def changed(self) -> bool:
        return bool(self._entries)

    def ruling(self, reply: Reply | None = None, ignored: str = "") -> Ruling:
        """What came of it; nothing recorded leaves the item as it was."""
        return Ruling(
            entries=tuple(self._entries),
            items=(self.item,) if self._entries else (),
            notices=tuple(self._notices),
            threads=dict(self.threads),
            offered=dict(self.offered),
            reply=reply,
            ignored=ignored,
            leads_to=tuple(self._leads_to),
            touched=self.key if self._item else "",
            spends=self.spends,
            unjudged=tuple(dict.fromkeys(self.failures)),
        )

    def rule(self, code: str) -> ExceptionRule | None:
        return self.workflow.rule(code)

    def met(self, rule: ExceptionRule) -> bool:
        """Whether a stop rule holds now; one that can't be judged counts as not met and is the operator's to mend."""
        if rule.when is None:
            return False
        try:
            return rule.when.holds(facts_of(self.item, self.book, self.now))
        except ConditionFailed as problem:
            self.failures.append(f"The rule of {rule.code} could not be judged on {self.key}: {problem}")
            return False


def facts_of(item: Item, book: Rulebook, now: datetime) -> Facts:
    """What conditions may read of an item."""
    return Facts(
        values=item.fields,
        text=item.text,
        sender=item.requester,
        subject=item.source.subject,
        channel=item.source.place_name or item.source.place,
        now=now,
        timezone=book.timezone,
    )


def merge(first: Ruling, *others: Ruling) -> Ruling:
    """Several items changed by one happening, or one of them further; the first ruling's reply and reason stand."""
    for other in others:
        later = {item.key for item in other.items}
        first = replace(
            first,
            entries=first.entries + other.entries,
            items=(*(item for item in first.items if item.key not in later), *other.items),
            notices=first.notices + other.notices,
            threads={**first.threads, **other.threads},
            offered={**first.offered, **other.offered},
            leads_to=first.leads_to + other.leads_to,
            spends=first.spends or other.spends,
            pauses=first.pauses or other.pauses,
            resumes=first.resumes or other.resumes,
            unjudged=first.unjudged + other.unjudged,
        )
    return first
