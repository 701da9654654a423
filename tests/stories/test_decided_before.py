"""The decision card shows what was decided before, and one of these fills the form; a thin sentence comes back once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from handlers.slack.buttons import MENU
from tests.stories.harbor import Harbor, harbor
from tests.stories.test_main_job import WHY, asks, decides, holds

pytestmark = pytest.mark.usefixtures("unpaced")
SENTENCE = "Payment log shows both captures, the second is ours."


def card(office: Harbor, key: str) -> dict[str, Any]:
    slack = office.town.slack
    return next(m for m in reversed(slack.inbox("lee")) if key in slack.words(m) and "Approve" in slack.words(m))


async def test_what_was_decided_before_stands_on_the_card_and_fills_the_form(tmp_path: Path) -> None:
    async with harbor(tmp_path) as office:
        slack = office.town.slack
        await asks(office, "Please refund ORD-11111, I was charged $450 twice")
        assert await decides(office, "lee", "Approve", "DOUBLE_CHARGE", SENTENCE) == {}
        await asks(office, "Please refund ORD-22222, I was charged $470 twice", who="noa")
        shown = slack.words(card(office, "REF-2"))
        assert "Like this before: REF-1 approved, DOUBLE_CHARGE" in shown
        assert SENTENCE in shown
        await slack.clicks("lee", MENU, card(office, "REF-2"), option="As in REF-1")
        await office.until(lambda: slack.view("lee"))
        assert "Filled in as REF-1 was decided" in slack.words(slack.view("lee"))
        assert await slack.submits("lee", {}) == {}
        await office.calm()
        decision = (await office.item("REF-2")).exceptions[0].decision
        assert decision is not None
        assert (decision.reason_code, decision.rationale, decision.by) == ("DOUBLE_CHARGE", SENTENCE, "lee")
        await holds(office)


async def test_a_thin_sentence_comes_back_once_and_is_then_kept_as_thin(tmp_path: Path) -> None:
    async with harbor(tmp_path) as office:
        slack = office.town.slack
        await asks(office, "Please refund ORD-11111, I was charged $450 twice")
        assert await decides(office, "lee", "Approve", "GOODWILL", "ok") == {}
        assert (await office.item("REF-1")).open_trouble(), "nothing is decided"
        assert "Somebody new will learn nothing" in slack.words(slack.view("lee"))
        assert await slack.submits("lee", {WHY: "ok"}) == {}
        await office.calm()
        decision = (await office.item("REF-1")).exceptions[0].decision
        assert decision is not None
        assert decision.thin
        assert "(thin)" in slack.words(slack.inbox("lee")[-1])
        await holds(office)
