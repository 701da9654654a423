"""Envelopes around what happened, shaped as Slack sends them: event callbacks, commands, interactions; pure."""

from __future__ import annotations

import secrets

from bot.sandbox.roster import Channel, Json, User
from bot.sandbox.slack_app import SlackApp


def event_id() -> str:
    return "Ev0" + secrets.token_hex(5).upper()


def event_callback(app: SlackApp, event: Json, of: str, channel: str) -> Json:
    """The body of an `events_api` envelope; its event_id stays the same in every redelivery."""
    return {
        "token": "sandbox-verification",
        "team_id": app.team_id,
        "api_app_id": app.app_id,
        "event": event,
        "type": "event_callback",
        "event_id": of,
        "event_time": int(float(event["event_ts"])),
        "authorizations": [
            {
                "enterprise_id": None,
                "team_id": app.team_id,
                "user_id": app.bot_user,
                "is_bot": True,
                "is_enterprise_install": False,
            }
        ],
        "is_ext_shared_channel": False,
        "event_context": f"1-{event['type']}-{app.team_id}-{channel}",
    }


def command(app: SlackApp, user: User, channel: Channel, name: str, text: str, trigger: str, response_url: str) -> Json:
    """The payload of a `slash_commands` envelope."""
    return {
        "token": "sandbox-verification",
        "team_id": app.team_id,
        "team_domain": app.team_domain,
        "channel_id": channel.id,
        "channel_name": _place(channel)["name"],
        "user_id": user.id,
        "user_name": user.handle,
        "command": name,
        "text": text,
        "api_app_id": app.app_id,
        "is_enterprise_install": "false",
        "response_url": response_url,
        "trigger_id": trigger,
    }


def _interaction(app: SlackApp, user: User, kind: str, trigger: str) -> Json:
    return {
        "type": kind,
        "user": {"id": user.id, "username": user.handle, "name": user.handle, "team_id": app.team_id},
        "token": "sandbox-verification",
        "trigger_id": trigger,
        "team": {"id": app.team_id, "domain": app.team_domain},
        "enterprise": None,
        "is_enterprise_install": False,
    }


def _place(channel: Channel) -> Json:
    """What is not public is not named: an app that is not there would learn that it exists."""
    return {"id": channel.id, "name": {"im": "directmessage", "group": "privategroup"}.get(channel.kind, channel.name)}


def clicked_in_message(
    app: SlackApp,
    user: User,
    channel: Channel,
    message: Json,
    state: Json,
    action: Json,
    trigger: str,
    response_url: str,
) -> Json:
    """block_actions of a message; an ephemeral one (no `user` names it in a history) comes without `message`."""
    ephemeral = message.get("is_ephemeral", False)
    container: Json = {"type": "message", "message_ts": message["ts"], "channel_id": channel.id}
    container |= {"is_ephemeral": ephemeral} | ({"thread_ts": t} if (t := message.get("thread_ts")) else {})
    return (
        _interaction(app, user, "block_actions", trigger)
        | {"api_app_id": app.app_id, "container": container, "channel": _place(channel)}
        | ({} if ephemeral else {"message": {k: v for k, v in message.items() if k != "reactions"}})
        | {"state": state, "response_url": response_url, "actions": [action]}
    )


def clicked_in_view(app: SlackApp, user: User, view: Json, action: Json, trigger: str) -> Json:
    """block_actions of a modal or Home tab."""
    container = {"type": "view", "view_id": view["id"]}
    return _interaction(app, user, "block_actions", trigger) | {
        "api_app_id": app.app_id,
        "container": container,
        "view": view,
        "actions": [action],
    }


def submitted(app: SlackApp, user: User, view: Json, trigger: str) -> Json:
    more = {"api_app_id": app.app_id, "view": view, "response_urls": []}
    return _interaction(app, user, "view_submission", trigger) | more


def closed(app: SlackApp, user: User, view: Json, *, is_cleared: bool) -> Json:
    payload = _interaction(app, user, "view_closed", "")
    del payload["trigger_id"]
    return payload | {"api_app_id": app.app_id, "view": view, "is_cleared": is_cleared}


def shortcut(app: SlackApp, user: User, callback_id: str, trigger: str, action_ts: str) -> Json:
    """A global shortcut: no channel, no response_url."""
    return _interaction(app, user, "shortcut", trigger) | {"callback_id": callback_id, "action_ts": action_ts}


def message_shortcut(
    app: SlackApp,
    user: User,
    channel: Channel,
    message: Json,
    callback_id: str,
    trigger: str,
    response_url: str,
    action_ts: str,
) -> Json:
    """A message shortcut (`message_action`)."""
    return _interaction(app, user, "message_action", trigger) | {
        "callback_id": callback_id,
        "action_ts": action_ts,
        "message_ts": message["ts"],
        "channel": _place(channel),
        "message": message,
        "response_url": response_url,
    }
