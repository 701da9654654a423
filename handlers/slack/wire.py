"""What every Slack payload has in common: who we are in it, its times, and careful ways to take its values."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

#: One workspace for now; it is part of every event.
WORKSPACE = "main"
#: Slack's timestamps: seconds, a dot, six digits that make them unique within their conversation.
_TS = re.compile(r"(\d{1,11})(?:\.(\d{1,6}))?")
#: Keys of a payload that open doors; they are cut before the payload is kept.
_CAPABILITIES = frozenset({"token", "response_url", "response_urls", "trigger_id", "bot_access_token", "interactivity"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Us:
    """The bot as auth.test names it: its workspace, its user and bot ids, the workspace's address with its slash."""

    team: str
    user: str
    bot: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class Ignored:
    """A payload that is no happening for us, and why."""

    reason: str


class Malformed(Exception):
    """A payload lacks what it must have; the sentence says what. It is kept raw and becomes an `Unreadable`."""


def mapping(value: object) -> Mapping[str, Any]:
    """The value where it is an object, else an empty one."""
    return value if isinstance(value, dict) else {}


def listing(value: object) -> list[Any]:
    """The value where it is a list, else an empty one."""
    return value if isinstance(value, list) else []


def string(value: object) -> str:
    """The value where it is text, else "". Lone surrogates and NUL go: no database takes them."""
    if not isinstance(value, str):
        return ""
    return value.replace("\x00", "").encode("utf-8", "replace").decode("utf-8")


def needed(payload: Mapping[str, Any], name: str, of: str) -> str:
    """A text that must be there. Raises Malformed."""
    found = string(payload.get(name))
    if not found:
        raise Malformed(f"{of} without {name}")
    return found


def moment(ts: str) -> datetime:
    """A Slack timestamp (`1700000000.123456`, seconds since 1970) as UTC, to the microsecond. Raises Malformed."""
    found = _TS.fullmatch(ts)
    if found is None:
        raise Malformed(f"{ts[:40]!r} is no Slack timestamp")
    fraction = (found.group(2) or "").ljust(6, "0")
    # Not datetime.fromtimestamp(float): a double can't hold ten digits and six more.
    return datetime.fromtimestamp(int(found.group(1)), UTC) + timedelta(microseconds=int(fraction))


def identity(slack_id: str) -> str:
    """The raw identity behind a user or bot id; Slack names neither for some programs' messages."""
    return f"slack:{slack_id or 'unknown'}"


def is_direct(channel: str) -> bool:
    """Whether a conversation id is a direct message with the bot."""
    return channel.startswith("D")


def kept(payload: Mapping[str, Any]) -> bytes:
    """The payload as it is stored with its event: JSON in UTF-8 without the tokens and addresses that open doors."""
    rest = {name: value for name, value in payload.items() if name not in _CAPABILITIES}
    return json.dumps(rest, ensure_ascii=False).encode("utf-8", "replace")
