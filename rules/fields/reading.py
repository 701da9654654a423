"""The front door to facts in text: read an opening message, a reply, a form's value; show a value."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

from rules.book.field import Field
from rules.fields import choices, contact, dates, money, numbers, patterns
from rules.fields.found import SNIPPET_CHARACTERS, Context, Found, Mention, NotReadable, gathered, masked
from rules.fields.labels import labelled
from rules.fields.plain import bounded, in_own_words, plain
from rules.fields.sentences import contested, label, problem
from rules.fields.showing import show
from rules.small_talk import small_talk

__all__ = ["Answers", "Context", "Found", "NotReadable", "canonical", "find", "read_answer", "read_unasked", "show"]

TEXT_CHARACTERS = 3_000
# With an unanswered pattern beside it, a longer plain number may as well be the order that was asked for.
PLAIN_DIGITS_AT_MOST = 3
SHORT_REPLY_CHARACTERS = 80


@dataclass(frozen=True, slots=True)
class Answers:
    """What a reply gives: field -> canonical value; field -> sentence on what could not be read, and how it could."""

    values: Mapping[str, str]
    unclear: Mapping[str, str]


def find(field: Field, text: str, context: Context) -> Found:
    """What the opening message says for a field; `text` fields are never filled from it.

    A line `name: value` wins over the rest of the text. One value beside something unclear is not certain: then
    both are unclear and there is no value. Reads the first 20,000 characters, in time linear in them.
    """
    if field.type == "text":
        return Found()
    labels = labelled([field], bounded(text), inline=False)
    lines = [_asked(field, plain(line.value), context) for line in labels]
    if any(lines):
        values = tuple(dict.fromkeys(value for found in lines for value in found.values))
        return _certain(Found(values, tuple(snippet for found in lines for snippet in found.unclear)))
    text = plain(text)
    return _certain(gathered(_mentions(field, text, context, asked=False), text))


def read_answer(fields: Sequence[Field], text: str, context: Context) -> Answers:
    """What a reply says for the missing fields (in the order they were asked).

    `name: value` lines first; then every typed field is looked for in what is left. A number without a currency or
    name counts where one missing field alone can mean it. A `text` field takes the whole reply (3,000 characters)
    only where it is the sole one missing and the reply is no small talk.
    """
    said = bounded(text)
    values: dict[str, str] = {}
    unclear: dict[str, str] = {}
    named = list(labelled(fields, said, inline=True))
    for line in named:
        _take(line.field, _labelled_value(line.field, line.value, context), context, values, unclear)
    rest = plain(masked(said, [Mention(line.start, line.end, None) for line in named]))
    left = [field for field in fields if field.name not in values and field.name not in unclear]
    typed = [field for field in left if field.type != "text"]
    free = _free(typed, rest, context)
    for field in typed:
        _take(field, free[field.name], context, values, unclear)
    for field in _unanswered_numbers(typed, values, unclear):
        _take_bare(field, typed, rest, context, values, unclear)
    if len(fields) == 1 and not values and not unclear:
        _take_whole(fields[0], in_own_words(text), context, values, unclear)
    return Answers(MappingProxyType(values), MappingProxyType(unclear))


def read_unasked(fields: Sequence[Field], text: str, context: Context, *, named_only: bool) -> dict[str, str]:
    """What a reply says for fields that nobody asked for: field -> canonical value; what is unclear is no value.

    A `name: value`, and unless `named_only` what an opening message in these words would say.
    """
    values: dict[str, str] = {}
    unclear: dict[str, str] = {}
    for line in labelled(fields, bounded(text), inline=True):
        _take(line.field, _labelled_value(line.field, line.value, context), context, values, unclear)
    for field in () if named_only else fields:
        if field.name not in values and field.name not in unclear:
            _take(field, find(field, text, context), context, values, unclear)
    return values


def canonical(field: Field, raw: str, context: Context) -> str:
    """The canonical form of a value that was typed for this field. Raises NotReadable with a sentence."""
    written = in_own_words(raw) if field.type == "text" else plain(raw).strip()
    if not written:
        raise NotReadable(f"Nothing was written for {label(field)}.")
    if field.type == "text":
        if len(written) > TEXT_CHARACTERS:
            raise NotReadable(f"That is longer than {TEXT_CHARACTERS:,} characters; say it shorter for {label(field)}.")
        return written
    if field.type == "pattern" and patterns.matches(field, written):
        return written
    if field.type == "money" and money.is_canonical(written):
        return written
    found = _asked(field, written, context)
    if len(found.values) != 1 or found.unclear:
        raise NotReadable(problem(field, found, context))
    return found.values[0]


def _mentions(field: Field, text: str, context: Context, *, asked: bool) -> list[Mention]:
    match field.type:
        case "money":
            return money.mentions(field, text, context)
        case "date":
            return dates.mentions(field, text, context, asked=asked)
        case "number":
            return numbers.mentions(field, text, context)
        case "email":
            return contact.emails(field, text, context)
        case "url":
            return contact.urls(field, text, context)
        case "phone":
            return contact.phones(field, text, context, asked=asked)
        case "choice":
            return choices.mentions(field, text, context, asked=asked)
        case "pattern":
            return patterns.mentions(field, text, context)
        case "text":
            return []


def _asked(field: Field, text: str, context: Context) -> Found:
    """What text that was written for this field alone says: here a number needs no currency and no name."""
    found = gathered(_mentions(field, text, context, asked=True), text)
    if not found and field.type in ("money", "number"):
        found = gathered(_bare(field, text, context), text)
    return _certain(found)


def _bare(field: Field, text: str, context: Context) -> list[Mention]:
    """The numbers of a text that are no part of a date, a time, an address, each read as this field."""
    rest = masked(text, _other_things(field, text, context))
    found: list[Mention] = []
    for numeral, faint in numbers.standing_alone(rest, counting=field.type == "number"):
        if field.type == "money":
            value, end = money.bare(field, numeral, rest, context)
        else:
            value, end = numbers.read(numeral, rest, context)
        found.append(Mention(numeral.start, end, None if faint else value, faint))
    return found


def _other_things(field: Field, text: str, context: Context) -> list[Mention]:
    """What stands in the text that no plain number may be cut out of."""
    found = [*contact.urls(field, text, context), *contact.emails(field, text, context)]
    found += [m for m in contact.phones(field, text, context) if m.value]
    found += dates.mentions(field, text, context)
    if field.type != "money":
        found += money.mentions(field, text, context)
    return found


def _labelled_value(field: Field, value: str, context: Context) -> Found:
    if field.type == "text":
        own = in_own_words(value)[:TEXT_CHARACTERS]
        return Found((own,)) if own else Found()
    found = _asked(field, plain(value), context)
    return found if found or not value else Found(unclear=(value[:SNIPPET_CHARACTERS],))


def _free(fields: Sequence[Field], text: str, context: Context) -> dict[str, Found]:
    """What is found for each typed field; what a pattern, an address or a date took is no other field's number."""
    found: dict[str, Found] = {}
    first = ("pattern", "url", "email", "date", "phone")
    for field in sorted(fields, key=lambda f: first.index(f.type) if f.type in first else len(first)):
        mentions = _mentions(field, text, context, asked=True)
        found[field.name] = _certain(gathered(mentions, text))
        if field.type in first:
            text = masked(text, [mention for mention in mentions if not mention.faint])
    return found


def _unanswered_numbers(fields: Sequence[Field], values: dict[str, str], unclear: dict[str, str]) -> list[Field]:
    return [f for f in fields if f.type in ("money", "number") and f.name not in values and f.name not in unclear]


def _take_bare(
    field: Field,
    typed: Sequence[Field],
    text: str,
    context: Context,
    values: dict[str, str],
    unclear: dict[str, str],
) -> None:
    """A number without a name, for a field that nothing else answered; unclear where another question may mean it."""
    claims = [f for f in typed if f.type in ("pattern", "phone", "date")]
    rest = masked(text, [m for f in claims for m in _mentions(f, text, context, asked=True) if not m.faint])
    mentions = _bare(field, rest, context)
    found = _certain(gathered(mentions, rest))
    if not found:
        return
    rivals = [f for f in typed if f.type in ("money", "number") and f.name != field.name and f.name not in values]
    pattern_open = any(f.type == "pattern" and f.name not in values for f in typed)
    snippet = rest[mentions[0].start : mentions[0].end]
    if rivals or (pattern_open and snippet.isdigit() and len(snippet) > PLAIN_DIGITS_AT_MOST):
        unclear[field.name] = contested(field, snippet, context)
    else:
        _take(field, found, context, values, unclear)


def _take(field: Field, found: Found, context: Context, values: dict[str, str], unclear: dict[str, str]) -> None:
    """File what was found under the field; a second, different value for it makes it unclear."""
    if field.name in unclear:
        return  # what was said otherwise before it stays unclear
    before = values.pop(field.name, None)
    every = found.values if before is None else tuple(dict.fromkeys((before, *found.values)))
    if len(every) == 1 and not found.unclear:
        values[field.name] = every[0]
    elif every or found.unclear:
        unclear[field.name] = problem(field, replace(found, values=every), context)


def _take_whole(field: Field, said: str, context: Context, values: dict[str, str], unclear: dict[str, str]) -> None:
    """The reply as a whole, when one field alone was asked for and nothing was found in it."""
    if not said or small_talk(said):
        return
    if field.type == "text":
        values[field.name] = said[:TEXT_CHARACTERS]
    elif len(said) <= SHORT_REPLY_CHARACTERS and (any(c.isdigit() for c in said) or len(said.split()) <= 2):
        # Short, or with figures in it: it was meant as the answer, so silence would leave its writer waiting.
        unclear[field.name] = problem(field, Found(unclear=(said[:SNIPPET_CHARACTERS],)), context)


def _certain(found: Found) -> Found:
    """One value beside something unclear is no certain value."""
    if len(found.values) == 1 and found.unclear:
        return Found((), (*found.unclear, found.values[0]))
    return found
