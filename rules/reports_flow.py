"""Reports of how work flows: where it stays, whether as much goes as comes, what was right at once, what goes back."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from rules.figures import Dwell, Passage, quantile
from rules.figures_cases import Ending
from rules.report_facts import Facts, Period
from rules.report_table import Cell, Report

HOUR: Final = 3600.0
#: Of the longest stays so many are named.
LONGEST: Final = 3


def time_in_stage(facts: Facts) -> Report:
    """How long does work stay in each stage, and which stage is the bottleneck?"""
    ended, here = _by_stage(told(facts.period).dwells), _by_stage(facts.standing)
    rows: list[tuple[Cell, ...]] = []
    spent: dict[tuple[str, str], float] = {}
    for workflow, stage in sorted({*ended, *here}):
        left, still = ended.get((workflow, stage), []), here.get((workflow, stage), [])
        hours = sorted(stay.seconds / HOUR for stay in left)
        spent[workflow, stage] = sum(hours) + sum(stay.seconds / HOUR for stay in still)
        longest = sorted((*left, *still), key=lambda stay: (-stay.seconds, stay.item))[:LONGEST]
        rows.append(
            (
                workflow, stage, len(left),
                quantile(hours, 0.5) if hours else None, quantile(hours, 0.9) if hours else None,
                longest[0].seconds / HOUR, tuple(stay.item for stay in longest),
                len(still), spent[workflow, stage],
            )
        )  # fmt: skip
    rows.sort(key=lambda row: (-float(str(row[-1])), str(row[0]), str(row[1])))
    return Report(
        name="time-in-stage",
        asks="How long does work stay in each stage: half of it, nine of ten, and the longest?",
        columns=(
            ("workflow", "words"), ("stage", "words"), ("stays", "number"), ("p50", "hours"), ("p90", "hours"),
            ("longest", "hours"), ("items", "keys"), ("here_now", "number"), ("together", "hours"),
        ),
        rows=rows,
        empty="Nothing left a stage, and nothing stands in one.",
        tells=_bottleneck(spent),
    )  # fmt: skip


def _bottleneck(spent: Mapping[tuple[str, str], float]) -> str:
    """The stage in which the most time was spent altogether, with its share."""
    whole = sum(spent.values())
    if len(spent) < 2 or not whole:
        return ""
    (workflow, stage), most = max(spent.items(), key=lambda pair: pair[1])
    share = most / whole
    spent_there = f"{most:,.0f} of all {whole:,.0f} hours were spent there ({share:.0%})"
    return f"The bottleneck is {stage} of {workflow}: {spent_there}."


def throughput(facts: Facts) -> Report:
    """Does as much go as comes, and is the backlog growing?"""
    period = told(facts.period)
    open_now = Counter(stay.workflow for stay in facts.standing)
    weeks = _weeks(period.passages, facts.book.timezone)
    rows: list[tuple[Cell, ...]] = []
    grown = []
    for workflow in sorted({name for _, name in weeks} | set(open_now)):
        backlog = open_now[workflow]
        for monday in sorted({monday for monday, _ in weeks}, reverse=True):
            own = weeks.get((monday, workflow), [])
            came = [p.item for p in own if p.kind != "closed"]
            went = [p.item for p in own if p.kind == "closed"]
            if own:
                rows.append(
                    (monday.isoformat(), workflow, len(came), len(went), len(came) - len(went), backlog,
                     tuple(came), tuple(went))
                )  # fmt: skip
            backlog -= len(came) - len(went)
        if (more := open_now[workflow] - backlog) != 0:
            grown.append((more, f"{workflow} from {backlog} to {open_now[workflow]}"))
    rows.sort(key=lambda row: (str(row[0]), str(row[1])), reverse=True)
    grown.sort(key=lambda pair: -pair[0])
    return Report(
        name="throughput",
        asks="How much was opened (or opened again) and closed, week by week, and how much was open at the week's end?",
        columns=(
            ("week", "words"), ("workflow", "words"), ("opened", "number"), ("closed", "number"), ("net", "change"),
            ("open", "number"), ("opened_items", "keys"), ("closed_items", "keys"),
        ),
        rows=rows,
        empty="Nothing was opened or closed.",
        tells=f"The backlog went: {', '.join(words for _, words in grown)}." if grown else "",
    )  # fmt: skip


def _weeks(passages: Iterable[Passage], zone: str) -> dict[tuple[date, str], list[Passage]]:
    """By the Monday of the local week and workflow."""
    found: dict[tuple[date, str], list[Passage]] = defaultdict(list)
    for each in passages:
        day = each.at.astimezone(ZoneInfo(zone)).date()
        found[day - timedelta(days=day.weekday()), each.workflow].append(each)
    return found


def first_time_fix(facts: Facts) -> Report:
    """What is closed without ever coming back, being reopened or meeting the same exception twice?"""
    now, then = _by_flow(told(facts.period).endings), _by_flow(told(facts.before).endings)
    rows: list[tuple[Cell, ...]] = []
    for workflow, endings in sorted(now.items()):
        rest = [each for each in endings if not each.first_time]
        share, before = fixed(endings), fixed(then[workflow]) if workflow in then else None
        rows.append(
            (
                workflow, len(endings), len(endings) - len(rest), share, before,
                share - before if before is not None else None,
                sum(each.returned > 0 for each in rest), sum(each.reopened > 0 for each in rest),
                sum(bool(each.repeated) for each in rest), tuple(each.item for each in rest),
            )
        )  # fmt: skip
    return Report(
        name="first-time-fix",
        asks="Of what was closed as done, how much was never sent back, reopened or stopped twice by one code?",
        columns=(
            ("workflow", "words"), ("done", "number"), ("at_once", "number"), ("share", "share"),
            ("before", "share"), ("drift", "points"), ("sent_back", "number"), ("reopened", "number"),
            ("stopped_again", "number"), ("items", "keys"),
        ),
        rows=rows,
        empty="Nothing was closed as done.",
    )  # fmt: skip


def fixed(endings: Iterable[Ending]) -> float:
    """The share of these (not none) that was right at once."""
    judged = [each.first_time for each in endings]
    return sum(judged) / len(judged)


def loops(facts: Facts) -> Report:
    """Where does work loop back: sent back, reopened, an approval sent back, a code raised again?"""
    found: dict[tuple[str, str, str, str], list[str]] = defaultdict(list)
    for loop in told(facts.period).loops:
        found[loop.workflow, loop.kind, loop.left, loop.to].append(loop.item)
    rows = [
        (*where, len(keys), len(set(keys)), tuple(dict.fromkeys(keys)))
        for where, keys in sorted(found.items(), key=lambda pair: (-len(pair[1]), pair[0]))
    ]
    return Report(
        name="loops",
        asks="Where does work go back, how often, and on which items?",
        columns=(
            ("workflow", "words"), ("what", "words"), ("from", "words"), ("to", "words"), ("times", "number"),
            ("items_count", "number"), ("items", "keys"),
        ),
        rows=rows,
        empty="Nothing went back.",
    )  # fmt: skip


def told(period: Period | None) -> Period:
    """A time that a report is asked about."""
    assert period is not None, "it was read for this report"
    return period


def _by_stage(dwells: Iterable[Dwell]) -> dict[tuple[str, str], list[Dwell]]:
    found: dict[tuple[str, str], list[Dwell]] = defaultdict(list)
    for stay in dwells:
        found[stay.workflow, stay.stage].append(stay)
    return found


def _by_flow(endings: Iterable[Ending]) -> dict[str, list[Ending]]:
    found: dict[str, list[Ending]] = defaultdict(list)
    for each in endings:
        found[each.workflow].append(each)
    return found
