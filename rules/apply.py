"""The front door of the judgement: one event and the world it meets give one ruling."""

from __future__ import annotations

from dataclasses import dataclass, replace

from rules import answers, due, failures, intake
from rules.commands import NOT_YET, USAGE
from rules.decisions import decide
from rules.draft import Draft, merge
from rules.events import (
    Command,
    Deleted,
    Due,
    Edited,
    Event,
    Failed,
    Mailed,
    Posted,
    Reacted,
    Recovered,
    Threaded,
    Unreadable,
)
from rules.items import Item
from rules.messages import Line, Strong
from rules.replies import done, refused, usage
from rules.ruling import Ruling, World
from rules.timing import timers
from rules.wording.cards import status
from rules.work import DEEDS, seen_by, work


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
            roots = (event.thread, event.ts) if event.thread else (event.ts,)
            return Wanted(conversations=tuple(f"slack:{event.place}:{ts}" for ts in roots))
        case Reacted(message=message):
            roots = (message.thread, message.ts) if message.thread else (message.ts,)
            return Wanted(conversations=tuple(f"slack:{message.place}:{ts}" for ts in roots))
        case Mailed():
            return Wanted(conversations=tuple(f"mail:{message_id}" for message_id in event.references))
        case Command():
            in_thread = (f"slack:{event.place}:{event.thread}",) if event.thread else ()
            return Wanted(key=event.item, conversations=in_thread)
        case Due() | Threaded():
            return Wanted(key=event.item)
        case Failed() | Recovered():
            return Wanted(cause=event.cause)
        case Unreadable():
            return Wanted(cause=f"unreadable:{event.id}")
        case _:
            return Wanted()


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
            if event.thread and event.subtype != "thread_broadcast":
                return Ruling(ignored="a reply in a thread that nothing tracks")
            return intake.from_channel(event, world)
        case Edited():
            return answers.from_edit(event, world, item) if item else Ruling(ignored="nothing tracks that message")
        case Deleted():
            return answers.from_deletion(event, world, item) if item else Ruling(ignored="nothing tracks that message")
        case Reacted():
            if item is not None:
                return Ruling(ignored="tracked already", touched=item.key)
            return intake.from_reaction(event, world)
        case Mailed():
            return answers.from_mail(event, world, item) if item else intake.from_mail(event, world)
        case Command():
            return _command(event, world, item)
        case Due():
            return _due(event, world, item)
        case Threaded():
            return _threaded(event, world, item)
        case Failed():
            return failures.failed(event, world)
        case Recovered():
            return failures.recovered(event, world)
        case Unreadable():
            return failures.unreadable(event, world)
        case _:
            raise TypeError(f"no rule for {type(event).__name__}")


def _command(command: Command, world: World, item: Item | None) -> Ruling:
    if command.verb in NOT_YET:
        return Ruling(reply=refused("not_yet", (f"`{command.verb}` is not built yet.",)))
    if command.verb == "new":
        return _new(command, world)
    if command.verb not in DEEDS and command.verb not in ("approve", "reject"):
        raise TypeError(f"`{command.verb}` changes nothing: it is asked, not taken")
    if item is None:
        if command.item is None:
            does, how = USAGE[command.verb]
            return Ruling(reply=usage(how, f"Which item? `{command.verb}` is to {does}."))
        return Ruling(reply=refused("unknown_item", (f"There is no {command.item}.",)))
    workflow = world.book_of(item.rulebook).workflows[item.workflow]
    draft = Draft(world, command, workflow, item.key, item)
    if not seen_by(draft, command.verb):
        return Ruling(reply=refused("unknown_item", (f"There is no {item.key} that you can see.",)))
    return decide(draft, command) if command.verb in ("approve", "reject") else work(draft, command)


def _new(command: Command, world: World) -> Ruling:
    known = {w.name: w for w in world.book.workflows.values() if w.intake.command}
    by_key = {w.key.lower(): w for w in known.values()}
    workflow = known.get(command.workflow or "") or by_key.get((command.workflow or "").lower())
    if workflow is None:
        said = f"There is no workflow `{command.workflow}`." if command.workflow else "What should be opened?"
        lines = tuple((Strong(f"/docket new {w.name}"), f"  {w.promise}") for w in known.values())
        return Ruling(reply=refused("unknown_workflow", (said,), *lines, blank="workflow"))
    ruling = intake.from_command(command, world, workflow)
    if ruling.reply is not None:
        return ruling
    item = ruling.items[0]
    new = item.version == sum(entry.item == item.key for entry in ruling.entries)
    if new:
        line: Line = (Strong(item.key), ": ", *status(item, workflow))
    else:
        line = (f"{item.key} says the same already; it was added there.",)
    return replace(ruling, reply=done(line, item=item.key))


def _threaded(event: Threaded, world: World, item: Item | None) -> Ruling:
    if item is None or item.source.thread is not None:
        return Ruling(ignored="it has a conversation already")
    draft = Draft(world, event, world.book_of(item.rulebook).workflows[item.workflow], item.key, item)
    draft.record("threaded", {"place": event.place, "thread": event.thread})
    draft.threads[f"slack:{event.place}:{event.thread}"] = item.key
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
