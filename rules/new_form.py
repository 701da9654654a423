"""The form of a new item: which workflow, and its own fields, with all that was said already filled in."""

from __future__ import annotations

from collections.abc import Sequence

from rapidfuzz import fuzz, process

from rules.book.field import Field
from rules.book.rulebook import Rulebook, Workflow
from rules.draft import DOCKET
from rules.events import Command, Posted
from rules.fields.reading import Context, NotReadable, canonical, show
from rules.home import how_to_ask
from rules.intake import context, missing, read_opening
from rules.items import Item
from rules.messages import Action, Blank, Choice, Form, Line, Message, Quote, Reply, Who
from rules.people import may_see
from rules.replies import refused
from rules.rights import sees
from rules.ruling import World
from rules.tracking import home, is_own, lives_here, named, openable
from rules.wording.standing import called, short, whose

#: Of a message so much stands above its form; whoever fills it in has the message itself beside it.
QUOTED = 300
#: So much of a promise is read in a list that one chooses from.
GLANCE = 75
#: A typed name that is at least this like a workflow's (rapidfuzz ratio, 100 is equal) was meant for it.
MEANT_FROM = 70


def new_form(command: Command, world: World, lead: Line = ()) -> Form | Reply | None:
    """The form for `new`; why there is none; or None where nothing is left to ask and it is to be taken as it stands.

    `lead` stands above it.
    """
    message, book = command.message, world.book
    if message is not None and world.item is not None:
        return tracked(command, world, world.item)
    if message is not None and message.by == DOCKET:
        return refused("own_message", ("That is a message of mine that is about no item.",), (how_to_ask(book),))
    offered = openable(book, message)
    workflow = named(offered, command.workflow)
    if workflow is not None and not command.fields and _complete(command, workflow, world):
        return None
    choices = [w for w in offered if message is None or not w.private]
    if not choices:
        return refused("nothing_opens", ("Nothing can be opened like this.",), (how_to_ask(book),))
    words = command.words
    if workflow is None and command.workflow:
        workflow, lead, words = _guessed(command, choices)
    elif workflow is None:
        workflow = _obvious(choices, message)
    return _form(command, world, workflow, choices, words, lead)


def tracked(command: Command, world: World, item: Item) -> Reply:
    """That a message is tracked already: by which item, who has it, until when."""
    workflow = world.book_of(item.rulebook).workflows[item.workflow]
    person = world.book.person_of(command.by)
    if not sees(world.book, item, workflow, person):
        return refused("tracked", ("That message is tracked already.",))
    title: tuple[Line, ...] = (called(item, workflow),) if may_see(world.book, item, workflow, person) else ()
    actions: tuple[Action, ...] = ()
    if item.closed_at is None and workflow.exceptions:
        actions = (Action(verb="except", label="Raise an exception", item=item.key),)
    said = Message(
        subject=item.key,
        headline=("Tracked already: ", *whose(item, workflow, world.now)),
        lines=title,
        actions=actions,
    )
    return Reply(message=said, refused=True, code="tracked")


def _complete(command: Command, workflow: Workflow, world: World) -> bool:
    """Whether what was said is all that is needed. What is private is opened at once, and asked after where it is."""
    message = command.message
    text = message.text if message is not None else command.words
    if message is not None and workflow.private:
        return True
    if message is None and not text:
        return False
    return not missing(workflow, read_opening(workflow, text, context(world.book, world))[0])


def _guessed(command: Command, choices: Sequence[Workflow]) -> tuple[Workflow | None, Line, str]:
    """What an unknown name probably meant, what is said of it, and the words that were meant for the item."""
    word = command.workflow or ""
    best = process.extractOne(word[:40], [w.name for w in choices], scorer=fuzz.ratio, score_cutoff=MEANT_FROM)
    if best is None:
        # Typed, it was the beginning of the text; chosen in a form, it is a workflow that has gone since.
        words = command.words if command.fields else f"{word} {command.words}".strip()
        return None, (f"There is no workflow `{short(word, 40)}`. Choose what it is about.",), words
    meant = next(w for w in choices if w.name == best[0])
    return meant, (f"There is no workflow `{short(word, 40)}`. This is the form of `{meant.name}`.",), command.words


def _obvious(choices: Sequence[Workflow], message: Posted | None) -> Workflow | None:
    """The only one; or the message's own channel's, which comes first."""
    listens = message is not None and message.place_name in {row.channel for row in choices[0].intake.slack}
    return choices[0] if len(choices) == 1 or listens else None


def _form(
    command: Command, world: World, workflow: Workflow | None, choices: Sequence[Workflow], words: str, lead: Line
) -> Form:
    message, book = command.message, world.book
    own = is_own(command, book)
    reading = context(book, world)
    said = message.text if message is not None else words
    shown = _offered(workflow, said, reading) if workflow else {}
    blanks = [_which(choices, workflow)] if len(choices) > 1 or workflow is None else []
    if workflow is not None:
        known = {**shown, **{name: value for name, value in command.fields.items() if value}}
        blanks += [_field(field, known.get(field.name, ""), own=own) for field in workflow.fields.values()]
    if message is None:
        blanks.append(_words(workflow, words))
    return Form(
        verb="new",
        title=f"New {_called(workflow)}"[:24] if workflow else "New item",
        submit="Open",
        blanks=tuple(blanks),
        workflow=workflow.name if workflow else None,
        lines=tuple(line for line in (lead, *_above(workflow, message, book, own=own)) if line),
        shown=shown,
        place=command.place,
        place_name=command.place_name,
        message=message,
    )


def _offered(workflow: Workflow, text: str, reading: Context) -> dict[str, str]:
    """What the text says for the fields, as it stands in the form: in words that are read back as the same value."""
    found, _ = read_opening(workflow, text, reading)
    return {name: _in_words(workflow.fields[name], value, reading) for name, value in found.items()}


def _in_words(field: Field, value: str, reading: Context) -> str:
    words = show(field, value)
    try:
        return words if canonical(field, words, reading) == value else value
    except NotReadable:
        return value


def _above(workflow: Workflow | None, message: Posted | None, book: Rulebook, *, own: bool) -> list[Line]:
    """What is to be tracked, what it promises, and where its card goes if not beside the message."""
    lines: list[Line] = []
    if message is not None:
        words = Quote(short(message.text, QUOTED) or "(no text)")
        lines.append((words,) if own else (Who(message.by), " wrote ", words))
    if workflow is None:
        return lines
    lines.append((workflow.promise,))
    if workflow.private:
        lines.append(("It is private: only you, its owner and the backup see it.",))
    elif message is not None and not lives_here(workflow, message) and (channel := home(workflow)[1]):
        lines.append((f"Its card goes to #{channel}.",))
    if message is not None and not own and any(field.required for field in workflow.fields.values()):
        lines.append(("What is left empty is asked of ", Who(message.by), "."))
    return lines


def _which(choices: Sequence[Workflow], chosen: Workflow | None) -> Blank:
    """The workflows, each with what it promises in a few words; the whole of the chosen one's stands above."""
    return Blank(
        name="workflow",
        label="What is it about",
        kind="choice",
        choices=tuple(
            Choice(value=w.name, label=_called(w).capitalize(), meaning=short(w.promise, GLANCE)) for w in choices
        ),
        initial=chosen.name if chosen else "",
        redraws=True,
    )


def _field(field: Field, value: str, *, own: bool) -> Blank:
    """One of the workflow's own. Of somebody else's request nobody must know it all: the rest is asked."""
    return Blank(
        name=field.name,
        label=field.ask or field.name.capitalize(),
        kind="choice" if field.type == "choice" else "long" if field.type == "text" else "line",
        choices=tuple(Choice(value=c, label=c) for c in field.choices),
        initial=value,
        required=field.required and own,
    )


def _words(workflow: Workflow | None, words: str) -> Blank:
    """The request itself; beside fields that say it all it may be left out."""
    needed = workflow is None or not any(field.required for field in workflow.fields.values())
    return Blank(name="words", label="What happened, what is needed", kind="long", initial=words, required=needed)


def _called(workflow: Workflow) -> str:
    return workflow.name.replace("_", " ")


def without_fields(command: Command, workflow: Workflow) -> bool:
    """Whether a form was sent that showed none of this workflow's fields: it was chosen and sent in one breath."""
    return bool(command.fields) and any(
        field.required and field.name not in command.fields for field in workflow.fields.values()
    )
