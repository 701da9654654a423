"""How an entry changes an item: items are exactly the fold of their entries, so the ledger can rebuild them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from rules.altering import altered
from rules.endings import reopening_of, unproven_of
from rules.entries import Entry, moment
from rules.items import Evidence, Item, ItemLink, Source
from rules.replay_checklists import awaited, heard, left_behind, run_started, ticked
from rules.replay_exceptions import (
    Impossible,
    bypassed,
    changes_asked,
    decided,
    escalated,
    item_or_trouble,
    on_trouble,
    raised,
    reassigned,
    relieved,
    voided,
)
from rules.replay_handoffs import accepted, handed
from rules.replay_pauses import restored, rolled_back, stood_still
from rules.replay_told import told
from rules.spoken import Spoken
from rules.states import legal

#: Of what was said last, so much is kept with the item; the entry has all of it.
SAID_CHARACTERS = 500


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
    if changed.acknowledged_at is not None and entry.by == changed.owner:
        changed = altered(changed, acknowledged_at=entry.at)  # they are still on it
    return altered(changed, version=item.version + 1)


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
        links=(ItemLink(key=facts["origin"], relation="from"),) if facts.get("origin") else (),
        follows=facts.get("follows", ""),
        cause=facts.get("cause", ""),
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
    return altered(
        item,
        conflicts={**item.conflicts, **seen},
        fields={name: value for name, value in item.fields.items() if name not in seen},
        missing=tuple(entry.facts.get("missing", ())),
        touched_at=entry.at,
    )


def _asked(item: Item, entry: Entry) -> Item:
    """A question, which counts; or that an answer to it can't be read, which does not."""
    if entry.facts.get("unclear"):
        return altered(item, told_unclear=True)
    asks = 1 if entry.facts.get("anew") else item.asks + 1
    return altered(item, asks=asks, asked_at=entry.at, told_unclear=False)


def _owned(item: Item, entry: Entry) -> Item:
    return altered(
        item,
        owner=entry.facts["owner"],
        backup=entry.facts["backup"],
        owner_since=entry.at,
        owner_because=entry.texts.get("because") or entry.facts.get("because", ""),
        lent_by=entry.facts.get("lent_by", ""),
        acknowledged_at=None,
    )


def _late(item: Item, entry: Entry) -> Item:
    """Its deadline passed; an owner who was told of it needs no reminder of the same at once."""
    reminded_at = entry.at if entry.facts.get("reminds") else item.reminded_at
    steps = item.late_steps + 1
    return replace(item, late_steps=steps, next_at=moment(entry.facts.get("next_at")), reminded_at=reminded_at)


def _entered(item: Item, entry: Entry) -> Item:
    stopped = item.clock_stopped_at
    if entry.facts["stage"] != item.stage:
        item = left_behind(item, entry.at)
    return altered(
        item,
        changes="",  # whatever this stage needs a yes for is asked by itself
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
        return altered(item, clock_stopped_at=entry.at)
    due_at, next_at = moment(entry.facts["due_at"]), moment(entry.facts.get("next_at"))
    return altered(item, clock_stopped_at=None, due_at=due_at, next_at=next_at, touched_at=entry.at)


def _attached(item: Item, entry: Entry) -> Item:
    """A further message; `prompted` are the exceptions whose buttons its writer was shown for it.

    A `quiet` one is no sign of life: a machine sent it back. `absent`: nobody has read yet what was asked.
    """
    for code in entry.facts.get("prompted", ()):
        item = _prompted(item, replace(entry, facts={"code": code}))
    said, said_by = entry.texts.get("text", "")[:SAID_CHARACTERS], entry.texts.get("from", "")
    quiet = entry.facts.get("quiet", False)
    absent = entry.facts.get("absent", False) or (quiet and item.absent)
    touched_at = item.touched_at if quiet else entry.at
    return altered(item, said=said, said_by=said_by, touched_at=touched_at, absent=absent)


_prompted = on_trouble(lambda t, e: replace(t, prompted={**t.prompted, e.by: e.at}))


def _closed(item: Item, entry: Entry) -> Item:
    item = left_behind(item, entry.at)
    return replace(
        item,
        closed_at=entry.at,
        outcome=entry.facts["outcome"],
        unproven=unproven_of(entry),
        touched_at=entry.at,
        missing=(),
        changes="",
    )


def _reopened(item: Item, entry: Entry) -> Item:
    return replace(
        item,
        closed_at=None,
        outcome=None,
        unproven=None,
        reopened=reopening_of(entry),
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
        name=entry.texts.get("name", ""),
        media_type=entry.facts.get("media_type", ""),
        size=entry.facts.get("size", 0),
    )
    return replace(item, evidence=(*item.evidence, proof), touched_at=entry.at)


def _spoken(item: Item, entry: Entry) -> Item:
    words = Spoken(words=entry.texts["words"], by=entry.facts["from"], at=entry.at)
    return replace(item, spoken=(*item.spoken, words), touched_at=entry.at)


_CHANGES: Mapping[str, Callable[[Item, Entry], Item]] = {
    "filled": _filled,
    "conflicted": _conflicted,
    "owned": _owned,
    "entered": _entered,
    "asked": _asked,
    "clock": _clock,
    "raised": raised,
    "counted": on_trouble(lambda t, e: replace(t, count=t.count + 1)),
    "reminded": item_or_trouble(
        # who has to be reminded is not on it any more
        lambda i, e: replace(i, reminded_at=e.at, reminders=i.reminders + 1, acknowledged_at=None),
        lambda t, e: replace(t, reminded_at=e.at, reminders=t.reminders + 1),
    ),
    "late": _late,
    "escalated": on_trouble(escalated),
    "decided": lambda i, e: replace(on_trouble(decided)(i, e), touched_at=e.at),
    "voided": voided,
    "bypassed": on_trouble(bypassed),
    "reassigned": item_or_trouble(_owned, reassigned),
    "relieved": item_or_trouble(lambda i, e: replace(i, backup=e.facts["backup"]), relieved),
    "snoozed": item_or_trouble(
        lambda i, e: replace(i, snoozed_until=moment(e.facts["until"])),
        lambda t, e: replace(t, snoozed_until=moment(e.facts["until"])),
    ),
    "acknowledged": lambda i, e: replace(i, acknowledged_at=e.at, touched_at=e.at),
    "questioned": on_trouble(lambda t, e: replace(t, question=e.texts["question"])),
    "attached": _attached,
    "edited": lambda i, e: replace(i, text=e.texts.get("text", i.text), edited_at=e.at, touched_at=e.at),
    "bounced": lambda i, e: replace(i, bounced=e.facts["status"]),
    "failed": lambda i, e: replace(i, failures={**i.failures, e.texts.get("cause", ""): e.texts.get("what", "")}),
    "looked": lambda i, e: i,
    "mended": lambda i, e: i,
    "linked": lambda i, e: replace(i, links=(*i.links, ItemLink(key=e.facts["key"], relation=e.facts["relation"]))),
    "stood_still": stood_still,
    "restored": restored,
    "rolled_back": rolled_back,
    "run_started": run_started,
    "ticked": ticked,
    "awaited": awaited,
    "heard": heard,
    "handed": handed,
    "accepted": accepted,
    "told": told,
    "returned": handed,
    "nudged": on_trouble(lambda t, e: replace(t, nudged=(*t.nudged, e.by))),
    "unclear": on_trouble(lambda t, e: replace(t, unclear=t.unclear + 1)),
    "changes_asked": changes_asked,
    "spoken": _spoken,
    "disavowed": voided,
    "alike": lambda i, e: replace(i, alike=tuple(e.facts["keys"])),
    "evidenced": _evidenced,
    "closed": _closed,
    "reopened": _reopened,
    "demand_dropped": lambda i, e: replace(i, demanded=False, missing=()),
    "threaded": lambda i, e: replace(i, source=replace(i.source, **e.facts)),
}
