"""What the bot itself notices or causes: events like those from outside, taken by the same desk."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from rules.events import Event, Refusal


@dataclass(frozen=True, slots=True, kw_only=True)
class Due(Event):
    """A timer's time has come: `kind` and `subject` ("" or an exception code) as in rules/timing.py."""

    item: str
    kind: str
    subject: str
    due_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed(Event):
    """The bot itself failed: `cause` is one name for what keeps failing, `sentence` says it to whoever owns it.

    That is the operator; where it concerns private work, an `item` of it or one that a private `workflow` lost by it,
    it is the owner of that.
    """

    cause: str
    sentence: str
    item: str | None = None  # whose notice or message it concerned
    workflow: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mended(Event):
    """The watchdog found that `item` had not the due times that its rules give: it has them again."""

    item: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked(Event):
    """`by` (`os:NAME`, of the operating system) had the private `item` shown by `command` of the command line."""

    item: str
    command: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Threaded(Event):
    """The first message of `item` in a channel was posted: its conversation is `place` and `thread` from now on.

    `permalink` is that message's web address, where others than its reader can open it.
    """

    item: str
    place: str
    thread: str
    permalink: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused(Event):
    """A mail server refused `letter` (an outbox id) while it was handed over, for its address."""

    letter: str
    refusal: Refusal


@dataclass(frozen=True, slots=True, kw_only=True)
class Recovered(Event):
    """What failed under `cause` works again."""

    cause: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Unreachable(Event):
    """`person` (a rulebook key or a raw identity) can't be reached over `channel`; `why`: "deactivated in Slack".

    Slack: their account is deactivated or unknown. Mail: their server refused them for good (a hard bounce).
    """

    person: str
    channel: Literal["slack", "mail"]
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reachable(Event):
    """What was Unreachable can be reached over `channel` again."""

    person: str
    channel: Literal["slack", "mail"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Absent(Event):
    """What `item` holds for `person`, who can't be reached since `since`, is to go to whoever comes next."""

    item: str
    person: str
    since: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Returned(Event):
    """`person` is there again: what of `item` was lent because they were absent, and is not done yet, goes back."""

    item: str
    person: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StoodStill(Event):
    """`item` goes on after it was paused from `since` to `until` (UTC): its due times move by that."""

    item: str
    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried(Event):
    """A drill of the off switch knocks for `workflow`: what is paused must hold it."""

    workflow: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RolledBack(Event):
    """What a bad rulebook version (its beginning is enough) or a bad sender did to `item` since `since` is undone."""

    item: str
    since: datetime
    because: str
    rulebook: str = ""
    sender: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Started(Event):
    """An item of `workflow` is to be opened because of what happened to `origin`: the rules themselves open it.

    `relation`: the flow that follows (`then`), a `review` of what was done without being asked, or the `remediation`
    of what keeps happening. `by` is whoever caused it. `code`: the exception that its owner is to decide on at once;
    `owner`: who has it, where no row of `owner` is to say that. `fields` are canonical values. Of a review and a
    remediation the workflow is the bot's own, and `workflow` is ""; `cause` names what a remediation is to mend.
    """

    workflow: str
    origin: str
    relation: Literal["then", "review", "remediation"]
    title: str
    text: str
    fields: Mapping[str, str] = field(default_factory=dict)
    code: str = ""
    owner: str = ""
    cause: str = ""
