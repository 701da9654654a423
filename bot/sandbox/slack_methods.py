"""Web API methods about messages, reactions and views. Sources: the method pages of docs.slack.dev."""

from __future__ import annotations

import re
from collections.abc import Callable

from bot.sandbox.block_kit import with_ids
from bot.sandbox.messages import block_id
from bot.sandbox.roster import Channel, Json
from bot.sandbox.slack_call import Call
from bot.sandbox.unfurling import unfurl
from bot.sandbox.views import Refused

UPDATE_CHARACTERS = 4_000


def post_message(call: Call) -> Json:
    call.needs("chat:write")
    channel = call.place()
    text, blocks = call.content()
    more = {k: v for k, v in (("metadata", call.metadata()),) if v}
    message = call.workspace.post_as_bot(channel, text, blocks, call.text("thread_ts"), **more)
    return {"channel": channel.id, "ts": message["ts"], "message": _seen(message)}


def update(call: Call) -> Json:
    call.needs("chat:write")
    channel = call.channel()
    message = _message(call, channel)
    if message.get("bot_id") != call.workspace.app.bot_id or message.get("subtype") == "tombstone":
        raise Refused("cant_update_message")
    text, blocks = call.arguments.get("text"), call.blocks()
    if text is None and blocks is None and call.arguments.get("attachments") is None:
        raise Refused("no_text")
    if len(str(text or "")) > UPDATE_CHARACTERS:
        raise Refused("msg_too_long")
    changes: Json = {}
    if text is not None:
        changes["text"] = str(text)
    if blocks is not None or text is not None:
        # Text without blocks takes the blocks away; an empty list does so too.
        changes["blocks"] = with_ids(blocks, block_id) if blocks else None
    if (metadata := call.metadata()) is not None:
        changes["metadata"] = metadata
    # Blocks alone don't show "(edited)".
    editor = call.workspace.app.bot_user if text is not None else ""
    changed = call.workspace.edit(channel, message["ts"], changes, editor)
    return {"channel": channel.id, "ts": message["ts"], "text": changed["text"], "message": _seen(changed)}


def delete(call: Call) -> Json:
    call.needs("chat:write")
    channel = call.channel()
    message = _message(call, channel)
    if message.get("bot_id") != call.workspace.app.bot_id:
        raise Refused("cant_delete_message")
    call.workspace.delete(channel, message["ts"])
    return {"channel": channel.id, "ts": message["ts"]}


def post_ephemeral(call: Call) -> Json:
    call.needs("chat:write")
    channel = call.place()
    user = call.text("user")
    if user not in channel.members:
        raise Refused("user_not_in_channel")
    text, blocks = call.content()
    message = call.workspace.bot_message(text, blocks) | {"is_ephemeral": True}
    if call.text("thread_ts"):
        message["thread_ts"] = call.text("thread_ts")
    call.workspace.whisper(user, channel, message)
    return {"message_ts": message["ts"]}


def get_permalink(call: Call) -> Json:
    channel = call.channel()
    if call.text("message_ts") not in channel.messages:
        raise Refused("message_not_found")
    link = call.workspace.permalink(channel, channel.messages[call.text("message_ts")])
    return {"channel": channel.id, "permalink": link}


def add_reaction(call: Call) -> Json:
    call.needs("reactions:write")
    channel = call.channel()
    message = _message(call, channel, "timestamp")
    name = call.text("name").strip(":")
    if not re.fullmatch(r"[a-z0-9_+'-]+(::skin-tone-[2-6])?", name):
        raise Refused("invalid_name")
    call.workspace.react(call.workspace.users[call.workspace.app.bot_user], channel, message["ts"], name)
    return {}


def get_reactions(call: Call) -> Json:
    call.needs("reactions:read")
    channel = call.channel()
    message = _message(call, channel, "timestamp")
    return {"type": "message", "channel": channel.id, "message": _seen(message)}


def open_view(call: Call) -> Json:
    return {"view": _shown(call, call.workspace.views.open(_trigger(call), call.view()))}


def push_view(call: Call) -> Json:
    return {"view": _shown(call, call.workspace.views.push(_trigger(call), call.view()))}


def update_view(call: Call) -> Json:
    view = call.view()
    ids = (call.text("view_id"), call.text("external_id"))
    if not any(ids):
        raise Refused("invalid_arguments", ["[ERROR] missing required field: view_id or external_id"])
    return {"view": _shown(call, call.workspace.views.update(view, *ids, call.text("hash")))}


def publish_view(call: Call) -> Json:
    if not call.workspace.app.home_tab:
        raise Refused("not_enabled")
    user, view = call.user("user_id"), call.view()
    if view["type"] != "home":
        raise Refused("invalid_arguments", ["[ERROR] failed to match all allowed schemas [json-pointer:/view/type]"])
    return {"view": _shown(call, call.workspace.views.publish(user.id, view, call.text("hash")))}


def _trigger(call: Call) -> str:
    trigger = call.text("trigger_id") or call.text("interactivity_pointer")
    if not trigger:
        raise Refused("invalid_arguments", ["[ERROR] missing required field: trigger_id"])
    return trigger


def _shown(call: Call, view: Json) -> Json:
    call.workspace.changed()
    return view


def _message(call: Call, channel: Channel, name: str = "ts") -> Json:
    ts = call.text(name)
    if not re.fullmatch(r"\d+\.\d+", ts):
        raise Refused("bad_timestamp" if name == "timestamp" else "message_not_found")
    return call.workspace.message(channel, ts)


def _seen(message: Json) -> Json:
    """A message as answers show it; thread roll-ups and reactions are there, the ephemeral mark isn't Slack's."""
    return {k: v for k, v in message.items() if k != "is_ephemeral"}


METHODS: dict[str, Callable[[Call], Json]] = {
    "chat.postMessage": post_message,
    "chat.update": update,
    "chat.delete": delete,
    "chat.postEphemeral": post_ephemeral,
    "chat.getPermalink": get_permalink,
    "chat.unfurl": unfurl,
    "reactions.add": add_reaction,
    "reactions.get": get_reactions,
    "views.open": open_view,
    "views.push": push_view,
    "views.update": update_view,
    "views.publish": publish_view,
}
