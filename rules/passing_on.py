"""What becomes of the work of somebody who is absent: the next person has it until they return (M31, M138)."""

from __future__ import annotations

from typing import Literal
from zoneinfo import ZoneInfo

from rules.absence import Seats, lent, seats_left
from rules.book.rulebook import Rulebook
from rules.draft import DOCKET, Draft, merge
from rules.entries import stamp
from rules.events import Command
from rules.failures import count_or_open, over
from rules.items import Item, Trouble
from rules.notices import CONVERSATION, Card, DecisionCard, Handed, Reminder
from rules.own_events import Absent, Reachable, Returned, Unreachable
from rules.people import is_present, seat
from rules.ruling import Ruling, World
from rules.stops import cards


def unreachable(event: Unreachable, world: World) -> Ruling:
    """One exception of the operator per person: who is out of reach, why, and who has their work now.

    `world.book` knows already whether they are absent by it: where Slack still reaches them, only their mail fails.
    """
    key = world.book.person_of(event.person)
    person = world.book.people.get(key)
    if person is None:
        return Ruling(ignored="nobody of the rulebook")
    if person.gone:
        named = f"{person.name} can't be reached ({person.gone})"
        mend = f"Take {person.name} out of the rulebook, or name who stands in."
        return count_or_open(event, world, absence_of(key), f"{named}{shares(key, world)} {mend}", None)
    if event.channel == "mail":
        sentence = f"Mail to {person.name} comes back ({event.why}). Slack still reaches them; correct the address."
        return count_or_open(event, world, f"deliver:mail:{person.email}", sentence, None)
    return Ruling(ignored="they can be reached otherwise")


def reachable(event: Reachable, world: World) -> Ruling:
    """They are back: the operator's exception ends; their work goes back to them item by item (`give_back`)."""
    key = world.book.person_of(event.person)
    person = world.book.people.get(key)
    causes = [] if person is not None and person.gone else [absence_of(key)]
    if event.channel == "mail" and person is not None:
        causes.append(f"deliver:mail:{person.email}")
    ended = [ruling for cause in causes if (ruling := over(event, world, cause)).entries]
    return merge(*ended) if ended else Ruling(ignored="nothing waited for that")


def pass_on(event: Absent, world: World, item: Item) -> Ruling:
    """What of an item lay with somebody out of reach goes to whoever is next. Its deadlines stay."""
    workflow = world.book_of(item.rulebook).workflows[item.workflow]
    left = seats_left(item, workflow, world.book, world.now)
    if not left:
        return Ruling(ignored="whoever has it is there", touched=item.key)
    draft = Draft(world, event, workflow, item.key, item)
    draft.by = DOCKET
    for seats in left:
        _reseat(draft, seats, event)
    draft.tell(Card(item=item.key, to=CONVERSATION))
    return draft.ruling()


def give_back(event: Returned, world: World, item: Item) -> Ruling:
    """What was lent because they were absent, and is not done yet, is theirs again. Its deadlines stay."""
    person, workflow = event.person, world.book_of(item.rulebook).workflows[item.workflow]
    if item.closed_at is not None or not lent(item, person) or not is_present(world.book, person, world.now):
        return Ruling(ignored="nothing of it is theirs", touched=item.key)
    draft = Draft(world, event, workflow, item.key, item)
    draft.by = DOCKET
    because = {"because": f"{world.book.named(person)} is back"}
    if item.lent_by == person:
        _, backup = seat(draft.book, workflow, person, workflow.backup, item.requester, draft.now)
        draft.record("reassigned", {"code": "", "owner": person, "backup": backup}, because)
        if workflow.name != DOCKET:
            draft.tell(Reminder(item=item.key, to=person))  # all that comes back is one message
    for trouble in item.open_trouble():
        if trouble.lent_by == person:
            _give_back(draft, trouble, because)
    draft.tell(Card(item=item.key, to=CONVERSATION))
    return draft.ruling()


def _give_back(draft: Draft, trouble: Trouble, because: dict[str, str]) -> None:
    person = trouble.lent_by
    # Whom the escalation has reached keeps the right to decide; who only stood in does not.
    others = [p for p in trouble.may_decide if p != person] if trouble.steps else []
    rule = draft.rule(trouble.code)
    usual = rule.backup if rule else draft.workflow.backup
    _, backup = seat(draft.book, draft.workflow, person, usual, draft.item.requester, draft.now)
    facts = {"code": trouble.code, "owner": person, "backup": backup, "may_decide": [person, *others]}
    draft.record("reassigned", facts, because)
    now = draft.item.open_trouble(trouble.code)[0]
    opened_at = stamp(now.opened_at)
    # The card that they had is theirs again, which nobody would notice: the reminder says it.
    draft.tell(DecisionCard(item=draft.key, to=person, code=now.code, opened_at=opened_at))
    draft.tell(Reminder(item=draft.key, to=person, code=now.code), *cards(draft, trouble), *cards(draft, now))


def mended(draft: Draft, event: Command, trouble: Trouble) -> tuple[Reachable, ...]:
    """Who decides that the cause of an absence is gone says by it that they can be reached: new work goes there again.

    Where that is not so, it is noticed as it was before.
    """
    if trouble.code != "ABSENT" or event.reason_code != "MENDED":
        return ()
    person = draft.item.fields["cause"].removeprefix(absence_of(""))
    ways: tuple[Literal["slack", "mail"], ...] = ("slack", "mail")
    return tuple(
        Reachable(
            id=f"{event.id}:{way}", workspace=event.workspace, at=event.at, by=DOCKET, via="docket",
            person=person, channel=way,
        )
        for way in ways
    )  # fmt: skip


def absence_of(person: str) -> str:
    """The cause under which the operator hears that a person can't be reached."""
    return f"absent:{person}"


def _reseat(draft: Draft, seats: Seats, event: Absent) -> None:
    trouble = draft.item.open_trouble(seats.code)[0] if seats.code else None
    before = (trouble or draft.item).owner
    facts = {
        "code": seats.code,
        "owner": seats.owner,
        "backup": seats.backup,
        **({"may_decide": list(seats.may_decide)} if trouble else {}),
        "absent": event.person,
        "since": stamp(event.since),
        # Lent on by whoever stood in, it is still the first one's.
        **({"lent_by": (trouble or draft.item).lent_by or before} if seats.owner != before else {}),
    }
    if seats.owner == before:
        draft.record("relieved", facts)
    else:
        draft.record("reassigned", facts, {"because": _because(draft.book, before, event)})
    if trouble is None:
        if seats.owner != before and draft.workflow.name != DOCKET:
            draft.tell(Handed(item=draft.key, to=seats.owner))
        return
    now = draft.item.open_trouble(seats.code)[0]
    if seats.owner != before:
        opened_at = stamp(now.opened_at)
        draft.tell(DecisionCard(item=draft.key, to=seats.owner, code=now.code, opened_at=opened_at, passed_from=before))
    draft.tell(*cards(draft, trouble), *cards(draft, now))  # of those who can't any more, too


def _because(book: Rulebook, person: str, event: Absent) -> str:
    """`Lee Park can't be reached since Mar 4 (deactivated in Slack)`, `Lee Park is away until Dec 1`."""
    known = book.people[person]
    if not known.gone and known.away is not None:
        return f"{known.name} is away until {known.away.until:%b} {known.away.until.day}"
    day = event.since.astimezone(ZoneInfo(book.timezone))
    since = f" since {day:%b} {day.day}" if person == event.person else ""
    return f"{book.named(person)} can't be reached{since} ({book.people[person].gone})"


def shares(person: str, world: World) -> str:
    """`: 3 items and 1 decision go to Maria Sol, 1 item to Dana Ruiz.` Of private work not even the number is told."""
    shares: dict[str, list[int]] = {}
    for item in world.held(person):
        workflow = world.book_of(item.rulebook).workflows[item.workflow]
        if workflow.private:
            continue
        now = {seats.code: seats.owner for seats in seats_left(item, workflow, world.book, world.now)}
        held = [("", item.owner, 0), *((t.code, t.owner, 1) for t in item.open_trouble())]
        for code, owner, kind in held:
            if owner == person:
                shares.setdefault(now.get(code, person), [0, 0])[kind] += 1
    stay = shares.pop(person, None)
    said = ", ".join(
        f"{_counted(share)} {'' if n else 'goes ' if sum(share) == 1 else 'go '}to {world.book.named(to)}"
        for n, (to, share) in enumerate(shares.items())
    )
    left = f" {_counted(stay)} found nobody else." if stay else ""
    return f": {said}.{left}" if said else f".{left}"


def _counted(share: list[int]) -> str:
    items, decisions = share
    parts = [
        f"{count} {noun}{'' if count == 1 else 's'}"
        for count, noun in ((items, "item"), (decisions, "decision"))
        if count
    ]
    return " and ".join(parts)
