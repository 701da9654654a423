"""Who must hear of a change, without a channel's form: small values that wait in the outbox until they are sent.

A notice names what it is about and holds no text: it is worded when it is sent, from the item as it then stands.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

#: `to` of a notice that goes into the conversation the item came from.
CONVERSATION = "conversation"
#: `to` of a notice to whoever asked, wherever they asked.
REQUESTER = "requester"
#: `to` of the board of the exception lane.
LANE = "lane"


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """`to` is a rulebook key, CONVERSATION or REQUESTER; `item` a key ("" for a digest)."""

    item: str
    to: str

    @property
    def slot(self) -> str | None:
        """The message that this edits in place, if any; waiting notices of one slot collapse into the last."""
        return None

    @property
    def revises(self) -> bool:
        """Whether it is only worth sending as an edit of a message that went out before."""
        return False


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
    update: bool = False

    @property
    def slot(self) -> str:
        return f"decision:{self.item}:{self.code}:{self.opened_at}:{self.to}"

    @property
    def revises(self) -> bool:
        return self.update


@dataclass(frozen=True, slots=True, kw_only=True)
class Reminder(Notice):
    """Something waits for `to`: the item's stage (`code` empty) or an exception. Bundled per person when sent.

    `not_before`: the reader's quiet hours end then (RFC 3339; "": they are over).
    """

    code: str = ""
    not_before: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Late(Reminder):
    """The stage's time allowed is over; `to` hears it, `step` says how far up the ladder. Bundled like a reminder."""

    step: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class WentUp(Notice):
    """To the owner of a decision: its time was over, and `person` has been asked as well."""

    code: str
    opened_at: str
    person: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Handed(Notice):
    """`to` has it now; `code` where only that exception's decision was handed over.

    `number`: the item's handoff that it tells of (0: none); `update`: what became of that, on the card that told of it.
    """

    code: str = ""
    passed_from: str = ""
    number: int = 0
    update: bool = False

    @property
    def slot(self) -> str | None:
        return f"handed:{self.item}:{self.number}:{self.to}" if self.number else None

    @property
    def revises(self) -> bool:
        return self.update


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked(Notice):
    """The owner of an exception asks the requester something before deciding."""

    code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangesAsked(Notice):
    """To the item's owner: an approval of it was sent back for changes."""

    code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnWords(Notice):
    """To the requester: what somebody wrote to them, the item's `number`th such answer, word for word."""

    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerDecided(Notice):
    """To whoever wrote an answer that waited for a yes: whether it was sent."""

    code: str
    opened_at: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Replied(Notice):
    """To the owner: somebody wrote about it by mail. To whoever asked before deciding `code`: it is the answer."""

    code: str = ""
    opened_at: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounced(Notice):
    """To the owner: the requester's address refuses mail, so nothing more is sent there about it."""


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
class Discreet(Notice):
    """To the operator, about private work: that something of it is late or failed, and nothing more. It names no item.

    `holder`: who has what failed ("": it is not said).
    """

    what: Literal["late", "failed"]
    holder: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Broken(Notice):
    """To those who hold a private item: what the bot failed at with it. For all else the operator has an exception."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer(Notice):
    """To a person of the rulebook who told the bot something by mail (`answers`: its Message-ID): what came of it.

    The one notice with text: `lines` (rules/said.py) are what the rules said then; `asked` is a question instead, that
    is worded when it is sent. `code`, `opened_at`: the exception that waits for them. `done`: something was changed.
    """

    answers: str = ""
    lines: Sequence[Any] = ()
    asked: Mapping[str, str] = field(default_factory=dict)
    code: str = ""
    opened_at: str = ""
    done: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubted(Answer):
    """An answer to what anybody may have written in their name: it is counted, like all that is sent by itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt(Notice):
    """To whoever decided by mail or on a page: what was understood, and how to say that it was not them."""

    code: str
    opened_at: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Disavowed(Notice):
    """To the item's owner: what they go by was decided in somebody's name who says that it was not them."""

    code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GlassBroken(Notice):
    """To whoever would have been asked: somebody went past them; `opened_at` names which time it was."""

    opened_at: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Undone(Notice):
    """To whoever has it, or had it until now: something on it was rolled back, by whom and why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Digest(Notice):
    """The digest `name` of the local day `day` for `to`, by `way` (slack, email); `since`, `until` in RFC 3339."""

    name: str
    day: str
    way: str
    since: str
    until: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Board(Notice):
    """The exception lane's list in the `channel` of that name, as it stands; of the local day `day` (ISO 8601).

    `newer`: the day whose board hangs below it by now ("": it is the newest). `ours`: nothing but failures of the bot
    itself made it change.
    """

    channel: str
    day: str
    newer: str = ""
    ours: bool = False

    @property
    def slot(self) -> str:
        return f"board:{self.channel}:{self.day}"

    @property
    def revises(self) -> bool:
        return bool(self.newer)


KINDS: dict[str, type[Notice]] = {
    c.__name__: c
    for c in (
        Card, Question, DecisionCard, Reminder, Late, WentUp, Handed, Asked, Received, Replied, Verdict, Closed,
        Unclear, Bounced, Discreet, Broken, Answer, Doubted, Receipt, Disavowed, Digest, GlassBroken, Board,
        ChangesAsked, OwnWords, AnswerDecided, Undone,
    )
}  # fmt: skip


def encode(notice: Notice) -> dict[str, Any]:
    """The notice as JSON values, with its kind."""
    return {"kind": type(notice).__name__, **asdict(notice)}


def decode(data: Mapping[str, Any]) -> Notice:
    """The inverse of `encode`; KeyError for a kind that this program does not know."""
    rest = dict(data)
    return KINDS[rest.pop("kind")](**rest)
