"""The trace of an item in words: its way through the stages, where the time went, what the rules did and why."""

from __future__ import annotations

from typing import Final

from rules.book.rulebook import Workflow
from rules.items import Item
from rules.messages import Line, Part, Row, Section, Strong, When, Who
from rules.timing import in_words
from rules.tracing import Deed, Trace, Wait
from rules.wording.passing import way_sections

#: Of waits and deeds so many are shown; `show --json` has all.
WAITS: Final = 8
DEEDS: Final = 8
_FOR: Final = {
    "work": "to work on it",
    "acceptance": "to accept it",
    "answer": "to answer",
    "changes": "to make changes",
}


def trace_sections(item: Item, workflow: Workflow, trace: Trace) -> tuple[Section, ...]:
    """Of an item that is shown whole: its way, its changes of hands, its waits, the doings of the rules."""
    way, *hands = way_sections(item, workflow)
    whole = sum(wait.seconds for wait in trace.waits)
    before = len(trace.deeds) - DEEDS
    did = Section(
        heading="What the rules did",
        rows=tuple(_did(deed) for deed in trace.deeds[-DEEDS:]),
        rest=f"and {before} before: `docketbot show {item.key} --json`" if before > 0 else "",
    )
    waits = tuple(_waited(wait, whole) for wait in trace.longest)
    more = f"and {len(waits) - WAITS} shorter ones: `docketbot show {item.key} --json`" if len(waits) > WAITS else ""
    return (
        Section(heading=way.heading, rows=_stages(item, workflow, trace)),
        *hands,
        Section(heading=f"Where {in_words(whole)} went", rows=waits[:WAITS], rest=more),
        *((did,) if trace.deeds else ()),
    )


def _stages(item: Item, workflow: Workflow, trace: Trace) -> tuple[Row, ...]:
    """Each stay, and after these the stages that it has not seen."""
    done_by = {stage.name: stage.done_by for stage in workflow.stages}
    rows = []
    for stay in trace.stays:
        late = sum((last - first).total_seconds() for first, last in stay.late)
        name: Part = Strong(stay.stage) if not stay.ended else stay.stage
        ends: Line = (" to ", When(stay.left_at)) if stay.ended else (", still there",)
        beyond = f" · {in_words(late)} beyond its deadline" if late else ""
        rows.append(
            Row(
                line=(
                    name, f"  {done_by.get(stay.stage, '')} · ", Who(stay.owner), " · ", When(stay.entered_at), *ends,
                    f" · {in_words(stay.seconds)}", beyond,
                )
            )
        )  # fmt: skip
    seen = {stay.stage for stay in trace.stays}
    ahead = [stage for stage in workflow.stages if stage.name not in seen]
    rows += [Row(line=(stage.name, f"  {stage.done_by} · not yet")) for stage in ahead if item.closed_at is None]
    return tuple(rows)


def _waited(wait: Wait, whole: float) -> Row:
    share = f" ({wait.seconds / whole:.0%})" if wait.seconds * 100 >= whole else ""
    if wait.what == "paused":
        whom: Line = ("for nobody: it was paused",)
    elif wait.what == "decision":
        whom = ("for ", Who(wait.whose), f" to decide {wait.code}")
    else:
        whom = ("for ", Who(wait.whose), f" {_FOR[wait.what]}")
    where = f" in {wait.stage}" if wait.stage else ""
    return Row(
        line=(
            Strong(f"{in_words(wait.seconds)}{share}"),
            "  ",
            *whom,
            where,
            " · from ",
            When(wait.since),
            " to ",
            When(wait.until),
        )
    )


def _did(deed: Deed) -> Row:
    why: Line = (f": {deed.why}",) if deed.why else ()
    match deed.kind:
        case "owned" | "reassigned":
            line: Line = ("gave it to ", Who(deed.about), *why)
        case "asked":
            line = (f"asked for {deed.about or 'what is missing'}",)
        case "raised":
            line = (f"raised {deed.about}", *why)
        case "late":
            line = ("said that it is overdue to ", *_people(deed.about))
        case "escalated":
            up: Line = (" up to ", Who(deed.why)) if deed.why else (" to its last step",)
            line = (f"took {deed.about}", *up)
        case "voided":
            line = (f"took {deed.about} back", *why)
        case "linked":
            line = (f"opened {deed.about}" if deed.why != "from" else f"began it because of {deed.about}",)
        case "stood_still":
            line = ("moved its due times by the time of a pause",)
        case _:
            line = ("stopped asking for what is missing",)
    return Row(line=(When(deed.at), "  ", *line))


def _people(keys: str) -> Line:
    parts: list[Part] = []
    for key in keys.split(", "):
        parts += [" and " if parts else "", Who(key)]
    return tuple(part for part in parts if part)
