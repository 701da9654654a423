"""Slack in its worst hour: refusals in storms, errors, silence, answers that are lost; everything arrives once."""

from __future__ import annotations

import random
from collections import Counter
from pathlib import Path
from typing import Any, Literal

import pytest

from bot.sandbox.faults import Fault
from tests.stories.conftest import hurried, quick_mail, unpaced
from tests.stories.harbor import Harbor, harbor

__all__ = ["hurried", "quick_mail", "unpaced"]
pytestmark = pytest.mark.usefixtures("hurried")
REQUESTS = 6


async def test_a_storm_of_429s_is_waited_out(tmp_path: Path) -> None:
    """Refused again and again, on every method that is used; nothing is lost, and nothing goes twice."""
    async with harbor(tmp_path) as office:
        for method in ("users.info", "chat.update"):  # whole methods are shut by real seconds
            office.town.faults.order(method, Fault(kind="ratelimited", retry_after_seconds=1))
        office.town.faults.order("chat.postMessage", Fault(kind="ratelimited", retry_after_seconds=30), times=20)
        await each_request_gets_one_card(office)


async def test_a_mixture_of_troubles_leaves_one_message_of_each(tmp_path: Path) -> None:
    """500s, refusals, and answers that are lost after Slack took the message, at random."""
    chance = random.Random(20261121)
    kinds: tuple[Literal["server_error", "lost_answer", "ratelimited"], ...]
    kinds = ("server_error", "lost_answer", "ratelimited", "lost_answer")
    async with harbor(tmp_path) as office:
        for _ in range(2 * REQUESTS):
            fault = Fault(kind=chance.choice(kinds), retry_after_seconds=1)
            office.town.faults.order("chat.postMessage", fault)
        await each_request_gets_one_card(office)


async def each_request_gets_one_card(office: Harbor) -> None:
    """People ask; time passes until everybody has an answer, and a while more."""
    words = "Please refund ORD-{}, ${}, it came broken"
    said = [words.format(20000 + 77 * n, 40 + n) for n in range(REQUESTS)]
    roots = [await office.town.slack.says("dana", "#refunds", each) for each in said]
    for _ in range(40):
        await office.pushes(seconds=40)
        if all(cards(office, root) for root in roots):
            break
    for _ in range(3):
        await office.pushes(seconds=40)
    assert [cards(office, root) for root in roots] == [1] * REQUESTS
    assert max(posts(office).values()) == 1


def cards(office: Harbor, root: dict[str, Any]) -> int:
    """How many cards of an item stand under a request."""
    return sum("REF-" in office.town.slack.words(message) for message in office.town.slack.thread(root))


def posts(office: Harbor) -> Counter[str]:
    """How often each outbox id stands in Slack as a message of ours."""
    bot = office.town.app.bot_user
    every = (m for c in office.town.workspace.channels.values() for m in c.messages.values() if m.get("user") == bot)
    return Counter(message["metadata"]["event_payload"]["id"] for message in every)
