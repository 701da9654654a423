"""Who is not there although the rulebook says nothing of it: they said so, left Slack, or mail to them comes back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from rules.book.rulebook import Away, Person, Rulebook, Workflow
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """Somebody is away through the local day `until`, as `by` said at `at` (UTC); `stand_in` has their work."""

    person: str
    until: date
    stand_in: str
    by: str
    at: datetime


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


def unreached(book: Rulebook, failing: Sequence[Failing], *, slack: bool, mail: bool) -> list[str]:
    """Of everybody to whom there is no way at all, a sentence; who was found out of reach has an exception already.

    `slack`, `mail`: the channels that can send.
    """
    lost = []
    for person in book.people.values():
        by_slack = slack and person.slack
        refused = any((way.channel, way.address) == ("mail", person.email) for way in failing)
        if by_slack or (mail and not refused):
            continue
        why = "their mailbox refuses mail" if mail else "no mail goes out (DOCKET_SMTP_URL is not set)"
        none = "has no Slack" if slack else "can't be reached by Slack, which is not connected"
        lost.append(f"{person.name} {none}, and {why}.")
    return lost


def outdated(book: Rulebook, failing: Sequence[Failing]) -> list[Failing]:
    """Failing ways that the rulebook no longer names: the person is not in it any more, or has another address."""
    return [
        way
        for way in failing
        if way.person not in book.people or address_of(book.people[way.person], way.channel) != way.address
    ]


def without(
    book: Rulebook, failing: Sequence[Failing], now: datetime, *, slack: bool, said: Sequence[Said] = ()
) -> Rulebook:
    """The rulebook as it can be acted on now (UTC): who is not there is marked, and another is its operator then.

    Its version stays: an absence is no change of the rules. What was said by command counts before the rulebook's own
    `away`; where somebody's stand-in has been taken out of the rulebook since, it says nothing any more.
    """
    why = {key: way.why for key, person in book.people.items() if (way := gone(person, failing, slack=slack))}
    leave = {
        each.person: Away(until=each.until, stand_in=each.stand_in, said_by=each.by)
        for each in said
        if each.person in book.people and each.stand_in in book.people
    }
    if not why and not leave and is_present(book, book.operator, now):
        return book
    people = {
        key: replace(person, gone=why.get(key, ""), away=leave.get(key, person.away))
        for key, person in book.people.items()
    }
    present = replace(book, people=people)
    if is_present(present, book.operator, now):
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


def lent(item: Item, person: str) -> bool:
    """Whether something of an open item lies with others because `person` was absent."""
    return person in (item.lent_by, *(t.lent_by for t in item.open_trouble()))


def seats_left(item: Item, workflow: Workflow, book: Rulebook, now: datetime) -> list[Seats]:
    """The seats of an open item that change because somebody in them is absent; [] where all is well.

    `book` is the one of `without`. Whoever is away for a while keeps the seat of a backup: the ladder asks their
    stand-in when it gets there. Where nobody else is there (or may know of it) the name stays, and is looked at again:
    a take must not find it changed when nothing can change.
    """
    if item.closed_at is not None:
        return []
    held: list[Item | Trouble] = [item, *item.open_trouble()]
    return [after for each in held if (after := _after(each, item.requester, workflow, book, now)) is not None]


def _after(held: Item | Trouble, requester: str, workflow: Workflow, book: Rulebook, now: datetime) -> Seats | None:
    code, may = (held.code, held.may_decide) if isinstance(held, Trouble) else ("", ())
    absent = held.owner in book.people and not is_present(book, held.owner, now)
    if not absent and not any(_is_gone(book, person) for person in (held.backup, *may)):
        return None
    owner, backup = held.owner, held.backup
    if absent:
        owner, backup = seat(book, workflow, owner, backup, requester, now)
        if isinstance(held, Trouble) and held.gate == "outgoing" and owner == held.raised_by:
            owner, backup = backup, owner  # nobody says yes to their own words
    if _is_gone(book, backup):
        backup = _next_backup(workflow, owner, backup, requester, book, now)
    deciders = tuple(p for p in may if not _is_gone(book, p) and p not in (owner, held.owner))
    after = Seats(code=code, owner=owner, backup=backup, may_decide=(owner, *deciders) if may else ())
    unchanged = (after.owner, after.backup, set(after.may_decide)) == (held.owner, held.backup, set(may))
    return None if unchanged or not is_present(book, owner, now) else after


def _next_backup(workflow: Workflow, owner: str, backup: str, requester: str, book: Rulebook, now: datetime) -> str:
    """Who backs `owner` up instead of somebody out of reach. Of what is private no third person hears."""
    if workflow.private:
        return owner
    first, second = seat(book, workflow, backup, workflow.backup, requester, now)
    found = first if first != owner else second
    return found if is_present(book, found, now) else owner


def _is_gone(book: Rulebook, person: str) -> bool:
    return person in book.people and bool(book.people[person].gone)
