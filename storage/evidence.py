"""Files that prove something, once each by the SHA-256 of their bytes; large ones lie in a folder.

The folder is `DATABASE-files` beside an SQLite file, or the one that is set (DOCKET_FILES); PostgreSQL without that
setting keeps all of them itself. A file lies there under its hash, before its row is committed: what a transaction
leaves behind that was undone is the same bytes that the next try would write.
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, select

from storage.columns import insert
from storage.schema import evidence

log = logging.getLogger(__name__)

#: Above so many bytes a file lies in the folder.
LARGE: Final = 1_000_000

_KEEP = insert(evidence, lambda new: new.on_conflict_do_nothing())


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """A kept file: the name and media type it first came with, and its bytes."""

    name: str
    media_type: str
    data: bytes


class Damaged(Exception):
    """The bytes of a kept file are gone, or no longer those that came."""


def keep(
    conn: Connection, ws: str, sha256: str, name: str, media_type: str, data: bytes, folder: Path | None = None
) -> None:
    """Keep a file under its SHA-256 (hex); one that is there already stays as it is. `folder` as DOCKET_FILES says.

    What the folder can't take goes into the database: a full disk there loses nothing.
    """
    place = _place(conn, sha256, folder) if len(data) > LARGE else None
    if place is not None and _written(place, data):
        data = b""
    row = {"workspace": ws, "sha256": sha256, "name": name, "media_type": media_type, "data": data}
    conn.execute(_KEEP[conn.dialect.name], row)


def load(conn: Connection, ws: str, sha256: str, folder: Path | None = None) -> File | None:
    """The file of that SHA-256, with the very bytes that came. Raises Damaged where they are not there any more."""
    row = conn.execute(
        select(evidence.c.name, evidence.c.media_type, evidence.c.data).where(
            evidence.c.workspace == ws, evidence.c.sha256 == sha256
        )
    ).one_or_none()
    if row is None:
        return None
    data, place = bytes(row.data), _place(conn, sha256, folder)
    if not data and place is not None:
        with contextlib.suppress(OSError):
            data = place.read_bytes()
    if hashlib.sha256(data).hexdigest() != sha256:
        raise Damaged(f"The file {sha256[:12]} is not as it came.")
    return File(name=row.name, media_type=row.media_type, data=data)


def _place(conn: Connection, sha256: str, folder: Path | None) -> Path | None:
    if folder is None:
        url = conn.engine.url
        if url.get_backend_name() != "sqlite" or not url.database:
            return None
        folder = Path(f"{url.database}-files")
    return folder / sha256[:2] / sha256


def _written(place: Path, data: bytes) -> bool:
    """Whether the bytes lie there, whole and past a loss of power."""
    try:
        place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=place.parent)  # its owner's alone
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            os.replace(name, place)
        except OSError:
            Path(name).unlink(missing_ok=True)
            raise
        parent = os.open(place.parent, os.O_RDONLY)
        try:
            os.fsync(parent)
        finally:
            os.close(parent)
    except OSError as problem:
        log.warning("a large file could not be written to %s (%s): the database keeps it", place.parent, problem)
        return False
    return True
