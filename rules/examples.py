"""Runs the examples that a rulebook carries: what a workflow says of itself must be true (M144)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from rules.apply import apply
from rules.book.rulebook import Example, Rulebook, Workflow
from rules.events import Command, Event, Mailed, Posted
from rules.ruling import Ruling, World

#: A weekday at noon UTC: examples speak of no time, and must not depend on when they are run.
NOON = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """An example that is not true; `line` and `column` of the rulebook, and what came instead."""

    workflow: str
    line: int
    column: int
    what: str
    meant: str = ""


def run(book: Rulebook) -> list[Failure]:
    """Try every example of every workflow; an empty list says that they all hold."""
    return [
        Failure(workflow=workflow.name, line=example.line, column=example.column, what=problem)
        for workflow in book.workflows.values()
        for example in workflow.examples
        for problem in _problems(book, workflow, example)
    ]


def _problems(book: Rulebook, workflow: Workflow, example: Example) -> list[str]:
    ruling = _try(book, workflow, example.message)
    said = f'"{example.message}"'
    item = ruling.items[0] if ruling.items else None
    if example.nothing:
        return [f"{said} should open nothing, but opens an item for {item.owner}"] if item else []
    if item is None:
        return [f"{said} opens nothing: {ruling.ignored}"]
    found = []
    if item.workflow != workflow.name:
        return [f"{said} opens an item of {item.workflow}, whose rule comes first"]
    if example.owner and item.owner != example.owner:
        found.append(f"{said} goes to {item.owner} ({item.owner_because}), not to {example.owner}")
    for name, value in example.fields.items():
        if item.fields.get(name) != value:
            found.append(f"{said} gives {name} {item.fields.get(name, 'no value')}, not {value}")
    if example.asks is not None and set(item.missing) != set(example.asks):
        asked, meant = (", ".join(names) or "nothing" for names in (item.missing, example.asks))
        found.append(f"{said} asks for {asked}, not {meant}")
    opened = [trouble.code for trouble in item.exceptions]
    if example.exception and example.exception not in opened:
        found.append(f"{said} raises {', '.join(opened) or 'no exception'}, not {example.exception}")
    return found


def _try(book: Rulebook, workflow: Workflow, message: str) -> Ruling:
    """The message as a stranger would write it, by the first way in that the workflow has."""
    by_hand: Any = {"id": "example", "workspace": "main", "at": NOON, "by": "slack:U0EXAMPLE"}
    event: Event
    if workflow.intake.slack:
        name = workflow.intake.slack[0].channel
        event = Posted(
            **by_hand, via="slack", place="C0EXAMPLE", place_name=name, ts="1.000001", thread=None, text=message
        )
    elif workflow.intake.email:
        event = Mailed(
            **by_hand, via="mail", inbox=workflow.intake.email[0], message_id="<example@example.invalid>",
            references=(), subject="", from_name="", text=message, new_text=message,
        )  # fmt: skip
    else:
        event = Command(**by_hand, via="slack", verb="new", workflow=workflow.name, words=message)
    return apply(event, World(now=NOON, book=book, book_of=lambda _version: book))
