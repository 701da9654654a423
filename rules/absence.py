"""Who can't be reached although the rulebook says nothing of it: deactivated in Slack, or mail comes back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from rules.book.rulebook import Person, Rulebook, Workflow
from rules.items import Item, Trouble
from rules.own_events import Unreachable
from rules.people import is_present, seat


@dataclass(frozen=True, slots=True, kw_only=True)
class Failing:
    """A way to a person of the rulebook that fails: `address` is the one that failed, `since` UTC, `why` in words."""

    person: str
    channel: str  # slack, mail
    address: str
    since: datetime
    why: str


def address_of(person: Person, channel: str) -> str:
    """Where a channel reaches a person; "" where it does not."""
    return (person.slack or "") if channel == "slack" else person.email


def noted(event: Unreachable, book: Rulebook) -> Failing | None:
    """What an event says of a person's way, as it is remembered; None for nobody of the rulebook."""
    person = book.people.get(book.person_of(event.person))
    address = address_of(person, event.channel) if person else ""
    if person is None or not address:
        return None
    return Failing(person=person.key, channel=event.channel, address=address, since=event.at, why=event.why)


def gone(person: Person, failing: Sequence[Failing], *, slack: bool) -> Failing | None:
    """The failing way that makes a person absent; None while they can be reached. `slack`: the bot speaks with Slack.

    Whose account is deactivated has left, whatever their mailbox says; a mailbox that takes nothing counts only where
    no Slack reaches them. An address that the rulebook has corrected since counts no more.
    """
    channel = "slack" if slack and person.slack else "mail"
    return next(
        (
            way
            for way in failing
            if (way.person, way.channel, way.address) == (person.key, channel, address_of(person, channel))
        ),
        None,
    )


def outdated(book: Rulebook, failing: Sequence[Failing]) -> list[Failing]:
    """Failing ways that the rulebook no longer names: the person is not in it any more, or has another address."""
    return [
        way
        for way in failing
        if way.person not in book.people or address_of(book.people[way.person], way.channel) != way.address
    ]


def without(book: Rulebook, failing: Sequence[Failing], now: datetime, *, slack: bool) -> Rulebook:
    """The rulebook as it can be acted on now (UTC): who is out of reach is marked, and another is its operator then.

    Its version stays: an absence is no change of the rules.
    """
    why = {key: way.why for key, person in book.people.items() if (way := gone(person, failing, slack=slack))}
    if not why:
        return book
    people = {key: replace(person, gone=why.get(key, "")) for key, person in book.people.items()}
    present = replace(book, people=people)
    if book.operator not in why:
        return present
    docket = book.workflows["docket"]
    operator, _ = seat(present, docket, book.operator, docket.backup, "", now)
    return replace(present, operator=operator)


def holds(item: Item, person: str) -> bool:
    """Whether a person has an item, or owns or may take an undecided decision on it."""
    return person == item.owner or any(person in (t.owner, *t.may_decide) for t in item.open_trouble())


def concerns(item: Item, person: str) -> bool:
    """Whether a person holds anything of an item, be it only as the backup."""
    return holds(item, person) or person in (item.backup, *(t.backup for t in item.open_trouble()))


@dataclass(frozen=True, slots=True, kw_only=True)
class Seats:
    """Who holds an item (`code` empty) or one of its undecided exceptions, from now on."""

    code: str
    owner: str
    backup: str
    may_decide: tuple[str, ...] = ()


def seats_left(item: Item, workflow: Workflow, book: Rulebook, now: datetime) -> list[Seats]:
    """The seats of an open item that change because somebody in them is out of reach; [] where all is well.

    `book` is the one of `without`. Where nobody else is there (or may know of it) the name stays, and is looked at
    again: a take must not find it changed when nothing can change.
    """
    if item.closed_at is not None:
        return []
    held: list[Item | Trouble] = [item, *item.open_trouble()]
    return [after for each in held if (after := _after(each, item.requester, workflow, book, now)) is not None]


def _after(held: Item | Trouble, requester: str, workflow: Workflow, book: Rulebook, now: datetime) -> Seats | None:
    code, may = (held.code, held.may_decide) if isinstance(held, Trouble) else ("", ())
    if not any(_is_gone(book, person) for person in (held.owner, held.backup, *may)):
        return None
    owner, backup = held.owner, held.backup
    if _is_gone(book, owner):
        owner, backup = seat(book, workflow, owner, backup, requester, now)
    if _is_gone(book, backup):
        backup = _next_backup(workflow, owner, backup, requester, book, now)
    deciders = tuple(p for p in may if not _is_gone(book, p) and p != owner)
    after = Seats(code=code, owner=owner, backup=backup, may_decide=(owner, *deciders) if may else ())
    unchanged = (after.owner, after.backup, set(after.may_decide)) == (held.owner, held.backup, set(may))
    return None if unchanged or _is_gone(book, owner) else after


def _next_backup(workflow: Workflow, owner: str, backup: str, requester: str, book: Rulebook, now: datetime) -> str:
    """Who backs `owner` up instead of somebody out of reach. Of what is private no third person hears."""
    if workflow.private:
        return owner
    first, second = seat(book, workflow, backup, workflow.backup, requester, now)
    found = first if first != owner else second
    return found if is_present(book, found, now) else owner


def _is_gone(book: Rulebook, person: str) -> bool:
    return person in book.people and bool(book.people[person].gone)
