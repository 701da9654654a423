"""What the ledger records: one entry for each change, in words that a new hire can replay."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

Kind = Literal[
    "opened", "filled", "conflicted", "owned", "entered", "asked", "clock", "raised", "counted", "reminded",
    "late", "escalated", "decided", "voided", "reassigned", "snoozed", "acknowledged", "questioned",
    "attached", "edited", "deleted", "alike", "evidenced", "closed", "reopened", "demand_dropped", "threaded",
    "rulebook", "relieved", "failed", "looked", "mended", "paused", "resumed", "stood_still", "restored",
    "rolled_back",
    "bounced", "released", "dropped",
    "changes_asked", "spoken",
    "run_started", "ticked", "awaited", "heard",
    "refused", "unclear", "disavowed", "linked", "handed", "accepted", "returned", "bypassed", "away", "told", "nudged",
]  # fmt: skip


#: In the place of an item's key: the chain of what concerns none, like rulebooks and absences.
OWN_RECORD = ""


def stamp(at: datetime) -> str:
    """A moment as entries hold it: RFC 3339 in UTC (`2026-11-20T15:30:00Z`)."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def moment(value: str | None) -> datetime | None:
    """An RFC 3339 string of an entry as an aware UTC datetime."""
    return datetime.fromisoformat(value) if value else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One change. `facts` may be kept for ever; `texts` are people's words and strangers' names, which can be erased.

    Both hold JSON values only (times as RFC 3339 strings). `rulebook` is the version the rule that acted stands in.
    """

    kind: Kind
    item: str
    at: datetime
    by: str  # a rulebook key, a stranger's identity, or "docket" for the bot's own rules and clock
    via: str  # slack, mail, timer, command line, docket
    rulebook: str
    facts: Mapping[str, Any] = field(default_factory=dict)
    texts: Mapping[str, Any] = field(default_factory=dict)
