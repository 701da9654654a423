"""The ledger: append-only by the database's own hand, chained, provable, and still provable after an erasure."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from storage import chain, items, ledger
from storage.store import Store
from tests.storage.samples import HOUR, NOW, WS, entry, record

#: What somebody with the database's password, but without our program's manners, would have to do first.
DISARM = {
    "sqlite": [
        "DROP TRIGGER ledger_no_update",
        "DROP TRIGGER ledger_no_delete",
        "DROP TRIGGER ledger_texts_no_update",
        "DROP TRIGGER ledger_texts_no_late",
    ],
    "postgresql": ["ALTER TABLE ledger DISABLE TRIGGER USER", "ALTER TABLE ledger_texts DISABLE TRIGGER USER"],
}


async def sql(store: Store, *statements: str) -> None:
    def work(conn: Connection) -> None:
        for statement in statements:
            conn.execute(text(statement))

    await store.write(work)


async def disarmed(store: Store, *statements: str) -> None:
    """Run statements with the triggers out of the way."""
    dialect = await store.read(lambda conn: conn.dialect.name)
    await sql(store, *DISARM[dialect], *statements)


async def three_entries(store: Store) -> None:
    """REF-1 with three entries and REF-2 with one."""
    await store.write(lambda conn: record(conn, "REF-1", entry(kind="opened"), entry(texts={"fields": {"a": "1"}})))
    await store.write(lambda conn: record(conn, "REF-1", entry(by="dana", texts={"value": "receipt"})))
    await store.write(lambda conn: record(conn, "REF-2", entry("REF-2", kind="opened", texts={})))


async def broken(store: Store) -> list[str]:
    return await store.read(lambda conn: ledger.check_chain(conn, WS))


async def test_entries_come_back_as_they_were_recorded(store: Store) -> None:
    """Facts, texts, who and when are the same after the round trip; a stranger's name is kept as a text."""
    written = [
        entry(kind="opened", at=NOW + timedelta(microseconds=7), facts={"n": 1, "list": [True, None], "ö": 2.5}),
        entry(by="dana", texts={}),
        entry(by="rita@example.com", texts={"fields": {"who": "Zoë"}, "value": "x"}),
    ]
    await store.write(lambda conn: record(conn, "REF-1", *written))

    recorded = await store.read(lambda conn: ledger.of_item(conn, WS, "REF-1"))

    assert [r.entry for r in recorded] == written
    assert [r.seq for r in recorded] == [1, 2, 3]
    stored = await store.read(lambda conn: conn.execute(text('SELECT "by" FROM ledger ORDER BY seq')).scalars().all())
    assert stored == ["", "dana", ""]


async def test_a_hash_can_be_computed_by_anybody(store: Store) -> None:
    """The chain is plain SHA-256 over canonical JSON, as documented: no secret of ours is needed to verify it."""
    await three_entries(store)
    rows = await store.read(
        lambda conn: conn.execute(text("SELECT * FROM ledger WHERE item = 'REF-1' ORDER BY seq")).all()
    )
    prev = ""
    for row in rows:
        prev = chain.chained(prev, {**row._mapping, "at": NOW})
        assert prev == row.hash
    standing = await store.read(lambda conn: items.load(conn, WS, "REF-1"))
    assert standing is not None
    assert standing.head == prev
    assert await store.read(lambda conn: ledger.tip(conn, WS, "REF-1")) == (3, prev)
    assert await store.read(lambda conn: ledger.tip(conn, WS, "REF-9")) == (0, "")


async def test_equal_texts_have_unequal_digests(store: Store) -> None:
    """Each text has a salt of its own, so that an erased one can't be guessed from another or from a dictionary."""
    await store.write(lambda conn: record(conn, "REF-1", entry(by="dana"), entry(by="dana")))
    rows = await store.read(lambda conn: conn.execute(text("SELECT digests FROM ledger")).scalars().all())
    first, second = (json.loads(each)["fields"] for each in rows)
    assert first != second


async def test_export_streams_by_time(store: Store) -> None:
    """All entries of all items by time, from a moment on where one is given."""
    await store.write(lambda conn: record(conn, "REF-1", entry(at=NOW), entry(at=NOW + 2 * HOUR)))
    await store.write(lambda conn: record(conn, "REF-2", entry("REF-2", at=NOW + HOUR)))

    everything = await store.read(lambda conn: [(r.entry.item, r.seq) for r in ledger.every(conn, WS)])
    later = await store.read(lambda conn: [(r.entry.item, r.seq) for r in ledger.every(conn, WS, NOW + HOUR)])

    assert everything == [("REF-1", 1), ("REF-2", 1), ("REF-1", 2)]
    assert later == [("REF-2", 1), ("REF-1", 2)]


@pytest.mark.parametrize(
    "attempt",
    [
        "UPDATE ledger SET facts = '{}' WHERE seq = 1",
        "DELETE FROM ledger WHERE seq = 3",
        "DELETE FROM ledger",
        "UPDATE ledger_texts SET text = '\"other\"'",
        "INSERT INTO ledger_texts SELECT workspace, item, seq, 'new', text, salt FROM ledger_texts WHERE seq = 2",
    ],
)
async def test_the_database_refuses(store: Store, attempt: str) -> None:
    """Entries can neither be changed nor deleted, and texts neither changed nor added later, by any SQL at all."""
    await three_entries(store)
    with pytest.raises(DBAPIError, match=r"only grows|only be erased"):
        await sql(store, attempt)
    assert await broken(store) == []


async def test_replacing_is_refused_too(store: Store) -> None:
    """Each engine's own way around a DELETE trigger is shut as well."""
    await three_entries(store)
    ways = {
        "sqlite": "INSERT OR REPLACE INTO ledger SELECT * FROM ledger WHERE seq = 3",
        "postgresql": "TRUNCATE ledger",
    }
    dialect = await store.read(lambda conn: conn.dialect.name)
    with pytest.raises(DBAPIError, match="only grows"):
        await sql(store, ways[dialect])


async def test_an_erased_text_breaks_nothing(store: Store) -> None:
    """A text may be deleted for good: the chain still verifies, and the entry says what is gone."""
    await three_entries(store)
    await sql(store, "DELETE FROM ledger_texts WHERE item = 'REF-1' AND seq = 2")

    assert await broken(store) == []
    second = (await store.read(lambda conn: ledger.of_item(conn, WS, "REF-1")))[1]
    assert second.erased == ("by", "fields")
    assert second.entry.texts == {}
    assert second.entry.by == ""


@pytest.mark.parametrize(
    ("tampering", "said"),
    [
        (
            "UPDATE ledger SET facts = '{}' WHERE item = 'REF-1' AND seq = 2",
            "REF-1: entry 2 is not as it was recorded.",
        ),
        ("UPDATE ledger SET facts = '{' WHERE item = 'REF-1' AND seq = 2", "REF-1: entry 2 is not as it was recorded."),
        (
            "UPDATE ledger SET \"by\" = 'lee' WHERE item = 'REF-1' AND seq = 3",
            "REF-1: entry 3 is not as it was recorded.",
        ),
        ("DELETE FROM ledger WHERE item = 'REF-1' AND seq = 2", "REF-1: entry 2 is missing."),
        ("DELETE FROM ledger WHERE item = 'REF-1' AND seq = 3", "REF-1: entry 3 is missing at the end."),
        ("DELETE FROM ledger WHERE item = 'REF-1' AND seq > 1", "REF-1: entries 2 to 3 are missing at the end."),
        ("DELETE FROM ledger WHERE item = 'REF-2'", "REF-2: the item has no entry at all."),
        ("DELETE FROM items WHERE key = 'REF-2'", "REF-2: the ledger has it up to entry 1, but the item is missing."),
        (
            "UPDATE ledger_texts SET text = '\"other\"' WHERE item = 'REF-1' AND seq = 3",
            "REF-1: the text `value` of entry 3 is not the one that was recorded.",
        ),
        (
            "UPDATE ledger_texts SET seq = 5 WHERE item = 'REF-1' AND seq = 3",
            "REF-1: there is a text `value` of entry 5, which is missing.",
        ),
        (
            "UPDATE items SET head = 'f00' WHERE key = 'REF-1'",
            "REF-1: the item is not at the ledger's newest entry, 3.",
        ),
    ],
)
async def test_tampering_is_found(store: Store, tampering: str, said: str) -> None:
    """Whatever is rewritten, taken away or cut off behind the triggers' backs, the check names it."""
    await three_entries(store)
    assert await broken(store) == []
    await disarmed(store, tampering)
    assert said in await broken(store)


async def test_swapped_texts_are_found(store: Store) -> None:
    """Two texts that change places, with their salts, no longer fit their entries."""
    await three_entries(store)
    name = "item = 'REF-1' AND name = 'by'"
    await disarmed(
        store,
        f"UPDATE ledger_texts SET seq = 9 WHERE {name} AND seq = 1",
        f"UPDATE ledger_texts SET seq = 1 WHERE {name} AND seq = 2",
        f"UPDATE ledger_texts SET seq = 2 WHERE {name} AND seq = 9",
    )
    assert await broken(store) == [
        "REF-1: the text `by` of entry 1 is not the one that was recorded.",
        "REF-1: the text `by` of entry 2 is not the one that was recorded.",
    ]


async def test_a_breach_is_told_once(store: Store) -> None:
    """One changed entry is one sentence, not one for every entry behind it."""
    await store.write(lambda conn: record(conn, "REF-1", *(entry() for _ in range(6))))
    await disarmed(store, "UPDATE ledger SET via = 'mail' WHERE seq = 2")
    assert await broken(store) == ["REF-1: entry 2 is not as it was recorded."]


async def test_a_chain_without_an_item_is_checked_as_well(store: Store) -> None:
    """Loads of the rulebook are entries too, of no item."""
    head = await store.write(lambda conn: ledger.append(conn, WS, [entry("", kind="rulebook", texts={})], "", 0))
    await store.write(lambda conn: ledger.append(conn, WS, [entry("", kind="rulebook", texts={})], head, 1))
    assert await broken(store) == []


async def test_who_did_it_has_a_name_of_its_own(store: Store) -> None:
    """A text called `by` would hide a stranger's name: it is refused before anything is written."""
    with pytest.raises(ValueError, match="`by`"):
        await store.write(lambda conn: ledger.append(conn, WS, [entry(texts={"by": "x"})], "", 0))
