"""What a person has filled in: Slack's `state.values` and `actions` from blocks and raw values; pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bot.sandbox.block_kit import elements_of
from bot.sandbox.roster import Json

Raw = Any  # a string, a list of strings, or None, as a page's form field gives it
Filled = Mapping[str, Mapping[str, Raw]]  # block_id -> action_id -> raw value

# element type -> (key in the state, key of what stood there beforehand)
SINGLE = {
    "plain_text_input": ("value", "initial_value"),
    "email_text_input": ("value", "initial_value"),
    "url_text_input": ("value", "initial_value"),
    "number_input": ("value", "initial_value"),
    "datepicker": ("selected_date", "initial_date"),
    "timepicker": ("selected_time", "initial_time"),
    "datetimepicker": ("selected_date_time", "initial_date_time"),
    "users_select": ("selected_user", "initial_user"),
    "channels_select": ("selected_channel", "initial_channel"),
    "conversations_select": ("selected_conversation", "initial_conversation"),
}
MANY = {
    "multi_users_select": ("selected_users", "initial_users"),
    "multi_channels_select": ("selected_channels", "initial_channels"),
    "multi_conversations_select": ("selected_conversations", "initial_conversations"),
}
ONE_OPTION = {"static_select", "external_select", "radio_buttons"}
SOME_OPTIONS = {"multi_static_select", "multi_external_select", "checkboxes"}


def options_of(element: Json) -> list[Json]:
    """All options of a select, overflow, checkboxes or radio buttons, groups unfolded."""
    grouped = [option for group in element.get("option_groups") or () for option in group["options"]]
    return [*(element.get("options") or ()), *grouped]


def pick(element: Json, wanted: str) -> Json | None:
    """The option with that value, or with that text."""
    options = options_of(element)
    return next(
        (o for o in options if o["value"] == wanted), next((o for o in options if o["text"]["text"] == wanted), None)
    )


def entry(element: Json, raw: Raw, touched: bool) -> Json | None:
    """One element's entry of `state.values`; None for buttons and other elements without state."""
    kind = element["type"]
    if kind in SINGLE:
        key, initial = SINGLE[kind]
        return {"type": kind, key: (raw or None) if touched else element.get(initial)}
    if kind in MANY:
        key, initial = MANY[kind]
        return {"type": kind, key: list(raw or ()) if touched else element.get(initial) or []}
    if kind in ONE_OPTION:
        chosen = pick(element, raw) if touched and raw else None if touched else element.get("initial_option")
        return {"type": kind, "selected_option": chosen}
    if kind in SOME_OPTIONS:
        some = [o for o in (pick(element, r) for r in raw or ()) if o] if touched else element.get("initial_options")
        return {"type": kind, "selected_options": some or []}
    return None


def state_of(blocks: Sequence[Json], filled: Filled) -> Json:
    """`{"values": {block_id: {action_id: entry}}}` for every element that has state."""
    values: dict[str, Json] = {}
    for block in blocks:
        for element in elements_of(block):
            if "action_id" not in element:
                continue
            given = filled.get(block["block_id"], {})
            found = entry(element, given.get(element["action_id"]), element["action_id"] in given)
            if found is not None:
                values.setdefault(block["block_id"], {})[element["action_id"]] = found
    return {"values": values}


def unfilled(blocks: Sequence[Json], state: Json) -> dict[str, str]:
    """What Slack's own form refuses before the app hears of it: block_id to sentence."""
    refused: dict[str, str] = {}
    for block in blocks:
        if block["type"] != "input":
            continue
        element = block["element"]
        got = next(iter(v for k, v in state["values"][block["block_id"]][element["action_id"]].items() if k != "type"))
        if not got and not block.get("optional"):
            refused[block["block_id"]] = "Please complete this required field."
        elif isinstance(got, str) and len(got) < element.get("min_length", 0):
            refused[block["block_id"]] = f"Enter at least {element['min_length']} characters."
        elif isinstance(got, str) and len(got) > element.get("max_length", 3000):
            refused[block["block_id"]] = f"Enter at most {element.get('max_length', 3000)} characters."
    return refused


def action_of(block: Json, element: Json, raw: Raw, action_ts: str) -> Json:
    """One entry of `actions` in a block_actions payload."""
    kind = element["type"]
    action: Json = {"type": kind, "action_id": element["action_id"], "block_id": block["block_id"]}
    for key in ("text", "value", "url", "style", "placeholder", "confirm"):
        if key in element:
            action[key] = element[key]
    if kind == "overflow":
        action["selected_option"] = pick(element, raw)
    else:
        action |= {k: v for k, v in (entry(element, raw, True) or {}).items() if k != "type"}
    return action | {"action_ts": action_ts}
