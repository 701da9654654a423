"""Forms: what a click or an incomplete command asks a person to fill in before anything is changed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from rules.break_glass import foreseen
from rules.checklist_form import checklist_form
from rules.decision_form import decision_form, told_before
from rules.decisions import chosen, may
from rules.draft import Draft
from rules.events import Command
from rules.handing import stays_here
from rules.messages import Blank, Choice, Form, Line, Reply
from rules.new_form import new_form
from rules.people import held_by
from rules.proofs import WANTS
from rules.refusals import closed
from rules.replies import refused
from rules.rights import guests, sees, unknown
from rules.ruling import World
from rules.stages import lacking_evidence
from rules.wording.lines import heading

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
    if command.verb == "decide":
        return _as_in(draft, command)
    # Before anybody fills in what they may not do.
    problem = chosen(draft, command) if command.verb == "changes" else may(draft, command.verb)
    if isinstance(problem, Reply):
        return problem
    if command.verb != "reopen" and (over := closed(draft)) is not None:
        return over
    if command.verb == "back" and (problem := stays_here(draft)) is not None:
        return problem
    if command.verb == "tick":
        return checklist_form(draft, command)
    lines: tuple[Line, ...] = (heading(item, workflow), *(foreseen(draft) if command.verb == "breakglass" else ()))
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
    return verb in ("new", "approve", "reject", "tick") or verb in _BLANKS


def _decision(draft: Draft, command: Command) -> Form | Reply:
    trouble = chosen(draft, command)
    if isinstance(trouble, Reply):
        return trouble
    return decision_form(draft, trouble, command, "approve" if command.verb == "approve" else "reject")


def _as_in(draft: Draft, command: Command) -> Form | Reply:
    """`decide KEY as in OTHER`: the form filled as that one was decided under the same code; the person signs it."""
    trouble = chosen(draft, replace(command, verb="approve"))  # for who may decide, not for who may see
    if isinstance(trouble, Reply):
        return trouble
    other = draft.world.other(command.name or "")
    flow = draft.world.book_of(other.rulebook).workflows.get(other.workflow) if other else None
    if other is None or flow is None or not sees(draft.book, other, flow, draft.by):
        return unknown(command.name or "such item")
    before = other.last_trouble(trouble.code) if other.workflow == draft.item.workflow else None
    if before is None or before.decision is None or before.state not in ("approved", "rejected"):
        return refused("no_precedent", (f"{other.key} has no decision on {trouble.code} that stands.",))
    filled = replace(command, reason_code=before.decision.reason_code, words=before.decision.rationale)
    made = decision_form(draft, trouble, filled, before.decision.verdict)
    return replace(made, lines=(told_before(other.key, before.decision), *made.lines))


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
    """What is still lacking comes first."""
    lacking = lacking_evidence(draft)
    kinds = dict.fromkeys((*lacking, *draft.workflow.close.evidence, "note", "link", "message", "file"))
    choices = tuple(
        Choice(value=kind, label=f"{kind}, still lacking" if kind in lacking else kind, meaning=WANTS[kind][0])
        for kind in kinds
    )
    first = command.name or (lacking[0] if lacking else "")
    hint = "Of a file its name; it must have come into the item's thread or by mail."
    return (
        Blank(name="name", label="Kind of proof", kind="choice", choices=choices, initial=first),
        Blank(name="words", label="The proof", initial=command.words, hint=hint),
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
    "breakglass": ("Break the glass on", "Go past it"),
    "changes": ("Changes to", "Send back"),
    "reply": ("Reply on", "Send"),
    "back": ("Send back", "Send back"),
}

_BLANKS: dict[str, Callable[[Draft, Command], tuple[Blank, ...]]] = {
    "assign": _people,
    "except": _exception,
    "set": _field,
    "evidence": _proof,
    "snooze": _until,
    "ask": _words("What do you want to know"),
    "breakglass": _words("Why it can't wait; it is reviewed afterwards"),
    "reopen": _words("Why it is opened again"),
    "changes": _words("What is missing or must change"),
    "reply": _words("Your words to whoever asked"),
    "back": _words("What is missing or wrong"),
}
