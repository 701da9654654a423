"""Writes a Form as a modal, and what a submitted form is answered with: errors under a field, another view, or nothing.

Source of the limits: Slack's pages "Views" and the Block Kit reference (input, select, option).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

from handlers.slack import carried
from handlers.slack.buttons import OPTION_UNITS, OPTION_VALUE_UNITS, SELECT_OPTIONS, Block, label, packed
from handlers.slack.mrkdwn import Reader, cut, lines, size, spoken, tame
from handlers.slack.read_actions import PREFIX, REDRAW
from handlers.slack.wire import string
from handlers.slack.write import context, joined, message_blocks, section
from rules.messages import Blank, Choice, Form, Message, Reply

TITLE_UNITS = 24
METADATA_UNITS = 3000
INPUT_UNITS = 3000
#: Of a message so much travels, as long as there is room.
MESSAGE_UNITS = (METADATA_UNITS, 1500, 700, 300, 100, 0)
VIEW_BLOCKS = 100
#: Slack allows 250 kB for a whole view; its titles and metadata take up to 20.
VIEW_BYTES = 230_000
BLANKS = 40
BLOCK_ID_UNITS = 255
#: The action_id of every input: its blank's name stands in the block_id, for errors are keyed by that.
INPUT = "value"


def view(form: Form, reader: Reader, prompt: str = "") -> Block:
    """The modal. Each blank is an input whose block_id is `{number}:{name}`; at most 40 blanks are shown.

    `prompt`: the ts of the question that opened it, which is answered when it is submitted.
    """
    blanks = form.blanks[:BLANKS]
    texts = joined(lines(form.lines, reader))
    blocks = [section(text) for text in texts[:10]] + ([context("…")] if len(texts) > 10 else [])
    for number, blank in enumerate(blanks):
        blocks.append(_input(number, blank))
        blocks += _meanings(blank.choices, reader)
    made = {
        **_modal(form.title, close="Cancel"),
        "callback_id": PREFIX + form.verb,
        "private_metadata": metadata(form, prompt),
        "blocks": _within(blocks) or [section("-")],
    }
    # A modal with inputs must have its button; one without has nothing to submit but itself.
    return {**made, "submit": label(form.submit, TITLE_UNITS)}


def message_view(said: Message, reader: Reader, title: str = "Docket") -> Block:
    """A modal that only says something: how a refusal or a late result takes the place of a form."""
    blocks = [block for block in message_blocks(said, reader) if block["type"] != "actions"]
    return {**_modal(title, close="Close"), "blocks": blocks or [section("-")]}


def metadata(form: Form, prompt: str = "") -> str:
    """What must come back with the form, as JSON of at most 3,000 units: its command, what it showed, its message.

    A long message is cut: it is read again where it stands. Where `shown` is too long, its SHA-256 travels as `digest`
    with the values cut to what fits; the listener then asks for the form again and keeps the whole of it if the digest
    is still that one.
    """
    meant: dict[str, Any] = {
        name: cut(value, 200)
        for name in ("verb", "item", "code", "workflow", "place", "place_name")
        if (value := getattr(form, name))
    }
    if form.again:
        meant["again"] = True
    if prompt:
        meant["prompt"] = cut(prompt, 30)
    shown = dict(form.shown)
    for text_units in MESSAGE_UNITS if form.message is not None else (0,):
        if form.message is not None:
            meant["message"] = carried.packed(form.message, text_units)
        if size(whole := packed({**meant, "shown": shown})) <= METADATA_UNITS:
            return whole
    meant["digest"] = digest(shown)
    for each in (1000, 300, 100, 30, 10):
        cut_values = {name: cut(value, each) for name, value in shown.items()}
        if size(smaller := packed({**meant, "shown": cut_values})) <= METADATA_UNITS:
            return smaller
    return packed({**meant, "shown": {}})


def digest(shown: Mapping[str, str]) -> str:
    """SHA-256 (hex) of what a form showed, over canonical JSON."""
    return hashlib.sha256(json.dumps(dict(shown), sort_keys=True).encode()).hexdigest()


def answer(reply: Reply, submitted: Mapping[str, Any], reader: Reader, prompt: str = "") -> dict[str, Any]:
    """What acknowledges a submission: `errors` under the wrong blank, `update` to a form or refusal, else closing it.

    `submitted` is the view as it came back. A reply that is good news says nothing here: it goes out privately.
    """
    if reply.form is not None:
        return {"response_action": "update", "view": view(reply.form, reader, prompt)}
    if reply.refused and (errors := _errors(reply, submitted, reader)):
        return {"response_action": "errors", "errors": errors}
    if reply.refused:
        return {"response_action": "update", "view": message_view(reply.message, reader)}
    return {"response_action": "clear"}


def _errors(reply: Reply, submitted: Mapping[str, Any], reader: Reader) -> dict[str, str]:
    """What is said under which input, by its block_id: all that is wrong at once, where the reply tells it apart."""
    apart = {block_of(blank, submitted): cut(tame(problem), 1000) for blank, problem in reply.blanks.items()}
    if errors := {block_id: problem for block_id, problem in apart.items() if block_id and problem}:
        return errors
    block_id = block_of(reply.blank, submitted)
    return {block_id: said(reply.message, reader)} if block_id else {}


def block_of(blank: str, submitted: Mapping[str, Any]) -> str:
    """The block_id of a blank in a submitted view; "" where it has none of that name."""
    blocks = submitted.get("blocks")
    ids = [str(block.get("block_id", "")) for block in blocks if isinstance(block, dict)] if blocks else []
    return next((block_id for block_id in ids if blank and block_id.partition(":")[2] == blank), "")


def first_block(submitted: Mapping[str, Any]) -> str:
    """The block_id of a submitted view's first input, where a failure can be said without losing what was typed."""
    blocks = submitted.get("blocks") or []
    inputs = [b for b in blocks if isinstance(b, dict) and b.get("type") == "input"]
    return str(inputs[0].get("block_id", "")) if inputs else ""


def said(message: Message, reader: Reader) -> str:
    """A message in one plain sentence or two, for the place under a field."""
    return (
        cut(" ".join(filter(None, (spoken(line, reader) for line in (message.headline, *message.lines)))), 1000) or "-"
    )


def _within(blocks: list[Block]) -> list[Block]:
    """As many blocks as a view holds, in number and in bytes; only absurd rulebooks lose any."""
    blocks = blocks[:VIEW_BLOCKS]
    while blocks and len(json.dumps(blocks)) > VIEW_BYTES:
        blocks.pop()
    return blocks


def _modal(title: str, *, close: str) -> Block:
    return {"type": "modal", "title": label(title, TITLE_UNITS), "close": label(close, TITLE_UNITS)}


def _input(number: int, blank: Blank) -> Block:
    element = _element(blank)
    made: Block = {
        "type": "input",
        "block_id": cut(string(f"{number}:{blank.name}"), BLOCK_ID_UNITS),
        "label": label(blank.label, 2000),
        "optional": not blank.required,
        "element": element,
    }
    if element["action_id"] == REDRAW:
        made["dispatch_action"] = True  # else Slack tells of a choice only when the form is submitted
    left_out = len(blank.choices) - len(_options(blank.choices)) if blank.kind in ("choice", "person") else 0
    hint = " ".join(filter(None, (blank.hint, f"{left_out} more can only be typed." if left_out else "")))
    if hint:
        made["hint"] = label(hint, 2000)
    return made


def _element(blank: Blank) -> Block:
    options = _options(blank.choices) if blank.kind in ("choice", "person") else []
    if options:
        action_id = REDRAW if blank.redraws else INPUT
        element: Block = {"type": "static_select", "action_id": action_id, "options": options}
        chosen = next((option for option in options if option["value"] == blank.initial), None)
        return {**element, "initial_option": chosen} if chosen else element
    if blank.kind == "person":
        return {"type": "users_select", "action_id": INPUT}
    element = {
        "type": "plain_text_input",
        "action_id": INPUT,
        "multiline": blank.kind == "long",
        "max_length": INPUT_UNITS,
    }
    return {**element, "initial_value": cut(string(blank.initial), INPUT_UNITS)} if blank.initial else element


def _options(choices: Sequence[Choice]) -> list[Block]:
    """The first hundred choices; one whose value does not fit is left out, for a cut value would be another one."""
    fitting = {c.value: c for c in choices if 0 < size(string(c.value)) <= OPTION_VALUE_UNITS}
    return [_option(choice) for choice in list(fitting.values())[:SELECT_OPTIONS]]


def _option(choice: Choice) -> Block:
    option: Block = {"text": label(choice.label, OPTION_UNITS), "value": string(choice.value)}
    return {**option, "description": label(choice.meaning, OPTION_UNITS)} if choice.meaning else option


def _meanings(choices: Sequence[Choice], reader: Reader) -> list[Block]:
    """Meanings that an option has no room for, whole, below the select."""
    if all(size(choice.meaning) <= OPTION_UNITS for choice in choices):
        return []
    texts = joined(lines(((f"{c.label}: {c.meaning}",) for c in choices if c.meaning), reader, 1000), 2000)
    return [context(text) for text in texts[:1]]
