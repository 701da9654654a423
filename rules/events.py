"""What happened outside: each door translates its payloads into one of these, and nothing else reaches the rules."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from rules.elsewhere import Elsewhere

Via = Literal["slack", "mail", "page", "webhook", "timer", "command line", "docket"]
Automatic = Literal["", "auto-reply", "bounce", "receipt", "notification", "own"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """`id` is the outside id of design.md, promise 2; `at` UTC as the source dates it; `by` a raw identity.

    A raw identity is `slack:U...`, an e-mail address in lower case, or a rulebook key (command line, timers: "docket").
    `guest`: the source knows `by` as a guest or as a person of another organization (Slack: users.info's
    is_restricted, is_ultra_restricted, is_stranger, or another team); they may open and answer, nothing else.
    """

    id: str
    workspace: str
    at: datetime
    by: str
    via: Via
    guest: bool = False

    def __post_init__(self) -> None:
        if self.at.tzinfo is None:
            raise ValueError("an event's time needs a zone")


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """A file that came along: its cleaned name, media type, size in bytes, SHA-256 ("" where only linked).

    `data` are its bytes where they came along and are few enough to be kept; no rule looks at them.
    """

    name: str
    media_type: str = ""
    size: int = 0
    sha256: str = ""
    url: str = ""
    data: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Posted(Event):
    """A message in a Slack channel, thread or direct message; `text` is unescaped, mentions as `@U...`."""

    place: str
    place_name: str
    ts: str
    thread: str | None  # ts of the root, where this is a reply
    text: str
    direct: bool = False
    mentions_us: bool = False
    bot: bool = False  # written by a program, ours or another
    subtype: str = ""  # Slack's, where it is no ordinary message (channel_join, ...)
    files: tuple[Attachment, ...] = ()
    permalink: str | None = None
    edit: str = ""  # outside id of its last edit, where it was read only after that: it is no happening of its own then
    joined: bool = True  # we are in that conversation; else we can neither answer there nor hear how it goes on


@dataclass(frozen=True, slots=True, kw_only=True)
class Edited(Event):
    """The message `ts` now reads `text`."""

    place: str
    ts: str
    thread: str | None
    text: str
    direct: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Deleted(Event):
    """The message `ts` is gone."""

    place: str
    ts: str
    thread: str | None
    direct: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Reacted(Event):
    """`by` put `reaction` (a name without colons) on a message; `message` is that message as its author posted it."""

    reaction: str
    message: Posted


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """One address that a bounce speaks of. `status` as RFC 3463 has it (5.1.1), read from words where no code stands.

    `action`: what the server did (RFC 3464, section 2.3.3), as far as it says: `failed` or `delayed`.
    """

    address: str  # lower case; "" where the bounce names none
    status: str = ""
    action: Literal["", "failed", "delayed"] = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounce:
    """What a server says of a mail that it could not deliver, or not yet.

    `sent_as` are Message-IDs of our form, `details` plus-address details of our own addresses, found anywhere in it.
    """

    refusals: tuple[Refusal, ...] = ()
    sent_as: tuple[str, ...] = ()
    details: tuple[str, ...] = ()


#: What makes a mail look hostile: built to break its readers, or with a program that whoever opens it runs.
Suspicion = Literal["built to break readers", "a program attached"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Mailed(Event):
    """A mail, read. `by` is From's address ("" where none can be believed); ids are Message-IDs with their brackets.

    `new_text` is the text without quotes and signature, `text` all of it; `sent_at` its own claim of the date.
    `automatic` says what kind of machine wrote it; `answerable` whether an automatic answer may go out at all.
    `details` are the plus-address details of our own addresses that it was sent to (one may be a token of ours);
    `subject_keys` the item keys in square brackets of its subject; `trust` what a receiver that the inbox's settings
    name found: `aligned` (DMARC-aligned pass for `by`), `failed` (dmarc=fail), or "" (it says nothing that counts).
    `bounce` is what a bounce says; `suspicions` why it looks hostile.
    """

    inbox: str
    message_id: str | None
    references: tuple[str, ...]  # In-Reply-To first, then References from the end
    subject: str
    from_name: str
    text: str
    new_text: str
    recipients: tuple[str, ...] = ()
    addressed: tuple[str, ...] = ()  # all our inboxes among the recipients, by name
    attachments: tuple[Attachment, ...] = ()
    automatic: Automatic = ""
    answerable: bool = True
    reply_to: str | None = None  # where an answer may go (already checked against backscatter)
    sent_at: datetime | None = None
    details: tuple[str, ...] = ()
    subject_keys: tuple[str, ...] = ()
    trust: Literal["", "aligned", "failed"] = ""
    bounce: Bounce | None = None
    suspicions: tuple[Suspicion, ...] = ()
    troubles: tuple[str, ...] = ()  # what was odd in it, in words


@dataclass(frozen=True, slots=True, kw_only=True)
class Unreadable(Event):
    """Something came in that a door could not read; its raw bytes are kept with the event's id."""

    inbox: str
    problem: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Hooked(Event):
    """Another system says something in a webhook that is signed for `workflow`; `by` is `hook:` and its name.

    It speaks about the item of key `item`, else about the one that it knows under the id `link`; with neither, or a
    `link` that no item has yet, `text` opens one. `fields` are values as they were sent, `status` where it stands over
    there, `evidence` kinds and values of proof; `close`: it is to be closed, if nothing is in the way.
    """

    workflow: str
    system: str = ""
    item: str | None = None
    link: str = ""
    text: str = ""
    title: str = ""
    requester: str = ""  # an identity, "": the system asks for it itself
    fields: Mapping[str, str] = field(default_factory=dict)
    status: str = ""
    evidence: tuple[tuple[str, str], ...] = ()
    close: bool = False
    note: str = ""
    links: tuple[Elsewhere, ...] = ()


Verb = Literal[
    "new", "mine", "list", "show", "claim", "assign", "next", "back", "except", "decide", "approve", "reject",
    "evidence", "close", "snooze", "away", "breakglass", "pause", "resume", "why", "digest", "report", "help",
    "accept", "tick", "set", "ack", "reopen", "ask", "exceptions", "quarantine", "disavow",
    "changes", "reply", "web",
]  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Command(Event):
    """What a person told the bot to do, typed, clicked or submitted: always this one shape.

    `item` is a key; `code` an exception code, a reason code stands in `reason_code`. `words` is free text
    (rationale, cause, question, value); `place` the conversation it was said in; `seen` what its form showed.
    `message` is the Slack message that it is about: one to be tracked, or that shows what is wrong.
    """

    verb: Verb
    item: str | None = None
    code: str | None = None
    reason_code: str | None = None
    workflow: str | None = None
    person: str | None = None  # raw identity or rulebook key
    name: str | None = None  # of a field, a kind of evidence, a digest or report
    until: str | None = None  # a short duration (2h) or a day (2026-12-01)
    words: str = ""
    place: str = ""
    place_name: str = ""
    thread: str | None = None  # root ts, where it was said in a thread: names the item that `item` leaves out
    fields: Mapping[str, str] = field(default_factory=dict)  # of a form
    seen: Mapping[str, str] | None = None
    files: tuple[Attachment, ...] = ()  # that came along and may be the proof that is meant
    message: Posted | None = None
