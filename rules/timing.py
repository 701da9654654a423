"""When an item must be looked at again: its due times are a pure function of the item, so none can get lost."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from rules.book.calendars import BusinessCalendar, calendar_of
from rules.book.durations import Duration
from rules.book.rulebook import Rulebook, Workflow
from rules.items import Item, Trouble
from rules.people import zone_of
from rules.ruling import Timer

FOLLOW_UP, REMIND, LATE, STALE, ESCALATE = "follow_up", "remind", "late", "stale", "escalate"
EXPECT = "expect"


def timers(item: Item, book: Rulebook, workflow: Workflow) -> tuple[Timer, ...]:
    """Every due time of `item`, UTC. `workflow` is the one it began with, `book` the one in force (for calendars)."""
    if item.closed_at is not None or item.held or item.paused is not None:
        return ()
    put_off = {(each.kind, each.subject, each.due_at): each.until for each in item.put_off}
    found = _counted(item, book, workflow)
    return tuple(replace(t, due_at=put_off.get((t.kind, t.subject, t.due_at), t.due_at)) for t in found)


def _counted(item: Item, book: Rulebook, workflow: Workflow) -> tuple[Timer, ...]:
    """The due times that follow from what has happened to it; a pause may have put some of them off."""
    return (
        *_follow_up(item, book, workflow),
        *_stage(item, book, workflow),
        *_expected(item, book, workflow),
        *(timer for trouble in item.open_trouble() for timer in _trouble(item, trouble, book, workflow)),
    )


def work_calendar(book: Rulebook, workflow: Workflow) -> BusinessCalendar:
    """The calendar in which a workflow's own times are counted."""
    return calendar_of(book, _known(book, workflow.calendar))


def answer_calendar(book: Rulebook, workflow: Workflow, code: str) -> BusinessCalendar:
    """The calendar in which an exception's response time is counted."""
    rule = workflow.rule(code)
    return calendar_of(book, _known(book, (rule.calendar if rule else None) or workflow.calendar))


def _known(book: Rulebook, name: str | None) -> str:
    """An item keeps its workflow but not its calendars: a name that is gone falls back to the default one."""
    return name if name is not None and name in book.calendars else book.defaults.calendar


def moved(calendar: BusinessCalendar, allowed: Duration, due_at: datetime, since: datetime, now: datetime) -> datetime:
    """A stage's deadline after its clock stood still from `since` to `now`: later by just that much of its own time."""
    if due_at <= since:
        return due_at  # it was missed before the clock stopped; waiting does not unmiss it
    return _later(calendar, allowed, due_at, since, now)


def _later(calendar: BusinessCalendar, allowed: Duration, at: datetime, since: datetime, until: datetime) -> datetime:
    """`at`, later by the time from `since` to `until` as a clock of `allowed`'s kind counts it."""
    if allowed.business:
        return calendar.plus_open_seconds(at, calendar.open_seconds(since, until))
    return at + (until - since)


def _follow_up(item: Item, book: Rulebook, workflow: Workflow) -> tuple[Timer, ...]:
    rule, gate = workflow.follow_up, workflow.rule(item.changes)
    if item.asked_at is None or not (item.missing or gate) or (rule and item.open_trouble(rule.then)):
        return ()
    every = rule.every if rule else gate.respond_within if gate else None
    if every is None:
        return ()
    due_at = work_calendar(book, workflow).add(item.asked_at, every)
    return (Timer(kind=FOLLOW_UP, subject="", due_at=due_at),)


def _stage(item: Item, book: Rulebook, workflow: Workflow) -> tuple[Timer, ...]:
    stage = workflow.stage(item.stage)
    if stage is None or item.due_at is None or item.stage_at is None or item.clock_stopped_at is not None:
        return ()
    calendar = work_calendar(book, workflow)
    found = [Timer(kind=LATE, subject="", due_at=item.next_at or item.due_at)] if _goes_up(item) else []
    allowed = calendar.add(item.stage_at, stage.within)
    first = calendar.share(item.stage_at, stage.within, book.defaults.reminders.first)
    # The clock may have stood still since: the reminder keeps its distance from the deadline.
    first = _later(calendar, stage.within, first, allowed, item.due_at)
    hours = reminder_hours(book, workflow, "", item.owner)
    at = _next_reminder(first, item.reminded_at, item.snoozed_until, book, calendar, hours)
    if item.acknowledged_at is not None:
        # Whoever is on it is left alone for as long as a first reminder takes, from their last sign of life on (M137).
        lapses = calendar.share(item.acknowledged_at, stage.within, book.defaults.reminders.first)
        at = max(at, hours.next_opening(lapses))
    if not item.late_steps:
        at = _unless_told(at, item.due_at, book, calendar, hours)
    found.append(Timer(kind=REMIND, subject="", due_at=at))
    if item.touched_at is not None and (code := stale_code(workflow)) and not item.open_trouble(code):
        quiet = workflow.stale_after or stage.within
        found.append(Timer(kind=STALE, subject="", due_at=calendar.add(item.touched_at, quiet)))
    return tuple(found)


def answer_due(item: Item, book: Rulebook, workflow: Workflow) -> datetime | None:
    """Until when an outside party is to answer; None: nobody is, or they did. Their time never stands still."""
    stage = workflow.stage(item.stage)
    if stage is None or stage.expects is None or item.awaited is None or item.awaited.heard_at is not None:
        return None
    return work_calendar(book, workflow).add(item.awaited.since, stage.expects.within)


def _expected(item: Item, book: Rulebook, workflow: Workflow) -> tuple[Timer, ...]:
    due_at = answer_due(item, book, workflow)
    if due_at is None or item.awaited is None or item.open_trouble(item.awaited.code):
        return ()
    return (Timer(kind=EXPECT, subject="", due_at=due_at),)


def _goes_up(item: Item) -> bool:
    """A missed deadline is told at its time and then step by step; `next_at` is None again when no step is left."""
    return item.late_steps == 0 or item.next_at is not None


def stale_code(workflow: Workflow) -> str | None:
    """The exception that silence raises, if the workflow has one."""
    return next((code for code, rule in workflow.exceptions.items() if rule.stale), None)


def _trouble(item: Item, trouble: Trouble, book: Rulebook, workflow: Workflow) -> tuple[Timer, ...]:
    found = []
    if trouble.next_at is not None:
        found.append(Timer(kind=ESCALATE, subject=trouble.code, due_at=trouble.next_at))
    calendar = answer_calendar(book, workflow, trouble.code)
    rule = workflow.rule(trouble.code)
    if rule is None:
        return tuple(found)
    first = calendar.share(trouble.opened_at, rule.respond_within, book.defaults.reminders.first)
    hours = reminder_hours(book, workflow, trouble.code, trouble.owner)
    at = _next_reminder(first, trouble.reminded_at, trouble.snoozed_until, book, calendar, hours)
    if trouble.next_at is not None:
        at = _unless_told(at, trouble.next_at, book, calendar, hours)
    return (*found, Timer(kind=REMIND, subject=trouble.code, due_at=at))


def _next_reminder(
    first: datetime,
    reminded_at: datetime | None,
    snoozed_until: datetime | None,
    book: Rulebook,
    calendar: BusinessCalendar,
    hours: BusinessCalendar,
) -> datetime:
    at = calendar.add(reminded_at, book.defaults.reminders.every) if reminded_at else first
    if snoozed_until is not None and snoozed_until > at:
        at = snoozed_until
    return hours.next_opening(at)


def _unless_told(
    at: datetime, told_at: datetime, book: Rulebook, calendar: BusinessCalendar, hours: BusinessCalendar
) -> datetime:
    """When to remind, if a missed deadline is told at `told_at` in messages of its own: those are a reminder, too."""
    again = hours.next_opening(calendar.add(told_at, book.defaults.reminders.every))
    return again if told_at <= at < again else at


def reminder_hours(book: Rulebook, workflow: Workflow, code: str, person: str) -> BusinessCalendar:
    """The hours in which `person` may be reminded, in their zone; an exception with its own calendar goes by that."""
    rule = workflow.rule(code)
    if rule is not None and rule.calendar:
        return answer_calendar(book, workflow, code)
    return calendar_of(book, book.defaults.reminders.quiet, zone_of(book, person))


def snooze_limit(book: Rulebook, workflow: Workflow, now: datetime) -> datetime:
    """The latest moment a reminder may be put off to."""
    return work_calendar(book, workflow).add(now, book.defaults.snooze_at_most)


def in_words(seconds: float) -> str:
    """A length of time as people say it: `25 min`, `2 h`, `1 h 30`, `3 days`."""
    minutes = int(timedelta(seconds=seconds) / timedelta(minutes=1))
    if minutes < 1:
        return "under a minute"
    if minutes < 60:
        return f"{minutes} min"
    hours, left = divmod(minutes, 60)
    if hours < 48:
        return f"{hours} h" + (f" {left:02d}" if left else "")
    return f"{hours // 24} days"


def clock_time(at: datetime, zone: str, now: datetime) -> str:
    """A UTC moment as a reader's wall clock shows it: `11:30` today, `Mon Mar 9, 11:30` on another day."""
    local = at.astimezone(ZoneInfo(zone))
    if local.date() == now.astimezone(ZoneInfo(zone)).date():
        return f"{local:%H:%M}"
    return f"{local:%a %b} {local.day}, {local:%H:%M}"
