"""One item from end to end (M92): its stays in stages, whom it waited for when and for what, and what the rules did.

All of it follows from the entries' facts alone, so that it can be told also of an item whose words were erased.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final, Literal

from rules.draft import DOCKET
from rules.entries import Entry, moment, stamp
from rules.figures import Dwell
from rules.figures_stays import STEPS, Step, stays
from rules.items import Item

#: What somebody was waited for: the work itself, that they take what they were handed, an answer, changes, a decision.
What = Literal["work", "acceptance", "answer", "changes", "decision", "paused"]
#: Kinds of entries that say what the rules did by themselves, and why; others only follow from these.
_DEEDS: Final = frozenset(
    {"owned", "asked", "raised", "late", "escalated", "voided", "reassigned", "linked", "stood_still", "demand_dropped"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """From `since` to `until` (UTC) it waited for `whose` doing in `stage`; `code` names what was to be decided."""

    stage: str
    whose: str
    what: What
    since: datetime
    until: datetime
    code: str = ""

    @property
    def seconds(self) -> float:
        return (self.until - self.since).total_seconds()


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """What a rule did at `at`; `about` names the code, person, fields or item, `why` the rule."""

    kind: str
    at: datetime
    about: str = ""
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """All of it, in the order of time. `until` is its end, or now where it is open."""

    since: datetime
    until: datetime
    stays: Sequence[Dwell]
    waits: Sequence[Wait]
    deeds: Sequence[Deed]

    @property
    def longest(self) -> list[Wait]:
        """The waits, the longest first."""
        return sorted(self.waits, key=lambda wait: (-wait.seconds, wait.since))


def trace(item: Item, entries: Sequence[Entry], now: datetime) -> Trace:
    """The trace of an item by its entries, oldest first; there is one at least."""
    until = item.closed_at or now
    steps = [Step(entry.kind, entry.at, entry.facts) for entry in entries if entry.kind in STEPS]
    fold = _Fold("" if item.source.channel == "docket" else item.requester)
    for entry in entries:
        fold.take(entry)
    return Trace(
        since=entries[0].at,
        until=until,
        stays=stays(item.key, item.workflow, steps, now),
        waits=_cut(fold.close(until), _pauses(entries)),
        deeds=[_deed(entry) for entry in entries if entry.by == DOCKET and entry.kind in _DEEDS],
    )


class _Fold:
    """Whom it waits for between any two entries."""

    def __init__(self, requester: str) -> None:
        """`requester`: who is asked; "" where that is whoever has it, because the rules opened it."""
        self.found: list[Wait] = []
        self._requester = requester
        self._stage, self._owner = "", ""
        self._missing = self._changes = self._handed = self._open = False
        self._troubles: dict[str, str] = {}  # open code -> who decides it, oldest first
        self._at: datetime | None = None

    def take(self, entry: Entry) -> None:
        if self._open and self._at is not None:
            self._until(entry.at)
        self._at = entry.at
        self._follow(entry.kind, entry.facts)

    def close(self, until: datetime) -> list[Wait]:
        if self._open and self._at is not None:
            self._until(until)
        return self.found

    def _follow(self, kind: str, facts: Mapping[str, Any]) -> None:
        code = facts.get("code") or ""
        match kind:
            case "opened":
                self._open, self._missing = True, bool(facts.get("missing"))
            case "filled" | "conflicted" | "restored":
                self._missing = bool(facts.get("missing"))
            case "demand_dropped":
                self._missing = False
            case "entered":
                self._stage, self._changes = facts["stage"], False
            case "owned" | "reassigned" if not code:
                self._owner = facts["owner"]
            case "reassigned" if code in self._troubles:
                self._troubles[code] = facts["owner"]
            case "raised":
                self._troubles[code] = facts["owner"]
                self._changes = self._changes and facts.get("gate") != "approval"
            case "decided" | "bypassed" | "voided" | "disavowed":
                self._troubles.pop(code, None)
            case "changes_asked":
                self._troubles.pop(code, None)
                self._changes = True
            case "handed":
                self._handed = not facts.get("taken")
            case "accepted" | "returned":
                self._handed = False
            case "closed":
                self._open = self._missing = self._changes = self._handed = False
            case "reopened":
                self._open, self._stage = True, facts["stage"]
                self._missing = bool(facts.get("missing"))

    def _until(self, until: datetime) -> None:
        """What it waited for until then; nothing changed since the last entry."""
        since = self._at
        assert since is not None
        if until <= since:
            return
        whose, what, code = self._for()
        wait = Wait(stage=self._stage, whose=whose, what=what, since=since, until=until, code=code)
        last = self.found[-1] if self.found else None
        if last is not None and replace(last, since=since, until=until) == wait and last.until == since:
            self.found[-1] = replace(last, until=until)
        else:
            self.found.append(wait)

    def _for(self) -> tuple[str, What, str]:
        if self._troubles:
            code, whose = next(iter(self._troubles.items()))
            return whose, "decision", code
        if self._missing:
            return self._requester or self._owner, "answer", ""
        if self._changes:
            return self._requester or self._owner, "changes", ""
        return self._owner, "acceptance" if self._handed else "work", ""


def _pauses(entries: Sequence[Entry]) -> list[tuple[datetime, datetime]]:
    found = []
    for entry in entries:
        since, until = moment(entry.facts.get("since")), moment(entry.facts.get("until"))
        if entry.kind == "stood_still" and since and until:
            found.append((since, until))
    return found


def _cut(waits: Sequence[Wait], pauses: Sequence[tuple[datetime, datetime]]) -> list[Wait]:
    """The same, with what lay in a pause waiting for nobody: it was stopped."""
    for since, until in pauses:
        cut: list[Wait] = []
        for wait in waits:
            first, last = max(wait.since, since), min(wait.until, until)
            if first >= last:
                cut.append(wait)
                continue
            parts = (
                replace(wait, until=first),
                replace(wait, whose="", what="paused", code="", since=first, until=last),
                replace(wait, since=last),
            )
            cut += [part for part in parts if part.since < part.until]
        waits = cut
    return list(waits)


def _deed(entry: Entry) -> Deed:
    facts = entry.facts
    match entry.kind:
        case "owned" | "reassigned":
            about, why = facts["owner"], entry.texts.get("because") or facts.get("because", "")
        case "asked":
            about, why = ", ".join(facts.get("fields", ())), ""
        case "raised":
            about, why = facts["code"], entry.texts.get("because") or facts.get("rule", "")
        case "late":
            about, why = ", ".join(facts.get("to", ())), ""
        case "escalated":
            about, why = facts["code"], facts.get("to", "")
        case "voided":
            about, why = facts["code"], facts.get("because", "")
        case "linked":
            about, why = facts["key"], facts["relation"]
        case _:
            about, why = "", ""
    return Deed(kind=entry.kind, at=entry.at, about=str(about), why=str(why))


def trace_json(found: Trace) -> dict[str, Any]:
    """The trace for programs: lengths in seconds, the waits the longest first."""
    return {
        "since": stamp(found.since),
        "until": stamp(found.until),
        "seconds": (found.until - found.since).total_seconds(),
        "stays": [
            {"stage": s.stage, "owner": s.owner, "since": stamp(s.entered_at), "until": stamp(s.left_at),
             "seconds": s.seconds, "ended": s.ended, "kept": s.kept,
             "late_seconds": sum((last - first).total_seconds() for first, last in s.late)}
            for s in found.stays
        ],
        "waits": [
            {"stage": w.stage, "for": w.whose or None, "what": w.what, "code": w.code or None,
             "since": stamp(w.since), "until": stamp(w.until), "seconds": w.seconds}
            for w in found.longest
        ],
        "rules": [{"at": stamp(d.at), "did": d.kind, "about": d.about, "why": d.why} for d in found.deeds],
    }  # fmt: skip
