"""Reads what people do to the bot: slash commands, clicks and submitted forms, each as a Command."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast, get_args

from handlers.slack.carried import unpacked
from handlers.slack.spoken import spoken
from handlers.slack.text import words
from handlers.slack.wire import (
    WORKSPACE,
    Ignored,
    Malformed,
    Us,
    identity,
    listing,
    mapping,
    moment,
    needed,
    string,
)
from rules.commands import Misunderstood
from rules.events import Command, Verb

#: What a button's action_id and a form's callback_id begin with; the verb follows.
PREFIX = "docket:"
#: The action_id of a menu: its options name the verb in their value.
MENU = PREFIX + "more"
#: The action_id of a form's select that makes another form of it.
REDRAW = PREFIX + "redraw"

_VERBS = frozenset(get_args(Verb))
#: Blanks of these names are a command's own attributes; a new item's fields may be named like the others.
_ATTRIBUTES = frozenset({"words", "reason_code", "code", "person", "name", "until", "workflow"})
_OF_NEW = frozenset({"words", "workflow"})


@dataclass(frozen=True, slots=True)
class Submission:
    """A submitted form. `digest`: what it showed was too long to travel; only this SHA-256 of it did (see forms.py).

    `prompt`: the ts of the question whose answer it is, in the command's place.
    """

    command: Command
    digest: str = ""
    prompt: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompt:
    """The question that a click answers: its own ts, the ts of the message it is `about`, who alone sees it."""

    ts: str
    about: str
    ephemeral: bool


def read_command(payload: object, us: Us, at: datetime) -> Command | Misunderstood:
    """What was typed after `/docket`, received at `at` (UTC). Raises Malformed."""
    body = mapping(payload)
    return spoken(
        words(body.get("text")),
        id=_trigger(body, us),
        at=at,
        by=identity(needed(body, "user_id", "a command")),
        place=string(body.get("channel_id")),
        place_name=string(body.get("channel_name")),
    )


def read_click(payload: object, us: Us, at: datetime) -> Command | Ignored:
    """A click on one of our buttons or menus; Ignored where the action is none that we know. Raises Malformed."""
    body = mapping(payload)
    actions = listing(body.get("actions"))
    if not actions:
        raise Malformed("a click without actions")
    action = mapping(actions[0])
    action_id = string(action.get("action_id"))
    value = _json(action.get("value") or mapping(action.get("selected_option")).get("value"))
    verb = string(value.get("verb")) if action_id == MENU else action_id.removeprefix(PREFIX).partition(":")[0]
    known = action_id.startswith(PREFIX) and (verb in _VERBS or verb == "open")
    if not known or not (string(value.get("item")) or (verb == "new" and string(value.get("about")))):
        return Ignored("a button that this version does not know")
    channel, container = mapping(body.get("channel")), mapping(body.get("container"))
    clicked = string(action.get("action_ts"))
    return Command(
        id=_trigger(body, us),
        workspace=WORKSPACE,
        at=moment(clicked) if clicked else at,
        by=identity(needed(mapping(body.get("user")), "id", "a click")),
        via="slack",
        # "open" shows the item: its answer holds the link to the thread.
        verb="show" if verb == "open" else cast(Verb, verb),
        item=string(value.get("item")) or None,
        code=string(value.get("code")) or None,
        workflow=string(value.get("workflow")) or None,
        name=string(value.get("like")) or None,
        place=string(channel.get("id")) or string(container.get("channel_id")),
        place_name=string(channel.get("name")),
        thread=string(container.get("thread_ts")) or None,
    )


def read_prompt(payload: object) -> Prompt | None:
    """The question that was answered by a click; None where it was a card's button."""
    body = mapping(payload)
    actions, container = listing(body.get("actions")), mapping(body.get("container"))
    action = mapping(actions[0]) if actions else {}
    value = _json(action.get("value") or mapping(action.get("selected_option")).get("value"))
    about, ts = string(value.get("about")), string(container.get("message_ts"))
    return Prompt(ts=ts, about=about, ephemeral=bool(container.get("is_ephemeral"))) if about and ts else None


def redraws(payload: object) -> bool:
    """Whether something was chosen in a form that makes another form of it."""
    body = mapping(payload)
    actions = listing(body.get("actions"))
    return bool(actions) and string(mapping(actions[0]).get("action_id")) == REDRAW


def read_submission(payload: object, us: Us, at: datetime) -> Submission | Ignored:
    """A form of ours that was submitted, or in which something was chosen, received at `at` (UTC). Raises Malformed.

    Its outside id is the view's id and a hash of what was filled in: a form that came back with an error under a
    field is sent again from the same view, and is then another happening. So is one that was asked `again` in it.
    """
    body = mapping(payload)
    view = mapping(body.get("view"))
    view_id = needed(view, "id", "a submission")
    meant = _json(view.get("private_metadata"))
    verb = string(meant.get("verb"))
    if not string(view.get("callback_id")).startswith(PREFIX) or verb not in _VERBS:
        return Ignored("a form that this version does not know")
    filled = filled_in(view)
    own = _OF_NEW if verb == "new" else _ATTRIBUTES
    given: dict[str, Any] = {name: value for name, value in filled.items() if name in own and value}
    shown = meant.get("shown")
    again = {"again": "1"} if meant.get("again") else {}
    command = Command(
        id=f"slack:{us.team}:view:{view_id}:{_short_hash({**filled, **again})}",
        workspace=WORKSPACE,
        at=at,
        by=identity(needed(mapping(body.get("user")), "id", "a submission")),
        via="slack",
        verb=cast(Verb, verb),
        item=string(meant.get("item")) or None,
        place=string(meant.get("place")),
        place_name=string(meant.get("place_name")),
        fields=filled,
        seen={str(name): string(value) for name, value in shown.items()} if isinstance(shown, dict) else None,
        message=unpacked(meant.get("message"), us),
        **{
            "code": string(meant.get("code")) or None,
            "workflow": string(meant.get("workflow")) or None,
            **given,
        },
    )
    return Submission(command, digest=string(meant.get("digest")), prompt=string(meant.get("prompt")))


def filled_in(view: Mapping[str, Any]) -> dict[str, str]:
    """What stands in a view's inputs, by the blank's name; what was left empty is ""."""
    filled: dict[str, str] = {}
    for block_id, inputs in mapping(mapping(view.get("state")).get("values")).items():
        for element in mapping(inputs).values():
            _, _, name = str(block_id).partition(":")
            filled[name or str(block_id)] = _entered(mapping(element))
    return filled


def _entered(element: Mapping[str, Any]) -> str:
    chosen = string(mapping(element.get("selected_option")).get("value"))
    user = string(element.get("selected_user"))
    # Inputs give plain text: unlike messages it is not escaped.
    return chosen or (identity(user) if user else string(element.get("value")))


def _trigger(body: Mapping[str, Any], us: Us) -> str:
    """A trigger_id is given once, to one person's one act; a payload without one can't be told from its repeat."""
    return f"slack:{us.team}:trigger:{needed(body, 'trigger_id', 'an act')}"


def _json(value: object) -> Mapping[str, Any]:
    """The object in a JSON text; an empty one where there is none (an older button, another program's)."""
    try:
        return mapping(json.loads(string(value)))
    except (ValueError, RecursionError):
        return {}


def _short_hash(filled: Mapping[str, str]) -> str:
    canonical = json.dumps(filled, sort_keys=True, ensure_ascii=True)
    return hashlib.sha256(canonical.encode()).hexdigest()[:16]
