"""Column types and statement pieces that make both engines hold the same values."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import TIMESTAMP, Connection, Dialect, Text, TypeDecorator
from sqlalchemy.dialects.postgresql import Insert as PostgresInsert
from sqlalchemy.dialects.sqlite import Insert as SqliteInsert
from sqlalchemy.schema import Table
from sqlalchemy.types import TypeEngine

#: PostgreSQL refuses B-tree entries above about 2,700 bytes; strangers choose Message-IDs and addresses.
LONGEST_KEY = 300
#: Execution options of a statement that wakes nobody: nothing is to be done because of it.
UNHEARD: dict[str, Any] = {"unheard": True}


def clean(words: str) -> str:
    """Text as both engines can keep it: NUL becomes U+2400, a lone surrogate U+FFFD, a split pair its character.

    PostgreSQL's text holds neither; SQLite would, and then the two would disagree about the same message.
    """
    if "\0" in words:
        words = words.replace("\0", "\u2400")
    if words.isascii():
        return words
    try:
        words.encode()
    except UnicodeEncodeError:
        return words.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return words


def clean_json(value: Any) -> Any:
    """`clean` for every string in a JSON value, keys included; tuples become lists."""
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, Mapping):
        return {clean(name): clean_json(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [clean_json(inner) for inner in value]
    return value


class Words(TypeDecorator[str]):
    """Text that a stranger may have written."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return None if value is None else clean(value)


class Key(TypeDecorator[str]):
    """Text that is looked up: what is too long for an index keeps its beginning and ends in its SHA-256."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return None if value is None else key_of(value)


def key_of(words: str) -> str:
    """The form in which a `Key` column keeps these words."""
    cleaned = clean(words)
    if len(cleaned) <= LONGEST_KEY:
        return cleaned
    return f"{cleaned[: LONGEST_KEY - 65]}:{hashlib.sha256(cleaned.encode()).hexdigest()}"


class Moment(TypeDecorator[datetime]):
    """An aware datetime, always UTC: timestamptz, or on SQLite text of one width, so that it sorts as time does."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(TIMESTAMP(timezone=True) if dialect.name == "postgresql" else Text())

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a stored time needs a zone")
        return value if dialect.name == "postgresql" else rfc3339(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.astimezone(UTC) if isinstance(value, datetime) else datetime.fromisoformat(value)


def rfc3339(at: datetime) -> str:
    """A moment as RFC 3339 in UTC with microseconds, always 27 characters."""
    if at.tzinfo is UTC:  # nearly all are, and a take writes some seventeen of them
        return at.isoformat(timespec="microseconds")[:-6] + "Z"
    # isoformat, because strftime leaves the zeros off a year before 1000, which a forged date may carry
    return at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def insert(table: Table, shape: Callable[[Any], Any]) -> Mapping[str, Any]:
    """The same INSERT ... ON CONFLICT for both engines, by dialect name: `shape` adds its conflict clause.

    Its row count can be read afterwards, which SQLAlchemy promises for UPDATE and DELETE only.
    """
    return {
        "sqlite": shape(SqliteInsert(table)).execution_options(preserve_rowcount=True),
        "postgresql": shape(PostgresInsert(table)).execution_options(preserve_rowcount=True),
    }


def hold(conn: Connection, *names: str) -> None:
    """Let nobody else past this line for these names until the transaction ends.

    Two instances that look something up, find nothing and both create it would make it twice. SQLite's writer is
    alone, and a read-only transaction creates nothing: both pass.
    """
    if conn.dialect.name != "postgresql" or conn.get_execution_options().get("postgresql_readonly"):
        return
    # in one order, so that two transactions with the same names can't wait for each other
    locks = sorted({int.from_bytes(hashlib.sha256(clean(n).encode()).digest()[:8], signed=True) for n in names})
    if locks:
        conn.exec_driver_sql(_HOLD, (locks,))  # ready text, as in storage/rendered.py: every take runs it


_HOLD = "SELECT pg_advisory_xact_lock(wanted) FROM unnest(CAST(%s AS bigint[])) AS wanted"
