"""What the pictures of a digest show: series, a title that says the finding, an alternative text with the numbers.

They are of everybody's work: the figures that they are made of leave out what is private (rules/figures.py).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from rules.book.rulebook import Digest
from rules.charts import Picture, Series
from rules.figures import AGES, Age, Kept, OpenCount, quantile
from rules.timing import in_words

#: A digest that covers so much has pictures; the morning's is read in five minutes without.
COVERS_DAYS: Final = 7
#: How far back they look: weeks of trends, and of deadlines.
TREND_WEEKS: Final = 4
DEADLINE_WEEKS: Final = 8
#: More lines than that can't be told apart, more rows not be read on a phone.
LINES: Final = 4
ROWS: Final = 6
OLD_DAYS: Final = 7
#: files.getUploadURLExternal takes no longer `alt_txt`.
ALT_CHARACTERS: Final = 1000


def has_pictures(spec: Digest | None) -> bool:
    """Whether a digest of the rulebook shows them."""
    covers = spec.covers if spec is not None else None
    return covers is not None and covers.amount * covers.unit_seconds >= timedelta(days=COVERS_DAYS).total_seconds()


def trend_since(until: datetime) -> datetime:
    """Where the trends up to then begin (UTC)."""
    return until - timedelta(weeks=TREND_WEEKS)


def deadlines_since(until: datetime, zone: str) -> datetime:
    """Where the first of the weeks begins of which the deadlines are shown; the last one is not over yet (UTC)."""
    there = ZoneInfo(zone)
    day = until.astimezone(there).date()
    monday = day - timedelta(days=day.weekday(), weeks=DEADLINE_WEEKS - 1)
    return datetime.combine(monday, time(0), there).astimezone(until.tzinfo)


def exceptions_over_time(counts: Iterable[OpenCount]) -> Picture | None:
    """Open exceptions at the end of each day, the codes that stand highest now as a line each, the rest as one."""
    by_code: dict[str, dict[date, int]] = defaultdict(dict)
    for each in counts:
        by_code[each.code][each.day] = each.open
    by_code = {code: by_day for code, by_day in by_code.items() if any(by_day.values())}
    if not by_code:
        return None
    days = sorted({day for by_day in by_code.values() for day in by_day})
    values = {code: [by_day.get(day, 0) for day in days] for code, by_day in by_code.items()}
    ranked = sorted(values, key=lambda code: (-values[code][-1], -max(values[code]), code))
    shown = [(code, values[code]) for code in ranked[:LINES]]
    if rest := ranked[LINES:]:
        shown.append(
            (f"{_count(len(rest), 'other')}", [sum(day) for day in zip(*(values[c] for c in rest), strict=True)])
        )
    totals = [sum(day) for day in zip(*values.values(), strict=True)]
    told = (
        f"{label}: {line[0]} at first, at most {max(line)} on {_day(days[line.index(max(line))])}, {line[-1]} at last."
        for label, line in shown
    )
    return Picture(
        name="exceptions",
        title=_trend(totals, shown[0], days),
        alt=_alt(f"Open exceptions at the end of each day, {_day(days[0])} to {_day(days[-1])}.", told),
        chart="lines",
        ticks=tuple(_day(day) if n % 7 == (len(days) - 1) % 7 else "" for n, day in enumerate(days)),
        series=tuple(Series(label=label, values=tuple(line)) for label, line in shown),
        said=tuple(f"{line[-1]} · {max(line)}" for _, line in shown),
    )


def _trend(totals: Sequence[int], highest: tuple[str, Sequence[int]], days: Sequence[date]) -> str:
    first, last, since = totals[0], totals[-1], _day(days[0])
    if not last:
        return f"No exception is open; since {since} there were at most {max(totals)}"
    if last == first:
        change = f"{_count(last, 'exception')} open, as many as on {since}"
    else:
        change = f"Open exceptions {'rose' if last > first else 'fell'} from {first or 'none'} to {last} since {since}"
    return change + (f"; {highest[1][-1]} of them {highest[0]}" if highest[1][-1] < last else "")


def age_of_open(found: Iterable[Age]) -> Picture | None:
    """The open items by their age, all workflows together."""
    counts: Counter[str] = Counter()
    for each in found:
        counts[each.bucket] += each.open
    total = counts.total()
    if not total:
        return None
    old = sum(counts[name] for days, name in AGES if days >= OLD_DAYS)
    if old:
        title = f"{old} of {_count(total, 'open item')} {'is' if old == 1 else 'are'} older than a week"
    else:
        title = f"None of {_count(total, 'open item')} is older than a week"
    return Picture(
        name="ages",
        title=title,
        alt=_alt("Age of what is open.", (f"{name}: {counts[name]}." for _, name in AGES)),
        chart="bars",
        ticks=tuple(name for _, name in AGES),
        series=(Series(label="open", values=tuple(float(counts[name]) for _, name in AGES)),),
        said=tuple(str(counts[name]) for _, name in AGES),
    )


def time_in_stage(by_stage: Mapping[tuple[str, str], Iterable[float]]) -> Picture | None:
    """How long (seconds by the wall's clock) items stayed in the slowest stages: half of them, and nine in ten.

    `by_stage` has all stays of a workflow's stage, none without any.
    """
    if not by_stage:
        return None
    rows = [
        (f"{workflow} · {stage}", quantile(took, 0.5), quantile(took, 0.9), len(took))
        for (workflow, stage), seconds in by_stage.items()
        for took in [sorted(seconds)]
    ]
    rows.sort(key=lambda row: (-row[1], -row[2], row[0]))
    slowest, half, most, stays = rows[0]
    shown = rows[:ROWS]
    told = (f"{name}: {_long(a)} and {_long(b)}, of {_count(n, 'stay')}." for name, a, b, n in shown)
    begins = f"Time in stage in {TREND_WEEKS} weeks: half took no longer than the first, nine in ten than the second."
    return Picture(
        name="stages",
        title=f"{slowest} takes longest: half of {_count(stays, 'stay')} within {_long(half)}, "
        f"9 in 10 within {_long(most)}",
        alt=_alt(begins, told),
        chart="spans",
        ticks=tuple(name for name, *_ in shown),
        series=(
            Series(label="half", values=tuple(a for _, a, _, _ in shown)),
            Series(label="9 in 10", values=tuple(b for _, _, b, _ in shown)),
        ),
        said=tuple(f"{_long(a)} · {_long(b)}" for _, a, b, _ in shown),
    )


def deadlines_kept(found: Iterable[Kept]) -> Picture | None:
    """Of the stages that were left in each week, how many in time; all workflows together."""
    ended, kept = Counter[date](), Counter[date]()
    for each in found:
        ended[each.monday] += each.ended
        kept[each.monday] += each.kept
    if not ended:
        return None
    first, last = min(ended), max(ended)
    weeks = [first + timedelta(weeks=n) for n in range((last - first).days // 7 + 1)]
    of = f"{kept.total()} of {_count(ended.total(), 'deadline')} kept"
    title = f"{of} ({_percent(kept.total(), ended.total())})"
    if len(weeks) > 1:
        title += f", {kept[last]} of {ended[last]} in the week of {_day(last)}"
    told = (f"{_day(week)}: {kept[week]} of {ended[week]}." for week in weeks)
    return Picture(
        name="deadlines",
        title=title,
        alt=_alt("Stages left in time, by the week's Monday.", told),
        chart="columns",
        ticks=tuple(_day(week) for week in weeks),
        series=(
            Series(label="kept", values=tuple(float(kept[week]) for week in weeks)),
            Series(label="missed", values=tuple(float(ended[week] - kept[week]) for week in weeks)),
        ),
        said=tuple(_percent(kept[week], ended[week]) if ended[week] else "" for week in weeks),
    )


def _alt(begins: str, told: Iterable[str]) -> str:
    """A sentence and as many more as there is room for."""
    text = begins
    for each in told:
        if len(text) + 1 + len(each) > ALT_CHARACTERS:
            break
        text += f" {each}"
    return text


def _percent(part: int, whole: int) -> str:
    """Rounded down: 100 % is said of all and nothing less."""
    return f"{100 * part // whole} %"


def _long(seconds: float) -> str:
    """A length of time as a bar beside it shows it: of many hours without minutes, of days with a tenth."""
    hours = seconds / 3600
    if hours >= 48:
        return f"{hours / 24:.1f} days"
    if seconds < 60:
        return f"{seconds:.0f} s"
    return in_words(seconds if hours < 10 else round(hours) * 3600)


def _count(n: int, what: str) -> str:
    return f"{n} {what}" if n == 1 else f"{n} {what}s"


def _day(day: date) -> str:
    return f"{day:%b} {day.day}"
