"""How an entry changes one exception of an item; replay.py has the rest of the fold."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from rules.entries import Entry, moment
from rules.items import Decision, Item, Trouble, TroubleState
from rules.states import TROUBLE_MOVES


class Impossible(ValueError):
    """An entry that does not fit the item it should change: the ledger and the rules disagree."""


def raised(item: Item, entry: Entry) -> Item:
    """The item with a new open exception. Raises Impossible where one of that code is open."""
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
        handoffs=len(item.handoffs),
        values=texts.get("values", {}),
        gate=facts.get("gate", ""),
        anew=facts.get("anew", ""),
        about=facts.get("about", ""),
    )
    changes = "" if trouble.gate == "approval" else item.changes
    return replace(item, exceptions=(*item.exceptions, trouble), changes=changes)


def on_trouble(change: Callable[[Trouble, Entry], Trouble]) -> Callable[[Item, Entry], Item]:
    """Lift a change of one exception to its item; the newest open one of that code is meant."""

    def lifted(item: Item, entry: Entry) -> Item:
        wanted = next((t for t in item.open_trouble(entry.facts["code"])), None)
        if wanted is None:
            raise Impossible(f"{item.key} has no open exception {entry.facts['code']} for `{entry.kind}`")
        return replace(item, exceptions=tuple(change(t, entry) if t is wanted else t for t in item.exceptions))

    return lifted


def item_or_trouble(
    whole: Callable[[Item, Entry], Item], part: Callable[[Trouble, Entry], Trouble]
) -> Callable[[Item, Entry], Item]:
    """An entry whose `code` is empty means the item's stage, else that exception."""
    lifted = on_trouble(part)
    return lambda item, entry: lifted(item, entry) if entry.facts.get("code") else whole(item, entry)


def escalated(trouble: Trouble, entry: Entry) -> Trouble:
    """A step up the ladder; whoever may decide was told, and needs no reminder of the same at once."""
    return replace(
        trouble,
        may_decide=tuple(entry.facts["may_decide"]),
        next_at=moment(entry.facts.get("next_at")),
        steps=trouble.steps + 1,
        reminded_at=entry.at if entry.facts.get("reminds") else trouble.reminded_at,
    )


def decided(trouble: Trouble, entry: Entry) -> Trouble:
    """With a person's verdict."""
    decision = Decision(
        verdict=entry.facts["verdict"],
        reason_code=entry.facts["reason_code"],
        rationale=entry.texts["rationale"],
        by=entry.by,
        at=entry.at,
        via=entry.via,
        seen=entry.texts.get("seen", {}),
        thin=entry.facts.get("thin", False),
    )
    state: TroubleState = "approved" if decision.verdict == "approve" else "rejected"
    values = entry.texts.get("values", trouble.values)
    return replace(trouble, state=state, decision=decision, values=values, next_at=None, ended_at=entry.at)


def bypassed(trouble: Trouble, entry: Entry) -> Trouble:
    """Somebody broke the glass: it is decided by nobody and stops nothing any more."""
    values = entry.texts.get("values", trouble.values)
    stage = entry.facts.get("stage", "")
    return replace(trouble, state="bypassed", values=values, stage=stage, next_at=None, ended_at=entry.at)


def reassigned(trouble: Trouble, entry: Entry) -> Trouble:
    """Somebody else owns it."""
    return replace(
        trouble,
        owner=entry.facts["owner"],
        backup=entry.facts["backup"],
        may_decide=tuple(entry.facts["may_decide"]),
        snoozed_until=None,
        lent_by=entry.facts.get("lent_by", ""),
        handed_by=entry.by,
        handed_because=entry.texts.get("because", ""),
    )


def voided(item: Item, entry: Entry) -> Item:
    """An open exception that no longer matters, or a decision that no longer counts: the newest of its code."""
    last = item.last_trouble(entry.facts["code"])
    if last is None:
        raise Impossible(f"{item.key} never had an exception {entry.facts['code']} to void")
    if (last.state, "void") not in TROUBLE_MOVES[entry.kind]:
        raise Impossible(f"{last.code} of {item.key} is {last.state} and can't become void")
    void = replace(last, state="void", next_at=None, ended_at=entry.at, disavowed=entry.kind == "disavowed")
    return replace(item, exceptions=tuple(void if t is last else t for t in item.exceptions))


def changes_asked(item: Item, entry: Entry) -> Item:
    """An approval goes back to whoever can change what it is about; it is asked anew when they have."""

    def sent_back(trouble: Trouble, entry: Entry) -> Trouble:
        said = {"changes": entry.texts.get("words", ""), "changes_by": entry.by}
        return replace(trouble, state="void", next_at=None, ended_at=entry.at, **said)

    item, code = on_trouble(sent_back)(item, entry), entry.facts["code"]
    return replace(item, changes=code, asks=1, asked_at=entry.at, told_unclear=False, touched_at=entry.at)


def relieved(trouble: Trouble, entry: Entry) -> Trouble:
    """Somebody who can't be reached backs it up, or may decide it, no more."""
    return replace(trouble, backup=entry.facts["backup"], may_decide=tuple(entry.facts["may_decide"]))
