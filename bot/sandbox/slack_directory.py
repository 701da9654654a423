"""Web API methods about conversations and the app itself. Sources: the method pages of docs.slack.dev."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Sequence
from typing import Any

from bot.sandbox.roster import Channel, Json
from bot.sandbox.slack_call import Call
from bot.sandbox.views import Refused


def auth_test(call: Call) -> Json:
    app = call.workspace.app
    return {
        "url": f"https://{app.team_domain}.slack.com/",
        "team": app.team_name,
        "user": app.handle,
        "team_id": app.team_id,
        "user_id": app.bot_user,
        "bot_id": app.bot_id,
        "is_enterprise_install": False,
    }


def api_test(call: Call) -> Json:
    if error := call.text("error"):
        raise Refused(error)
    return {"args": {k: v for k, v in call.arguments.items() if k != "token"}}


def bots_info(call: Call) -> Json:
    call.needs("users:read")
    app = call.workspace.app
    if call.text("bot") not in ("", app.bot_id):
        raise Refused("bot_not_found")
    about = {"id": app.bot_id, "deleted": False, "name": app.name, "updated": 0, "app_id": app.app_id}
    return {"bot": about | {"user_id": app.bot_user, "icons": {}}}


def open_conversation(call: Call) -> Json:
    call.needs("im:write")
    users = call.names("users")
    if call.text("channel"):
        channel = call.channel()
    elif not users:
        raise Refused("users_list_not_supplied")
    elif len(users) > 1:
        raise Refused("method_not_supported_for_channel_type")
    else:
        user = call.workspace.users.get(users[0])
        if user is None or user.is_bot:
            raise Refused("user_not_found")
        if user.deleted:
            raise Refused("user_disabled")
        channel = call.workspace.im(user.id)
    return {"channel": described(call, channel) if call.flag("return_im") else {"id": channel.id}}


def conversation_info(call: Call) -> Json:
    channel = call.channel()
    call.needs_for(channel, "read")
    about = described(call, channel)
    if call.flag("include_num_members"):
        about["num_members"] = len(channel.members)
    return {"channel": about}


def list_conversations(call: Call) -> Json:
    """Every public channel, and of the rest those that the app is in."""
    bot = call.workspace.app.bot_user
    return _listed(call, lambda channel: channel.kind == "channel" or bot in channel.members)


def users_conversations(call: Call) -> Json:
    """Only what the app is in (of another `user` it shows what both are in)."""
    both = {call.workspace.app.bot_user, call.text("user") or call.workspace.app.bot_user}
    return _listed(call, lambda channel: both <= channel.members)


def _listed(call: Call, shows: Callable[[Channel], bool]) -> Json:
    kinds = {"public_channel": "channel", "private_channel": "group", "im": "im"}
    wanted = [kinds[kind] for kind in call.names("types") or ["public_channel"] if kind in kinds]
    for kind in wanted:
        call.needs({"channel": "channels", "group": "groups", "im": "im"}[kind] + ":read")
    found = [channel for channel in call.workspace.channels.values() if channel.kind in wanted and shows(channel)]
    if call.flag("exclude_archived"):
        found = [channel for channel in found if not channel.is_archived]
    page, cursor = paged(call, found, 100, 1000)
    return {"channels": [described(call, channel) for channel in page], "response_metadata": {"next_cursor": cursor}}


def history(call: Call) -> Json:
    channel = _readable(call)
    inclusive, oldest, latest = call.flag("inclusive"), call.text("oldest"), call.text("latest")
    found = []
    for message in reversed(channel.messages.values()):
        if message.get("thread_ts", message["ts"]) != message["ts"]:
            continue  # replies are only in conversations.replies
        if _within(message["ts"], oldest, latest, inclusive):
            found.append(message)
    page, cursor = paged(call, found, 100, 999)
    more: Json = {"response_metadata": {"next_cursor": cursor}} if cursor else {}
    return {"messages": [_historic(call, m) for m in page], "has_more": bool(cursor), "pin_count": 0} | more


def replies(call: Call) -> Json:
    channel = _readable(call)
    asked = channel.messages.get(call.text("ts"))
    if asked is None:
        raise Refused("thread_not_found")
    thread = call.workspace.thread(channel, str(asked.get("thread_ts", asked["ts"])))
    inclusive, oldest, latest = call.flag("inclusive"), call.text("oldest"), call.text("latest")
    # The parent always comes first, whatever the window.
    found = [m for m in thread if m is thread[0] or _within(m["ts"], oldest, latest, inclusive)]
    page, cursor = paged(call, found, 1000, 1000)
    more: Json = {"response_metadata": {"next_cursor": cursor}} if cursor else {}
    return {"messages": [_historic(call, m) for m in page], "has_more": bool(cursor)} | more


def members(call: Call) -> Json:
    channel = call.channel()
    call.needs_for(channel, "read")
    page, cursor = paged(call, sorted(channel.members), 100, 1000)
    return {"members": page, "response_metadata": {"next_cursor": cursor}}


def join(call: Call) -> Json:
    call.needs("channels:join")
    channel = call.channel()
    if channel.kind != "channel":
        raise Refused("method_not_supported_for_channel_type")
    if channel.is_archived:
        raise Refused("is_archived")
    was_in = call.workspace.app.bot_user in channel.members
    call.workspace.join(call.workspace.users[call.workspace.app.bot_user], channel)
    if was_in:
        call.warnings.append("already_in_channel")
    return {"channel": described(call, channel)}


def described(call: Call, channel: Channel) -> Json:
    """A conversation object."""
    if channel.kind == "im":
        about: Json = {"id": channel.id, "created": channel.created, "is_im": True, "is_org_shared": False}
        return about | {"is_archived": False, "user": channel.user, "is_user_deleted": False, "priority": 0}
    return {
        "id": channel.id,
        "name": channel.name,
        "name_normalized": channel.name,
        "is_channel": channel.kind == "channel",
        "is_group": channel.kind == "group",
        "is_im": False,
        "is_mpim": False,
        "is_private": channel.kind == "group",
        "is_archived": channel.is_archived,
        "is_general": channel.is_general,
        "is_shared": False,
        "is_ext_shared": False,
        "is_org_shared": False,
        "is_member": call.workspace.app.bot_user in channel.members,
        "created": channel.created,
        "creator": "",
        "unlinked": 0,
        "shared_team_ids": [call.workspace.app.team_id],
        "pending_shared": [],
        "pending_connected_team_ids": [],
        "is_pending_ext_shared": False,
        "context_team_id": call.workspace.app.team_id,
        "updated": 0,
        "topic": {"value": "", "creator": "", "last_set": 0},
        "purpose": {"value": "", "creator": "", "last_set": 0},
        "previous_names": [],
        "num_members": len(channel.members),
    }


def paged(call: Call, found: Sequence[Any], default: int, most: int) -> tuple[Sequence[Any], str]:
    """One page of what was found, and the cursor of the next ("" at the end)."""
    start, size = 0, max(1, call.number("limit", default, most))
    if cursor := call.text("cursor"):
        try:
            start = int(base64.b64decode(cursor, validate=True).decode().removeprefix("next:"))
        except (binascii.Error, ValueError):
            raise Refused("invalid_cursor") from None
    end = start + size
    return found[start:end], base64.b64encode(f"next:{end}".encode()).decode() if end < len(found) else ""


def _within(ts: str, oldest: str, latest: str, inclusive: bool) -> bool:
    after = not oldest or _micro(ts) > _micro(oldest) or (inclusive and _micro(ts) == _micro(oldest))
    before = not latest or _micro(ts) < _micro(latest) or (inclusive and _micro(ts) == _micro(latest))
    return after and before


def _micro(ts: str) -> int:
    seconds, _, rest = ts.partition(".")
    try:
        return int(seconds) * 1_000_000 + int(rest.ljust(6, "0")[:6])
    except ValueError:
        raise Refused("invalid_ts_oldest") from None


def _readable(call: Call) -> Channel:
    channel = call.channel()
    call.needs_for(channel, "history")
    if call.workspace.app.bot_user not in channel.members:
        raise Refused("not_in_channel")
    return channel


def _historic(call: Call, message: Json) -> Json:
    hidden = set() if call.flag("include_all_metadata") else {"metadata"}
    return {k: v for k, v in message.items() if k not in hidden}


METHODS: dict[str, Callable[[Call], Json]] = {
    "api.test": api_test,
    "auth.test": auth_test,
    "bots.info": bots_info,
    "conversations.open": open_conversation,
    "conversations.info": conversation_info,
    "conversations.list": list_conversations,
    "conversations.history": history,
    "conversations.replies": replies,
    "conversations.members": members,
    "conversations.join": join,
    "users.conversations": users_conversations,
}
