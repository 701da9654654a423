"""kill -9 at any moment: nothing acknowledged is lost, nothing is counted twice, nobody is told twice."""

from __future__ import annotations

import asyncio
import os
import random
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from tests.dovecot import Dovecot, running
from tests.faults.office import Moment, Office, office
from tests.postgres import Server

#: In the suite one killed day on each engine; whole (`make faults`), twelve of each, and twelve with three instances:
#: more than 800 kills.
DAYS = 12 if os.environ.get("DOCKET_FAULTS") else 1
DEATHS_A_DAY = 23
Account = dict[str, dict[str, int]]

TAKING = ("the commit", "the take", "counting", "the ledger", "the item", "settling", "the outbox")
SENDING = (
    "the claim", "the beginning of a send", "the post to Slack", "the look for a lost post", "the receipt",
    "the conversation",
)  # fmt: skip
MAIL = ("the mail", "the inbox's mark", "the sign in the mailbox")
TIME = ("a due time", "dropping a due time", "the commit", "the outbox", "the post to Slack")


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Account:
    """What the day leaves behind when nobody dies."""

    async def lived() -> Account:
        async with office(tmp_path_factory.mktemp("undisturbed"), deadly=False) as place:
            account = await day(place, random.Random(0))
            await place.sound()
            return account

    return asyncio.run(lived())


@pytest.fixture(scope="module")
def dovecot() -> Iterator[Dovecot]:
    with running() as server:
        yield server


@pytest.mark.parametrize("seed", range(DAYS))
async def test_a_bot_killed_all_day_long_on_sqlite_leaves_what_an_undisturbed_one_leaves(
    seed: int, tmp_path: Path, undisturbed: Account
) -> None:
    async with office(tmp_path, deadly=True, seed=seed) as place:
        assert await day(place, random.Random(seed)) == undisturbed
        await place.sound()
        assert place.deaths.total() == DEATHS_A_DAY
        print(dict(place.deaths))


@pytest.mark.parametrize("seed", range(1000, 1000 + DAYS))
async def test_a_bot_killed_all_day_long_on_postgres_leaves_what_an_undisturbed_one_leaves(
    seed: int, tmp_path: Path, undisturbed: Account, postgres: Server
) -> None:
    async with office(tmp_path, deadly=True, seed=seed, url=postgres.fresh()) as place:
        assert await day(place, random.Random(seed)) == undisturbed
        await place.sound()
        assert place.deaths.total() == DEATHS_A_DAY
        print(dict(place.deaths))


async def test_three_instances_share_a_morning_in_which_any_is_killed(tmp_path: Path, postgres: Server) -> None:
    """In the suite without the night: each request is one item, in order and told once, whoever died."""
    chance = random.Random(20261121)
    async with office(tmp_path, deadly=True, seed=7, url=postgres.fresh(), size=3) as place:
        async with place.living():
            pass
        async with place.beat(("after", "the post to Slack", 1)):
            await place.asks("ORD-10100", ", $40, it came broken")
            await place.asks("ORD-20110", " for the blue one")
            await place.writes("ORD-50140", " soon")
        async with place.beat(("before", chance.choice(TIME), 1)):
            place.clock.push(timedelta(minutes=55))
        async with place.living():
            pass
        account = await place.account()
        assert {order: told["opened"] for order, told in account.items()} == dict.fromkeys(place.asked, 1)
        await place.sound()
        assert place.deaths.total() == 3


@pytest.mark.skipif(DAYS == 1, reason="`make faults` lives whole days")
@pytest.mark.parametrize("seed", range(2000, 2000 + DAYS))
async def test_three_instances_of_which_any_is_killed_leave_what_an_undisturbed_one_leaves(
    seed: int, tmp_path: Path, undisturbed: Account, postgres: Server, dovecot: Dovecot
) -> None:
    """Their mail comes from a real IMAP server."""
    async with office(tmp_path, deadly=True, seed=seed, url=postgres.fresh(), size=3, dovecot=dovecot) as place:
        assert await day(place, random.Random(seed)) == undisturbed
        await place.sound()
        assert place.deaths.total() == 22
        print(dict(place.deaths))


async def day(place: Office, chance: random.Random) -> Account:
    """Requests, answers, reminders, decisions, a night and the digests of the next morning; a death in each beat."""

    def at(*moments: str) -> Moment | None:
        """One of these moments, or any time at all."""
        if chance.random() < 0.25:
            return None
        # Of three instances each comes by a third as often.
        return (
            chance.choice(("before", "after")),
            chance.choice(moments),
            chance.randint(1, 4 if place.size == 1 else 2),
        )

    async with place.living():
        pass
    for n in range(4):
        async with place.beat(at(*TAKING, *SENDING, *MAIL)):
            await place.asks(f"ORD-{10100 + n}", f", $4{n}, it came broken")
            await place.asks(f"ORD-{20110 + 7 * n}", " for the blue one")
            await place.asks(f"ORD-{30120 + 31 * n}", f", I was charged $45{n} twice")
            await place.writes(f"ORD-{40130 + 3 * n}", f", $3{n}")
            await place.writes(f"ORD-{50140 + 11 * n}", " soon")
    async with place.living():
        pass
    for n in range(4):
        async with place.beat(at(*TAKING, *SENDING, *MAIL)):
            await place.answers(f"ORD-{20110 + 7 * n}", f"it was $6{n}.50")
            await place.answers(f"ORD-{50140 + 11 * n}", f"It was $7{n}.")
    async with place.living():
        pass
    for _ in range(3):
        async with place.beat(at(*TIME)):
            place.clock.push(timedelta(minutes=55))
    async with place.living():
        pass
    for n in range(4):
        async with place.beat(at(*TAKING, *SENDING)):
            place.decides(f"ORD-{30120 + 31 * n}")
    async with place.living():
        pass
    for hours in (8, 14):
        async with place.beat(at(*TIME, *SENDING)):
            place.clock.push(timedelta(hours=hours))
    async with place.living():
        pass
    return await place.account()
