"""Tracking: what a person points at or fills in becomes an item; of a message its author is who asks."""

from __future__ import annotations

from dataclasses import replace

from rules.book.rulebook import Rulebook, Workflow
from rules.events import Command, Posted, Reacted
from rules.fields.reading import NotReadable, canonical
from rules.intake import context, from_post, no_persons, open_item
from rules.items import Source
from rules.messages import Line, Reply
from rules.replies import refused
from rules.ruling import Ruling, World


def openable(book: Rulebook, message: Posted | None = None) -> list[Workflow]:
    """The workflows that a person may open, or open from `message`; the channel's own first.

    What is said in a channel was said to all who read there: it opens nothing private.
    """
    if message is None or message.direct:
        return [w for w in book.workflows.values() if w.intake.command]
    fit = [w for w in book.workflows.values() if not w.private and _reaches_slack(w)]
    return sorted(fit, key=lambda w: message.place_name not in _channels(w))


def named(offered: list[Workflow], word: str | None) -> Workflow | None:
    """The workflow of that name or key, in any case."""
    folded = (word or "").casefold()
    return next((w for w in offered if folded in (w.name.casefold(), w.key.casefold())), None)


def is_own(command: Command, book: Rulebook) -> bool:
    """Whether who opens it is who asks: a program's message, or one of Slack's own, has nobody else."""
    message = command.message
    return message is None or bool(no_persons(message)) or book.person_of(message.by) == book.person_of(command.by)


def from_reaction(event: Reacted, world: World) -> Ruling:
    """The reaction of a workflow on any message tracks it; who wrote the message asked for it, not who reacted."""
    workflow = next((w for w in world.book.workflows.values() if w.intake.reaction == event.reaction), None)
    if workflow is None:
        return Ruling(ignored=f"no workflow is opened by :{event.reaction}:")
    if reason := no_persons(event.message):
        return Ruling(ignored=reason)
    if event.guest and world.book.person_of(event.by) not in world.book.people:
        return Ruling(ignored="a guest's reaction opens nothing")
    if event.message.direct:
        # What was said to us alone may be for few eyes: it is asked there, in words, where it is to go.
        return Ruling(ignored="said to us alone")
    return track(event.message, world, workflow, tracked_by=world.book.person_of(event.by))


def from_command(command: Command, world: World, workflow: Workflow) -> Ruling:
    """`/docket new WORKFLOW text`, its form, or the message that somebody points at, with what they filled in."""
    filled = _filled_in(command, world, workflow)
    if isinstance(filled, Reply):
        return Ruling(reply=filled)
    given, cleared = filled
    if command.message is not None:
        asked = command.by if is_own(command, world.book) else command.message.by
        message = replace(command.message, by=asked, guest=command.guest and asked == command.by)
        by = world.book.person_of(command.by)
        return track(message, world, workflow, tracked_by=by, given=given, cleared=cleared)
    place, name = home(workflow, command.place, command.place_name)
    source = Source(channel="command", place=place, place_name=name)
    text = command.words or ", ".join(given.values())
    return open_item(command, world, workflow, by=command.by, text=text, source=source, given=given, cleared=cleared)


def home(workflow: Workflow, place: str = "", place_name: str = "") -> tuple[str, str]:
    """Where the card of an item goes that came from no channel of its workflow: to the first of them.

    ("", ""): to the requester alone, for nobody else may see it, or there is no channel.
    """
    listens = _channels(workflow)
    if workflow.private or not listens:
        return "", ""
    return (place, place_name) if place_name in listens else (f"#{listens[0]}", listens[0])


def lives_here(workflow: Workflow, message: Posted) -> bool:
    """Whether the item lives in the message's own thread: where we are, and who reads along is who may."""
    return message.joined and message.direct == workflow.private


def track(
    message: Posted,
    world: World,
    workflow: Workflow,
    *,
    tracked_by: str = "",
    given: dict[str, str] | None = None,
    cleared: frozenset[str] = frozenset(),
) -> Ruling:
    """A message becomes an item of its author; `tracked_by` pointed at it. The rest as in `intake.open_item`."""
    here = lives_here(workflow, message)
    if here and not message.direct:
        return from_post(message, world, workflow, tracked_by=tracked_by, given=given, cleared=cleared)
    if here:
        # In a direct message a thread is another card's: what is opened there gets a thread of its own.
        place, name, thread = message.place, "", None if message.thread else message.ts
    else:
        (place, name), thread = home(workflow), None
    source = Source(
        channel="slack",
        place=place,
        place_name=name,
        thread=thread,
        permalink=None if message.direct else message.permalink,
        message_id=message.ts,
    )
    root = message.ts if message.direct else message.thread or message.ts
    return open_item(
        message, world, workflow, by=message.by, text=message.text, source=source, files=message.files,
        threads=(f"slack:{message.place}:{root}",), tracked_by=tracked_by, given=given, cleared=cleared,
        alone=here,
    )  # fmt: skip


def _filled_in(command: Command, world: World, workflow: Workflow) -> tuple[dict[str, str], frozenset[str]] | Reply:
    """The fields of a form, canonical, and those that were offered a value and left empty; else what is wrong."""
    words, own = context(world.book, world), is_own(command, world.book)
    given: dict[str, str] = {}
    wrong: dict[str, str] = {}
    for name, value in command.fields.items():
        field = workflow.fields.get(name)
        if field is None:
            continue
        if value.strip():
            try:
                given[name] = canonical(field, value, words)
            except NotReadable as problem:
                wrong[name] = str(problem)
        elif field.required and own:
            wrong[name] = f"This is needed. {field.ask or ''}".rstrip()
    if wrong:
        lines: tuple[Line, ...] = tuple((sentence,) for sentence in wrong.values())
        return replace(refused("unreadable", *lines, blank=next(iter(wrong))), blanks=wrong)
    offered = command.seen or {}
    return given, frozenset(name for name in offered if name in command.fields and name not in given)


def _reaches_slack(workflow: Workflow) -> bool:
    return workflow.intake.command or workflow.intake.reaction is not None or bool(workflow.intake.slack)


def _channels(workflow: Workflow) -> list[str]:
    return [row.channel for row in workflow.intake.slack]
