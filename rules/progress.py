"""Getting an item on: to its next stage, with its fields set, and back from its end."""

from __future__ import annotations

from rules.answers import fill, locked, reopen, shown_fields
from rules.draft import DOCKET, Draft
from rules.events import Command
from rules.expecting import hear
from rules.fields.reading import NotReadable, canonical
from rules.intake import context
from rules.messages import Line, Reply, Who
from rules.obstacles import in_the_way
from rules.refusals import closed, pending
from rules.replies import done, refused
from rules.sending_back import sent_again
from rules.stages import enter, following
from rules.stops import open_trouble
from rules.wording.break_glass import broken


def move_on(draft: Draft, command: Command) -> Reply:
    """Hand it to the next stage; what that one needs and has not is an exception."""
    item = draft.item
    if (sent := sent_again(draft)) is not None:
        return sent
    if problem := in_the_way(draft):
        return problem
    after = following(draft)
    if after is None:
        return refused("last_stage", (f"{item.key} is in its last stage. ", f"`/docket close {item.key}` ends it."))
    lacking = [name for name in after.needs if name not in item.fields] or (list(item.missing) if after.needs else [])
    if lacking and not broken(draft.item):
        names, code = ", ".join(lacking), after.unmet
        supplied: Line = (Who(item.asked_of), f" can still say it, or `/docket set {item.key} {lacking[0]} value`.")
        if code and open_trouble(draft, code, because=f"{after.name} needs {names}.", raised_by=DOCKET):
            decides: Line = (Who(draft.item.open_trouble(code)[0].owner), f" decides whether it may go on ({code}).")
            return refused("unmet", (f"{after.name} needs {names}. ", *decides), supplied)
        return refused("unmet", (f"{after.name} needs {names}.",), supplied)
    enter(draft, after)
    return done((f"{item.key} is in {after.name} now. ", Who(draft.item.owner), " has it."), item=item.key)


def set_field(draft: Draft, command: Command) -> Reply:
    """Set a field by hand."""
    item, name = draft.item, (command.name or "")
    field = draft.workflow.fields.get(name)
    if problem := closed(draft):
        return problem
    if field is None:
        known = ", ".join(draft.workflow.fields)
        return refused("unknown_field", (f"{item.key} has no field `{name}`. It has: {known}.",), blank="name")
    if locked(item, shown_fields(draft), name):
        return pending(draft, name)
    try:
        value = canonical(field, command.words, context(draft.book, draft.world))
    except NotReadable as problem:
        return refused("unreadable", (str(problem),), blank="words")
    fill(draft, {name: value}, "set")
    waits = item.awaited
    answered: Line = (f" That counts as the answer of {waits.who}.",) if hear(draft, "set") and waits else ()
    return done((f"{name} of {item.key} is {value}.", *answered), item=item.key)


def open_again(draft: Draft, command: Command) -> Reply:
    """Open a closed item again, with a cause."""
    if draft.item.closed_at is None:
        return refused("open", (f"{draft.key} is open. ", Who(draft.item.owner), " has it."))
    if not command.words.strip():
        return refused("cause", ("Say why it is opened again; it stands in the record.",), blank="words")
    reopen(draft, command.words.strip())
    return done((f"{draft.key} is open again.",), item=draft.key)
