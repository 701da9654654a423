"""What Slack says of somebody's account: name, zone, whether it still is one, and whose it is. Pure.

Sources: Slack's object page "user", the method pages "users.info" and "dnd.info".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from handlers.slack.wire import listing, mapping, string

DEACTIVATED = "deactivated in Slack"
UNKNOWN = "unknown in Slack"
#: What users.info answers about somebody who is not there, or whom this app may not see.
NOT_THERE = frozenset({"user_not_found", "user_not_visible"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """`gone`: why no message reaches the account ("" while one does). `timezone` an IANA name, "" where none is known.

    `guest`: a guest of this workspace, or a person of another organization.
    """

    user: str
    name: str = ""
    timezone: str = ""
    gone: str = ""
    guest: bool = False


def profile_of(user: Mapping[str, Any], team: str) -> Profile:
    """A user object; `team` is our workspace's id, "" while we don't know it."""
    about = mapping(user.get("profile"))
    name = string(about.get("real_name")) or string(about.get("display_name")) or string(user.get("name"))
    marked = any(user.get(flag) is True for flag in ("is_restricted", "is_ultra_restricted", "is_stranger"))
    return Profile(
        user=string(user.get("id")),
        name=name,
        timezone=_zone(string(user.get("tz"))),
        gone=DEACTIVATED if user.get("deleted") is True else "",
        guest=marked or _foreign(user, team),
    )


def nobody(user: str) -> Profile:
    """Whom Slack does not know, or does not show us: nobody of ours in any case."""
    return Profile(user=user, gone=UNKNOWN, guest=True)


def _foreign(user: Mapping[str, Any], team: str) -> bool:
    """Whether the account belongs to another organization; one of Enterprise Grid has several workspaces."""
    home = string(user.get("team_id"))
    teams = listing(mapping(user.get("enterprise_user")).get("teams"))
    return bool(team and home) and home != team and team not in teams


def _zone(name: str) -> str:
    try:
        return ZoneInfo(name).key if name else ""
    except (KeyError, ValueError, OSError):  # a zone that this machine's database does not have
        return ""


def quiet_until(answer: Mapping[str, Any], now: datetime) -> datetime | None:
    """Until when (UTC) somebody is not to be disturbed, by what dnd.info says of them; None: they may be, at `now`."""
    begins, ends, at = answer.get("next_dnd_start_ts"), answer.get("next_dnd_end_ts"), now.timestamp()
    until = [0]
    if answer.get("dnd_enabled") is True and isinstance(begins, int) and isinstance(ends, int) and begins <= at < ends:
        until.append(ends)
    snoozed = answer.get("snooze_endtime")
    if answer.get("snooze_enabled") is True and isinstance(snoozed, int) and at < snoozed:
        until.append(snoozed)
    try:
        return datetime.fromtimestamp(max(until), UTC) if max(until) > at else None
    except (OverflowError, ValueError, OSError):
        return None
