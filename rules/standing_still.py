"""After a pause: an item's due times move by the time for which they stood still, as their own clocks count it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from rules.book.calendars import BusinessCalendar
from rules.book.durations import Duration
from rules.book.rulebook import Rulebook, Workflow
from rules.draft import DOCKET, Draft
from rules.entries import stamp
from rules.items import Item
from rules.notices import CONVERSATION, Card
from rules.own_events import StoodStill
from rules.pauses import Pause
from rules.ruling import Ruling, Timer, World
from rules.stops import cards
from rules.timing import (
    EXPECT,
    FOLLOW_UP,
    REMIND,
    STALE,
    answer_calendar,
    moved,
    reminder_hours,
    timers,
    work_calendar,
)


def since(item: Item, pause: Pause, standing: Sequence[Pause], workflow: Workflow) -> datetime | None:
    """From when on an item's due times are to move for a pause that was let go on; None: they stay.

    What another pause held already is not counted twice: each item knows up to when its paused time is in its due
    times. A drill lasts a moment and moves nothing.
    """
    over = item.closed_at is not None or pause.resumed_at is None
    if over or pause.drill or workflow.on_pause == "run_on" or not pause.covers(item.workflow):
        return None
    assert pause.resumed_at is not None
    begun = min(each.since for each in (*standing, pause) if each.covers(item.workflow) and not each.drill)
    start = max(filter(None, (begun, item.stood_still_until, item.opened_at)))
    return start if start < pause.resumed_at else None


def stand_still(event: StoodStill, world: World, item: Item) -> Ruling:
    """Every due time of the item, later by the paused time; once, whoever asks for it how often."""
    workflow = world.book_of(item.rulebook).workflows[item.workflow]
    draft = Draft(world, event, workflow, item.key, item)
    draft.by = DOCKET
    before = timers(item, world.book, workflow)
    counted = item.stood_still_until is not None and item.stood_still_until >= event.until
    if not before or counted:
        return Ruling(ignored="none of its due times stood still", touched=item.key)
    clocks = _Clocks(item, world.book, workflow, event)
    facts = {
        "since": stamp(event.since),
        "until": stamp(event.until),
        "due_at": clocks.stage(item.due_at),
        "next_at": clocks.stage(item.next_at),
        "exceptions": {
            t.code: {"due_at": clocks.exception(t.code, t.due_at), "next_at": clocks.exception(t.code, t.next_at)}
            for t in item.open_trouble()
        },
    }
    # What the moved deadlines already lead to needs no word; of all else the record says what became of it.
    draft.record("stood_still", {**facts, "put_off": []})
    wanted = {(t.kind, t.subject): clocks.timer(t) for t in before}
    follows = timers(draft.item, world.book, workflow)
    put_off = [
        {"kind": t.kind, "subject": t.subject, "due_at": stamp(t.due_at), "until": stamp(until)}
        for t in follows
        if (until := wanted.get((t.kind, t.subject), t.due_at)) > t.due_at
    ]
    draft = Draft(world, event, workflow, item.key, item)
    draft.by = DOCKET
    draft.record("stood_still", {**facts, "put_off": put_off})
    if draft.item.due_at != item.due_at or item.open_trouble():
        draft.tell(Card(item=item.key, to=CONVERSATION))
    draft.tell(*(card for trouble in draft.item.open_trouble() for card in cards(draft, trouble)))
    return draft.ruling()


class _Clocks:
    """The clocks of one item: how each of its times moves."""

    def __init__(self, item: Item, book: Rulebook, workflow: Workflow, event: StoodStill) -> None:
        self._item, self._book, self._workflow, self._event = item, book, workflow, event

    def stage(self, at: datetime | None) -> str | None:
        """The stage's deadline; while it waits for an answer or a decision its clock stands anyhow, and is set then."""
        runs = self._item.clock_stopped_at is None
        return stamp(self._moved(*self._of_stage(), at) if runs else at) if at is not None else None

    def exception(self, code: str, at: datetime | None) -> str | None:
        """The deadline of an undecided exception, which is asked for by a clock of its own."""
        return stamp(self._moved(*self._of(code), at)) if at is not None else None

    def timer(self, timer: Timer) -> datetime:
        """Any due time; a reminder still waits for its reader's hours."""
        at = self._moved(*self._of(timer.subject, timer.kind), timer.due_at)
        if timer.kind != REMIND:
            return at
        trouble = self._item.open_trouble(timer.subject) if timer.subject else ()
        reader = trouble[0].owner if trouble else self._item.owner
        return reminder_hours(self._book, self._workflow, timer.subject, reader).next_opening(at)

    def _of(self, subject: str, kind: str = "") -> tuple[BusinessCalendar, Duration]:
        workflow, stage = self._workflow, self._workflow.stage(self._item.stage)
        calendar = work_calendar(self._book, workflow)
        if (rule := workflow.rule(subject)) is not None:
            return answer_calendar(self._book, workflow, subject), rule.respond_within
        if kind == FOLLOW_UP and workflow.follow_up is not None:
            return calendar, workflow.follow_up.every
        if kind == STALE and workflow.stale_after is not None:
            return calendar, workflow.stale_after
        if kind == EXPECT and stage is not None and stage.expects is not None:
            return calendar, stage.expects.within
        return self._of_stage()

    def _of_stage(self) -> tuple[BusinessCalendar, Duration]:
        stage = self._workflow.stage(self._item.stage) or self._workflow.stages[0]
        return work_calendar(self._book, self._workflow), stage.within

    def _moved(self, calendar: BusinessCalendar, allowed: Duration, at: datetime) -> datetime:
        return moved(calendar, allowed, at, self._event.since, self._event.until)
