"""What strangers are called: asked once, however many messages need it at the same time."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

from slack_sdk.errors import SlackApiError

from handlers.slack.people import People

NOW = datetime(2026, 3, 4, 16, 0, tzinfo=UTC)


class Client:
    """users.info that answers when it is let."""

    def __init__(self, answer: dict[str, Any] | None) -> None:
        self.answer, self.asked, self.gate = answer, 0, asyncio.Event()

    async def users_info(self, user: str) -> dict[str, Any]:
        self.asked += 1
        await self.gate.wait()
        if self.answer is None:
            raise SlackApiError("no", {"error": "user_not_found"})
        return {"user": self.answer}


async def test_messages_that_are_worded_together_wait_for_the_one_question() -> None:
    client = Client({"profile": {"real_name": "Rita Gomez"}})
    people = People(client, lambda: NOW)  # type: ignore[arg-type]  # only users_info is called
    both = asyncio.gather(people.learn(["slack:U1"]), people.learn(["slack:U1", "dana"]))
    await asyncio.sleep(0)
    client.gate.set()
    await both
    assert people.names == {"slack:U1": "Rita Gomez"}
    assert client.asked == 1


async def test_a_name_that_can_not_be_had_is_asked_for_again_later_and_fails_nobody() -> None:
    client, now = Client(None), [NOW]
    client.gate.set()
    people = People(client, lambda: now[0])  # type: ignore[arg-type]
    await people.learn(["slack:U1"])
    await people.learn(["slack:U1"])
    assert (people.names, client.asked) == ({}, 1)
    now[0] += timedelta(minutes=11)
    client.answer = {"name": "rita", "profile": {}}
    await people.learn(["slack:U1"])
    assert people.names == {"slack:U1": "rita"}
