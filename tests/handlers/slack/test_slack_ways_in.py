"""Shortcuts, forms that change, questions to one person: over a small Slack, with all that can go wrong on the way."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from typing import Any

import pytest

import handlers.slack.listen_events
from handlers.ports import Taken
from handlers.slack.buttons import packed
from handlers.slack.forms import view
from handlers.slack.mrkdwn import Reader
from handlers.slack.read_shortcuts import read_shortcut
from handlers.slack.wire import Us
from rules.events import Command, Event, Posted
from rules.messages import Action, Blank, Choice, Form, Message, Reply
from tests.handlers.slack.fake_slack import FakeSlack
from tests.handlers.slack.test_slack_door import NOW, TS, Bench, bench, post, said, slash, way

__all__ = ["way"]  # every test runs by websocket and by HTTP

DIRECT = "D0LEE"
US = Us(team="T1", user="U0DOCKET", url="https://harbor.slack.com/")
TRACK = Form(
    verb="new", title="New refund", submit="Open", workflow="refund", place="C1",
    blanks=(
        Blank(name="workflow", label="What is it about", kind="choice", redraws=True,
              choices=tuple(Choice(value=c, label=c) for c in ("refund", "access"))),
        Blank(name="order", label="Which order", required=False),
    ),
)  # fmt: skip
ASKED = Reply(
    message=Message(
        subject="",
        headline=("Hand this to Maria Sol in confidence?",),
        actions=(Action(verb="new", label="Yes", item="", workflow="concern", about=TS),),
    )
)


def shortcut(slack: FakeSlack, callback: str = "docket:track", **message: Any) -> dict[str, Any]:
    base = {
        "user": {"id": "U0LEE"}, "trigger_id": "77.5", "action_ts": "1763800030.207593", "callback_id": callback,
        "team": {"id": "T1"},
    }  # fmt: skip
    if callback == "docket:new":
        return {**base, "type": "shortcut"}
    return {
        **base, "type": "message_action", "channel": {"id": "C1", "name": "privategroup"}, "message_ts": TS,
        "message": {"type": "message", "user": "U0RITA", "text": "charged &amp; twice", "ts": TS, **message},
        "response_url": slack.url + "/hook",
    }  # fmt: skip


def pressed(slack: FakeSlack, ephemeral: bool = False, place: str = DIRECT, **value: Any) -> dict[str, Any]:
    """A click on a question's button."""
    action = {"type": "button", "action_id": f"docket:{value.pop('verb', 'new')}", "block_id": "b", "action_ts": TS,
              "value": packed({"item": None, "code": None, "about": TS, **value})}  # fmt: skip
    return {
        "type": "block_actions", "user": {"id": "U0LEE"}, "channel": {"id": place, "name": "directmessage"},
        "container": {"type": "message", "message_ts": "1763800009.000100", "channel_id": place,
                      "is_ephemeral": ephemeral},
        "actions": [action], "trigger_id": "77.6", "response_url": slack.url + "/hook",
    }  # fmt: skip


def shown(form: Form, prompt: str = "", **values: str) -> dict[str, Any]:
    made = view(form, Reader(), prompt)
    entered: dict[str, Any] = {}
    for block in made["blocks"]:
        if block["type"] != "input":
            continue
        name, element = block["block_id"].partition(":")[2], block["element"]
        value = values.get(name, "")
        given = {"selected_option": {"value": value} if value else None} if "options" in element else {"value": value}
        entered[block["block_id"]] = {element["action_id"]: {"type": element["type"], **given}}
    return {**made, "id": "V1", "state": {"values": entered}}


def message_at(bench_: Bench, place: str = "C1", **more: Any) -> Posted:
    """The message of the only command that was taken or asked about."""
    (command,) = bench_.desk.taken
    assert isinstance(command, Command)
    assert command.message is not None
    assert command.message.place == place
    return command.message


async def test_a_message_shortcut_opens_a_form_about_that_message() -> None:
    """The channel's name is asked for: of a private one the payload does not tell it."""
    async with bench() as b:
        b.desk.answer = TRACK
        await b.slack.send("interactive", shortcut(b.slack))
        await b.slack.acknowledged()
        await b.slack.until(lambda: b.slack.called("views.open"))
        (call,) = b.slack.called("views.open")
        assert (call["trigger_id"], call["view"]["callback_id"]) == ("77.5", "docket:new")
        assert b.slack.called("conversations.info")
        assert not b.desk.taken, "a form opens before any write"


@pytest.mark.parametrize(
    ("told", "joined"),
    [({"channel": {"id": "C1", "name": "refunds"}}, True),
     ({"channel": {"id": "C1", "name": "random", "is_member": False}}, False),
     ({"ok": False, "error": "channel_not_found"}, False)],
)  # fmt: skip
@pytest.mark.parametrize("place", ["C1", "D0OTHERS"])
async def test_whether_we_are_there_decides_where_it_lives(told: dict[str, Any], joined: bool, place: str) -> None:
    """A direct message between two others is none to us."""
    async with bench() as b:
        asked: list[Command] = []

        async def form(command: Command) -> None:
            asked.append(command)

        b.desk.form = form  # type: ignore[method-assign, assignment]
        b.slack.answers["conversations.info"] = [{"ok": True, **told}, {"ok": True, **told}]
        await b.slack.send("interactive", {**shortcut(b.slack), "channel": {"id": place, "name": "directmessage"}})
        await b.slack.until(lambda: b.desk.taken)
        (command,) = asked
        assert command.message is not None
        assert (command.message.joined, command.message.text) == (joined, "charged & twice")
        assert command.message.direct == (joined and place.startswith("D"))
        assert (command.message.by, command.by) == ("slack:U0RITA", "slack:U0LEE")


async def test_the_global_shortcut_asks_what_it_is_about_and_answers_by_direct_message() -> None:
    """It has no channel and no response address."""
    async with bench() as b:
        b.desk.answer = TRACK
        await b.slack.send("interactive", shortcut(b.slack, "docket:new"), "form")
        await b.slack.until(lambda: b.slack.called("views.open"))
        b.desk.answer = said("Nothing can be opened like this.", refused=True)
        again = {**shortcut(b.slack, "docket:new"), "trigger_id": "77.7"}
        await b.slack.send("interactive", again, "refused")
        await b.slack.until(lambda: b.slack.called("chat.postMessage"))
        assert b.slack.called("chat.postMessage")[0]["channel"] == "U0LEE"


TROUBLES: list[tuple[dict[str, Any], str]] = [
    ({"callback_id": "docket:teleport"}, "This shortcut is from another version"),
    ({"message": {"text": "no ts"}}, "This shortcut is from another version"),
    ({"message": None}, "This shortcut is from another version"),
]


@pytest.mark.parametrize(("change", "answer"), TROUBLES)
async def test_a_shortcut_that_is_not_known_is_answered(change: dict[str, Any], answer: str) -> None:
    async with bench() as b:
        await b.slack.send("interactive", {**shortcut(b.slack), **change})
        await b.slack.acknowledged()
        await b.slack.until(lambda: b.slack.called("response_url"))
        assert answer in b.slack.called("response_url")[0]["text"]


@pytest.mark.parametrize("verb", ["shortcut", "answer"])
async def test_when_slack_does_not_answer_it_is_said_and_nothing_is_changed(verb: str) -> None:
    async with bench() as b:
        gone = {"ok": False, "error": "internal_error"}
        b.slack.answers = {"conversations.info": [gone], "conversations.history": [gone]}
        sent = shortcut(b.slack) if verb == "shortcut" else pressed(b.slack, workflow="concern")
        await b.slack.send("interactive", sent)
        await b.slack.until(lambda: b.slack.called("response_url"))
        (answer,) = b.slack.called("response_url")
        assert "Try it once more" in answer["text"]
        assert not answer["replace_original"]
        assert not b.desk.taken


@pytest.mark.parametrize("error", ["expired_trigger_id", "exchanged_trigger_id", "internal_error"])
async def test_a_form_that_came_too_late_is_told_with_what_was_typed(error: str) -> None:
    async with bench() as b:
        b.desk.answer = TRACK
        b.slack.answers["views.open"] = [{"ok": False, "error": error}] * 2
        await b.slack.send("slash_commands", slash(b.slack, "new refund it came &lt;broken&gt;"), "typed")
        await b.slack.until(lambda: b.slack.called("response_url"))
        assert "/docket new refund it came &lt;broken&gt;" in json.dumps(b.slack.called("response_url")[0]["blocks"])
        await b.slack.send("interactive", shortcut(b.slack), "clicked")
        await b.slack.until(lambda: len(b.slack.called("response_url")) == 2)
        assert "Click once more" in json.dumps(b.slack.called("response_url")[1]["blocks"])
        assert not b.desk.taken


async def test_a_complete_command_is_taken_without_a_form() -> None:
    async with bench() as b:
        b.desk.answer = None  # type: ignore[assignment]
        b.desk.reply = said("REF-12: Dana Ruiz has it")
        await b.slack.send("slash_commands", slash(b.slack, "new refund ORD-48213, $45"))
        await b.slack.until(lambda: b.slack.called("response_url"))
        (command,) = b.desk.taken
        assert isinstance(command, Command)
        assert (command.verb, command.workflow, command.words) == ("new", "refund", "ORD-48213, $45")


async def test_what_is_chosen_in_a_form_draws_it_anew_with_what_was_typed() -> None:
    message = read_shortcut(shortcut(FakeSlack()), US, NOW)
    assert isinstance(message, Command)
    open_form = replace(TRACK, message=message.message)
    async with bench() as b:
        asked: list[Command] = []

        async def form(command: Command) -> Form:
            asked.append(command)
            return replace(open_form, workflow="access", title="New access")

        b.desk.form = form  # type: ignore[method-assign]
        chosen = shown(open_form, workflow="access", order="ORD-1")
        body = {
            "type": "block_actions", "user": {"id": "U0LEE"}, "trigger_id": "77.8", "view": chosen,
            "container": {"type": "view", "view_id": "V1"},
            "actions": [{"type": "static_select", "action_id": "docket:redraw", "block_id": "0:workflow",
                         "selected_option": {"value": "access"}}],
        }  # fmt: skip
        await b.slack.send("interactive", body)
        await b.slack.acknowledged()
        await b.slack.until(lambda: b.slack.called("views.update"))
        (call,) = b.slack.called("views.update")
        assert (call["view_id"], call["view"]["title"]["text"]) == ("V1", "New access")
        (command,) = asked
        assert (command.workflow, command.fields["order"]) == ("access", "ORD-1")
        assert command.message == open_form.message
        assert not b.slack.called("views.open")


async def test_a_submitted_form_has_the_message_as_it_now_stands() -> None:
    """Its words and files are read again: only its beginning travelled with the form."""
    message = read_shortcut(shortcut(FakeSlack(), text="x" * 9000), US, NOW)
    assert isinstance(message, Command)
    form = replace(TRACK, message=message.message)
    async with bench() as b:
        b.slack.history = [{"type": "message", "user": "U0RITA", "text": "y" * 9000, "ts": TS,
                            "files": [{"name": "log.png", "size": 7, "permalink": "https://x/log.png"}]}]  # fmt: skip
        b.desk.reply = said("REF-12")
        body = {"type": "view_submission", "user": {"id": "U0LEE"}, "view": shown(form, workflow="refund")}
        await b.slack.send("interactive", {**body, "trigger_id": "77.9"})
        await b.slack.acknowledged()
        found = message_at(b)
        assert (found.text, found.files[0].name, found.place_name) == ("y" * 9000, "log.png", "")
        b.slack.answers["conversations.history"] = [{"ok": False, "error": "internal_error"}]
        other = shown(form, workflow="refund", order="ORD-2")
        await b.slack.send("interactive", {**body, "view": other, "trigger_id": "77.91"}, "unread")
        await b.slack.acknowledged("unread")
        command = b.desk.taken[-1]
        assert isinstance(command, Command)
        assert command.message is not None
        assert command.message.text.startswith("xxx"), "what travelled is better than nothing"


async def test_every_wrong_field_has_its_sentence() -> None:
    async with bench() as b:
        wrong = {"order": "That is no order.", "workflow": "Choose one.", "gone": "?"}
        b.desk.reply = replace(said("wrong", refused=True), blanks=wrong)
        body = {"type": "view_submission", "user": {"id": "U0LEE"}, "view": shown(TRACK), "trigger_id": "77.9"}
        await b.slack.send("interactive", body)
        ack = await b.slack.acknowledged()
        assert ack["payload"]["errors"] == {"0:workflow": "Choose one.", "1:order": "That is no order."}


async def test_a_direct_message_is_asked_about_where_it_was_said() -> None:
    async with bench() as b:
        b.desk.reply = ASKED
        await b.slack.send("events_api", post("my manager shouts at me", channel=DIRECT, user="U0LEE"))
        await b.slack.until(lambda: b.slack.called("chat.postMessage"))
        (call,) = b.slack.called("chat.postMessage")
        assert call["channel"] == DIRECT
        button = call["blocks"][-1]["elements"][0]
        assert json.loads(button["value"])["about"] == TS
        await b.slack.send("events_api", post("my manager shouts at me", channel=DIRECT, user="U0LEE"), "again")
        await b.slack.acknowledged("again")
        assert len(b.slack.called("chat.postMessage")) == 1


async def test_a_direct_message_that_cannot_be_read_is_kept_without_its_words() -> None:
    async with bench() as b:
        kept: list[bytes] = []
        take = b.desk.take

        async def taken(event: Event, raw: bytes = b"") -> Taken:
            kept.append(raw)
            return await take(event, raw)

        b.desk.take = taken  # type: ignore[method-assign]
        for place in (DIRECT, "C1"):
            await b.slack.send("events_api", post("my manager shouts", channel=place, ts="now"), place)
            await b.slack.acknowledged(place)
        assert [b"shouts" in raw for raw in kept] == [False, True]


async def test_a_question_that_did_not_get_through_is_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody would know that what they said waits for a click."""
    monkeypatch.setattr(handlers.slack.listen_events, "AGAIN_SECONDS", (0.001, 0.001))
    async with bench() as b:
        b.desk.reply = ASKED
        b.slack.answers["chat.postMessage"] = [{"ok": False, "error": "internal_error"}]
        await b.slack.send("events_api", post("my manager shouts at me", channel=DIRECT))
        await b.slack.until(lambda: len(b.slack.called("chat.postMessage")) == 2)


async def test_what_a_busy_database_held_up_is_asked_about_in_the_end() -> None:
    async def sleep(seconds: float) -> None:
        await asyncio.sleep(0.001)

    async with bench(sleep=sleep) as b:
        b.desk.busy, b.desk.reply = 2, ASKED
        await b.slack.send("events_api", post("my manager shouts at me", channel=DIRECT))
        await b.slack.until(lambda: b.slack.called("chat.postMessage"))


async def test_yes_opens_that_very_message_and_takes_the_questions_place() -> None:
    async with bench() as b:
        b.slack.history = [{"type": "message", "user": "U0LEE", "text": "my manager shouts at me", "ts": TS}]
        b.desk.answer = None  # type: ignore[assignment]
        b.desk.reply = said("CON-1: Maria Sol has it, in confidence.")
        await b.slack.send("interactive", pressed(b.slack, workflow="concern"))
        await b.slack.until(lambda: b.slack.called("response_url"))
        found = message_at(b, DIRECT)
        assert (found.text, found.direct, found.joined) == ("my manager shouts at me", True, True)
        (answer,) = b.slack.called("response_url")
        assert (answer["replace_original"], answer["text"]) == (True, "CON-1: Maria Sol has it, in confidence.")


async def test_a_message_that_is_gone_opens_nothing() -> None:
    async with bench() as b:
        await b.slack.send("interactive", pressed(b.slack, workflow="concern"))
        await b.slack.until(lambda: b.slack.called("response_url"))
        assert b.slack.called("response_url")[0]["text"].startswith("The message that this is about is gone")
        assert not b.desk.taken


async def test_in_trouble_the_question_stands() -> None:
    """Its buttons must not go before it was answered."""
    async with bench() as b:
        b.slack.history = [{"type": "message", "user": "U0LEE", "text": "my manager shouts at me", "ts": TS}]
        b.desk.answer, b.desk.busy = None, 1  # type: ignore[assignment]
        await b.slack.send("interactive", pressed(b.slack, workflow="concern"))
        await b.slack.until(lambda: b.slack.called("response_url"))
        (answer,) = b.slack.called("response_url")
        assert not answer["replace_original"]
        assert "Nothing was recorded" in answer["text"]


async def test_the_form_of_an_answer_settles_the_question_when_it_is_sent() -> None:
    """In a direct message: until then its buttons stand, for the form may be closed."""
    async with bench() as b:
        b.slack.history = [{"type": "message", "user": "U0LEE", "text": "my printer", "ts": TS}]
        b.desk.answer = replace(TRACK, place=DIRECT)
        await b.slack.send("interactive", pressed(b.slack), "opens")
        await b.slack.until(lambda: b.slack.called("views.open"))
        assert not b.slack.called("response_url")
        opened = b.slack.called("views.open")[0]["view"]
        b.desk.reply = said("ACC-1: Sam Adeyemi has it")
        body = {"type": "view_submission", "user": {"id": "U0LEE"}, "trigger_id": "77.9",
                "view": {**opened, "id": "V1", "state": {"values": {}}}}  # fmt: skip
        await b.slack.send("interactive", body, "sent")
        await b.slack.until(lambda: b.slack.called("chat.update"))
        (call,) = b.slack.called("chat.update")
        assert (call["channel"], call["ts"], call["text"]) == (DIRECT, "1763800009.000100", "ACC-1: Sam Adeyemi has it")


async def test_a_question_that_only_one_sees_goes_when_its_form_opens() -> None:
    """Nothing can change it later; a card's button leaves its card alone."""
    async with bench() as b:
        b.desk.answer = TRACK
        ephemeral = pressed(b.slack, ephemeral=True, place="C1", verb="approve", item="REF-12", code="OVER_LIMIT")
        await b.slack.send("interactive", ephemeral)
        await b.slack.until(lambda: b.slack.called("response_url"))
        assert b.slack.called("response_url") == [{"delete_original": True}]
        assert not b.slack.called("conversations.history"), "a decision is about its item"
