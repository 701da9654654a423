"""The ledger: every change as an entry, chained per item, its texts apart so that they can be erased."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, insert, select
from sqlalchemy.exc import IntegrityError

from rules.entries import Entry
from storage.chain import ROWS, by_entry, canonical, chained_new, clean_canonical, digest
from storage.columns import clean
from storage.failures import Conflict
from storage.proof import check_chain
from storage.rendered import Rendered
from storage.schema import ledger, ledger_texts

__all__ = ["Recorded", "append", "check_chain", "every", "of_item", "tip"]

#: The text that holds who did it, where that is a stranger: a name that can be erased.
BY = "by"


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """An entry as it stands in the ledger. `erased` names the texts that were there and are no more."""

    seq: int
    entry: Entry
    hash: str
    erased: tuple[str, ...] = ()


def append(conn: Connection, ws: str, entries: Sequence[Entry], head: str, version: int) -> str:
    """Record entries of one item behind its entry number `version`, whose hash is `head` ("" and 0: there is none).

    Gives the new head. Raises Conflict when somebody else appended meanwhile.
    """
    rows: list[dict[str, Any]] = []
    texts: list[dict[str, Any]] = []
    salts = _salts(sum(len(entry.texts) + 1 for entry in entries))
    for seq, entry in enumerate(entries, start=version + 1):
        row, own_texts = _prepare(ws, seq, entry, salts)
        head = row["hash"] = chained_new(head, row)
        rows.append(row)
        texts.extend(own_texts)
    try:
        if texts:  # before the entries: the database refuses a text whose entry stands already
            _TEXTS.run_each(conn, texts)
        if rows:
            _ENTRIES.run_each(conn, rows)
    except IntegrityError as error:
        raise Conflict(f"{entries[0].item} has an entry {version + 1} already") from error
    return head


def tip(conn: Connection, ws: str, key: str) -> tuple[int, str]:
    """Number and hash of the newest entry of a chain, (0, "") where there is none."""
    newest = select(ledger.c.seq, ledger.c.hash).where(ledger.c.workspace == ws, ledger.c.item == key)
    row = conn.execute(newest.order_by(ledger.c.seq.desc()).limit(1)).one_or_none()
    return (row.seq, row.hash) if row else (0, "")


def of_item(conn: Connection, ws: str, key: str) -> list[Recorded]:
    """An item's entries in order, with the texts that are still there."""
    rows = conn.execute(ROWS.where(ledger.c.workspace == ws, ledger.c.item == key).order_by(ledger.c.seq))
    return [_recorded(own) for own in by_entry(rows)]


def every(conn: Connection, ws: str, since: datetime | None = None) -> Iterator[Recorded]:
    """All entries from `since` on, by time, streamed: for export. To be read inside the transaction."""
    wanted = ROWS.where(ledger.c.workspace == ws).order_by(ledger.c.at, ledger.c.item, ledger.c.seq)
    if since is not None:
        wanted = wanted.where(ledger.c.at >= since)
    rows = conn.execute(wanted, execution_options={"yield_per": 1000})
    return (_recorded(own) for own in by_entry(rows))


def _prepare(ws: str, seq: int, entry: Entry, salts: Iterator[str]) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The entry's row, still without its hash, and its texts' rows."""
    if BY in entry.texts:
        raise ValueError(f"a text can't be called `{BY}`: that name is kept for who did it")
    by, texts = clean(entry.by), dict(entry.texts)
    if ":" in by or "@" in by:  # an identity from outside; people of the rulebook have plain keys
        texts[BY], by = by, ""
    own_texts: list[dict[str, Any]] = [
        {
            "workspace": ws,
            "item": entry.item,
            "seq": seq,
            "name": name,
            "text": clean_canonical(value),
            "salt": next(salts),
        }
        for name, value in texts.items()
    ]
    row = {
        "workspace": ws, "item": entry.item, "seq": seq, "at": entry.at, "kind": entry.kind, "by": by,
        "via": entry.via, "rulebook": entry.rulebook, "facts": clean_canonical(entry.facts),
        "digests": canonical({own["name"]: digest(own["salt"], own["text"]) for own in own_texts}),
    }  # fmt: skip
    return row, own_texts


def _salts(count: int) -> Iterator[str]:
    """Random strings of 32 hex digits, all asked of the system at once: each asking lets go of the interpreter."""
    digits = secrets.token_hex(16 * count)
    return (digits[start : start + 32] for start in range(0, len(digits), 32))


def _recorded(own: list[Row[Any]]) -> Recorded:
    row = own[0]
    texts = {each.text_name: json.loads(each.text) for each in own if each.text_name is not None}
    erased = tuple(name for name in json.loads(row.digests) if name not in texts)
    entry = Entry(
        kind=row.kind,
        item=row.item,
        at=row.at,
        by=row.by or texts.pop(BY, ""),
        via=row.via,
        rulebook=row.rulebook,
        facts=json.loads(row.facts),
        texts=texts,
    )
    return Recorded(seq=row.seq, entry=entry, hash=row.hash, erased=erased)


_TEXTS = Rendered(insert(ledger_texts), ledger_texts.c.keys())
_ENTRIES = Rendered(insert(ledger), ledger.c.keys())
