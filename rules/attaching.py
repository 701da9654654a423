"""A further message is kept with its item: its words, who wrote it, and what came along."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rules.draft import Draft
from rules.events import Attachment


def attach(draft: Draft, text: str, files: tuple[Attachment, ...], facts: Mapping[str, Any]) -> None:
    """Keep a further message with the item: its words, who wrote it, what came along, and where it stands."""
    draft.record(
        "attached",
        {**facts, "files": file_facts(files)},
        {"text": text, "from": draft.by, "file_names": [file.name for file in files]},
    )


def file_facts(files: tuple[Attachment, ...]) -> list[dict[str, Any]]:
    """What the record keeps of files beside their names."""
    return [{"media_type": f.media_type, "size": f.size, "sha256": f.sha256} for f in files]
