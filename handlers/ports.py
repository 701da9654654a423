"""What the doors need from the house, as protocols: handlers know no desk and no storage, only these."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, Protocol

from handlers.images import Image
from handlers.pieces import Reading
from rules.deciding_page import Page
from rules.events import Command, Event
from rules.home import Home
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

    async def form(self, command: Command) -> Form | Reply | None:
        """The form of a click or an incomplete command, or why there is none for this person.

        None: nothing is left to ask, it is to be taken as it stands.
        """
        ...


class Busy(Exception):
    """The database can't be reached or is locked; the sentence may be shown to a person."""


@dataclass(frozen=True, slots=True)
class Sent:
    """Where a message went: `place` as the channel names it, `id` the ts or Message-ID.

    `permalink`: its web address, where it has one that others than its reader can open.
    """

    place: str
    id: str
    permalink: str | None = None


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
    reply_token: str = ""  # of a mail: replies go to the bot's address with it behind a plus
    answers: bool = False  # a mail that answers somebody's mail (Auto-Submitted: auto-replied)
    images: tuple[Image, ...] = ()  # the message's pictures, as far as they could be drawn


class Passing(Exception):
    """Could not be sent now; try again, after `retry_after_seconds` where the other side named a time."""

    def __init__(self, sentence: str, retry_after_seconds: float | None = None) -> None:
        super().__init__(sentence)
        self.retry_after_seconds = retry_after_seconds


class Unshown(Passing):
    """The channel does not show the images of a message; it may later, and would take it without them."""


class Lasting(Exception):
    """Can never be sent like this; the sentence says why and who can mend it.

    `status`: with which code (RFC 3463) a mail server refused the address itself; "": something else is wrong.
    """

    def __init__(self, sentence: str, status: str = "") -> None:
        super().__init__(sentence)
        self.status = status


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How an account of a channel stands: `gone` says why no message reaches it, in words; "" while one does.

    `known`: the channel knows such an account, whatever became of it.
    """

    user: str
    gone: str = ""
    known: bool = True


class Accounts(Protocol):
    """Where a channel is asked for its accounts; what it can't say now is None, and nothing is raised."""

    async def standing(self, user: str) -> Standing | None:
        """How that account stands, asked now."""
        ...

    async def quiet_until(self, user: str) -> datetime | None:
        """Until when (UTC) somebody does not want to be disturbed; None: they may be, or it is not known."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class WebAnswer:
    """What a request to one of our addresses is answered with."""

    status: int = 200
    text: str = ""
    content_type: str = "text/plain"


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """One page of somebody's Home tab, ready to be shown; the same `digest` is the same to look at."""

    reader: str
    page: int
    digest: str
    view: Mapping[str, object]


class Outdated(Exception):
    """What stands in a Home tab is not what we thought."""


class HomeTabs(Protocol):
    """A channel's Home tabs, one for each reader (an identity)."""

    async def draw(self, reader: str, home: Home, page: int) -> Drawn:
        """That page of a Home (the first is 0), or the last one there is."""
        ...

    async def publish(self, drawn: Drawn, over: str) -> str:
        """Show it over what the channel calls `over` ("": whatever stands there); gives the channel's new name for it.

        Raises Outdated where something else stands there, Passing, and Lasting where this reader has no such tab.
        """
        ...


class HomeDesk(Protocol):
    """Where it is told that somebody opened their Home tab."""

    async def opened(self, reader: str, page: int = 0) -> None:
        """It is to be drawn, at that page, and kept fresh from now on. Raises Busy."""
        ...


class Previews(Protocol):
    """Where it is asked what may be shown of an item to everybody in a conversation."""

    async def preview(self, key: str, by: str) -> Message | None:
        """What is shown where `by` (an identity) shares a link to it; None: nothing. Raises Busy."""
        ...


@dataclass(frozen=True, slots=True)
class Mark:
    """How far a Slack conversation was heard: the ts of the newest message that was taken or passed by.

    What was said up to `since` (the first start, an invitation) is not ours.
    """

    since: str
    ts: str


class Heard(Protocol):
    """What is remembered of Slack's conversations. Every method raises Busy, but `alone`, which waits."""

    def alone(self) -> AbstractAsyncContextManager[None]:
        """While it is entered, no other instance reads what was missed."""
        ...

    async def marks(self) -> Mapping[str, Mark]:
        """How far each conversation was heard, by its id; empty before the first start."""
        ...

    async def advance(self, marks: Mapping[str, Mark]) -> None:
        """All up to these marks was taken or passed by."""
        ...

    async def threads(self) -> Sequence[tuple[str, str]]:
        """Place and root ts of the threads in which somebody may still write about an item."""
        ...


class Turns(Protocol):
    """A channel's rate limits, kept before it has to refuse."""

    async def call(self, method: str) -> None:
        """Wait until that method may be called."""
        ...

    def refused(self, method: str, seconds: float) -> None:
        """It was called too often all the same: no call of it before so many seconds are over."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionAsked:
    """A decision page for its one reader, whom `reading` tells how to word it for."""

    page: Page
    organization: str
    reading: Reading


Verdict = Literal["approve", "reject", "changes"]


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionMade:
    """What was chosen on a decision page; `seen` is what it showed. `changes` asks for some, and has no reason code."""

    verdict: Verdict
    reason_code: str
    rationale: str
    seen: Mapping[str, str]


class DecisionDesk(Protocol):
    """Where decision pages come from. Both give None for a token that is none (any more), and raise Busy."""

    async def asked(self, token: str) -> DecisionAsked | None:
        """What the page of that token shows; changes nothing."""
        ...

    async def decide(self, token: str, made: DecisionMade) -> Reply | None:
        """Take the decision; the reply says what became of it, or why not."""
        ...


Clock = Callable[[], datetime]
Sleep = Callable[[float], Awaitable[None]]
#: Answers one POST: its headers, by their names in small letters, and its body as it was sent.
TakesPost = Callable[[Mapping[str, str], bytes], Awaitable[WebAnswer]]
