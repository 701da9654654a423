"""The item and its exceptions: what a take loads, the rules judge, and the ledger can rebuild."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Literal

from rules.elsewhere import Elsewhere, Told
from rules.endings import Reopening, Unproven
from rules.pauses import Pause, PutOff, Rollback
from rules.runs import Awaited, Run, Step
from rules.spoken import Spoken

State = Literal["open", "waiting", "blocked", "held", "closed"]
Outcome = Literal["done", "rejected", "withdrawn", "duplicate"]
TroubleState = Literal["open", "approved", "rejected", "void", "bypassed"]
Verdict = Literal["approve", "reject"]
#: Kinds of proof. A `file` is one that came along with a mail or message.
PROOFS: Final = ("field", "timestamp", "status", "link", "note", "message", "receipt", "file")


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where an item came from and where its card lives.

    `channel` is slack, mail, command or webhook; `place` a Slack channel id (or `#name`), or an inbox name;
    `thread` the ts of the thread's root, or the Message-ID that the item's mails refer to.
    """

    channel: Literal["slack", "mail", "command", "webhook", "docket"]
    place: str = ""
    place_name: str = ""
    thread: str | None = None
    permalink: str | None = None
    message_id: str | None = None
    answerable: bool = True  # False: a machine or nobody believable wrote it, and nothing is ever sent back
    subject: str = ""
    reply_to: str = ""  # where answers to its mail go

    @property
    def by_mail(self) -> bool:
        """Whether who asked is written to by mail: they wrote one, or whoever speaks for them named their address."""
        return self.channel == "mail" or bool(self.reply_to)


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
    thin: bool = False  # the rationale tells somebody new nothing; its writer was asked for more once


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
    nudged: tuple[str, ...] = ()  # who was asked for a rationale that says more
    disavowed: bool = False  # the person in whose name it was decided says that they did not
    lent_by: str = ""  # whose it was before they were absent; it goes back to them when they return
    ended_at: datetime | None = None
    handoffs: int = 0  # how many its item had behind it when this opened
    gate: Literal["", "approval", "outgoing"] = ""  # no exception but a yes that is always needed
    anew: str = ""  # of an approval that was asked before: what happened since
    changes: str = ""  # what an approver asked to change; they sent it back with that
    changes_by: str = ""
    about: str = ""  # of a held answer that is a question: the exception that it is asked about
    handed_by: str = ""  # who gave it to its owner, and why
    handed_because: str = ""
    stage: str = ""  # in which the glass was broken: what stands in the way there is passed by


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """A proof on an item; `at` is UTC, `sha256` of a file's bytes or the value's UTF-8.

    `name` is a field's or a file's; of a file `value` is its address where it is only linked, else its name.
    """

    id: str
    kind: str
    value: str
    sha256: str
    by: str
    at: datetime
    name: str = ""
    media_type: str = ""
    size: int = 0  # bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemLink:
    """Another item that this one has to do with: what it is to this one (`then`: it goes on there; `from`: it came
    from there; `review`, `remediation`: opened because of this one)."""

    key: str
    relation: Literal["then", "review", "remediation", "from"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Handoff:
    """It went from `passed_from`, who had it in stage `left`, to `to`, who has it in `stage` since `at` (UTC).

    `back`: it was sent back, and `cause` says why; then both may be one person, who goes back a stage.
    """

    passed_from: str
    to: str
    left: str
    stage: str
    at: datetime
    accepted_at: datetime | None = None
    back: bool = False
    cause: str = ""


# without slots: rules/altering.py copies its values at once
@dataclass(frozen=True, kw_only=True)
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
    lent_by: str = ""  # as an exception's
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
    acknowledged_at: datetime | None = None  # the last sign of life of an owner who said that they are on it
    exceptions: tuple[Trouble, ...] = ()
    changes: str = ""  # the approval that was sent back and waits for them
    spoken: tuple[Spoken, ...] = ()  # answers to the requester in somebody's own words
    runs: tuple[Run, ...] = ()  # of its stages' checklists, oldest first
    awaited: Awaited | None = None  # an answer from outside, in this stage
    evidence: tuple[Evidence, ...] = ()
    alike: tuple[str, ...] = ()
    links: tuple[ItemLink, ...] = ()  # to items of other flows
    told: tuple[Told, ...] = ()  # what other systems say
    elsewhere: tuple[Elsewhere, ...] = ()  # its records in other systems
    handoffs: tuple[Handoff, ...] = ()  # oldest first
    follows: str = ""  # the closed item whose requester wrote again, where the rulebook links instead of reopening
    files: int = 0  # that came with the first message
    oddities: tuple[str, ...] = ()  # of the mail it came from, in words
    failures: Mapping[str, str] = field(default_factory=dict)  # of private work: what the bot failed at, by cause
    held: bool = False
    paused: Pause | None = None  # laid over it for its readers, never stored: what stops its workflow
    put_off: tuple[PutOff, ...] = ()  # due times that stood still while it was paused
    stood_still_until: datetime | None = None  # up to where its paused time is in its due times
    rollback: Rollback | None = None  # the last time that something on it was undone
    closed_at: datetime | None = None
    outcome: Outcome | None = None
    unproven: Unproven | None = None  # it was closed without all of its proof
    reopened: Reopening | None = None  # the last time
    cause: str = ""  # of what the bot's rules opened: `repeats:WORKFLOW/CODE`
    version: int = 0
    head: str = ""

    @property
    def state(self) -> State:
        """Derived, so that it can never disagree with its causes (interface.md, "States")."""
        if self.closed_at is not None:
            return "closed"
        if self.held or self.paused is not None:
            return "held"
        if any(t.state == "open" for t in self.exceptions):
            return "blocked"
        return "waiting" if self.missing or self.changes else "open"

    def open_trouble(self, code: str | None = None) -> tuple[Trouble, ...]:
        """The undecided exceptions, of one code or all, oldest first."""
        return tuple(t for t in self.exceptions if t.state == "open" and code in (None, t.code))

    @property
    def unaccepted(self) -> Handoff | None:
        """The last handoff, while whoever has it now has not accepted it. What is sent back needs no acceptance."""
        last = self.handoffs[-1] if self.handoffs and self.closed_at is None else None
        return last if last is not None and last.accepted_at is None and not last.back else None

    @property
    def returns(self) -> tuple[Handoff, ...]:
        """The times that it was sent back, oldest first: its rework."""
        return tuple(handoff for handoff in self.handoffs if handoff.back)

    @property
    def asked_of(self) -> str:
        """Who is asked for what is missing: the requester; its owner where the rules opened it."""
        return self.owner if self.source.channel == "docket" else self.requester

    def last_trouble(self, code: str) -> Trouble | None:
        """The newest exception of that code, whatever became of it."""
        return next((t for t in reversed(self.exceptions) if t.code == code), None)

    @property
    def run(self) -> Run | None:
        """The run of its stage's checklist, or None where the stage has none."""
        return self.runs[-1] if self.runs and self.runs[-1].ended_at is None else None

    def trouble_of(self, step: Step) -> Trouble | None:
        """The exception that a failed or blocked step became, whatever became of that; None: it is neither.

        A decision that was disavowed is asked for again: that one counts then.
        """
        if step.state not in ("failed", "blocked") or step.at is None:
            return None
        since = [t for t in self.exceptions if t.code == step.code and t.opened_at >= step.at]
        return next((t for t in since if not t.disavowed), None)

    def settled(self, step: Step) -> bool:
        """Whether a step holds nothing up: it passed, or a person waived it by deciding its exception."""
        trouble = self.trouble_of(step)
        return step.state == "passed" or (trouble is not None and trouble.state in ("approved", "bypassed"))

    def open_steps(self) -> tuple[tuple[int, Step], ...]:
        """What is not settled of its run, with the numbers that people tick."""
        steps = self.run.steps if self.run else ()
        return tuple((n, step) for n, step in enumerate(steps, 1) if not self.settled(step))
