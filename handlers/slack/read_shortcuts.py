"""Reads shortcuts: "Track this" and "Raise an exception" on a message, "New item" from anywhere, each as a Command.

Source: Slack's pages "Message shortcuts" and "Global shortcuts" (payloads `message_action` and `shortcut`).
"""

from __future__ import annotations

from datetime import datetime

from handlers.slack.read import pointed_at
from handlers.slack.wire import WORKSPACE, Ignored, Us, identity, mapping, moment, needed, string
from rules.events import Command, Verb

#: callback_id of manifest.yml -> what it does; on a message, and without one.
ON_A_MESSAGE: dict[str, Verb] = {"docket:track": "new", "docket:except": "except"}
ANYWHERE: dict[str, Verb] = {"docket:new": "new"}


def read_shortcut(payload: object, us: Us, at: datetime) -> Command | Ignored:
    """What somebody chose, at `at` (UTC), from a message's menu or from the shortcuts. Raises Malformed.

    The name of the message's channel is not always told (`privategroup`, `directmessage`): it takes a call.
    """
    body = mapping(payload)
    on_a_message = body.get("type") == "message_action"
    verb = (ON_A_MESSAGE if on_a_message else ANYWHERE).get(string(body.get("callback_id")))
    if verb is None:
        return Ignored("a shortcut that this version does not know")
    place = needed(mapping(body.get("channel")), "id", "a shortcut on a message") if on_a_message else ""
    message = pointed_at(mapping(body.get("message")), place, us) if on_a_message else None
    chosen = string(body.get("action_ts"))
    return Command(
        # A trigger_id is given once, to one person's one act.
        id=f"slack:{us.team}:trigger:{needed(body, 'trigger_id', 'a shortcut')}",
        workspace=WORKSPACE,
        at=moment(chosen) if chosen else at,
        by=identity(needed(mapping(body.get("user")), "id", "a shortcut")),
        via="slack",
        verb=verb,
        place=place,
        message=message,
    )
