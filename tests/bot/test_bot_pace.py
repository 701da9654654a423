"""Slack's limits are kept before Slack speaks up: by channel, by method, first come first served."""

from __future__ import annotations

import asyncio
from collections import Counter

from bot.pace import Pace
from tests.sleepers import SleepersTime as Time


async def times(turns: list[str], pace: Pace, time: Time) -> list[tuple[float, str]]:
    """When each turn came: a lane's post, `edit`, or a method's call."""
    went: list[tuple[float, str]] = []

    async def take(what: str) -> None:
        if what == "edit":
            await pace.edit()
        elif "." in what:
            await pace.call(what)
        else:
            await pace.post(what)
        went.append((time.seconds, what))

    tasks = []
    for turn in turns:
        tasks.append(asyncio.create_task(take(turn)))
        await asyncio.sleep(0)
    await time.until(*tasks)
    return went


def most_within(went: list[tuple[float, str]], seconds: float) -> int:
    """The largest number that went in any stretch of so many seconds."""
    at = sorted(when for when, _ in went)
    return max(sum(begin <= when < begin + seconds for when in at) for begin in at)


async def test_a_channel_gets_three_messages_in_three_seconds() -> None:
    time = Time()
    went = await times(["C1"] * 10 + ["C2"], Pace(time.sleep, time), time)
    assert (0, "C2") in went, "the other channel does not wait"
    assert [when for when, what in went if what == "C1"] == [0, 0, 0, 3, 3, 3, 6, 6, 6, 9]


async def test_all_channels_together_stay_below_the_workspace_s_limit() -> None:
    time = Time()
    went = await times([f"C{n % 200}" for n in range(600)], Pace(time.sleep, time), time)
    assert Counter(what for _, what in went) == {f"C{n}": 3 for n in range(200)}
    assert most_within(went, 60) <= 300
    assert most_within(went, 10) <= 50
    assert time.seconds <= 120, "and they use it"


async def test_edits_and_calls_keep_to_their_methods_tiers() -> None:
    time = Time()
    asked = ["edit", "conversations.history", "users.info", "users.conversations", "views.open"] * 120
    went = await times(asked, Pace(time.sleep, time), time)
    tiers = {"edit": 50, "conversations.history": 50, "users.info": 100, "users.conversations": 20}
    for what, most in tiers.items():
        assert most_within([one for one in went if one[1] == what], 60) == most
    assert all(when == 0 for when, what in went if what == "views.open"), "a person waits for it"


async def test_a_refused_method_waits_for_its_hour_and_others_go_on() -> None:
    time = Time()
    pace = Pace(time.sleep, time)
    pace.refused("chat.update", 30)
    pace.refused("chat.postMessage", 30)
    went = await times(["edit", "edit", "users.info", "C1"], pace, time)
    assert sorted(went) == [(0, "C1"), (0, "users.info"), (30, "edit"), (30, "edit")]


async def test_who_waited_when_it_was_refused_waits_on() -> None:
    time = Time()
    pace = Pace(time.sleep, time)
    first = await times(["edit"] * 50, pace, time)
    assert {when for when, _ in first} == {0}
    waiting = asyncio.create_task(pace.edit())
    await asyncio.sleep(0)
    pace.refused("chat.update", 90)
    await time.until(waiting)
    assert time.seconds >= 90


async def test_nobody_is_overtaken() -> None:
    time = Time()
    pace, order = Pace(time.sleep, time), []

    async def edit(number: int) -> None:
        await pace.edit()
        order.append(number)

    tasks = []
    for number in range(180):
        tasks.append(asyncio.create_task(edit(number)))
        await asyncio.sleep(0)
    await time.until(*tasks)
    assert order == list(range(180))
