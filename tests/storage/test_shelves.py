"""The plainer shelves: what came in, items by their questions, rulebooks, inboxes, settings, evidence."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from hashlib import sha256

import pytest
from sqlalchemy import Connection

from rules.items import Evidence, Item
from storage import evidence, inbox, items, mailboxes, questions, rulebooks, settings, threads
from storage.store import Store
from tests.storage.samples import HOUR, NOW, WS, decision, item, trouble


async def keep(store: Store, *new: Item) -> None:
    def work(conn: Connection) -> None:
        for each in new:
            items.save(conn, each, 0)

    await store.write(work)


def keys(found: Sequence[Item]) -> list[str]:
    return [each.key for each in found]


async def test_an_arrival_keeps_its_bytes_and_what_became_of_it(store: Store) -> None:
    """Raw bytes come back untouched, whatever they are; the outcome is known to a repeat."""
    raw = bytes(range(256))

    def work(conn: Connection) -> None:
        inbox.count(conn, WS, "mail:ab", NOW, "mail", "Mailed", raw)
        inbox.settle(conn, WS, "mail:ab", "taken", "REF-1", "")

    await store.write(work)
    assert await store.read(lambda conn: inbox.raw(conn, WS, "mail:ab")) == raw
    found = await store.read(lambda conn: inbox.arrival(conn, WS, "mail:ab"))
    assert found == inbox.Arrival(
        outside_id="mail:ab", at=NOW, channel="mail", kind="Mailed", state="taken", item="REF-1", reason=""
    )
    assert await store.read(lambda conn: (inbox.raw(conn, WS, "x"), inbox.arrival(conn, WS, "x"))) == (None, None)


async def test_the_quarantine_is_a_list(store: Store) -> None:
    """What could not be read waits there, oldest first, with its reason; other workspaces have their own."""

    def work(conn: Connection) -> None:
        for n, (ws, state) in enumerate(
            [(WS, "quarantined"), (WS, "taken"), ("other", "quarantined"), (WS, "quarantined")]
        ):
            inbox.count(conn, ws, f"mail:{n}", NOW - n * HOUR, "mail", "Unreadable", b"")
            inbox.settle(conn, ws, f"mail:{n}", state, None, "no header")  # type: ignore[arg-type]  # from the table above

    await store.write(work)
    found = await store.read(lambda conn: inbox.quarantined(conn, WS))
    assert [(each.outside_id, each.reason) for each in found] == [("mail:3", "no header"), ("mail:0", "no header")]


async def test_an_item_comes_back_as_it_was_saved(store: Store) -> None:
    """Every part of an item survives, exceptions, decisions, evidence and times to the microsecond included."""
    whole = item(
        opened_at=NOW.replace(microsecond=123456),
        exceptions=(
            trouble(state="approved", decision=decision(seen={"amount": "450"}), ended_at=NOW),
            trouble("STALE"),
        ),
        evidence=(Evidence(id="E1", kind="link", value="https://x", sha256="ab", by="dana", at=NOW),),
        conflicts={"amount": ("1", "2")},
        fields={"amount": "450.00 USD"},
        missing=("region",),
        version=7,
        head="f00",
    )
    await keep(store, whole)
    assert await store.read(lambda conn: items.load(conn, WS, "REF-1")) == whole
    assert await store.read(lambda conn: items.load(conn, "other", "REF-1")) is None
    assert await store.read(lambda conn: items.load(conn, WS, "REF-2")) is None


async def test_items_are_listed_by_what_is_asked(store: Store) -> None:
    """By workflow, owner, requester and state; due first at the top, those without a due time last."""
    await keep(
        store,
        item("REF-1", due_at=None),
        item("REF-2", due_at=NOW + 2 * HOUR, requester="slack:U0OLU"),
        item("REF-3", due_at=NOW + HOUR, owner="lee"),
        item("REF-4", closed_at=NOW, outcome="done"),
        item("ACC-1", workflow="access", due_at=NOW),
        item("BOT-1", workflow="docket", fields={"cause": "smtp"}),
        item("REF-1", workspace="other"),
    )
    asked: dict[str, list[str]] = {}

    def work(conn: Connection) -> None:
        asked["all"] = keys(items.listing(conn, WS, limit=99))
        asked["two"] = keys(items.listing(conn, WS, limit=2))
        asked["refunds"] = keys(items.listing(conn, WS, workflow="refunds", limit=99))
        asked["lee's"] = keys(items.listing(conn, WS, owner="lee", limit=99))
        asked["olu's"] = keys(items.listing(conn, WS, requester="slack:U0OLU", limit=99))
        asked["closed too"] = keys(items.listing(conn, WS, workflow="refunds", state_open=False, limit=99))
        asked["the bot's too"] = keys(items.listing(conn, WS, include_docket=True, limit=99))
        asked["the bot's"] = keys(items.listing(conn, WS, workflow="docket", limit=99))
        asked["keys"] = items.all_keys(conn, WS)

    await store.read(work)
    assert asked == {
        "all": ["ACC-1", "REF-3", "REF-2", "REF-1"],
        "two": ["ACC-1", "REF-3"],
        "refunds": ["REF-3", "REF-2", "REF-1"],
        "lee's": ["REF-3"],
        "olu's": ["REF-2"],
        "closed too": ["REF-3", "REF-2", "REF-4", "REF-1"],
        "the bot's too": ["ACC-1", "REF-3", "REF-2", "BOT-1", "REF-1"],
        "the bot's": ["BOT-1"],
        "keys": ["ACC-1", "BOT-1", "REF-1", "REF-2", "REF-3", "REF-4"],
    }


async def test_near_duplicates_are_looked_for_among_the_newest_open(store: Store) -> None:
    """Open items of the workflow with the same numbers, newest first, up to the limit."""
    await keep(store, *(item(f"REF-{n}", opened_at=NOW + n * HOUR, text="refund ORD-1 please") for n in range(1, 5)))
    await keep(store, item("REF-8", opened_at=NOW + 8 * HOUR, text="refund ORD-2 please"))
    await keep(store, item("REF-9", opened_at=NOW + 9 * HOUR, closed_at=NOW), item("ACC-1", workflow="access"))
    found = await store.read(lambda conn: items.open_like(conn, WS, "refunds", "please, refund ORD-1", 3))
    assert keys(found) == ["REF-4", "REF-3", "REF-2"]


async def test_a_failure_is_found_by_its_cause_while_it_is_open(store: Store) -> None:
    """Another cause, a closed one, or a field of that name in an ordinary workflow is not it."""
    await keep(
        store,
        item("BOT-1", workflow="docket", fields={"cause": "smtp"}, closed_at=NOW),
        item("BOT-2", workflow="docket", fields={"cause": "imap"}),
        item("REF-1", fields={"cause": "smtp"}),
    )
    assert await store.read(lambda conn: items.failure(conn, WS, "smtp")) is None
    found = await store.read(lambda conn: items.failure(conn, WS, "imap"))
    assert found is not None
    assert found.key == "BOT-2"


async def test_what_changed_in_a_span_is_what_a_digest_covers(store: Store) -> None:
    """Opened, closed, raised or ended within the half-open span, each once; older and later ones are left out."""
    old = {"opened_at": NOW - 9 * HOUR}
    before, after = NOW - HOUR, NOW + HOUR
    await keep(
        store,
        item("REF-1", opened_at=NOW),
        item("REF-2", **old, closed_at=NOW),
        item("REF-3", **old, exceptions=(trouble(opened_at=NOW), trouble("STALE", opened_at=NOW))),
        item("REF-4", **old, exceptions=(trouble(opened_at=before, state="void", ended_at=NOW),)),
        item("REF-5", **old, exceptions=(trouble(opened_at=before),)),
        item("REF-6", opened_at=after),
        item("REF-7", opened_at=before),
    )
    found = await store.read(lambda conn: items.changed(conn, WS, NOW, after))
    assert sorted(keys(found)) == ["REF-1", "REF-2", "REF-3", "REF-4"]


async def test_the_decisions_that_wait(store: Store) -> None:
    """Open exceptions, the first due first; decided ones are not among them."""
    made = trouble("NO_PROOF", state="rejected", decision=decision(verdict="reject"), ended_at=NOW)
    await keep(
        store,
        item("REF-1", exceptions=(made, trouble(due_at=NOW + 2 * HOUR))),
        item("REF-2", exceptions=(trouble("STALE", may_decide=("lee", "maria")),)),
    )
    waiting = await store.read(lambda conn: questions.deciding(conn, WS))
    assert [(d.item, d.code, d.owner, d.may_decide) for d in waiting] == [
        ("REF-2", "STALE", "lee", ("lee", "maria")),
        ("REF-1", "OVER_LIMIT", "lee", ("lee",)),
    ]


async def test_exceptions_follow_their_item(store: Store) -> None:
    """A decision changes the row of its exception in the same save."""
    await keep(store, item(exceptions=(trouble(),), version=1))
    ended = trouble(state="approved", decision=decision(), ended_at=NOW)
    await store.write(lambda conn: items.save(conn, item(exceptions=(ended, trouble("STALE")), version=2), 1))
    waiting = await store.read(lambda conn: questions.deciding(conn, WS))
    assert [each.code for each in waiting] == ["STALE"]


async def test_a_conversation_leads_to_its_item(store: Store) -> None:
    """The first known one of several counts, in the given order; a later binding wins over an earlier one."""

    def work(conn: Connection) -> None:
        threads.bind(conn, WS, {"mail:<a@x>": "REF-1"})
        threads.bind(conn, WS, {"mail:<b@x>": "REF-2"})
        threads.bind(conn, WS, {"slack:C1:1.1": "REF-3"})
        threads.bind(conn, WS, {"slack:C1:1.1": "REF-4"})

    await store.write(work)

    async def find(*conversations: str) -> str | None:
        return await store.read(lambda conn: threads.find(conn, WS, conversations))

    assert await find("mail:<new@x>", "mail:<b@x>", "mail:<a@x>") == "REF-2"
    assert await find("slack:C1:1.1") == "REF-4"
    assert await find("mail:<new@x>") is None
    assert await find() is None
    assert await find(*(f"mail:<{n}@x>" for n in range(3000)), "mail:<a@x>") == "REF-1"


@pytest.mark.parametrize(
    ("marks", "expected"),
    [
        ([(7, 5)], (7, 5)),
        ([(7, 5), (7, 9)], (7, 9)),
        ([(7, 9), (7, 5)], (7, 9)),
        ([(7, 9), (8, 2)], (8, 2)),
        ([(2**32 - 1, 2**32 - 1)], (2**32 - 1, 2**32 - 1)),
    ],
)
async def test_an_inbox_only_goes_on(store: Store, marks: list[tuple[int, int]], expected: tuple[int, int]) -> None:
    """Under one UIDVALIDITY the mark never turns back; a new UIDVALIDITY starts anew; both are 32-bit numbers."""
    assert await store.read(lambda conn: mailboxes.state(conn, WS, "refunds")) is None
    for uidvalidity, uid in marks:
        await store.write(partial(mailboxes.advance, ws=WS, inbox="refunds", uidvalidity=uidvalidity, uid=uid))
    assert await store.read(lambda conn: mailboxes.state(conn, WS, "refunds")) == expected


async def test_settings_are_remembered(store: Store) -> None:
    """A value replaces the older one; `first` leaves the one that stands and tells it."""
    assert await store.read(lambda conn: settings.get(conn, WS, "digest")) is None
    await store.write(lambda conn: settings.put(conn, WS, "digest", "2026-11-19"))
    await store.write(lambda conn: settings.put(conn, WS, "digest", "2026-11-20"))
    assert await store.read(lambda conn: settings.get(conn, WS, "digest")) == "2026-11-20"
    assert await store.write(lambda conn: settings.first(conn, WS, "secret", "one")) == "one"
    assert await store.write(lambda conn: settings.first(conn, WS, "secret", "two")) == "one"


async def test_rulebooks_and_files_are_kept_once(store: Store) -> None:
    """Both are named by their own hash: the same again changes nothing, the unknown is None."""
    digest = sha256(b"%PDF\0").hexdigest()
    for at in (NOW, NOW + HOUR):
        await store.write(partial(rulebooks.keep, ws=WS, version="3f2a", text="workflows: {}\n", at=at))
        await store.write(lambda conn: evidence.keep(conn, WS, digest, "receipt.pdf", "application/pdf", b"%PDF\0"))
    assert await store.read(lambda conn: rulebooks.text(conn, WS, "3f2a")) == "workflows: {}\n"
    assert await store.read(lambda conn: rulebooks.text(conn, WS, "ffff")) is None
    assert await store.read(lambda conn: evidence.load(conn, WS, digest)) == evidence.File(
        name="receipt.pdf", media_type="application/pdf", data=b"%PDF\0"
    )
    assert await store.read(lambda conn: evidence.load(conn, WS, "ffff")) is None


async def test_a_time_without_a_zone_is_refused(store: Store) -> None:
    """Nobody could say when it was."""
    with pytest.raises(Exception, match="zone"):
        await store.write(lambda conn: rulebooks.keep(conn, WS, "v", "", datetime(2026, 11, 20)))
