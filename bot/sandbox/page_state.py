"""What one person's page shows, as JSON: their channels, messages, forms, mail, and the clock."""

from __future__ import annotations

from dataclasses import asdict
from itertools import islice

from bot.sandbox.letters import opened
from bot.sandbox.mail import Letter, MailTown, bare
from bot.sandbox.roster import Channel, Json, MailPerson, User
from bot.sandbox.workspace import Workspace

MESSAGES = 200  # of a channel; a demo never gets that far back


def town_state(workspace: Workspace, people: list[MailPerson], mail: MailTown, zone: str, organization: str) -> Json:
    """What doesn't change: the people to be, the app, the inboxes."""
    app = workspace.app
    return {
        "organization": organization,
        "zone": zone,
        "people": [asdict(p) | {"handle": _handle(workspace, p.slack)} for p in people],
        "app": {
            "name": app.name,
            "handle": app.handle,
            "bot_user": app.bot_user,
            "home_tab": app.home_tab,
            "commands": [asdict(c) for c in app.commands],
            "shortcuts": [asdict(s) for s in app.shortcuts],
        },
        "inboxes": [{"name": name, "address": f"{name}@{mail.domain}"} for name in mail.inboxes],
    }


def person_state(workspace: Workspace, mail: MailTown, user: User | None, address: str) -> Json:
    """What this person sees now; `user` is None for who has no Slack."""
    state: Json = {
        "revision": workspace.revision,
        "now": workspace.now().isoformat(),
        "users": {u.id: {"name": u.name, "handle": u.handle, "is_bot": u.is_bot} for u in workspace.users.values()},
        "channel_names": {c.id: c.name for c in workspace.channels.values() if c.kind != "im"},
        "channels": [],
        "whispers": [],
        "views": [],
        "errors": {},
        "home": None,
        "account": None,
        "mail": [_letter(workspace, address, n) for n in mail.mailbox(address)] if address else [],
    }
    if user is None:
        return state
    workspace.im(user.id)
    views = workspace.views.stacks.get(user.id, [])
    return state | {
        "channels": [_channel(workspace, c, user) for c in workspace.channels.values() if user.id in c.members],
        "whispers": [{"channel": w.channel, "message": w.message} for w in workspace.whispers if w.user == user.id],
        "views": views,
        "errors": {v["id"]: workspace.views.errors.get(v["id"], {}) for v in views},
        "home": workspace.views.homes.get(user.id),
        "account": {"gone": user.deleted, "quiet": user.quiet is not None and user.quiet[1] > workspace.now()},
    }


def _handle(workspace: Workspace, user_id: str) -> str:
    return workspace.users[user_id].handle if user_id in workspace.users else ""


def _channel(workspace: Workspace, channel: Channel, user: User) -> Json:
    seen = workspace.read.get((user.id, channel.id), "")
    messages = list(islice(reversed(channel.messages.values()), MESSAGES))[::-1]
    fresh = [m for m in messages if m["ts"] > seen and m.get("user") != user.id]
    standing = [m for m in fresh if m.get("thread_ts", m["ts"]) == m["ts"] and m.get("subtype") != "channel_join"]
    named = [m for m in fresh if f"<@{user.id}>" in m["text"]]
    return {
        "id": channel.id,
        "name": channel.name,
        "kind": channel.kind,
        "user": channel.user,
        "messages": messages,
        "unread": len(standing),
        "calls": len(standing) if channel.kind == "im" else len(named),
        "seen": seen,
    }


def _letter(workspace: Workspace, address: str, letter: Letter) -> Json:
    shown = opened(letter)
    return {
        "id": letter.id,
        "at": letter.at.isoformat(),
        "from": shown.sender,
        "to": shown.to,
        "subject": shown.subject,
        "reply_to": shown.reply_to,
        "text": shown.text,
        "has_html": bool(shown.html),
        "sent": letter.sender == bare(address),
        "unread": letter.sender != bare(address) and (bare(address), f"mail:{letter.id}") not in workspace.read,
    }
