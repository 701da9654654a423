"""A further message is kept with its item: its words, who wrote it, and what came along."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from rules.draft import Draft
from rules.entries import Entry
from rules.events import Attachment


def attach(draft: Draft, text: str, files: tuple[Attachment, ...], facts: Mapping[str, Any]) -> None:
    """Keep a further message with the item: its words, who wrote it, what came along, and where it stands."""
    draft.record(
        "attached",
        {**facts, "files": file_facts(files)},
        {"text": text, "from": draft.by, "file_names": [], **file_texts(files)},
    )


def file_facts(files: tuple[Attachment, ...]) -> list[dict[str, Any]]:
    """What the record keeps of files beside their names."""
    return [{"media_type": f.media_type, "size": f.size, "sha256": f.sha256} for f in files]


def file_texts(files: tuple[Attachment, ...]) -> dict[str, list[str]]:
    """What the record keeps of files among its texts, for people choose names: those, and where the files lie."""
    texts = {"file_names": [file.name for file in files]} if files else {}
    return texts | ({"file_urls": [file.url for file in files]} if any(file.url for file in files) else {})


def files_of(entries: Iterable[Entry]) -> tuple[Attachment, ...]:
    """The files that came along with an item's messages, as its record has them: each once, in order.

    What was erased has no name any more.
    """
    found: dict[tuple[str, str], Attachment] = {}
    for entry in entries:
        if entry.kind not in ("opened", "attached"):
            continue
        names, urls = entry.texts.get("file_names", ()), entry.texts.get("file_urls", ())
        for n, file in enumerate(entry.facts.get("files", ())):
            name = str(names[n]) if n < len(names) else ""
            url = str(urls[n]) if n < len(urls) else ""
            came = Attachment(name=name, url=url, **{k: file[k] for k in ("media_type", "size", "sha256")})
            found.setdefault((came.sha256 or url or name, name), came)
    return tuple(found.values())
