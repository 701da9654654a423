"""Web API methods about conversations, users and the app itself. Sources: the method pages of docs.slack.dev."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Sequence
from datetime import UTC
from typing import Any
from zoneinfo import ZoneInfo

from bot.sandbox.roster import Channel, Json, User
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
    kinds = {"public_channel": "channel", "private_channel": "group", "im": "im"}
    wanted = call.names("types") or ["public_channel"]
    for kind in wanted:
        if kind in kinds:
            call.needs({"channel": "channels", "group": "groups", "im": "im"}[kinds[kind]] + ":read")
    bot = call.workspace.app.bot_user
    found = [
        c
        for c in call.workspace.channels.values()
        if c.kind in {kinds.get(k) for k in wanted} and (c.kind == "channel" or bot in c.members)
    ]
    if call.flag("exclude_archived"):
        found = [c for c in found if not c.is_archived]
    page, cursor = paged(call, found, 100, 1000)
    return {"channels": [described(call, c) for c in page], "response_metadata": {"next_cursor": cursor}}


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


def user_info(call: Call) -> Json:
    call.needs("users:read")
    return {"user": profile(call, call.user())}


def list_users(call: Call) -> Json:
    call.needs("users:read")
    page, cursor = paged(call, list(call.workspace.users.values()), 1000, 1000)
    now = int(call.workspace.now().timestamp())
    people = [profile(call, u) for u in page]
    return {"members": people, "cache_ts": now, "response_metadata": {"next_cursor": cursor}}


def lookup_by_email(call: Call) -> Json:
    call.needs("users:read.email")
    wanted = call.text("email").casefold()
    found = next((u for u in call.workspace.users.values() if u.email and u.email.casefold() == wanted), None)
    if found is None or found.deleted:
        raise Refused("users_not_found")
    return {"user": profile(call, found)}


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


def profile(call: Call, user: User) -> Json:
    """A user object; the address only for apps that may read it."""
    app = call.workspace.app
    offset = call.workspace.now().astimezone(UTC).astimezone(ZoneInfo(user.timezone)).utcoffset()
    about: Json = {
        "real_name": user.name,
        "real_name_normalized": user.name,
        "display_name": user.handle,
        "display_name_normalized": user.handle,
        "status_text": "",
        "status_emoji": "",
        "team": app.team_id,
    }
    if user.email and "users:read.email" in app.scopes:
        about["email"] = user.email
    if user.is_bot:
        about |= {"bot_id": app.bot_id, "api_app_id": app.app_id, "always_active": True}
    return {
        "id": user.id,
        "team_id": app.team_id,
        "name": user.handle,
        "deleted": user.deleted,
        "real_name": user.name,
        "tz": user.timezone,
        "tz_label": user.timezone,
        "tz_offset": int(offset.total_seconds()) if offset else 0,
        "profile": about,
        "is_admin": False,
        "is_owner": False,
        "is_primary_owner": False,
        "is_restricted": user.is_guest,
        "is_ultra_restricted": False,
        "is_bot": user.is_bot,
        "is_app_user": False,
        "is_email_confirmed": bool(user.email),
        "updated": 0,
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
    "users.info": user_info,
    "users.list": list_users,
    "users.lookupByEmail": lookup_by_email,
}
