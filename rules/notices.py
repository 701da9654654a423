"""Who must hear of a change, without a channel's form: small values that wait in the outbox until they are sent.

A notice names what it is about and holds no text: it is worded when it is sent, from the item as it then stands.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from rules.book.rulebook import Rulebook
from rules.items import Item

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
class Digest(Notice):
    """The digest `name` of the local day `day` for `to`, by `way` (slack, email); `since`, `until` in RFC 3339."""

    name: str
    day: str
    way: str
    since: str
    until: str


KINDS: dict[str, type[Notice]] = {
    c.__name__: c
    for c in (
        Card, Question, DecisionCard, Reminder, Late, Handed, Asked, Received, Replied, Verdict, Closed,
        Unclear, Bounced, Discreet, Broken, Answer, Doubted, Receipt, Disavowed, Digest,
    )
}  # fmt: skip


def encode(notice: Notice) -> dict[str, Any]:
    """The notice as JSON values, with its kind."""
    return {"kind": type(notice).__name__, **asdict(notice)}


def decode(data: Mapping[str, Any]) -> Notice:
    """The inverse of `encode`; KeyError for a kind that this program does not know."""
    rest = dict(data)
    return KINDS[rest.pop("kind")](**rest)


@dataclass(frozen=True, slots=True)
class Ways:
    """The channels that can send here and now."""

    slack: bool
    mail: bool


def lane(notice: Notice, item: Item | None, book: Rulebook, ways: Ways) -> str | None:
    """Where a notice goes: `slack:C123`, `slack:#refunds`, `slack:U0LEE`, `mail:olu@...`; None: nowhere, rightly.

    Whoever has no Slack is written to; the same person never hears it twice. A person whom no channel reaches
    gets the lane of the channel they lack, so that the failure to deliver is seen and has an owner.
    """
    if isinstance(notice, Digest):
        return _digest(notice, book, ways)
    if notice.to == CONVERSATION:
        return _conversation(item, book, ways)
    if notice.to == REQUESTER:
        return _requester(item, book, ways)
    if isinstance(notice, Answer | Receipt) and ways.mail:
        return f"mail:{book.people[notice.to].email}"  # as they wrote; their Slack shows the card
    return _person(notice.to, book, ways)


def _digest(notice: Digest, book: Rulebook, ways: Ways) -> str | None:
    """The way that the rulebook wants; where that one is closed the other, unless it goes that way anyhow."""
    person = book.people[notice.to]
    by_slack = bool(person.slack) and ways.slack
    if notice.way == "slack":
        open_here, other_open, other = by_slack, ways.mail, "email"
    else:
        open_here, other_open, other = ways.mail, by_slack, "slack"
    spec = book.digests.get(notice.name)
    if not open_here and other_open and spec is not None and other in spec.via:
        return None
    slack = person.slack and (notice.way == "slack") == (open_here or not other_open)
    return f"slack:{person.slack}" if slack else f"mail:{person.email}"


def _person(key: str, book: Rulebook, ways: Ways) -> str:
    person = book.people[key]
    if person.slack and (ways.slack or not ways.mail):
        return f"slack:{person.slack}"
    return f"mail:{person.email}"


def _conversation(item: Item | None, book: Rulebook, ways: Ways) -> str | None:
    """The card lives in Slack: the thread, the workflow's channel, or a direct message to who typed the command."""
    if item is None or item.source.channel in ("mail", "docket") or not ways.slack:
        return None
    if item.source.place:
        return f"slack:{item.source.place}"
    slack = _slack_of(item.requester, book)
    return f"slack:{slack}" if slack else None


def _requester(item: Item | None, book: Rulebook, ways: Ways) -> str | None:
    if item is None or item.source.channel == "docket" or not item.source.answerable:
        return None
    if item.source.channel == "mail":
        return f"mail:{item.source.reply_to}" if ways.mail and item.source.reply_to else None
    asked = book.people.get(book.person_of(item.requester))
    if asked is not None and asked.email and ways.mail and not ways.slack:
        return f"mail:{asked.email}"  # they wrote in Slack while there was one
    return _conversation(item, book, ways)


def _slack_of(identity: str, book: Rulebook) -> str | None:
    if identity.startswith("slack:"):
        return identity.removeprefix("slack:")
    known = book.people.get(identity)
    return known.slack if known else None
