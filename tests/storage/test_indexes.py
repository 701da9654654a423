"""Every question that is asked often is answered from the index that was made for it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from pydantic import TypeAdapter
from sqlalchemy import Connection, Engine, create_engine, event, insert

from rules.figures import Scope
from rules.items import Item
from rules.notices import Card, encode
from storage import (
    figures,
    inbox,
    items,
    ledger,
    looking,
    outbox,
    questions,
    repeats,
    reports,
    schema,
    seals,
    signals,
    threads,
    timers,
    traffic,
    watch,
    web_sessions,
)
from storage.store import Store
from tests.storage.samples import HOUR, NOW, WS, item

CARD = Card(item="REF-1", to="conversation")
BODY = TypeAdapter(Item).dump_json(item()).decode()
NOTICE = json.dumps(encode(CARD))
SPAN = (NOW, NOW + HOUR)
LATE = (NOW + 1999 * HOUR, NOW + 2000 * HOUR)
SCOPE = Scope(hidden=frozenset({"w9"}), private_under={"w8": frozenset({"x"})})
LATELY = (NOW + 1999 * HOUR, NOW + 2000 * HOUR)

#: question -> the indexes that must serve it (`|`: either; `key`: the primary key), and the question.
QUESTIONS: dict[str, tuple[str, Callable[[Connection], Any]]] = {
    "load an item": ("key", lambda conn: items.load(conn, WS, "REF-1")),
    "open items that may say the same": (
        "items_open_alike", lambda conn: items.open_like(conn, WS, "w1", "refund ORD-1", 50)
    ),
    "somebody's items": ("items_open_owner", lambda conn: items.listing(conn, WS, owner="lee", limit=50)),
    "what somebody holds": ("items_open_owner exceptions_open", lambda conn: items.held(conn, WS, "lee")),
    "a requester's items": ("items_open_requester", lambda conn: items.listing(conn, WS, requester="u1", limit=50)),
    "what ended of a requester's": ("items_closed_requester", lambda conn: items.ended(conn, WS, "u1", NOW, 5)),
    "a failure by its cause": ("items_open_cause", lambda conn: items.failure(conn, WS, "smtp")),
    "what changed in a span": (
        "items_opened items_closed exceptions_opened exceptions_ended", lambda conn: items.changed(conn, WS, *SPAN)
    ),
    "decisions that wait": ("exceptions_open", lambda conn: questions.deciding(conn, WS)),
    "what was raised before": ("exceptions_repeats", lambda conn: repeats.raised(conn, WS, "w", "C1", 3)),
    "what was opened for a cause": ("items_repeats", lambda conn: repeats.latest(conn, WS, "repeats:w/C1")),
    "overdue reviews": ("exceptions_open_due", lambda conn: repeats.overdue(conn, WS, {"w"}, NOW + 40 * HOUR)),
    "an item's entries": ("key", lambda conn: ledger.of_item(conn, WS, "REF-1")),
    "entries of a span": ("ledger_at", lambda conn: list(ledger.every(conn, WS, NOW + 1999 * HOUR))),
    "a conversation's item": ("key", lambda conn: threads.find(conn, WS, ["mail:<a@x>"])),
    "due timers": ("timers_due", lambda conn: timers.due(conn, NOW, 50)),
    "the next due time": ("timers_due", timers.next_due),
    "an item's timers": ("key", lambda conn: timers.sync(conn, WS, "REF-1", [])),
    "a claim": ("outbox_waiting", lambda conn: outbox.claim(conn, NOW - HOUR, 30, 50)),
    "the next notice": ("outbox_waiting", outbox.next_ready),
    "a card's update": ("outbox_slot|outbox_waiting", lambda conn: outbox.put(conn, WS, "slack:C1", CARD, NOW)),
    "a card's message": ("outbox_slot", lambda conn: outbox.message_of(conn, WS, CARD.slot)),
    "an item's notices": ("outbox_item", lambda conn: outbox.of_item(conn, WS, "REF-1")),
    "what was closed without proof": ("items_unproven|items_closed", lambda conn: reports.unproven(conn, WS, NOW)),
    "codes that were raised": ("exceptions_opened", lambda conn: reports.codes(conn, WS, NOW + 1999 * HOUR)),
    "what gates did": ("exceptions_ended", lambda conn: reports.gates(conn, WS, NOW + 1999 * HOUR)),
    "what changed hands": ("ledger_moves", lambda conn: reports.moves(conn, WS, NOW + 1999 * HOUR, ("handed",))),
    "decisions of a time": ("exceptions_ended", lambda conn: signals.answered(conn, WS, *LATELY, Scope())),
    "changes of hands of a time": ("ledger_moves", lambda conn: signals.passed(conn, WS, *LATELY, Scope())),
    "what was closed in a time": ("items_closed", lambda conn: signals.ended(conn, WS, *LATELY, Scope())),
    "the rulebooks that came into force": ("key", lambda conn: signals.changes(conn, WS, NOW)),
    "stays that ended": ("ledger_steps key", lambda conn: figures.dwells(conn, WS, *LATE, SCOPE)),
    "where open items stand": ("items_open_key key", lambda conn: figures.standing(conn, WS, NOW, SCOPE)),
    "what came and went": ("ledger_steps key", lambda conn: figures.passages(conn, WS, *LATE, SCOPE)),
    "exceptions over time": (
        "exceptions_open exceptions_ended", lambda conn: figures.ordeals(conn, WS, LATE[0], LATE[1], SCOPE)
    ),
    "how old open items are": ("items_open", lambda conn: figures.ages(conn, WS, NOW, SCOPE)),
    "how items ended": ("ledger_steps key", lambda conn: figures.endings(conn, WS, *LATE, SCOPE)),
    "what was raised in a time": ("exceptions_opened key", lambda conn: figures.raised(conn, WS, *LATE, SCOPE)),
    "what went back": ("ledger_steps exceptions_opened", lambda conn: figures.loops(conn, WS, *LATE, SCOPE)),
    "what was said": ("ledger_at key", lambda conn: figures.said(conn, WS, *LATE, SCOPE)),
    "undelivered notices": ("outbox_failed", lambda conn: outbox.undelivered(conn, WS, *SPAN)),
    "open work without a due time": (
        "items_open_key exceptions_open key", lambda conn: watch.timeless(conn, WS, "REF-1", 50)
    ),
    "notices that nobody sends": ("outbox_waiting", lambda conn: watch.stuck(conn, NOW, 50)),
    "what is not sealed": ("ledger_at key", lambda conn: seals.unsealed(conn, WS, NOW + 1999 * HOUR)),
    "the newest seal": ("key", lambda conn: seals.newest(conn, WS)),
    "the quarantine": ("inbox_quarantined", lambda conn: inbox.quarantined(conn, WS)),
    "answers to what may be anybody's": ("outbox_doubted", lambda conn: traffic.doubted(conn, WS, "a@x", NOW, 9)),
    "answers to an address": ("outbox_answered", lambda conn: traffic.answered(conn, WS, "a@x", NOW)),
    "answers to everybody": ("outbox_answer", lambda conn: traffic.answers(conn, WS, NOW + 1999 * HOUR, 300)),
    "items of a sender": ("items_open_requester", lambda conn: traffic.opened(conn, WS, "u1", NOW, 30)),
    "open items by due time": ("items_open_due", lambda conn: looking.open_items(conn, WS, limit=50)),
    "open items behind a place": (
        "items_open_due", lambda conn: looking.open_items(conn, WS, after=looking.After(NOW, "REF-1"), limit=50)
    ),
    "a workflow's open items": ("items_open_flow", lambda conn: looking.open_items(conn, WS, workflow="w1", limit=50)),
    "somebody's open items": ("items_open_owner", lambda conn: looking.open_items(conn, WS, owner="o1", limit=50)),
    "closed items": ("items_closed", lambda conn: looking.closed_items(conn, WS, limit=50)),
    "closed items behind a place": (
        "items_closed", lambda conn: looking.closed_items(conn, WS, after=looking.After(NOW, "REF-1"), limit=50)
    ),
    "a workflow's closed items": (
        "items_closed_flow", lambda conn: looking.closed_items(conn, WS, workflow="w1", limit=50)
    ),
    "somebody's closed items": (
        "items_closed_owner", lambda conn: looking.closed_items(conn, WS, owner="o1", limit=50)
    ),
    "what somebody may decide": ("exceptions_open_due", lambda conn: looking.decided_by(conn, WS, "lee", 50)),
    "who is signed in": ("key", lambda conn: web_sessions.person_of(conn, WS, "d", NOW)),
    "a letter by its id": ("sqlite_autoindex_outbox|outbox_id", lambda conn: traffic.letter(conn, WS, "REF-1")),
}  # fmt: skip


def fill(conn: Connection) -> None:
    """Two thousand items over two thousand hours, one in twenty still open, with all that hangs on them."""
    shelves: dict[Any, list[dict[str, Any]]] = {}
    for n in range(2000):
        at, is_open, key = NOW + n * HOUR, n % 20 == 0, f"REF-{n}"
        of_item = {"workspace": WS, "item": key, "kind": "x"}
        shelves.setdefault(schema.items, []).append(
            {"workspace": WS, "key": key, "workflow": f"w{n % 3}", "title": "", "owner": f"o{n % 9}",
             "requester": f"u{n}", "opened_at": at, "due_at": at, "closed_at": None if is_open else at, "proven": False,
             "cause": f"c{n}" if n % 100 == 0 else None, "signature": f"s{n % 5}",
             "version": 1, "head": "", "body": BODY}
        )  # fmt: skip
        shelves.setdefault(schema.exceptions, []).append(
            {"workspace": WS, "item": key, "n": 0, "workflow": "w", "code": f"C{n % 9}", "owner": "lee", "due_at": at,
             "state": "open" if is_open else "void", "may_decide": "[]", "opened_at": at,
             "ended_at": None if is_open else at}
        )  # fmt: skip
        shelves.setdefault(schema.ledger, []).append(
            {
                **of_item,
                "seq": 1,
                "at": at,
                "by": "",
                "via": "",
                "rulebook": "",
                "facts": "{}",
                "digests": "{}",
                "hash": "",
            }
        )
        shelves.setdefault(schema.timers, []).append({**of_item, "subject": "", "due_at": at})
        shelves.setdefault(schema.threads, []).append({"workspace": WS, "conversation": key, "item": key})
        shelves.setdefault(schema.outbox, []).append(
            {**of_item, "id": key, "lane": f"l{n % 40}", "slot": key, "notice": NOTICE, "created_at": at, "attempts": 0,
             "begun": False, "state": "waiting" if is_open else "failed" if n % 50 == 1 else "sent", "ended_at": at}
        )  # fmt: skip
        shelves.setdefault(schema.inbox, []).append(
            {"workspace": WS, "outside_id": key, "at": at, "channel": "", "kind": "", "reason": "", "raw": b"",
             "state": "quarantined" if is_open else "taken"}
        )  # fmt: skip
    for table, rows in shelves.items():
        conn.execute(insert(table), rows)
    if conn.dialect.name == "postgresql":
        conn.exec_driver_sql("ANALYZE")  # which autovacuum does there; nobody does it for SQLite


@pytest.fixture
def filled(store: Store, url: str) -> Iterator[Engine]:
    engine = create_engine(url)
    with engine.begin() as conn:
        fill(conn)
    yield engine
    engine.dispose()


def test_every_question_has_its_index(filled: Engine) -> None:
    """The engine's own plan names the index; PostgreSQL is told not to read small tables whole."""
    asked: list[tuple[str, Any]] = []
    event.listen(filled, "before_cursor_execute", lambda _c, _cur, sql, values, *_rest: asked.append((sql, values)))
    missing: dict[str, str] = {}
    for question, (indexes, ask) in QUESTIONS.items():
        with filled.connect() as conn:
            if conn.dialect.name == "postgresql":
                conn.exec_driver_sql("SET enable_seqscan = off")
            explain = "EXPLAIN QUERY PLAN " if conn.dialect.name == "sqlite" else "EXPLAIN "
            key = "sqlite_autoindex PRIMARY" if conn.dialect.name == "sqlite" else r"\w+_pkey"
            asked.clear()
            ask(conn)
            own = [each for each in asked if each[0].startswith(("SELECT", "UPDATE", "WITH"))]
            plan = "\n".join(str(row) for sql, values in own for row in conn.exec_driver_sql(explain + sql, values))
            for index in indexes.split():
                wanted = key.split() if index == "key" else index.split("|")
                if not any(re.search(rf"\b{name}", plan) for name in wanted):
                    missing[question] = plan
    assert missing == {}
