"""Signals: what happens too often to be chance, or again and again. Each says by which measure, and names its items.

They speak of the process, so that its cause is mended; whose fault something was is none of them. A threshold stands
in the sentence that it lets through.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median
from typing import Final, Literal, TypeVar
from zoneinfo import ZoneInfo

from rules.book.rulebook import Rulebook
from rules.precedents import Cases
from rules.signal_facts import Answered, Ended, Passed, Traces
from rules.timing import answer_calendar, in_words

T = TypeVar("T")

Kind = Literal["bouncing", "same hour", "same case", "above usual", "rework"]

#: Times back and forth between two people, all items together, in the newest time.
BOUNCES: Final = 3
#: Decisions asked for in one half of a weekday, and in how many different weeks, before they are compared.
AT_THE_HOUR, IN_WEEKS, ELSEWHERE = 4, 3, 8
#: So many times as long they wait there as at other times, and by so much longer.
AS_LONG: Final = 2.0
LONGER: Final = timedelta(hours=1)
#: Like cases that were decided alike.
ALIKE: Final = 4
SHARED: Final = 0.5
#: A code is above its usual rate where so many would come by chance in one of so many weeks; and at least so many.
CHANCE: Final = 1000
LEAST: Final = 5
#: What is usual is read from so many weeks before, at least so many of them known.
WEEKS, KNOWN_WEEKS = 8, 4
#: Items of the closed that were sent back or came back: at least so many, and at least that share.
REWORKED, REWORKED_SHARE = 3, 0.2
#: Of a code, a verdict and a reason so many decisions are compared, the newest.
_COMPARED: Final = 500
_WEEK: Final = timedelta(days=7)
_DAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


@dataclass(frozen=True, slots=True, kw_only=True)
class Signal:
    """What was noticed in a workflow, in a sentence, and the items in which it can be looked up, the newest last."""

    kind: Kind
    workflow: str
    says: str
    items: tuple[str, ...]


def signals(traces: Traces, book: Rulebook) -> list[Signal]:
    """Every signal there is, the kinds in this order."""
    return [
        *above_usual(traces),
        *same_hour(traces.answered, book),
        *bouncing([each for each in traces.passed if each.at >= traces.since], book),
        *same_case(traces.answered),
        *rework(traces),
    ]


def bouncing(passed: Sequence[Passed], book: Rulebook) -> list[Signal]:
    """Work that goes back and forth between two people."""
    ways: defaultdict[tuple[str, str, str], Counter[tuple[str, bool]]] = defaultdict(Counter)
    for each in passed:
        one, other = sorted((each.giver, each.receiver))
        if one != other:
            ways[each.workflow, one, other][each.item, each.giver == one] += 1
    found = []
    for (workflow, one, other), counts in sorted(ways.items()):
        times = {item: min(counts[item, True], counts[item, False]) for item, _ in counts}
        came_back = [item for item, count in times.items() if count]
        total = sum(times.values())
        if total >= BOUNCES:
            between = f"between {book.named(one)} and {book.named(other)}"
            says = (
                f"{_many(len(came_back), 'item')} went back and forth {between}, {total} times in all (told from"
                f" {BOUNCES} on): what has to be true before it moves may not be clear"
            )
            found.append(Signal(kind="bouncing", workflow=workflow, says=says, items=tuple(came_back)))
    return found


def same_hour(answered: Sequence[Answered], book: Rulebook) -> list[Signal]:
    """Decisions that wait longer where they are asked for in one half of a weekday, in open hours of their calendar."""
    found = []
    for (workflow, code), group in _grouped(answered, lambda each: (each.workflow, each.code)):
        flow = book.workflows.get(workflow)
        if flow is None:
            continue
        calendar, zone = answer_calendar(book, flow, code), ZoneInfo(book.timezone)
        waits = [(each, calendar.open_seconds(each.opened_at, each.ended_at)) for each in group]
        for half in sorted({_half(each.opened_at, zone) for each in group}):
            there = [(each, seconds) for each, seconds in waits if _half(each.opened_at, zone) == half]
            usual = [seconds for each, seconds in waits if _half(each.opened_at, zone) != half]
            weeks = {_week(each.opened_at, zone) for each, _ in there}
            if len(there) < AT_THE_HOUR or len(weeks) < IN_WEEKS or len(usual) < ELSEWHERE:
                continue
            long, short = median(seconds for _, seconds in there), median(usual)
            if long < AS_LONG * short or long - short < LONGER.total_seconds():
                continue
            day, afternoon = half
            says = (
                f"{code} asked for on {_DAYS[day]} {'afternoons' if afternoon else 'mornings'} waits"
                f" {in_words(long)} of open hours, at other times {in_words(short)} (half wait longer, half shorter;"
                f" {len(there)} cases in {len(weeks)} weeks; told from {AS_LONG:g} times as long on)"
            )
            found.append(
                Signal(kind="same hour", workflow=workflow, says=says, items=tuple(each.item for each, _ in there))
            )
    return found


def same_case(answered: Sequence[Answered]) -> list[Signal]:
    """Like cases that were decided alike, again and again: a rule could say it."""
    found = []
    told = [each for each in answered if each.case]
    for (workflow, code, verdict, reason), group in _grouped(
        told, lambda each: (each.workflow, each.code, each.verdict, each.reason_code)
    ):
        group = group[-_COMPARED:]
        cases, left = Cases(), {(each.item, each.n): each for each in group}
        for each in group:
            cases.add(each.item, each.n, each.case)
        for each in reversed(group):  # the newest is what the others are compared with
            if (each.item, each.n) not in left:
                continue
            like = [ref for ref in cases.nearest(each.case, _COMPARED) if ref in left and _like(left[ref], each)]
            if len(like) >= ALIKE:
                keys = tuple(one.item for one in group if (one.item, one.n) in like)
                says = (
                    f"{code} was {verdict} as {reason} {len(like)} times in like cases (told from {ALIKE} on; at least"
                    " half of their words and values are the same): a rule could say it"
                )
                found.append(Signal(kind="same case", workflow=workflow, says=says, items=tuple(dict.fromkeys(keys))))
            for ref in (*like, (each.item, each.n)):
                left.pop(ref, None)
    return found


def _like(one: Answered, other: Answered) -> bool:
    """Whether two cases share at least half of what either of them says."""
    said, also = set(one.case.split()), set(other.case.split())
    return len(said & also) >= SHARED * len(said | also)


def above_usual(traces: Traces) -> list[Signal]:
    """Codes that were raised more often in the newest week than chance explains, by the weeks before.

    As many as come by chance (Poisson, at the mean of up to eight weeks before) in fewer than one of a thousand weeks.
    """
    found = []
    first: dict[str, datetime] = {}
    for each in traces.raised:
        first[each.workflow] = min(each.opened_at, first.get(each.workflow, each.opened_at))
    newest = traces.until - _WEEK
    for (workflow, code), group in _grouped(traces.raised, lambda each: (each.workflow, each.code)):
        known = min(WEEKS, int((newest - first[workflow]) / _WEEK))
        lately = [each for each in group if each.opened_at >= newest]
        if known < KNOWN_WEEKS or len(lately) < LEAST:
            continue
        earlier = sum(newest - known * _WEEK <= each.opened_at < newest for each in group)
        mean = earlier / known
        at_least = max(LEAST, beyond_chance(mean))
        if len(lately) < at_least:
            continue
        says = (
            f"{code} was raised {_many(len(lately), 'time')} this week, in the {known} weeks before {mean:.1f} a week"
            f" (told from {at_least} on: so many come by chance in fewer than 1 of {CHANCE:,} weeks)"
        )
        keys = tuple(dict.fromkeys(each.item for each in lately))
        found.append(Signal(kind="above usual", workflow=workflow, says=says, items=keys))
    return found


def beyond_chance(mean: float) -> int:
    """The smallest number that a Poisson variable of that mean reaches with a probability below 1 in `CHANCE`."""
    count, tail = 0, 1.0
    while tail * CHANCE >= 1 and mean > 0:
        tail -= math.exp(count * math.log(mean) - mean - math.lgamma(count + 1))
        count += 1
    return max(1, count)


def rework(traces: Traces) -> list[Signal]:
    """How much was sent back or came back beside what was closed and how fast: one without the other misleads."""
    found = []
    for workflow in sorted({each.workflow for each in traces.ended}):
        lately = [each for each in traces.ended if each.workflow == workflow and each.closed_at >= traces.since]
        again = again_of(traces, workflow, traces.since, traces.until)
        if len(again) < REWORKED or len(again) < REWORKED_SHARE * len(lately):
            continue
        says = (
            f"{_many(len(again), 'item')} were sent back, or opened again after their end, beside {len(lately)} closed"
            f"{_half_within(lately)} (told from {REWORKED} and {REWORKED_SHARE:.0%} of the closed on)"
        )
        found.append(Signal(kind="rework", workflow=workflow, says=says, items=again))
    return found


def again_of(traces: Traces, workflow: str, since: datetime, until: datetime) -> tuple[str, ...]:
    """The items of a workflow that were sent back, or opened again after their end, from `since` to `until` (UTC)."""
    back = [(each.at, each.item) for each in traces.passed if each.back and each.workflow == workflow]
    back += [(p.at, p.item) for p in traces.passages if p.kind == "reopened" and p.workflow == workflow]
    return tuple(dict.fromkeys(item for at, item in sorted(back) if since <= at < until))


def _half_within(ended: Sequence[Ended]) -> str:
    return f", half of them within {in_words(median(each.seconds for each in ended))}" if ended else ""


def _grouped(found: Iterable[T], key: Callable[[T], tuple[str, ...]]) -> list[tuple[tuple[str, ...], list[T]]]:
    """By key, the keys in order; within each as they came."""
    groups: defaultdict[tuple[str, ...], list[T]] = defaultdict(list)
    for each in found:
        groups[key(each)].append(each)
    return sorted(groups.items(), key=lambda pair: pair[0])


def _half(at: datetime, zone: ZoneInfo) -> tuple[int, bool]:
    """The weekday there, and whether it is past noon."""
    local = at.astimezone(zone)
    return local.weekday(), local.hour >= 12


def _week(at: datetime, zone: ZoneInfo) -> tuple[int, int]:
    year, week, _ = at.astimezone(zone).isocalendar()
    return year, week


def _many(count: int, what: str) -> str:
    return f"1 {what}" if count == 1 else f"{count} {what}s"
