"""What happens when a time has come: the next question, a reminder, a step up, an alarm about silence."""

from __future__ import annotations

from collections.abc import Iterable

from rules.draft import DOCKET, Draft
from rules.entries import stamp
from rules.expecting import silent
from rules.intake import ask
from rules.items import Trouble
from rules.notices import CONVERSATION, Card, DecisionCard, Discreet, Late, Notice, Reminder, WentUp
from rules.own_events import Due
from rules.people import ladder, steps_left
from rules.ruling import Ruling
from rules.stops import ask_approval, cards, open_trouble
from rules.timing import (
    ESCALATE,
    EXPECT,
    FOLLOW_UP,
    LATE,
    REMIND,
    STALE,
    answer_calendar,
    reminder_hours,
    stale_code,
    work_calendar,
)


def fire(draft: Draft, due: Due) -> Ruling:
    """Act on a due timer. The desk fires only what the item still has as a due time, so nothing acts on old news."""
    match due.kind:
        case k if k == FOLLOW_UP:
            _follow_up(draft)
        case k if k == REMIND:
            _remind(draft, due.subject)
        case k if k == LATE:
            _late(draft)
        case k if k == STALE:
            _stale(draft)
        case k if k == EXPECT:
            silent(draft)
        case k if k == ESCALATE:
            _escalate(draft, draft.item.open_trouble(due.subject)[0])
        case _:
            return Ruling(ignored=f"no such timer: {due.kind}", touched=draft.key)
    return draft.ruling()


def _follow_up(draft: Draft) -> None:
    rule = draft.workflow.follow_up
    if rule is None:  # nothing is followed up here: whoever asked for changes decides on it as it stands
        ask_approval(draft, "nothing came")
        return
    names = ", ".join(draft.item.missing) or f"changes ({draft.item.changes})"
    if draft.item.absent:
        because = f"An automatic reply came when {names} was asked for; asking again would reach nobody."
        open_trouble(draft, rule.then, because=because, raised_by=DOCKET)
        return
    if draft.item.asks < rule.at_most:
        ask(draft)
        return
    open_trouble(draft, rule.then, because=f"Asked {draft.item.asks} times for {names}.", raised_by=DOCKET)


def _remind(draft: Draft, code: str) -> None:
    item = draft.item
    to = item.open_trouble(code)[0].may_decide if code else (item.owner,)
    lapsed = not code and item.acknowledged_at is not None
    draft.record("reminded", {"code": code, "to": list(to)}, by=DOCKET)
    if lapsed:
        draft.tell(Card(item=item.key, to=CONVERSATION))  # it said that somebody is on it
    _say_again(draft, code, to)


def _say_again(draft: Draft, code: str, to: Iterable[str]) -> None:
    for person in to:
        # The timer goes by the owner's hours; whom the escalation reached since may be in another zone.
        at = reminder_hours(draft.book, draft.workflow, code, person).next_opening(draft.now)
        draft.tell(Reminder(item=draft.key, to=person, code=code, not_before=stamp(at) if at > draft.now else ""))


def _late(draft: Draft) -> None:
    """The stage's time is over: owner and backup hear it, then those above, a step for each time allowed."""
    item = draft.item
    steps = ladder(draft.book, draft.workflow, item.owner, item.backup, item.requester, draft.now)
    number = item.late_steps
    stage = draft.workflow.stage(item.stage)
    assert stage is not None, "only an item in a stage has such a timer"
    last = number + 1 >= len(steps)
    next_at = None if last else work_calendar(draft.book, draft.workflow).add(draft.now, stage.within)
    up = steps[number : number + 1]
    told = [*([item.owner] if number == 0 else []), *(step.person for step in up if not step.discreet)]
    apart = [step.person for step in up if step.discreet]
    facts = {"to": [*told, *apart], "next_at": stamp(next_at) if next_at else None, "reminds": item.owner in told}
    draft.record("late", facts, by=DOCKET)
    draft.tell(*(Late(item=item.key, to=person, step=number) for person in told))
    draft.tell(*(Discreet(item="", to=person, what="late") for person in apart))
    draft.tell(Card(item=item.key, to=CONVERSATION))


def _stale(draft: Draft) -> None:
    code = stale_code(draft.workflow)
    assert code is not None, "only a workflow with a stale exception has such a timer"
    touched_at = draft.item.touched_at
    assert touched_at is not None
    open_trouble(draft, code, rule="stale", raised_by=DOCKET)


def _escalate(draft: Draft, trouble: Trouble) -> None:
    """The deadline passed: whoever is next may decide too, and those before keep their right."""
    steps = steps_left(draft.book, draft.workflow, trouble, draft.item.requester, draft.now)
    if not steps:
        draft.record(
            "escalated",
            {"code": trouble.code, "to": "", "may_decide": list(trouble.may_decide), "next_at": None},
            by=DOCKET,
        )
        return
    step = steps[0]
    may_decide = [*trouble.may_decide, step.person] if step.decides else list(trouble.may_decide)
    rule = draft.rule(trouble.code)
    more = len(steps) > 1
    next_at = (
        answer_calendar(draft.book, draft.workflow, trouble.code).add(draft.now, rule.respond_within)
        if more and rule is not None
        else None
    )
    draft.record(
        "escalated",
        {
            "code": trouble.code,
            "to": step.person,
            "may_decide": may_decide,
            "next_at": stamp(next_at) if next_at else None,
            "reminds": True,
        },
        by=DOCKET,
    )
    now = draft.item.open_trouble(trouble.code)[0]
    opened_at = stamp(trouble.opened_at)
    up: Notice = DecisionCard(
        item=draft.key, to=step.person, code=trouble.code, opened_at=opened_at, passed_from=trouble.owner
    )
    if step.discreet:
        up = Discreet(item="", to=step.person, what="late")
    told = WentUp(item=draft.key, to=trouble.owner, code=trouble.code, opened_at=opened_at, person=step.person)
    draft.tell(*(card for card in cards(draft, now) if card.to != step.person), up)
    draft.tell(told, Card(item=draft.key, to=CONVERSATION))
    _say_again(draft, trouble.code, (person for person in trouble.may_decide if person != trouble.owner))
