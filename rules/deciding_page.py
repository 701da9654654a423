"""What a decision page shows: the card of one exception for one person, and the reasons that they can choose from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from rules.book.rulebook import Rulebook
from rules.messages import Choice, Message
from rules.people import may_decide, may_see
from rules.ruling import World
from rules.tickets import Ticket, asks_about
from rules.wording.cards import decision_card
from rules.wording.lines import shown_values


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """`approve` and `reject` are empty where nothing is to be decided here (any more); `card` then says what became.

    `changes`: it can be sent back, too. `shown` is what the person sees and decides against (kept as Command.seen).
    """

    person: str
    item: str
    code: str
    card: Message
    approve: tuple[Choice, ...] = ()
    reject: tuple[Choice, ...] = ()
    changes: bool = False
    shown: Mapping[str, str] = field(default_factory=dict)


def page(ticket: Ticket, world: World) -> Page | None:
    """The page of a ticket; None where its letter asked for no decision, or its time is over."""
    item, book = world.item, world.book
    if item is None or ticket.person not in book.people or world.now >= ticket.expires_at:
        return None
    trouble = asks_about(ticket, item)
    if trouble is None:
        return None
    workflow = world.book_of(item.rulebook).workflows[item.workflow]
    if not may_see(book, item, workflow, ticket.person):
        return None  # it was private and theirs, and is theirs no more
    like = () if workflow.private or trouble.state != "open" else world.like(item, trouble)
    card = decision_card(item, trouble, workflow, book, world.now, reader=ticket.person, like=like)
    rule = workflow.rule(trouble.code)
    if trouble.state != "open" or rule is None or not may_decide(trouble, ticket.person, item.requester):
        return Page(person=ticket.person, item=item.key, code=trouble.code, card=card)
    return Page(
        person=ticket.person,
        item=item.key,
        code=trouble.code,
        card=card,
        approve=_choices(rule.approve, book),
        reject=_choices(rule.reject, book),
        changes=trouble.gate == "approval",
        shown=shown_values(item, workflow, trouble.code),
    )


def _choices(codes: tuple[str, ...], book: Rulebook) -> tuple[Choice, ...]:
    return tuple(Choice(value=code, label=code, meaning=book.reason_codes.get(code, "")) for code in codes)
