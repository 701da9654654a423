"""Months of random but legal work in Harbor's office, and the shelves as they stand after it: for tests of figures."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

from sqlalchemy import Connection

from rules.entries import OWN_RECORD, Entry
from rules.items import Item
from rules.own_events import StoodStill
from storage import items, ledger, rulebooks
from tests.street import MORNING, Street

HARBOR = (Path(__file__).parents[1] / "examples" / "harbor.yml").read_text()
RITA, DANA, FINN, LEE, MARIA, SAM = (f"slack:U0{name}" for name in ("RITA", "DANA", "FINN", "LEE", "MARIA", "SAM"))
TEXTS = (
    "Please refund ORD-48213, it was $45", "refund ORD-48214, $46, EUR", "refund please", "refund $450 for ORD-11111",
    "money back for ORD-22222 or my lawyer calls, $40",
)  # fmt: skip
HOURS = (0.1, 0.1, 0.1, 0.5, 0.5, 1, 1, 2, 3, 16)


class Months:
    """People ask, answer, work, decide, send back, reopen and pause, as the dice say."""

    def __init__(self, seed: int, steps: int) -> None:
        self.dice, self.text = Random(seed), HARBOR
        self.street = Street(self.text)
        for _ in range(steps):
            self._step()
        self.street.passes(hours=1)

    @property
    def end(self) -> datetime:
        return self.street.now

    def some_time(self) -> tuple[datetime, datetime]:
        """A part of the months, from some moment to before another."""
        length = self.end - MORNING
        first, last = sorted(self.dice.random() for _ in range(2))
        return MORNING + length * first, MORNING + length * last + timedelta(minutes=1)

    def shelved(self, conn: Connection) -> None:
        """All of it on the shelves."""
        rulebooks.keep(conn, "main", self.street.book.version, self.text, MORNING)
        own: dict[str, list[Entry]] = defaultdict(list)
        for entry in self.street.entries:
            own[entry.item].append(entry)
        for key, entries in own.items():
            head = ledger.append(conn, "main", entries, "", 0)
            if key != OWN_RECORD:
                items.save(conn, replace(self.street.items[key], head=head), 0)

    def _step(self) -> None:
        self.street.passes(hours=self.dice.choice(HOURS))
        standing = [i for i in self.street.items.values() if i.closed_at is None and i.workflow != "docket"]
        ended = [i for i in self.street.items.values() if i.closed_at is not None and i.workflow == "refund"]
        deeds = [self._works] * 8 + [self._decides] * 4 + [self._answers]
        if len(standing) < 4 or self.dice.random() < 0.15:
            self._asks()
        elif ended and self.dice.random() < 0.06:
            self._does("maria", "reopen", self.dice.choice(ended), words="The money came back.")
        elif self.dice.random() < 0.02:
            self._pauses()
        else:
            self.dice.choice(deeds)(self.dice.choice(standing))

    def _asks(self) -> None:
        die = self.dice.random()
        if die < 0.1:
            self.street.types(RITA, "new", workflow="concern", words="My lead shouts at people.")
        elif die < 0.25:
            words = "access to the ledger until 2026-12-01"
            self.street.types(DANA, "new", workflow="access", words=self.dice.choice([words, "access to all"]))
        else:
            self.street.says(RITA, self.dice.choice(TEXTS))

    def _works(self, item: Item) -> None:
        if self.dice.random() < 0.6:
            return self._goes_on(item)
        verb = self.dice.choice(["back", "assign", "except", "set", "snooze", "ack", "ask", "claim", "breakglass"])
        name, words = ("amount", "45 USD") if verb == "set" else (None, "It does not add up.")
        code = self.dice.choice(["NOT_READY", "STALLED"]) if verb == "except" else None
        who = self.dice.choice([item.owner, item.owner, item.backup, "lee"])
        person = self.dice.choice(["finn", "lee", "ines"])
        self._does(who, verb, item, name=name, words=words, code=code, person=person, until="2h")
        return None

    def _goes_on(self, item: Item) -> None:
        """Whoever has it does what comes next, up to its end."""
        if item.missing and item.source.thread:
            self.street.says(item.requester, "ORD-48213, $45", thread=item.key)
        self._decides(item)
        for _ in range(self.dice.choice([1, 1, 2])):
            item = self.street.items[item.key]
            self.street.ticks_all(item.owner, item.key)
            self._does(item.owner, "next", item)
            self._decides(self.street.items[item.key])
        if self.dice.random() < 0.6:
            for kind in sorted({"receipt", "note", "link"} - {proof.kind for proof in item.evidence}):
                self._does(item.owner, "evidence", item, name=kind, words="https://pay.example/re_1")
            self._does(item.owner, "close", item)

    def _decides(self, item: Item) -> None:
        for trouble in item.open_trouble()[:1]:
            verb = self.dice.choice(["approve"] * 4 + ["reject", "changes"])
            reason = "GOODWILL" if verb == "approve" else "NO_PROOF"
            self._does(trouble.owner, verb, item, code=trouble.code, reason_code=reason, words="The log shows both.")

    def _answers(self, item: Item) -> None:
        if item.source.thread:
            text = self.dice.choice(["ORD-48213, $45", "It was 46 USD", "thanks", "any news?"])
            self.street.says(item.requester, text, thread=item.key)

    def _pauses(self) -> None:
        """Nothing acts for a while; then every due time moves by that."""
        begun = self.street.now
        self.street.now += timedelta(hours=self.dice.choice([1, 30]))
        for key in [*self.street.items]:
            meta = self.street._meta("docket", "docket")
            self.street.take(StoodStill(**meta, item=key, since=begun, until=self.street.now))

    def _does(self, who: str, verb: str, item: Item, **more: Any) -> None:
        self.street.types(who, verb, item.key, **more)
