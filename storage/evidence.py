"""Files that prove something, once each by the SHA-256 of their bytes."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, select

from storage.columns import insert
from storage.schema import evidence

_KEEP = insert(evidence, lambda new: new.on_conflict_do_nothing())


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """A kept file: the name and media type it first came with, and its bytes."""

    name: str
    media_type: str
    data: bytes


def keep(conn: Connection, ws: str, sha256: str, name: str, media_type: str, data: bytes) -> None:
    """Keep a file under its SHA-256 (hex); one that is there already stays as it is."""
    row = {"workspace": ws, "sha256": sha256, "name": name, "media_type": media_type, "data": data}
    conn.execute(_KEEP[conn.dialect.name], row)


def load(conn: Connection, ws: str, sha256: str) -> File | None:
    """The file of that SHA-256."""
    row = conn.execute(
        select(evidence.c.name, evidence.c.media_type, evidence.c.data).where(
            evidence.c.workspace == ws, evidence.c.sha256 == sha256
        )
    ).one_or_none()
    return File(**row._mapping) if row else None
