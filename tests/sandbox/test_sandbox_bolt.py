"""A bare bolt app talks to the stand-in as to Slack: messages, commands, forms, updates, redelivery."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from slack_bolt.async_app import AsyncApp
from slack_sdk.errors import SlackApiError
from small_town import Running, bolt_app, small_book

from bot.sandbox.clock import HandClock
from bot.sandbox.faults import Fault
from bot.sandbox.town import Town

CARD = [
    {"type": "section", "text": {"type": "mrkdwn", "text": "*REF-1* for <@U0LEE>"}},
    {
        "type": "actions",
        "block_id": "deeds",
        "elements": [
            {
                "type": "button",
                "action_id": "approve",
                "text": {"type": "plain_text", "text": "Approve"},
                "value": "REF-1",
            },
            {
                "type": "overflow",
                "action_id": "more",
                "options": [{"text": {"type": "plain_text", "text": "Snooze"}, "value": "snooze"}],
            },
        ],
    },
]
FORM = {
    "type": "modal",
    "callback_id": "decide",
    "private_metadata": "REF-1",
    "notify_on_close": True,
    "title": {"type": "plain_text", "text": "Approve REF-1"},
    "submit": {"type": "plain_text", "text": "Approve"},
    "blocks": [
        {
            "type": "input",
            "block_id": "code",
            "label": {"type": "plain_text", "text": "Reason code"},
            "element": {
                "type": "static_select",
                "action_id": "pick",
                "options": [
                    {
                        "text": {"type": "plain_text", "text": "DOUBLE_CHARGE"},
                        "value": "DOUBLE_CHARGE",
                        "description": {"type": "plain_text", "text": "Charged twice; the log shows it."},
                    }
                ],
            },
        },
        {
            "type": "input",
            "block_id": "why",
            "label": {"type": "plain_text", "text": "Why"},
            "element": {"type": "plain_text_input", "action_id": "text", "multiline": True},
        },
    ],
}


async def test_a_message_comes_in_and_the_answer_stands_in_its_thread(town: Town, app: AsyncApp) -> None:
    heard: list[dict[str, Any]] = []

    @app.event("message")
    async def on_message(event: dict[str, Any], say: Any) -> None:
        heard.append(event)
        await say(text="How much should go back?", thread_ts=event["ts"])

    async with Running(town, app):
        sent = await town.slack.says("U0RITA", "#refunds", "Refund <ORD-48213> & ask @lee in #refunds")
        await town.slack.until(lambda: town.slack.thread(sent))
        await town.slack.settled()
    assert heard[0]["text"] == "Refund &lt;ORD-48213&gt; &amp; ask <@U0LEE> in <#C0REFUNDS|refunds>"
    assert [m["text"] for m in town.slack.thread(sent)] == ["How much should go back?"]
    assert sent["reply_count"] == 1
    assert town.delivery.undelivered == []


async def test_a_command_a_button_and_a_form_lead_to_an_updated_card(town: Town, app: AsyncApp) -> None:
    said: dict[str, Any] = {}

    @app.command("/docket")
    async def on_command(ack: Any, command: dict[str, Any], client: Any) -> None:
        await ack("Nothing waits for you.")
        said["command"] = command
        await client.chat_postMessage(channel=command["user_id"], text="REF-1", blocks=CARD)

    @app.action("approve")
    async def on_click(ack: Any, body: dict[str, Any], client: Any) -> None:
        await ack()
        said["click"] = body
        await client.views_open(trigger_id=body["trigger_id"], view=FORM)

    @app.view("decide")
    async def on_submit(ack: Any, view: dict[str, Any], client: Any) -> None:
        values = view["state"]["values"]
        if len(values["why"]["text"]["value"]) < 10:
            await ack(response_action="errors", errors={"why": "Write a whole sentence."})
            return
        await ack()
        said["code"] = values["code"]["pick"]["selected_option"]["value"]
        card = town.slack.inbox("lee")[0]
        await client.chat_update(channel="D0LEE", ts=card["ts"], text="Approved by Lee")

    async with Running(town, app):
        await town.slack.types("lee", "/docket mine @dana")
        card = (await town.slack.until(lambda: town.slack.inbox("lee")))[0]
        assert town.slack.words(town.slack.whispers("lee")[0]) == "Nothing waits for you."
        assert not (await town.slack.clicks("lee", "Approve", card)).error
        form = await town.slack.until(lambda: town.slack.view("lee"))
        assert "Charged twice; the log shows it." in town.slack.words(form)
        assert await town.slack.submits("lee", {"Why": "log"}) == {"code": "Please complete this required field."}
        assert await town.slack.submits("lee", {"code": "DOUBLE_CHARGE"}) == {"why": "Write a whole sentence."}
        assert await town.slack.submits("lee", {"Why": "Payment log shows both captures."}) == {}
        await town.slack.until(lambda: card["text"] == "Approved by Lee")
    assert town.slack.view("lee") is None
    assert "blocks" not in card
    assert said["code"] == "DOUBLE_CHARGE"
    assert said["command"]["text"] == "mine <@U0DANA|dana>"
    assert said["click"]["container"]["message_ts"] == card["ts"]


async def test_an_unacknowledged_event_comes_again_with_the_same_id(town: Town, app: AsyncApp) -> None:
    seen: list[tuple[str, int]] = []

    @app.middleware
    async def look(body: dict[str, Any], next: Any) -> None:
        seen.append((body["event_id"], len(seen)))
        await next()

    async with Running(town, app):  # no listener: bolt answers 404 and sends no acknowledgement
        await town.slack.says("dana", "#refunds", "hello")
        await town.slack.settled()
    assert len(seen) == 4
    assert len({event_id for event_id, _ in seen}) == 1
    assert town.delivery.undelivered[0]["event_id"] == seen[0][0]


async def test_an_event_waits_for_a_bot_that_connects_late(clock: HandClock) -> None:
    heard = asyncio.Event()
    async with Town(small_book(), clock, retry_seconds=(0.2,) * 20) as town:
        app = bolt_app(town)

        @app.event("message")
        async def on_message(event: dict[str, Any]) -> None:
            heard.set()

        await town.slack.says("dana", "#refunds", "hello")
        async with Running(town, app), asyncio.timeout(5):
            await heard.wait()


async def test_an_ephemeral_answer_is_replaced_by_its_response_url(town: Town, app: AsyncApp) -> None:
    bodies: list[dict[str, Any]] = []

    @app.command("/docket")
    async def on_command(ack: Any, command: dict[str, Any], client: Any) -> None:
        await ack()
        await client.chat_postEphemeral(
            channel=command["channel_id"], user=command["user_id"], text="card", blocks=CARD
        )

    @app.action("more")
    async def on_choice(ack: Any, body: dict[str, Any], respond: Any) -> None:
        await ack()
        bodies.append(body)
        await respond(text="Snoozed until 14:00", replace_original=True)

    async with Running(town, app):
        await town.slack.types("lee", "/docket mine")
        card = (await town.slack.until(lambda: town.slack.whispers("lee")))[0]
        await town.slack.clicks("lee", "more", card, option="Snooze")
        await town.slack.until(lambda: card["text"] == "Snoozed until 14:00")
    assert "message" not in bodies[0]
    assert bodies[0]["actions"][0]["selected_option"]["value"] == "snooze"
    assert town.slack.whispers("dana") == []


async def test_edits_deletions_reactions_and_the_home_tab_are_told(town: Town, app: AsyncApp) -> None:
    kinds: list[str] = []

    async def note(event: dict[str, Any]) -> None:
        kinds.append(event.get("subtype") or event["type"])

    for kind in ("message", "reaction_added", "app_home_opened", "app_mention"):
        app.event(kind)(note)
    async with Running(town, app):
        sent = await town.slack.says("dana", "#refunds", "@docket look")
        await town.slack.edits("dana", "#refunds", sent["ts"], "look again")
        await town.slack.reacts("lee", "#refunds", sent["ts"], "ticket")
        await town.slack.deletes("dana", "#refunds", sent["ts"])
        await town.slack.opens_home("dana")
        await town.slack.settled()
    assert sorted(kinds) == sorted(
        ["message", "app_mention", "message_changed", "reaction_added", "message_deleted", "app_home_opened"]
    )


async def test_a_command_that_nobody_answers_shows_slacks_own_words(town: Town, app: AsyncApp) -> None:
    assert (await town.slack.types("lee", "/docket mine")).error == "dispatch_failed"
    async with Running(town, app):
        assert (await town.slack.types("lee", "/docket mine")).error == "operation_timeout"
    assert "operation_timeout" in town.slack.whispers("lee")[-1]["text"]


async def test_a_trigger_id_opens_one_form_within_three_seconds(town: Town, app: AsyncApp) -> None:
    views = town.workspace.views
    used, old = views.trigger("U0LEE"), views.trigger("U0LEE")
    await app.client.views_open(trigger_id=used, view=FORM)
    views.triggers[old].given -= 3.1
    for trigger, error in (
        (used, "exchanged_trigger_id"),
        (old, "expired_trigger_id"),
        ("1.2.x", "invalid_trigger_id"),
    ):
        with pytest.raises(SlackApiError) as refused:
            await app.client.views_open(trigger_id=trigger, view=FORM)
        assert refused.value.response["error"] == error


async def test_a_lost_answer_was_carried_out_all_the_same(town: Town, app: AsyncApp) -> None:
    town.faults.order("chat.postMessage", Fault(kind="lost_answer"))
    town.faults.order("chat.postMessage", Fault(kind="ratelimited", retry_after_seconds=7))
    with pytest.raises(Exception, match=r"Server disconnected|reset|closed"):
        await app.client.chat_postMessage(
            channel="#refunds", text="once", metadata={"event_type": "o", "event_payload": {"id": "1"}}
        )
    with pytest.raises(SlackApiError) as limited:
        await app.client.chat_postMessage(channel="#refunds", text="again")
    assert limited.value.response.headers["Retry-After"] == "7"
    history = await app.client.conversations_history(channel="C0REFUNDS", include_all_metadata=True)
    assert [m["metadata"]["event_payload"] for m in history["messages"]] == [{"id": "1"}]
    assert "metadata" not in (await app.client.conversations_history(channel="C0REFUNDS"))["messages"][0]


async def test_a_refreshed_connection_goes_on_hearing(town: Town, app: AsyncApp) -> None:
    heard = asyncio.Event()

    @app.event("message")
    async def on_message(event: dict[str, Any]) -> None:
        heard.set()

    async with Running(town, app):
        await town.socket.disconnect("refresh_requested")
        await town.slack.until(lambda: town.socket.connections)
        await town.slack.says("dana", "#refunds", "still there?")
        async with asyncio.timeout(10):
            await heard.wait()


async def test_message_ids_grow_while_the_clock_stands_still(town: Town, clock: HandClock) -> None:
    first, second = [await town.slack.says("dana", "#refunds", word) for word in ("one", "two")]
    clock.push(timedelta(hours=1))
    third = await town.slack.says("dana", "#refunds", "three")
    assert first["ts"] == "1795192920.000000"
    assert second["ts"] == "1795192920.000001"
    assert third["ts"] == "1795196520.000000"
