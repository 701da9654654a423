"""The message that a form is about, as it travels with the form: where it stands, whose it is, as much as has room."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from handlers.slack.mrkdwn import cut
from handlers.slack.read import permalink
from handlers.slack.wire import WORKSPACE, Malformed, Us, is_direct, mapping, moment, string
from rules.events import Posted


def packed(message: Posted, text_units: int) -> dict[str, Any]:
    """A message as JSON values, its text cut to so many units. Its files stay behind: they are read again with it."""
    return {
        "place": message.place,
        "name": cut(message.place_name, 80),
        "ts": message.ts,
        "thread": message.thread,
        "by": message.by,
        "text": cut(message.text, text_units),
        "bot": message.bot,
        "subtype": cut(message.subtype, 80),
        "joined": message.joined,
    }


def unpacked(value: object, us: Us) -> Posted | None:
    """The inverse, as far as it goes; None where there is no message in it."""
    found: Mapping[str, Any] = mapping(value)
    place, ts, thread = string(found.get("place")), string(found.get("ts")), string(found.get("thread")) or None
    try:
        at = moment(ts)
    except Malformed:
        return None
    joined = bool(found.get("joined", True))
    return Posted(
        id=f"slack:{us.team}:{place}:{ts}",
        workspace=WORKSPACE,
        at=at,
        by=string(found.get("by")),
        via="slack",
        place=place,
        place_name=string(found.get("name")),
        ts=ts,
        thread=thread,
        text=string(found.get("text")),
        direct=joined and is_direct(place),
        bot=bool(found.get("bot")),
        subtype=string(found.get("subtype")),
        permalink=permalink(us, place, ts, thread),
        joined=joined,
    )
