"""The rulebook as frozen values: what a loaded rulebook.yml means, key by key."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, time
from decimal import Decimal
from fractions import Fraction
from typing import Literal

from rules.book.conditions import Condition
from rules.book.durations import Duration
from rules.book.field import Field

DoneBy = Literal["automated", "assisted", "reported", "human"]
OnReject = Literal["close", "stay"]
#: The bot's own workflows: its failures, the reviews of what was done without asking, the mending of causes.
BuiltIn = Literal["docket", "review", "remediation"]
EvidenceKind = Literal["field", "timestamp", "status", "file", "link", "note", "message", "receipt"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Away:
    """An absence: through `until` (inclusive, the person's zone) `stand_in` takes what is theirs.

    `said_by`: who said so by command; never of the rulebook itself: rules/absence.py lays it over.
    """

    until: date
    stand_in: str
    said_by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A named human being; the only kind of thing that can own work."""

    key: str
    name: str
    email: str
    slack: str | None = None
    manager: str | None = None
    timezone: str | None = None
    away: Away | None = None
    gone: str = ""  # why nobody reaches them; never of the rulebook itself: rules/absence.py lays it over


@dataclass(frozen=True, slots=True)
class Span:
    """Open hours of one local day, half-open; `end` time(0, 0) means midnight at the day's end."""

    start: time
    end: time


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendar:
    """Opening hours: weekday (0 = Monday) to spans, holidays (`US`, `DE-BY`), closed days, IANA zone."""

    name: str
    hours: Mapping[int, tuple[Span, ...]]
    timezone: str
    holidays: str | None = None
    closed: frozenset[date] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Reminders:
    """`first`: share of the time allowed; `every`: pause between; `quiet`: calendar in whose hours they may go."""

    first: Fraction
    every: Duration
    quiet: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Defaults:
    """What holds where a workflow says nothing else."""

    calendar: str
    reminders: Reminders
    escalate_to: tuple[str, ...]
    snooze_at_most: Duration


@dataclass(frozen=True, slots=True, kw_only=True)
class SlackIntake:
    """A channel (by name) that is listened to, and the condition a message must meet there."""

    channel: str
    when: Condition | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Intake:
    """Where items of a workflow come from."""

    slack: tuple[SlackIntake, ...] = ()
    reaction: str | None = None
    email: tuple[str, ...] = ()
    command: bool = False
    webhook: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowUp:
    """Ask again `every`, `at_most` times in all; then the exception code `then`."""

    every: Duration
    at_most: int
    then: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnerRow:
    """One row of `owner`: a person, or the manager of the requester with `otherwise` as the fallback."""

    is_: str | None = None
    manager_of: Literal["requester"] | None = None
    otherwise: str | None = None
    when: Condition | None = None
    backup: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StepRule:
    """What is to be true or done; `otherwise` the exception that it becomes if not ("": the stage's own)."""

    check: str
    otherwise: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Expects:
    from_: str
    within: Duration
    otherwise: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """A gate that always needs a yes; the first row of `rows` that holds names the owner, else `owner`."""

    because: str
    owner: OwnerRow
    backup: str
    respond_within: Duration
    approve: tuple[str, ...]
    reject: tuple[str, ...]
    rows: tuple[OwnerRow, ...] = ()
    calendar: str | None = None
    show: tuple[str, ...] = ()
    code: str = ""  # under which its decision is asked for, like an exception's (rules/book/gates.py)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """A step of the work with its own time allowed, and what leaving it needs."""

    name: str
    within: Duration
    owner: str | None = None
    done_by: DoneBy = "human"
    before: tuple[StepRule, ...] = ()
    needs: tuple[str, ...] = ()
    unmet: str | None = None
    checklist: tuple[StepRule, ...] = ()
    expects: Expects | None = None
    approvals: tuple[Approval, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Handoffs:
    at_most: int
    bounces: int
    then: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CloseThen:
    open: str
    carry: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Close:
    evidence: tuple[EvidenceKind, ...]
    then: CloseThen | None = None
    override: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    when: Condition
    owner: str
    backup: str
    respond_within: Duration


@dataclass(frozen=True, slots=True, kw_only=True)
class BreakGlass:
    who: tuple[str, ...]
    review_by: str
    review_within: Duration
    at_most: int
    per: Duration
    code: str = "BREAK_GLASS"  # under which each use stands on its item, like an exception


@dataclass(frozen=True, slots=True, kw_only=True)
class Repeats:
    above: int
    within: Duration


@dataclass(frozen=True, slots=True, kw_only=True)
class ExceptionRule:
    """One exception code: what it means, when it fires (`stale`: on silence), who decides, until when, how."""

    code: str
    means: str
    owner: str
    backup: str
    respond_within: Duration
    when: Condition | None = None
    stale: bool = False
    calendar: str | None = None
    show: tuple[str, ...] = ()
    approve: tuple[str, ...] = ()
    reject: tuple[str, ...] = ()
    remediation: str | None = None
    repeats: Repeats | None = None
    both: tuple[str, ...] = ()
    on_reject: OnReject = "close"
    gate: Literal["", "approval", "outgoing"] = ""  # what always needs a yes is asked for like an exception


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """`message` arrives; `then`: nothing, or the named owner, fields (canonical), questions and exception."""

    message: str
    nothing: bool = False
    owner: str | None = None
    fields: Mapping[str, str] = field(default_factory=dict)
    asks: tuple[str, ...] | None = None
    exception: str | None = None
    line: int = 0
    column: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Workflow:
    """One business promise and all that keeps it."""

    name: str
    key: str
    promise: str
    source_of_truth: Mapping[str, str]
    intake: Intake
    fields: Mapping[str, Field]
    owner: tuple[OwnerRow, ...]
    backup: str
    stages: tuple[Stage, ...]
    close: Close
    exceptions: Mapping[str, ExceptionRule]
    private: bool = False
    leader: str | None = None
    criticality: tuple[str, ...] = ()
    cost_of_delay: tuple[Decimal, str, str] | None = None  # amount, currency, unit ("business hour")
    follow_up: FollowUp | None = None
    handoffs: Handoffs | None = None
    stale_after: Duration | None = None
    approvals: tuple[Approval, ...] = ()
    outgoing: Outgoing | None = None
    conflict: str | None = None
    break_glass: BreakGlass | None = None
    on_reply_after_close: Literal["reopen", "link"] = "reopen"
    on_pause: Literal["stand_still", "run_on"] = "stand_still"
    examples: tuple[Example, ...] = ()
    calendar: str | None = None
    gates: Mapping[str, ExceptionRule] = field(default_factory=dict)  # approvals and `outgoing`, by code
    built_in: BuiltIn | None = None

    def rule(self, code: str) -> ExceptionRule | None:
        """The exception or gate of that code, or None."""
        return self.exceptions.get(code) or self.gates.get(code)

    def stage(self, name: str | None) -> Stage | None:
        """The stage of that name, or None."""
        return next((s for s in self.stages if s.name == name), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Digest:
    name: str
    to: tuple[str, ...]
    at: time
    via: tuple[Literal["slack", "email"], ...]
    days: frozenset[int] = frozenset(range(7))  # weekdays, 0 = Monday
    calendar: str | None = None
    covers: Duration | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rulebook:
    """A rulebook without a hole. `version` is the SHA-256 (hex) of its text; its first 4 digits name it to people."""

    version: str
    organization: str
    timezone: str
    currency: str
    operator: str
    calendars: Mapping[str, Calendar]
    people: Mapping[str, Person]
    reason_codes: Mapping[str, str]  # code -> what it means, approve and reject together
    approve_codes: tuple[str, ...]
    reject_codes: tuple[str, ...]
    defaults: Defaults
    workflows: Mapping[str, Workflow]  # with the built-in ones (key BOT, ...), last
    digests: Mapping[str, Digest]
    lane_channel: str | None = None

    def built_in(self, kind: BuiltIn) -> Workflow:
        """The bot's own workflow of that kind, whatever it is called here."""
        return next(w for w in self.workflows.values() if w.built_in == kind)

    def person_of(self, identity: str) -> str:
        """The rulebook key behind `slack:U...`, an address, or a key; a stranger's identity as it came."""
        if identity in self.people:
            return identity
        if identity.startswith("slack:"):
            wanted = identity[len("slack:") :]
            return next((p.key for p in self.people.values() if p.slack == wanted), identity)
        address = identity.casefold()
        return next((p.key for p in self.people.values() if p.email.casefold() == address), identity)

    def named(self, identity: str) -> str:
        """What people call them: a person's name, else the identity without its channel's prefix."""
        person = self.people.get(identity)
        return person.name if person else identity.removeprefix("slack:").removeprefix("hook:") or "an unknown sender"

    def by_key(self, prefix: str) -> Workflow | None:
        """The workflow whose items are PREFIX-1, PREFIX-2, ... (any case)."""
        return next((w for w in self.workflows.values() if w.key == prefix.upper()), None)
