"""What keeps mail from looping and joins its threads: answers counted, letters known by id, conversations offered."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import Connection

from rules.notices import Card, Question, Received
from rules.traces import Answered, Letter
from storage import inbox, items, outbox, threads, traffic
from storage.store import Store
from tests.storage.samples import HOUR, NOW, WS, item

RITA, TOM = "mail:rita@shop.example", "mail:tom@shop.example"


async def test_answers_are_counted_by_address_and_for_everybody(store: Store) -> None:
    """Only what answers a mail; from a moment on; the last one first, at the moment it went."""

    def work(conn: Connection) -> str:
        first = outbox.put(conn, WS, RITA, Question(item="REF-1", to="requester"), NOW)
        outbox.put(conn, WS, RITA, Card(item="REF-1", to="lee"), NOW)
        outbox.put(conn, WS, RITA, Received(item="REF-2", to="requester"), NOW + HOUR)
        outbox.put(conn, WS, TOM, Received(item="REF-3", to="requester"), NOW + HOUR)
        outbox.sent(conn, [outbox.Arrived(first, "rita@shop.example", "<a@x>", NOW + timedelta(minutes=5))])
        return first

    await store.write(work)
    rita = await store.read(lambda conn: traffic.answered(conn, WS, "rita@shop.example", NOW))
    assert rita == (
        Answered(at=NOW + HOUR, item="REF-2"), Answered(at=NOW + timedelta(minutes=5), item="REF-1")
    )  # fmt: skip
    later = NOW + timedelta(seconds=1)
    assert len(await store.read(lambda conn: traffic.answered(conn, WS, "rita@shop.example", later))) == 1
    assert await store.read(lambda conn: traffic.answers(conn, WS, NOW, 10)) == 3
    assert await store.read(lambda conn: traffic.answers(conn, WS, NOW, 2)) == 2, "no further than asked"
    assert await store.read(lambda conn: traffic.answers(conn, "other", NOW, 10)) == 0


async def test_a_letter_is_one_that_went_or_may_have_gone_by_mail(store: Store) -> None:
    """What was never begun has no id that anybody could know; a message in Slack is no letter."""

    def work(conn: Connection) -> list[str]:
        notice = Question(item="REF-1", to="requester")
        ids = [outbox.put(conn, WS, lane, notice, NOW) for lane in ("mail:Rita@shop.example", TOM, "slack:C1")]
        outbox.begin(conn, [ids[0], ids[2]])
        return ids

    begun, waiting, slack = await store.write(work)
    found = await store.read(lambda conn: [traffic.letter(conn, WS, one) for one in (begun, waiting, slack, "x")])
    rita = Letter(outbox_id=begun, at=NOW, address="rita@shop.example", to="requester", item="REF-1")
    assert found == [rita, None, None, None]


async def test_items_that_somebody_opened_are_counted_while_they_are_open(store: Store) -> None:
    await store.write(
        lambda conn: [
            items.save(conn, item(key=f"REF-{n}", requester="rita@shop.example", opened_at=NOW + n * HOUR), 0)
            for n in range(4)
        ]
    )
    assert await store.read(lambda conn: traffic.opened(conn, WS, "rita@shop.example", NOW + HOUR, 10)) == 3
    assert await store.read(lambda conn: traffic.opened(conn, WS, "rita@shop.example", NOW, 2)) == 2
    assert await store.read(lambda conn: traffic.opened(conn, WS, "tom@shop.example", NOW, 2)) == 0


async def test_an_offered_conversation_is_taken_from_nobody(store: Store) -> None:
    def work(conn: Connection) -> None:
        threads.bind(conn, WS, {"mail:<a@x>": "REF-1"})
        threads.offer(conn, WS, {"mail:<a@x>": "REF-2", "mail:<b@x>": "REF-2"})
        threads.offer(conn, WS, {})

    await store.write(work)
    asked = ["mail:<c@x>", "mail:<b@x>", "mail:<a@x>"]
    known = await store.read(lambda conn: threads.known(conn, WS, asked))
    assert list(known.items()) == [("mail:<b@x>", "REF-2"), ("mail:<a@x>", "REF-1")]
    assert await store.read(lambda conn: threads.find(conn, WS, asked)) == "REF-2"


async def test_what_is_held_leaves_the_quarantine_once(store: Store) -> None:
    def work(conn: Connection) -> None:
        inbox.count(conn, WS, "mail:1", NOW, "mail", "Mailed", b"Subject: x\n\n" + b"y" * 100_000, "refunds")
        inbox.settle(conn, WS, "mail:1", "quarantined", "BOT-1", "a program attached")

    await store.write(work)
    (held,) = await store.read(lambda conn: inbox.quarantined(conn, WS))
    assert (held.place, held.size, len(held.head)) == ("refunds", 100_012, inbox.HEAD_BYTES)
    assert await store.write(lambda conn: [inbox.let_go(conn, WS, "mail:1") for _ in range(2)]) == [True, False]
    assert await store.read(lambda conn: inbox.quarantined(conn, WS)) == []
