"""Where a notice goes: which channel reaches whom, and which of its conversations."""

from __future__ import annotations

from dataclasses import dataclass

from rules.book.rulebook import Rulebook
from rules.items import Item
from rules.notices import CONVERSATION, REQUESTER, Answer, Board, Digest, Notice, Receipt


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
    if isinstance(notice, Board):
        return f"slack:#{notice.channel}" if ways.slack else None
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
    if item is None or not item.source.answerable:
        return None
    if item.source.channel == "docket":  # the rules opened it: for somebody of the rulebook, or for nobody
        return _person(item.requester, book, ways) if item.requester in book.people else None
    if item.source.by_mail:
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
