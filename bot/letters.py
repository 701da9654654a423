"""From a claimed notice to a message ready for one channel: the words, the reader, the thread, what it edits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import itemgetter
from typing import Any

from bot.books import Books
from bot.digests import compose, occasion_of
from handlers.ports import Outgoing, Sent
from rules.book.rulebook import Rulebook
from rules.items import Item
from rules.messages import Message
from rules.notices import (
    CONVERSATION,
    REQUESTER,
    Card,
    DecisionCard,
    Digest,
    Notice,
    Question,
    Received,
    Reminder,
    Unclear,
)
from rules.people import zone_of
from rules.wording import word, word_reminders
from rules.wording.by_mail import by_mail
from storage import items, ledger, outbox
from storage.outbox import Claimed


@dataclass(frozen=True, slots=True)
class Lettering:
    """`outgoing` None: not worth sending any more, for `reason`. `binds`: replies to it belong to `item`.

    `first_of`: the item whose conversation begins with this message.
    """

    outgoing: Outgoing | None
    reason: str = ""
    item: str = ""
    binds: bool = False
    first_of: str = ""


def lettered(conn: Any, books: Books, claims: Sequence[Claimed], now: datetime, *, slack: bool) -> Lettering:
    """The message of what was claimed together, as things stand now. `slack`: whether the bot speaks with Slack."""
    claim = claims[0]
    notice, book = claim.notice, books.current
    channel, _, address = claim.lane.partition(":")
    if isinstance(notice, Digest):
        message = compose(conn, books, occasion_of(notice))
        if channel == "mail":
            message = by_mail(message, notice.to, book, slack=slack)
        return Lettering(_plain(claim, address, message, notice.to, book))
    if isinstance(notice, Reminder):
        return _reminders(conn, books, claims, address, now, slack=slack)
    item = items.load(conn, books.workspace, notice.item)
    if item is None:
        return Lettering(None, "its item is not there")
    edit = _edited(conn, books, notice, channel)
    if edit is None and notice.revises:
        return Lettering(None, "there is no card of it to edit")
    if edit is not None and channel == "mail":
        return Lettering(None, "a mail can't be edited")
    worded = word(notice, item, books.workflow(conn, item), book, now)
    if worded is None:
        return Lettering(None, "settled meanwhile")
    here = notice.to in (CONVERSATION, REQUESTER)
    reader = item.requester if here else notice.to
    if channel == "mail":
        worded = by_mail(worded, reader, book, slack=slack, item=item)
    references = _references(conn, books, item, claim.lane) if channel == "mail" else ()
    outgoing = Outgoing(
        outbox_id=claim.id,
        address=item.source.place if here and channel == "slack" and item.source.place else address,
        message=worded,
        timezone=zone_of(book, reader),
        thread=_thread(item, channel, here, references),
        references=references,
        edit=edit if channel == "slack" else None,
        item=item.key,
        names=names(book, item),
        mentions=mentions(book, item),
        answers=notice.to == REQUESTER and isinstance(notice, Question | Received | Unclear),
    )
    root = here and channel == "slack" and item.source.thread is None
    return Lettering(outgoing, item=item.key, binds=here or channel == "mail", first_of=item.key if root else "")


def names(book: Rulebook, item: Item | None = None) -> dict[str, str]:
    """What to call identities in a message."""
    known = {key: person.name for key, person in book.people.items()}
    known["docket"], known[""] = "Docket", book.named("")
    return known


def mentions(book: Rulebook, item: Item | None = None) -> dict[str, str]:
    """The Slack user id of everyone who may be pinged: the rulebook's people and who asked."""
    known = {key: person.slack for key, person in book.people.items() if person.slack}
    if item is not None and item.requester.startswith("slack:"):
        known[item.requester] = item.requester.removeprefix("slack:")
    return known


def _edited(conn: Any, books: Books, notice: Notice, channel: str) -> Sent | None:
    if notice.slot is None:
        return None
    found = outbox.message_of(conn, books.workspace, notice.slot)
    if found is None or not isinstance(notice, Card | DecisionCard):
        return None
    # A card that newly concerns somebody must reach them as a message: an edit pings nobody.
    place, message_id = found
    was_mail, is_mail = "@" in place, channel == "mail"
    return Sent(place, message_id) if was_mail == is_mail else None  # they may have got Slack, or lost it, meanwhile


def _thread(item: Item, channel: str, here: bool, references: Sequence[str]) -> str | None:
    if channel == "slack":
        return item.source.thread if here else None
    return references[-1] if here and references else None


def _references(conn: Any, books: Books, item: Item, lane: str) -> tuple[str, ...]:
    """The ids of an item's mails that this reader may have, oldest first, so that mail programs show one thread.

    What machines sent back is left out: nothing of ours answers it (RFC 3834, section 2).
    """
    recorded = ledger.of_item(conn, books.workspace, item.key)
    came = [
        (one.entry.at, str(one.entry.facts["message_id"]))
        for one in recorded
        if one.entry.facts.get("message_id") and not one.entry.facts.get("automatic")
    ]
    went = [
        (posted.ended_at, posted.message_id)
        for posted in outbox.of_item(conn, books.workspace, item.key)
        if posted.message_id and posted.ended_at and posted.lane == lane
    ]
    first = [item.source.message_id] if item.source.channel == "mail" and item.source.message_id else []
    # a clock has its steps: of the same moment, what came is older than what answered it
    return tuple(dict.fromkeys([*first, *(each for _, each in sorted([*came, *went], key=itemgetter(0)))]))


def _plain(claim: Claimed, address: str, message: Message, reader: str, book: Rulebook) -> Outgoing:
    return Outgoing(
        outbox_id=claim.id,
        address=address,
        message=message,
        timezone=zone_of(book, reader),
        names=names(book),
        mentions=mentions(book),
    )


def _reminders(
    conn: Any, books: Books, claims: Sequence[Claimed], address: str, now: datetime, *, slack: bool
) -> Lettering:
    """Everything due for one person as one message; an answer to it by mail belongs to what was due first."""
    waiting = []
    for claim in claims:
        item = items.load(conn, books.workspace, claim.notice.item)
        if item is not None and isinstance(claim.notice, Reminder):
            waiting.append((claim.notice, item, books.workflow(conn, item)))
    message = word_reminders(waiting, books.current, now)
    if message is None:
        return Lettering(None, "done meanwhile")
    reader = claims[0].notice.to
    if not claims[0].lane.startswith("mail:"):
        return Lettering(_plain(claims[0], address, message, reader, books.current))
    first = next(item for _, item, _ in waiting if item.key == message.sections[0].rows[0].actions[0].item)
    message = by_mail(message, reader, books.current, slack=slack, item=first)
    return Lettering(_plain(claims[0], address, message, reader, books.current), item=first.key, binds=True)
