"""What a person is told when a value can't be read: what was wrong, and which form would be read."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import timedelta

from rules.book.rulebook import Field
from rules.fields import patterns
from rules.fields.found import Context, Found, NotReadable
from rules.fields.plain import plain
from rules.fields.showing import show

CHOICES_NAMED = 12


def problem(field: Field, found: Found, context: Context) -> str:
    """Why what was found is no value, and what to write instead."""
    name = label(field)
    if len(found.values) > 1:
        several = listed([show(field, value) for value in found.values[:3]])
        return f"There are {len(found.values)} different values for {name}: {several}. {form(field, context)}"
    if found.unclear:
        return f"“{found.unclear[0]}” can't be read for certain as {name}. {form(field, context)}"
    return f"No {name} can be read in that. {form(field, context)}"


def contested(field: Field, snippet: str, context: Context) -> str:
    """A number that could answer more than one of the open questions."""
    example = example_of(field, context)
    return f"“{snippet}” could be {label(field)} or something else. Write `{field.name}: {example}`."


def form(field: Field, context: Context) -> str:
    """The sentence that says which form would be read."""
    if field.type == "choice":
        return f"Write one of {listed(list(field.choices)[:CHOICES_NAMED])}."
    if field.type == "pattern":
        example = example_of(field, context)
        return f"Write it like {example}, with the same letters." if example else "Write it as the question shows."
    return f"Write it like {example_of(field, context)}."


def example_of(field: Field, context: Context) -> str:
    """A value that would be read for this field, as a person would write it."""
    if field.type == "money":
        return f"450 {field.currency or context.currency}"
    if field.type == "date":
        day = context.today + timedelta(days=14)
        return f"{day.isoformat()} or {show(field, day.isoformat())}"
    if field.type == "choice":
        return next(iter(field.choices), "")
    if field.type == "pattern":
        return _pattern_example(field, context)
    examples = {"number": "12.5", "email": "name@example.com", "phone": "+1 415 555 2671", "url": "https://example.com"}
    return examples.get(field.type, "...")


def not_readable(field: Field, found: Found, context: Context) -> NotReadable:
    """The refusal of a form or a command."""
    return NotReadable(problem(field, found, context))


def label(field: Field) -> str:
    """The field's name as words."""
    return field.name.replace("_", " ")


def listed(words: Sequence[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} and {words[-1]}"


def _pattern_example(field: Field, context: Context) -> str:
    """The example that the rulebook's question itself gives: "Which order is it? (ORD-12345)"."""
    ask = plain(field.ask or "")
    for mention in patterns.mentions(field, ask, context):
        if mention.value:
            return mention.value
    # A pattern of letters and digits alone is its own example.
    return field.pattern if field.pattern and re.fullmatch(r"[\w -]+", field.pattern) else ""
