"""An item as JSON for other programs (interface.md, "JSON of an item"): `show --json`, exports, webhooks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from rules.book.rulebook import Rulebook
from rules.entries import Entry, stamp
from rules.items import Item, Trouble


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
        "evidence": [
            {"id": e.id, "kind": e.kind, "value": e.value, "sha256": e.sha256, "by": e.by, "at": rfc3339(e.at)}
            for e in item.evidence
        ],
        "rulebook": {"version": item.rulebook},
    }
    if ledger is not None:
        shown["ledger"] = [entry_json(seq, entry, digest) for seq, entry, digest in ledger]
    return shown


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
