"""How the bot says that it is: each part by itself, figures without names, and logs in which a story is one."""

from __future__ import annotations

import json
import logging
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from bot.absences import Absences
from bot.health import Health
from bot.logs import set_up
from bot.outages import Outages
from bot.watchdog import Watchdog
from handlers.ports import Passing
from storage.store import Unavailable
from tests.bot.house import House, house
from tests.bot.test_bot_watchdog import Watched

REFUND = "Please refund ORD-48213, I was charged $450 twice"


class Slack:
    """A connection to Slack that does as it is told."""

    connected, over = True, False


def looked_at(office: House, *inboxes: Watched, now: list[float] | None = None) -> Health:
    outages = Outages(office.desk, office.clock)
    absences = Absences(office.store, office.desk, outages, office.clock)
    seconds = now or [0.0]
    parts = (office.store, office.books)
    dog = Watchdog(*parts, office.desk, outages, absences, inboxes, office.clock, lambda: seconds[-1])
    return Health(*parts, office.desk.metrics, dog, inboxes, office.clock, lambda: seconds[-1])


async def figures(health: Health) -> dict[str, float]:
    """The metrics as `name{label=value}`, read as Prometheus reads them."""
    page = (await health.page())[0].decode()
    return {
        sample.name + "".join(f"{{{name}={value}}}" for name, value in sample.labels.items()): sample.value
        for family in text_string_to_metric_families(page)
        for sample in family.samples
    }


async def test_each_part_says_what_is_wrong_with_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The watchdog's own death is one of them: nobody is ready whose last good round is minutes old."""
    async with house(tmp_path) as office:
        await office.knock.look()
        now, inbox = [0.0], Watched()
        health = looked_at(office, inbox, now=now)
        health.slack = slack = Slack()
        assert await health.parts() == {
            "database": "", "slack": "", "inbox refunds": "", "watchdog": "no good round since the start"
        }  # fmt: skip
        await health.watchdog.look()
        assert not any((await health.parts()).values())
        slack.connected = False
        now.append(240.0)
        assert await health.parts() == {
            "database": "", "slack": "not connected", "inbox refunds": "", "watchdog": "no good round for 4 min"
        }  # fmt: skip
        now.append(700.0)
        assert (await health.parts())["inbox refunds"] == "no good round for 12 min"
        slack.over, health.watchdog.reads = True, lambda _: False
        assert list(await health.parts()) == ["database", "watchdog"], "what is not ours to have is no part of us"

        async def away(_: Any) -> Any:
            raise Unavailable("The database is busy.")

        monkeypatch.setattr(office.store, "read", away)
        assert (await health.parts())["database"] == "The database is busy."
        assert b"docket_takes" in (await health.page())[0], "what is counted here does not need it"
        monkeypatch.undo()


async def test_the_figures_say_what_happened_and_name_nobody(tmp_path: Path) -> None:
    """Takes, deliveries, lateness, what waits, what is open; of private work, not even a code."""
    async with house(tmp_path) as office:
        health = looked_at(office)
        office.slack.answers = [None, Passing("429", 60.0)]
        office.slack.closed_to = {"U0DANA": "account_inactive"}
        await office.says("slack:U0RITA", REFUND)
        await office.says("slack:U0RITA", REFUND, id="slack:T1:C0REFUNDS:1700.000001", ts="1700.000001")
        await office.says("slack:U0RITA", "good morning")
        await office.types("slack:U0RITA", "new", workflow="concern", words="Somebody takes the petty cash.")
        await office.types("slack:U0MARIA", "except", "CON-1", code="NOT_HEARD", words="It waits for too long.")
        await office.calm()
        await office.pushes(hours=5)
        found = await figures(health)
        assert found["docket_takes_total{kind=Posted}{outcome=taken}"] == 1
        assert found["docket_takes_total{kind=Posted}{outcome=repeat}"] == 1
        assert found["docket_takes_total{kind=Posted}{outcome=ignored}"] == 1
        assert found["docket_takes_total{kind=Due}{outcome=taken}"] == found["docket_lateness_seconds_count"] > 0
        assert found["docket_lateness_seconds_sum"] > 3600
        assert found["docket_deliveries_total{channel=slack}{outcome=sent}"] >= 1
        assert found["docket_deliveries_total{channel=slack}{outcome=put_off}"] == 1
        assert found["docket_exceptions_open{code=OVER_LIMIT}"] == 1
        assert found["docket_outbox_waiting{channel=mail}"] == 0
        assert found["docket_watchdog_good_seconds"] == -1
        codes = {name for name in found if name.startswith("docket_exceptions_open")}
        assert (await office.item("CON-1")).open_trouble("NOT_HEARD")
        assert "NOT_HEARD" not in "".join(codes)
        said = "".join(name for name in found if name.startswith("docket_"))
        assert not re.search(r"REF-|CON-|U0|C0|@|dana|Lee|concern", said)


async def test_what_waits_is_counted_by_channel_with_the_oldest_that_could_go(tmp_path: Path) -> None:
    async with house(tmp_path) as office:
        office.stop.set()
        await office.running
        await office.says("slack:U0RITA", REFUND)
        office.clock.push(timedelta(minutes=7))
        found = await figures(looked_at(office))
        assert found["docket_outbox_waiting{channel=slack}"] == 3
        assert found["docket_outbox_oldest_seconds{channel=slack}"] == 420
        assert found["docket_outbox_waiting{channel=mail}"] == 0


async def test_a_storys_lines_carry_one_id_from_the_event_to_the_receipts(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """In the storage's threads and the courier's tasks, too; as JSON, a line an object, and without anybody's words."""
    set_up("json")
    try:
        async with house(tmp_path) as office:
            office.slack.closed_to = {"U0LEE": "cannot_dm_bot"}
            await office.says("slack:U0RITA", REFUND)
            await office.calm()
            lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
            told = await office.told("REF-1")
        own = [line["message"] for line in lines if line["story"] == "slack:T1:C0REFUNDS:1700.000001"]
        assert own[0] == "Posted: taken"
        assert {"Card: sent by slack", "DecisionCard: failed by slack"} <= set(own[1:])
        assert {one.state for one in told} == {"sent", "failed"}
        assert not [line for line in lines if line["from"] == "bot.story" and not line["story"]]
        assert "charged" not in str(lines)
        set_up("text")
        assert not logging.getLogger("bot.story").isEnabledFor(logging.INFO), "on a terminal it would be noise"
    finally:
        logging.basicConfig(handlers=[logging.NullHandler()], force=True)  # this test's stderr ends with it
