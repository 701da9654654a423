"""Running: a rulebook is loaded again while the bot works, Slack may be away at the start, and a stop is clean."""

from __future__ import annotations

import asyncio
import signal
import time
from pathlib import Path

import pytest

from bot import connecting
from bot.adopting import reload
from bot.build import Bot, build
from bot.config import settings
from bot.demo import example
from bot.run import open_store, serve
from bot.sandbox.clock import HandClock
from bot.sandbox.faults import Fault
from bot.sandbox.town import Town
from rules.book.load import load
from rules.items import Item
from storage import items
from tests.processes import docketbot
from tests.stories.harbor import MORNING, harbor


async def _failures(bot: Bot, *, ended: bool = False) -> list[Item]:
    found = await bot.store.read(
        lambda conn: items.listing(conn, "main", workflow="docket", state_open=not ended, limit=100)
    )
    return [item for item in found if not ended or item.closed_at is not None]


async def test_a_rulebook_is_loaded_again_and_a_bad_one_is_refused(tmp_path: Path) -> None:
    """The old one stays in force and the operator hears why; a good one ends that exception."""
    async with harbor(tmp_path) as office:
        path = tmp_path / "rulebook.yml"
        bot = office.bot
        bot.settings = bot.settings.model_copy(update={"rulebook": path})
        before = bot.books.current
        path.write_text(example().replace("operator: sam", "operator: samm"))
        await reload(bot)
        assert bot.books.current is before
        failures = await _failures(bot)
        assert [failure.fields["cause"] for failure in failures] == ["rulebook"]
        assert "samm" in failures[0].text
        path.write_text(example().replace("organization: Harbor Supply", "organization: Harbor Group"))
        await reload(bot)
        assert bot.books.current.organization == "Harbor Group"
        assert await _failures(bot) == []


async def test_slack_away_at_the_start_is_waited_for_and_owned(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The rest runs meanwhile; the operator's exception ends when Slack is there."""
    monkeypatch.setattr(connecting, "RETRY_SECONDS", (0.05,))
    book, clock = load(example()), HandClock(MORNING, running=False)
    async with Town(book, clock) as town:
        town.faults.order("auth.test", Fault(kind="server_error"), times=6)
        store = await open_store(f"sqlite:///{tmp_path}/docket.db")
        bot = await build(settings(town.environment), book, example(), store, clock=clock)
        stop = asyncio.Event()
        served = asyncio.create_task(serve(bot, book, example(), stop))
        await town.slack.until(lambda: town.slack.connected)
        for _ in range(100):
            if ended := await _failures(bot, ended=True):
                break
            await asyncio.sleep(0.02)
        stop.set()
        await served
        store.close()
        assert [failure.fields["cause"] for failure in ended] == ["slack"]


async def test_the_process_ends_cleanly_and_soon(tmp_path: Path) -> None:
    """SIGHUP loads the rulebook again, SIGTERM ends within seconds with 0; no traceback is written."""
    (tmp_path / "rulebook.yml").write_text(example())
    async with Town(load(example()), HandClock()) as town:
        process = docketbot("run", environment=town.environment | {"DOCKET_LOG": "text"}, folder=tmp_path)
        await town.slack.until(lambda: town.slack.connected, seconds=20)
        (tmp_path / "rulebook.yml").write_text("version: 2\n")
        process.signal(signal.SIGHUP)
        await town.slack.until(lambda: "the old one stays in force" in process.said)
        began = time.monotonic()
        process.signal(signal.SIGTERM)
        assert await process.ends() == 0
        assert time.monotonic() - began < 10
        assert "Traceback" not in process.said
