"""From a claimed notice to a message ready for one channel: the words, the reader, the thread, what it edits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from operator import itemgetter
from typing import Any

from bot.answering import answered
from bot.board import composed
from bot.books import Books
from bot.digests import compose, occasion_of
from bot.links import past_of, threads_of
from bot.ways_in import below
from handlers.ports import Outgoing, Sent
from rules.book.rulebook import Rulebook, Workflow
from rules.events import Command
from rules.items import Item
from rules.links import decision_page
from rules.messages import Message
from rules.notices import (
    CONVERSATION,
    REQUESTER,
    Answer,
    Board,
    Card,
    DecisionCard,
    Digest,
    Discreet,
    Handed,
    Late,
    Notice,
    Question,
    Receipt,
    Received,
    Reminder,
    Unclear,
)
from rules.people import may_see, zone_of
from rules.pictures import has_pictures
from rules.wording import word, word_reminders
from rules.wording.by_mail import Reach, by_mail
from rules.wording.by_mail_answers import answer
from rules.wording.by_mail_answers import answered as answered_by_mail
from rules.wording.discreet import discreet
from rules.wording.handoffs import Past
from storage import items, ledger, outbox
from storage.outbox import Claimed


@dataclass(frozen=True, slots=True)
class Lettering:
    """`outgoing` None: not worth sending any more, for `reason`. `binds`: replies to it belong to `item`.

    `first_of`: the item whose conversation begins with this message. `private`: it tells of private work.
    `waits_until`: it is a reminder, and may wait for a better moment until then (UTC). `pictured`: it has the pictures
    of everybody's work up to then (UTC).
    """

    outgoing: Outgoing | None
    reason: str = ""
    item: str = ""
    binds: bool = False
    first_of: str = ""
    private: bool = False
    waits_until: datetime | None = None
    pictured: datetime | None = None


def lettered(conn: Any, books: Books, claims: Sequence[Claimed], now: datetime, *, slack: bool) -> Lettering:
    """The message of what was claimed together, as things stand now. `slack`: whether the bot speaks with Slack."""
    claim = claims[0]
    notice, book = claim.notice, books.present(conn, now)
    channel, _, address = claim.lane.partition(":")
    if isinstance(notice, Answer):
        return _answer(conn, books, claim, notice, now)
    if isinstance(notice, Digest):
        message = below(compose(conn, books, occasion_of(notice), pages=channel == "mail"), books, notice.to, now)
        if channel == "mail":
            message = by_mail(message, notice.to, book, _reach(books, slack=slack))
        pictured = occasion_of(notice).at if has_pictures(book.digests.get(notice.name)) else None
        return Lettering(_plain(claim, address, message, notice.to, book), pictured=pictured)
    if isinstance(notice, Board):
        edit = _edited(conn, books, notice, channel)
        if edit is None and notice.revises:
            return Lettering(None, "there is no board of it to edit")
        shown = _plain(claim, address, composed(conn, books, notice, now), notice.to, book)
        return Lettering(replace(shown, edit=edit))
    if isinstance(notice, Discreet):
        return Lettering(_plain(claim, address, discreet(notice), notice.to, book))
    alone = isinstance(notice, Late) and len(claims) == 1  # what one item has missed is told whole
    if isinstance(notice, Reminder) and not alone:
        return _reminders(conn, books, claims, address, now, slack=slack)
    item = items.load(conn, books.workspace, notice.item)
    if item is None:
        return Lettering(None, "its item is not there")
    edit = _edited(conn, books, notice, channel)
    if edit is None and notice.revises:
        return Lettering(None, "there is no card of it to edit")
    if edit is not None and channel == "mail":
        return Lettering(None, "a mail can't be edited")
    if notice.to == REQUESTER and channel == "mail" and item.bounced:
        return Lettering(None, "the address refuses mail")
    workflow = books.workflow(conn, item)
    past = _past(conn, books, item, workflow, notice)
    worded = word(notice, item, workflow, book, now, threads_of(conn, books, item), past)
    if worded is None:
        return Lettering(None, "settled meanwhile")
    here = notice.to in (CONVERSATION, REQUESTER)
    reader = item.requester if here else notice.to
    if channel == "mail":
        by_choice = isinstance(notice, Receipt)  # they decided by mail or on a page, whatever else they have
        worded = by_mail(worded, reader, book, _reach(books, claim, slack=slack and not by_choice), item, workflow)
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
        reply_token=_token(books, claim) if channel == "mail" else "",
        answers=notice.to == REQUESTER and isinstance(notice, Question | Received | Unclear),
    )
    root = here and channel == "slack" and item.source.thread is None
    return Lettering(
        outgoing,
        item=item.key,
        binds=True,
        first_of=item.key if root else "",
        private=workflow.private,
    )


def _answer(conn: Any, books: Books, claim: Claimed, notice: Answer, now: datetime) -> Lettering:
    """The answer to what a person told the bot by mail, in the thread of their mail."""
    book = books.present(conn, now)
    item = items.load(conn, books.workspace, notice.item) if notice.item else None
    workflow = books.workflow(conn, item) if item else None
    if item is not None and workflow is not None and not may_see(book, item, workflow, notice.to):
        return Lettering(None, "it is theirs no more")
    if notice.asked:
        asked: dict[str, Any] = dict(notice.asked)
        command = Command(id=claim.id, workspace=claim.ws, at=now, by=notice.to, via="mail", **asked)
        message = answered_by_mail(notice, answered(conn, books, command, now).message, item)
    else:
        message = answer(notice, item, workflow, now)
    # they wrote a mail: whoever has Slack, too, goes on by mail
    message = by_mail(message, notice.to, book, _reach(books, claim, slack=False), item, workflow)
    outgoing = replace(
        _plain(claim, claim.lane.partition(":")[2], message, notice.to, book),
        thread=notice.answers or None,
        references=_references(conn, books, item, claim.lane) if item else (),
        item=item.key if item else "",
        reply_token=_token(books, claim) if item else "",
        answers=True,
    )
    private = workflow is not None and workflow.private
    return Lettering(outgoing, item=item.key if item else "", binds=item is not None, private=private)


def _token(books: Books, claim: Claimed) -> str:
    """What the letter's replies come back with; none where nobody reads them."""
    return books.tokens.mint(claim.id) if books.tokens is not None and books.replies else ""


def _reach(books: Books, claim: Claimed | None = None, *, slack: bool) -> Reach:
    """What a letter can point to; the decision page is its reader's own, by its token."""
    page = ""
    if claim is not None and books.tokens is not None and books.public_url:
        page = decision_page(books.tokens.mint(claim.id, "page"), books.public_url)
    return Reach(slack=slack, replies=books.replies, page=page)


def _past(conn: Any, books: Books, item: Item, workflow: Workflow, notice: Notice) -> Past | None:
    """What a handoff or a decision is told from. What is private is nobody's example, and has none."""
    if isinstance(notice, Handed):
        return past_of(conn, books, item)
    if isinstance(notice, DecisionCard) and not workflow.private and (waits := item.open_trouble(notice.code)):
        return Past(like=books.precedents.like(conn, books.workspace, item, waits[0]))
    return None


def _claim_of(claims: Sequence[Claimed], item: Item, message: Message) -> Claimed:
    """The reminder that a reply to all of them is about: that of the first line about this item."""
    rows = [row for section in message.sections for row in section.rows]
    code = next((row.actions[0].code or "" for row in rows if row.actions and row.actions[0].item == item.key), "")
    about = (claim for claim in claims if (claim.notice.item, getattr(claim.notice, "code", "")) == (item.key, code))
    return next(about, claims[0])


def names(book: Rulebook, item: Item | None = None) -> dict[str, str]:
    """What to call identities in a message."""
    known = {key: person.name for key, person in book.people.items()}
    known["docket"], known[""] = "Docket", book.named("")
    systems = {f"hook:{system}" for workflow in book.workflows.values() for system in workflow.source_of_truth.values()}
    if item is not None:
        systems |= {who for who in (item.requester, item.said_by) if who.startswith("hook:")}
    return known | {system: book.named(system) for system in systems}


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
    if found is None or not isinstance(notice, Board | Card | DecisionCard | Handed):
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


def _first_due(waiting: Sequence[tuple[Reminder, Item, Workflow]], now: datetime) -> datetime | None:
    """When the first of what is reminded of is due; None where something is due already."""
    about = [next(iter(item.open_trouble(notice.code)), item) if notice.code else item for notice, item, _ in waiting]
    first = min((each.due_at for each in about if each.due_at is not None), default=now)
    return first if first > now else None


def _reminders(
    conn: Any, books: Books, claims: Sequence[Claimed], address: str, now: datetime, *, slack: bool
) -> Lettering:
    """Everything due for one person as one message; what they answer to it belongs to what was due first."""
    waiting = []
    for claim in claims:
        item = items.load(conn, books.workspace, claim.notice.item)
        if item is not None and isinstance(claim.notice, Reminder):
            waiting.append((claim.notice, item, books.workflow(conn, item)))
    message = word_reminders(waiting, books.current, now)
    if message is None:
        return Lettering(None, "done meanwhile")
    reader, private = claims[0].notice.to, any(workflow.private for _, _, workflow in waiting)
    keys = [row.actions[0].item for row in message.sections[0].rows]
    told = {item.key: (item, workflow) for _, item, workflow in waiting}
    # A reply may quote what is private: then it is kept with that, wherever it stands in the list.
    first, workflow = told[next((key for key in keys if told[key][1].private), keys[0])]
    if not claims[0].lane.startswith("mail:"):
        outgoing = _plain(claims[0], address, message, reader, books.current)
        waits_until = _first_due(waiting, now)
        return Lettering(outgoing, item=first.key, binds=True, private=private, waits_until=waits_until)
    about = _claim_of(claims, first, message)
    reach = _reach(books, about, slack=slack)
    message = by_mail(message, reader, books.current, reach, first, workflow)
    outgoing = _plain(claims[0], address, message, reader, books.current)
    outgoing = replace(outgoing, reply_token=_token(books, about))
    return Lettering(outgoing, item=first.key, binds=True, private=private)
