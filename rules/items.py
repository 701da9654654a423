"""The item and its exceptions: what a take loads, the rules judge, and the ledger can rebuild."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Literal

State = Literal["open", "waiting", "blocked", "held", "closed"]
Outcome = Literal["done", "rejected", "withdrawn", "duplicate"]
TroubleState = Literal["open", "approved", "rejected", "void", "bypassed"]
Verdict = Literal["approve", "reject"]
#: Kinds of proof. A `file` is one that came along with a mail or message.
PROOFS: Final = ("field", "timestamp", "status", "link", "note", "message", "receipt", "file")


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where an item came from and where its card lives.

    `channel` is slack, mail or command; `place` a Slack channel id (or `#name`), or an inbox name;
    `thread` the ts of the thread's root, or the Message-ID that the item's mails refer to.
    """

    channel: Literal["slack", "mail", "command", "docket"]
    place: str = ""
    place_name: str = ""
    thread: str | None = None
    permalink: str | None = None
    message_id: str | None = None
    answerable: bool = True  # False: a machine or nobody believable wrote it, and nothing is ever sent back
    subject: str = ""
    reply_to: str = ""  # where answers to its mail go


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What a person decided, and what they were shown when they did."""

    verdict: Verdict
    reason_code: str
    rationale: str
    by: str
    at: datetime
    via: str
    seen: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """One exception of an item (the code says which; at most one of a code is open at a time).

    `opened_at` and `due_at` are UTC; `next_at` is when the next step of the ladder is due; `steps` counts the
    steps taken; `values` are the known values that met the rule; `read` all that its condition reads, at opening.
    """

    code: str
    state: TroubleState
    owner: str
    backup: str
    may_decide: tuple[str, ...]
    opened_at: datetime
    due_at: datetime
    next_at: datetime | None
    steps: int = 0
    raised_by: str = ""  # "" when a rule did
    because: str = ""  # the rule or the sentence of the person who raised it
    values: Mapping[str, str] = field(default_factory=dict)
    decision: Decision | None = None
    reminded_at: datetime | None = None
    reminders: int = 0
    snoozed_until: datetime | None = None
    question: str | None = None  # the last question that its owner asked
    prompted: Mapping[str, datetime] = field(default_factory=dict)  # who said "looks good" and was shown the buttons
    count: int = 1  # of a bot failure: how often its cause was met
    unclear: int = 0  # mails of whom it asks that could not be read as a decision
    disavowed: bool = False  # the person in whose name it was decided says that they did not
    ended_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """A proof on an item; `at` is UTC, `sha256` of a file's bytes or the value's UTF-8."""

    id: str
    kind: str
    value: str
    sha256: str
    by: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemLink:
    """Another item that this one has to do with: what it is to this one (`then`: it goes on there; `from`: it came
    from there; `review`, `remediation`: opened because of this one)."""

    key: str
    relation: Literal["then", "review", "remediation", "from"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One tracked request. Field values are canonical strings (`450.00 USD`, `2026-12-01`, `EU`); times are UTC.

    `version` counts its entries and guards against a lost update; `head` is the hash of the newest one.
    """

    key: str
    workspace: str
    workflow: str
    rulebook: str
    title: str
    text: str
    requester: str
    source: Source
    opened_at: datetime
    owner: str = ""
    backup: str = ""
    owner_since: datetime | None = None
    owner_because: str = ""
    stage: str | None = None
    stage_at: datetime | None = None
    due_at: datetime | None = None
    clock_stopped_at: datetime | None = None  # while it waits for an answer or a decision
    fields: Mapping[str, str] = field(default_factory=dict)
    conflicts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # field -> the values that contradict
    missing: tuple[str, ...] = ()  # required and demanded, in the workflow's order
    demanded: bool = True
    asks: int = 0
    asked_at: datetime | None = None
    told_unclear: bool = (
        False  # since the last question, by mail: one such answer is enough, the rest may be a machine's
    )
    absent: bool = False  # the last that was said about it was an automatic reply: who was asked has not read it
    bounced: str = ""  # the status with which the requester's address refuses mail
    edited_at: datetime | None = None  # when its source message was last edited
    said: str = ""  # the beginning of what was written about it last, and by whom
    said_by: str = ""
    touched_at: datetime | None = None  # the last sign of life, for `stale_after`
    reminded_at: datetime | None = None
    reminders: int = 0
    late_steps: int = 0  # how far up the ladder its missed deadline was told
    next_at: datetime | None = None  # when the next of those steps is due
    snoozed_until: datetime | None = None
    acknowledged_at: datetime | None = None
    exceptions: tuple[Trouble, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    alike: tuple[str, ...] = ()
    links: tuple[ItemLink, ...] = ()  # to items of other flows
    follows: str = ""  # the closed item whose requester wrote again, where the rulebook links instead of reopening
    files: int = 0  # that came with the first message
    oddities: tuple[str, ...] = ()  # of the mail it came from, in words
    failures: Mapping[str, str] = field(default_factory=dict)  # of private work: what the bot failed at, by cause
    held: bool = False
    closed_at: datetime | None = None
    outcome: Outcome | None = None
    version: int = 0
    head: str = ""

    @property
    def state(self) -> State:
        """Derived, so that it can never disagree with its causes (interface.md, "States")."""
        if self.closed_at is not None:
            return "closed"
        if self.held:
            return "held"
        if any(t.state == "open" for t in self.exceptions):
            return "blocked"
        return "waiting" if self.missing else "open"

    def open_trouble(self, code: str | None = None) -> tuple[Trouble, ...]:
        """The undecided exceptions, of one code or all, oldest first."""
        return tuple(t for t in self.exceptions if t.state == "open" and code in (None, t.code))

    def last_trouble(self, code: str) -> Trouble | None:
        """The newest exception of that code, whatever became of it."""
        return next((t for t in reversed(self.exceptions) if t.code == code), None)
