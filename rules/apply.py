"""The front door of the judgement: one event and the world it meets give one ruling."""

from __future__ import annotations

from dataclasses import dataclass

from rules import (
    answers,
    bounces,
    by_mail,
    direct,
    due,
    failures,
    intake,
    leaving,
    opening,
    pausing,
    quarantine,
    rolling_back,
    standing_still,
    starting,
    told,
    tracking,
)
from rules.commands import USAGE
from rules.decisions import decide
from rules.disavowals import disavow
from rules.draft import Draft, merge
from rules.events import (
    Command,
    Deleted,
    Edited,
    Event,
    Hooked,
    Mailed,
    Posted,
    Reacted,
    Unreadable,
)
from rules.items import Item
from rules.mending import mend
from rules.own_events import (
    Absent,
    Due,
    Failed,
    Looked,
    Mended,
    Reachable,
    Recovered,
    Refused,
    Returned,
    RolledBack,
    Started,
    StoodStill,
    Threaded,
    Tried,
    Unreachable,
)
from rules.passing_on import give_back, pass_on, reachable, unreachable
from rules.receiving import receive
from rules.replies import usage
from rules.rights import guests, unknown
from rules.ruling import Ruling, World
from rules.sending_back import ask_for_changes
from rules.timing import timers
from rules.work import DEEDS, work


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What the desk loads before it asks for a ruling: the item of `key`, else of the first known conversation."""

    key: str | None = None
    conversations: tuple[str, ...] = ()
    cause: str | None = None


def wanted(event: Event) -> Wanted:
    """Which item an event may be about."""
    match event:
        case Posted() | Edited() | Deleted():
            return Wanted(conversations=_around(event))
        case Reacted(message=message):
            return Wanted(conversations=_around(message))
        case Mailed():
            return Wanted(conversations=tuple(f"mail:{message_id}" for message_id in event.references))
        case Hooked():
            return Wanted(key=event.item, conversations=told.named(event))
        case Command(message=Posted() as message):
            return Wanted(key=event.item, conversations=_around(message))
        case Command():
            in_thread = (f"slack:{event.place}:{event.thread}",) if event.thread else ()
            return Wanted(key=event.item, conversations=in_thread)
        case Due() | Threaded() | Absent() | Returned() | Looked() | Mended() | StoodStill() | RolledBack():
            return Wanted(key=event.item)
        case Started():
            return Wanted(key=event.origin)
        case Failed():
            return Wanted(key=event.item, cause=event.cause)
        case Recovered():
            return Wanted(cause=event.cause)
        case Unreadable():
            return Wanted(cause=f"unreadable:{event.id}")
        case _:
            return Wanted()


def _around(message: Posted | Edited | Deleted) -> tuple[str, ...]:
    """The conversations that a Slack message belongs to: its thread's, and its own where it begins one."""
    roots = (message.thread, message.ts) if message.thread else (message.ts,)
    return tuple(f"slack:{message.place}:{ts}" for ts in roots)


def apply(event: Event, world: World) -> Ruling:
    """Judge one event. Pure: the same event and world give the same ruling (design.md, promise 7)."""
    ruling = _judge(event, world)
    return merge(ruling, failures.unjudged(event, world, ruling)) if ruling.unjudged else ruling


def _judge(event: Event, world: World) -> Ruling:
    item = world.item
    match event:
        case Posted():
            if item is not None:
                return answers.from_thread(event, world, item)
            if event.direct:
                return direct.from_direct(event, world)
            if event.thread and event.subtype != "thread_broadcast":
                return Ruling(ignored="a reply in a thread that nothing tracks")
            return intake.from_channel(event, world)
        case Edited():
            return answers.from_edit(event, world, item) if item else _untracked(event)
        case Deleted():
            return answers.from_deletion(event, world, item) if item else _untracked(event)
        case Reacted():
            if item is not None:
                return Ruling(ignored="tracked already", touched=item.key)
            return tracking.from_reaction(event, world)
        case Mailed():
            return receive(event, world, _mailed)
        case Hooked():
            return told.hear(event, world)
        case Command():
            return _command(event, world, item)
        case Due():
            return _due(event, world, item)
        case Threaded():
            return _threaded(event, world, item)
        case Mended():
            return mend(event, world, item)
        case Looked():
            return _looked(event, world, item)
        case Failed():
            return failures.failed(event, world)
        case Refused():
            return bounces.refused(event, world)
        case Recovered():
            return failures.recovered(event, world)
        case Unreadable():
            return failures.unreadable(event, world)
        case Unreachable():
            return unreachable(event, world)
        case Reachable():
            return reachable(event, world)
        case Started():
            return starting.start(event, world, item) if item else Ruling(ignored="its item is not there")
        case Returned():
            return give_back(event, world, item) if item else Ruling(ignored="its item is not there")
        case Absent():
            return pass_on(event, world, item) if item else Ruling(ignored="its item is not there")
        case StoodStill():
            return standing_still.stand_still(event, world, item) if item else Ruling(ignored="its item is not there")
        case RolledBack():
            return rolling_back.roll_back(event, world, item) if item else Ruling(ignored="its item is not there")
        case Tried():
            return Ruling(ignored="it only tried whether a pause holds it")
        case _:
            raise TypeError(f"no rule for {type(event).__name__}")


def _mailed(event: Mailed, world: World) -> Ruling:
    item = world.item
    belongs = None if item is None or _goes_apart(event, world, item) else item
    if (ruling := by_mail.told(event, world, belongs, _command)) is not None:
        return ruling
    return intake.from_mail(event, world) if belongs is None else answers.from_mail(event, world, belongs)


def _goes_apart(event: Mailed, world: World, item: Item) -> bool:
    """A mail to a private inbox is not put into public work, whatever thread it was written in."""
    confidential = intake.private_reader(world.book, (event.inbox, *event.addressed)) is not None
    return confidential and not world.book_of(item.rulebook).workflows[item.workflow].private


def _command(command: Command, world: World, item: Item | None) -> Ruling:
    if (refusal := guests(command, world.book)) is not None:
        return Ruling(reply=refusal)
    if command.verb == "new":
        return opening.opened(command, world)
    if command.verb in ("pause", "resume"):
        return pausing.switch(command, world)
    if command.verb == "quarantine":
        return quarantine.judge(command, world)
    if command.verb == "away":
        return leaving.leave(command, world)
    if command.verb not in DEEDS and command.verb not in ("approve", "reject", "changes", "disavow"):
        raise TypeError(f"`{command.verb}` changes nothing: it is asked, not taken")
    if item is None:
        if command.item is None:
            does, how = USAGE[command.verb]
            return Ruling(reply=usage(how, f"Which item? `{command.verb}` is to {does}."))
        return Ruling(reply=unknown(command.item))
    workflow = world.book_of(item.rulebook).workflows[item.workflow]
    draft = Draft(world, command, workflow, item.key, item)
    if command.verb == "disavow":
        return disavow(draft, command, world)
    if command.verb == "changes":
        return draft.ruling(reply=ask_for_changes(draft, command))
    return decide(draft, command) if command.verb in ("approve", "reject") else work(draft, command)


def _untracked(event: Edited | Deleted) -> Ruling:
    return Ruling(ignored="nothing tracks that message", unkept=event.direct)


def _threaded(event: Threaded, world: World, item: Item | None) -> Ruling:
    if item is None or item.source.thread is not None:
        return Ruling(ignored="it has a conversation already")
    draft = Draft(world, event, world.book_of(item.rulebook).workflows[item.workflow], item.key, item)
    where = {"place": event.place, "thread": event.thread}
    draft.record("threaded", {**where, **({"permalink": event.permalink} if event.permalink else {})})
    draft.threads[f"slack:{event.place}:{event.thread}"] = item.key
    return draft.ruling()


def _looked(event: Looked, world: World, item: Item | None) -> Ruling:
    """Who had it shown is part of its record, and changes nothing of it."""
    if item is None:
        return Ruling(ignored="its item is not there")
    draft = Draft(world, event, world.book_of(item.rulebook).workflows[item.workflow], item.key, item)
    draft.record("looked", {"command": event.command})
    return draft.ruling()


def _due(event: Due, world: World, item: Item | None) -> Ruling:
    if item is None:
        return Ruling(ignored="its item is not there")
    workflow = world.book_of(item.rulebook).workflows[item.workflow]
    # A timer row that the item no longer stands for is old news: what it waited for has happened meanwhile.
    stands = any(
        (t.kind, t.subject, t.due_at) == (event.kind, event.subject, event.due_at)
        for t in timers(item, world.book, workflow)
    )
    if not stands:
        return Ruling(ignored="no longer due", touched=item.key)
    draft = Draft(world, event, workflow, item.key, item)
    draft.by = "docket"
    return due.fire(draft, event)
