"""Exceptions of a workflow: what each code means, when it fires, who decides until when."""

from __future__ import annotations

from rules.book.loading.owners import Names, not_twice, read_codes_of, read_show
from rules.book.loading.people import CODE
from rules.book.loading.sentences import needed_sentence
from rules.book.loading.shape import Part
from rules.book.loading.source import Node
from rules.book.rulebook import ExceptionRule, OnReject, Repeats

_KEYS = (
    "means", "when", "owner", "backup", "respond_within", "calendar", "show", "approve", "reject", "remediation",
    "repeats", "both", "on_reject",
)  # fmt: skip
_ON_REJECT: tuple[OnReject, ...] = ("close", "stay")


def read_exceptions(workflow: Part, names: Names, staying: frozenset[str]) -> dict[str, ExceptionRule]:
    """The exceptions by code; to reject one of `staying` leaves the item in its stage unless it says otherwise."""
    if not names.codes:
        workflow.missing("exceptions", "Every flow can break: name at least one exception.")
    found = {}
    silent: str | None = None
    for name, part in workflow.named("exceptions", "exception"):
        rule = _exception(name, part, names, staying)
        if rule.repeats and workflow.flag("private"):
            meant = "Leave it out: what is private stays with its own people."
            part.hole(f"`repeats` of {part.name} would tell of private work", meant, "repeats")
        if rule.stale and silent:
            part.hole(f"silence raises `{silent}` already", "One code for one thing.", "when")
        silent = silent or (rule.code if rule.stale else None)
        found[rule.code] = rule
    return found


def _exception(name: Node, part: Part, names: Names, staying: frozenset[str]) -> ExceptionRule:
    part.allow(*_KEYS)
    code = name.text
    if not CODE.fullmatch(code):
        part.hole(f"the code `{code}` must be like OVER_LIMIT", "Use capitals, digits and _.")
    owner, backup = part.person("owner"), part.person("backup")
    not_twice(part, owner, backup)
    when = part.value("when")
    stale = when is not None and when.kind == "scalar" and when.text == "stale"
    default: OnReject = "stay" if stale or code in staying else "close"
    approve, reject = read_codes_of(part)
    return ExceptionRule(
        code=code,
        means=needed_sentence(part, "means", "Explain it in one short sentence."),
        owner=owner,
        backup=backup,
        respond_within=part.time("respond_within"),
        when=None if stale else part.condition("when", names.fields),
        stale=stale,
        calendar=part.calendar(),
        show=read_show(part, names),
        approve=approve,
        reject=reject,
        remediation=part.person("remediation", needed=False) or None,
        repeats=_repeats(part),
        both=_both(part),
        on_reject=part.one_of("on_reject", _ON_REJECT, default),
    )


def _repeats(outer: Part) -> Repeats | None:
    part = outer.part("repeats")
    if part is None:
        return None
    part.allow("above", "within")
    if "remediation" not in outer:
        outer.hole("`repeats` counts for somebody who mends the cause", "Name that person as `remediation`.", "repeats")
    return Repeats(above=part.number("above"), within=part.time("within"))


def _both(part: Part) -> tuple[str, ...]:
    goals = part.texts("both")
    if "both" in part and len(goals) != 2:
        part.hole("a trade-off states two goals", "Write both in [ ].", "both")
    return goals
