"""Every figure of every report is computed a second way, from the exported ledger alone, and both are the same."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Connection, create_engine

from bot.books import Books
from bot.reports import report_of
from rules.book.calendars import calendar_of
from rules.reports import QUESTIONS, record_of
from storage import ledger
from storage.store import Store
from tests import figured
from tests.figured import Played
from tests.fuzzing import FUZZ
from tests.months import Months

HOUR = 3600.0
SEEDS = range(20) if FUZZ else range(2)


@cache
def worked(seed: int) -> Months:
    return Months(seed + 20, 200)


class Office:
    """The shelves of some months, their exported ledger played again, and a time to look at."""

    def __init__(self, conn: Connection, months: Months) -> None:
        self.conn, self.book, self.now = conn, months.street.book, months.end
        self.books = Books(self.book, months.text, "main")
        self.since = self.now - (self.now - months.street.entries[0].at) * 0.5
        hidden = [flow.name for flow in self.book.workflows.values() if flow.private or flow.built_in]
        self.told = figured.played([one.entry for one in ledger.every(conn, "main")], hidden)

    def rows(self, name: str) -> list[dict[str, Any]]:
        return record_of(report_of(self.conn, self.books, name, self.now, self.since))

    def within(self, at: datetime, *, before: bool = False) -> bool:
        if before:
            return self.since - (self.now - self.since) <= at < self.since
        return self.since <= at < self.now

    def stays(self) -> list[figured.Stay]:
        return [stay for one in self.told.values() for stay in figured.stays(one, self.now)]

    def entries(self, *kinds: str, before: bool = False) -> list[tuple[Played, Any, Any]]:
        return [
            (one, entry, item)
            for one in self.told.values()
            for entry, item in one.frames
            if entry.kind in kinds and self.within(entry.at, before=before)
        ]


@pytest.fixture(params=SEEDS)
def office(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    months, url = worked(request.param), f"sqlite:///{tmp_path / 'docket.db'}"
    Store.open(url).close()
    engine = create_engine(url)
    with engine.begin() as conn:
        months.shelved(conn)
        yield Office(conn, months)
    engine.dispose()


def test_every_report_is_what_the_exported_ledger_says(office: Office) -> None:
    _time_in_stage(office)
    _throughput(office)
    _first_time_fix(office)
    _loops(office)
    _exceptions_by_code(office)
    _cost_of_delay(office)
    _pilot(office)
    for name in QUESTIONS:  # and each says something that stays in its columns
        assert json.dumps(office.rows(name), default=str)


def _time_in_stage(office: Office) -> None:
    stays = office.stays()
    expected = {}
    for (workflow, stage), own in figured.grouped(stays).items():
        ended = sorted(
            (s.until - s.since).total_seconds() / HOUR for s in own if s.until is not None and office.within(s.until)
        )
        here = [(office.now - s.since).total_seconds() / HOUR for s in own if s.until is None]
        if ended or here:
            expected[workflow, stage] = (len(ended), _at(ended, 50), _at(ended, 90), max(ended + here), len(here))
    rows = office.rows("time-in-stage")
    assert {
        (r["workflow"], r["stage"]): (r["stays"], r["p50"], r["p90"], r["longest"], r["here_now"]) for r in rows
    } == expected
    assert rows == sorted(rows, key=lambda r: -r["together"])


def _at(hours: list[float], percent: int) -> float | None:
    """The first of these that as many percent of all are not above."""
    for each in hours:
        if sum(other <= each for other in hours) * 100 >= percent * len(hours):
            return each
    return None


def _throughput(office: Office) -> None:
    zone = ZoneInfo(office.book.timezone)
    came, went = defaultdict[Any, list[str]](list), defaultdict[Any, list[str]](list)
    for one, entry, _ in office.entries("opened", "closed", "reopened"):
        day = entry.at.astimezone(zone).date()
        while day.weekday():
            day -= timedelta(days=1)
        (went if entry.kind == "closed" else came)[day.isoformat(), one.workflow].append(entry.item)
    rows = {(row["week"], row["workflow"]): row for row in office.rows("throughput")}
    assert set(rows) == {*came, *went}
    for (week, workflow), row in rows.items():
        assert sorted(row["opened_items"]) == sorted(came[week, workflow])
        assert sorted(row["closed_items"]) == sorted(went[week, workflow])
        assert (row["opened"], row["closed"]) == (len(row["opened_items"]), len(row["closed_items"]))
        end = min(datetime.fromisoformat(week).replace(tzinfo=zone) + timedelta(days=7), office.now)
        own = [one for one in office.told.values() if one.workflow == workflow]
        last = [[item for entry, item in one.frames if entry.at < end][-1:] for one in own]
        assert row["open"] == sum(item.closed_at is None for found in last for item in found), (week, workflow)


def _first_time_fix(office: Office) -> None:
    for row in office.rows("first-time-fix"):
        shares = []
        for before in (False, True):
            end = office.since if before else office.now
            done: dict[str, bool] = {}
            for one, entry, item in office.entries("closed", before=before):
                if one.workflow == row["workflow"] and item.outcome == "done":
                    kinds = [e.kind for e, _ in one.frames if e.at < end]
                    codes = [e.facts["code"] for e, _ in one.frames if e.kind == "raised" and e.at < end]
                    done[entry.item] = not {"returned", "reopened"} & {*kinds} and len(codes) == len({*codes})
            shares.append((len(done), sum(done.values()), sorted(key for key, right in done.items() if not right)))
        now, then = shares
        assert (row["done"], row["at_once"], sorted(row["items"])) == now
        assert row["share"] == now[1] / now[0]
        assert row["before"] == (then[1] / then[0] if then[0] else None)


def _loops(office: Office) -> None:
    counted = Counter[tuple[str, str]]()
    for one, entry, _ in office.entries("returned", "reopened", "changes_asked", "raised"):
        what = {"returned": "sent back", "reopened": "reopened", "changes_asked": "approval sent back"}.get(entry.kind)
        if entry.kind == "raised":
            before = [e for e, _ in one.frames[: [e for e, _ in one.frames].index(entry)] if e.kind == "raised"]
            what = "raised again" if entry.facts["code"] in [e.facts["code"] for e in before] else None
        if what:
            counted[one.workflow, what] += 1
    found = Counter[tuple[str, str]]()
    for row in office.rows("loops"):
        found[row["workflow"], row["what"]] += row["times"]
        assert row["items_count"] == len(row["items"]) <= row["times"]
    assert found == counted


def _exceptions_by_code(office: Office) -> None:
    counts = []
    for before in (False, True):
        raised = [(o.workflow, e.facts["code"]) for o, e, _ in office.entries("raised", before=before)]
        counts.append(Counter(pair for pair in raised if pair[1] not in office.book.workflows[pair[0]].gates))
    now, then = counts
    rows = {(row["workflow"], row["code"]): row for row in office.rows("exceptions-by-code")}
    assert set(rows) == {*now, *then}
    for pair, row in rows.items():
        assert (row["raised"], row["before"], row["drift"]) == (now[pair], then[pair], now[pair] - then[pair])


def _cost_of_delay(office: Office) -> None:
    """Minute by minute: was it beyond its deadline then, and was the office open?"""
    rows = {row["workflow"]: row for row in office.rows("cost-of-delay")}
    assert rows["refund"]["cost"] == pytest.approx(rows["refund"]["late"] * 25, abs=0.01)
    assert rows["access"]["cost"] is None
    calendar = calendar_of(office.book, None)
    for workflow, row in rows.items():
        late: Counter[str] = Counter()
        for key, one in office.told.items():
            if one.workflow == workflow:
                late[key] = sum(calendar.is_open(at) for at in figured.late_minutes(one, office.since, office.now))
        assert row["late"] * 60 == pytest.approx(sum(late.values()), abs=2 * sum(n > 0 for n in late.values()) + 2)
        assert set(row["costliest"]) <= {key for key, minutes in late.items() if minutes}


def _pilot(office: Office) -> None:
    kinds = {
        "further messages on items": "attached", "questions that Docket asked": "asked",
        "reminders": "reminded", "decisions": "decided", "approvals sent back for changes": "changes_asked",
    }  # fmt: skip
    for row in office.rows("pilot"):
        kind = kinds[row["what"]]
        now = sum(one.workflow == row["workflow"] for one, _, _ in office.entries(kind))
        then = sum(one.workflow == row["workflow"] for one, _, _ in office.entries(kind, before=True))
        assert (row["counted"], row["before"]) == (now, then)
        weeks = (office.now - office.since) / timedelta(days=7)
        assert row["change"] == pytest.approx((now - then) / weeks)
