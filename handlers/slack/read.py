"""Reads what happened in conversations: an event payload becomes one of rules/events.py, or a reasoned ignore."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from handlers.slack.text import mentions, words
from handlers.slack.wire import (
    WORKSPACE,
    Ignored,
    Us,
    identity,
    is_direct,
    listing,
    mapping,
    moment,
    needed,
    string,
)
from rules.events import Attachment, Deleted, Edited, Posted, Reacted

#: The events that are read: what the manifest subscribes to, and what the listeners register, is exactly this.
EVENTS = ("app_mention", "message", "reaction_added")

#: Who wrote our own messages.
OURS = "docket"
_IN_A_NAME = re.compile(r"[\x00-\x1f\x7f/\\]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reaction:
    """A reaction whose message must still be fetched: `place` and `ts` say which; `by` put it there at `at` (UTC)."""

    id: str
    at: datetime
    by: str
    name: str
    place: str
    ts: str


def read_event(payload: object, us: Us) -> Posted | Edited | Deleted | Reaction | Ignored:
    """An Events API payload as a happening. `place_name` stays empty: it takes a call. Raises Malformed."""
    outer = mapping(payload)
    kind = needed(outer, "type", "a payload")
    if kind != "event_callback":
        return Ignored(f"{kind[:60]} is no event")
    event = mapping(outer.get("event"))
    match event.get("type"):
        case "message":
            return _message(event, us)
        case "app_mention":
            return post(event, needed(event, "channel", "a mention"), us, addressed=True)
        case "reaction_added":
            return _reaction(event, needed(outer, "event_id", "a reaction"), us)
        case other:
            return Ignored(f"{string(other)[:60] or 'an event without a type'} is not followed")


def post(message: Mapping[str, Any], place: str, us: Us, *, addressed: bool = False) -> Posted | Ignored:
    """A message of the conversation `place`, from an event or a history page. Raises Malformed.

    The `message` and the `app_mention` of one post give the same id and the same reading, whichever comes first.
    """
    ts = needed(message, "ts", "a message")
    return Ignored("our own message") if _is_ours(message, us) else _posted(message, place, ts, us, addressed=addressed)


def pointed_at(message: Mapping[str, Any], place: str, us: Us) -> Posted:
    """The same for a message that a person points at: one of ours may be it, and is `docket`'s. Raises Malformed."""
    found = _posted(message, place, needed(message, "ts", "a message"), us)
    return replace(found, by=OURS, bot=True) if _is_ours(message, us) else found


def _posted(message: Mapping[str, Any], place: str, ts: str, us: Us, *, addressed: bool = False) -> Posted:
    user, program = string(message.get("user")), string(message.get("bot_id"))
    thread = _thread(message, ts)
    subtype = string(message.get("subtype"))
    return Posted(
        id=f"slack:{us.team}:{place}:{ts}",
        workspace=WORKSPACE,
        at=moment(ts),
        by=identity(user or program),
        via="slack",
        place=place,
        place_name="",
        ts=ts,
        thread=thread,
        text=words(message.get("text")),
        direct=is_direct(place),
        mentions_us=addressed or mentions(message.get("text"), us.user),
        bot=bool(program) or subtype == "bot_message",
        subtype=subtype,
        files=tuple(_file(mapping(file)) for file in listing(message.get("files"))),
        permalink=permalink(us, place, ts, thread),
    )


def reacted(reaction: Reaction, message: Posted) -> Reacted:
    """The reaction together with the message that it was put on."""
    return Reacted(
        id=reaction.id,
        workspace=WORKSPACE,
        at=reaction.at,
        by=reaction.by,
        via="slack",
        reaction=reaction.name,
        message=message,
    )


def placed(payload: object) -> tuple[str, str]:
    """Conversation and ts of the new message that an event tells of, ours included; "" each where it tells of none."""
    event = mapping(mapping(payload).get("event"))
    changes = ("message_changed", "message_deleted", "message_replied")
    if event.get("type") not in ("message", "app_mention") or event.get("subtype") in changes:
        return "", ""
    return string(event.get("channel")), string(event.get("ts"))


def reactions_on(message: Mapping[str, Any], place: str, us: Us, now: datetime) -> list[Reaction]:
    """The reactions that a history page shows on a message; who put each there first, but not when: `now` stands in.

    Their events' ids are not known, so each has one of its own: a message that is tracked is not tracked again.
    """
    ts = needed(message, "ts", "a message")
    found: dict[str, Reaction] = {}
    for reaction in map(mapping, listing(message.get("reactions"))):
        name = string(reaction.get("name")).partition("::")[0]
        user = next((string(one) for one in listing(reaction.get("users")) if one != us.user), "")
        if name and user and name not in found:
            found[name] = Reaction(
                id=f"slack:{us.team}:{place}:{ts}:reaction:{name}",
                at=now,
                by=identity(user),
                name=name,
                place=place,
                ts=ts,
            )
    return list(found.values())


def _message(event: Mapping[str, Any], us: Us) -> Posted | Edited | Deleted | Ignored:
    place = needed(event, "channel", "a message")
    match event.get("subtype"):
        case "message_changed":
            return _changed(event, place, us)
        case "message_deleted":
            before = mapping(event.get("previous_message"))
            return _deleted(event, before, needed(event, "deleted_ts", "a deletion"), place, us)
        case "message_replied":
            return Ignored("the reply itself comes as a message of its own")
        case _:
            return post(event, place, us)


def _changed(event: Mapping[str, Any], place: str, us: Us) -> Edited | Deleted | Ignored:
    now, before = mapping(event.get("message")), mapping(event.get("previous_message"))
    ts = string(now.get("ts")) or needed(before, "ts", "a change")
    if now.get("subtype") == "tombstone":
        # A deleted message that has replies stays as its thread's root.
        return _deleted(event, before, ts, place, us)
    if _is_ours(now, us):
        return Ignored("our own message")
    text = words(now.get("text"))
    if words(before.get("text")) == text if before else "edited" not in now:
        return Ignored("its words did not change, only its preview or its thread")
    return _edited(now, before, ts, place, us, changed_at=needed(event, "ts", "a change"))


def since_posted(message: Mapping[str, Any], place: str, us: Us, now: datetime) -> Edited | Deleted | None:
    """What a history page says has become of a message: its last edit, or that only a tombstone is left of it.

    The ids are those of the events, whichever comes first. What left no trace can't be seen: earlier edits, and a
    deleted message that had no replies. Raises Malformed.
    """
    ts = needed(message, "ts", "a message")
    if message.get("subtype") == "tombstone":
        return _gone(ts, mapping(None), place, us, now)
    edited_at = string(mapping(message.get("edited")).get("ts"))
    if not edited_at or _is_ours(message, us):
        return None
    return _edited(message, mapping(None), ts, place, us, changed_at=edited_at)


def _edited(
    now: Mapping[str, Any], before: Mapping[str, Any], ts: str, place: str, us: Us, *, changed_at: str
) -> Edited:
    edited = mapping(now.get("edited"))
    text = words(now.get("text"))
    # History knows an edit by `edited.ts` alone, which has whole seconds: its words tell two within one second apart.
    said = hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:16]
    return Edited(
        id=f"slack:{us.team}:{place}:{ts}:edit:{string(edited.get('ts')) or changed_at}:{said}",
        workspace=WORKSPACE,
        at=moment(changed_at),
        by=identity(string(edited.get("user")) or string(now.get("user")) or string(now.get("bot_id"))),
        via="slack",
        place=place,
        ts=ts,
        thread=_thread(now, ts) or _thread(before, ts),
        text=text,
        direct=is_direct(place),
    )


def _deleted(event: Mapping[str, Any], before: Mapping[str, Any], ts: str, place: str, us: Us) -> Deleted | Ignored:
    if _is_ours(before, us):
        return Ignored("our own message")
    return _gone(ts, before, place, us, moment(needed(event, "ts", "a deletion")))


def _gone(ts: str, before: Mapping[str, Any], place: str, us: Us, at: datetime) -> Deleted:
    moment(ts)  # a message's ts is part of ids; nothing else may stand there
    return Deleted(
        id=f"slack:{us.team}:{place}:{ts}:deleted",
        workspace=WORKSPACE,
        at=at,
        # Slack does not say who deleted it; its author stands in.
        by=identity(string(before.get("user")) or string(before.get("bot_id"))),
        via="slack",
        place=place,
        ts=ts,
        thread=_thread(before, ts),
        direct=is_direct(place),
    )


def _reaction(event: Mapping[str, Any], event_id: str, us: Us) -> Reaction | Ignored:
    item = mapping(event.get("item"))
    if item.get("type") != "message":
        return Ignored("a reaction on something that is no message")
    user = needed(event, "user", "a reaction")
    if user == us.user:
        return Ignored("our own reaction")
    return Reaction(
        id=f"slack:{us.team}:event:{event_id}",
        at=moment(needed(event, "event_ts", "a reaction")),
        by=identity(user),
        # `wave::skin-tone-3` is the same sign.
        name=needed(event, "reaction", "a reaction").partition("::")[0],
        place=needed(item, "channel", "a reaction"),
        ts=needed(item, "ts", "a reaction"),
    )


def _is_ours(message: Mapping[str, Any], us: Us) -> bool:
    return message.get("user") == us.user or (bool(us.bot) and message.get("bot_id") == us.bot)


def _thread(message: Mapping[str, Any], ts: str) -> str | None:
    """The root's ts where this is a reply; a root with replies carries its own."""
    thread = string(message.get("thread_ts"))
    return thread if thread and thread != ts else None


def _file(file: Mapping[str, Any]) -> Attachment:
    """A file that hangs on a message; only linked, so without a hash. Deleted and hidden ones have no name."""
    size = file.get("size")
    return Attachment(
        name=_IN_A_NAME.sub("_", string(file.get("name")) or string(file.get("title")))[:200] or "file",
        media_type=string(file.get("mimetype")),
        size=size if isinstance(size, int) and not isinstance(size, bool) and size > 0 else 0,
        url=string(file.get("permalink")) or string(file.get("url_private")),
    )


def permalink(us: Us, place: str, ts: str, thread: str | None) -> str | None:
    """The message's address as Slack forms it; chat.getPermalink would cost a call for each message."""
    if not us.url:
        return None
    reply = f"?thread_ts={thread}&cid={place}" if thread else ""
    return f"{us.url.rstrip('/')}/archives/{place}/p{ts.replace('.', '')}{reply}"
