"""Hands out the files that came with an item: written under their own clean names into a folder."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bot.books import Books
from rules.events import Attachment
from storage import evidence


def written(conn: Any, books: Books, files: Sequence[Attachment], folder: Path) -> str:
    """Write what is kept of `files` into `folder`, nothing over what lies there; says what was done.

    Their names were cleaned when they came (handlers/mail/attachments.py): they lead nowhere else. What is no longer
    as it came is not handed out.
    """
    folder.mkdir(parents=True, exist_ok=True)
    done, damaged = 0, []
    for file in files:
        try:
            kept = evidence.load(conn, books.workspace, file.sha256, books.files) if file.sha256 else None
        except evidence.Damaged:
            damaged.append(file.name or file.sha256[:12])
            continue
        if kept is None:
            continue
        name = Path(file.name or file.sha256).name
        place = folder / name
        if place.exists():
            place = folder / f"{file.sha256[:12]}-{name}"
        place.write_bytes(kept.data)
        done += 1
    missing = len(files) - done - len(damaged)
    left = f" {missing} more are not kept here: too large, or only linked." if missing else ""
    lost = f" Not as they came, and so not written: {', '.join(damaged)}." if damaged else ""
    return f"{done} of {len(files)} files written to {folder}.{left}{lost}"
