"""How an entry tells of a change of hands: handed over, accepted, sent back; replay.py has the rest of the fold."""

from __future__ import annotations

from dataclasses import replace

from rules.entries import Entry
from rules.items import Handoff, Item
from rules.replay_exceptions import Impossible


def handed(item: Item, entry: Entry) -> Item:
    """With one more handoff (`handed`), accepted already where its receiver took it, or return (`returned`)."""
    facts = entry.facts
    handoff = Handoff(
        passed_from=facts["from"],
        to=facts["to"],
        left=facts["left"],
        stage=facts["stage"],
        at=entry.at,
        accepted_at=entry.at if facts.get("taken") else None,
        back=entry.kind == "returned",
        cause=entry.texts.get("cause", ""),
    )
    return replace(item, handoffs=(*item.handoffs, handoff), touched_at=entry.at)


def accepted(item: Item, entry: Entry) -> Item:
    """Its last handoff is accepted. Raises Impossible where none waits for that."""
    waiting = item.unaccepted
    if waiting is None:
        raise Impossible(f"{item.key} has no handoff that waits to be accepted")
    done = replace(waiting, accepted_at=entry.at)
    return replace(item, handoffs=(*item.handoffs[:-1], done), touched_at=entry.at)
