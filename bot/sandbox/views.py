"""Modals and Home tabs as people have them open: stacks of at most three, hashes, trigger ids that live 3 seconds."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from bot.sandbox.block_kit import with_ids
from bot.sandbox.roster import Json
from bot.sandbox.slack_app import SlackApp

TRIGGER_SECONDS = 3.0
STACK = 3


class Refused(Exception):
    """What Slack's Web API answers instead of ok: `error` as Slack names it, further keys of the answer."""

    def __init__(self, error: str, messages: list[str] | None = None, **more: object) -> None:
        super().__init__(error)
        self.error = error
        self.messages = messages or []
        self.more = more


@dataclass(slots=True)
class Trigger:
    """A trigger id: who it stands for, the view it came from (for views.push), and when it was given (monotonic)."""

    user: str
    given: float
    view_id: str = ""
    used: bool = False


@dataclass(slots=True)
class Views:
    """All open views of a workspace; `stacks` and `homes` by user id, `errors` and `filled` by view id."""

    app: SlackApp
    monotonic: Callable[[], float] = time.monotonic
    stacks: dict[str, list[Json]] = field(default_factory=dict)
    homes: dict[str, Json] = field(default_factory=dict)
    errors: dict[str, dict[str, str]] = field(default_factory=dict)
    filled: dict[str, dict[str, dict[str, Any]]] = field(default_factory=dict)  # typed so far, by view id
    triggers: dict[str, Trigger] = field(default_factory=dict)

    def trigger(self, user: str, view_id: str = "") -> str:
        """A new trigger id for what this person just did."""
        name = f"{secrets.randbelow(10**12)}.{secrets.randbelow(10**11)}.{secrets.token_hex(16)}"
        self.triggers[name] = Trigger(user, self.monotonic(), view_id)
        return name

    def redeem(self, trigger_id: str) -> Trigger:
        """The trigger behind an id, once, within its 3 seconds of real time. Raises Refused."""
        trigger = self.triggers.get(trigger_id)
        if trigger is None:
            raise Refused("invalid_trigger_id")
        if trigger.used:
            raise Refused("exchanged_trigger_id")
        if self.monotonic() - trigger.given > TRIGGER_SECONDS:
            raise Refused("expired_trigger_id")
        trigger.used = True
        return trigger

    def open(self, trigger_id: str, view: Json) -> Json:
        """A modal as the whole stack (views.open)."""
        self._unique(view)
        trigger = self.redeem(trigger_id)
        self.stacks[trigger.user] = [self._made(view)]
        return self.stacks[trigger.user][0]

    def push(self, trigger_id: str, view: Json) -> Json:
        """A modal on top of the open ones (views.push)."""
        self._unique(view)
        trigger = self.redeem(trigger_id)
        return self.put_on_top(trigger.user, view)

    def put_on_top(self, user: str, view: Json) -> Json:
        """Push for a person: also what `response_action: push` does."""
        stack = self.stacks.setdefault(user, [])
        if len(stack) >= STACK:
            raise Refused("push_limit_reached")
        made = self._made(view)
        if stack:
            made |= {"root_view_id": stack[0]["id"], "previous_view_id": stack[-1]["id"]}
        stack.append(made)
        return made

    def update(self, view: Json, view_id: str, external_id: str, expected_hash: str) -> Json:
        """Another content for an open view (views.update); what was typed stays where the ids stay."""
        old = self.find(view_id, external_id)
        if old is None:
            raise Refused("not_found")
        if expected_hash and expected_hash != old["hash"]:
            raise Refused("hash_conflict")
        return self.replace(old, view)

    def replace(self, old: Json, view: Json) -> Json:
        made = self._made(view) | {k: old[k] for k in ("id", "root_view_id", "previous_view_id")}
        old.clear()
        old.update(made)
        self.errors.pop(made["id"], None)
        return old

    def publish(self, user: str, view: Json, expected_hash: str) -> Json:
        """The Home tab of one person (views.publish)."""
        old = self.homes.get(user)
        if expected_hash and old and expected_hash != old["hash"]:
            raise Refused("hash_conflict")
        if old:
            return self.replace(old, view)
        self.homes[user] = self._made(view)
        return self.homes[user]

    def find(self, view_id: str, external_id: str = "") -> Json | None:
        """An open modal or Home tab by its id or external id."""
        every = [v for stack in self.stacks.values() for v in stack] + [*self.homes.values()]
        if external_id and not view_id:
            return next((v for v in every if v["external_id"] == external_id), None)
        return next((v for v in every if v["id"] == view_id), None)

    def top(self, user: str) -> Json | None:
        stack = self.stacks.get(user)
        return stack[-1] if stack else None

    def close_top(self, user: str) -> None:
        stack = self.stacks.get(user, [])
        if stack:
            gone = stack.pop()["id"]
            self.errors.pop(gone, None)
            self.filled.pop(gone, None)

    def close_all(self, user: str) -> None:
        while self.stacks.get(user):
            self.close_top(user)

    def _unique(self, view: Json) -> None:
        if view.get("external_id") and self.find("", view["external_id"]):
            raise Refused("duplicate_external_id")

    def _made(self, view: Json) -> Json:
        view_id = "V" + secrets.token_hex(5).upper()
        return {
            "id": view_id,
            "team_id": self.app.team_id,
            "type": view["type"],
            "blocks": with_ids(view["blocks"], lambda: secrets.token_hex(3)),
            "private_metadata": view.get("private_metadata", ""),
            "callback_id": view.get("callback_id", ""),
            "state": {"values": {}},
            "hash": f"{int(time.time())}.{secrets.token_hex(4)}",
            "title": view.get("title") or {"type": "plain_text", "text": "View Title", "emoji": True},
            "clear_on_close": bool(view.get("clear_on_close", False)),
            "notify_on_close": bool(view.get("notify_on_close", False)),
            "close": view.get("close"),
            "submit": view.get("submit"),
            "previous_view_id": None,
            "root_view_id": view_id,
            "app_id": self.app.app_id,
            "external_id": view.get("external_id", ""),
            "app_installed_team_id": self.app.team_id,
            "bot_id": self.app.bot_id,
        }
