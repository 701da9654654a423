"""Reports that weigh: codes against the time before, what delay costs, a rulebook's change, what a pilot saves."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Final

from rules.board import cost_an_hour
from rules.book.rulebook import Rulebook, Workflow
from rules.figures import Dwell, Ordeal, quantile
from rules.report_facts import Facts, Period
from rules.report_table import Cell, Report
from rules.reports_flow import HOUR, fixed, told
from rules.timing import work_calendar

#: The items that a cost comes from, the costliest first.
COSTLIEST: Final = 10


def exceptions_by_code(facts: Facts) -> Report:
    """How often was each code raised, against the time before?"""
    now, then = _by_code(told(facts.period).raised, facts.book), _by_code(told(facts.before).raised, facts.book)
    rows: list[tuple[Cell, ...]] = []
    for workflow, code in {*now, *then}:
        keys, before = now.get((workflow, code), []), then.get((workflow, code), [])
        rows.append((workflow, code, len(keys), len(before), len(keys) - len(before), tuple(dict.fromkeys(keys))))
    rows.sort(key=lambda row: (-int(str(row[2])), str(row[0]), str(row[1])))
    return Report(
        name="exceptions-by-code",
        asks="How often was each exception raised, and how often in the equal time before?",
        columns=(
            ("workflow", "words"), ("code", "words"), ("raised", "number"), ("before", "number"), ("drift", "change"),
            ("items", "keys"),
        ),
        rows=rows,
        empty="No exception was raised, now or before.",
    )  # fmt: skip


def _by_code(raised: Iterable[Ordeal], book: Rulebook) -> dict[tuple[str, str], list[str]]:
    """What is asked of all such work (a gate) is no exception."""
    found: dict[tuple[str, str], list[str]] = defaultdict(list)
    for each in raised:
        flow = book.workflows.get(each.workflow)
        if flow is None or each.code not in flow.gates:
            found[each.workflow, each.code].append(each.item)
    return found


def cost_of_delay(facts: Facts) -> Report:
    """What did delay cost, workflow by workflow?"""
    period = told(facts.period)
    late: dict[str, list[Dwell]] = defaultdict(list)
    for stay in (*period.dwells, *facts.standing):
        late[stay.workflow] += [stay] if stay.late else []
    rows: list[tuple[Cell, ...]] = []
    for flow in facts.book.workflows.values():
        if flow.built_in or not facts.public(flow.name):
            continue
        hours: dict[str, float] = defaultdict(float)
        for stay in late[flow.name]:
            hours[stay.item] += late_hours(stay, flow, facts.book, period.since, period.until)
        hours = {key: each for key, each in hours.items() if each > 0}
        worst = tuple(sorted(hours, key=lambda key: (-hours[key], key))[:COSTLIEST])
        rate, currency, cost = "none given", "", None
        if flow.cost_of_delay is not None:
            amount, currency, unit = flow.cost_of_delay
            rate = f"{amount} {currency} per {unit}"
            cost = float(round(Decimal(sum(hours.values())) * cost_an_hour(flow, currency), 2))
        rows.append((flow.name, cost, currency, rate, len(hours), sum(hours.values()), worst))
    own = facts.book.currency
    rows.sort(
        key=lambda row: (row[1] is None, row[2] != own, str(row[2]), -float(str(row[1] or 0)), -float(str(row[5])))
    )
    return Report(
        name="cost-of-delay",
        asks="What did it cost that work was beyond its deadlines, by what the rulebook says an hour costs?",
        columns=(
            ("workflow", "words"), ("cost", "number"), ("currency", "words"), ("rate", "words"),
            ("late_items", "number"), ("late", "hours"), ("costliest", "keys"),
        ),
        rows=rows,
        empty="The rulebook has no workflow that may be told of.",
        tells=_costliest(rows),
    )  # fmt: skip


def late_hours(stay: Dwell, flow: Workflow, book: Rulebook, since: datetime, until: datetime) -> float:
    """The hours of a time for which a stay was beyond its deadline, as the clock counts that its cost is given in.

    Without a cost, and for one by business time, those in which the workflow's calendar is open.
    """
    business = flow.cost_of_delay is None or flow.cost_of_delay[2].startswith("business")
    calendar, seconds = work_calendar(book, flow), 0.0
    for first, last in stay.late:
        first, last = max(first, since), min(last, until)
        if first < last:
            seconds += calendar.open_seconds(first, last) if business else (last - first).total_seconds()
    return seconds / HOUR


def _costliest(rows: Sequence[tuple[Cell, ...]]) -> str:
    known = [row for row in rows if row[1]]
    without = [str(row[0]) for row in rows if row[1] is None]
    says = [f"Delay costs most in {known[0][0]}: {known[0][1]:,.2f} {known[0][2]}."] if known else []
    if without:
        says.append(f"The rulebook gives no cost of delay for {', '.join(without)}.")
    return " ".join(says)


def pilot(facts: Facts) -> Report:
    """How many messages, questions and rounds of approval does a week take, against the time before?"""
    now, then = told(facts.period), told(facts.before)
    what = (
        ("attached", "further messages on items"),
        ("asked", "questions that Docket asked"),
        ("reminded", "reminders"),
        ("decided", "decisions"),
        ("changes_asked", "approvals sent back for changes"),
    )
    rows: list[tuple[Cell, ...]] = []
    for workflow in sorted({name for name, _ in (*now.said, *then.said)}):
        for kind, words in what:
            many, before = now.said.get((workflow, kind), 0), then.said.get((workflow, kind), 0)
            if many or before:
                a_week, was = 7 * many / now.days, 7 * before / then.days
                rows.append((workflow, words, many, before, a_week, was, a_week - was))
    return Report(
        name="pilot",
        asks="How many messages, questions and rounds of approval did a week take, now and in the equal time before?",
        columns=(
            ("workflow", "words"), ("what", "words"), ("counted", "number"), ("before", "number"),
            ("a_week", "number"), ("a_week_before", "number"), ("change", "change"),
        ),
        rows=rows,
        empty="Nothing was said or decided.",
        tells="What was said before Docket was there, or elsewhere, is not counted: only its own record is.",
    )  # fmt: skip


def change(facts: Facts) -> Report:
    """What is different since the rulebook changed?"""
    columns: tuple[tuple[str, Callable[[Period, str], float | None]], ...] = (
        ("opened a week", lambda p, w: _a_week(p, w, "opened")),
        ("closed a week", lambda p, w: _a_week(p, w, "closed")),
        ("exceptions for each item opened", _exceptions_each),
        ("hours in a stage, half of all", lambda p, w: _hours(p, w, 0.5)),
        ("hours in a stage, nine of ten", lambda p, w: _hours(p, w, 0.9)),
        ("deadlines kept", _kept),
        ("right at once", _share),
    )
    rows: list[tuple[Cell, ...]] = []
    if facts.before is not None and facts.period is not None:
        for workflow in sorted({each.workflow for p in (facts.before, facts.period) for each in p.passages}):
            differs = "yes" if workflow in facts.changed else ""
            for name, figure in columns:
                then, now = figure(facts.before, workflow), figure(facts.period, workflow)
                gone = now - then if now is not None and then is not None else None
                if now is not None or then is not None:
                    rows.append((workflow, differs, name, then, now, gone))
    return Report(
        name="change",
        asks="What is different since the rulebook changed, against the equal time before?",
        columns=(
            ("workflow", "words"), ("reads_differently", "words"), ("figure", "words"), ("before", "number"),
            ("after", "number"), ("change", "change"),
        ),
        rows=rows,
        empty="No other rulebook came into force in this time.",
        tells=_changed(facts),
    )  # fmt: skip


def _changed(facts: Facts) -> str:
    if not facts.version or facts.period is None:
        return ""
    names = ", ".join(facts.changed) or "no workflow"
    days = f"{facts.period.days:.1f}"
    return (
        f"Rulebook {facts.version[:4]} is compared: {names} reads differently in it. {days} days on each side; what "
        "began before it keeps the rules that it began with."
    )


def _a_week(period: Period, workflow: str, kind: str) -> float | None:
    return 7 * sum(e.kind == kind and e.workflow == workflow for e in period.passages) / period.days


def _exceptions_each(period: Period, workflow: str) -> float | None:
    opened = sum(e.kind == "opened" and e.workflow == workflow for e in period.passages)
    return sum(e.workflow == workflow for e in period.raised) / opened if opened else None


def _hours(period: Period, workflow: str, share: float) -> float | None:
    hours = sorted(stay.seconds / HOUR for stay in period.dwells if stay.workflow == workflow)
    return quantile(hours, share) if hours else None


def _kept(period: Period, workflow: str) -> float | None:
    kept = [stay.kept for stay in period.dwells if stay.workflow == workflow]
    return sum(kept) / len(kept) if kept else None


def _share(period: Period, workflow: str) -> float | None:
    own = [each for each in period.endings if each.workflow == workflow]
    return fixed(own) if own else None
