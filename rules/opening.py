"""What a person hears who opens something: what it became, who has it, or what is still to be said."""

from __future__ import annotations

from dataclasses import replace

from rules.book.rulebook import Workflow
from rules.events import Command
from rules.items import Item
from rules.messages import Form, Line, Message, Reply, Strong, Who
from rules.new_form import new_form, tracked, without_fields
from rules.replies import done, refused
from rules.ruling import Ruling, World
from rules.tracking import from_command, lives_here, named, openable
from rules.wording.cards import status


def opened(command: Command, world: World) -> Ruling:
    """`new`: typed, from its form, or on a message that somebody pointed at."""
    if command.message is not None and world.item is not None:
        return Ruling(reply=tracked(command, world, world.item))
    offered = openable(world.book, command.message)
    workflow = named(offered, command.workflow)
    if command.fields and (workflow is None or without_fields(command, workflow)):
        return Ruling(reply=_form_instead(command, world))
    if workflow is None:
        said = f"There is no workflow `{command.workflow}`." if command.workflow else "What should be opened?"
        lines = tuple((Strong(f"/docket new {w.name}"), f"  {w.promise}") for w in offered)
        return Ruling(reply=refused("unknown_workflow", (said,), *lines, blank="workflow"))
    ruling = from_command(command, world, workflow)
    return ruling if ruling.reply is not None else replace(ruling, reply=_told(command, ruling, workflow))


def _form_instead(command: Command, world: World) -> Reply:
    """The form of the workflow that was chosen last, or one to choose again: what was typed stays in it."""
    form = new_form(command, world)
    return form if isinstance(form, Reply) else Reply(message=Message(subject="", headline=("",)), form=_sure(form))


def _sure(form: Form | None) -> Form:
    assert form is not None, "where fields came in, there is a form"
    return form


def _told(command: Command, ruling: Ruling, workflow: Workflow) -> Reply:
    item = ruling.items[0]
    if item.version != sum(entry.item == item.key for entry in ruling.entries):
        return done((f"{item.key} says the same already; it was added there.",), item=item.key)
    if workflow.private:
        return done(*_in_confidence(item), item=item.key)
    elsewhere = command.message is not None and not lives_here(workflow, command.message) and item.source.place_name
    card: tuple[Line, ...] = ((f"Its card is in #{item.source.place_name}.",),) if elsewhere else ()
    return done((Strong(item.key), ": ", *status(item, workflow)), *card, item=item.key)


def _in_confidence(item: Item) -> tuple[Line, ...]:
    second: Line = () if item.backup == item.owner else (" and ", Who(item.backup))
    return (
        (Strong(item.key), ": ", Who(item.owner), " has it, in confidence."),
        ("Only you, ", Who(item.owner), *second, " can see it.") if second else ("Only you two can see it.",),
    )
