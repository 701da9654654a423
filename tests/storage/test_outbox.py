"""The outbox: order within a lane, lanes beside each other, one claim a lane, updates that collapse."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

import pytest
from sqlalchemy import Connection, text

from rules.notices import Card, Closed, DecisionCard, Notice, Question, Reminder, Unclear
from storage import outbox
from storage.outbox import Arrived, Claimed
from storage.store import Store
from tests.storage.samples import HOUR, NOW, WS

SECOND = timedelta(seconds=1)
LEASE = 30
CHANNEL = "slack:C1"
CARD = Card(item="REF-1", to="conversation")
QUESTION = Question(item="REF-1", to="requester")


async def put(store: Store, *notices: Notice, lane: str = CHANNEL, not_before: datetime | None = None) -> list[str]:
    return await store.write(lambda conn: [outbox.put(conn, WS, lane, n, NOW, not_before) for n in notices])


async def claim(store: Store, now: datetime = NOW, limit: int = 10) -> list[Claimed]:
    return await store.write(lambda conn: outbox.claim(conn, now, LEASE, limit))


async def arrived(store: Store, *claims: Claimed) -> None:
    def work(conn: Connection) -> None:
        outbox.sent(conn, [Arrived(each.id, "C1", f"ts-{each.id}", NOW) for each in claims])

    await store.write(work)


async def test_what_is_put_aside_keeps_nobody_waiting(store: Store) -> None:
    """A reminder for whom nobody is to disturb: the card behind it goes first, and it comes back in its time."""
    reminder = Reminder(item="REF-1", to="lee")
    await put(store, reminder, closed(2))
    (first,) = await claim(store)
    assert first.notice == reminder
    await store.write(lambda conn: outbox.put_aside(conn, first.id, NOW + HOUR))
    (second,) = await claim(store)
    assert second.notice == closed(2)
    await arrived(store, second)
    assert await next_ready(store) == NOW + HOUR
    (back,) = await claim(store, NOW + HOUR)
    assert (back.notice, back.attempts) == (reminder, 0)


async def next_ready(store: Store) -> datetime | None:
    return await store.read(outbox.next_ready)


def closed(n: int) -> Closed:
    return Closed(item=f"REF-{n}", to="requester")


async def test_a_lane_is_served_in_order_and_by_one(store: Store) -> None:
    """The oldest of each lane is claimed; the next one only when that has been sent."""
    await put(store, closed(1), closed(2))
    await put(store, closed(3), lane="mail:rita@example.com")

    first = await claim(store)
    assert [(c.lane, c.notice) for c in first] == [(CHANNEL, closed(1)), ("mail:rita@example.com", closed(3))]
    assert await claim(store) == []

    await arrived(store, first[0])
    assert [c.notice for c in await claim(store)] == [closed(2)]


async def test_two_couriers_share_the_lanes(opened: Callable[[], Store]) -> None:
    """Claims at the same moment through two instances never give one lane to both, and no lane is left out."""
    stores = [opened(), opened()]
    for lane in range(12):
        await put(stores[0], closed(1), closed(2), lane=f"slack:C{lane}")

    rounds = await asyncio.gather(*(claim(stores[n % 2], limit=3) for n in range(8)))

    lanes = [each.lane for claims in rounds for each in claims]
    assert sorted(lanes) == sorted(f"slack:C{lane}" for lane in range(12))


async def test_waiting_reminders_of_a_lane_come_together(store: Store) -> None:
    """One person's reminders are one message: all that are ready are claimed with the first of them."""
    due = [Reminder(item=f"REF-{n}", to="lee") for n in (1, 2, 3)]
    await put(store, due[0], QUESTION, due[1])
    await put(store, Reminder(item="REF-9", to="lee"), not_before=NOW + HOUR)
    await put(store, due[2])
    await put(store, Reminder(item="REF-4", to="maria"), lane="slack:U0MARIA")

    claims = await claim(store)
    assert [c.notice for c in claims if c.lane == CHANNEL] == due
    await arrived(store, *claims)
    assert [c.notice for c in await claim(store)] == [QUESTION]


async def test_updates_of_one_card_collapse_into_the_last(store: Store) -> None:
    """A waiting notice of the same slot is replaced where it stands, and keeps its id and its place in the lane."""
    first = DecisionCard(item="REF-1", to="lee", code="OVER_LIMIT", opened_at="t")
    again = DecisionCard(item="REF-1", to="lee", code="OVER_LIMIT", opened_at="t", passed_from="dana")
    ids = await put(store, first, QUESTION, again, again)

    assert ids[0] == ids[2] == ids[3] != ids[1]
    claims = await claim(store)
    assert [(c.id, c.notice) for c in claims] == [(ids[0], again)]


async def test_a_revision_leaves_the_first_card_in_line(store: Store) -> None:
    """What only edits a message never takes the place of the message: it would go out as nothing at all."""
    first = DecisionCard(item="REF-1", to="lee", code="OVER_LIMIT", opened_at="t")
    revised = DecisionCard(item="REF-1", to="lee", code="OVER_LIMIT", opened_at="t", update=True)
    ids = await put(store, first, revised)
    assert ids[0] == ids[1]
    assert [c.notice for c in await claim(store)] == [first]
    (later,) = await put(store, revised)
    assert later != ids[0], "the first is being sent as it was: the change behind it is an edit of its own"


async def test_slots_of_other_lanes_stay_apart(store: Store) -> None:
    """The same card in two lanes is two messages."""
    await put(store, CARD)
    await put(store, CARD, lane="slack:C2")
    assert len(await claim(store)) == 2


async def test_a_card_that_is_being_sent_is_not_replaced(store: Store) -> None:
    """Whoever holds the claim has read the item as it was: the change behind it needs a message of its own."""
    (first,) = await put(store, CARD)
    await claim(store)
    (second,) = await put(store, CARD)
    assert second != first

    (third,) = await put(store, CARD)
    assert third == second


async def test_a_card_whose_send_was_begun_is_not_replaced(store: Store) -> None:
    """After a crash in mid-send the old notice is looked up first; the new one waits behind it."""
    (first,) = await put(store, CARD)
    await claim(store)
    await store.write(lambda conn: outbox.begin(conn, [first]))

    later = NOW + (LEASE + 1) * SECOND
    (second,) = await store.write(lambda conn: [outbox.put(conn, WS, CHANNEL, CARD, later)])
    assert second != first
    assert [(c.id, c.maybe_sent) for c in await claim(store, later)] == [(first, True)]


async def test_a_crash_between_begin_and_sent_shows(store: Store) -> None:
    """A claim that was never heard of again comes back when its lease ends; `maybe_sent` tells begun from not begun."""
    begun, untouched = await put(store, closed(1)), await put(store, closed(2), lane="slack:C2")
    assert [c.maybe_sent for c in await claim(store)] == [False, False]
    await store.write(lambda conn: outbox.begin(conn, begun))

    assert await claim(store, NOW + (LEASE - 1) * SECOND) == []
    assert await next_ready(store) == NOW + LEASE * SECOND
    again = await claim(store, NOW + LEASE * SECOND)
    assert [(c.id, c.maybe_sent, c.attempts) for c in again] == [(begun[0], True, 0), (untouched[0], False, 0)]


async def test_a_retry_holds_its_lane_until_its_time(store: Store) -> None:
    """What could not be sent goes first when its time comes, so the order within the lane stands."""
    await put(store, closed(1), closed(2))
    (failed,) = await claim(store)
    await store.write(lambda conn: outbox.retry(conn, failed.id, NOW + HOUR, "ratelimited"))

    assert await claim(store) == []
    assert await next_ready(store) == NOW + HOUR
    (again,) = await claim(store, NOW + HOUR)
    assert (again.notice, again.attempts, again.maybe_sent) == (closed(1), 1, False)


async def test_a_retry_remembers_that_it_may_have_arrived(store: Store) -> None:
    """A time-out says nothing about the message: the next claim is told to look first. A refusal says it did not."""
    await put(store, closed(1))
    for maybe in (True, False):
        (each,) = await claim(store, NOW)
        await store.write(partial(outbox.begin, ids=[each.id]))
        await store.write(partial(outbox.retry, id=each.id, not_before=NOW, problem="timed out", maybe_sent=maybe))
        (again,) = await claim(store, NOW)
        assert again.maybe_sent is maybe
        await store.write(partial(outbox.give_back, ids=[again.id]))


async def test_an_update_does_not_shorten_a_retry(store: Store) -> None:
    """A card that Slack asked to wait with waits so long also when the item changes meanwhile."""
    await put(store, CARD)
    (failed,) = await claim(store)
    await store.write(lambda conn: outbox.retry(conn, failed.id, NOW + HOUR, "ratelimited"))
    assert await put(store, CARD) == [failed.id]
    assert await claim(store, NOW + HOUR - SECOND) == []


async def test_what_waits_for_its_time_lets_others_pass(store: Store) -> None:
    """A notice that was put for later stands in line only from then on."""
    await put(store, closed(1), not_before=NOW + HOUR)
    assert await next_ready(store) == NOW + HOUR
    await put(store, closed(2))
    assert await next_ready(store) == NOW

    (passing,) = await claim(store)
    assert passing.notice == closed(2)
    await arrived(store, passing)
    assert await claim(store) == []
    assert [c.notice for c in await claim(store, NOW + HOUR)] == [closed(1)]


@pytest.mark.parametrize("ending", ["fail", "drop"])
async def test_a_lane_goes_on_behind_what_can_not_be_sent(store: Store, ending: str) -> None:
    """A notice that failed for good, or is no longer worth it, leaves its lane free and its reason behind."""
    await put(store, closed(1), closed(2))
    (each,) = await claim(store)
    await store.write(lambda conn: getattr(outbox, ending)(conn, each.id, "channel_not_found", NOW))

    assert [c.notice for c in await claim(store)] == [closed(2)]
    (kept,) = await store.read(lambda conn: outbox.of_item(conn, WS, "REF-1"))
    assert (kept.state, kept.problem, kept.ended_at) == (
        {"fail": "failed", "drop": "dropped"}[ending],
        "channel_not_found",
        NOW,
    )
    failed = await store.read(lambda conn: outbox.undelivered(conn, WS, NOW, NOW + HOUR))
    assert failed == (1 if ending == "fail" else 0)


async def test_claims_are_given_back_at_a_stop(store: Store) -> None:
    """A courier that ends cleanly leaves its claims to the next one at once."""
    await put(store, closed(1))
    (mine,) = await claim(store)
    await store.write(lambda conn: outbox.give_back(conn, [mine.id]))
    assert [c.id for c in await claim(store)] == [mine.id]


async def test_the_last_message_of_a_slot_is_what_gets_edited(store: Store) -> None:
    """Nothing before the first was sent; then the newest place and id."""
    assert await store.read(lambda conn: outbox.message_of(conn, WS, CARD.slot)) is None
    for ts in ("1700.1", "1700.2"):
        (each,) = await put(store, CARD)
        await claim(store)
        await store.write(partial(outbox.sent, arrived=[Arrived(each, "C1", ts, NOW)]))
    assert await store.read(lambda conn: outbox.message_of(conn, WS, CARD.slot)) == ("C1", "1700.2")


async def test_the_history_says_who_was_told_when(store: Store) -> None:
    """Sent notices stay, with lane, times and message, in the order they were put."""
    await put(store, CARD, QUESTION)
    await arrived(store, *await claim(store))
    card, question = await store.read(lambda conn: outbox.of_item(conn, WS, "REF-1"))
    assert (card.notice, card.state, card.place, card.ended_at) == (CARD, "sent", "C1", NOW)
    assert (question.notice, question.state, question.created_at) == (QUESTION, "waiting", NOW)
    assert await store.read(lambda conn: outbox.of_item(conn, WS, "REF-2")) == []


async def test_nothing_waits_for_ever_in_an_empty_outbox(store: Store) -> None:
    """No notice: nothing to claim and nothing to wake up for."""
    assert await claim(store) == []
    assert await next_ready(store) is None


async def test_next_ready_is_when_claim_finds_something(store: Store) -> None:
    """Whatever the mix of delays, retries and leases: nothing a second before `next_ready`, something at it."""
    await put(store, closed(1), closed(2), lane="slack:A")
    await put(store, closed(3), lane="slack:B", not_before=NOW + 3 * HOUR)
    await put(store, closed(4), lane="slack:C")
    tried, at = 0, NOW
    while (ready := await next_ready(store)) is not None:
        if ready > NOW:
            assert await claim(store, ready - SECOND) == []
        at = max(at, ready)
        first, *rest = await claim(store, at)
        await arrived(store, *rest)
        tried += 1
        if tried < 4:
            again = at + tried * HOUR
            await store.write(partial(outbox.retry, id=first.id, not_before=again, problem="busy"))
        else:
            await arrived(store, first)
    assert at == NOW + 6 * HOUR


async def test_an_unknown_kind_of_notice_does_not_stop_its_lane(store: Store) -> None:
    """A row that this program can't read is failed with a reason; what stands behind it goes out."""
    await put(store, closed(1), closed(2))
    await store.write(
        lambda conn: conn.execute(text("UPDATE outbox SET kind = 'Song', notice = '{\"kind\": \"Song\"}' WHERE n = 1"))
    )
    assert await claim(store) == []
    assert [c.notice for c in await claim(store)] == [closed(2)]


async def test_a_notice_comes_back_as_it_was_put(store: Store) -> None:
    """Words in a notice keep their characters; what no database can hold is replaced."""
    await put(store, Unclear(item="REF-1", to="requester", problems={"amount": "12€\0\ud800"}))
    (each,) = await claim(store)
    assert each.notice == Unclear(item="REF-1", to="requester", problems={"amount": "12€␀\ufffd"})


def test_ids_are_uuid_version_7() -> None:
    """They begin with the time in milliseconds and carry version and variant of RFC 9562."""
    made = UUID(outbox.uuid7(NOW))
    assert (made.version, made.variant) == (7, "specified in RFC 4122")
    assert made.int >> 80 == int(NOW.timestamp() * 1000)
    assert outbox.uuid7(NOW) < outbox.uuid7(NOW + HOUR)
