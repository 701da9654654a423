"""A mountain of waiting notices, and a Slack that counts: it drains in order, without a loss, a double or a swap."""

from __future__ import annotations

import asyncio
import os
import random
from collections import Counter, defaultdict, deque
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from bot.courier import Courier
from bot.outages import Outages
from bot.pace import Pace
from handlers.ports import Outgoing, Passing, Sent
from rules.notices import Handed
from storage import outbox
from storage.outbox import Posted
from tests.bot.house import MORNING, House, house
from tests.sleepers import SleepersTime

#: In the suite a thousand notices to twenty channels; whole (`make faults`), ten thousand to two hundred.
NOTICES, CHANNELS = (10_000, 200) if os.environ.get("DOCKET_FAULTS") else (1_000, 20)


class Slack:
    """Slack's limits as its page has them: a message a second in a channel with short bursts, 300 a minute in all.

    Who is too fast is refused with Retry-After and nothing is posted. Now and then it refuses without a reason that
    could be seen from outside, or its answer is lost on the way, though the message stands.
    """

    def __init__(self, time: SleepersTime, chance: random.Random) -> None:
        self.time, self.chance = time, chance
        self.posted: defaultdict[str, list[str]] = defaultdict(list)
        self.too_fast = self.refused = self.lost = 0
        self._shut: dict[str, float] = {}
        self._lately: deque[float] = deque()
        self._bursts: dict[str, tuple[float, float]] = {}  # channel -> how many may go at once, and since when

    async def send(self, outgoing: Outgoing) -> Sent:
        now, lane = self.time(), outgoing.address
        assert now >= self._shut.get(lane, 0.0), "it was told to wait for longer"
        while self._lately and now - self._lately[0] >= 60:
            self._lately.popleft()
        left, since = self._bursts.get(lane, (3.0, now))
        left = min(3.0, left + now - since)
        if len(self._lately) >= 300 or left < 0.999:
            self.too_fast += 1
            raise Passing("Slack can't take it now (ratelimited).", 30.0)
        if self.chance.random() < 0.01:
            self.refused += 1
            self._shut[lane] = now + 7
            raise Passing("Slack can't take it now (ratelimited).", 7.0)
        self._lately.append(now)
        self._bursts[lane] = (left - 1, now)
        self.posted[lane].append(outgoing.outbox_id)
        if self.chance.random() < 0.01:
            self.lost += 1
            raise Passing("Slack can't be reached (TimeoutError).")
        return Sent(lane, f"17.{len(self.posted[lane]):06d}")

    async def find(self, outgoing: Outgoing, since: datetime) -> Sent | None:
        found = outgoing.outbox_id in self.posted[outgoing.address]
        return Sent(outgoing.address, "17.1") if found else None


async def test_it_drains_in_order_and_slack_is_never_pressed(tmp_path: Path) -> None:
    async with house(tmp_path) as office:
        office.stop.set()
        await office.running
        time, chance = SleepersTime(), random.Random(7)
        slack = Slack(time, chance)
        wanted = await fill(office, chance)
        await drain(office, slack, time)
        assert slack.too_fast == 0, "Slack had to say 429"
        assert slack.refused
        assert slack.lost
        assert dict(slack.posted) == wanted
        told: list[Posted] = await office.told("REF-1")
        states = Counter(one.state for one in told if isinstance(one.notice, Handed))
        assert states == {"sent": NOTICES}
        # 300 a minute is all that Slack takes; the refused and the lost cost little more.
        assert time() < NOTICES / 300 * 60 * 1.25 + 60


async def fill(office: House, chance: random.Random) -> dict[str, list[str]]:
    """Notices to the channels in any order; says which must come to each, in order."""
    await office.says("slack:U0RITA", "Please refund ORD-48213, 10 USD")
    await office.types("slack:U0DANA", "close", "REF-1")
    lanes = [f"C{n:03d}" for n in range(CHANNELS)] * (NOTICES // CHANNELS)
    chance.shuffle(lanes)
    wanted: defaultdict[str, list[str]] = defaultdict(list)

    def put(conn: Any) -> None:
        for waiting in outbox.of_item(conn, "main", "REF-1"):
            outbox.drop(conn, waiting.id, "not what is looked at here", MORNING)
        for lane in lanes:
            notice = Handed(item="REF-1", to="dana")
            wanted[lane].append(outbox.put(conn, "main", f"slack:{lane}", notice, MORNING))

    await office.store.write(put)
    return dict(wanted)


async def drain(office: House, slack: Slack, time: SleepersTime) -> None:
    """A courier at work on the sleepers' time until nothing waits any more."""

    def clock() -> datetime:
        return MORNING + timedelta(seconds=time())

    stop = asyncio.Event()
    courier = Courier(
        office.store, office.books, office.desk, {"slack": slack}, clock, asyncio.Lock(),
        Outages(office.desk, clock), Pace(time.sleep, time), office.courier._absences, time.sleep,
    )  # fmt: skip
    running = asyncio.create_task(courier.run(stop))
    while True:
        await asyncio.sleep(0.001)
        if courier._claiming or time.asleep < len(courier._lanes):
            continue  # somebody is at work
        ready = await office.store.read(outbox.next_ready)
        if ready is None and not courier._lanes:
            break
        hours = [hour for hour in (time.wakes, ready and (ready - MORNING).total_seconds()) if hour is not None]
        time.to(min(hours, default=time()))
        courier.wake()
    stop.set()
    await running


async def test_who_waits_longer_than_a_lease_keeps_its_claim(tmp_path: Path) -> None:
    """At 50 edits a minute the last of 300 waits for minutes; another instance must not send it meanwhile."""
    async with house(tmp_path) as office:
        office.stop.set()
        await office.running
        time = SleepersTime()
        await fill(office, random.Random(7))
        slack = Slack(time, random.Random(7))
        slack.chance.random = lambda: 1.0  # type: ignore[method-assign]  # it refuses nothing

        def clock() -> datetime:
            return MORNING + timedelta(seconds=time())

        stop = asyncio.Event()
        pace = Pace(time.sleep, time)
        pace._closed_until["chat.postMessage"] = 1000.0
        courier = Courier(
            office.store, office.books, office.desk, {"slack": slack}, clock, asyncio.Lock(),
            Outages(office.desk, clock), pace, office.courier._absences, time.sleep,
        )  # fmt: skip
        running = asyncio.create_task(courier.run(stop))
        async with asyncio.timeout(10):
            while time.asleep < CHANNELS:
                await asyncio.sleep(0.005)
        for seconds in range(0, 900, 30):
            time.to(seconds)
            other = await office.store.write(lambda conn: outbox.claim(conn, clock(), 30, 500))
            assert other == [], "it would be sent twice"
            courier.wake()
            await asyncio.sleep(0.02)
        assert slack.posted == {}
        stop.set()
        await asyncio.wait_for(running, 2)
        left = await office.store.write(lambda conn: outbox.claim(conn, clock(), 30, 500))
        assert len(left) == CHANNELS, "a stop hands back at once what only waited"
