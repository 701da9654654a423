"""The form of the ledger's chain: what is hashed, how, and how its rows are read."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from operator import attrgetter
from typing import Any

from sqlalchemy import ColumnElement, Row, RowMapping, and_, select

from storage.columns import clean_json, rfc3339
from storage.schema import ledger, ledger_texts


def by_entry(rows: Iterable[Row[Any]]) -> Iterator[list[Row[Any]]]:
    """The rows of `ROWS`, one for each text, gathered to one list an entry."""
    return (list(own) for _, own in groupby(rows, attrgetter("item", "seq")))


def chained(prev: str, row: Mapping[str, Any] | RowMapping) -> str:
    """The hash of an entry behind `prev`: SHA-256 (hex) of the canonical JSON of these eleven values.

    `facts` and `digests` go in as JSON values, `at` as RFC 3339 in UTC with microseconds.
    """
    facts, digests = (canonical(json.loads(row[name])) for name in ("facts", "digests"))
    return chained_new(prev, {**row, "facts": facts, "digests": digests})


def chained_new(prev: str, row: Mapping[str, Any]) -> str:
    """`chained` for a row whose `facts` and `digests` are canonical JSON: they go in as they are, in its order."""
    document = (
        f'{{"at":"{rfc3339(row["at"])}","by":{_text(row["by"])},"digests":{row["digests"]},"facts":{row["facts"]},'
        f'"item":{_text(row["item"])},"kind":{_text(row["kind"])},"prev":{_text(prev)},'
        f'"rulebook":{_text(row["rulebook"])},"seq":{_text(row["seq"])},"via":{_text(row["via"])},'
        f'"ws":{_text(row["workspace"])}}}'
    )
    return hashlib.sha256(document.encode()).hexdigest()


def digest(salt: str, text: str) -> str:
    """What the ledger keeps of a text (already canonical JSON): with the salt gone nobody can guess it back."""
    return hashlib.sha256((salt + text).encode()).hexdigest()


def canonical(value: Any) -> str:
    """JSON in the one form that is hashed: sorted names, no spaces, ASCII with \\u escapes, no NaN."""
    return _CANONICAL.encode(value)


def clean_canonical(value: Any) -> str:
    """`canonical` of a value in the form in which both engines keep it (columns.clean_json)."""
    written = canonical(value)
    # Only where these stand in it can there be anything to clean; walking every value costs more than writing it.
    return canonical(clean_json(value)) if "\\u0000" in written or "\\ud" in written else written


# Made once: `json.dumps` makes one at each call.
_CANONICAL = json.JSONEncoder(sort_keys=True, separators=(",", ":"), allow_nan=False)
_text = json.JSONEncoder().encode

_OF_THE_ENTRY: ColumnElement[bool] = and_(
    ledger_texts.c.workspace == ledger.c.workspace,
    ledger_texts.c.item == ledger.c.item,
    ledger_texts.c.seq == ledger.c.seq,
)
#: Every entry with its texts: one row for each text, one with empty text columns where there is none.
ROWS = select(ledger, ledger_texts.c.name.label("text_name"), ledger_texts.c.text, ledger_texts.c.salt).outerjoin_from(
    ledger, ledger_texts, _OF_THE_ENTRY
)
