"""Messages as Slack stores and sends them: a person's, the app's, and what a deleted parent leaves; pure."""

from __future__ import annotations

import mimetypes
import secrets
import uuid
from collections.abc import Iterable
from datetime import datetime

from bot.sandbox.block_kit import with_ids
from bot.sandbox.roster import Json, User
from bot.sandbox.slack_app import SlackApp
from bot.sandbox.wire_text import rich_text


def block_id() -> str:
    """A name for a block that came without one."""
    return secrets.token_urlsafe(4)[:5]


def person_message(app: SlackApp, user: User, wire: str, ts: str) -> Json:
    """What a person typed, already as Slack's text."""
    return {
        "client_msg_id": str(uuid.uuid4()),
        "type": "message",
        "text": wire,
        "user": user.id,
        "ts": ts,
        "team": app.team_id,
        "blocks": [rich_text(wire, block_id())],
    }


def shared_file(app: SlackApp, user: User, name: str, size: int) -> Json:
    """A file that hangs on a message, as far as apps look at it (`size` in bytes)."""
    number = secrets.token_hex(5).upper()
    return {
        "id": f"F0{number}",
        "name": name,
        "title": name,
        "mimetype": mimetypes.guess_type(name)[0] or "application/octet-stream",
        "user": user.id,
        "size": size,
        "mode": "hosted",
        "is_external": False,
        "url_private": f"https://files.slack.com/files-pri/{app.team_id}-F0{number}/{name}",
        "permalink": f"https://{app.team_domain}.slack.com/files/{user.id}/F0{number}/{name}",
    }


def bot_message(app: SlackApp, text: str, blocks: Iterable[Json], ts: str, now: datetime) -> Json:
    """What the app said; without blocks there is no `blocks` key."""
    icons = {f"image_{size}": f"https://a.slack-edge.com/80588/img/plugins/app/bot_{size}.png" for size in (36, 48, 72)}
    named = with_ids(list(blocks), block_id)
    return {
        "bot_id": app.bot_id,
        "type": "message",
        "text": text,
        "user": app.bot_user,
        "ts": ts,
        "app_id": app.app_id,
        "team": app.team_id,
        "bot_profile": {
            "id": app.bot_id,
            "app_id": app.app_id,
            "name": app.name,
            "icons": icons,
            "deleted": False,
            "updated": int(now.timestamp()),
            "team_id": app.team_id,
        },
        **({"blocks": named} if named else {}),
    }


def tombstone(message: Json) -> Json:
    """What stays of a deleted message that has replies."""
    roll_up = {k: v for k, v in message.items() if k.startswith(("reply", "latest", "thread"))}
    return {
        "type": "message",
        "subtype": "tombstone",
        "text": "This message was deleted.",
        "user": "USLACKBOT",
        "hidden": True,
        "is_locked": False,
        "ts": message["ts"],
    } | roll_up
