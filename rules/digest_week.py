"""What a digest of a week or more tells besides: how it went against the time before, what repeats, what that may mean.

Nobody is named beside what repeats but whoever mends its cause: it says something of the process.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from datetime import timedelta
from statistics import median
from typing import Final

from rules.book.rulebook import Rulebook, Workflow
from rules.digest_listing import ROWS
from rules.figures import Dwell, quantile
from rules.messages import Line, Part, Quote, Row, Section, Strong, When, Who
from rules.signal_facts import Ended, Traces
from rules.signals import again_of, signals
from rules.timing import in_words
from rules.week_facts import Change, Stretch, Week, both

#: A code that was raised so often repeats; a gate that let so many pass and none back may not be needed.
REPEATS, NEVER = 3, 5
#: So many stays make a stage's half and tenth worth telling.
STAYS: Final = 3
KEYS, CODES = 5, 6


def week_sections(week: Week, book: Rulebook) -> tuple[Section, ...]:
    """The lists of the week, those without rows among them."""
    return (
        _section(_heading(week.traces), _trend(week), "/docket report time-in-stage"),
        _section("Repeats", [*_repeats(week, book), *_gates(week, book)], "/docket report repeated-codes"),
        _section("Signals", _signals(week, book), "/docket report signals"),
        _section(
            "Rulebook", [line for change in week.changes for line in _changed(change, week)], "docketbot ledger export"
        ),
    )


def _section(heading: str, lines: Sequence[Line], where: str) -> Section:
    more = len(lines) - ROWS
    rest = f"and {more} more: {where}" if more > 0 else ""
    return Section(heading=heading, rows=tuple(Row(line=line) for line in lines[:ROWS]), rest=rest)


def _heading(traces: Traces) -> str:
    days = round((traces.until - traces.since) / timedelta(days=1))
    return "The week against the one before" if days == 7 else f"The last {days} days against the {days} before"


def _trend(week: Week) -> list[Line]:
    then, now = both(week)
    came = [(kind, now.passages(kind), then.passages(kind)) for kind in ("opened", "closed", "reopened")]
    back_now, back_then = now.back(), then.back()
    if not any(n or before for _, n, before in came) and not back_now and not now.raised():
        return []
    words = {"opened": "Opened ", "closed": "closed ", "reopened": "opened again "}
    flow = [f"{words[kind]}{n} ({before}{' before' if not k else ''})" for k, (kind, n, before) in enumerate(came)]
    lines: list[Line] = [(", ".join(flow),)]
    if kept := _kept(now.dwells()):
        lines.append((f"Deadlines kept: {kept}", f" ({before})" if (before := _kept(then.dwells())) else ""))
    if back_now or back_then:
        lines.append((f"Sent back {_times(len(back_now))} ({len(back_then)})", *_named(back_now)))
    if raised := now.raised():
        lines.append(_codes(raised, then.raised()))
    lines += _slowest(now, then)
    for workflow in sorted({each.workflow for each in week.traces.ended}):
        lines += _cycle(week, workflow, now, then)
    return lines


def _codes(raised: Counter[tuple[str, str]], before: Counter[tuple[str, str]]) -> Line:
    most = sorted(raised.items(), key=lambda pair: (-pair[1], pair[0]))
    codes = [f"{code} in {workflow} {n} ({before[workflow, code]})" for (workflow, code), n in most[:CODES]]
    more = f", {len(most) - CODES} more codes" if len(most) > CODES else ""
    return (f"Exceptions raised: {', '.join(codes)}{more}",)


def _kept(dwells: Sequence[Dwell]) -> str:
    if not dwells:
        return ""
    count = "1 stage" if len(dwells) == 1 else f"{len(dwells)} stages"
    return f"{sum(each.kept for each in dwells) / len(dwells):.0%} of {count}"


def _slowest(now: Stretch, then: Stretch) -> list[Line]:
    """The stage in which half of the stays are longest, where there are enough to say so."""
    stages: defaultdict[tuple[str, str], list[Dwell]] = defaultdict(list)
    for each in now.dwells():
        stages[each.workflow, each.stage].append(each)
    known = {stage: stays for stage, stays in stages.items() if len(stays) >= STAYS}
    if not known:
        return []

    def half(stays: Iterable[Dwell]) -> float:
        return quantile(sorted(each.seconds for each in stays), 0.5)

    (workflow, stage), stays = max(known.items(), key=lambda pair: (half(pair[1]), pair[0]))
    before = [each for each in then.dwells(workflow) if each.stage == stage]
    tenth = quantile(sorted(each.seconds for each in stays), 0.9)
    longest = sorted(stays, key=lambda each: each.seconds, reverse=True)
    was = f" (before {in_words(half(before))})" if before else ""
    says = f"Slowest stage: {stage} of {workflow}, half of {len(stays)} stays up to {in_words(half(stays))}{was}"
    return [
        (f"{says}, nine in ten up to {in_words(tenth)}; longest", *_named([each.item for each in longest], "")),
    ]


def _cycle(week: Week, workflow: str, now: Stretch, then: Stretch) -> list[Line]:
    """How fast a workflow closes, and beside it what was sent back or came back: one without the other misleads."""
    ended, before = now.ended(workflow), then.ended(workflow)
    again = again_of(week.traces, workflow, now.since, now.until)
    if not ended and not again:
        return []
    fast = f", half within {_half(ended)}" if ended else ""
    was = f" ({len(before)}{f', {_half(before)}' if before else ''})"
    over = f", {len(again)} sent back or opened again" if again else ", none sent back or opened again"
    return [(Strong(workflow), f"  {len(ended)} closed{fast}{was}{over}", *_named(again))]


def _half(ended: Sequence[Ended]) -> str:
    return in_words(median(each.seconds for each in ended)) if ended else ""


def _repeats(week: Week, book: Rulebook) -> list[Line]:
    """Codes that keep being raised: how often, above which limit, in which items, and who mends the cause."""
    then, now = both(week)
    before, lines = then.raised(), []
    for (name, code), count in sorted(now.raised().items(), key=lambda pair: (-pair[1], pair[0])):
        flow = book.workflows.get(name)
        rule = flow.rule(code) if flow else None
        if count < REPEATS or rule is None or rule.gate:
            continue
        limit = f", {rule.repeats.above} within {rule.repeats.within} are expected at most" if rule.repeats else ""
        mends: Line = (" · ", Who(rule.remediation), " mends the cause") if rule.remediation else ()
        keys = [e.item for e in week.traces.raised if (e.workflow, e.code) == (name, code) and now.has(e.opened_at)]
        line: Line = (Strong(code), f"  in {name} {count} times ({before[name, code]} before){limit}", *mends)
        lines.append((*line, *_named(keys)))
    return lines


def _gates(week: Week, book: Rulebook) -> list[Line]:
    """Decisions that never say no, with what waiting for them took, and why they are asked."""
    lines: list[Line] = []
    for gate in sorted(week.gates, key=lambda gate: (-gate.waited, gate.workflow, gate.code)):
        flow = book.workflows.get(gate.workflow)
        if flow is None or gate.approved < NEVER or gate.rejected:
            continue
        since: Line = (" since ", When(week.gates_since, "day")) if week.gates_since else ()
        took = f" · {in_words(gate.waited.total_seconds())} of waiting in all"
        says: Line = (Strong(gate.code), f"  in {gate.workflow} {gate.approved} times approved, never rejected", *since)
        lines.append(
            (*says, took, *_because(flow, gate.code), " · does it still need to be asked? /docket report gates")
        )
    return lines


def _because(flow: Workflow, code: str) -> Line:
    gates = (*flow.approvals, *(gate for stage in flow.stages for gate in stage.approvals))
    found = next((gate.because for gate in gates if gate.code == code), "")
    return (" · asked because ", Quote(found)) if found else ()


def _signals(week: Week, book: Rulebook) -> list[Line]:
    return [(Strong(each.workflow), f"  {each.says}", *_named(each.items)) for each in signals(week.traces, book)]


def _changed(change: Change, week: Week) -> list[Line]:
    """Before and after another rulebook came into force: the same length of time on both sides."""
    length = min(week.traces.until - change.at, change.at - week.traces.before)
    then, now = Stretch(week, change.at - length, change.at), Stretch(week, change.at, change.at + length)
    lines: list[Line] = []
    for name in change.workflows:
        told = [
            _pair("opened", then.passages("opened", name), now.passages("opened", name)),
            _pair("exceptions", sum(then.raised(name).values()), sum(now.raised(name).values())),
            _pair("closed", len(then.ended(name)), len(now.ended(name))),
            _words("half within", _half(then.ended(name)), _half(now.ended(name))),
            _words("deadlines kept", _kept(then.dwells(name)), _kept(now.dwells(name))),
        ]
        since: list[Part] = [Strong(name), f"  rulebook {change.version[:4]} since ", When(change.at)]
        lines.append(
            (*since, f", {in_words(length.total_seconds())} before and after: {', '.join(filter(None, told))}")
        )
    return lines


def _pair(what: str, before: int, after: int) -> str:
    return f"{what} {before} and {after}"


def _words(what: str, before: str, after: str) -> str:
    return f"{what} {before or 'none'} and {after or 'none'}" if before or after else ""


def _named(keys: Sequence[str], between: str = ":") -> Line:
    """`: REF-1, REF-4 and 3 more`, each once."""
    known = list(dict.fromkeys(keys))
    if not known:
        return ()
    more = f" and {len(known) - KEYS} more" if len(known) > KEYS else ""
    return (f"{between} {', '.join(known[:KEYS])}{more}",)


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"
