"""Every figure is computed a second way, by playing the exported ledger again, and both are the same."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from functools import cache
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Connection, Engine, create_engine

from rules.figures import AGES, Dwell, Scope, flow, kept_by_week, open_over_time
from storage import figures, ledger
from storage.store import Store
from tests import figured
from tests.fuzzing import FUZZ
from tests.months import Months

ZONE = "America/Chicago"
SEEDS = range(40) if FUZZ else range(2)


@pytest.fixture
def engine(store: Store, url: str) -> Engine:
    return create_engine(url)


@cache
def worked(seed: int) -> Months:
    """The same months for both engines."""
    return Months(seed, 200)


def built_in(months: Months) -> frozenset[str]:
    return frozenset(w.name for w in months.street.book.workflows.values() if w.private or w.built_in)


@pytest.mark.parametrize("seed", SEEDS)
def test_every_figure_is_what_the_exported_ledger_says(engine: Engine, seed: int) -> None:
    months = worked(seed)
    scope, now = Scope(hidden=built_in(months)), months.end
    with engine.begin() as conn:
        months.shelved(conn)
        told = figured.played([one.entry for one in ledger.every(conn, "main")], scope.hidden)
        assert len(told) > 10
        for since, until in [(months.street.entries[0].at, now), *(months.some_time() for _ in range(6))]:
            _stays_agree(conn, since, until, scope, told)
            _flows_agree(conn, since, until, scope, told)
            _troubles_agree(conn, since, until, scope, told)
        still = {stay.item.key: stay for one in told.values() for stay in figured.stays(one, now) if stay.until is None}
        found = {stay.item: stay for stay in figures.standing(conn, "main", now, scope)}
        assert {key: (s.stage, s.since, s.owner, s.late) for key, s in still.items()} == {
            key: (s.stage, s.entered_at, s.owner, _late(s)) for key, s in found.items()
        }
        ages = Counter[tuple[str, str]]()
        for one in told.values():
            item = one.frames[-1][1]
            if item.closed_at is None:
                days = (now - item.opened_at).total_seconds() / 86_400
                ages[item.workflow, [name for first, name in AGES if first <= days][-1]] += 1
        assert {(a.workflow, a.bucket): a.open for a in figures.ages(conn, "main", now, scope)} == ages


def test_what_nobody_can_judge_any_more_is_left_out(engine: Engine) -> None:
    """Of a workflow that the rulebook no longer has, under a version that can't be read: it may have been private."""
    months = worked(0)
    version, first = months.street.book.version, months.street.entries[0].at

    def flows(scope: Scope) -> set[str]:
        return {p.workflow for p in figures.passages(conn, "main", first, months.end, scope)}

    with engine.begin() as conn:
        months.shelved(conn)
        assert {"refund", "concern"} <= flows(Scope())
        assert flows(Scope(unreadable=frozenset({version}), known=frozenset({"refund"}))) == {"refund"}
        assert "concern" not in flows(Scope(private_under={"concern": frozenset({version})}))
        assert flows(Scope(private_under={"concern": frozenset({"another"})})) == flows(Scope())


def _stays_agree(conn: Connection, since, until, scope, told) -> None:  # type: ignore[no-untyped-def]
    ended = [
        stay
        for one in told.values()
        for stay in figured.stays(one, until)
        if stay.until and since <= stay.until < until
    ]
    found = figures.dwells(conn, "main", since, until, scope)
    assert sorted((s.item.key, s.since, s.stage, s.until, s.owner, s.late, not s.missed) for s in ended) == sorted(
        (s.item, s.entered_at, s.stage, s.left_at, s.owner, _late(s), s.kept) for s in found
    )
    weeks = Counter[tuple[object, str, bool]]()
    for stay in ended:
        assert stay.until is not None
        day = stay.until.astimezone(ZoneInfo(ZONE)).date()
        while day.weekday() != 0:
            day -= timedelta(days=1)
        weeks[day, stay.item.workflow, stay.missed] += 1
    for week in kept_by_week(found, ZONE):
        missed, kept = weeks[week.monday, week.workflow, True], weeks[week.monday, week.workflow, False]
        assert (week.ended, week.kept, week.share) == (missed + kept, kept, kept / (missed + kept))
    assert len(kept_by_week(found, ZONE)) == len({(monday, workflow) for monday, workflow, _ in weeks})


def _flows_agree(conn: Connection, since, until, scope, told) -> None:  # type: ignore[no-untyped-def]
    shaped = flow(figures.passages(conn, "main", since, until, scope), since, until, ZONE)
    counted = Counter[tuple[object, str, str]]()
    for day in shaped:
        counted.update({(day.day, day.workflow, what): n for what, n in day.closed.items()})
        counted.update(
            {(day.day, day.workflow, "opened"): day.opened, (day.day, day.workflow, "reopened"): day.reopened}
        )
    assert +counted == figured.days(told, since, until, ZONE)


def _troubles_agree(conn: Connection, since, until, scope, told) -> None:  # type: ignore[no-untyped-def]
    found = figures.ordeals(conn, "main", since, until, scope)
    shaped = open_over_time(found, since, until, ZONE)
    assert shaped or not found
    for count in shaped:
        midnight = figured.midnight_after(count.day, ZONE)
        codes = [code for one in told.values() for code in figured.open_at(one, min(midnight, until))]
        assert count.open == codes.count(count.code), count


def _late(stay: Dwell) -> timedelta:
    return sum((last - first for first, last in stay.late), timedelta())
