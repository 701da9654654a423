"""Seals: every entry falls under one, none ever leaves it, and whoever meddles with either is found."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import Connection, insert, text
from sqlalchemy.exc import DBAPIError

from storage import ledger, seal_proof, seals
from storage.merkle import root_of
from storage.schema import ledger as ledger_table
from storage.seal_proof import Head
from storage.seals import Seal
from storage.store import Store
from tests.storage.samples import HOUR, NOW, WS, entry, item, record

#: What somebody with the database's password, but without our program's manners, would have to do first.
DISARM = {
    "sqlite": [
        f"DROP TRIGGER {table}_no_{what}"
        for table, whats in (("ledger", "update delete"), ("seals", "update delete"), ("sealed", "update delete"))
        for what in whats.split()
    ],
    "postgresql": [f"ALTER TABLE {table} DISABLE TRIGGER USER" for table in ("ledger", "seals", "sealed")],
}


async def sealed(store: Store, hours: float = 1, *, whole: bool = False) -> Seal | None:
    """One seal over what is not sealed, so many hours later."""
    now = NOW + timedelta(hours=hours)
    found = await store.read(lambda conn: seals.unsealed(conn, WS, whole=whole))
    return await store.write(lambda conn: seals.seal(conn, WS, found, now)) if found.entries else None


async def proved(store: Store, *expected: str) -> tuple[Head, list[str]]:
    """What both proofs say together."""
    head, broken = await store.read(lambda conn: seal_proof.check_seals(conn, WS, expected))
    return head, [*await store.read(lambda conn: ledger.check_chain(conn, WS)), *broken]


async def two_seals(store: Store) -> tuple[Seal, Seal]:
    """Two entries of REF-1 and two of the rulebook's record under a seal; REF-1's third and REF-2 under another."""
    await store.write(lambda conn: record(conn, "REF-1", entry(kind="opened"), entry(by="dana")))
    book = [entry("", kind="rulebook", by="docket", texts={}, facts={"version": v}) for v in ("3f2a", "77b0")]
    await store.write(lambda conn: ledger.append(conn, WS, book, "", 0))
    first = await sealed(store, 1)
    await store.write(lambda conn: record(conn, "REF-1", entry(by="dana", at=NOW + HOUR)))
    await store.write(lambda conn: record(conn, "REF-2", entry("REF-2", kind="opened", at=NOW + HOUR)))
    second = await sealed(store, 2)
    assert first is not None
    assert second is not None
    return first, second


def test_the_root_is_the_one_that_everybody_else_computes() -> None:
    """RFC 9162's tree: the reference values of the Certificate Transparency project, for 0 to 8 leaves."""
    leaves = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
    roots = [
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    ]
    assert [root_of(leaves[:count]) for count in range(9)] == roots


async def test_every_entry_is_sealed_once_and_the_chain_holds(store: Store) -> None:
    """Those of items and of the rulebook alike; erasing a person's words breaks nothing; nothing new is no seal."""
    first, second = await two_seals(store)
    assert (first.n, first.entries, second.n, second.entries) == (1, 4, 2, 2)
    assert await sealed(store, 3) is None
    await store.write(lambda conn: conn.execute(text("DELETE FROM ledger_texts")))
    head, broken = await proved(store, first.short, second.short.upper(), second.hash)
    assert broken == []
    assert head == Head(seals=2, entries=6, hash=second.hash, unsealed=0, unsealed_since=None)
    assert await store.read(lambda conn: seals.newest(conn, WS)) == second
    assert await store.read(lambda conn: seals.newest(conn, WS, NOW + HOUR)) == first


async def test_what_is_committed_late_falls_into_the_next_seal(store: Store) -> None:
    """A transaction that began before the last seal and committed after it; and one that says it is from last week."""
    await two_seals(store)
    await store.write(lambda conn: record(conn, "REF-3", entry("REF-3", kind="opened", at=NOW + HOUR)))
    await store.write(lambda conn: record(conn, "REF-4", entry("REF-4", kind="opened", at=NOW - 7 * 24 * HOUR)))
    third = await sealed(store, 3)
    assert third is not None
    assert third.entries == 1, "last week is found when the whole record is looked through"
    assert (await proved(store))[0].unsealed == 1
    fourth = await sealed(store, 4, whole=True)
    assert fourth is not None
    assert fourth.entries == 1
    assert (await proved(store))[0].unsealed == 0


async def test_two_who_seal_at_once_make_one_chain(store: Store) -> None:
    """What was found before another sealed is not sealed again."""
    await two_seals(store)
    await store.write(lambda conn: record(conn, "REF-3", entry("REF-3", kind="opened", at=NOW + HOUR)))
    now = NOW + 3 * HOUR
    found = await store.read(lambda conn: seals.unsealed(conn, WS))
    assert await sealed(store, 3) is not None
    assert await store.write(lambda conn: seals.seal(conn, WS, found, now)) is None
    assert (await proved(store))[1] == []


async def test_a_large_record_is_sealed_in_parts_that_do_not_slow_intake(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No seal covers more than a batch; where one ends, the next goes on."""
    monkeypatch.setattr(seals, "BATCH", 10)
    await store.write(lambda conn: record(conn, "REF-1", *(entry(at=NOW + n * HOUR / 60) for n in range(25))))
    made, since, now = [], None, NOW + HOUR
    while True:
        found = await store.read(lambda conn: seals.unsealed(conn, WS, since))  # noqa: B023 awaited here
        made.append(await store.write(lambda conn: seals.seal(conn, WS, found, now)))  # noqa: B023 awaited here
        if not found.more:
            break
        since = found.reached
    assert [seal.entries for seal in made if seal] == [10, 10, 5]
    assert (await proved(store))[1] == []


async def test_the_database_refuses_to_change_a_seal(store: Store) -> None:
    """By any SQL at all, as long as nobody takes the triggers away."""
    first, second = await two_seals(store)
    for attempt in (
        "UPDATE seals SET root = ''",
        "DELETE FROM seals WHERE n = 2",
        "UPDATE sealed SET seal = 1",
        "DELETE FROM sealed",
    ):
        with pytest.raises(DBAPIError, match="a seal stands"):
            await store.write(lambda conn: conn.execute(text(attempt)))  # noqa: B023 awaited here
    assert (await proved(store, first.short, second.short))[1] == []


def _rewritten(conn: Connection) -> None:
    """An entry says something else, its chain computed anew up to the item's head: check_chain alone finds nothing."""
    from storage import items

    conn.execute(text("DELETE FROM ledger WHERE item = 'REF-1'"))
    conn.execute(text("DELETE FROM ledger_texts WHERE item = 'REF-1'"))
    conn.execute(text("UPDATE items SET version = 0, head = '' WHERE key = 'REF-1'"))
    forged = [entry(kind="opened"), entry(by="maria"), entry(by="dana", at=NOW + HOUR)]
    head = ledger.append(conn, WS, forged, "", 0)
    conn.execute(text("DELETE FROM items WHERE key = 'REF-1'"))
    items.save(conn, item("REF-1", version=3, head=head), 0)


def _sealed_anew(conn: Connection) -> None:
    """All seals thrown away and one made over the forged record: whole in itself."""
    _rewritten(conn)
    conn.execute(text("DELETE FROM sealed"))
    conn.execute(text("DELETE FROM seals"))
    seals.seal(conn, WS, seals.unsealed(conn, WS), NOW + 2 * HOUR)


def _twice(conn: Connection) -> None:
    conn.execute(text("ALTER TABLE sealed RENAME TO was"))
    conn.execute(text("CREATE TABLE sealed AS SELECT * FROM was"))
    conn.execute(text("INSERT INTO sealed SELECT workspace, item, seq, 2 FROM was WHERE item = 'REF-1' AND seq = 1"))


def _sql(*statements: str) -> Callable[[Connection], None]:
    def work(conn: Connection) -> None:
        for statement in statements:
            conn.execute(text(statement))

    return work


CUT_REF_1 = (
    "DELETE FROM ledger WHERE item = 'REF-1' AND seq = 3",
    "UPDATE items SET version = 2,"
    " head = (SELECT hash FROM ledger WHERE item = 'REF-1' AND seq = 2) WHERE key = 'REF-1'",
)
CUT_SEAL = ("DELETE FROM sealed WHERE seal = 2", "DELETE FROM seals WHERE n = 2")
#: what is done by somebody who takes the triggers away -> what is said of it
MEDDLING: dict[str, tuple[Callable[[Connection], None], str]] = {
    "an entry is removed": (_sql("DELETE FROM ledger WHERE item = 'REF-1' AND seq = 2"), "REF-1: entry 2 is missing"),
    "an item's newest entry is cut off, the item set back": (_sql(*CUT_REF_1), "REF-1: entry 3 is missing; seal 2"),
    "the newest entry of the rulebook's record is cut off": (
        _sql("DELETE FROM ledger WHERE item = '' AND seq = 2"), "the rulebook's own record: entry 2 is missing"
    ),
    "an item is removed with all its entries": (
        _sql("DELETE FROM ledger WHERE item = 'REF-2'", "DELETE FROM items WHERE key = 'REF-2'"),
        "REF-2: entry 1 is missing",
    ),
    "an item is removed": (_sql("DELETE FROM items WHERE key = 'REF-2'"), "the item is missing"),
    "an entry is rewritten": (_sql("UPDATE ledger SET \"by\" = 'maria' WHERE seq = 2"), "not as it was recorded"),
    "an entry is rewritten, its chain made anew": (_rewritten, "seal 1: its entries are not those that were sealed"),
    "an entry is removed, and that it was sealed": (
        _sql(*CUT_REF_1, "DELETE FROM sealed WHERE item = 'REF-1' AND seq = 3"), "covers 2 entries, but 1 name it"
    ),
    "the first seal is removed": (_sql("DELETE FROM seals WHERE n = 1"), "seal 1 is missing"),
    "the newest seal is removed": (_sql("DELETE FROM seals WHERE n = 2"), "seal 2 is missing, but 2 entries"),
    "a seal says another time": (
        _sql("UPDATE seals SET at = (SELECT at FROM seals WHERE n = 2) WHERE n = 1"), "seal 1 is not as it was made"
    ),
    "a seal says another count": (_sql("UPDATE seals SET entries = 3 WHERE n = 1"), "seal 1 is not as it was made"),
    "a seal is over something else": (_sql("UPDATE seals SET root = hash WHERE n = 1"), "its entries are not those"),
    "an entry goes over to another seal": (
        _sql("UPDATE sealed SET seal = 2 WHERE item = 'REF-1' AND seq = 1"), "seal 1 covers 4 entries, but 3 name it"
    ),
    "nothing names a seal": (_sql("DELETE FROM sealed WHERE seal = 2"), "seal 2 covers 2 entries, but none names it"),
    "an entry is sealed twice": (_twice, "REF-1: entry 1 is sealed more than once"),
    "the newest seal is cut off whole": (_sql(*CUT_SEAL), "there is no seal {second}: the newest of 1 is {first}"),
    "everything newest is cut off, entries, items, seals": (
        _sql(*CUT_REF_1, "DELETE FROM ledger WHERE item = 'REF-2'", "DELETE FROM items WHERE key = 'REF-2'", *CUT_SEAL),
        "there is no seal {second}",
    ),
    "all is forged and sealed anew": (_sealed_anew, "there is no seal {second}"),
}  # fmt: skip


class _Undone(Exception):
    """Ends a transaction in which the tables were meddled with; it holds what the proofs said."""


async def after(store: Store, meddle: Callable[[Connection], None], *expected: str) -> list[str]:
    """What both proofs say of the tables after somebody had the triggers away and did this; it is undone then."""

    def work(conn: Connection) -> None:
        _sql(*DISARM[conn.dialect.name])(conn)
        meddle(conn)
        raise _Undone(ledger.check_chain(conn, WS) + seal_proof.check_seals(conn, WS, expected)[1])

    with pytest.raises(_Undone) as undone:
        await store.write(work)
    said: list[str] = undone.value.args[0]
    return said


async def test_meddling_is_found(store: Store) -> None:
    """Removing, cutting off, rewriting entries, items, seals: what can't be seen inside is seen by a digest's line."""
    first, second = await two_seals(store)
    unseen = {}
    for what, (meddle, said) in MEDDLING.items():
        broken = await after(store, meddle, first.short, second.short)
        if not any(said.format(first=first.short, second=second.short) in line for line in broken):
            unseen[what] = broken
    assert unseen == {}
    assert (await proved(store, first.short, second.short))[1] == []


async def test_only_the_digests_line_finds_a_chain_that_was_cut_off_or_made_anew(store: Store) -> None:
    """That is what it is for: the database alone is whole again, and verifies."""
    await two_seals(store)
    assert await after(store, _sealed_anew) == []
    assert await after(store, _sql(*CUT_SEAL)) == []


def test_a_digests_line_is_read() -> None:
    """With or without its hyphen, or more of the hash; what is too short would be found in any chain."""
    assert all(map(seal_proof.readable, ("9c41-77ab", "9C4177AB", "9c41-77ab-00", "ab" * 32)))
    assert not any(map(seal_proof.readable, ("", "9c41", "9c41-77ag", "ab" * 33)))


async def test_a_batch_keeps_the_writer_for_a_moment_only(store: Store) -> None:
    """A full batch is sealed within what intake does not feel (some 60 ms here); generous, for busy machines."""
    import time

    rows = [
        {"workspace": WS, "item": f"REF-{n}", "seq": 1, "at": NOW, "kind": "opened", "by": "", "via": "",
         "rulebook": "", "facts": "{}", "digests": "{}", "hash": f"{n:064x}"}
        for n in range(seals.BATCH)
    ]  # fmt: skip
    await store.write(lambda conn: conn.execute(insert(ledger_table), rows))
    found = await store.read(lambda conn: seals.unsealed(conn, WS))
    assert (len(found.entries), found.more) == (seals.BATCH, True)
    began = time.perf_counter()
    await store.write(lambda conn: seals.seal(conn, WS, found, NOW + HOUR))
    assert time.perf_counter() - began < 1.0
