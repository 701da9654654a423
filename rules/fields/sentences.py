"""What a person is told when a value can't be read: what was wrong, and which form would be read."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import timedelta

from rules.book.field import Field
from rules.fields import patterns
from rules.fields.found import Context, Found
from rules.fields.plain import plain
from rules.fields.showing import show

CHOICES_NAMED = 12


def problem(field: Field, found: Found, context: Context) -> str:
    """Why what was found is no value, and what to write instead."""
    form = _form(field, context)
    if len(found.values) > 1:
        several = listed([show(field, value) for value in found.values[:3]], "or")
        return f"It could be {several}. For {label(field)}, {form}."
    if found.unclear:
        return f"“{found.unclear[0]}” can't be read for certain. For {label(field)}, {form}."
    return f"Nothing in that can be read as {label(field)}. For {label(field)}, {form}."


def contested(field: Field, snippet: str, context: Context) -> str:
    """A number that could answer more than one of the open questions."""
    return f"It is not clear what “{snippet}” is. Write `{field.name}: {_example(field, context)}`."


def _form(field: Field, context: Context) -> str:
    if field.type == "choice":
        return f"write {listed(list(field.choices)[:CHOICES_NAMED], 'or')}"
    example = _example(field, context)
    return f"write it like {example}" if example else "write it as the question shows"


def _example(field: Field, context: Context) -> str:
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


def label(field: Field) -> str:
    """The field's name as words."""
    return field.name.replace("_", " ")


def listed(words: Sequence[str], last: str) -> str:
    """`a`, `a or b`, `a, b or c`."""
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} {last} {words[-1]}"


def _pattern_example(field: Field, context: Context) -> str:
    """The example that the rulebook's question itself gives: "Which order is it? (ORD-12345)"."""
    ask = plain(field.ask or "")
    for mention in patterns.mentions(field, ask, context):
        if mention.value:
            return mention.value
    # A pattern of letters and digits alone is its own example.
    return field.pattern if field.pattern and re.fullmatch(r"[\w -]+", field.pattern) else ""
