"""What people type and what Slack makes of it: escapes, mentions, links, rich text; and back to plain words.

Source: Slack's page "Formatting message text" (messaging/formatting-message-text).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from bot.sandbox.roster import Channel, Json, User

TYPED = re.compile(
    r"(?P<mail>[\w.+-]+@[\w-]+(?:\.[\w-]+)+)"
    r"|(?P<url>https?://[^\s<>|]+)"
    r"|@(?P<user>[\w.-]*\w)"
    r"|#(?P<channel>[a-z0-9][\w-]*)"
)
WIRE = re.compile(r"<(?P<sigil>[@#!]?)(?P<body>[^<>|]+)(?:\|(?P<label>[^<>]*))?>|:(?P<emoji>[a-z0-9_+-]+):")


def escape(text: str) -> str:
    """The three characters that Slack escapes."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def unescape(text: str) -> str:
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def _find_user(users: Iterable[User], word: str) -> User | None:
    word = word.casefold()
    return next((u for u in users if word in (u.handle.casefold(), u.id.casefold())), None)


def typed(text: str, users: Iterable[User], channels: Iterable[Channel], *, labelled: bool = False) -> str:
    """Typed text as Slack sends it: escaped, `@lee` as `<@U…>`, `#refunds` as `<#C…|refunds>`, links in brackets.

    `labelled`: users as `<@U…|handle>`, as a command with should_escape gets them.
    """
    users, channels = list(users), list(channels)

    def linked(match: re.Match[str]) -> str:
        whole = match.group(0)
        if match["mail"]:
            return f"<mailto:{whole}|{whole}>"
        if match["url"]:
            return f"<{whole}>"
        if match["user"]:
            user = _find_user(users, match["user"])
            return whole if user is None else f"<@{user.id}|{user.handle}>" if labelled else f"<@{user.id}>"
        channel = next((c for c in channels if c.kind != "im" and c.name == match["channel"]), None)
        return whole if channel is None else f"<#{channel.id}|{channel.name}>"

    return TYPED.sub(linked, escape(text))


def rich_text(wire: str, block_id: str) -> Json:
    """The rich_text block that Slack puts beside a person's text."""
    elements: list[Json] = []
    place = 0
    for match in WIRE.finditer(wire):
        if match.start() > place:
            elements.append({"type": "text", "text": unescape(wire[place : match.start()])})
        elements.append(_element(match))
        place = match.end()
    if place < len(wire):
        elements.append({"type": "text", "text": unescape(wire[place:])})
    section = {"type": "rich_text_section", "elements": elements}
    return {"type": "rich_text", "block_id": block_id, "elements": [section]}


def _element(match: re.Match[str]) -> Json:
    body = match["body"]
    if match["emoji"]:
        return {"type": "emoji", "name": match["emoji"]}
    if match["sigil"] == "@":
        return {"type": "user", "user_id": body}
    if match["sigil"] == "#":
        return {"type": "channel", "channel_id": body}
    if match["sigil"] == "!":
        return {"type": "broadcast", "range": body}
    return {"type": "link", "url": body, **({"text": match["label"]} if match["label"] else {})}


def plain(wire: str, user_name: Callable[[str], str]) -> str:
    """Slack's text as the words a reader sees, for tests and notifications (date tokens show their fallback)."""

    def seen(match: re.Match[str]) -> str:
        body, label = match["body"], match["label"]
        if match["emoji"]:
            return match.group(0)
        if match["sigil"] == "@":
            return "@" + user_name(body)
        if match["sigil"] == "#":
            return "#" + (label or body)
        if match["sigil"] == "!":
            return label or "@" + body.partition("^")[0]
        return label or body

    return unescape(WIRE.sub(seen, wire))
