"""What a workflow says of itself: `examples`, with field values in their canonical form."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from rules.book.field import Field
from rules.book.loading.known import guess
from rules.book.loading.owners import Names
from rules.book.loading.shape import Part
from rules.book.patterns import shortened
from rules.book.rulebook import Example
from rules.fields.reading import Context, NotReadable, canonical

_ISO = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_ANY_TIME = datetime(2026, 1, 1, 12, tzinfo=UTC)  # nothing in an example's values depends on it: days are written out


def read_examples(workflow: Part, names: Names) -> tuple[Example, ...]:
    """The examples in their order; `check` runs them."""
    return tuple(_example(part, names) for part in workflow.parts("examples"))


def _example(part: Part, names: Names) -> Example:
    part.allow("message", "then")
    message = part.text("message", needed=True, meant="Write what somebody would say.")
    line, column = part.node.line, part.node.column
    node = part.value("then")
    if node is None:
        part.missing("then", "Say what follows: nothing, or {owner: dana}.")
        return Example(message=message)
    if node.kind == "scalar":
        if node.text != "nothing":
            part.hole(
                f"`then` can't be `{shortened(node.text)}`", "Write nothing, or a mapping like {owner: dana}.", "then"
            )
        return Example(message=message, nothing=True, line=line, column=column)
    then = part.part("then")
    if then is None:
        return Example(message=message)
    then.allow("owner", "fields", "asks", "exception")
    if not any(key in then for key in ("owner", "fields", "asks", "exception")) and "asks" not in _given(then):
        part.hole("the example says nothing", "Name an owner, fields, asks or an exception.", "then")
    return Example(
        message=message,
        owner=then.person("owner", needed=False) or None,
        fields=_values(then, names),
        asks=then.names_in("asks", names.fields, "field", "fields") if "asks" in then else None,
        exception=then.name_in("exception", names.codes, "exception", "exceptions") or None,
        line=line,
        column=column,
    )


def _given(part: Part) -> set[str]:
    return {key.text for key, _ in part.items()}


def _values(then: Part, names: Names) -> dict[str, str]:
    found: dict[str, str] = {}
    context = Context(now=_ANY_TIME, currency=then.loading.known.currency)
    outer = then.part("fields")
    for key, node in outer.items() if outer else ():
        field = names.fields.get(key.text)
        if field is None:
            meant = guess(key.text, names.fields, "fields")
            then.loading.at(key, f"unknown field `{shortened(key.text)}` in the example", meant)
            continue
        text = then.loading.text_of(node, f"`{key.text}`")
        try:
            found[key.text] = _canonical(field, text, context) if text else ""
        except ValueError as problem:
            then.loading.at(node, f"`{shortened(text)}` can't be `{key.text}`", str(problem))
    return found


def _canonical(field: Field, text: str, context: Context) -> str:
    """The value as items keep it. Raises ValueError with what was probably meant."""
    if field.type == "date" and not _ISO.fullmatch(text):
        raise ValueError("Write a day, like 2026-12-24.")
    try:
        return canonical(field, text, context)
    except NotReadable as problem:
        raise ValueError(str(problem)) from None
