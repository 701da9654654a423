"""Forms: what a click or an incomplete command asks a person to fill in before anything is changed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from rules.decisions import chosen, may
from rules.draft import Draft
from rules.events import Command
from rules.messages import Blank, Choice, Form, Line, Reply, Who
from rules.new_form import new_form
from rules.people import held_by
from rules.refusals import closed
from rules.rights import guests, unknown
from rules.ruling import World
from rules.wording.lines import heading, shown_lines, shown_values, why_it_is_here

WHY = "Why, so that someone new understands it next month"
NOT_TRACKED: Line = ("Nothing tracks this message yet. Track it first; then an exception can be raised on it.",)


def form(command: Command, world: World) -> Form | Reply | None:
    """The form for `command`, whose item stands in `world.item`; or a private answer to whom it is not for.

    None: it lacks nothing and is to be taken as it stands. Verbs that need nothing more (claim, next, close, ack) have
    no form at all.
    """
    if (refusal := guests(command, world.book)) is not None:
        return refusal
    if command.verb == "new":
        return new_form(command, world)
    item = world.item
    if item is None and command.message is not None:
        return new_form(replace(command, verb="new", code=None, words=""), world, NOT_TRACKED)
    if item is None:
        return unknown(command.item or "such item")
    workflow = world.book_of(item.rulebook).workflows[item.workflow]
    draft = Draft(world, command, workflow, item.key, item)
    if command.verb in ("approve", "reject"):
        return _decision(draft, command)
    # Before anybody fills in what they may not do.
    if (refusal := may(draft, command.verb)) is not None:
        return refusal
    if command.verb != "reopen" and (over := closed(draft)) is not None:
        return over
    lines: tuple[Line, ...] = (heading(item, workflow),)
    blanks = _BLANKS[command.verb](draft, command)
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
    trouble = chosen(draft, command)
    if isinstance(trouble, Reply):
        return trouble
    item, workflow = draft.item, draft.workflow
    rule = workflow.rule(trouble.code)
    assert rule is not None, "what can be decided has its rule"
    codes = rule.approve if command.verb == "approve" else rule.reject
    verb = "Approve" if command.verb == "approve" else "Reject"
    lines: list[Line] = [
        (*heading(item, workflow), " · from ", Who(item.requester)),
        *shown_lines(item, workflow, trouble.code),
        ("Here because of ", *why_it_is_here(item, trouble, workflow)),
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
        code=trouble.code,
        lines=tuple(lines),
        shown=shown_values(item, workflow, trouble.code),
        place=command.place,
        place_name=command.place_name,
    )


def _words(label: str) -> Callable[[Draft, Command], tuple[Blank, ...]]:
    return lambda draft, command: (Blank(name="words", label=label, kind="long", initial=command.words),)


def _people(draft: Draft, command: Command) -> tuple[Blank, ...]:
    item, book = draft.item, draft.book
    # what is private goes to nobody who does not have it
    known = held_by(item) if draft.workflow.private else book.people
    fit = [person for person in book.people if person in known and person not in (item.requester, item.owner)]
    choices = tuple(Choice(value=person, label=book.named(person)) for person in fit)
    return (
        Blank(name="person", label="Who takes it", kind="choice", choices=choices),
        Blank(name="words", label="Why", kind="long", initial=command.words),
    )


def _exception(draft: Draft, command: Command) -> tuple[Blank, ...]:
    """What is wrong is in the message already, where it was raised from one; the source is no complaint of itself."""
    choices = tuple(Choice(value=c, label=c, meaning=rule.means) for c, rule in draft.workflow.exceptions.items())
    message = command.message
    pointed = message is not None and not message.bot and message.ts != draft.item.source.message_id
    words = command.words or (message.text if message is not None and pointed else "")
    return (
        Blank(name="code", label="Exception", kind="choice", choices=choices, initial=command.code or ""),
        Blank(name="words", label="What is wrong", kind="long", initial=words),
    )


def _field(draft: Draft, command: Command) -> tuple[Blank, ...]:
    names = tuple(draft.workflow.fields)
    choices = tuple(Choice(value=name, label=name) for name in names) or (Choice(value="-", label="(none)"),)
    return (
        Blank(name="name", label="Field", kind="choice", choices=choices, initial=command.name or ""),
        Blank(name="words", label="Value", initial=command.words),
    )


def _proof(draft: Draft, command: Command) -> tuple[Blank, ...]:
    kinds = dict.fromkeys((*draft.workflow.close.evidence, "note", "link", "message"))
    choices = tuple(Choice(value=kind, label=kind) for kind in kinds if kind != "file")
    return (
        Blank(name="name", label="Kind of proof", kind="choice", choices=choices, initial=command.name or ""),
        Blank(name="words", label="The proof", initial=command.words),
    )


def _until(draft: Draft, command: Command) -> tuple[Blank, ...]:
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

_BLANKS: dict[str, Callable[[Draft, Command], tuple[Blank, ...]]] = {
    "assign": _people,
    "except": _exception,
    "set": _field,
    "evidence": _proof,
    "snooze": _until,
    "ask": _words("What do you want to know"),
    "reopen": _words("Why it is opened again"),
}
