"""What every table of ours is made of; each row belongs to a workspace."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Column, MetaData, Table, Text, text
from sqlalchemy.schema import SchemaItem

metadata = MetaData()


def workspace() -> Column[str]:
    return Column("workspace", Text, primary_key=True)


def table(name: str, *parts: SchemaItem) -> Table:
    """A table whose primary key is its only way of being stored (SQLite: one tree instead of two)."""
    return Table(name, metadata, *parts, sqlite_with_rowid=False)


def where(condition: str) -> dict[str, Any]:
    return {"sqlite_where": text(condition), "postgresql_where": text(condition)}
