"""The way out: posts carry their outbox id, edits stay edits while they can, and every failure says who can mend it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest
import pytest_asyncio

from handlers.ports import Lasting, Outgoing, Passing, Sender, Sent
from handlers.slack.client import close_client, open_client
from handlers.slack.send import SlackSender
from rules.messages import Message, Quote, Who
from tests.handlers.slack import block_kit, fake_slack
from tests.handlers.slack.fake_slack import FakeSlack

SINCE = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)


@pytest_asyncio.fixture
async def slack() -> AsyncIterator[FakeSlack]:
    async with fake_slack.running() as fake:
        yield fake


@pytest_asyncio.fixture
async def sender(slack: FakeSlack) -> AsyncIterator[Sender]:
    client = open_client("xoxb-test", slack.url + "/api/")
    yield SlackSender(client)
    await close_client(client)


def outgoing(address: str = "C1", **more: Any) -> Outgoing:
    said = Message(subject="s", headline=(Who("lee", mention=True), " decides ", Quote("<!channel>")))
    settings: dict[str, Any] = {"outbox_id": "0190-abc", "address": address, "message": said, "timezone": "UTC"}
    return Outgoing(**settings, names={"lee": "Lee Park"}, mentions={"lee": "U0LEE"}, **more)


async def test_a_post_carries_its_outbox_id_and_nothing_else(slack: FakeSlack, sender: Sender) -> None:
    sent = await sender.send(outgoing(thread="1.000001"))
    assert sent == Sent("C1", "1763800000.000001")
    (call,) = slack.called("chat.postMessage")
    assert call["metadata"] == {"event_type": "docket_outbox", "event_payload": {"id": "0190-abc"}}
    assert (call["thread_ts"], call["unfurl_links"], call["unfurl_media"]) == ("1.000001", False, False)
    assert call["text"] == 'Lee Park decides "&lt;!channel&gt;"'
    assert call["blocks"][0]["text"]["text"] == '<@U0LEE> decides "&lt;!channel&gt;"'
    block_kit.check_message(call["text"], call["blocks"])


async def test_a_person_is_written_to_in_their_direct_message_which_is_remembered(
    slack: FakeSlack, sender: Sender
) -> None:
    assert await sender.send(outgoing("U0LEE")) == Sent("D0LEE", "1763800000.000001")
    assert await sender.send(outgoing("#exceptions")) == Sent("C0EXC", "1763800000.000002")


async def test_an_edit_replaces_the_card_in_place(slack: FakeSlack, sender: Sender) -> None:
    assert await sender.send(outgoing(edit=Sent("D0LEE", "1.5"))) == Sent("D0LEE", "1.5")
    (call,) = slack.called("chat.update")
    assert (call["channel"], call["ts"]) == ("D0LEE", "1.5")
    assert not slack.called("chat.postMessage")


@pytest.mark.parametrize("gone", ["message_not_found", "cant_update_message", "edit_window_closed"])
async def test_a_card_that_can_no_longer_be_edited_is_posted_anew(slack: FakeSlack, sender: Sender, gone: str) -> None:
    slack.answers["chat.update"] = [{"ok": False, "error": gone}]
    assert await sender.send(outgoing(edit=Sent("C1", "1.5"))) == Sent("C1", "1763800000.000001")


FAILURES: list[tuple[Any, type[Exception], str, float | None]] = [
    ((429, {"Retry-After": "7"}, {"ok": False, "error": "ratelimited"}), Passing, "ratelimited", 7.0),
    ((503, {}, {}), Passing, "HTTP 503", None),
    ({"ok": False, "error": "internal_error"}, Passing, "internal_error", None),
    ({"ok": False, "error": "fatal_error"}, Passing, "fatal_error", None),
    ({"ok": False, "error": "not_in_channel"}, Lasting, "Invite it there: /invite @Docket", None),
    ({"ok": False, "error": "channel_not_found"}, Lasting, "no conversation #refunds", None),
    ({"ok": False, "error": "is_archived"}, Lasting, "#refunds is archived", None),
    ({"ok": False, "error": "account_inactive"}, Lasting, "Install the app again", None),
    ({"ok": False, "error": "user_disabled"}, Lasting, "deactivated", None),
    ({"ok": False, "error": "invalid_blocks"}, Lasting, "fault in the bot", None),
    ({"ok": False, "error": "invalid_auth"}, Lasting, "SLACK_BOT_TOKEN", None),
    ({"ok": False, "error": "some_new_word"}, Lasting, "Slack refused it: some_new_word", None),
]


@pytest.mark.parametrize(("answer", "kind", "sentence", "after"), FAILURES)
async def test_a_failure_passes_or_lasts_and_says_who_can_mend_it(
    slack: FakeSlack, sender: Sender, answer: Any, kind: type[Exception], sentence: str, after: float | None
) -> None:
    slack.answers["chat.postMessage"] = [answer]
    with pytest.raises(kind) as caught:
        await sender.send(outgoing("#refunds"))
    assert sentence in str(caught.value)
    assert getattr(caught.value, "retry_after_seconds", None) == after
    assert len(slack.called("chat.postMessage")) == 1, "no call is repeated behind the courier's back"


async def test_a_post_whose_answer_was_lost_is_not_posted_again_by_itself(slack: FakeSlack, sender: Sender) -> None:
    """The SDK's default would; only the courier knows to look first."""
    slack.answers["chat.postMessage"] = [None]
    with pytest.raises(Passing, match="can't be reached"):
        await sender.send(outgoing())
    assert len(slack.called("chat.postMessage")) == 1


async def test_an_unreachable_slack_passes() -> None:
    client = open_client("xoxb-test", "http://127.0.0.1:9/api/")
    with pytest.raises(Passing, match="can't be reached"):
        await SlackSender(client).send(outgoing())
    with pytest.raises(Passing, match="can't be reached"):
        await SlackSender(client).find(outgoing(), SINCE)
    await close_client(client)


def carried(outbox_id: str, ts: str = "1763800000.000009") -> dict[str, Any]:
    return {"ts": ts, "metadata": {"event_type": "docket_outbox", "event_payload": {"id": outbox_id}}}


async def test_a_message_that_arrived_before_the_crash_is_found_by_its_outbox_id(
    slack: FakeSlack, sender: Sender
) -> None:
    slack.answers["conversations.history"] = [
        {"ok": True, "messages": [{"ts": "1"}, carried("other")], "response_metadata": {"next_cursor": "more"}},
        {"ok": True, "messages": [carried("0190-abc")]},
    ]
    assert await sender.find(outgoing(), SINCE) == Sent("C1", "1763800000.000009")
    first, second = slack.called("conversations.history")
    assert first["oldest"] == "1795186740.000000", "a minute of margin between the clocks"
    assert first["include_all_metadata"] in (1, "1", True, "true")
    assert second["cursor"] == "more"


async def test_a_reply_is_looked_for_in_its_thread_and_an_edit_at_its_message(slack: FakeSlack, sender: Sender) -> None:
    slack.history = [carried("0190-abc")]
    assert await sender.find(outgoing(thread="1.000001"), SINCE) is not None
    assert slack.called("conversations.replies")[0]["ts"] == "1.000001"
    assert await sender.find(outgoing(edit=Sent("D1", "1.5")), SINCE) is not None
    asked = slack.called("conversations.history")[0]
    assert (asked["channel"], asked["oldest"], asked["latest"]) == ("D1", "1.5", "1.5")


async def test_names_and_people_are_resolved_before_looking(slack: FakeSlack, sender: Sender) -> None:
    slack.answers["conversations.list"] = [
        {"ok": True, "channels": [{"id": "C9", "name": "other"}], "response_metadata": {"next_cursor": "x"}},
        {"ok": True, "channels": [{"id": "C0EXC", "name": "exceptions"}]},
    ]
    assert await sender.find(outgoing("#exceptions"), SINCE) is None
    assert await sender.find(outgoing("#exceptions"), SINCE) is None
    assert await sender.find(outgoing("U0LEE"), SINCE) is None
    assert [call["channel"] for call in slack.called("conversations.history")] == ["C0EXC", "C0EXC", "D0LEE"]
    assert len(slack.called("conversations.list")) == 2


@pytest.mark.parametrize("unreadable", ["not_in_channel", "channel_not_found", "missing_scope"])
async def test_where_the_history_cannot_be_read_it_honestly_does_not_know(
    slack: FakeSlack, sender: Sender, unreadable: str
) -> None:
    slack.answers["conversations.history"] = [{"ok": False, "error": unreadable}]
    assert await sender.find(outgoing(), SINCE) is None
    slack.answers["conversations.history"] = [{"ok": False, "error": "internal_error"}]
    with pytest.raises(Passing):
        await sender.find(outgoing(), SINCE)
