"""How an entry changes an item: items are exactly the fold of their entries, so the ledger can rebuild them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from rules.entries import Entry
from rules.items import Decision, Evidence, Item, Source, Trouble, TroubleState
from rules.states import TROUBLE_MOVES, legal

#: Of what was said last, so much is kept with the item; the entry has all of it.
SAID_CHARACTERS = 500


class Impossible(ValueError):
    """An entry that does not fit the item it should change: the ledger and the rules disagree."""


def evolve(item: Item | None, entry: Entry) -> Item:
    """The item after `entry`; `item` is None for `opened` alone. Raises Impossible where that makes no sense."""
    if entry.kind == "opened":
        if item is not None:
            raise Impossible(f"{entry.item} was opened twice")
        return _opened(entry)
    if item is None:
        raise Impossible(f"{entry.item} has an entry `{entry.kind}` before it was opened")
    change = _CHANGES.get(entry.kind)
    changed = change(item, entry) if change else item
    if not legal(entry.kind, item.state, changed.state):
        raise Impossible(f"{item.key} can't go from {item.state} to {changed.state} by `{entry.kind}`")
    return replace(changed, version=item.version + 1)


def moment(value: str | None) -> datetime | None:
    """An RFC 3339 string of an entry as an aware UTC datetime."""
    return datetime.fromisoformat(value) if value else None


def _opened(entry: Entry) -> Item:
    facts, texts = entry.facts, entry.texts
    return Item(
        key=entry.item,
        workspace=facts["workspace"],
        workflow=facts["workflow"],
        rulebook=entry.rulebook,
        title=texts.get("title", ""),
        text=texts.get("text", ""),
        requester=texts.get("requester", ""),
        source=Source(**facts["source"], subject=texts.get("subject", ""), reply_to=texts.get("reply_to", "")),
        opened_at=entry.at,
        touched_at=entry.at,
        fields=texts.get("fields", {}),
        conflicts=_tuples(texts.get("conflicts", {})),
        missing=tuple(facts.get("missing", ())),
        clock_stopped_at=entry.at if facts.get("missing") else None,
        follows=facts.get("follows", ""),
        files=len(facts.get("files", ())),
        oddities=tuple(texts.get("oddities", ())),
        version=1,
    )


def _tuples(found: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    return {name: tuple(values) for name, values in found.items()}


def _filled(item: Item, entry: Entry) -> Item:
    return replace(
        item,
        fields={**item.fields, **entry.texts["fields"]},
        conflicts={name: seen for name, seen in item.conflicts.items() if name not in entry.texts["fields"]},
        missing=tuple(entry.facts.get("missing", ())),
        touched_at=entry.at,
    )


def _conflicted(item: Item, entry: Entry) -> Item:
    seen = _tuples(entry.texts["conflicts"])
    return replace(
        item,
        conflicts={**item.conflicts, **seen},
        fields={name: value for name, value in item.fields.items() if name not in seen},
        missing=tuple(entry.facts.get("missing", ())),
        touched_at=entry.at,
    )


def _asked(item: Item, entry: Entry) -> Item:
    """A question, which counts; or that an answer to it can't be read, which does not."""
    if entry.facts.get("unclear"):
        return replace(item, told_unclear=True)
    asks = 1 if entry.facts.get("anew") else item.asks + 1
    return replace(item, asks=asks, asked_at=entry.at, told_unclear=False)


def _owned(item: Item, entry: Entry) -> Item:
    return replace(
        item,
        owner=entry.facts["owner"],
        backup=entry.facts["backup"],
        owner_since=entry.at,
        owner_because=entry.texts.get("because") or entry.facts.get("because", ""),
        acknowledged_at=None,
    )


def _entered(item: Item, entry: Entry) -> Item:
    stopped = item.clock_stopped_at
    return replace(
        item,
        stage=entry.facts["stage"],
        stage_at=entry.at,
        due_at=moment(entry.facts["due_at"]),
        clock_stopped_at=entry.at if stopped else None,
        reminded_at=None,
        reminders=0,
        late_steps=0,
        next_at=None,
        snoozed_until=None,
        acknowledged_at=None,
        touched_at=entry.at,
    )


def _clock(item: Item, entry: Entry) -> Item:
    if not entry.facts["running"]:
        return replace(item, clock_stopped_at=entry.at)
    due_at, next_at = moment(entry.facts["due_at"]), moment(entry.facts.get("next_at"))
    return replace(item, clock_stopped_at=None, due_at=due_at, next_at=next_at, touched_at=entry.at)


def _raised(item: Item, entry: Entry) -> Item:
    facts, texts = entry.facts, entry.texts
    if item.open_trouble(facts["code"]):
        raise Impossible(f"{item.key} has an open exception {facts['code']} already")
    trouble = Trouble(
        code=facts["code"],
        state="open",
        owner=facts["owner"],
        backup=facts["backup"],
        may_decide=tuple(facts["may_decide"]),
        opened_at=entry.at,
        due_at=datetime.fromisoformat(facts["due_at"]),
        next_at=moment(facts.get("next_at")),
        raised_by=texts.get("raised_by", ""),
        because=texts.get("because") or facts.get("rule", ""),
        values=texts.get("values", {}),
    )
    return replace(item, exceptions=(*item.exceptions, trouble))


def _on_trouble(change: Callable[[Trouble, Entry], Trouble]) -> Callable[[Item, Entry], Item]:
    """Lift a change of one exception to its item; the newest open one of that code is meant."""

    def lifted(item: Item, entry: Entry) -> Item:
        wanted = next((t for t in item.open_trouble(entry.facts["code"])), None)
        if wanted is None:
            raise Impossible(f"{item.key} has no open exception {entry.facts['code']} for `{entry.kind}`")
        return replace(item, exceptions=tuple(change(t, entry) if t is wanted else t for t in item.exceptions))

    return lifted


def _item_or_trouble(
    whole: Callable[[Item, Entry], Item], part: Callable[[Trouble, Entry], Trouble]
) -> Callable[[Item, Entry], Item]:
    """An entry whose `code` is empty means the item's stage, else that exception."""
    lifted = _on_trouble(part)
    return lambda item, entry: lifted(item, entry) if entry.facts.get("code") else whole(item, entry)


def _escalated(trouble: Trouble, entry: Entry) -> Trouble:
    return replace(
        trouble,
        may_decide=tuple(entry.facts["may_decide"]),
        next_at=moment(entry.facts.get("next_at")),
        steps=trouble.steps + 1,
    )


def _decided(trouble: Trouble, entry: Entry) -> Trouble:
    decision = Decision(
        verdict=entry.facts["verdict"],
        reason_code=entry.facts["reason_code"],
        rationale=entry.texts["rationale"],
        by=entry.by,
        at=entry.at,
        via=entry.via,
        seen=entry.texts.get("seen", {}),
    )
    state: TroubleState = "approved" if decision.verdict == "approve" else "rejected"
    values = entry.texts.get("values", trouble.values)
    return replace(trouble, state=state, decision=decision, values=values, next_at=None, ended_at=entry.at)


def _trouble_reassigned(trouble: Trouble, entry: Entry) -> Trouble:
    return replace(
        trouble,
        owner=entry.facts["owner"],
        backup=entry.facts["backup"],
        may_decide=tuple(entry.facts["may_decide"]),
        snoozed_until=None,
    )


def _voided(item: Item, entry: Entry) -> Item:
    """An open exception that no longer matters, or a decision whose values have changed: the newest of its code."""
    last = item.last_trouble(entry.facts["code"])
    if last is None:
        raise Impossible(f"{item.key} never had an exception {entry.facts['code']} to void")
    if (last.state, "void") not in TROUBLE_MOVES["voided"]:
        raise Impossible(f"{last.code} of {item.key} is {last.state} and can't become void")
    void = replace(last, state="void", next_at=None, ended_at=entry.at)
    return replace(item, exceptions=tuple(void if t is last else t for t in item.exceptions))


def _closed(item: Item, entry: Entry) -> Item:
    return replace(item, closed_at=entry.at, outcome=entry.facts["outcome"], touched_at=entry.at, missing=())


def _reopened(item: Item, entry: Entry) -> Item:
    return replace(
        item,
        closed_at=None,
        outcome=None,
        stage=entry.facts["stage"],
        stage_at=entry.at,
        due_at=moment(entry.facts["due_at"]),
        missing=tuple(entry.facts.get("missing", ())),
        clock_stopped_at=None,
        reminded_at=None,
        reminders=0,
        late_steps=0,
        next_at=None,
        touched_at=entry.at,
    )


def _evidenced(item: Item, entry: Entry) -> Item:
    proof = Evidence(
        id=entry.facts["id"],
        kind=entry.facts["kind"],
        value=entry.texts["value"],
        sha256=entry.facts["sha256"],
        by=entry.by,
        at=entry.at,
    )
    return replace(item, evidence=(*item.evidence, proof), touched_at=entry.at)


def _touched(item: Item, entry: Entry) -> Item:
    return replace(item, touched_at=entry.at)


_CHANGES: Mapping[str, Callable[[Item, Entry], Item]] = {
    "filled": _filled,
    "conflicted": _conflicted,
    "owned": _owned,
    "entered": _entered,
    "asked": _asked,
    "clock": _clock,
    "raised": _raised,
    "counted": _on_trouble(lambda t, e: replace(t, count=t.count + 1)),
    "reminded": _item_or_trouble(
        lambda i, e: replace(i, reminded_at=e.at, reminders=i.reminders + 1),
        lambda t, e: replace(t, reminded_at=e.at, reminders=t.reminders + 1),
    ),
    "late": lambda i, e: replace(i, late_steps=i.late_steps + 1, next_at=moment(e.facts.get("next_at"))),
    "escalated": _on_trouble(_escalated),
    "decided": lambda i, e: replace(_on_trouble(_decided)(i, e), touched_at=e.at),
    "voided": _voided,
    "reassigned": _item_or_trouble(_owned, _trouble_reassigned),
    "snoozed": _item_or_trouble(
        lambda i, e: replace(i, snoozed_until=moment(e.facts["until"])),
        lambda t, e: replace(t, snoozed_until=moment(e.facts["until"])),
    ),
    "acknowledged": lambda i, e: replace(i, acknowledged_at=e.at, touched_at=e.at),
    "questioned": _on_trouble(lambda t, e: replace(t, question=e.texts["question"])),
    "attached": lambda i, e: replace(
        i, said=e.texts.get("text", "")[:SAID_CHARACTERS], said_by=e.texts.get("from", ""), touched_at=e.at
    ),
    "edited": lambda i, e: replace(i, text=e.texts.get("text", i.text), edited_at=e.at, touched_at=e.at),
    "alike": lambda i, e: replace(i, alike=tuple(e.facts["keys"])),
    "evidenced": _evidenced,
    "closed": _closed,
    "reopened": _reopened,
    "demand_dropped": lambda i, e: replace(i, demanded=False, missing=()),
    "threaded": lambda i, e: replace(i, source=replace(i.source, place=e.facts["place"], thread=e.facts["thread"])),
}
