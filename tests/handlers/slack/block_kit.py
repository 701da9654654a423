"""Block Kit's limits, checked at the strictest: lengths in UTF-16 units, ids unique, only fields that Slack knows.

Sources: Slack's Block Kit reference, "Views", "Formatting message text".
"""

from __future__ import annotations

import json
import re
from typing import Any

Json = dict[str, Any]

TEXT_OBJECT = {"plain_text": {"type", "text", "emoji"}, "mrkdwn": {"type", "text", "verbatim"}}
FIELDS = {
    "section": {"type", "text", "accessory", "block_id"},
    "context": {"type", "elements", "block_id"},
    "actions": {"type", "elements", "block_id"},
    "input": {"type", "block_id", "label", "optional", "dispatch_action", "element", "hint"},
    "button": {"type", "action_id", "text", "value", "style"},
    "overflow": {"type", "action_id", "options"},
    "static_select": {"type", "action_id", "options", "placeholder", "initial_option"},
    "users_select": {"type", "action_id"},
    "plain_text_input": {"type", "action_id", "multiline", "max_length", "initial_value"},
    "header": {"type", "text", "block_id"},
    "image": {"type", "slack_file", "alt_text", "title"},
    "home": {"type", "blocks", "private_metadata", "callback_id"},
    "modal": {"type", "title", "submit", "close", "blocks", "private_metadata", "callback_id"},
}
#: What mrkdwn may hold between angle brackets: our own tokens and nothing else.
TOKEN = re.compile(r"<(?:@[UW][A-Z0-9]+|!date\^-?\d+\^[^^<>|]+\|[^<>|]+|https?://[^\s<>|\"]+(?:\|[^<>|]+)?)>")
ENTITY = re.compile(r"&(?:amp|lt|gt);")


def units(text: str) -> int:
    """UTF-16 units; fails on a lone surrogate, which no transport takes."""
    return len(text.encode("utf-16-le")) // 2


def check_message(text: str, blocks: list[Json]) -> None:
    """Raises AssertionError, naming the place, where Slack could refuse chat.postMessage or chat.update."""
    assert 1 <= units(text) <= 4000, f"fallback of {units(text)} units"
    check_mrkdwn(text, "fallback")
    assert 1 <= len(blocks) <= 50, f"{len(blocks)} blocks"
    _check_blocks(blocks, {"section", "context", "actions", "image"})
    json.dumps(blocks).encode()


def check_view(view: Json) -> None:
    """The same for views.open and views.update."""
    _fields(view, "modal", "view")
    for name in ("title", "submit", "close"):
        if name in view:
            _text(view[name], 24, f"view.{name}", {"plain_text"})
    assert "title" in view
    assert 1 <= len(view["blocks"]) <= 100
    assert units(view.get("private_metadata", "")) <= 3000, "private_metadata"
    assert units(view.get("callback_id", "")) <= 255
    _check_blocks(view["blocks"], {"section", "context", "input"})
    assert "submit" in view or all(b["type"] != "input" for b in view["blocks"]), "inputs need a submit"
    assert len(json.dumps(view).encode()) <= 250_000, "view_too_large"


def check_home(view: Json) -> None:
    """The same for views.publish."""
    _fields(view, "home", "view")
    assert 1 <= len(view["blocks"]) <= 100, f"{len(view['blocks'])} blocks"
    assert units(view.get("private_metadata", "")) <= 3000, "private_metadata"
    assert units(view.get("callback_id", "")) <= 255
    _check_blocks(view["blocks"], {"header", "section", "context", "actions"})
    assert len(json.dumps(view).encode()) <= 250_000, "view_too_large"


def check_mrkdwn(text: str, where: str) -> None:
    """Only our own tokens, only the three entities: nothing of a stranger's acts."""
    bare = ENTITY.sub("", TOKEN.sub("", text))
    assert not re.search(r"[<>&]", re.sub(r"^>", "", bare, flags=re.MULTILINE)), f"{where}: {bare[:200]!r}"


def _check_blocks(blocks: list[Json], allowed: set[str]) -> None:
    ids = [b["block_id"] for b in blocks if "block_id" in b]
    assert len(ids) == len(set(ids)), "block_ids twice"
    assert all(1 <= units(i) <= 255 for i in ids), "block_id length"
    for number, block in enumerate(blocks):
        where = f"blocks[{number}] {block['type']}"
        assert block["type"] in allowed, where
        _fields(block, block["type"], where)
        match block["type"]:
            case "section":
                _text(block["text"], 3000, where, {"mrkdwn"})
                if "accessory" in block:
                    _element(block["accessory"], where)
            case "image":
                assert block["slack_file"].keys() == {"id"}, where
                assert 1 <= units(block["alt_text"]) <= 2000, where
                _text(block["title"], 2000, where, {"plain_text"})
            case "header":
                _text(block["text"], 150, where, {"plain_text"})
            case "context":
                assert 1 <= len(block["elements"]) <= 10, where
                for element in block["elements"]:
                    _text(element, 3000, where, {"mrkdwn"})
            case "actions":
                elements = block["elements"]
                assert 1 <= len(elements) <= 5, f"{where}: {len(elements)} elements"
                action_ids = [e["action_id"] for e in elements]
                assert len(action_ids) == len(set(action_ids)), f"{where}: action_ids twice"
                for element in elements:
                    _element(element, where)
            case "input":
                _text(block["label"], 2000, where, {"plain_text"})
                if "hint" in block:
                    _text(block["hint"], 2000, where, {"plain_text"})
                _element(block["element"], where)


def _element(element: Json, where: str) -> None:
    kind = element["type"]
    where = f"{where} > {kind}"
    _fields(element, kind, where)
    assert 1 <= units(element["action_id"]) <= 255, where
    match kind:
        case "button":
            _text(element["text"], 75, where, {"plain_text"})
            assert units(element["value"]) <= 2000, where
            assert element.get("style", "primary") in ("primary", "danger"), where
        case "overflow":
            assert 1 <= len(element["options"]) <= 5, where
            _options(element["options"], where)
        case "static_select":
            assert 1 <= len(element["options"]) <= 100, where
            _options(element["options"], where)
            if "placeholder" in element:
                _text(element["placeholder"], 150, where, {"plain_text"})
            if "initial_option" in element:
                assert element["initial_option"] in element["options"], where
        case "plain_text_input":
            assert units(element.get("initial_value", "")) <= 3000, where
            assert 1 <= element["max_length"] <= 3000, where


def _options(options: list[Json], where: str) -> None:
    for option in options:
        assert option.keys() <= {"text", "value", "description"}, where
        _text(option["text"], 75, where, {"plain_text"})
        assert 1 <= units(option["value"]) <= 150, where
        if "description" in option:
            _text(option["description"], 75, where, {"plain_text"})


def _text(text: Json, limit: int, where: str, kinds: set[str]) -> None:
    assert text["type"] in kinds, where
    assert text.keys() <= TEXT_OBJECT[text["type"]], where
    assert 1 <= units(text["text"]) <= limit, f"{where}: {units(text['text'])} of {limit} units"
    assert text["text"].strip(), f"{where}: nothing to see"
    if text["type"] == "mrkdwn":
        check_mrkdwn(text["text"], where)
        assert text["verbatim"] is True, f"{where}: Slack would parse names and addresses in it"


def _fields(value: Json, kind: str, where: str) -> None:
    assert value.keys() <= FIELDS[kind], f"{where}: {value.keys() - FIELDS[kind]}"
