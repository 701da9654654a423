"""Every question that is asked often is answered from an index, however large the tables become."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import Connection, create_engine, event

from rules.notices import Card
from storage import inbox, items, ledger, outbox, questions, threads, timers
from storage.store import Store
from tests.storage.samples import HOUR, NOW, WS

QUESTIONS: dict[str, Callable[[Connection], Any]] = {
    "load an item": lambda conn: items.load(conn, WS, "REF-1"),
    "open items of a workflow": lambda conn: items.open_of(conn, WS, "refunds", 50),
    "somebody's items": lambda conn: items.listing(conn, WS, owner="dana", limit=50),
    "a requester's items": lambda conn: items.listing(conn, WS, requester="slack:U1", limit=50),
    "a failure by its cause": lambda conn: items.failure(conn, WS, "smtp"),
    "what changed in a span": lambda conn: items.changed(conn, WS, NOW, NOW + HOUR),
    "decisions that wait": lambda conn: questions.deciding(conn, WS),
    "decisions of a span": lambda conn: questions.decided_between(conn, WS, NOW, NOW + HOUR),
    "overdue items": lambda conn: questions.overdue(conn, WS, NOW),
    "opened in a span": lambda conn: questions.opened_between(conn, WS, NOW, NOW + HOUR),
    "closed in a span": lambda conn: questions.closed_between(conn, WS, NOW, NOW + HOUR),
    "counts": lambda conn: questions.counts(conn, WS, NOW, NOW + HOUR),
    "an item's entries": lambda conn: ledger.of_item(conn, WS, "REF-1"),
    "entries of a span": lambda conn: list(ledger.every(conn, WS, NOW)),
    "a conversation's item": lambda conn: threads.find(conn, WS, ["mail:<a@x>"]),
    "due timers": lambda conn: timers.due(conn, NOW, 50),
    "the next due time": timers.next_due,
    "an item's timers": lambda conn: timers.sync(conn, WS, "REF-1", []),
    "a claim": lambda conn: outbox.claim(conn, NOW, 30, 50),
    "the next notice": outbox.next_ready,
    "a card's update": lambda conn: outbox.put(conn, WS, "slack:C1", Card(item="REF-1", to="conversation"), NOW),
    "a card's message": lambda conn: outbox.message_of(conn, WS, "card:REF-1"),
    "an item's notices": lambda conn: outbox.of_item(conn, WS, "REF-1"),
    "undelivered notices": lambda conn: outbox.undelivered(conn, WS, NOW, NOW + HOUR),
    "the quarantine": lambda conn: inbox.quarantined(conn, WS),
}


@pytest.mark.parametrize("question", QUESTIONS)
async def test_no_question_reads_a_whole_table(store: Store, url: str, question: str) -> None:
    """The engine's own plan names an index for every table (PostgreSQL is told not to prefer small tables' scans)."""
    engine = create_engine(url)
    asked: list[tuple[str, Any]] = []
    event.listen(engine, "before_cursor_execute", lambda _c, _cur, sql, values, *_rest: asked.append((sql, values)))
    with engine.connect() as conn:
        if conn.dialect.name == "postgresql":
            conn.exec_driver_sql("SET enable_seqscan = off")
            conn.exec_driver_sql("SET enable_sort = off")
        asked.clear()
        QUESTIONS[question](conn)
        for sql, values in [each for each in asked if not each[0].startswith("INSERT")]:
            explain = "EXPLAIN QUERY PLAN " if conn.dialect.name == "sqlite" else "EXPLAIN "
            plan = [" ".join(map(str, row)) for row in conn.exec_driver_sql(explain + sql, values)]
            whole = [line for line in plan if "Seq Scan" in line or ("SCAN" in line and "INDEX" not in line)]
            assert [line for line in whole if "SCAN line" not in line and "SCAN lanes" not in line] == []
    engine.dispose()
