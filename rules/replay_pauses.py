"""How an entry puts an item's due times off after a pause, or sets fields back; replay.py has the rest."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from rules.entries import Entry, moment
from rules.items import Item, Trouble
from rules.pauses import PutOff, Rollback


def stood_still(item: Item, entry: Entry) -> Item:
    """The deadlines that it has, and the other due times that its entries alone would not give."""
    facts = entry.facts
    put_off = tuple(
        PutOff(
            kind=each["kind"],
            subject=each["subject"],
            due_at=datetime.fromisoformat(each["due_at"]),
            until=datetime.fromisoformat(each["until"]),
        )
        for each in facts["put_off"]
    )
    later = facts["exceptions"]
    return replace(
        item,
        due_at=moment(facts["due_at"]),
        next_at=moment(facts["next_at"]),
        exceptions=tuple(
            _later(t, later[t.code]) if t.state == "open" and t.code in later else t for t in item.exceptions
        ),
        put_off=put_off,
        stood_still_until=moment(facts["until"]),
    )


def _later(trouble: Trouble, times: dict[str, str]) -> Trouble:
    due_at = datetime.fromisoformat(times["due_at"])
    return replace(trouble, due_at=due_at, next_at=moment(times.get("next_at")))


def restored(item: Item, entry: Entry) -> Item:
    """Its fields with the values that they had before; None: they had none."""
    before = entry.texts["fields"]
    fields = {name: value for name, value in {**item.fields, **before}.items() if value is not None}
    conflicts = {name: seen for name, seen in item.conflicts.items() if name not in before}
    return replace(item, fields=fields, conflicts=conflicts, missing=tuple(entry.facts.get("missing", ())))


def rolled_back(item: Item, entry: Entry) -> Item:
    """That what follows undoes something."""
    return replace(item, rollback=Rollback(by=entry.by, at=entry.at, because=entry.texts.get("because", "")))
