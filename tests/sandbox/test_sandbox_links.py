"""Links of the app's domains are told of, chat.unfurl shows something below them, and Home tabs guard their hash."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from slack_bolt.async_app import AsyncApp
from slack_sdk.errors import SlackApiError
from small_town import Running

from bot.sandbox.roster import Json
from bot.sandbox.town import Town

URL = "https://docket.harbor.example/items/REF-1?a=1&b=2"
BLOCKS = [{"type": "section", "text": {"type": "mrkdwn", "text": "*REF-1* Dana has it"}}]


@pytest.fixture
def heard(app: AsyncApp) -> list[Json]:
    """The link_shared events that reach the app."""
    events: list[Json] = []

    @app.event("link_shared")
    async def on_link(event: Json) -> None:
        events.append(event)

    @app.event("message")
    async def on_message() -> None: ...

    return events


async def test_a_link_of_the_apps_domain_is_told_with_its_message(town: Town, app: AsyncApp, heard: list[Json]) -> None:
    """Slack's page "link_shared": the keys of the event; other domains and the app's own posts are not told."""
    async with Running(town, app):
        root = await town.slack.says("dana", "#refunds", f"see {URL} and https://elsewhere.example/x")
        reply = await town.slack.says("lee", "#refunds", "https://harbor.example/", thread=root)
        await town.slack.says("lee", "#refunds", "https://harbor.example.evil.example/ https://elsewhere.example/x")
        await app.client.chat_postMessage(channel="C0REFUNDS", text=f"<{URL}>")
        await town.slack.settled()
    first, second = heard
    assert first.pop("event_ts")
    assert first.pop("unfurl_id")
    assert first == {
        "type": "link_shared",
        "channel": "C0REFUNDS",
        "is_bot_user_member": True,
        "user": "U0DANA",
        "message_ts": root["ts"],
        "source": "conversations_history",
        "links": [{"url": URL, "domain": "harbor.example"}],
    }
    assert (second["thread_ts"], second["message_ts"]) == (root["ts"], reply["ts"])


async def test_an_unfurl_stands_below_its_message_and_a_repeat_takes_its_place(
    town: Town, app: AsyncApp, heard: list[Json]
) -> None:
    async with Running(town, app):
        message = await town.slack.says("dana", "#refunds", f"see {URL}")
        await town.slack.settled()
        (event,) = heard
        by_id = {"unfurl_id": event["unfurl_id"], "source": event["source"]}
        for target in (by_id, {"channel": "C0REFUNDS", "ts": message["ts"]}):
            await app.client.chat_unfurl(unfurls={URL: {"blocks": BLOCKS}}, **target)
    (shown,) = town.workspace.channels["C0REFUNDS"].messages[message["ts"]]["attachments"]
    assert (shown["id"], shown["from_url"], shown["is_app_unfurl"]) == (1, URL, True)
    assert town.slack.words(shown) == "*REF-1* Dana has it"


REFUSALS: list[tuple[Callable[[Json], Json], str]] = [
    (lambda given: given | {"ts": None}, "missing_ts"),
    (lambda given: given | {"channel": None}, "missing_channel"),
    (lambda given: given | {"channel": "C0NOWHERE"}, "cannot_find_channel"),
    (lambda given: given | {"ts": "1.000001"}, "cannot_find_message"),
    (lambda given: given | {"unfurls": None}, "missing_unfurls"),
    (lambda given: given | {"unfurls": []}, "invalid_unfurls_format"),
    (lambda given: given | {"unfurls": {URL: {"blocks": [{"type": "nonsense"}]}}}, "cannot_parse_attachment"),
    (lambda given: given | {"unfurls": {"https://elsewhere.example/": {"blocks": BLOCKS}}}, "cannot_unfurl_url"),
    (lambda given: given | {"unfurls": {URL + "&c": {"blocks": BLOCKS}}}, "cannot_unfurl_message"),
]


@pytest.mark.parametrize(("change", "error"), REFUSALS, ids=[error for _, error in REFUSALS])
async def test_a_wrong_unfurl_gets_slacks_error(
    town: Town, app: AsyncApp, change: Callable[[Json], Json], error: str
) -> None:
    message = await town.slack.says("dana", "#refunds", f"see {URL}")
    given = change({"channel": "C0REFUNDS", "ts": message["ts"], "unfurls": {URL: {"blocks": BLOCKS}}})
    with pytest.raises(SlackApiError) as refused:
        await app.client.api_call("chat.unfurl", json={k: v for k, v in given.items() if v is not None})
    assert refused.value.response["error"] == error


async def test_a_home_is_not_published_over_a_newer_one(town: Town, app: AsyncApp) -> None:
    """Slack's page on views.publish: `hash_conflict` when the hash is not the stored view's."""
    view: dict[str, Any] = {"type": "home", "blocks": BLOCKS}
    first = await app.client.views_publish(user_id="U0LEE", view=view)
    second = await app.client.views_publish(user_id="U0LEE", view=view, hash=first["view"]["hash"])
    assert second["view"]["hash"] != first["view"]["hash"]
    with pytest.raises(SlackApiError) as refused:
        await app.client.views_publish(user_id="U0LEE", view=view, hash=first["view"]["hash"])
    assert refused.value.response["error"] == "hash_conflict"
    assert town.slack.words(town.slack.home("lee")).endswith("*REF-1* Dana has it")
