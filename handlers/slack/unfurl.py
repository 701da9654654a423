"""Reads which of our addresses somebody shared, and writes what unfolds below them.

Sources: Slack's pages "Unfurling links in messages", "link_shared" and "chat.unfurl".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from handlers.slack.mrkdwn import Reader
from handlers.slack.wire import identity, listing, mapping, string
from handlers.slack.write import message_blocks
from rules.commands import as_key
from rules.links import PATH
from rules.messages import Message

#: Of one message so many links unfold; more would be a list that nobody asked for.
AT_MOST = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Shared:
    """Our links in a message: who shared them (an identity), `keys` of items by address, and where chat.unfurl goes."""

    by: str
    keys: Mapping[str, str]
    target: Mapping[str, str]


def shared(body: Mapping[str, Any], public_url: str) -> Shared | None:
    """What of a `link_shared` payload is ours to unfold; None: nothing.

    A link in the message composer has no message yet: it is answered by `unfurl_id` and `source`, which Slack gives
    for posted ones, too. Servers that give neither are answered by channel and ts.
    """
    event = mapping(body.get("event"))
    user = string(event.get("user"))
    addresses = [string(mapping(link).get("url")) for link in listing(event.get("links"))]
    keys = {url: key for url in addresses if (key := key_in_address(url, public_url)) is not None}
    target = {"unfurl_id": string(event.get("unfurl_id")), "source": string(event.get("source"))}
    if not all(target.values()):
        target = {"channel": string(event.get("channel")), "ts": string(event.get("message_ts"))}
    if not user or not keys or not all(target.values()):
        return None
    return Shared(by=identity(user), keys=dict(list(keys.items())[:AT_MOST]), target=target)


def key_in_address(url: str, public_url: str) -> str | None:
    """The key of the item that a web address of ours is about, in any case; None for every other address."""
    try:
        asked, ours = urlsplit(url), urlsplit(public_url.rstrip("/"))
        same = (asked.hostname, asked.port) == (ours.hostname, ours.port)
    except ValueError:  # a port that is none, an open bracket
        return None
    if asked.scheme not in ("http", "https") or not same or not asked.path.startswith(ours.path + PATH):
        return None
    return as_key(asked.path.removeprefix(ours.path + PATH).removesuffix("/"))


def unfurls(previews: Mapping[str, Message], reader: Reader) -> dict[str, dict[str, Any]]:
    """chat.unfurl's argument: for each address its blocks."""
    return {url: {"blocks": message_blocks(said, reader)} for url, said in previews.items()}
