"""What a workflow wants to know and where its items come from: `fields`, `intake`."""

from __future__ import annotations

import re
from typing import get_args

from rules.book.field import Field, FieldType
from rules.book.grammar import BUILT_IN, FUNCTIONS, RESERVED
from rules.book.loading import places
from rules.book.loading.known import keys
from rules.book.loading.shape import Part
from rules.book.loading.source import Node
from rules.book.patterns import PatternError, compiled
from rules.book.rulebook import Intake, SlackIntake

_FIELD = re.compile(r"[a-z_][a-z0-9_]{0,40}", re.ASCII)
_CHANNEL = re.compile(r"[^\W_A-Z][\w-]{0,79}")
_REACTION = re.compile(r"[^\W_A-Z][\w+'-]{0,99}|[+-]1")
_INBOX = re.compile(r"[a-z][a-z0-9_]{0,40}", re.ASCII)
_TYPES: tuple[FieldType, ...] = get_args(FieldType)


def read_fields(workflow: Part) -> dict[str, Field]:
    """The fields by name. One with a `pattern` is of type pattern, one with `choices` of type choice, else text."""
    areas = keys(workflow.value("source_of_truth"))
    return {name.text: _field(name, part, areas) for name, part in workflow.named("fields", "field")}


def read_intake(workflow: Part, fields: dict[str, Field], *, private: bool) -> Intake:
    """Where items come from; at least one way must be open."""
    part = workflow.part("intake")
    if part is None:
        workflow.missing("intake", "Say where its items come from: slack, reaction, email, command or webhook.")
        return Intake()
    part.allow("slack", "reaction", "email", "command", "webhook")
    intake = Intake(
        slack=tuple(_channel(entry, fields) for entry in part.parts("slack")),
        reaction=_reaction(part),
        email=tuple(_inbox(part, node) for node in part.nodes("email")),
        command=part.flag("command"),
        webhook=part.flag("webhook"),
    )
    if not (intake.slack or intake.reaction or intake.email or intake.command or intake.webhook):
        part.hole("nothing can come in", "Open a way: slack, reaction, email, command or webhook.")
    if private and (intake.slack or intake.reaction):
        key = "slack" if intake.slack else "reaction"
        part.hole("a private workflow can't come in where others read", "Use email, command or webhook.", key)
    return intake


def check_overlaps(workflows: list[tuple[Part, Intake]]) -> None:
    """One source that two workflows claim without a condition: nobody could say whose item it is."""
    claimed: dict[tuple[str, str], str] = {}
    for part, intake in workflows:
        whole = [entry.channel for entry in intake.slack if entry.when is None]
        claims = [*(("slack", channel) for channel in whole), *(("email", inbox) for inbox in intake.email)]
        if intake.reaction:
            claims.append(("reaction", intake.reaction))
        inner = part.part("intake")
        for key, name in claims:
            other = claimed.setdefault((key, name), part.name)
            if other != part.name and inner is not None and name:
                inner.hole(f"`{name}` belongs to {other} already", "Give each its own, or a condition.", key)


def _field(name: Node, part: Part, areas: tuple[str, ...]) -> Field:
    part.allow("ask", "pattern", "type", "required", "currency", "choices", "truth")
    if name.text in (*BUILT_IN, *FUNCTIONS, *RESERVED):
        part.hole(f"`{name.text}` has a meaning of its own in conditions", "Choose another name for the field.")
    elif not _FIELD.fullmatch(name.text):
        part.hole(f"the name `{name.text}` of a field must be like order_number", "Use small letters, digits and _.")
    pattern, choices = _pattern(part), _choices(part)
    implied: FieldType = "pattern" if pattern else "choice" if "choices" in part else "text"
    kind = part.one_of("type", _TYPES, implied)
    if pattern and kind != "pattern":
        part.hole("a pattern makes its own type", "Leave `type` out, or the pattern.", "type")
    if kind == "pattern" and "pattern" not in part:
        part.missing("pattern", r"Write one, like 'ORD-\d{5}'.")
    if "choices" in part and kind != "choice":
        part.hole("choices make their own type", "Leave `type` out, or the choices.", "type")
    if kind == "choice" and "choices" not in part:
        part.missing("choices", "Write them like [EU, NA].")
    if "currency" in part and kind != "money":
        part.hole("only money has a currency", "Add `type: money`.", "currency")
    currency = places.currency(part, "currency") or None
    if kind == "money" and not currency and not part.loading.known.currency:
        part.missing("currency", "Name it here, or `currency` at the top for all amounts.")
    required = part.flag("required")
    if required and "ask" not in part:
        part.missing("ask", "Write the question that is asked when it is missing.")
    return Field(
        name=name.text,
        type=kind,
        ask=part.text("ask") or None,
        pattern=pattern,
        required=required,
        currency=currency,
        choices=choices,
        truth=part.name_in("truth", areas, "area of `source_of_truth`", "areas"),
    )


def _pattern(part: Part) -> str | None:
    pattern = part.text("pattern")
    if not pattern:
        return None
    try:
        if compiled(pattern).fullmatch("") is not None:
            part.hole("the pattern matches an empty text", "Say what must stand in it.", "pattern")
    except PatternError as problem:
        part.hole(str(problem), "RE2 has no lookaround and no backreferences.", "pattern")
    return pattern


def _choices(part: Part) -> dict[str, tuple[str, ...]]:
    node = part.value("choices")
    if node is None:
        return {}
    words: dict[str, tuple[str, ...]] = {}
    if node.pairs is not None:
        choices = Part(part.loading, node, f"`choices` of {part.name}")
        for key, _ in node.pairs:
            words[key.text] = choices.texts(key.text) if key.text in choices else ()
    else:
        words = {word: () for word in part.texts("choices") if word}
    seen: dict[str, str] = {}
    for choice, others in words.items():
        for word in (choice, *others):
            if seen.setdefault(word.casefold(), choice) != choice:
                part.hole(f"`{word}` means two choices", "Each word stands for one.", "choices")
    if not words and node.kind != "scalar":
        part.hole("there is nothing to choose from", "Write them like [EU, NA].", "choices")
    return words


def _channel(part: Part, fields: dict[str, Field]) -> SlackIntake:
    part.allow("channel", "when")
    return SlackIntake(channel=channel_name(part, "channel"), when=part.condition("when", fields))


def channel_name(part: Part, key: str) -> str:
    """A Slack channel's name, with or without its #; needed."""
    name = part.text(key, needed=True, meant="Name it, like refunds.").removeprefix("#")
    if name and not _CHANNEL.fullmatch(name):
        part.hole(f"`{name}` is not the name of a Slack channel", "Write it like refunds.", key)
    return name


def _reaction(part: Part) -> str | None:
    name = part.text("reaction").strip(":")
    if name and not _REACTION.fullmatch(name):
        part.hole(f"`{name}` is not the name of a reaction", "Write it like ticket.", "reaction")
    return name or None


def _inbox(part: Part, node: Node) -> str:
    name = part.loading.text_of(node, "an inbox")
    if name and not _INBOX.fullmatch(name):
        meant = "Write a name like refunds; its address stands in DOCKET_INBOX_REFUNDS."
        part.loading.at(node, f"`{name}` is not the name of an inbox", meant)
    return name
