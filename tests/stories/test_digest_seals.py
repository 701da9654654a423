"""The seal in the morning's digest: what an auditor holds in hand, and what it proves of the record years later."""

from __future__ import annotations

import asyncio
import json
import re
import socket
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession
from sqlalchemy import text
from typer.testing import CliRunner

from bot.__main__ import app
from bot.demo import example
from bot.sandbox.clock import HandClock
from bot.sandbox.town import Town
from rules.book.load import load
from tests.storage.test_seals import CUT_SEAL, DISARM
from tests.stories.harbor import MORNING, environment, working


async def test_a_digest_names_a_seal_that_the_record_must_have_for_ever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The whole bot: a request, a night, the digest; its line verifies; with the seals cut off it does not any more."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        here = f"127.0.0.1:{free.getsockname()[1]}"
    clock, url = HandClock(MORNING, running=False), f"sqlite:///{tmp_path}/docket.db"
    async with Town(load(example()), clock) as town:
        given = {**environment(town), "DOCKET_DATABASE_URL": url, "DOCKET_HTTP": here}
        async with working(town, given, example(), clock) as office:
            await town.slack.says("rita", "#refunds", "Please refund ORD-48213, I was charged $450 twice")
            await office.calm()
            await office.pushes(hours=22, minutes=30)  # 08:30 on Thursday
            digest = next(m for m in map(town.slack.words, town.slack.inbox("maria")) if "Maria's digest" in m)
            assert "all due times fired, latest 21 h 30 late" in digest
            seal = re.search(r"seal ([0-9a-f]{4}-[0-9a-f]{4})", digest)
            assert seal is not None, digest
            ready = await _asked(f"http://{here}/readyz")
            assert (ready["ready"], set(ready["parts"].values())) == (True, {"ok"}), ready
            assert set(ready["parts"]) == {"database", "slack", "inbox refunds", "inbox concerns", "watchdog"}
            await office.pushes(hours=2)

    (tmp_path / "rulebook.yml").write_text(example())
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DOCKET_DATABASE_URL", url)

    async def verify(*words: str) -> tuple[int, str]:
        # in a thread, where the command can have an event loop of its own
        shown = await asyncio.to_thread(CliRunner().invoke, app, ["ledger", "verify", *words], prog_name="docketbot")
        return shown.exit_code, shown.output

    code, said = await verify("--expect", seal[1])
    assert (code, "items replayed, every hash right" in said) == (0, True), said
    assert re.search(r"entries stand under \d seals?, the newest [0-9a-f]{64}\.", said)
    assert (await verify("--expect", seal[1], "--expect", "0000-0000"))[0] == 1
    assert (await verify("--expect", "9c41"))[0] == 2
    await _cut_off(url)
    assert (await verify())[0] == 0, "whole in itself, whatever was cut off"
    code, said = await verify("--expect", seal[1])
    assert (code, f"there is no seal {seal[1]}" in said) == (1, True), said


async def _asked(address: str) -> Any:
    async with ClientSession() as session, session.get(address) as answer:
        return json.loads(await answer.text())


async def _cut_off(url: str) -> None:
    from storage.store import Store

    store = Store.open(url)
    for statement in (*DISARM["sqlite"], *(each.replace("= 2", ">= 1") for each in CUT_SEAL)):
        await store.write(lambda conn: conn.execute(text(statement)))  # noqa: B023 awaited here
    store.close()
