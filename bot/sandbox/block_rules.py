"""The rules of each kind of block: lengths, counts, what must be there."""

from __future__ import annotations

from collections.abc import Callable

from bot.sandbox.complaints import Complaints
from bot.sandbox.element_rules import IN_ACTIONS, IN_SECTION, INPUTS, element_complaints
from bot.sandbox.roster import Json

EVERYWHERE = frozenset({"message", "modal", "home"})
MESSAGE = frozenset({"message"})
BLOCK_TYPES: dict[object, frozenset[str]] = {
    "section": EVERYWHERE,
    "header": EVERYWHERE,
    "divider": EVERYWHERE,
    "context": EVERYWHERE,
    "actions": EVERYWHERE,
    "image": EVERYWHERE,
    "input": EVERYWHERE,
    "rich_text": EVERYWHERE,
    "video": EVERYWHERE,
    "markdown": MESSAGE,
    "table": MESSAGE,
}


def block_complaints(block: Json, where: str, said: Complaints) -> None:
    """What is wrong with one block of a known type."""
    rule = _RULES.get(str(block["type"]))
    if rule:
        rule(block, where, said)


def _section(block: Json, where: str, said: Complaints) -> None:
    if block.get("text") is None and block.get("fields") is None:
        said.add("missing required field: text or fields", where)
    if block.get("text") is not None:
        said.text(block["text"], 3000, f"{where}/text")
    if block.get("fields") is not None:
        for place, field in enumerate(said.items(block["fields"], 10, f"{where}/fields")):
            said.text(field, 2000, f"{where}/fields/{place}")
    if block.get("accessory") is not None:
        element_complaints(block["accessory"], IN_SECTION, f"{where}/accessory", said)


def _header(block: Json, where: str, said: Complaints) -> None:
    if said.needed(block, "text", where):
        said.text(block["text"], 150, f"{where}/text", plain=True)


def _context(block: Json, where: str, said: Complaints) -> None:
    for place, element in enumerate(said.items(block.get("elements"), 10, f"{where}/elements")):
        here = f"{where}/elements/{place}"
        if isinstance(element, dict) and element.get("type") == "image":
            element_complaints(element, {"image"}, here, said)
        else:
            said.text(element, 2000, here)


def _actions(block: Json, where: str, said: Complaints) -> None:
    seen: set[str] = set()
    for place, element in enumerate(said.items(block.get("elements"), 25, f"{where}/elements")):
        here = f"{where}/elements/{place}"
        element_complaints(element, IN_ACTIONS, here, said)
        action = element.get("action_id") if isinstance(element, dict) else None
        if isinstance(action, str):
            if action in seen:
                said.add(f"`action_id` {action} already exists", f"{here}/action_id")
            seen.add(action)


def _image(block: Json, where: str, said: Complaints) -> None:
    if not block.get("slack_file"):
        said.length(block.get("image_url"), 3000, f"{where}/image_url", least=1)
    if said.needed(block, "alt_text", where):
        said.length(block["alt_text"], 2000, f"{where}/alt_text")
    if block.get("title") is not None:
        said.text(block["title"], 2000, f"{where}/title", plain=True)


def _input(block: Json, where: str, said: Complaints) -> None:
    if said.needed(block, "label", where):
        said.text(block["label"], 2000, f"{where}/label", plain=True)
    if block.get("hint") is not None:
        said.text(block["hint"], 2000, f"{where}/hint", plain=True)
    if said.needed(block, "element", where):
        element_complaints(block["element"], INPUTS, f"{where}/element", said)


def _markdown(block: Json, where: str, said: Complaints) -> None:
    said.length(block.get("text"), 12_000, f"{where}/text", least=1)


def _rich_text(block: Json, where: str, said: Complaints) -> None:
    said.items(block.get("elements"), 1000, f"{where}/elements", least=0)


def _table(block: Json, where: str, said: Complaints) -> None:
    for place, row in enumerate(said.items(block.get("rows"), 100, f"{where}/rows")):
        said.items(row, 20, f"{where}/rows/{place}")


def _video(block: Json, where: str, said: Complaints) -> None:
    for key in ("video_url", "thumbnail_url", "alt_text", "title"):
        said.needed(block, key, where)


_RULES: dict[str, Callable[[Json, str, Complaints], None]] = {
    "section": _section,
    "header": _header,
    "context": _context,
    "actions": _actions,
    "image": _image,
    "input": _input,
    "markdown": _markdown,
    "rich_text": _rich_text,
    "table": _table,
    "video": _video,
}
