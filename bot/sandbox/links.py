"""Links of the app's own domains in messages, and the event when one is shared; pure.

Source: Slack's page "link_shared". Links in the composer, before they are sent, are not played here.
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from bot.sandbox.roster import Channel, Json
from bot.sandbox.slack_app import SlackApp
from bot.sandbox.wire_text import unescape

_LINK = re.compile(r"<(https?://[^<>|]+)(?:\|[^<>]*)?>")
SOURCE = "conversations_history"


def link_shared(app: SlackApp, channel: Channel, message: Json) -> Json | None:
    """The event for a person's message with links to the app's domains or their subdomains; None: it has none."""
    links = [{"url": url, "domain": domain} for url in links_of(message) if (domain := domain_of(app, url))]
    if not links or message.get("bot_id") or message.get("subtype"):
        return None
    event = {
        "type": "link_shared",
        "channel": channel.id,
        "is_bot_user_member": app.bot_user in channel.members,
        "user": message["user"],
        "message_ts": message["ts"],
        "unfurl_id": f"{channel.id}.{message['ts']}.sandbox",
        "source": SOURCE,
        "links": links,
    }
    return event | ({"thread_ts": message["thread_ts"]} if message.get("thread_ts") else {})


def links_of(message: Json) -> list[str]:
    """The web addresses in a message's text, each once."""
    return list(dict.fromkeys(unescape(url) for url in _LINK.findall(message.get("text", ""))))


def domain_of(app: SlackApp, url: str) -> str:
    """The registered domain that an address belongs to, "" where it is none of the app's."""
    host = urlsplit(url).hostname or ""
    return next((d for d in app.unfurl_domains if host == d or host.endswith("." + d)), "")
