"""What a token allows: it answers one letter to one person, once, for a while, and proves that they had that letter."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from rules.entries import stamp
from rules.events import Mailed
from rules.items import Item, Trouble
from rules.notices import REQUESTER, Notice

#: How long a letter can be answered by its token.
LASTS = timedelta(days=30)

#: Why a mail is not believed to be its sender's.
Doubt = Literal["failed", "older", "no_token", "other_person", "other_item", "other_exception", "spent", "expired"]
#: By so much the clocks of mail programs may be behind.
SLOW_CLOCK = timedelta(minutes=15)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket:
    """A token as the outbox knows it: which letter, to whom (`person`: a rulebook key or a requester's identity).

    `code` and `opened_at` (as entries hold it) name the exception that the letter asked about, "" where it asked none.
    """

    outbox_id: str
    person: str
    item: str
    code: str
    opened_at: str
    expires_at: datetime
    spent: bool


def ticket(outbox_id: str, notice: Notice, created_at: datetime, item: Item, *, spent: bool) -> Ticket:
    """The ticket of a notice about `item` that was put into the outbox at `created_at` (UTC)."""
    code = str(getattr(notice, "code", ""))
    opened_at = str(getattr(notice, "opened_at", ""))
    if code and not opened_at:
        # a reminder names the exception by its code alone: the one that was open then is meant
        opened = [t.opened_at for t in item.exceptions if t.code == code and t.opened_at <= created_at]
        opened_at = stamp(max(opened)) if opened else ""
    return Ticket(
        outbox_id=outbox_id,
        person=item.requester if notice.to == REQUESTER else notice.to,
        item=notice.item,
        code=code if opened_at else "",
        opened_at=opened_at,
        expires_at=created_at + LASTS,
        spent=spent,
    )


def fits(ticket: Ticket | None, person: str, item: Item) -> bool:
    """Whether the letter that was answered went to this person and was about this item."""
    return ticket is not None and (ticket.person, ticket.item) == (person, item.key)


def asks_about(ticket: Ticket | None, item: Item) -> Trouble | None:
    """The exception that the answered letter asked about, whatever became of it since."""
    if ticket is None or ticket.item != item.key or not ticket.code:
        return None
    return next(
        (t for t in item.exceptions if (t.code, stamp(t.opened_at)) == (ticket.code, ticket.opened_at)),
        None,
    )


def doubt(
    mail: Mailed, ticket: Ticket | None, person: str, item: Item, now: datetime, *, trouble: Trouble | None = None
) -> Doubt | None:
    """Why a mail under the address of `person` can't be taken for theirs; None: it can.

    Either a receiver that the inbox's settings name vouches for the sender, and the mail is no old one sent again: it
    was written since the item came to where it is, or the exception opened (`trouble`, for a decision). Or it came to
    the address of a letter that only this person had, about this item and, for a decision, about just this exception.
    """
    if mail.trust == "failed":
        return "failed"
    if mail.trust == "aligned" and _fresh(mail, trouble.opened_at if trouble else item.stage_at or item.opened_at):
        return None
    if ticket is None:
        return "older" if mail.trust == "aligned" else "no_token"
    if ticket.person != person:
        return "other_person"
    if ticket.item != item.key:
        return "other_item"
    if trouble is not None and trouble is not asks_about(ticket, item):
        return "other_exception"
    if ticket.spent:
        return "spent"
    return "expired" if now >= ticket.expires_at else None


def _fresh(mail: Mailed, since: datetime) -> bool:
    """Whether its own date, which a signature covers, is none from before `since`."""
    return mail.sent_at is not None and mail.sent_at >= since - SLOW_CLOCK
