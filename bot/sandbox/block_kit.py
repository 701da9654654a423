"""Slack's limits on blocks and views, checked strictly: what Slack would refuse is refused here, in its words.

Sources: Slack's pages "Block Kit" reference and "Views", the doc comments of @slack/types, slack_sdk.models.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from bot.sandbox.block_rules import BLOCK_TYPES, block_complaints
from bot.sandbox.complaints import Complaints
from bot.sandbox.roster import Json

MESSAGE_BLOCKS = 50
VIEW_BLOCKS = 100
VIEW_BYTES = 250_000
MARKDOWN_CHARACTERS = 12_000
# What a sent view may carry; a received one has more (id, state, hash, ...), which must not be sent back.
VIEW_KEYS = {
    "type",
    "title",
    "submit",
    "close",
    "blocks",
    "private_metadata",
    "callback_id",
    "clear_on_close",
    "notify_on_close",
    "external_id",
    "submit_disabled",
}
BUTTON_LABELS = ("title", "submit", "close")


def message_problems(blocks: object) -> list[str]:
    """What Slack would say against the blocks of a message; empty when it takes them."""
    said = Complaints()
    _check_blocks(blocks, MESSAGE_BLOCKS, "message", said)
    return said.lines


def view_problems(view: object) -> list[str]:
    """What Slack would say against a modal or Home tab; empty when it takes it."""
    said = Complaints()
    if not isinstance(view, dict):
        said.add("must provide an object", "/view")
        return said.lines
    kind = view.get("type")
    if kind not in ("modal", "home"):
        said.add("failed to match all allowed schemas", "/view/type")
        return said.lines
    for key in view:
        if key not in VIEW_KEYS:
            said.add(f"additional property: {key}", "/view")
    if kind == "modal":
        _check_labels(view, said)
    if len(str(view.get("private_metadata", ""))) > 3000:
        said.add("must be less than 3001 characters", "/view/private_metadata")
    for key in ("callback_id", "external_id"):
        if len(str(view.get(key, ""))) > 255:
            said.add("must be less than 256 characters", f"/view/{key}")
    _check_blocks(view.get("blocks"), VIEW_BLOCKS, str(kind), said, root="/view/blocks")
    blocks = view.get("blocks")
    has_inputs = isinstance(blocks, list) and any(isinstance(b, dict) and b.get("type") == "input" for b in blocks)
    if kind == "modal" and has_inputs and not view.get("submit"):
        said.add("must define `submit` to use an `input` block in modals", "/view")
    if _focused(blocks) > 1:
        said.add("only one element can have focus_on_load", "/view/blocks")
    return said.lines


def too_large(view: Json) -> bool:
    """Whether a view is above Slack's 250 kB (`view_too_large`)."""
    return len(json.dumps(view).encode()) > VIEW_BYTES


def _check_labels(view: Json, said: Complaints) -> None:
    if "title" not in view:
        said.add("missing required field: title", "/view")
    for key in BUTTON_LABELS:
        label = view.get(key)
        if label is None:
            continue
        said.text(label, 24, f"/view/{key}", plain=True)


def _check_blocks(blocks: object, limit: int, surface: str, said: Complaints, root: str = "/blocks") -> None:
    if not isinstance(blocks, list):
        said.add(
            "missing required field: blocks" if blocks is None else "must be an array", root.rpartition("/")[0] or root
        )
        return
    if len(blocks) > limit:
        said.add(f"no more than {limit} items allowed", root)
    seen: set[str] = set()
    markdown = 0
    for place, block in enumerate(blocks):
        where = f"{root}/{place}"
        if not isinstance(block, dict):
            said.add("must provide an object", where)
            continue
        kind = block.get("type")
        if kind not in BLOCK_TYPES or surface not in BLOCK_TYPES[kind]:
            said.add(f"unsupported type: {kind}", f"{where}/type")
            continue
        block_id = block.get("block_id")
        if block_id is not None:
            if not isinstance(block_id, str) or len(block_id) > 255:
                said.add("must be less than 256 characters", f"{where}/block_id")
            elif block_id in seen:
                said.add(f"block_id `{block_id}` already exists", f"{where}/block_id")
            else:
                seen.add(block_id)
        if kind == "markdown":
            markdown += len(str(block.get("text", "")))
        block_complaints(block, where, said)
    if markdown > MARKDOWN_CHARACTERS:
        said.add(f"must be less than {MARKDOWN_CHARACTERS + 1} characters", root)


def _focused(node: Any) -> int:
    if isinstance(node, dict):
        return int(node.get("focus_on_load") is True) + sum(_focused(v) for v in node.values())
    if isinstance(node, list):
        return sum(_focused(v) for v in node)
    return 0


def with_ids(blocks: Sequence[Json], new_id: Any) -> list[Json]:
    """The blocks as Slack gives them back: ids everywhere, text objects with their `emoji` and `verbatim`."""
    named: list[Json] = []
    for block in blocks:
        copy = json.loads(json.dumps(block))
        _spell_out(copy)
        copy.setdefault("block_id", new_id())
        for element in elements_of(copy):
            if element.get("type") in ("mrkdwn", "plain_text", "image"):
                continue
            element.setdefault("action_id", new_id())
        named.append(copy)
    return named


def _spell_out(node: Any) -> None:
    if isinstance(node, list):
        for part in node:
            _spell_out(part)
    elif isinstance(node, dict):
        if node.get("type") == "plain_text":
            node.setdefault("emoji", True)
        elif node.get("type") == "mrkdwn":
            node.setdefault("verbatim", False)
        for part in node.values():
            _spell_out(part)


def elements_of(block: Json) -> list[Json]:
    """The elements of a block that a person can act on: of actions and context, an accessory, an input's element."""
    found = [*block.get("elements", ())] if block.get("type") in ("actions", "context", "context_actions") else []
    found += [block[key] for key in ("accessory", "element") if isinstance(block.get(key), dict)]
    return found
