"""Acting as a person in the stand-in of Slack: what the page and the story tests do by hand."""

from __future__ import annotations

import copy
from collections.abc import Mapping

from bot.sandbox import payloads
from bot.sandbox.accounts import Accounts
from bot.sandbox.block_kit import elements_of, view_problems
from bot.sandbox.delivery import Answer
from bot.sandbox.form_state import Filled, Raw, action_of, options_of, state_of, unfilled
from bot.sandbox.messages import shared_file
from bot.sandbox.roster import Channel, Json, User
from bot.sandbox.slack_api import ResponseUrl, SlackApi
from bot.sandbox.views import Refused
from bot.sandbox.wire_text import typed
from bot.sandbox.workspace import Workspace

TROUBLE = "We had some trouble connecting. Try again?"


class Hands(Accounts):
    """Does what people do. `who` is a rulebook key, a handle or a user id; `where` `#name`, an id, or `@docket`.

    What Slack would refuse to a person raises Refused. `seconds` of waiting are real seconds.
    """

    def __init__(self, workspace: Workspace, api: SlackApi) -> None:
        super().__init__(workspace, api.delivery)
        self._api = api

    # writing

    async def says(
        self, who: str, where: str, text: str, *, thread: Json | str = "", broadcast: bool = False, file: str = ""
    ) -> Json:
        """Write a message; returns it. `thread`: the message (or its ts) to answer in its thread.

        `broadcast`: the answer is also sent to the channel (docs page "message/thread_broadcast"); `file`: the name of
        a file that comes along.
        """
        user = self.workspace.user(who)
        channel, root = self.place_of(user, where), thread if isinstance(thread, str) else thread["ts"]
        more: Json = {}
        if broadcast:
            more = {"subtype": "thread_broadcast", "root": copy.deepcopy(self.workspace.message(channel, root))}
        elif file:
            more = {"subtype": "file_share", "files": [shared_file(self._app, user, file, 2048)], "upload": False}
        return self.workspace.said(user, channel, text, root, **more)

    async def edits(self, who: str, where: str, ts: str, text: str) -> Json:
        user = self.workspace.user(who)
        return self.workspace.retype(user, self.place_of(user, where), ts, text)

    async def deletes(self, who: str, where: str, ts: str) -> None:
        user = self.workspace.user(who)
        channel = self.place_of(user, where)
        if self.workspace.message(channel, ts).get("user") != user.id:
            raise Refused("cant_delete_message")
        self.workspace.delete(channel, ts)

    async def reacts(self, who: str, where: str, ts: str, name: str = "ticket") -> None:
        user = self.workspace.user(who)
        self.workspace.react(user, self.place_of(user, where), ts, name.strip(":"))

    async def types(self, who: str, line: str, where: str = "#general") -> Answer:
        """Send a slash command; what it answers shows in `whispers`. Raises Refused(unknown_command)."""
        user = self.workspace.user(who)
        channel = self.place_of(user, where)
        name, _, text = line.partition(" ")
        command = next((c for c in self._app.commands if c.command == name), None)
        if command is None or "commands" not in self._app.scopes:
            raise Refused("unknown_command")
        if command.should_escape:
            text = typed(text, self.workspace.users.values(), self.workspace.channels.values(), labelled=True)
        trigger = self.workspace.views.trigger(user.id)
        url = self._api.response_url(user.id, channel.id)
        payload = payloads.command(self._app, user, channel, name, text.strip(), trigger, url)
        answer = await self._delivery.ask("slash_commands", payload, accepts=True)
        if answer.error:
            self._slackbot(user, channel, f'{name} failed with the error "{answer.error}"')
        elif answer.payload:
            self._api.respond(ResponseUrl(user.id, channel.id, "", self.workspace.now()), answer.payload)
        return answer

    # acting on what the app shows

    async def clicks(self, who: str, label: str, message: Json, option: str = "") -> Answer:
        """Use the button, select or overflow menu of a message (or ephemeral message) with that label or action id.

        `option`: the label or value to choose. Raises LookupError when there is no such element.
        """
        block, element = self._element(message.get("blocks", []), label, option)
        return await self.acts(who, message, block["block_id"], element["action_id"], option)

    async def clicks_in_view(self, who: str, label: str, option: str = "", *, home: bool = False) -> Answer:
        """The same in the open modal, or in the Home tab."""
        user = self.workspace.user(who)
        view = self.workspace.views.homes.get(user.id) if home else self.workspace.views.top(user.id)
        if view is None:
            raise LookupError(f"{who} has no view open")
        block, element = self._element(view["blocks"], label, option)
        return await self.acts_in_view(who, view["id"], block["block_id"], element["action_id"], option)

    async def acts(
        self, who: str, message: Json, block_id: str, action_id: str, raw: Raw = "", filled: Filled | None = None
    ) -> Answer:
        """block_actions of a message: a click, or a choice `raw`; `filled`: what else stands in its elements."""
        user = self.workspace.user(who)
        channel = self.holding(message)
        block, element = _named(message.get("blocks", []), block_id, action_id)
        trigger, url = self.workspace.views.trigger(user.id), self._api.response_url(user.id, channel.id, message["ts"])
        given = _overlaid(filled or {}, block_id, action_id, raw)
        state, action = state_of(message["blocks"], given), action_of(block, element, raw, self.workspace.next_ts())
        shown = copy.deepcopy(message)
        payload = payloads.clicked_in_message(self._app, user, channel, shown, state, action, trigger, url)
        return await self._delivery.ask("interactive", payload, accepts=False)

    async def acts_in_view(
        self, who: str, view_id: str, block_id: str, action_id: str, raw: Raw = "", filled: Filled | None = None
    ) -> Answer:
        """block_actions of a modal or of the Home tab."""
        user, view = self.workspace.user(who), self._view(view_id)
        block, element = _named(view["blocks"], block_id, action_id)
        if block["type"] == "input" and not block.get("dispatch_action"):
            raise Refused("invalid_action")  # Slack tells of it only when the form is submitted
        given = self._kept(view, _overlaid(filled or {}, block_id, action_id, raw))
        view["state"] = state_of(view["blocks"], given)
        action = action_of(block, element, raw, self.workspace.next_ts())
        trigger = self.workspace.views.trigger(user.id, view_id)
        payload = payloads.clicked_in_view(self._app, user, copy.deepcopy(view), action, trigger)
        return await self._delivery.ask("interactive", payload, accepts=False)

    async def submits(self, who: str, values: Mapping[str, Raw] | None = None) -> dict[str, str]:
        """Fill in the open modal by label, block id or action id, and send it.

        Returns the errors shown (by block id; under "" for trouble); none means it was taken.
        """
        user = self.workspace.user(who)
        view = self.workspace.views.top(user.id)
        if view is None:
            raise LookupError(f"{who} has no form open")
        filled: dict[str, dict[str, Raw]] = {}
        for name, raw in (values or {}).items():
            block, element = self._element(view["blocks"], name, "")
            filled.setdefault(block["block_id"], {})[element["action_id"]] = raw
        return await self.sends(who, view["id"], filled)

    async def sends(self, who: str, view_id: str, filled: Filled) -> dict[str, str]:
        """view_submission with raw values by block and action id; returns the errors as `submits` does."""
        user, view = self.workspace.user(who), self._view(view_id)
        view["state"] = state_of(view["blocks"], self._kept(view, filled))
        errors = unfilled(view["blocks"], view["state"])
        if not errors:
            trigger = self.workspace.views.trigger(user.id, view_id)
            payload = payloads.submitted(self._app, user, copy.deepcopy(view), trigger)
            answer = await self._delivery.ask("interactive", payload, accepts=True)
            errors = {"": TROUBLE} if answer.error else self._responded(user, view, answer.payload or {})
        if errors:
            self.workspace.views.errors[view_id] = errors
        self.workspace.changed()
        return errors

    def _responded(self, user: User, view: Json, said: Json) -> dict[str, str]:
        """What the app wants done with a submitted view (docs page "Modals": response_action)."""
        views, wish = self.workspace.views, said.get("response_action")
        views.errors.pop(view["id"], None)
        if wish == "errors":
            inputs = {b["block_id"] for b in view["blocks"] if b["type"] == "input"}
            errors = {k: str(v) for k, v in said.get("errors", {}).items()}
            return errors if errors and set(errors) <= inputs else {"": TROUBLE}
        if wish in ("update", "push"):
            if view_problems(said.get("view")):
                return {"": TROUBLE}
            if wish == "push":
                views.put_on_top(user.id, said["view"])
            else:
                views.replace(view, said["view"])
        elif wish == "clear":
            views.close_all(user.id)
        elif views.top(user.id) is view:
            views.close_top(user.id)
        return {}

    async def closes(self, who: str, *, everything: bool = False) -> None:
        """Close the top modal, or the whole stack; the app hears of it only with notify_on_close."""
        user = self.workspace.user(who)
        stack = list(self.workspace.views.stacks.get(user.id, ()))
        everything = everything or bool(stack and stack[-1]["clear_on_close"])
        gone = stack if everything else stack[-1:]
        (self.workspace.views.close_all if everything else self.workspace.views.close_top)(user.id)
        self.workspace.changed()
        for view in reversed(gone):
            if view["notify_on_close"]:
                payload = payloads.closed(self._app, user, view, is_cleared=everything)
                await self._delivery.ask("interactive", payload, accepts=False)

    async def opens_home(self, who: str) -> None:
        self.workspace.open_home(self.workspace.user(who))

    async def uses_shortcut(self, who: str, name: str, message: Json | None = None) -> Answer:
        """A shortcut of the app by name or callback id; a message shortcut needs its message."""
        user = self.workspace.user(who)
        kind = "message" if message else "global"
        known = next((s for s in self._app.shortcuts if name in (s.name, s.callback_id) and s.type == kind), None)
        if known is None:
            raise LookupError(f"the app has no {kind} shortcut {name}")
        trigger, now = self.workspace.views.trigger(user.id), self.workspace.next_ts()
        if message is None:
            payload = payloads.shortcut(self._app, user, known.callback_id, trigger, now)
        else:
            channel = self.holding(message)
            url = self._api.response_url(user.id, channel.id, message["ts"])
            shown = copy.deepcopy(message)
            payload = payloads.message_shortcut(self._app, user, channel, shown, known.callback_id, trigger, url, now)
        return await self._delivery.ask("interactive", payload, accepts=False)

    # finding

    def _view(self, view_id: str) -> Json:
        view = self.workspace.views.find(view_id)
        if view is None:
            raise Refused("not_found")
        return view

    def _kept(self, view: Json, filled: Filled) -> Filled:
        """What was typed so far with what was typed now: an updated view keeps it where the ids stay."""
        kept = self.workspace.views.filled.setdefault(view["id"], {})
        for block_id, actions in filled.items():
            kept[block_id] = {**kept.get(block_id, {}), **actions}
        return kept

    def _element(self, blocks: list[Json], label: str, option: str) -> tuple[Json, Json]:
        """The element with that label, action id or block id; without one, the menu that offers `label or option`."""
        for block in blocks:
            for element in elements_of(block):
                names = [
                    element.get("action_id"),
                    block.get("block_id"),
                    _text(block.get("label")),
                    _text(element.get("text")),
                ]
                if label in (*names, _text(element.get("placeholder"))) and "action_id" in element:
                    if option and not any(option in (o["value"], o["text"]["text"]) for o in options_of(element)):
                        continue
                    return block, element
        raise LookupError(f"nothing called {label!r} is there")

    def _slackbot(self, user: User, channel: Channel, text: str) -> None:
        message = {
            "type": "message",
            "text": text,
            "user": "USLACKBOT",
            "ts": self.workspace.next_ts(),
            "is_ephemeral": True,
        }
        self.workspace.whisper(user.id, channel, message)


def _text(node: Json | str | None) -> str:
    return str(node.get("text", "")) if isinstance(node, dict) else ""


def _named(blocks: list[Json], block_id: str, action_id: str) -> tuple[Json, Json]:
    for block in blocks:
        for element in elements_of(block):
            if block["block_id"] == block_id and element.get("action_id") == action_id:
                return block, element
    raise Refused("invalid_action")


def _overlaid(filled: Filled, block_id: str, action_id: str, raw: Raw) -> Filled:
    return {**filled, block_id: {**filled.get(block_id, {}), action_id: raw}}
