"""Writes what can be done as Block Kit: buttons in rows of five, the rest in a `···` menu.

A button's action_id is `docket:{verb}` (`:2`, ... where a block has the verb twice), its value JSON {item, code}, of a
question's button with {workflow, about}; the menu's action_id is `docket:more`, its options' values JSON {verb, item,
code}. read_actions.py reads them back.
Source of the limits: Slack's Block Kit reference, button, overflow, select and option.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from handlers.slack.mrkdwn import cut, size, tame
from handlers.slack.read_actions import MENU, PREFIX
from handlers.slack.wire import string
from rules.messages import Action

Block = dict[str, Any]

BUTTON_UNITS = 75
VALUE_UNITS = 2000
OPTION_UNITS = 75
OPTION_VALUE_UNITS = 150
OVERFLOW_OPTIONS = 5
SELECT_OPTIONS = 100
#: Slack allows 25 in a block; more than five in a row can't be taken in on a phone.
IN_A_ROW = 5
#: What is beyond two rows of buttons goes into the menu.
AT_MOST = 2 * IN_A_ROW


def action_blocks(actions: Sequence[Action]) -> list[Block]:
    """The actions blocks of a card or row; none for no actions."""
    buttons = [a for a in actions if not _in_menu(a)]
    menu = [a for a in actions if _in_menu(a)] + [a for a in buttons[AT_MOST:] if _fits_menu(a)]
    elements = [button(action) for action in buttons[:AT_MOST]]
    if menu:
        elements.append(_menu(menu[:SELECT_OPTIONS]))
    rows = [elements[start : start + IN_A_ROW] for start in range(0, len(elements), IN_A_ROW)]
    return [{"type": "actions", "elements": _unique(row)} for row in rows]


def button(action: Action) -> Block:
    """One button, as an element of an actions block or beside a section."""
    made: Block = {
        "type": "button",
        "action_id": PREFIX + action.verb,
        "text": label(action.label, BUTTON_UNITS),
        "value": packed(_value(action)),
    }
    if action.style:
        made["style"] = action.style
    return made


def packed(values: Mapping[str, Any]) -> str:
    """Compact JSON for a value or private_metadata; `&<>` as JSON escapes, so that no transport escapes them again."""
    text = string(json.dumps(values, ensure_ascii=False, separators=(",", ":")))
    return text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")


def label(text: str, limit: int) -> dict[str, Any]:
    """A plain_text object within `limit` units, never empty; `:ticket:` in it stays letters."""
    return {"type": "plain_text", "text": cut(tame(" ".join(text.split())).strip(), limit) or "-", "emoji": False}


def _in_menu(action: Action) -> bool:
    return action.more and _fits_menu(action)


def _fits_menu(action: Action) -> bool:
    return size(_option_value(action)) <= OPTION_VALUE_UNITS


def _option_value(action: Action) -> str:
    return packed({"verb": action.verb, **_value(action)})


def _value(action: Action) -> dict[str, str | None]:
    value = {"item": action.item, "code": action.code}
    asked = {"workflow": action.workflow, "about": action.about, "like": action.like}
    return value | {name: said for name, said in asked.items() if said}


def _menu(actions: Sequence[Action]) -> Block:
    options = [{"text": label(a.label, OPTION_UNITS), "value": _option_value(a)} for a in actions]
    if len(options) <= OVERFLOW_OPTIONS:
        return {"type": "overflow", "action_id": MENU, "options": options}
    return {
        "type": "static_select",
        "action_id": MENU,
        "placeholder": {"type": "plain_text", "text": "···", "emoji": False},
        "options": options,
    }


def _unique(elements: Sequence[Block]) -> list[Block]:
    """The elements with action_ids that differ within their block, as Slack wants them."""
    seen: dict[str, int] = {}
    for element in elements:
        name = element["action_id"]
        seen[name] = seen.get(name, 0) + 1
        if seen[name] > 1:
            element["action_id"] = f"{name}:{seen[name]}"
    return list(elements)
