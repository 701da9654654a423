"""One call of the Web API: its arguments as Slack reads them, from a form or JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bot.sandbox.block_kit import message_problems, too_large, view_problems
from bot.sandbox.kept_files import file_problems
from bot.sandbox.roster import Channel, Json, User
from bot.sandbox.views import Refused
from bot.sandbox.workspace import Workspace

TEXT_CHARACTERS = 40_000


@dataclass(slots=True)
class Call:
    """`arguments` as they came (texts in a form, values in JSON); `warnings` go out with the answer."""

    workspace: Workspace
    arguments: Mapping[str, Any]
    base_url: str
    warnings: list[str] = field(default_factory=list)

    def text(self, name: str) -> str:
        value = self.arguments.get(name)
        return "" if value is None else str(value)

    def flag(self, name: str) -> bool:
        return self.arguments.get(name) in (True, "true", "1", "True")

    def number(self, name: str, default: int, most: int) -> int:
        try:
            return min(int(self.arguments.get(name) or default), most)
        except ValueError:
            raise Refused("invalid_limit") from None

    def names(self, name: str) -> list[str]:
        """A list argument: JSON list or comma separated text."""
        value = self.arguments.get(name) or []
        return [v.strip() for v in value.split(",") if v.strip()] if isinstance(value, str) else [str(v) for v in value]

    def structure(self, name: str, error: str) -> Any:
        """An argument that is JSON, or JSON text in a form; None when absent. Raises Refused(error)."""
        value = self.arguments.get(name)
        if not isinstance(value, str):
            return value
        if not value:
            return None
        try:
            return json.loads(value)
        except json.JSONDecodeError:
            raise Refused(error) from None

    def needs(self, scope: str) -> None:
        """Raises Refused(missing_scope) when the app hasn't got the scope."""
        if scope not in self.workspace.app.scopes:
            raise Refused("missing_scope", needed=scope, provided=",".join(sorted(self.workspace.app.scopes)))

    def needs_for(self, channel: Channel, right: str) -> None:
        """The scope `right` (read, history) for this kind of conversation."""
        family = {"channel": "channels", "group": "groups", "im": "im"}[channel.kind]
        self.needs(f"{family}:{right}")

    def user(self, name: str = "user") -> User:
        user_id = self.text(name)
        if user_id not in self.workspace.users:
            raise Refused("user_not_found")
        return self.workspace.users[user_id]

    def channel(self) -> Channel:
        """The conversation by id; a direct message of others can't be seen."""
        wanted = self.text("channel")
        if wanted not in self.workspace.channels:
            raise Refused("channel_not_found")
        return self.workspace.channels[wanted]

    def place(self) -> Channel:
        """Where a message goes: an id, a public channel's name, or a user id (opens the direct messages)."""
        wanted = self.text("channel")
        if wanted in self.workspace.users:
            user = self.workspace.users[wanted]
            if user.is_bot or user.deleted:
                raise Refused("channel_not_found")
            return self.workspace.im(user.id)
        channel = self.workspace.channel(wanted)
        if self.workspace.app.bot_user not in channel.members:
            if channel.kind != "channel":
                raise Refused("channel_not_found")
            if "chat:write.public" not in self.workspace.app.scopes:
                raise Refused("not_in_channel")
        if channel.is_archived:
            raise Refused("is_archived")
        return channel

    def blocks(self) -> list[Json] | None:
        """The blocks of a message; None when none were given. Raises Refused(invalid_blocks...)."""
        blocks = self.structure("blocks", "invalid_blocks_format")
        if blocks is None:
            return None
        if not isinstance(blocks, list):
            raise Refused("invalid_blocks_format")
        if problems := message_problems(blocks) or file_problems(blocks, self.workspace.files):
            raise Refused("invalid_blocks", problems)
        return blocks

    def content(self) -> tuple[str, list[Json]]:
        """Text and blocks of a new message. Raises Refused(no_text); too long a text is cut with a warning."""
        text, blocks = self.text("text"), self.blocks()
        if not text and not blocks and not self.arguments.get("attachments"):
            raise Refused("no_text")
        if len(text) > TEXT_CHARACTERS:
            text = text[:TEXT_CHARACTERS]
            self.warnings.append("message_truncated")
        return text, blocks or []

    def metadata(self) -> Json | None:
        metadata = self.structure("metadata", "invalid_metadata_format")
        if metadata is None:
            return None
        if not isinstance(metadata, dict) or not isinstance(metadata.get("event_payload"), dict):
            raise Refused("invalid_metadata_format")
        if not isinstance(metadata.get("event_type"), str):
            raise Refused("invalid_metadata_format")
        return metadata

    def view(self) -> Json:
        """The view of the call, checked. Raises Refused(invalid_arguments) with Slack's sentences."""
        view = self.structure("view", "invalid_arguments")
        if problems := view_problems(view):
            raise Refused("invalid_arguments", problems)
        if too_large(view):
            raise Refused("view_too_large")
        checked: Json = view
        return checked
