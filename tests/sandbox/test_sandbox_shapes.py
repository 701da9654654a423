"""Payloads look as Slack's: no key that the recorded samples don't know, and none missing that they have."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from slack_bolt.async_app import AsyncApp
from slack_sdk.socket_mode.aiohttp import SocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.socket_mode.response import SocketModeResponse
from test_sandbox_bolt import CARD, FORM

from bot.sandbox.slack_app import Shortcut
from bot.sandbox.town import Town

METHODS = ("users.info", "dnd.info")
SAMPLES = Path(__file__).parents[3] / "shared" / "slack" / "samples"
pytestmark = pytest.mark.skipif(not SAMPLES.is_dir(), reason="the recorded samples lie beside the project")


def sample(name: str) -> Any:
    return json.loads(next(SAMPLES.glob(f"payloads/{name}")).read_text())


def shape(kind: str, name: str) -> Any:
    return json.loads((SAMPLES / "shapes" / kind / f"{name}.json").read_text())


def strangers(ours: Any, theirs: Any, path: str = "") -> list[str]:
    """Keys of ours that the sample hasn't got, by path; an empty object or list in the sample says nothing."""
    if isinstance(ours, dict) and isinstance(theirs, dict) and theirs:
        unknown = [f"{path}/{key}" for key in ours if key not in theirs]
        shared = ours.keys() & theirs.keys()
        return unknown + [found for key in shared for found in strangers(ours[key], theirs[key], f"{path}/{key}")]
    return []


async def frames(town: Town, app: AsyncApp) -> dict[str, Any]:
    """One payload of each kind, as a bot gets it."""
    seen: dict[str, Any] = {}
    known = town.environment
    client = SocketModeClient(known["SLACK_APP_TOKEN"], web_client=app.client)

    async def look(socket: SocketModeClient, request: SocketModeRequest) -> None:
        body = request.payload
        event = body.get("event", {})
        seen.setdefault(event.get("subtype") or event.get("type") or body.get("type") or "command", body)
        await socket.send_socket_mode_response(SocketModeResponse(envelope_id=request.envelope_id))

    client.socket_mode_request_listeners.append(look)  # type: ignore[arg-type]  # the listener type names a wider client
    await client.connect()
    try:
        sent = await town.slack.says("dana", "#refunds", "<@U0DOCKET> Hi")
        await town.slack.says("lee", "#refunds", "@docket Hi", thread=sent)
        await town.slack.reacts("lee", "#refunds", sent["ts"], "ticket")
        await town.slack.edits("dana", "#refunds", sent["ts"], "Hello")
        other = await town.slack.says("dana", "#refunds", "bye")
        await town.slack.deletes("dana", "#refunds", other["ts"])
        await town.slack.opens_home("lee")
        await town.slack.types("lee", "/docket mine")
        card = await app.client.chat_postMessage(channel="#refunds", text="card", blocks=CARD)
        message = town.slack.channel("#refunds")[-1]
        assert message["ts"] == card["ts"]
        await town.slack.clicks("lee", "Approve", message)
        await town.slack.uses_shortcut("lee", "track", sent)
        for end in (town.slack.submits("lee", {"code": "DOUBLE_CHARGE", "Why": "log"}), town.slack.closes("lee")):
            await app.client.views_open(trigger_id=town.workspace.views.trigger("U0LEE"), view=FORM)
            await end
        await town.slack.settled()
    finally:
        await client.close()
    return seen


async def test_every_payload_has_the_keys_that_slack_sends(town: Town, app: AsyncApp) -> None:
    object.__setattr__(town.app, "shortcuts", (Shortcut(name="Track this", callback_id="track"),))
    seen = await frames(town, app)
    shapes = {
        "message": shape("events", "MessagePayload"),
        "app_mention": shape("events", "AppMentionPayload"),
        "message_changed": shape("events", "MessageChangedPayload"),
        "message_deleted": shape("events", "MessageDeletedPayload"),
        "reaction_added": shape("events", "ReactionAddedPayload"),
        "app_home_opened": shape("events", "AppHomeOpenedPayload"),
        "command": shape("interactive", "SlashCommandPayload"),
        "block_actions": shape("interactive", "BlockActionPayload"),
        "message_action": shape("interactive", "MessageShortcutPayload"),
        "view_submission": shape("interactive", "ViewSubmissionPayload"),
    }
    recorded = {
        "message": sample("socket/events_api-1a34366f.json")["payload"],
        "app_mention": sample("socket/events_api-dbf12a7a.json")["payload"],
        "message_changed": sample("events/message.message_changed-d517813d.json"),
        "message_deleted": sample("events/message.message_deleted-45379e1d.json"),
        "reaction_added": sample("events/reaction_added-3f09cb56.json"),
        "app_home_opened": sample("events/app_home_opened-59d47560.json"),
        "command": sample("socket/slash_commands-8abd7a5e.json")["payload"],
        "block_actions": sample("interactive/block_actions-820d2c51.json"),
        "message_action": sample("interactive/message_action-9aa35b06.json"),
        "view_submission": sample("interactive/view_submission-df7d8174.json"),
    }
    for name, known in shapes.items():
        # The blanked shapes and the recorded payloads come from different years: together they are what Slack sends.
        top = set(seen[name]) - set(known) - set(recorded[name])
        assert top <= {"authorizations", "event_context", "is_ext_shared_channel", "response_urls"}, (name, top)
        if "event" in recorded[name]:
            event = seen[name]["event"]
            allowed = set(known["event"]) | set(recorded[name]["event"]) | {"blocks", "channel_type", "parent_user_id"}
            assert set(event) <= allowed, (name, set(event) - allowed)
        missing = set(recorded[name]) - set(seen[name]) - {"enterprise", "enterprise_id", "authed_users"}
        assert not missing, (name, missing)
    inner = set(recorded["message"]["event"]) | {"blocks"}
    assert set(seen["message"]["event"]) == inner
    assert set(recorded["message_deleted"]["event"]) == set(seen["message_deleted"]["event"])
    for part in ("container", "user", "team", "channel"):
        assert not strangers(seen["block_actions"][part], shapes["block_actions"][part]), part
    assert set(recorded["message_action"]["channel"]) == set(seen["message_action"]["channel"])


async def test_a_submitted_view_has_the_keys_that_slack_sends(town: Town, app: AsyncApp) -> None:
    object.__setattr__(town.app, "shortcuts", (Shortcut(name="Track this", callback_id="track"),))
    seen = await frames(town, app)
    view, recorded = seen["view_submission"]["view"], sample("interactive/view_submission-df7d8174.json")["view"]
    assert set(recorded) <= set(view)
    assert set(view) <= set(shape("interactive", "ViewSubmissionPayload")["view"]) | set(recorded)
    assert view["state"]["values"]["why"]["text"] == {"type": "plain_text_input", "value": "log"}
    chosen = view["state"]["values"]["code"]["pick"]["selected_option"]
    assert chosen["value"] == "DOUBLE_CHARGE"
    assert seen["view_closed"]["is_cleared"] is False


async def test_accounts_have_the_keys_that_slack_sends(town: Town, app: AsyncApp) -> None:
    """A member, one who left, the event of it, and Do Not Disturb."""
    known = {name: json.loads((SAMPLES / "api_responses" / f"{name}.json").read_text()) for name in METHODS}
    events: list[Any] = []
    town.workspace.on_event(lambda happened: events.append(happened.event))
    assert not strangers((await app.client.users_info(user="U0LEE")).data, known["users.info"])
    assert not strangers((await app.client.dnd_info(user="U0LEE")).data, known["dnd.info"])
    await town.slack.silences("lee", datetime(2030, 1, 1, tzinfo=UTC))
    assert not strangers((await app.client.dnd_info(user="U0LEE")).data, known["dnd.info"])
    await town.slack.deactivates("lee")
    left = (await app.client.users_info(user="U0LEE"))["user"]
    assert not strangers(left, known["users.info"]["user"])
    assert left["deleted"]
    assert "tz" not in left, "who left has no zone any more"
    assert strangers(events[-1], shape("events", "UserChangePayload")["event"]) == ["/event_ts"]
    assert events[-1]["user"] == left
