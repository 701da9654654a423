"""The harness of `make bench` runs: a seeded small sample of it, so that it measures when it is asked to."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest

from storage.store import Store
from tests.bench import digests
from tests.bench.alike import RawSqlite, rows_of_a_take
from tests.bench.desk import take_of_the_desk
from tests.bench.firing import Firing, fill
from tests.bench.measure import QUICK, Row, keep, quantile, side_by_side
from tests.bench.seeding import full

TINY = replace(QUICK, seconds=0.05, rounds=1, items=50, due=3)


async def test_a_peer_writes_the_same_rows_as_a_take(tmp_path: Path) -> None:
    """The tables as they are today, each row of a take under the next number."""
    rows = await rows_of_a_take(tmp_path)
    peer = RawSqlite(tmp_path / "peer.db", rows, 50)
    store = Store.open(f"sqlite:///{tmp_path}/ours.db")
    row = Row(work="takes", unit="a second", ours="ours", aims={"peer": 0.35})
    await side_by_side(row, {"ours": take_of_the_desk(store), "peer": peer.take}, TINY, callers=2)
    peer.close()
    store.close()
    assert {name: min(found) > 0 for name, found in row.figures.items()} == {"ours": True, "peer": True}
    counts = []
    for name in ("ours.db", "peer.db"):
        with sqlite3.connect(tmp_path / name) as conn:
            (items,) = conn.execute("SELECT count(*) FROM items").fetchone()
            each = [
                conn.execute(f"SELECT count(*) FROM {table}").fetchone()[0] / items
                for table in ("inbox", "ledger", "ledger_texts", "timers", "threads", "outbox")
            ]
            counts.append(each)
    assert counts[0] == counts[1]


async def test_what_is_due_is_fired_and_the_pending_stays(tmp_path: Path) -> None:
    """Whole takes of due times, among timers that are not due."""
    url = f"sqlite:///{tmp_path}/firing.db"
    Store.open(url).close()
    fill(url, 100)
    firing = Firing(url)
    await firing.prepare(TINY.due)
    assert await firing.fire() > 0
    firing.store.close()
    with sqlite3.connect(tmp_path / "firing.db") as conn:
        assert conn.execute("SELECT count(*) FROM timers WHERE item LIKE 'OLD-%'").fetchone() == (100,)


async def test_every_question_of_a_digest_is_measured(tmp_path: Path) -> None:
    """On a database that was filled by SQL; a question that finds nothing to run would measure nothing."""
    await full(tmp_path / "full.db", TINY.items)
    rows = await digests.asked(TINY, file=tmp_path / "full.db")
    assert len(rows) == len(digests.questions(digests.NOW))
    assert all(row.median(digests.RAW) > 0 for row in rows)
    keep(rows, TINY, tmp_path / "bench.json")
    assert '"ratios"' in (tmp_path / "bench.json").read_text()


@pytest.mark.parametrize(
    ("more", "ours", "theirs", "said"), [(True, 4, 10, "met"), (False, 10, 4, "met"), (True, 3, 10, "missed")]
)
def test_a_row_says_whether_its_aim_is_met(more: bool, ours: float, theirs: float, said: str) -> None:
    """0.4 of the peer is met by four tenths of its rate, or by two and a half of its times."""
    row = Row(work="w", unit="u", ours="we", more=more, aims={"they": 0.4}, figures={"we": [ours], "they": [theirs]})
    assert f"aim 0.4: {said}" in "\n".join(row.lines())


def test_a_quantile_is_one_of_what_was_found() -> None:
    assert quantile([3, 1, 2], 0.99) == 3
    assert quantile([3, 1, 2], 0.5) == 2
