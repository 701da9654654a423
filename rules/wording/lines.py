"""The sentences that cards, answers and digests share: who has it, who decides, what was decided."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime

from rules.book.rulebook import Rulebook, Workflow
from rules.bouncing import TOO_MANY
from rules.fields.reading import show
from rules.items import Item, Trouble
from rules.messages import Line, Link, Part, Quote, Strong, When, Who
from rules.timing import in_words
from rules.wording.bouncing import too_many
from rules.wording.expecting import SILENCE, silence

NOT_KNOWN = "not known yet"
#: Values up to so many characters share a line.
SHORT = 60


def title(item: Item, workflow: Workflow) -> str:
    """What an item is called: its workflow and what names it first (`Refund for ORD-48213`), else its title."""
    if name := _named_by(item, workflow):
        return f"{workflow.name.replace('_', ' ').capitalize()} for {item.fields[name]}"
    return item.title or workflow.name


def subject_of(item: Item, workflow: Workflow) -> str:
    """What a mail's subject calls it, the money first (`refund 450 USD, ORD-48213`), else its title."""
    amounts = [
        value(name, item, workflow) for name, f in workflow.fields.items() if f.type == "money" and name in item.fields
    ]
    named = _named_by(item, workflow)
    values = [*amounts[:1], *([item.fields[named]] if named else [])]
    return f"{workflow.name.replace('_', ' ')} {', '.join(values)}" if values else title(item, workflow)


def _named_by(item: Item, workflow: Workflow) -> str | None:
    """The field whose value stands in the title, and need not be said once more beside it."""
    patterns = (name for name, field in workflow.fields.items() if field.type == "pattern")
    return next((name for name in patterns if name in item.fields), None)


def heading(item: Item, workflow: Workflow) -> Line:
    """`REF-12 · Refund for ORD-48213`."""
    return (Strong(item.key), " · ", title(item, workflow))


def keys_line(keys: Iterable[str], links: Mapping[str, str]) -> Line:
    """Keys of other items, each leading there where it has an address."""
    parts: list[Part] = []
    for key in keys:
        parts += [", " if parts else "", Link(links[key], key) if key in links else key]
    return tuple(part for part in parts if part)


def value(name: str, item: Item, workflow: Workflow) -> str:
    """A field's value as people read it, or that it is not known yet."""
    field, known = workflow.fields.get(name), item.fields.get(name)
    if known is None:
        seen = item.conflicts.get(name, ())
        return f"unclear ({' or '.join(show_value(name, each, workflow) for each in seen)})" if seen else NOT_KNOWN
    return show(field, known) if field else known


def facts(item: Item, workflow: Workflow, *, words: bool = True) -> Line:
    """`amount 450 USD · region NA · from @rita`: what is known beside the title, and who asked.

    `words` False: without what is said in somebody's own words, which may not be the reader's to see.
    """
    parts: list[Part] = []
    in_title = _named_by(item, workflow)
    for name in workflow.fields:
        if name in item.fields and name != in_title and (words or workflow.fields[name].type != "text"):
            parts += [f"{name} ", value(name, item, workflow), " · "]
    for name in item.conflicts:
        parts += [f"{name} {value(name, item, workflow)} · "]
    return (*parts, "from ", Who(item.requester))


def with_files(item: Item) -> Line:
    """`· 2 files came with it`, or nothing."""
    return (f" · {item.files} file{'s' if item.files > 1 else ''} came with it",) if item.files else ()


def has_it(item: Item, workflow: Workflow, *, mention: bool = False) -> Line:
    """`Dana has it · triage · due 14:00`."""
    until_when = stage_and_time(item)
    between = " · " if until_when else ""
    return tuple(
        filter(None, (Who(item.owner, mention=mention), " has ", "it" if mention else item.key, between, *until_when))
    )


def stage_and_time(item: Item) -> Line:
    """`triage · due 14:00`."""
    line: list[Part] = [item.stage] if item.stage else []
    if item.due_at is not None and item.closed_at is None:
        line += [" · " if line else ""]
        line += ["due ", When(item.due_at)] if item.clock_stopped_at is None else ["the clock waits"]
    return tuple(part for part in line if part)


def until(due_at: datetime, now: datetime) -> Line:
    """`11:30 (in 2 h)` or how long it is over."""
    seconds = (due_at - now).total_seconds()
    if abs(seconds) < 60:
        return (When(due_at), " (now)")
    distance = f" (in {in_words(seconds)})" if seconds >= 0 else f" ({in_words(-seconds)} ago)"
    return (When(due_at), distance)


def reach(book: Rulebook, people: Iterable[str], *, mention: bool = True, between: str = ", ") -> Line:
    """Names by which people are reached: the first as a mention, with the address of whoever has no Slack.

    `between` stands between two, and before the last of several.
    """
    line: list[Part] = []
    names = tuple(people)
    for number, key in enumerate(names):
        known = book.people.get(key)
        line += [
            "" if not number else between if number == len(names) - 1 else ", ",
            Who(key, mention=mention and number == 0),
        ]
        if known is not None and not known.slack:
            line.append(f" ({known.email})")
    return tuple(part for part in line if part)


def shares(owners: Iterable[str]) -> Line:
    """`Lee 2, Maria 1`; one alone has them all."""
    counts = Counter(owners).most_common()
    if len(counts) == 1:
        return (Who(counts[0][0]),)
    return tuple(
        part for n, (who, count) in enumerate(counts) for part in (", " if n else "", Who(who), f" {count}") if part
    )


def deciders_line(trouble: Trouble, book: Rulebook) -> Line:
    """Who may decide an exception, by name."""
    people = reach(book, trouble.may_decide, between=" or ")
    return (*people, f" can decide {trouble.code}, until ", When(trouble.due_at), ".")


def decided_line(item: Item, trouble: Trouble, book: Rulebook) -> Line:
    """`Lee approved REF-12 today at 10:42 (DOUBLE_CHARGE): "..."`."""
    decision = trouble.decision
    assert decision is not None, "only a decided exception has such a line"
    verb = "approved" if decision.verdict == "approve" else "rejected"
    what = "an answer on " if trouble.gate == "outgoing" else ""
    return (
        Who(decision.by),
        f" {verb} {what}{item.key} ",
        When(decision.at),
        f" ({decision.reason_code}): ",
        Quote(decision.rationale),
        *((" (thin)",) if decision.thin else ()),
    )


def why_it_is_here(item: Item, trouble: Trouble, workflow: Workflow) -> Line:
    """The rule that was met and the values that met it, or who raised it and what they said."""
    rule = workflow.rule(trouble.code)
    if trouble.gate == "approval" and rule is not None:
        return (f"{trouble.code}: {rule.means} It is asked of {trouble.because}, rulebook {item.rulebook[:4]}",)
    if trouble.gate == "outgoing" and workflow.outgoing is not None:
        return (f"{trouble.code}: {workflow.outgoing.when.source}, written by ", Who(trouble.raised_by))
    if rule is not None and rule.when is not None and trouble.because == rule.when.source:
        met = ", ".join(f"{name} {show_value(name, known, workflow)}" for name, known in trouble.values.items())
        return (f"{trouble.code}: {rule.when.source}", f" ({met})" if met else "", f", rulebook {item.rulebook[:4]}")
    if trouble.because == "stale":
        return (f"{trouble.code}: nothing has happened since ", When(item.touched_at or item.opened_at))
    if trouble.because == TOO_MANY:
        return (f"{trouble.code}: ", *too_many(item, trouble, workflow))
    if trouble.because == SILENCE:
        return (f"{trouble.code}: ", *silence(item))
    if trouble.raised_by and trouble.raised_by != "docket":
        return (f"{trouble.code}, raised by ", Who(trouble.raised_by), ": ", Quote(trouble.because))
    return (f"{trouble.code}: {trouble.because}",)


def show_value(name: str, known: str, workflow: Workflow) -> str:
    """A canonical value of a field that the item may no longer have."""
    field = workflow.fields.get(name)
    return show(field, known) if field else known


def shown_names(workflow: Workflow, code: str) -> tuple[str, ...]:
    """The fields that a decision on `code` is made against: those under `show`, else every field."""
    rule = workflow.rule(code)
    return (rule.show if rule and rule.show else tuple(workflow.fields)) if rule else ()


def shown_lines(item: Item, workflow: Workflow, code: str) -> list[Line]:
    """Everything that a decision is made against, below the title: short values on one line, long ones on their own."""
    if (held := _held_words(item, workflow, code)) is not None:
        return [("To ", Who(item.requester), ": ", Quote(held))]
    named = [
        (name, value(name, item, workflow)) for name in shown_names(workflow, code) if name != _named_by(item, workflow)
    ]
    short: list[Part] = []
    for name, known in named:
        if len(known) <= SHORT:
            said = known if known == NOT_KNOWN else Strong(known)
            short += [" · " if short else "", f"{name} ", said]
    long: list[Line] = [(f"{name}  ", known) for name, known in named if len(known) > SHORT]
    return [*([tuple(short)] if short else []), *long]


def shown_values(item: Item, workflow: Workflow, code: str) -> dict[str, str]:
    """The known values that a decision card shows, canonical: what is kept with the decision as seen."""
    if (held := _held_words(item, workflow, code)) is not None:
        return {"answer": held}
    return {name: item.fields[name] for name in shown_names(workflow, code) if name in item.fields}


def _held_words(item: Item, workflow: Workflow, code: str) -> str | None:
    """The answer that waits for a yes, whole; None for any other decision."""
    rule, last = workflow.rule(code), item.last_trouble(code)
    return last.because if rule is not None and rule.gate == "outgoing" and last is not None else None
