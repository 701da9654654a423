"""An item as JSON for other programs (interface.md, "JSON of an item"): `show --json`, exports, webhooks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from rules.book.rulebook import Rulebook
from rules.endings import Unproven
from rules.entries import Entry, stamp
from rules.items import Evidence, Handoff, Item, Trouble
from rules.runs import Awaited, Run


def item_json(item: Item, book: Rulebook, ledger: Sequence[tuple[int, Entry, str]] | None = None) -> dict[str, Any]:
    """The item; `ledger` is (seq, entry, hash) in order, where the whole record is wanted."""
    source = {"channel": item.source.place_name or item.source.place or item.source.channel}
    if item.source.channel == "mail":
        source["message_id"] = item.source.message_id or ""
    else:
        source["permalink"] = item.source.permalink or ""
    shown: dict[str, Any] = {
        "key": item.key,
        "workflow": item.workflow,
        "title": item.title,
        "state": item.state,
        "stage": item.stage,
        "owner": item.owner,
        "backup": item.backup,
        "requester": item.requester,
        "fields": dict(item.fields),
        "source": source,
        "opened_at": rfc3339(item.opened_at),
        "due_at": rfc3339(item.due_at),
        "closed_at": rfc3339(item.closed_at),
        "outcome": item.outcome,
        "exceptions": [trouble_json(trouble) for trouble in item.exceptions],
        "evidence": [proof_json(proof) for proof in item.evidence],
        "unproven": unproven_json(item.unproven),
        "checklists": [run_json(item, run) for run in item.runs],
        "awaited": awaited_json(item.awaited),
        "elsewhere": [{"system": r.system, "id": r.id, "url": r.url} for r in item.elsewhere],
        "told": [
            {"system": t.system, "fact": t.fact, "value": t.value, "at": rfc3339(t.at), "counts": t.counts}
            for t in item.told
        ],
        "links": [{"key": link.key, "relation": link.relation} for link in item.links],
        "handoffs": [handoff_json(handoff) for handoff in item.handoffs],
        "rework": len(item.returns),
        "rulebook": {"version": item.rulebook},
    }
    if ledger is not None:
        shown["ledger"] = [entry_json(seq, entry, digest) for seq, entry, digest in ledger]
    return shown


def proof_json(proof: Evidence) -> dict[str, Any]:
    """A proof; with `name`, `media_type` and `size` (bytes) of a file, or the `name` of a field or message."""
    shown = {
        "id": proof.id,
        "kind": proof.kind,
        "value": proof.value,
        "sha256": proof.sha256,
        "by": proof.by,
        "at": rfc3339(proof.at),
    }
    more = {"name": proof.name, "media_type": proof.media_type, "size": proof.size}
    return shown | {name: value for name, value in more.items() if value}


def unproven_json(without: Unproven | None) -> dict[str, Any] | None:
    """How an item was closed without some of its proof; None: it was not."""
    if without is None:
        return None
    return {
        "by": without.by,
        "at": rfc3339(without.at),
        "code": without.code,
        "rationale": without.rationale,
        "lacking": list(without.lacking),
        "override": without.override,
    }


def handoff_json(handoff: Handoff) -> dict[str, Any]:
    """A change of hands; `returned` where it was sent back, with the cause."""
    return {
        "from": handoff.passed_from,
        "to": handoff.to,
        "left": handoff.left,
        "stage": handoff.stage,
        "at": rfc3339(handoff.at),
        "accepted_at": rfc3339(handoff.accepted_at),
        "returned": handoff.back,
        "cause": handoff.cause,
    }


def trouble_json(trouble: Trouble) -> dict[str, Any]:
    """An exception with its decision."""
    decision = trouble.decision
    return {
        "code": trouble.code,
        "state": trouble.state,
        "owner": trouble.owner,
        "backup": trouble.backup,
        "may_decide": list(trouble.may_decide),
        "opened_at": rfc3339(trouble.opened_at),
        "due_at": rfc3339(trouble.due_at),
        "decision": None
        if decision is None
        else {
            "verdict": decision.verdict,
            "reason_code": decision.reason_code,
            "rationale": decision.rationale,
            "by": decision.by,
            "at": rfc3339(decision.at),
            "via": decision.via,
        },
    }


def run_json(item: Item, run: Run) -> dict[str, Any]:
    """A checklist's run with its steps, numbered from 1; a `waived` one failed, and its exception was approved."""
    return {
        "id": run.id,
        "stage": run.stage,
        "rulebook": {"version": run.rulebook},
        "started_at": rfc3339(run.started_at),
        "ended_at": rfc3339(run.ended_at),
        "steps": [
            {
                "n": n,
                "step": step.text,
                "kind": step.kind,
                "state": "waived" if item.settled(step) and step.state != "passed" else step.state,
                "by": step.by or None,
                "at": rfc3339(step.at),
                "why": step.why,
                "exception": trouble.code if (trouble := item.trouble_of(step)) else None,
            }
            for n, step in enumerate(run.steps, 1)
        ],
    }


def awaited_json(awaited: Awaited | None) -> dict[str, Any] | None:
    """The answer of an outside party: whose, since when, the exception of its silence, and when it came."""
    if awaited is None:
        return None
    return {
        "from": awaited.who,
        "since": rfc3339(awaited.since),
        "else": awaited.code,
        "heard_at": rfc3339(awaited.heard_at),
    }


def entry_json(seq: int, entry: Entry, digest: str) -> dict[str, Any]:
    """One entry of the ledger; `data` is its facts and those of its texts that are not erased."""
    return {
        "seq": seq,
        "at": rfc3339(entry.at),
        "kind": entry.kind,
        "by": entry.by,
        "via": entry.via,
        "data": {**entry.facts, **entry.texts},
        "hash": digest,
    }


#: What stays of private work where its content is left out: that there is something, where it stands, since when.
_BARE = frozenset(
    {"key", "workflow", "state", "opened_at", "due_at", "closed_at", "rulebook", "seq", "at", "kind", "via", "hash"}
)


def veil(shown: Mapping[str, Any]) -> dict[str, Any]:
    """An item, exception or entry as JSON without its content: the same names, nothing in them but state and times.

    Of an item's ledger the entries stay, without who and what: a reader can follow its chain.
    """
    empty: dict[type, Any] = {list: [], dict: {}}
    bare = {name: value if name in _BARE else empty.get(type(value)) for name, value in shown.items()}
    if "ledger" in shown:
        bare["ledger"] = [veil(entry) for entry in shown["ledger"]]
    return bare


def rfc3339(at: datetime | None) -> str | None:
    """A moment as RFC 3339 in UTC (`2026-11-20T15:30:00Z`), None where there is none."""
    return None if at is None else stamp(at)
