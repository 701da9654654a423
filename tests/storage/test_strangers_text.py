"""Strangers' text: what no database can hold is replaced alike on both engines; keys may have any length."""

from __future__ import annotations

from functools import partial

import pytest

from storage import inbox, items, ledger, settings, threads
from storage.columns import LONGEST_KEY, clean, clean_json, key_of, rfc3339
from storage.store import Store
from tests.storage.samples import NOW, WS, entry, item, record

NASTY = "a\0b\ud800c\udfffd\ud83d\ude00e"
CLEANED = "a\u2400b\ufffdc\ufffdd\U0001f600e"


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("", ""),
        ("plain", "plain"),
        ("Zoë 😀 \u200b \ufffe", "Zoë 😀 \u200b \ufffe"),
        ("a\0b", "a\u2400b"),
        ("\ud800", "\ufffd"),
        ("\udc00\ud800", "\ufffd\ufffd"),
        ("\ud83d\ude00", "\U0001f600"),
        (NASTY, CLEANED),
    ],
)
def test_text_is_kept_as_both_engines_can(text: str, kept: str) -> None:
    """NUL is shown as its picture, half a surrogate as the replacement character, a split pair is joined."""
    assert clean(text) == kept
    assert clean(kept) == kept


def test_json_is_cleaned_all_the_way_down() -> None:
    """Names and values, in lists and objects; numbers and truths are left alone."""
    assert clean_json({"a\0": [NASTY, (1, True, None, 2.5)]}) == {"a\u2400": [CLEANED, [1, True, None, 2.5]]}


async def test_items_and_entries_hold_the_same_words(store: Store) -> None:
    """An item and the entry that made it are cleaned alike, so that replaying the ledger still gives the item."""
    dirty = item(title=NASTY, text=NASTY, fields={"note": NASTY}, requester="rita\0@x", version=1)
    await store.write(lambda conn: items.save(conn, dirty, 0))
    await store.write(lambda conn: record(conn, "REF-2", entry("REF-2", by=f"{NASTY}@x", texts={"text": NASTY})))

    kept = await store.read(lambda conn: items.load(conn, WS, "REF-1"))
    (recorded,) = await store.read(lambda conn: ledger.of_item(conn, WS, "REF-2"))
    assert kept is not None
    assert (kept.title, kept.text, kept.fields, kept.requester) == (CLEANED, CLEANED, {"note": CLEANED}, "rita\u2400@x")
    assert (recorded.entry.by, recorded.entry.texts) == (f"{CLEANED}@x", {"text": CLEANED})
    assert await store.read(lambda conn: ledger.check_chain(conn, WS)) == [
        "REF-1: the item has no entry at all."  # saved alone above, on purpose
    ]
    assert [i.key for i in await store.read(lambda conn: items.listing(conn, WS, requester="rita\0@x", limit=9))] == [
        "REF-1"
    ]


async def test_what_is_looked_up_is_found_under_its_dirty_name(store: Store) -> None:
    """A Message-ID with a NUL in it finds the item that it was bound to."""
    await store.write(lambda conn: threads.bind(conn, WS, {f"mail:<{NASTY}>": "REF-1"}))
    assert await store.read(lambda conn: threads.find(conn, WS, [f"mail:<{NASTY}>"])) == "REF-1"
    await store.write(lambda conn: settings.put(conn, WS, "name", NASTY))
    assert await store.read(lambda conn: settings.get(conn, WS, "name")) == CLEANED


async def test_a_typed_key_may_be_anything(store: Store) -> None:
    """What a stranger types as a key is looked up, not found, and breaks nothing."""
    for typed in ("REF\0-1", "\ud800", "", "x" * 100_000):
        assert await store.read(partial(items.load, ws=WS, key=typed)) is None
        assert await store.read(partial(ledger.of_item, ws=WS, key=typed)) == []


async def test_names_of_any_length_are_told_apart(store: Store) -> None:
    """A Message-ID of 100,000 characters is kept and found, and is not its neighbour that ends differently."""
    long, other = "mail:<" + "é" * 100_000 + "1>", "mail:<" + "é" * 100_000 + "2>"
    await store.write(lambda conn: threads.bind(conn, WS, {long: "REF-1"}))
    assert await store.read(lambda conn: threads.find(conn, WS, [other])) is None
    assert await store.read(lambda conn: threads.find(conn, WS, [other, long])) == "REF-1"
    assert await store.write(lambda conn: inbox.count(conn, WS, long, NOW, "mail", "Mailed", b"")) is True
    assert await store.write(lambda conn: inbox.count(conn, WS, long, NOW, "mail", "Mailed", b"")) is False


def test_only_long_names_are_shortened() -> None:
    """Up to the limit a key is itself; beyond it, exactly as long as the limit."""
    assert key_of("x" * LONGEST_KEY) == "x" * LONGEST_KEY
    assert len(key_of("x" * (LONGEST_KEY + 1))) == LONGEST_KEY


def test_stored_times_sort_as_text() -> None:
    """Every time has one width, so that SQLite's order of text is the order of time, in odd years too."""
    times = [NOW.replace(year=year, microsecond=us) for year in (1, 999, 2026, 9999) for us in (0, 1, 999_999)]
    texts = [rfc3339(at) for at in times]
    assert texts == sorted(texts)
    assert {len(text) for text in texts} == {27}
