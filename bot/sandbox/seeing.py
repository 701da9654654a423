"""Looking as a person at the stand-in of Slack: channels, threads, direct messages, forms, and waiting for them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeVar

from bot.sandbox.delivery import Delivery
from bot.sandbox.roster import Channel, Json, User
from bot.sandbox.views import Refused
from bot.sandbox.wire_text import plain
from bot.sandbox.workspace import Workspace

T = TypeVar("T")
READ_KEYS = ("label", "text", "title", "fields", "elements", "accessory", "element", "options", "description", "hint")


class Eyes:
    """What people see. `who` is a rulebook key, a handle or a user id; `where` `#name` or an id."""

    def __init__(self, workspace: Workspace, delivery: Delivery) -> None:
        self.workspace = workspace
        self._app = workspace.app
        self._delivery = delivery

    def channel(self, where: str) -> list[Json]:
        """The messages of a channel that stand in it (no thread replies), oldest first."""
        messages = self.workspace.channel(where).messages.values()
        return [m for m in messages if m.get("thread_ts", m["ts"]) == m["ts"]]

    def thread(self, message: Json) -> list[Json]:
        """The replies to a message, oldest first."""
        return self.workspace.thread(self.holding(message), message["ts"])[1:]

    def inbox(self, who: str) -> list[Json]:
        """The direct messages between a person and the bot, oldest first."""
        return list(self.workspace.im(self.workspace.user(who).id).messages.values())

    def whispers(self, who: str) -> list[Json]:
        """What only this person was shown, oldest first."""
        user = self.workspace.user(who)
        return [w.message for w in self.workspace.whispers if w.user == user.id]

    def view(self, who: str) -> Json | None:
        """The modal in front of a person."""
        return self.workspace.views.top(self.workspace.user(who).id)

    def home(self, who: str) -> Json | None:
        return self.workspace.views.homes.get(self.workspace.user(who).id)

    def words(self, shown: Json | None) -> str:
        """Everything a reader sees of a message or view, as plain lines: for assertions."""
        if shown is None:
            return ""
        lines: list[str] = []
        _collect(shown.get("title"), lines)
        blocks = [b for b in shown.get("blocks", ()) if b["type"] != "rich_text"]
        _collect(blocks or shown.get("text", ""), lines)
        return "\n".join(
            plain(line, lambda u: self.workspace.users[u].name if u in self.workspace.users else u) for line in lines
        )

    def shown(self, who: str, where: str, ts: str) -> Json:
        """The message or whisper with that ts, as this person sees it. Raises Refused(message_not_found)."""
        user = self.workspace.user(who)
        whisper = next((w for w in self.workspace.whispers if w.message["ts"] == ts and w.user == user.id), None)
        return whisper.message if whisper else self.workspace.message(self.place_of(user, where), ts)

    async def until(self, look: Callable[[], T], seconds: float = 5.0) -> T:
        """Wait until `look` returns something true, and return it. Raises TimeoutError after `seconds`."""
        woken = asyncio.Event()
        unsubscribe = self.workspace.on_change(woken.set)
        try:
            async with asyncio.timeout(seconds):
                while not (seen := look()):
                    await woken.wait()
                    woken.clear()
                return seen
        finally:
            unsubscribe()

    @property
    def connected(self) -> bool:
        """Whether the bot listens."""
        return self._delivery.wire.stands

    async def settled(self) -> None:
        """Wait until the bot acknowledged every event so far, or Slack gave up."""
        await self._delivery.settled()

    def place_of(self, user: User, where: str) -> Channel:
        return self.workspace.im(user.id) if where == f"@{self._app.handle}" else self.workspace.channel(where)

    def holding(self, message: Json) -> Channel:
        ts = message["ts"]
        whisper = next((w for w in self.workspace.whispers if w.message["ts"] == ts), None)
        if whisper:
            return self.workspace.channels[whisper.channel]
        channel = next((c for c in self.workspace.channels.values() if ts in c.messages), None)
        if channel is None:
            raise Refused("message_not_found")
        return channel


def _collect(node: object, lines: list[str]) -> None:
    """Gather the texts of blocks in reading order; values and ids are not read by anybody."""
    if isinstance(node, str):
        lines.append(node)
    elif isinstance(node, list):
        for part in node:
            _collect(part, lines)
    elif isinstance(node, dict):
        if node.get("type") in ("mrkdwn", "plain_text"):
            lines.append(str(node["text"]))
            return
        for key in (
            "label",
            "text",
            "title",
            "fields",
            "elements",
            "accessory",
            "element",
            "options",
            "description",
            "hint",
        ):
            if node.get(key) is not None:
                _collect(node[key], lines)
