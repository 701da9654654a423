"""Hands out the files that came with an item: written under their own clean names into a folder."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rules.events import Attachment
from storage import evidence


def written(conn: Any, ws: str, files: Sequence[Attachment], folder: Path) -> str:
    """Write what is kept of `files` into `folder`, nothing over what lies there; says what was done.

    Their names were cleaned when they came (handlers/mail/attachments.py): they lead nowhere else.
    """
    folder.mkdir(parents=True, exist_ok=True)
    done = 0
    for file in files:
        kept = evidence.load(conn, ws, file.sha256) if file.sha256 else None
        if kept is None:
            continue
        name = Path(file.name or file.sha256).name
        place = folder / name
        if place.exists():
            place = folder / f"{file.sha256[:12]}-{name}"
        place.write_bytes(kept.data)
        done += 1
    missing = len(files) - done
    left = f" {missing} more are not kept here: too large, or only linked." if missing else ""
    return f"{done} of {len(files)} files written to {folder}.{left}"
