"""Forms: what a click or an incomplete command asks a person to fill in before anything is changed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from rules.book.rulebook import Rulebook, Workflow
from rules.decisions import choose
from rules.draft import Draft
from rules.events import Command
from rules.items import Item
from rules.messages import Blank, Choice, Form, Line, Reply, Who
from rules.people import may_decide
from rules.replies import refused
from rules.ruling import World
from rules.wording.lines import deciders_line, heading, shown_lines, shown_values, why_it_is_here
from rules.work import may, seen_by

WHY = "Why, so that someone new understands it next month"


def form(command: Command, world: World) -> Form | Reply:
    """The form for `command`, whose item stands in `world.item`; or a private answer to whom it is not for.

    Verbs that need nothing more (claim, next, close, ack) have no form and are taken as they are.
    """
    if command.verb == "new":
        return _new(command, world.book)
    item = world.item
    if item is None:
        return refused("unknown_item", (f"There is no {command.item}.",))
    workflow = world.book_of(item.rulebook).workflows[item.workflow]
    draft = Draft(world, command, workflow, item.key, item)
    if not seen_by(draft, command.verb):
        return refused("unknown_item", (f"There is no {item.key} that you can see.",))
    if command.verb in ("approve", "reject"):
        return _decision(draft, command)
    # Before anybody fills in what they may not do.
    if (refusal := may(draft, command.verb)) is not None:
        return refusal
    lines: tuple[Line, ...] = (heading(item, workflow),)
    blanks = _BLANKS[command.verb](item, workflow, world.book, world.now)
    name, submit = _TITLES[command.verb]
    return Form(
        verb=command.verb,
        title=f"{name} {item.key}"[:24],
        submit=submit,
        blanks=blanks,
        item=item.key,
        code=command.code,
        lines=lines,
        place=command.place,
        place_name=command.place_name,
    )


def has_form(verb: str) -> bool:
    """Whether a click on `verb` asks for something first."""
    return verb in ("new", "approve", "reject") or verb in _BLANKS


def _decision(draft: Draft, command: Command) -> Form | Reply:
    chosen = choose(draft, command)
    if isinstance(chosen, Reply):
        return chosen
    item, workflow = draft.item, draft.workflow
    if not may_decide(chosen, draft.by, item.requester):
        own = "Nobody decides on their own request. " if draft.by == item.requester else ""
        return refused("not_yours", (own, *deciders_line(chosen)))
    rule = workflow.exceptions[chosen.code]
    codes = rule.approve if command.verb == "approve" else rule.reject
    verb = "Approve" if command.verb == "approve" else "Reject"
    lines: list[Line] = [
        (*heading(item, workflow), " · from ", Who(item.requester)),
        *shown_lines(item, workflow, chosen.code),
        ("Here because of ", *why_it_is_here(item, chosen, workflow)),
    ]
    return Form(
        verb=command.verb,
        title=f"{verb} {item.key}"[:24],
        submit=f"{verb} {item.key}"[:24],
        blanks=(
            Blank(
                name="reason_code",
                label="Reason code",
                kind="choice",
                choices=tuple(Choice(value=c, label=c, meaning=draft.book.reason_codes.get(c, "")) for c in codes),
                initial=(command.reason_code or "") if command.reason_code in codes else "",
            ),
            Blank(name="words", label=WHY, kind="long", initial=command.words),
        ),
        item=item.key,
        code=chosen.code,
        lines=tuple(lines),
        shown=shown_values(item, workflow, chosen.code),
        place=command.place,
        place_name=command.place_name,
    )


def _new(command: Command, book: Rulebook) -> Form | Reply:
    offered = {w.name: w for w in book.workflows.values() if w.intake.command}
    workflow = offered.get(command.workflow or "")
    if workflow is None:
        return Form(
            verb="new",
            title="New item",
            submit="Open",
            blanks=(
                Blank(
                    name="workflow",
                    label="What is it about",
                    kind="choice",
                    choices=tuple(
                        Choice(value=w.name, label=w.name.capitalize(), meaning=w.promise) for w in offered.values()
                    ),
                ),
                Blank(name="words", label="What happened, what is needed", kind="long", initial=command.words),
            ),
            place=command.place,
            place_name=command.place_name,
        )
    fields = tuple(
        Blank(
            name=field.name,
            label=field.ask or field.name.capitalize(),
            kind="choice" if field.type == "choice" else "long" if field.type == "text" else "line",
            choices=tuple(Choice(value=c, label=c) for c in field.choices),
            required=False,
        )
        for field in workflow.fields.values()
    )
    return Form(
        verb="new",
        title=f"New {workflow.name}"[:24],
        submit="Open",
        blanks=(
            Blank(name="words", label="What happened, what is needed", kind="long", initial=command.words),
            *fields,
        ),
        workflow=workflow.name,
        lines=((workflow.promise,),),
        place=command.place,
        place_name=command.place_name,
    )


def _words(label: str, name: str = "words") -> tuple[Blank, ...]:
    return (Blank(name=name, label=label, kind="long"),)


def _people(item: Item, workflow: Workflow, book: Rulebook, now: datetime) -> tuple[Blank, ...]:
    choices = tuple(
        Choice(value=p.key, label=p.name) for p in book.people.values() if p.key not in (item.requester, item.owner)
    )
    return (
        Blank(name="person", label="Who takes it", kind="choice", choices=choices),
        Blank(name="words", label="Why", kind="long"),
    )


def _exception(item: Item, workflow: Workflow, book: Rulebook, now: datetime) -> tuple[Blank, ...]:
    choices = tuple(Choice(value=c, label=c, meaning=rule.means) for c, rule in workflow.exceptions.items())
    return (
        Blank(name="code", label="Exception", kind="choice", choices=choices),
        Blank(name="words", label="What is wrong", kind="long"),
    )


def _field(item: Item, workflow: Workflow, book: Rulebook, now: datetime) -> tuple[Blank, ...]:
    choices = tuple(Choice(value=name, label=name) for name in workflow.fields) or (Choice(value="-", label="(none)"),)
    return (Blank(name="name", label="Field", kind="choice", choices=choices), Blank(name="words", label="Value"))


def _proof(item: Item, workflow: Workflow, book: Rulebook, now: datetime) -> tuple[Blank, ...]:
    kinds = dict.fromkeys((*workflow.close.evidence, "note", "link", "message"))
    choices = tuple(Choice(value=kind, label=kind) for kind in kinds if kind != "file")
    return (
        Blank(name="name", label="Kind of proof", kind="choice", choices=choices),
        Blank(name="words", label="The proof"),
    )


def _until(item: Item, workflow: Workflow, book: Rulebook, now: datetime) -> tuple[Blank, ...]:
    hint = "Reminders wait; the deadline stays."
    choices = tuple(Choice(value=v, label=label) for v, label in (("1h", "1 hour"), ("4h", "4 hours"), ("1d", "1 day")))
    return (Blank(name="until", label="Remind again in", kind="choice", choices=choices, hint=hint),)


_TITLES: dict[str, tuple[str, str]] = {
    "assign": ("Hand over", "Hand over"),
    "except": ("Exception on", "Raise"),
    "set": ("Set a field of", "Set"),
    "evidence": ("Proof for", "Add"),
    "snooze": ("Snooze", "Snooze"),
    "ask": ("Ask about", "Ask"),
    "reopen": ("Open again", "Open again"),
}

_BLANKS: dict[str, Callable[[Item, Workflow, Rulebook, datetime], tuple[Blank, ...]]] = {
    "assign": _people,
    "except": _exception,
    "set": _field,
    "evidence": _proof,
    "snooze": _until,
    "ask": lambda item, workflow, book, now: _words("What do you want to know"),
    "reopen": lambda item, workflow, book, now: _words("Why it is opened again"),
}
