"""How an item ended without the proof that its workflow wants, and why one was opened again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from rules.entries import Entry


@dataclass(frozen=True, slots=True, kw_only=True)
class Unproven:
    """Who closed it at `at` (UTC) without the kinds of proof in `lacking`, and why.

    `code`: of the override, a reason code to approve with; else the one under which the glass was broken.
    """

    by: str
    at: datetime
    code: str
    rationale: str
    lacking: tuple[str, ...]
    override: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Reopening:
    """Who opened a closed item again at `at` (UTC), and why."""

    by: str
    at: datetime
    because: str


def unproven_of(entry: Entry) -> Unproven | None:
    """What a `closed` entry says of proof that it went without; None: it had what it needs."""
    facts = entry.facts
    if not facts.get("lacking"):
        return None
    return Unproven(
        by=entry.by,
        at=entry.at,
        code=facts.get("reason_code", ""),
        rationale=entry.texts.get("rationale", ""),
        lacking=tuple(facts["lacking"]),
        override=facts.get("override", False),
    )


def reopening_of(entry: Entry) -> Reopening:
    """What a `reopened` entry says."""
    return Reopening(by=entry.by, at=entry.at, because=entry.texts.get("cause", ""))
