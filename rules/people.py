"""Who is there, who comes next, and who may: the ladder of people behind every owner."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from rules.book.rulebook import Away, Person, Rulebook, Workflow
from rules.items import Item, Trouble


def is_present(book: Rulebook, person: str, now: datetime) -> bool:
    """Whether a person of the rulebook is there at `now` (UTC): no `away` that still runs, and not out of reach."""
    known = book.people.get(person)
    return known is not None and not known.gone and _away(book, known, now) is None


def _away(book: Rulebook, known: Person, now: datetime) -> Away | None:
    """The absence that the rulebook names, while it runs in the person's zone."""
    if known.away is None:
        return None
    today = now.astimezone(ZoneInfo(known.timezone or book.timezone)).date()
    return known.away if today <= known.away.until else None


def stand_in(book: Rulebook, person: str, now: datetime) -> str:
    """Who acts for `person` now: themselves, or whoever their absence names, followed through.

    For whom nobody reaches and the rulebook names nobody they stay themselves: the next on the ladder is asked then.
    """
    seen: set[str] = set()
    while not is_present(book, person, now) and person in book.people and person not in seen:
        seen.add(person)
        away = _away(book, book.people[person], now)
        person = away.stand_in if away else person
    return person


def above(book: Rulebook, person: str) -> Iterator[str]:
    """The managers above a person, nearest first; a rulebook has no circles of them."""
    manager = book.people[person].manager if person in book.people else None
    while manager:
        yield manager
        manager = book.people[manager].manager


def seat(book: Rulebook, workflow: Workflow, owner: str, backup: str, requester: str, now: datetime) -> tuple[str, str]:
    """Who really owns and who backs up, now: never the requester, nobody absent, never one person twice.

    The rulebook's names are tried first, then their stand-ins, the managers above them and the operator.
    """
    if workflow.private:
        return _private_seat(book, owner, backup, requester, now)
    candidates = [owner, stand_in(book, owner, now), backup, stand_in(book, backup, now)]
    candidates += [*above(book, owner), *above(book, backup), book.operator, *book.people]
    fit = [p for p in dict.fromkeys(candidates) if p != requester and is_present(book, p, now)]
    if not fit:
        # Everyone is away or asked for it themselves: the names of the rulebook stand, and the digest shows them.
        fit = [p for p in dict.fromkeys(candidates) if p != requester] or [owner]
    if len(fit) == 1:
        return fit[0], next((p for p in dict.fromkeys(candidates) if p not in (fit[0], requester)), book.operator)
    # The backup that the rulebook names stays the backup where it can, whoever the owner became.
    second = next((p for p in (backup, stand_in(book, backup, now)) if p in fit and p != fit[0]), fit[1])
    return fit[0], second


def _private_seat(book: Rulebook, owner: str, backup: str, requester: str, now: datetime) -> tuple[str, str]:
    """The two whom the rulebook names and nobody else: no stand-in, no manager, no operator hears of private work.

    Whoever of them is there owns it; the other backs up. Where one of them asked for it, the other is alone with it
    and stands as both. When both are away it waits for them, for a third person must not know of it
    (docs/decisions/0007).
    """
    named = [p for p in dict.fromkeys((owner, backup)) if p != requester] or [owner]
    first = next((p for p in named if is_present(book, p, now)), named[0])
    return first, next((p for p in named if p != first), first)


@dataclass(frozen=True, slots=True)
class Step:
    """One step up: who hears of it, and whether they may decide (the operator, as the last, may only reassign).

    `discreet`: they hear that something private is late, and nothing of it.
    """

    person: str
    decides: bool
    discreet: bool = False


def ladder(
    book: Rulebook, workflow: Workflow, owner: str, backup: str, requester: str, now: datetime
) -> tuple[Step, ...]:
    """Who comes after `owner`, step by step, by `escalate_to`; repeats, the requester and the absent are skipped.

    The last is always the operator, so that nothing ever waits for want of a next step. What is private ends at the
    backup: the operator hears that there is something late, and not what.
    """
    steps: list[Step] = []
    if workflow.private:
        if backup not in (owner, requester) and not (backup in book.people and book.people[backup].gone):
            steps.append(Step(backup, decides=True))
        if book.operator not in (owner, backup, requester):
            steps.append(Step(book.operator, decides=False, discreet=True))
        return tuple(steps)
    manager = book.people[owner].manager if owner in book.people else None
    for word in book.defaults.escalate_to:
        person = backup if word == "backup" else manager if word == "manager" else word
        person = stand_in(book, person, now) if person else ""
        if person in (owner, requester, *(s.person for s in steps)) or not is_present(book, person, now):
            continue
        steps.append(Step(person, decides=True))
    if book.operator not in (owner, *(s.person for s in steps)):
        steps.append(Step(book.operator, decides=False))
    return tuple(steps)


def steps_left(book: Rulebook, workflow: Workflow, trouble: Trouble, requester: str, now: datetime) -> tuple[Step, ...]:
    """Whom an exception still goes up to, nearest first; absences and handovers since it opened are seen."""
    steps = ladder(book, workflow, trouble.owner, trouble.backup, requester, now)
    author = trouble.raised_by if trouble.gate == "outgoing" else ""  # nobody says yes to their own words
    return tuple(step for step in steps if step.person not in (*trouble.may_decide, author))


def may_decide(trouble: Trouble, person: str, requester: str) -> bool:
    """The owner and whoever the escalation has reached; never the requester (M120), nor who wrote what waits."""
    own_words = trouble.gate == "outgoing" and person == trouble.raised_by
    return person != requester and not own_words and person in trouble.may_decide


def may_reassign(book: Rulebook, workflow: Workflow, trouble: Trouble, person: str) -> bool:
    """Who may hand a decision on: who may take it, its backup, and, unless it is private, the operator."""
    if person in (*trouble.may_decide, trouble.backup):
        return True
    return person == book.operator and not workflow.private


def runs(book: Rulebook, item: Item, workflow: Workflow, person: str) -> bool:
    """Owner, backup and the workflow's leader: who may move, hand over, set, close and snooze an item.

    What is private has no leader: whoever leads it hears of it no more than others.
    """
    return person in book.people and person in (item.owner, item.backup, None if workflow.private else workflow.leader)


def may_see(book: Rulebook, item: Item, workflow: Workflow, person: str) -> bool:
    """People of the rulebook see every item but private ones; a requester sees their own."""
    if person == item.requester:
        return True
    return person in (held_by(item) if workflow.private else book.people)


def held_by(item: Item) -> frozenset[str]:
    """Who holds something of an item: its owner and backup, and those of its exceptions."""
    return frozenset({item.owner, item.backup}) | {p for t in item.exceptions for p in (t.owner, t.backup)}


def zone_of(book: Rulebook, person: str) -> str:
    """The IANA zone a person reads times in."""
    known = book.people.get(person)
    return (known.timezone if known else None) or book.timezone
