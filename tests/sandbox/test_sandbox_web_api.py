"""The Web API refuses in Slack's own words, and only tells what the app's scopes allow."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import aiohttp
import pytest
from slack_bolt.async_app import AsyncApp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.sandbox.slack_app import SlackApp
from bot.sandbox.town import Town

REFUSALS: list[tuple[str, dict[str, Any], str]] = [
    ("chat.postMessage", {"channel": "#nowhere", "text": "x"}, "channel_not_found"),
    ("chat.postMessage", {"channel": "C0REFUNDS"}, "no_text"),
    ("chat.postMessage", {"channel": "C0REFUNDS", "text": "x", "blocks": "[{"}, "invalid_blocks_format"),
    ("chat.postMessage", {"channel": "C0REFUNDS", "text": "x", "thread_ts": "1.000001"}, "thread_not_found"),
    ("chat.postMessage", {"channel": "C0REFUNDS", "text": "x", "metadata": "{}"}, "invalid_metadata_format"),
    ("chat.update", {"channel": "C0REFUNDS", "ts": "1.000001", "text": "x"}, "message_not_found"),
    ("chat.postEphemeral", {"channel": "C0REFUNDS", "user": "U0NOBODY", "text": "x"}, "user_not_in_channel"),
    ("chat.getPermalink", {"channel": "C0REFUNDS", "message_ts": "1.000001"}, "message_not_found"),
    ("conversations.info", {"channel": "C0NOWHERE"}, "channel_not_found"),
    ("conversations.replies", {"channel": "C0REFUNDS", "ts": "1.000001"}, "thread_not_found"),
    ("conversations.history", {"channel": "C0REFUNDS", "cursor": "?"}, "invalid_cursor"),
    ("conversations.open", {}, "users_list_not_supplied"),
    ("conversations.open", {"users": "U0NOBODY"}, "user_not_found"),
    ("users.info", {"user": "U0NOBODY"}, "user_not_found"),
    ("users.lookupByEmail", {"email": "nobody@harbor.example"}, "users_not_found"),
    ("views.open", {"trigger_id": "1", "view": "null"}, "invalid_arguments"),
    ("views.update", {"view_id": "V1", "view": '{"type": "home", "blocks": []}'}, "not_found"),
    ("no.such.method", {}, "unknown_method"),
]


@pytest.mark.parametrize(("method", "arguments", "error"), REFUSALS)
async def test_a_wrong_call_gets_slacks_error(
    app: AsyncApp, method: str, arguments: dict[str, Any], error: str
) -> None:
    with pytest.raises(SlackApiError) as refused:
        await app.client.api_call(method, data=arguments)
    assert refused.value.response["error"] == error


async def test_tokens_are_checked(town: Town) -> None:
    base, known = town.environment["SLACK_API_URL"], town.environment
    for token, error in (
        (None, "not_authed"),
        ("xoxb-wrong", "invalid_auth"),
        (known["SLACK_APP_TOKEN"], "not_allowed_token_type"),
    ):
        with pytest.raises(SlackApiError) as refused:
            await AsyncWebClient(token=token, base_url=base).auth_test()
        assert refused.value.response["error"] == error
    with pytest.raises(SlackApiError) as refused:
        await AsyncWebClient(base_url=base).apps_connections_open(app_token=known["SLACK_BOT_TOKEN"])
    assert refused.value.response["error"] == "not_allowed_token_type"


async def test_a_missing_scope_is_named(town: Town, app: AsyncApp) -> None:
    town.workspace.app = replace(town.app, scopes=town.app.scopes - {"chat:write", "users:read.email"})
    with pytest.raises(SlackApiError) as refused:
        await app.client.chat_postMessage(channel="#refunds", text="x")
    assert (refused.value.response["error"], refused.value.response["needed"]) == ("missing_scope", "chat:write")
    assert "email" not in (await app.client.users_info(user="U0LEE"))["user"]["profile"]


async def test_a_channel_without_the_bot_takes_nothing(town: Town, app: AsyncApp) -> None:
    town.workspace.channels["C0REFUNDS"].members.discard(town.app.bot_user)
    for call in (
        app.client.chat_postMessage(channel="C0REFUNDS", text="x"),
        app.client.conversations_history(channel="C0REFUNDS"),
    ):
        with pytest.raises(SlackApiError) as refused:
            await call
        assert refused.value.response["error"] == "not_in_channel"
    await app.client.conversations_join(channel="C0REFUNDS")
    await app.client.chat_postMessage(channel="C0REFUNDS", text="x")


async def test_an_update_follows_slacks_rules(town: Town, app: AsyncApp) -> None:
    blocks = [{"type": "section", "text": {"type": "mrkdwn", "text": "card"}}]
    card = await app.client.chat_postMessage(channel="U0LEE", text="card", blocks=blocks)
    where = {"channel": card["channel"], "ts": card["ts"]}
    only_blocks = (await app.client.chat_update(**where, blocks=blocks))["message"]
    assert (only_blocks["text"], "edited" in only_blocks) == ("card", False)
    only_text = (await app.client.chat_update(**where, text="done"))["message"]
    assert ("blocks" in only_text, "edited" in only_text) == (False, True)
    with pytest.raises(SlackApiError, match="msg_too_long"):
        await app.client.chat_update(**where, text="x" * 4001)
    theirs = await town.slack.says("lee", "@docket", "mine")
    with pytest.raises(SlackApiError, match="cant_update_message"):
        await app.client.chat_update(channel=card["channel"], ts=theirs["ts"], text="x")
    long = await app.client.chat_postMessage(channel="U0LEE", text="x" * 40_001)
    assert long["warning"] == "message_truncated"


async def test_history_is_paged_newest_first_without_replies(town: Town, app: AsyncApp) -> None:
    sent = [await town.slack.says("dana", "#refunds", str(n)) for n in range(5)]
    await town.slack.says("lee", "#refunds", "a reply", thread=sent[0])
    first = await app.client.conversations_history(channel="C0REFUNDS", limit=3)
    cursor = first["response_metadata"]["next_cursor"]
    rest = await app.client.conversations_history(channel="C0REFUNDS", limit=3, cursor=cursor)
    assert [m["text"] for m in [*first["messages"], *rest["messages"]]] == ["4", "3", "2", "1", "0"]
    newer = await app.client.conversations_history(channel="C0REFUNDS", oldest=sent[3]["ts"])
    assert [m["text"] for m in newer["messages"]] == ["4"]
    thread = await app.client.conversations_replies(channel="C0REFUNDS", ts=sent[0]["ts"])
    assert [m["text"] for m in thread["messages"]] == ["0", "a reply"]


async def test_a_parent_with_replies_leaves_a_tombstone(town: Town) -> None:
    parent = await town.slack.says("dana", "#refunds", "oops")
    await town.slack.says("lee", "#refunds", "what?", thread=parent)
    await town.slack.deletes("dana", "#refunds", parent["ts"])
    assert town.slack.channel("#refunds")[0]["subtype"] == "tombstone"


async def test_only_this_machine_and_its_own_page_may_call(town: Town) -> None:
    """A foreign page that gets its name bound to loopback, or posts to it, is refused."""
    async with aiohttp.ClientSession() as web:
        for headers in ({"Host": "evil.example"}, {"Origin": "https://evil.example"}):
            async with web.post(f"{town.url}/sandbox/clock", json={"minutes": 5}, headers=headers) as answer:
                assert answer.status == 403
                assert "Access-Control-Allow-Origin" not in answer.headers
        form = {"minutes": "5"}
        async with web.post(
            f"{town.url}/sandbox/clock", data=json.dumps(form), headers={"Content-Type": "text/plain"}
        ) as a:
            assert a.status == 415


def test_a_manifest_says_what_is_installed() -> None:
    manifest = {
        "display_information": {"name": "Docket"},
        "features": {
            "bot_user": {"display_name": "docket"},
            "slash_commands": [{"command": "/docket", "should_escape": True}],
            "shortcuts": [{"name": "Track this", "callback_id": "track", "type": "message"}],
        },
        "oauth_config": {"scopes": {"bot": ["chat:write"]}},
        "settings": {"event_subscriptions": {"bot_events": ["message.im", "app_home_opened"]}},
    }
    app = SlackApp.of(manifest, team_name="Harbor")
    assert (app.commands[0].should_escape, app.shortcuts[0].callback_id, app.home_tab) == (True, "track", False)
    # message.im was subscribed without its scope im:history, so nothing of it arrives.
    assert [e for e in ("message.im", "app_home_opened", "app_mention") if app.hears(e)] == ["app_home_opened"]
