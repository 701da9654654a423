"""Files that the app has given to the stand-in, and which of them a message may show; pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from bot.sandbox.roster import Json

#: What image blocks take (Slack's page "Slack file object").
SHOWN = (".png", ".jpg", ".jpeg", ".gif")


@dataclass(slots=True, kw_only=True)
class Kept:
    """A file: nothing shows it until it is `complete`; `ticket` is the end of the address that takes its bytes."""

    id: str
    name: str
    length: int
    alt: str
    ticket: str
    title: str = ""
    data: bytes | None = None
    complete: bool = False

    def public(self) -> Json:
        return {"id": self.id, "title": self.title or self.name}


def taken(files: Mapping[str, Kept], ticket: str, data: bytes) -> bool:
    """The bytes came; whether there is such an address and they are as many as was said."""
    kept = next((each for each in files.values() if each.ticket == ticket), None)
    if kept is None or kept.complete or len(data) != kept.length:
        return False
    kept.data = data
    return True


def file_problems(blocks: Iterable[object], files: Mapping[str, Kept]) -> list[str]:
    """What Slack says of image blocks that show no image of ours."""
    problems = []
    for place, block in enumerate(blocks):
        shown = block.get("slack_file") if isinstance(block, dict) and block.get("type") == "image" else None
        if not shown:
            continue
        kept = files.get(str(shown.get("id"))) if isinstance(shown, dict) and set(shown) == {"id"} else None
        if kept is None or not kept.complete or not kept.name.endswith(SHOWN):
            problems.append(f"[ERROR] invalid slack file [json-pointer:/blocks/{place}/slack_file]")
    return problems
