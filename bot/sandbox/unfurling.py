"""chat.unfurl: what the app shows below the links to its own domains. Source: the method's page of docs.slack.dev."""

from __future__ import annotations

import json
from typing import Any

from bot.sandbox.block_kit import message_problems, with_ids
from bot.sandbox.links import SOURCE, domain_of, links_of
from bot.sandbox.messages import block_id
from bot.sandbox.roster import Channel, Json
from bot.sandbox.slack_app import SlackApp
from bot.sandbox.slack_call import Call
from bot.sandbox.views import Refused


def unfurl(call: Call) -> Json:
    """chat.unfurl: for each link of a message its blocks, as attachments; a repeat takes their place."""
    call.needs("links:write")
    channel, ts = _target(call)
    if ts not in channel.messages:
        raise Refused("cannot_find_message")
    message = channel.messages[ts]
    unfurls = _unfurls(call)
    if any(not domain_of(call.workspace.app, url) for url in unfurls):
        raise Refused("cannot_unfurl_url")
    if not unfurls.keys() <= {*links_of(message)}:
        raise Refused("cannot_unfurl_message")
    others = [a for a in message.get("attachments", ()) if a.get("from_url") not in unfurls]
    made = [_attachment(call.workspace.app, url, shown) for url, shown in unfurls.items()]
    numbered = [{**each, "id": number} for number, each in enumerate([*others, *made], 1)]
    call.workspace.edit(channel, ts, {"attachments": numbered})
    return {}


def _target(call: Call) -> tuple[Channel, str]:
    """`unfurl_id` and `source`, or `channel` and `ts`; both of a pair or none."""
    if call.text("unfurl_id") or call.text("source"):
        place, _, rest = call.text("unfurl_id").partition(".")
        ts = ".".join(rest.split(".")[:2])
        if call.text("source") != SOURCE:
            raise Refused("cannot_find_message")
    else:
        place, ts = call.text("channel"), call.text("ts")
        for name in ("channel", "ts"):
            if not call.text(name):
                raise Refused(f"missing_{name}")
    if place not in call.workspace.channels:
        raise Refused("cannot_find_channel")
    return call.workspace.channels[place], ts


def _unfurls(call: Call) -> dict[str, Any]:
    given = call.structure("unfurls", "invalid_unfurls_format")
    if given is None:
        raise Refused("missing_unfurls")
    if not isinstance(given, dict):
        raise Refused("invalid_unfurls_format")
    unfurls: dict[str, Any] = given
    for shown in unfurls.values():
        if not isinstance(shown, dict) or message_problems(shown.get("blocks", [])):
            raise Refused("cannot_parse_attachment")
    return unfurls


def _attachment(app: SlackApp, url: str, shown: Json) -> Json:
    copied: Json = json.loads(json.dumps(shown)) | {"from_url": url, "original_url": url, "app_unfurl_url": url}
    more: Json = {
        "is_app_unfurl": True,
        "app_id": app.app_id,
        "bot_id": app.bot_id,
        "fallback": "[no preview available]",
    }
    return copied | more | {"blocks": with_ids(copied.get("blocks", []), block_id)}
