"""Who must hear of a change, without a channel's form: small values that wait in the outbox until they are sent.

A notice names what it is about and holds no text: it is worded when it is sent, from the item as it then stands.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

#: `to` of a notice that goes into the conversation the item came from.
CONVERSATION = "conversation"
#: `to` of a notice to whoever asked, wherever they asked.
REQUESTER = "requester"


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """`to` is a rulebook key, CONVERSATION or REQUESTER; `item` a key ("" for a digest)."""

    item: str
    to: str

    @property
    def slot(self) -> str | None:
        """The message that this edits in place, where it has one; waiting notices of one slot collapse into the last."""
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Card(Notice):
    """The item's card, as it stands."""

    @property
    def slot(self) -> str:
        return f"card:{self.item}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Question(Notice):
    """What is missing, asked of the requester in one message."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionCard(Notice):
    """An exception for whom may decide it; `passed_from`: who let the deadline pass."""

    code: str
    opened_at: str
    passed_from: str = ""

    @property
    def slot(self) -> str:
        return f"decision:{self.item}:{self.code}:{self.opened_at}:{self.to}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Passed(Notice):
    """To whom let a deadline pass: it went up to `up_to`."""

    code: str
    up_to: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reminder(Notice):
    """Something waits for `to`: the item's stage (`code` empty) or an exception. Bundled per person when sent."""

    code: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Late(Notice):
    """The stage's time allowed is over; `to` hears it, `step` says how far up the ladder."""

    step: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Handed(Notice):
    """`to` has it now; `code` where only that exception's decision was handed over."""

    code: str = ""
    passed_from: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked(Notice):
    """The owner of an exception asks the requester something before deciding."""

    code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Received(Notice):
    """To a requester by mail: it is tracked, who has it, until when."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict(Notice):
    """To the requester: what was decided, without anybody's rationale."""

    code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Closed(Notice):
    """To the requester: how it ended."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unclear(Notice):
    """A reply could not be read for `fields` (name -> what was wrong): the question again, with the reason."""

    problems: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Digest(Notice):
    """The digest `name` of the local day `day`, for `to`, by `way` (slack or email); from `since` to `until` (RFC 3339)."""

    name: str
    day: str
    way: str
    since: str
    until: str


KINDS: dict[str, type[Notice]] = {
    c.__name__: c
    for c in (
        Card, Question, DecisionCard, Passed, Reminder, Late, Handed, Asked, Received, Verdict, Closed, Unclear, Digest,
    )
}  # fmt: skip


def encode(notice: Notice) -> dict[str, Any]:
    """The notice as JSON values, with its kind."""
    return {"kind": type(notice).__name__, **asdict(notice)}


def decode(data: Mapping[str, Any]) -> Notice:
    """The inverse of `encode`; KeyError for a kind that this program does not know."""
    rest = dict(data)
    return KINDS[rest.pop("kind")](**rest)
