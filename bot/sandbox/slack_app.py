"""The bot's Slack app as it is installed in the sandbox: names, tokens, scopes, commands, shortcuts, events."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

SCOPES = frozenset(
    {
        "app_mentions:read",
        "channels:history",
        "channels:join",
        "channels:read",
        "chat:write",
        "commands",
        "dnd:read",
        "files:write",
        "groups:history",
        "groups:read",
        "im:history",
        "im:read",
        "im:write",
        "links:read",
        "links:write",
        "reactions:read",
        "reactions:write",
        "users:read",
        "users:read.email",
    }
)
EVENTS = frozenset(
    {
        "app_home_opened",
        "app_mention",
        "app_uninstalled",
        "link_shared",
        "member_joined_channel",
        "message.channels",
        "message.groups",
        "message.im",
        "reaction_added",
        "tokens_revoked",
        "user_change",
    }
)
# Slack refuses to install a subscription without its scope; here such an event is simply never sent.
EVENT_SCOPES = {
    "app_mention": "app_mentions:read",
    "link_shared": "links:read",
    "member_joined_channel": "channels:read",
    "message.channels": "channels:history",
    "message.groups": "groups:history",
    "message.im": "im:history",
    "reaction_added": "reactions:read",
    "user_change": "users:read",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SlashCommand:
    """A command of the manifest; `should_escape`: mentions in its text arrive as `<@U…|name>`."""

    command: str
    description: str = ""
    usage_hint: str = ""
    should_escape: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Shortcut:
    """A shortcut of the manifest; `type` is message or global."""

    name: str
    callback_id: str
    type: str = "message"


@dataclass(frozen=True, slots=True, kw_only=True)
class SlackApp:
    """An installed app. Tokens are made anew for each sandbox, so none can be mistaken for a real one."""

    name: str = "Docket"
    handle: str = "docket"
    team_id: str = "T0SANDBOX"
    team_domain: str = "sandbox"
    team_name: str = "Sandbox"
    app_id: str = "A0DOCKET"
    bot_id: str = "B0DOCKET"
    bot_user: str = "U0DOCKET"
    scopes: frozenset[str] = SCOPES
    events: frozenset[str] = EVENTS
    commands: tuple[SlashCommand, ...] = (
        SlashCommand(
            command="/docket",
            description="What is mine, what waits for me",
            usage_hint="new refund … | mine | show REF-12 | help",
            should_escape=True,
        ),
    )
    shortcuts: tuple[Shortcut, ...] = (
        Shortcut(name="Track this", callback_id="docket:track"),
        Shortcut(name="Raise an exception", callback_id="docket:except"),
        Shortcut(name="New item", callback_id="docket:new", type="global"),
    )
    home_tab: bool = True
    unfurl_domains: tuple[str, ...] = ("harbor.example",)
    bot_token: str = field(default_factory=lambda: "xoxb-sandbox-" + secrets.token_hex(12), repr=False)
    app_token: str = field(default_factory=lambda: "xapp-sandbox-" + secrets.token_hex(12), repr=False)
    signing_secret: str = field(default_factory=lambda: secrets.token_hex(16), repr=False)

    @classmethod
    def of(cls, manifest: Mapping[str, Any], **known: Any) -> SlackApp:
        """The app that this Slack app manifest (v2) installs; `known` overrides single attributes."""
        features = manifest.get("features", {})
        settings = manifest.get("settings", {})
        name = manifest.get("display_information", {}).get("name", "Docket")
        read: dict[str, Any] = {
            "name": features.get("bot_user", {}).get("display_name", name),
            "scopes": frozenset(manifest.get("oauth_config", {}).get("scopes", {}).get("bot", ())),
            "events": frozenset(settings.get("event_subscriptions", {}).get("bot_events", ())),
            "home_tab": bool(features.get("app_home", {}).get("home_tab_enabled", False)),
            "unfurl_domains": tuple(features.get("unfurl_domains", ())),
            "commands": tuple(
                SlashCommand(
                    command=c["command"],
                    description=c.get("description", ""),
                    usage_hint=c.get("usage_hint", ""),
                    should_escape=bool(c.get("should_escape", False)),
                )
                for c in features.get("slash_commands", ())
            ),
            "shortcuts": tuple(
                Shortcut(name=s["name"], callback_id=s["callback_id"], type=s["type"])
                for s in features.get("shortcuts", ())
            ),
        }
        return cls(**(read | known))

    def hears(self, event: str) -> bool:
        """Whether an event of that subscription name (`message.im`, `app_mention`) reaches the app."""
        return event in self.events and EVENT_SCOPES.get(event, "") in self.scopes | {""}
