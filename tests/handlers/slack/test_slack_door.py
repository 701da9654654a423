"""The door, by websocket and by HTTP: acknowledged is what was committed, failures are seen, a stop ends cleanly."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from handlers.ports import Busy, Lasting, Outgoing, Taken
from handlers.slack.buttons import packed
from handlers.slack.client import Client, close_client, open_client
from handlers.slack.connection import Connection
from handlers.slack.forms import view
from handlers.slack.listen import SCOPES, Refused, SlackDoor, Unreachable
from handlers.slack.mrkdwn import Reader
from handlers.slack.request_url import PATH, RequestUrl
from handlers.slack.send import SlackSender
from handlers.slack.way_in import WayIn
from handlers.web.listen import WebDoor
from rules.events import Command, Event, Posted, Reacted, Unreadable
from rules.messages import Blank, Choice, Form, Message, Reply
from tests.handlers.slack import fake_slack
from tests.handlers.slack.fake_slack import FakeSlack
from tests.handlers.slack.memory import Memory

NOW = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
TS = "1763800000.000100"


def said(text: str, **more: Any) -> Reply:
    return Reply(message=Message(subject="", headline=(text,)), **more)


APPROVAL = Form(
    verb="approve", title="Approve REF-12", submit="Approve REF-12", item="REF-12", code="OVER_LIMIT", place="C1",
    blanks=(
        Blank(name="reason_code", label="Reason", kind="choice", choices=(Choice(value="GOODWILL", label="GOODWILL"),)),
        Blank(name="words", label="Why", kind="long"),
    ),
    shown={"amount": "450.00 USD"},
)  # fmt: skip


class FakeDesk:
    """Takes everything once, by its outside id; `busy` and `slow` stand for a database in trouble."""

    def __init__(self) -> None:
        self.taken: list[Event] = []
        self.seen: set[str] = set()
        self.busy = 0
        self.slow: asyncio.Event | None = None
        self.reply: Reply | None = None
        self.answer: Reply | Form = said("yours: nothing")
        self.broken = False
        self.tries = 0

    async def take(self, event: Event, raw: bytes = b"") -> Taken:
        self.tries += 1
        if self.slow is not None:
            await self.slow.wait()
        if self.busy:
            self.busy -= 1
            raise Busy("The database is locked.")
        if self.broken:
            raise RuntimeError("a fault")
        if event.id in self.seen:
            return Taken(repeat=True)
        self.seen.add(event.id)
        self.taken.append(event)
        return Taken(key="REF-12", reply=self.reply)

    async def ask(self, command: Command) -> Reply:
        assert isinstance(self.answer, Reply)
        return self.answer

    async def form(self, command: Command) -> Form | Reply:
        return self.answer


class Told(list[tuple[str, ...]]):
    async def __call__(self, *what: str) -> None:
        self.append(what)


class Bench:
    def __init__(self, slack: FakeSlack, desk: FakeDesk, door: SlackDoor, client: Client) -> None:
        self.slack, self.desk, self.door, self.client = slack, desk, door, client


#: The way in of the test that runs now.
WAY = "socket"
#: For what is a websocket's matter.
websocket_only = pytest.mark.parametrize("way", ["socket"], indirect=True)


@pytest.fixture(autouse=True, params=["socket", "http"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every test runs twice, once by each way in."""
    monkeypatch.setitem(globals(), "WAY", request.param)


@asynccontextmanager
async def bench(**options: Any) -> AsyncIterator[Bench]:
    async with fake_slack.running() as slack:
        client = open_client("xoxb-test", slack.url + "/api/")
        desk = FakeDesk()
        way_in: WayIn = Connection(client, "xapp-test", sleep=options.get("sleep", asyncio.sleep))
        web = WebDoor("127.0.0.1", 0)
        if WAY == "http":
            way_in = url = RequestUrl("geheim", lambda: NOW)
            web.post(PATH, url.take)
            await web.start()
            slack.request_url, slack.secret = f"http://127.0.0.1:{web.port}{PATH}", "geheim"
            slack.stamp = str(int(NOW.timestamp()))
        door = SlackDoor(client, way_in, desk, clock=lambda: NOW, heard=Memory(), **options)
        try:
            await door.start()
            await slack.until(lambda: door.connected)
            yield Bench(slack, desk, door, client)
        finally:
            await door.stop()
            await web.stop()
            await close_client(client)


def post(text: str = "refund please", **event: Any) -> dict[str, Any]:
    base = {"type": "message", "channel": "C1", "user": "U0RITA", "text": text, "ts": TS}
    return {"type": "event_callback", "event_id": "Ev1", "event": {**base, **event}}


def slash(slack: FakeSlack, text: str) -> dict[str, Any]:
    return {
        "command": "/docket", "text": text, "user_id": "U0LEE", "channel_id": "C1", "channel_name": "refunds",
        "trigger_id": "77.1", "response_url": slack.url + "/hook",
    }  # fmt: skip


def click(slack: FakeSlack, action_id: str = "docket:ack", **values: Any) -> dict[str, Any]:
    action = {"type": "button", "action_id": action_id, "block_id": "b", "action_ts": TS,
              "value": packed({"item": "REF-12", "code": None, **values})}  # fmt: skip
    return {
        "type": "block_actions", "user": {"id": "U0LEE"}, "channel": {"id": "C1", "name": "refunds"},
        "container": {"type": "message", "channel_id": "C1", "message_ts": TS, "thread_ts": "1.000001"},
        "actions": [action], "trigger_id": "77.2", "response_url": slack.url + "/hook",
    }  # fmt: skip


def submission(why: str = "Log shows both.", form: Form = APPROVAL) -> dict[str, Any]:
    values = {
        "0:reason_code": {"value": {"type": "static_select", "selected_option": {"value": "GOODWILL"}}},
        "1:words": {"value": {"type": "plain_text_input", "value": why}},
    }
    shown = {**view(form, Reader()), "id": "V1", "state": {"values": values}}
    return {"type": "view_submission", "user": {"id": "U0LEE"}, "view": shown, "trigger_id": "77.3"}


async def test_an_event_is_acknowledged_after_its_take_was_committed() -> None:
    async with bench() as b:
        b.desk.slow = asyncio.Event()
        await b.slack.send("events_api", post())
        await b.slack.until(lambda: b.slack.called("conversations.info"))
        await asyncio.sleep(0.05)
        assert not b.slack.acks, "not before the commit"
        b.desk.slow.set()
        await b.slack.acknowledged()
        (event,) = b.desk.taken
        assert isinstance(event, Posted)
        assert (event.place_name, event.text) == ("refunds", "refund please")


async def test_a_busy_database_leaves_the_event_unacknowledged_and_its_redelivery_counts_once() -> None:
    """It also waits inside and is taken again: after three attempts Slack itself would give up."""
    waits: list[float] = []
    again = asyncio.Event()

    async def sleep(seconds: float) -> None:
        waits.append(seconds)
        await again.wait()
        await asyncio.sleep(0.001)

    async with bench(sleep=sleep) as b:
        b.desk.busy = 2
        await b.slack.send("events_api", post(), "first")
        await b.slack.until(lambda: b.slack.called("conversations.info"))
        await b.slack.until(lambda: 1.0 in waits)
        assert not b.slack.acks
        again.set()
        await b.slack.until(lambda: b.desk.taken)
        await b.slack.send("events_api", post(), "second", retry_attempt=1, retry_reason="timeout")
        await b.slack.acknowledged("second")
        assert "first" not in b.slack.acks
        assert len(b.desk.taken) == 1


async def test_an_event_that_makes_the_take_fail_is_not_acknowledged() -> None:
    async with bench() as b:
        b.desk.broken = True
        await b.slack.send("events_api", post(), "broken")
        await b.slack.until(lambda: b.desk.tries)
        b.desk.broken = False
        await b.slack.send("events_api", post("another", ts="1763800000.000200"), "fine")
        await b.slack.acknowledged("fine")
        assert "broken" not in b.slack.acks


async def test_the_mention_and_the_message_of_one_post_are_answered_once() -> None:
    async with bench() as b:
        text = "<@U0DOCKET> mine"
        await b.slack.send("events_api", post(text), "message")
        await b.slack.acknowledged("message")
        await b.slack.send("events_api", post(text, type="app_mention"), "mention")
        await b.slack.acknowledged("mention")
        await b.door.stop()  # finishes what is being said
        (call,) = b.slack.called("chat.postEphemeral")
        assert (call["user"], call["channel"], call["text"]) == ("U0RITA", "C1", "yours: nothing")
        assert not b.desk.taken


async def test_a_command_in_a_direct_message_is_answered_there() -> None:
    async with bench() as b:
        b.desk.reply = said("REF-12 is yours now.")
        await b.slack.send("events_api", post("claim REF-12", channel="D1"))
        await b.slack.acknowledged()
        await b.slack.until(lambda: b.slack.called("chat.postMessage"))
        (call,) = b.slack.called("chat.postMessage")
        assert (call["channel"], call["text"]) == ("D1", "REF-12 is yours now.")


async def test_a_reaction_brings_its_message_and_others_cost_no_call() -> None:
    async with bench(reactions=lambda: {"ticket"}) as b:
        b.slack.history = [{"type": "message", "user": "U0RITA", "text": "refund", "ts": TS}]
        item = {"type": "message", "channel": "C1", "ts": TS}
        on = {"type": "reaction_added", "user": "U0DANA", "item": item, "event_ts": "1763800030.000000"}
        around = {"type": "event_callback", "event_id": "Ev8"}
        await b.slack.send("events_api", {**around, "event": {**on, "reaction": "eyes"}}, "a")
        await b.slack.acknowledged("a")
        assert not b.slack.called("conversations.history")
        await b.slack.send("events_api", {**around, "event": {**on, "reaction": "ticket"}}, "b")
        await b.slack.acknowledged("b")
        (event,) = b.desk.taken
        assert isinstance(event, Reacted)
        assert (event.message.by, event.message.place_name) == ("slack:U0RITA", "refunds")


@pytest.mark.parametrize(
    "refusal",
    [
        (429, {"Retry-After": "3"}, {"ok": False, "error": "ratelimited"}),
        {"ok": False, "error": "missing_scope"},
    ],
)
async def test_when_slack_cannot_name_the_channel_now_the_event_comes_again(refusal: Any) -> None:
    """Taken without its channel's name no workflow would know it."""
    async with bench() as b:
        b.slack.answers["conversations.info"] = [refusal]
        await b.slack.send("events_api", post(), "first")
        await b.slack.until(lambda: b.slack.called("conversations.info"))
        await b.slack.send("events_api", post(), "second")
        await b.slack.acknowledged("second")
        assert "first" not in b.slack.acks
        assert len(b.desk.taken) == 1


async def test_what_cannot_be_read_is_kept_for_the_operator() -> None:
    async with bench() as b:
        await b.slack.send("events_api", post(ts="yesterday"))
        await b.slack.acknowledged()
        (event,) = b.desk.taken
        assert isinstance(event, Unreadable)
        assert event.id == "slack:T1:event:Ev1"
        assert "is no Slack timestamp" in event.problem


async def test_an_event_that_nobody_follows_is_acknowledged() -> None:
    """Unanswered it would come three times more, and Slack switches off apps that mostly do not answer."""
    async with bench() as b:
        await b.slack.send("events_api", post(type="team_join"))
        await b.slack.acknowledged()
        assert not b.desk.taken


async def test_a_command_is_acknowledged_at_once_and_answered_privately() -> None:
    async with bench() as b:
        b.desk.slow = asyncio.Event()
        b.desk.reply = said("REF-12 is yours now.")
        await b.slack.send("slash_commands", slash(b.slack, "claim REF-12"), accepts_response_payload=True)
        assert "payload" not in await b.slack.acknowledged()
        b.desk.slow.set()
        await b.slack.until(lambda: b.slack.called("response_url"))
        (answer,) = b.slack.called("response_url")
        assert (answer["response_type"], answer["replace_original"], answer["text"]) == (
            "ephemeral", False, "REF-12 is yours now.",
        )  # fmt: skip
        (command,) = b.desk.taken
        assert isinstance(command, Command)
        assert (command.id, command.by, command.place_name) == ("slack:T1:trigger:77.1", "slack:U0LEE", "refunds")


ANSWERS = [
    ("aprove REF-12", {}, "Did you mean `approve`"),
    ("mine", {}, "yours: nothing"),
    ("claim REF-12", {"busy": 1}, "That didn't get through: the database is locked. Nothing was recorded"),
    ("claim REF-12", {"broken": True}, "Something is wrong on our side"),
]


@pytest.mark.parametrize(("typed", "trouble", "answer"), ANSWERS)
async def test_every_command_gets_an_answer_whatever_goes_wrong(
    typed: str, trouble: dict[str, Any], answer: str
) -> None:
    told = Told()
    async with bench(failed=told) as b:
        for name, value in trouble.items():
            setattr(b.desk, name, value)
        await b.slack.send("slash_commands", slash(b.slack, typed))
        await b.slack.until(lambda: b.slack.called("response_url"))
        assert answer in b.slack.called("response_url")[0]["text"]
        assert bool(told) == ("broken" in trouble)


async def test_an_incomplete_command_opens_its_form_before_anything_is_written() -> None:
    async with bench() as b:
        b.desk.answer = APPROVAL
        await b.slack.send("slash_commands", slash(b.slack, "approve REF-12"))
        await b.slack.until(lambda: b.slack.called("views.open"))
        (call,) = b.slack.called("views.open")
        assert (call["trigger_id"], call["view"]["callback_id"]) == ("77.1", "docket:approve")
        assert not b.desk.taken


async def test_a_form_that_comes_too_late_is_told() -> None:
    async with bench() as b:
        b.desk.answer = APPROVAL
        b.slack.answers["views.open"] = [{"ok": False, "error": "expired_trigger_id"}]
        await b.slack.send("interactive", click(b.slack, "docket:approve"))
        await b.slack.until(lambda: b.slack.called("response_url"))
        assert "Click once more" in b.slack.called("response_url")[0]["text"]


async def test_a_click_on_a_stale_card_is_answered_and_a_second_click_changes_nothing() -> None:
    async with bench() as b:
        b.desk.reply = said("Maria rejected REF-12 at 11:31. Nothing was changed by your click.", refused=True)
        await b.slack.send("interactive", click(b.slack), "first")
        await b.slack.until(lambda: len(b.slack.called("response_url")) == 1)
        await b.slack.send("interactive", click(b.slack), "again")
        await b.slack.until(lambda: len(b.slack.called("response_url")) == 2)
        first, again = b.slack.called("response_url")
        assert first["text"].startswith("Maria rejected REF-12")
        assert first["thread_ts"] == "1.000001"
        assert again["text"].startswith("That was counted before")
        assert len(b.desk.taken) == 1


@pytest.mark.parametrize(
    ("action_id", "values"),
    [("feedback", {}), ("docket:teleport", {}), ("docket:ack", {"item": 7}), ("docket:more", {})],
)
async def test_a_button_that_is_not_known_is_answered_politely(action_id: str, values: dict[str, Any]) -> None:
    async with bench() as b:
        await b.slack.send("interactive", click(b.slack, action_id, **values))
        await b.slack.acknowledged()
        await b.slack.until(lambda: b.slack.called("response_url"))
        assert "another version" in b.slack.called("response_url")[0]["text"]


async def test_a_submitted_form_is_a_command_with_what_it_showed() -> None:
    async with bench() as b:
        b.desk.reply = said("Approved.")
        await b.slack.send("interactive", submission(), accepts_response_payload=True)
        ack = await b.slack.acknowledged()
        assert ack["payload"] == {"response_action": "clear"}
        (command,) = b.desk.taken
        assert isinstance(command, Command)
        assert (command.verb, command.item, command.code) == ("approve", "REF-12", "OVER_LIMIT")
        assert (command.reason_code, command.words) == ("GOODWILL", "Log shows both.")
        assert command.seen == {"amount": "450.00 USD"}
        # Of a decision the edited card says it all; a second message would only repeat it.
        assert not b.slack.called("chat.postEphemeral")
        assert not b.slack.called("chat.postMessage")


@pytest.mark.parametrize("changed", [False, True])
async def test_a_decision_on_very_long_words_keeps_all_of_them_if_they_are_still_the_same(changed: bool) -> None:
    """They do not fit into the form's metadata; their hash does."""
    long = replace(APPROVAL, shown={"reason": "x" * 9000})
    async with bench() as b:
        b.desk.answer = replace(long, shown={"reason": "y" * 9000}) if changed else long
        await b.slack.send("interactive", submission(form=long))
        await b.slack.acknowledged()
        (command,) = b.desk.taken
        assert isinstance(command, Command)
        assert command.seen is not None
        assert (command.seen == long.shown) is not changed
        assert command.seen["reason"].startswith("x")


async def test_a_wrong_field_is_said_under_it_and_the_corrected_form_counts() -> None:
    """The view keeps its id, so what was filled in is part of the outside id."""
    async with bench() as b:
        b.desk.reply = said("Say why.", refused=True, blank="words")
        await b.slack.send("interactive", submission(why=""), "first")
        assert (await b.slack.acknowledged("first"))["payload"] == {
            "response_action": "errors", "errors": {"1:words": "Say why."},
        }  # fmt: skip
        b.desk.reply = None
        await b.slack.send("interactive", submission(why="Because."), "second")
        assert (await b.slack.acknowledged("second"))["payload"]["response_action"] == "clear"
        assert len({event.id for event in b.desk.taken}) == 2


async def test_a_busy_database_leaves_the_form_open_with_what_was_typed() -> None:
    async with bench() as b:
        b.desk.busy = 1
        await b.slack.send("interactive", submission())
        (sentence,) = (await b.slack.acknowledged())["payload"]["errors"].values()
        assert sentence == (
            "That didn't get through: the database is locked. Nothing was recorded; try again in a minute."
        )


async def test_a_slow_database_shows_that_it_is_at_work_and_then_the_result() -> None:
    async with bench(patience_seconds=0.01) as b:
        b.desk.slow = asyncio.Event()
        b.desk.reply = said("Approved.")
        await b.slack.send("interactive", submission())
        shown = (await b.slack.acknowledged())["payload"]["view"]
        assert "It is being recorded" in shown["blocks"][0]["text"]["text"]
        b.desk.slow.set()
        await b.slack.until(lambda: b.slack.called("views.update"))
        (call,) = b.slack.called("views.update")
        assert call["view_id"] == "V1"
        assert "Approved." in call["view"]["blocks"][0]["text"]["text"]


async def test_a_stop_finishes_and_acknowledges_what_is_under_way() -> None:
    async with bench() as b:
        b.desk.slow = asyncio.Event()
        await b.slack.send("events_api", post())
        await b.slack.until(lambda: b.slack.called("conversations.info"))
        stopping = asyncio.create_task(b.door.stop())
        await asyncio.sleep(0.01)
        b.desk.slow.set()
        await stopping
        await b.slack.acknowledged()
        assert len(b.desk.taken) == 1
        assert not b.door.connected


def farewell(kind: str = "app_uninstalled", **more: Any) -> dict[str, Any]:
    base = {"team_id": "T1", "event_id": "Ev9", "event_time": int(NOW.timestamp())}
    tokens = {"tokens": {"oauth": [], "bot": ["U0DOCKET"]}} if kind == "tokens_revoked" else {}
    return {"type": "event_callback", **base, "event": {"type": kind, **tokens}, **more}


@pytest.mark.parametrize(
    ("kind", "why"), [("app_uninstalled", "the app was uninstalled"), ("tokens_revoked", "its bot token was revoked")]
)
async def test_the_end_of_the_installation_is_told_once_in_words_and_acknowledged(kind: str, why: str) -> None:
    told = Told()
    async with bench(ended=told) as b:
        await b.slack.send("events_api", farewell(kind), "end")
        await b.slack.acknowledged("end")
        await b.slack.until(lambda: not b.door.connected)
        await b.door.end("token_revoked")
        ((sentence,),) = told
        assert f"ended Docket's installation: {why}." in sentence
        assert "put its new token into SLACK_BOT_TOKEN, and start Docket again" in sentence


async def test_the_end_is_acknowledged_only_after_it_was_told() -> None:
    telling = asyncio.Event()

    async def ended(sentence: str) -> None:
        await telling.wait()

    async with bench(ended=ended) as b:
        await b.slack.send("events_api", farewell(), "end")
        await b.slack.until(lambda: b.door.busy)
        await asyncio.sleep(0.02)
        assert "end" not in b.slack.acks
        telling.set()
        await b.slack.acknowledged("end")


OTHERS = {
    "another workspace": farewell(team_id="T2"),
    "a person's token": farewell("tokens_revoked", event={"type": "tokens_revoked", "tokens": {"oauth": ["U0LEE"]}}),
    "another app's bot": farewell("tokens_revoked", event={"type": "tokens_revoked", "tokens": {"bot": ["U0OTHER"]}}),
    "no tokens": farewell("tokens_revoked", event={"type": "tokens_revoked", "tokens": None}),
    "an installation before ours": farewell(event_time=int(NOW.timestamp()) - 1),
}


@pytest.mark.parametrize("other", OTHERS)
async def test_the_end_of_something_else_changes_nothing(other: str) -> None:
    told = Told()
    async with bench(ended=told) as b:
        await b.slack.send("events_api", OTHERS[other], "end")
        await b.slack.acknowledged("end")
        await b.slack.send("events_api", post(), "more")
        await b.slack.acknowledged("more")
        assert not told
        assert b.door.connected


@pytest.mark.parametrize("error", ["token_revoked", "account_inactive", "invalid_auth"])
async def test_a_call_that_shows_the_end_tells_of_it_once(error: str) -> None:
    told = Told()
    async with bench(ended=told) as b:
        b.client.ended = b.door.end
        b.slack.answers["chat.postMessage"] = [{"ok": False, "error": error}] * 3
        outgoing = Outgoing(outbox_id="1", address="C1", message=said("hello").message, timezone="UTC")
        sender = SlackSender(b.client)
        refusals = await asyncio.gather(*(sender.send(outgoing) for _ in range(3)), return_exceptions=True)
        assert [type(refusal) for refusal in refusals] == [Lasting] * 3
        ((sentence,),) = told
        assert "ended Docket's installation" in sentence
        await b.slack.until(lambda: not b.door.connected)


@websocket_only
async def test_a_connection_that_stays_away_is_told_once_and_built_anew() -> None:
    told, back = Told(), Told()

    async def sleep(seconds: float) -> None:
        await asyncio.sleep(0.001)

    async with bench(failed=told, recovered=back, sleep=sleep) as b:
        assert b.door.connected
        gone = {"ok": False, "error": "internal_error"}
        b.slack.answers["apps.connections.open"] = [gone] * 8
        await b.slack.sockets[-1].close()
        await b.slack.until(lambda: len(b.slack.sockets) == 2)
        await b.slack.until(lambda: ("slack",) in back)
        assert b.door.connected
        assert told == [("slack", "Slack is not connected. Slack can't take it now (internal_error).")]
        assert back.count(("slack",)) == 1


@websocket_only
async def test_news_that_could_not_be_told_is_told_later() -> None:
    """The database may be away together with Slack."""
    told: list[str] = []
    tries = 0

    async def failed(cause: str, sentence: str) -> None:
        nonlocal tries
        tries += 1
        if tries < 3:
            raise Busy("The database is locked.")
        told.append(sentence)

    async def sleep(seconds: float) -> None:
        await asyncio.sleep(0.001)

    async with bench(failed=failed, sleep=sleep) as b:
        b.slack.answers["apps.connections.open"] = [{"ok": False, "error": "internal_error"}] * 9
        await b.slack.sockets[-1].close()
        await b.slack.until(lambda: len(b.slack.sockets) == 2)
        assert (tries, len(told)) == (3, 1)


REFUSALS = [
    ("auth.test", "invalid_auth", Refused, "SLACK_BOT_TOKEN. Put in the bot token"),
    ("auth.test", "account_inactive", Refused, "Install the app again"),
    ("apps.connections.open", "invalid_auth", Refused, "SLACK_APP_TOKEN. Put in the app-level token (xapp-...)"),
    ("apps.connections.open", "missing_scope", Refused, "connections:write"),
    ("auth.test", "internal_error", Unreachable, "can't take it now"),
    ("apps.connections.open", "ratelimited", Unreachable, "can't take it now"),
]


@websocket_only
@pytest.mark.parametrize(("method", "error", "kind", "sentence"), REFUSALS)
async def test_a_start_that_cannot_work_says_what_to_change(
    method: str, error: str, kind: type[Exception], sentence: str
) -> None:
    async with fake_slack.running() as slack:
        slack.answers[method] = [{"ok": False, "error": error}]
        client = open_client("xoxb-test", slack.url + "/api/")
        door = SlackDoor(client, Connection(client, "xapp-test"), FakeDesk(), clock=lambda: NOW, heard=Memory())
        with pytest.raises(kind) as caught:
            await door.start()
        assert sentence in str(caught.value)
        assert not door.connected
        await door.stop()
        await close_client(client)


@websocket_only
async def test_a_missing_scope_is_named_before_anything_is_missed() -> None:
    async with fake_slack.running() as slack:
        slack.scopes = ",".join(scope for scope in SCOPES if scope != "groups:history")
        client = open_client("xoxb-test", slack.url + "/api/")
        with pytest.raises(Refused, match="lacks groups:history"):
            await SlackDoor(
                client, Connection(client, "xapp-test"), FakeDesk(), clock=lambda: NOW, heard=Memory()
            ).start()
        await close_client(client)


@websocket_only
async def test_an_unreachable_slack_is_no_refusal() -> None:
    client = open_client("xoxb-test", "http://127.0.0.1:9/api/")
    with pytest.raises(Unreachable, match="can't be reached"):
        await SlackDoor(client, Connection(client, "xapp-test"), FakeDesk(), clock=lambda: NOW, heard=Memory()).start()
    await close_client(client)
