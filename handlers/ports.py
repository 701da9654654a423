"""What the doors need from the house, as protocols: handlers know no desk and no storage, only these."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from rules.events import Command, Event
from rules.messages import Form, Message, Reply


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What became of an event, after its commit. `repeat`: it was counted before, nothing was done now."""

    repeat: bool = False
    key: str = ""
    reply: Reply | None = None
    ignored: str = ""


class Desk(Protocol):
    """Where happenings are taken. Raises `Busy` while the database can't be had: then nothing was recorded."""

    async def take(self, event: Event, raw: bytes = b"") -> Taken: ...

    async def ask(self, command: Command) -> Reply:
        """Answer a command that changes nothing (mine, list, show, why, help, exceptions, digest)."""
        ...

    async def form(self, command: Command) -> Form | Reply:
        """The form of a click or an incomplete command, or why there is none for this person."""
        ...


class Busy(Exception):
    """The database can't be reached or is locked; the sentence may be shown to a person."""


@dataclass(frozen=True, slots=True)
class Sent:
    """Where a message went: `place` as the channel names it, `id` the ts or Message-ID."""

    place: str
    id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """A message ready for one channel. `outbox_id` travels with it; `edit`: replace that message instead.

    `address` is a Slack channel, user id or `#name`, or a mail address; `thread` the ts to answer in, or the mail's
    In-Reply-To; `references` the mail's thread, oldest first; `names` what to call identities;
    `mentions` the Slack user id of an identity, where it has one.
    """

    outbox_id: str
    address: str
    message: Message
    timezone: str
    thread: str | None = None
    references: tuple[str, ...] = ()
    edit: Sent | None = None
    item: str = ""
    names: Mapping[str, str] = field(default_factory=dict)
    mentions: Mapping[str, str] = field(default_factory=dict)
    answers: bool = False  # a mail that answers somebody's mail (Auto-Submitted: auto-replied)


class Passing(Exception):
    """Could not be sent now; try again, after `retry_after_seconds` where the other side named a time."""

    def __init__(self, sentence: str, retry_after_seconds: float | None = None) -> None:
        super().__init__(sentence)
        self.retry_after_seconds = retry_after_seconds


class Lasting(Exception):
    """Can never be sent like this; the sentence says why and who can mend it."""


class Sender(Protocol):
    """A channel's way out."""

    async def send(self, outgoing: Outgoing) -> Sent:
        """Deliver and say where it went. Raises Passing or Lasting."""
        ...

    async def find(self, outgoing: Outgoing, since: datetime) -> Sent | None:
        """Whether that outbox id arrived already, as far as the channel can be asked."""
        ...


class Directory(Protocol):
    """Where names of people outside the rulebook are learnt; `names` maps their identities, as far as known."""

    @property
    def names(self) -> Mapping[str, str]: ...

    async def learn(self, identities: Iterable[str]) -> None:
        """Ask for the names of these that are not known yet; never raises."""
        ...


Clock = Callable[[], datetime]
Sleep = Callable[[float], Awaitable[None]]
