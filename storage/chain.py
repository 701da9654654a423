"""The form of the ledger's chain: what is hashed, how, and how its rows are read."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from operator import attrgetter
from typing import Any

from sqlalchemy import ColumnElement, Row, RowMapping, and_, select

from storage.columns import rfc3339
from storage.schema import ledger, ledger_texts


def by_entry(rows: Iterable[Row[Any]]) -> Iterator[list[Row[Any]]]:
    """The rows of `ROWS`, one for each text, gathered to one list an entry."""
    return (list(own) for _, own in groupby(rows, attrgetter("item", "seq")))


def chained(prev: str, row: Mapping[str, Any] | RowMapping) -> str:
    """The hash of an entry behind `prev`: SHA-256 (hex) of the canonical JSON of these eleven values.

    `facts` and `digests` go in as JSON values, `at` as RFC 3339 in UTC with microseconds.
    """
    document = {
        "prev": prev, "ws": row["workspace"], "item": row["item"], "seq": row["seq"], "at": rfc3339(row["at"]),
        "kind": row["kind"], "by": row["by"], "via": row["via"], "rulebook": row["rulebook"],
        "facts": json.loads(row["facts"]), "digests": json.loads(row["digests"]),
    }  # fmt: skip
    return hashlib.sha256(canonical(document).encode()).hexdigest()


def digest(salt: str, text: str) -> str:
    """What the ledger keeps of a text (already canonical JSON): with the salt gone nobody can guess it back."""
    return hashlib.sha256((salt + text).encode()).hexdigest()


def canonical(value: Any) -> str:
    """JSON in the one form that is hashed: sorted names, no spaces, ASCII with \\u escapes, no NaN."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)


_OF_THE_ENTRY: ColumnElement[bool] = and_(
    ledger_texts.c.workspace == ledger.c.workspace,
    ledger_texts.c.item == ledger.c.item,
    ledger_texts.c.seq == ledger.c.seq,
)
#: Every entry with its texts: one row for each text, one with empty text columns where there is none.
ROWS = select(ledger, ledger_texts.c.name.label("text_name"), ledger_texts.c.text, ledger_texts.c.salt).outerjoin_from(
    ledger, ledger_texts, _OF_THE_ENTRY
)
