"""Slack's limits as a table: each row breaks one limit by one and is refused in Slack's words."""

from __future__ import annotations

from typing import Any

import pytest
from slack_bolt.async_app import AsyncApp
from slack_sdk.errors import SlackApiError

from bot.sandbox.block_kit import message_problems, view_problems


def plain(text: str) -> dict[str, Any]:
    return {"type": "plain_text", "text": text}


def mrkdwn(text: str) -> dict[str, Any]:
    return {"type": "mrkdwn", "text": text}


def button(**more: Any) -> dict[str, Any]:
    return {"type": "button", "action_id": "a", "text": plain("Go")} | more


def option(text: str = "One", value: str = "1", **more: Any) -> dict[str, Any]:
    return {"text": plain(text), "value": value} | more


def select(**more: Any) -> dict[str, Any]:
    return {"type": "static_select", "action_id": "s", "options": [option()]} | more


def actions(*elements: dict[str, Any]) -> dict[str, Any]:
    return {"type": "actions", "elements": list(elements)}


def section(text: str = "hello", **more: Any) -> dict[str, Any]:
    return {"type": "section", "text": mrkdwn(text)} | more


def field(element: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    return {"type": "input", "label": plain("Why"), "element": element or {"type": "plain_text_input"}} | more


AT_THE_LIMIT = [
    [section("x" * 3000)],
    [{"type": "section", "fields": [mrkdwn("x" * 2000)] * 10}],
    [{"type": "header", "text": plain("x" * 150)}],
    [{"type": "context", "elements": [mrkdwn("x")] * 10}],
    [actions(*[button(action_id=str(n)) for n in range(25)])],
    [section()] * 50,
    [actions(button(text=plain("x" * 75), value="x" * 2000, style="danger"))],
    [actions(select(options=[option("x" * 75, str(n)) for n in range(100)], placeholder=plain("x" * 150)))],
    [section(accessory={"type": "overflow", "options": [option(value=str(n)) for n in range(5)]})],
    [actions(select(initial_option=option()))],
    [{"type": "divider"}, {"type": "image", "image_url": "https://x.example/a.png", "alt_text": ""}],
]
ABOVE = [
    ([section("x" * 3001)], "less than 3001 characters [json-pointer:/blocks/0/text/text]"),
    ([section("")], "more than 0 characters"),
    ([{"type": "section"}], "missing required field: text or fields"),
    (
        [{"type": "section", "fields": [mrkdwn("x")] * 11}],
        "no more than 10 items allowed [json-pointer:/blocks/0/fields]",
    ),
    ([{"type": "section", "fields": [mrkdwn("x" * 2001)]}], "less than 2001"),
    ([{"type": "header", "text": plain("x" * 151)}], "less than 151"),
    ([{"type": "header", "text": mrkdwn("x")}], "unsupported type: mrkdwn"),
    ([{"type": "context", "elements": [mrkdwn("x")] * 11}], "no more than 10 items"),
    ([actions(*[button(action_id=str(n)) for n in range(26)])], "no more than 25 items"),
    ([actions(button(), button())], "`action_id` a already exists"),
    ([actions()], "no fewer than 1 items"),
    ([section()] * 51, "no more than 50 items allowed [json-pointer:/blocks]"),
    ([section(block_id="b"), section(block_id="b")], "already exists"),
    ([section(block_id="x" * 256)], "less than 256"),
    ([actions(button(text=plain("x" * 76)))], "less than 76"),
    ([actions(button(text=mrkdwn("Go")))], "unsupported type: mrkdwn"),
    ([actions(button(value="x" * 2001))], "less than 2001"),
    ([actions(button(style="blue"))], "must be one of"),
    ([actions(button(confirm={"text": plain("x" * 301)}))], "less than 301"),
    ([actions(select(options=[]))], "no fewer than 1"),
    ([actions(select(options=[option(value=str(n)) for n in range(101)]))], "no more than 100"),
    ([actions(select(options=[option("x" * 76)]))], "less than 76"),
    ([actions(select(options=[option(value="x" * 151)]))], "less than 151"),
    ([actions(select(options=[option(description=plain("x" * 76))]))], "less than 76"),
    ([actions(select(initial_option=option("Two", "2")))], "initial_option must match"),
    ([section(accessory={"type": "overflow", "options": [option(value=str(n)) for n in range(6)]})], "no more than 5"),
    ([section(accessory={"type": "plain_text_input"})], "unsupported type: plain_text_input"),
    ([{"type": "nonsense"}], "unsupported type: nonsense"),
    ([{"type": "section", "text": {"type": "mrkdwn", "text": "x", "colour": "red"}}], "additional property: colour"),
    ([None], "must provide an object [json-pointer:/blocks/0]"),
    ([{"type": "image", "image_url": "https://x.example/a.png"}], "missing required field: alt_text"),
    ([{"type": "markdown", "text": "x" * 7000}] * 2, "less than 12001"),
]


@pytest.mark.parametrize("blocks", AT_THE_LIMIT)
def test_what_stays_within_the_limits_is_taken(blocks: list[Any]) -> None:
    assert message_problems(blocks) == []


@pytest.mark.parametrize(("blocks", "words"), ABOVE)
def test_what_is_above_a_limit_is_refused(blocks: list[Any], words: str) -> None:
    assert any(words in line for line in message_problems(blocks)), message_problems(blocks)


def modal(*blocks: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"type": "modal", "title": plain("Form"), "submit": plain("Send"), "blocks": list(blocks)} | more


VIEWS = [
    (modal(field(), title=plain("x" * 25)), "less than 25"),
    (modal(field(), submit=None), "must define `submit` to use an `input` block in modals"),
    (modal(*[section()] * 101), "no more than 100"),
    (modal(field(), private_metadata="x" * 3001), "less than 3001"),
    (modal(field(), id="V1"), "additional property: id"),
    (modal(field(label=mrkdwn("Why"))), "unsupported type: mrkdwn"),
    (modal(field(hint=plain("x" * 2001))), "less than 2001"),
    (modal(field({"type": "plain_text_input", "initial_value": "x" * 3001})), "less than 3001"),
    (modal(field({"type": "plain_text_input", "max_length": 3001})), "between 1 and 3000"),
    (modal(field({"type": "number_input"})), "is_decimal_allowed"),
    (modal(field({"type": "button", "text": plain("Go")})), "unsupported type: button"),
    (modal({"type": "markdown", "text": "x"}), "unsupported type: markdown"),
    ({"type": "modal", "blocks": [section()]}, "missing required field: title"),
    ({"type": "dialog", "blocks": []}, "failed to match all allowed schemas"),
]


@pytest.mark.parametrize(("view", "words"), VIEWS)
def test_what_a_view_may_not_have_is_refused(view: dict[str, Any], words: str) -> None:
    assert any(words in line for line in view_problems(view)), view_problems(view)


def test_views_within_the_limits_are_taken() -> None:
    assert view_problems(modal(field(), field(select()))) == []
    assert view_problems({"type": "home", "blocks": [section()] * 100}) == []


async def test_the_web_api_names_the_place_of_the_trouble(app: AsyncApp) -> None:
    with pytest.raises(SlackApiError) as refused:
        await app.client.chat_postMessage(channel="#refunds", text="x", blocks=[section("x" * 3001)])
    answer = refused.value.response
    assert answer["error"] == "invalid_blocks"
    assert answer["response_metadata"]["messages"] == [
        "[ERROR] must be less than 3001 characters [json-pointer:/blocks/0/text/text]"
    ]
