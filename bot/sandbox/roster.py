"""Who and what a sandbox Slack consists of at the start: users, channels, memberships."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from rules.book.rulebook import Rulebook

Json = dict[str, Any]


@dataclass(slots=True, kw_only=True)
class User:
    """A member of the workspace; `key` is the rulebook's name for them, empty for strangers."""

    id: str
    handle: str
    name: str
    email: str = ""
    timezone: str = "UTC"
    key: str = ""
    is_bot: bool = False
    is_guest: bool = False
    team: str = ""  # of another organization, whom a shared channel brought here
    deleted: bool = False
    quiet: tuple[datetime, datetime] | None = None  # Do Not Disturb, from when until when (UTC)


@dataclass(slots=True, kw_only=True)
class Channel:
    """A conversation; `user` is the person of a direct message with the bot; messages by ts, oldest first."""

    id: str
    name: str = ""
    kind: Literal["channel", "group", "im"] = "channel"
    members: set[str] = field(default_factory=set)
    user: str = ""
    created: int = 0
    is_archived: bool = False
    is_general: bool = False
    messages: dict[str, Json] = field(default_factory=dict)

    @property
    def event_name(self) -> str:
        """The subscription that its messages belong to."""
        return {"channel": "message.channels", "group": "message.groups", "im": "message.im"}[self.kind]


@dataclass(frozen=True, slots=True, kw_only=True)
class MailPerson:
    """Somebody with a mailbox in the sandbox; `slack` is empty for who lives in mail alone."""

    name: str
    email: str
    slack: str = ""
    key: str = ""
    timezone: str = ""


@dataclass(slots=True, kw_only=True)
class Roster:
    """Everybody and every channel before the first word is said."""

    users: list[User]
    channels: list[Channel]
    mail: list[MailPerson]
    inboxes: list[str]
    domain: str


def channel_id(name: str) -> str:
    """A stable id for a channel name: `it-help` becomes C0ITHELP."""
    return "C0" + re.sub(r"[^A-Z0-9]", "", name.upper())


def roster_of(book: Rulebook, bot: User) -> Roster:
    """The people and channels that a rulebook names, with the bot, Rita (who only asks) and a guest.

    The first inbox is of a workflow that isn't private, where there is one: the bot's own address leads there.
    """
    zone = book.timezone
    domain = next((p.email.partition("@")[2] for p in book.people.values()), "sandbox.example")
    users = [
        User(id=p.slack, handle=p.key, name=p.name, email=p.email, timezone=p.timezone or zone, key=p.key)
        for p in book.people.values()
        if p.slack
    ]
    strangers = [
        User(id="U0RITA", handle="rita", name="Rita Gomez", email=f"rita@{domain}", timezone=zone),
        User(id="U0NOA", handle="noa", name="Noa Lind", email="noa@partner.example", timezone=zone, is_guest=True),
    ]
    taken = {u.id for u in users} | {u.handle for u in users}
    users += [s for s in strangers if s.id not in taken and s.handle not in taken]
    workflows = [*book.workflows.values()]
    intake = [source.channel for w in workflows for source in w.intake.slack]
    names = ["general", *intake, *([book.lane_channel] if book.lane_channel else [])]
    public_first = sorted(workflows, key=lambda w: w.private)
    mail = [
        MailPerson(name=p.name, email=p.email, slack=p.slack or "", key=p.key, timezone=p.timezone or zone)
        for p in book.people.values()
    ]
    mail += [MailPerson(name=u.name, email=u.email, slack=u.id, timezone=zone) for u in users if not u.key]
    mail.append(MailPerson(name="Carla Customer", email="carla@customer.example", timezone=zone))
    return Roster(
        users=[*users, bot],
        channels=channels_of(names, {u.id for u in users} | {bot.id}, frozenset(u.id for u in users if u.is_guest)),
        mail=mail,
        inboxes=list(dict.fromkeys(inbox for w in public_first for inbox in w.intake.email)),
        domain=domain,
    )


def channels_of(names: Iterable[str], members: set[str], guests: frozenset[str] = frozenset()) -> list[Channel]:
    """Public channels of those names, each once; guests are only in the first that isn't #general."""
    unique = list(dict.fromkeys(name.lstrip("#") for name in names))
    return [
        Channel(
            id=channel_id(name),
            name=name,
            members=set(members) if place == 1 else members - guests,
            is_general=name == "general",
        )
        for place, name in enumerate(unique)
    ]
