"""The state of a small Slack: conversations, messages, threads, reactions, whispers. No I/O; listeners hear events.

An event told to listeners is the inner event as the Events API has it (docs page "Events API"), before the envelope.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from bot.sandbox.kept_files import Kept
from bot.sandbox.links import link_shared
from bot.sandbox.messages import block_id, bot_message, person_message, tombstone
from bot.sandbox.roster import Channel, Json, Roster, User
from bot.sandbox.slack_app import SlackApp
from bot.sandbox.views import Refused, Views
from bot.sandbox.wire_text import rich_text, typed

MICROSECOND = 1_000_000


@dataclass(frozen=True, slots=True)
class Whisper:
    """An ephemeral message: only `user` sees it, in that channel (and thread). Never part of the history."""

    user: str
    channel: str
    message: Json


@dataclass(frozen=True, slots=True)
class Happened:
    """An inner event and the conversation it belongs to (None: it has none that limits who hears it)."""

    event: Json
    subscription: str
    channel: Channel | None


class Workspace:
    """A workspace at a time told by `now`. Methods raise `Refused` with Slack's error names."""

    def __init__(self, app: SlackApp, roster: Roster, now: Callable[[], datetime]) -> None:
        self.app = app
        self.now = now
        self.users: dict[str, User] = {u.id: u for u in roster.users}
        self.channels: dict[str, Channel] = {c.id: c for c in roster.channels}
        self.views = Views(app)
        self.whispers: list[Whisper] = []
        self.files: dict[str, Kept] = {}
        self.read: dict[tuple[str, str], str] = {}  # (user, channel) -> ts of the last message seen
        self.refusal = ""  # what the app's token is answered since the app was removed or its token revoked
        self.revision = 0
        self._last_ts = 0
        self._on_event: list[Callable[[Happened], None]] = []
        self._on_change: list[Callable[[], None]] = []

    # listeners

    def on_event(self, callback: Callable[[Happened], None]) -> None:
        """`callback` hears every event that could interest an app."""
        self._on_event.append(callback)

    def on_change(self, callback: Callable[[], None]) -> Callable[[], None]:
        """`callback` hears that something looks different now; the function returned ends that."""
        self._on_change.append(callback)
        return lambda: self._on_change.remove(callback)

    def changed(self) -> None:
        self.revision += 1
        for callback in tuple(self._on_change):
            callback()

    def tell(self, event: Json, subscription: str, channel: Channel | None) -> None:
        for callback in self._on_event:
            callback(Happened(event, subscription, channel))

    # finding

    def next_ts(self) -> str:
        """A message id: the time in seconds and microseconds, never the same twice, always growing."""
        self._last_ts = max(int(self.now().timestamp() * MICROSECOND), self._last_ts + 1)
        return f"{self._last_ts // MICROSECOND}.{self._last_ts % MICROSECOND:06d}"

    def user(self, ref: str) -> User:
        """A user by id, handle or rulebook key. Raises Refused(user_not_found)."""
        if ref in self.users:
            return self.users[ref]
        found = next((u for u in self.users.values() if ref.lstrip("@") in (u.handle, u.key) and ref), None)
        if found is None:
            raise Refused("user_not_found")
        return found

    def channel(self, ref: str) -> Channel:
        """A conversation by id or `#name`. Raises Refused(channel_not_found)."""
        if ref in self.channels:
            return self.channels[ref]
        found = next((c for c in self.channels.values() if c.name and c.name == ref.lstrip("#")), None)
        if found is None:
            raise Refused("channel_not_found")
        return found

    def im(self, user: str) -> Channel:
        """The direct messages between a person and the bot, opened when there are none."""
        channel = next((c for c in self.channels.values() if c.kind == "im" and c.user == user), None)
        if channel is None:
            channel = Channel(
                id="D0" + user.removeprefix("U0"), kind="im", user=user, members={user, self.app.bot_user}
            )
            channel.created = int(self.now().timestamp())
            self.channels[channel.id] = channel
        return channel

    def message(self, channel: Channel, ts: str) -> Json:
        if ts not in channel.messages:
            raise Refused("message_not_found")
        return channel.messages[ts]

    def permalink(self, channel: Channel, message: Json) -> str:
        link = f"https://{self.app.team_domain}.slack.com/archives/{channel.id}/p{message['ts'].replace('.', '')}"
        root = message.get("thread_ts")
        return f"{link}?thread_ts={root}&cid={channel.id}" if root and root != message["ts"] else link

    def thread(self, channel: Channel, root: str) -> list[Json]:
        """The parent and its replies, oldest first."""
        return [m for ts, m in channel.messages.items() if ts == root or m.get("thread_ts") == root]

    # writing

    def said(self, user: User, channel: Channel, text: str, thread_ts: str = "", **more: object) -> Json:
        """A person's typed text as a message; `more` are further keys of it (files, a broadcast)."""
        if user.id not in channel.members:
            raise Refused("not_in_channel")
        wire = typed(text, self.users.values(), self.channels.values())
        message = person_message(self.app, user, wire, self.next_ts()) | more
        return self.post(channel, message, thread_ts)

    def post_as_bot(
        self, channel: Channel, text: str, blocks: Iterable[Json], thread_ts: str = "", **more: object
    ) -> Json:
        """A message of the app; `more` are further keys of the message (metadata, attachments)."""
        return self.post(channel, self.bot_message(text, blocks) | more, thread_ts)

    def bot_message(self, text: str, blocks: Iterable[Json]) -> Json:
        """A message of the app, not posted yet."""
        return bot_message(self.app, text, blocks, self.next_ts(), self.now())

    def post(self, channel: Channel, message: Json, thread_ts: str = "") -> Json:
        """Put a finished message into a conversation (and its thread) and tell the events of it."""
        if channel.is_archived:
            raise Refused("is_archived")
        if thread_ts:
            parent = channel.messages.get(thread_ts)
            if parent is None:
                raise Refused("thread_not_found")
            # Slack takes a reply's ts for its parent's.
            thread_ts = parent.get("thread_ts", thread_ts)
            message |= {"thread_ts": thread_ts, "parent_user_id": channel.messages[thread_ts].get("user", "")}
        channel.messages[message["ts"]] = message
        if thread_ts:
            self._count_replies(channel, thread_ts)
        self._tell_posted(channel, message)
        self.changed()
        return message

    def edit(self, channel: Channel, ts: str, changes: Json, editor: str = "") -> Json:
        """Change keys of a message (None takes one away); `editor`: it is marked as edited by them."""
        message = self.message(channel, ts)
        before = copy.deepcopy(message)
        now = self.next_ts()
        if editor:
            message["edited"] = {"user": editor, "ts": now.partition(".")[0] + ".000000"}
        message |= changes
        for key in [k for k, v in message.items() if v is None]:
            del message[key]
        self._tell_hidden(channel, now, "message_changed", message=copy.deepcopy(message), previous_message=before)
        self.changed()
        return message

    def retype(self, user: User, channel: Channel, ts: str, text: str) -> Json:
        """A person edits their own message."""
        if self.message(channel, ts).get("user") != user.id:
            raise Refused("cant_update_message")
        wire = typed(text, self.users.values(), self.channels.values())
        return self.edit(channel, ts, {"text": wire, "blocks": [rich_text(wire, block_id())]}, user.id)

    def delete(self, channel: Channel, ts: str) -> None:
        """Take a message away; a parent with replies leaves a tombstone."""
        message = self.message(channel, ts)
        if message.get("reply_count"):
            before, stone = copy.deepcopy(message), tombstone(message)
            message.clear()
            message |= stone
            shown = {"message": copy.deepcopy(message), "previous_message": before}
            self._tell_hidden(channel, self.next_ts(), "message_changed", **shown)
        else:
            del channel.messages[ts]
            if message.get("thread_ts"):
                self._count_replies(channel, message["thread_ts"])
            gone = {"deleted_ts": ts, "previous_message": message}
            self._tell_hidden(channel, self.next_ts(), "message_deleted", **gone)
        self.changed()

    def whisper(self, user: str, channel: Channel, message: Json) -> Whisper:
        """Show a message to one person only."""
        heard = Whisper(user, channel.id, message)
        self.whispers.append(heard)
        self.changed()
        return heard

    def react(self, user: User, channel: Channel, ts: str, name: str) -> None:
        message = self.message(channel, ts)
        reactions: list[Json] = message.setdefault("reactions", [])
        reaction = next((r for r in reactions if r["name"] == name), None)
        if reaction is None:
            reaction = {"name": name, "users": [], "count": 0}
            reactions.append(reaction)
        if user.id in reaction["users"]:
            raise Refused("already_reacted")
        reaction["users"].append(user.id)
        reaction["count"] += 1
        item = {"type": "message", "channel": channel.id, "ts": ts}
        event = {"type": "reaction_added", "user": user.id, "reaction": name, "item_user": message.get("user", "")}
        self.tell(event | {"item": item, "event_ts": self.next_ts()}, "reaction_added", channel)
        self.changed()

    def join(self, user: User, channel: Channel) -> None:
        """A member more; told once."""
        if user.id in channel.members:
            return
        channel.members.add(user.id)
        event = {"type": "member_joined_channel", "user": user.id, "channel": channel.id, "channel_type": "C"}
        self.tell(event | {"team": self.app.team_id, "event_ts": self.next_ts()}, "member_joined_channel", channel)
        note = {
            "type": "message",
            "subtype": "channel_join",
            "user": user.id,
            "text": f"<@{user.id}> has joined the channel",
        }
        self.post(channel, note | {"ts": self.next_ts()})

    def open_home(self, user: User) -> None:
        """A person looks at the app's Home tab."""
        event: Json = {"type": "app_home_opened", "user": user.id, "channel": self.im(user.id).id, "tab": "home"}
        home = self.views.homes.get(user.id)
        event |= {"view": copy.deepcopy(home)} if home else {}
        self.tell(event | {"event_ts": self.next_ts()}, "app_home_opened", None)

    def end(self, refusal: str) -> None:
        """The installation is over: `account_inactive`, the app was removed; `token_revoked`, only its token."""
        self.refusal = refusal
        told: dict[str, Json] = {"tokens_revoked": {"tokens": {"oauth": [], "bot": [self.app.bot_user]}}}
        if refusal == "account_inactive":
            told["app_uninstalled"] = {}
        for kind, more in told.items():
            self.tell({"type": kind, **more, "event_ts": self.next_ts()}, kind, None)

    # events

    def _tell_posted(self, channel: Channel, message: Json) -> None:
        sent = {k: v for k, v in copy.deepcopy(message).items() if k not in ("metadata", "reactions")}
        sent |= {"channel": channel.id, "event_ts": message["ts"]}
        self.tell(sent | {"channel_type": channel.kind}, channel.event_name, channel)
        mentions_bot = f"<@{self.app.bot_user}>" in message["text"]
        if mentions_bot and channel.kind != "im" and message["user"] != self.app.bot_user:
            self.tell(sent | {"type": "app_mention"}, "app_mention", channel)
        if (shared := link_shared(self.app, channel, message)) is not None:
            # Wherever it was posted: the event itself says whether the bot is there.
            self.tell(shared | {"event_ts": self.next_ts()}, "link_shared", None)

    def _tell_hidden(self, channel: Channel, ts: str, subtype: str, **more: object) -> None:
        event = {"type": "message", "subtype": subtype, "hidden": True, "channel": channel.id, "ts": ts, "event_ts": ts}
        self.tell(event | more | {"channel_type": channel.kind}, channel.event_name, channel)

    def _count_replies(self, channel: Channel, root: str) -> None:
        parent = channel.messages[root]
        replies = self.thread(channel, root)[1:]
        users = list(dict.fromkeys(r.get("user", "") for r in replies))
        parent |= {
            "thread_ts": root,
            "reply_count": len(replies),
            "reply_users_count": len(users),
            "reply_users": users,
            "latest_reply": replies[-1]["ts"] if replies else root,
            "is_locked": False,
            "subscribed": False,
        }
