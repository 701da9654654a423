"""Homes are published for whoever opened them lately, when they look different, and however Slack answers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

import bot.homes
from bot.homes import LATELY, METHOD, REFRESHES, Homes
from bot.outages import Outages
from handlers.ports import Drawn, Lasting, Outdated, Passing
from rules.home import Home
from storage import homes as shelf
from tests.bot.house import House, house

LEE, DANA, RITA = "slack:U0LEE", "slack:U0DANA", "slack:U0RITA"
BIG = "Please refund ORD-48213, I was charged $450 twice"


@dataclass
class Tabs:
    """Slack's Home tabs: `stands` is what each reader sees; `answers` are what the next publishes are answered with."""

    stands: dict[str, Home] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    order: list[str] = field(default_factory=list)
    answers: list[Exception] = field(default_factory=list)
    homes: dict[str, Home] = field(default_factory=dict)

    async def draw(self, reader: str, home: Home, page: int) -> Drawn:
        digest = f"{page} {home.sections}"
        self.homes[digest] = home
        return Drawn(reader=reader, page=page, digest=digest, view={})

    async def publish(self, drawn: Drawn, over: str) -> str:
        if self.answers:
            raise self.answers.pop(0)
        if over and over != self.names.get(drawn.reader):
            raise Outdated
        self.order.append(drawn.reader)
        self.stands[drawn.reader] = self.homes[drawn.digest]
        self.names[drawn.reader] = f"h{len(self.order)}"
        return self.names[drawn.reader]

    def keys(self, reader: str) -> str:
        return str(self.stands[reader].sections)


@dataclass
class Turns:
    """Slack's pace, which never makes anybody wait here."""

    refusals: list[float] = field(default_factory=list)

    async def call(self, method: str) -> None:
        assert method == METHOD

    def refused(self, method: str, seconds: float) -> None:
        self.refusals.append(seconds)


@dataclass
class Place:
    office: House
    homes: Homes
    tabs: Tabs
    turns: Turns
    time: list[float]

    async def opens(self, reader: str, page: int = 0) -> None:
        await self.homes.opened(reader, page)
        await self.homes.look()

    async def asks(self, text: str = BIG) -> None:
        await self.office.says(RITA, text)
        await self.homes.look()


@asynccontextmanager
async def place(folder: Path) -> AsyncIterator[Place]:
    async with house(folder) as office:
        yield another(office)


def another(office: House, tabs: Tabs | None = None) -> Place:
    """One more instance on the same database, beside the same Slack."""
    tabs, turns, time = tabs or Tabs(), Turns(), [0.0]
    outages = Outages(office.desk, office.clock)
    homes = Homes(office.store, office.books, tabs, office.clock, outages, turns, monotonic=lambda: time[0])
    return Place(office, homes, tabs, turns, time)


async def test_a_change_is_published_to_whom_it_looks_different_and_to_nobody_else(tmp_path: Path) -> None:
    async with place(tmp_path) as at:
        await at.opens(LEE)
        await at.opens(DANA)
        await at.asks()
        assert sorted(at.tabs.order) == [DANA, DANA, LEE, LEE]
        assert "OVER_LIMIT" in at.tabs.keys(LEE)
        await at.homes.look()
        assert len(at.tabs.order) == 4, "nothing changed since"
        await at.office.types("slack:U0DANA", "ack", "REF-1")
        await at.homes.look()
        assert LEE not in at.tabs.order[4:], "for Lee nothing changed"


async def test_nothing_is_published_for_who_never_opened_it_or_long_ago(tmp_path: Path) -> None:
    async with place(tmp_path) as at:
        await at.asks()
        assert at.tabs.order == []
        await at.opens(LEE)
        at.office.clock.push(LATELY)
        await at.asks("Please refund ORD-50000, I was charged $900 twice")
        assert at.tabs.order == [LEE, LEE]
        at.office.clock.push(LATELY / 100)
        await at.asks("Please refund ORD-60000, I was charged $700 twice")
        assert at.tabs.order == [LEE, LEE]


async def test_after_a_restart_it_goes_on_and_publishes_only_what_changed(tmp_path: Path) -> None:
    async with place(tmp_path) as at:
        await at.opens(LEE, page=0)
        again = another(at.office, at.tabs)
        await again.homes.look()
        assert at.tabs.order == [LEE]
        await again.asks()
        assert "OVER_LIMIT" in at.tabs.keys(LEE)


async def test_two_instances_at_once_publish_one_home_and_the_newest_stands(tmp_path: Path) -> None:
    """Both see the change; Slack's hash lets one through, and the other finds that all is said."""
    async with place(tmp_path) as at:
        await at.opens(LEE)
        other = another(at.office, at.tabs)
        await at.office.says(RITA, BIG)
        await asyncio.gather(at.homes.look(), other.homes.look())
        await asyncio.gather(at.homes.look(), other.homes.look())
        assert at.tabs.order == [LEE, LEE]
        assert "OVER_LIMIT" in at.tabs.keys(LEE)


async def test_a_home_that_somebody_else_overwrote_is_drawn_over(tmp_path: Path) -> None:
    """A publish whose receipt was lost left a hash that we don't know."""
    async with place(tmp_path) as at:
        await at.opens(LEE)
        at.tabs.names[LEE] = "nobody told us"
        await at.asks()
        await at.homes.look()
        assert "OVER_LIMIT" in at.tabs.keys(LEE)


async def test_where_there_is_no_home_tab_it_is_given_up_and_the_operator_told_once(tmp_path: Path) -> None:
    async with place(tmp_path) as at:
        at.tabs.answers = [Lasting("The app's Home tab is off.")]
        await at.opens(LEE)
        await at.asks()
        assert at.tabs.order == []
        (failure,) = await at.office.failures()
        assert "Home tab is off" in failure.fields["what"]
        await at.opens(LEE)
        assert "OVER_LIMIT" in at.tabs.keys(LEE), "opened again, it comes back"


async def test_while_slack_takes_none_it_is_tried_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Retry-After is obeyed for this method, and what could not be said is said then."""
    monkeypatch.setattr(bot.homes, "DEBOUNCE_SECONDS", 0.0)
    monkeypatch.setattr(bot.homes, "RETRY_SECONDS", (0.01,))
    async with place(tmp_path) as at:
        at.tabs.answers = [Passing("no", 0.02), Passing("not reachable")]
        stop = asyncio.Event()
        running = asyncio.create_task(at.homes.run(stop))
        await at.homes.opened(LEE)
        async with asyncio.timeout(5):
            while LEE not in at.tabs.stands:
                await asyncio.sleep(0.005)
        assert at.turns.refusals == [0.02]
        stop.set()
        await running


async def test_a_fault_in_drawing_is_the_operators_and_ends_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bot.homes, "DEBOUNCE_SECONDS", 0.0)
    monkeypatch.setattr(bot.homes, "RETRY_SECONDS", (0.01,))
    async with place(tmp_path) as at:
        drawn, failing = at.tabs.draw, [True]

        async def draw(*given: Any) -> Drawn:
            if failing:
                failing.clear()
                raise ZeroDivisionError
            return await drawn(*given)

        monkeypatch.setattr(at.tabs, "draw", draw)
        stop = asyncio.Event()
        running = asyncio.create_task(at.homes.run(stop))
        await at.homes.opened(LEE)
        async with asyncio.timeout(5):
            while LEE not in at.tabs.stands:
                await asyncio.sleep(0.005)
        (failure,) = await at.office.failures()
        assert "ZeroDivisionError" in failure.fields["what"]
        stop.set()
        await running


async def test_many_refreshes_leave_room_for_whoever_opens_now(tmp_path: Path) -> None:
    """Slack takes a hundred a minute. A change that concerns more people than that makes nobody wait who just came."""
    async with place(tmp_path) as at:
        many = [f"slack:U{n:03d}" for n in range(REFRESHES + 10)]
        for number, reader in enumerate(many):
            await at.office.store.write(lambda conn, r=reader: shelf.opened(conn, "main", r, 0, at.office.clock()))
            await at.office.says(reader, f"Please refund ORD-{10000 + number}, it was $45")
        await at.homes.look()
        assert len(at.tabs.order) == len(many)
        at.office.clock.push(LATELY / 4)
        for number in range(len(many)):
            await at.office.types("slack:U0DANA", "ack", f"REF-{number + 1}")
        looking = asyncio.create_task(at.homes.look())
        while len(at.tabs.order) < len(many) + REFRESHES:
            await asyncio.sleep(0.005)
        await at.homes.opened(LEE)
        async with asyncio.timeout(5):
            while LEE not in at.tabs.order:
                await asyncio.sleep(0.005)
        assert at.tabs.order.index(LEE) == len(many) + REFRESHES, "before the ten that still wait"
        assert not looking.done()
        looking.cancel()


async def test_who_opens_it_amid_a_round_is_next(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each publish takes its time; whoever looks at an empty tab waits for one of them, not for all."""
    async with place(tmp_path) as at:
        for reader in (DANA, RITA, "slack:U0MARIA"):
            await at.opens(reader)
        publish = at.tabs.publish

        async def slowly(drawn: Drawn, over: str) -> str:
            if len(at.tabs.order) == 3:
                await at.homes.opened(LEE)
            return await publish(drawn, over)

        monkeypatch.setattr(at.tabs, "publish", slowly)
        await at.asks()
        assert len(at.tabs.order) == 7
        assert at.tabs.order[4] == LEE


async def test_a_due_time_that_passes_is_shown_without_any_change(tmp_path: Path) -> None:
    async with place(tmp_path) as at:
        await at.office.says(RITA, "Please refund ORD-48213, it was $45")
        await at.opens(DANA)
        assert "overdue" not in at.tabs.keys(DANA)
        at.office.clock.push(LATELY * 0.9)  # still today, and Dana is there
        await at.opens(DANA)
        at.office.clock.push(LATELY)
        assert at.homes._seconds_left() == pytest.approx(720)
        at.office.clock.push(LATELY * 0.1)
        assert at.homes._seconds_left() == 0
        await at.opens(DANA)
        assert "overdue" in at.tabs.keys(DANA)
