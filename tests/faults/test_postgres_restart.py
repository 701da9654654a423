"""PostgreSQL is restarted under a bot at work: nothing is acknowledged meanwhile, people are told, nothing is lost."""

from __future__ import annotations

import asyncio
from functools import partial
from pathlib import Path

import pytest

from tests.postgres import Server
from tests.stories.conftest import hurried, quick_mail, unpaced
from tests.stories.harbor import harbor
from tests.stories.waiting import asks, comes, failures, requests, so_many, writes

__all__ = ["hurried", "quick_mail", "unpaced"]
pytestmark = pytest.mark.usefixtures("hurried")


async def test_a_restart_of_the_server_loses_nothing_and_is_owned(tmp_path: Path, postgres: Server) -> None:
    url = postgres.fresh()
    async with harbor(tmp_path, url=url, ack_seconds=0.5, retry_seconds=(0.2,) * 100) as office:
        await asks(office, 10040)
        assert await comes(partial(so_many, office, 1))
        await asyncio.to_thread(postgres.stop)
        try:
            await asks(office, 10041)
            await writes(office, 10042)
            await office.town.slack.types("dana", "/docket new refund ORD-10043 $45")
            await office.until(lambda: office.town.slack.whispers("dana"))
            assert "try again" in office.town.slack.words(office.town.slack.whispers("dana")[-1])
            assert office.town.delivery.busy, "the message is not acknowledged"
        finally:
            await asyncio.to_thread(postgres.start)
        assert await comes(partial(so_many, office, 3), 15)
        await office.calm()
        assert len(await requests(office)) == 3
        assert [failure.fields["cause"] for failure in await failures(office)] == ["database"]
