"""Commands, clicks and submissions become Commands: what was typed, what was clicked, what was filled in, by whom."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.slack.read_actions import Submission, read_click, read_command, read_submission
from handlers.slack.routes import route
from handlers.slack.wire import Ignored, Malformed, Us
from rules.commands import Misunderstood
from rules.events import Command

US = Us(team="T1", user="U0DOCKET", bot="B0DOCKET")
NOW = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)


def typed(text: str) -> Command:
    body = {"text": text, "user_id": "U0LEE", "channel_id": "C1", "channel_name": "refunds", "trigger_id": "7.1"}
    read = read_command(body, US, NOW)
    assert isinstance(read, Command)
    return read


TYPED: list[tuple[str, dict[str, Any]]] = [
    ("assign REF-12 <@U0FINN|finn> he knows it", {"verb": "assign", "person": "slack:U0FINN", "words": "he knows it"}),
    ("assign ref-12 @finn", {"verb": "assign", "item": "REF-12", "person": "finn"}),
    ("assign REF-12 finn", {"person": "finn"}),
    ("away until 2026-12-01 for <@W0LEE|lee>", {"verb": "away", "until": "2026-12-01", "person": "slack:W0LEE"}),
    ("approve REF-12/OVER_LIMIT GOODWILL because a &lt; b &amp; c",
     {"verb": "approve", "code": "OVER_LIMIT", "reason_code": "GOODWILL", "words": "a < b & c"}),
    ("new refund see <https://x.example|the log>", {"workflow": "refund", "words": "see the log (https://x.example)"}),
    ("", {"verb": "mine"}),
    ("SET ref-1 amount 450 USD", {"verb": "set", "item": "REF-1", "name": "amount", "words": "450 USD"}),
]  # fmt: skip


@pytest.mark.parametrize(("text", "meant"), TYPED)
def test_a_slash_command_means_what_was_typed(text: str, meant: dict[str, Any]) -> None:
    command = typed(text)
    assert {name: getattr(command, name) for name in meant} == meant
    assert (command.id, command.by, command.at) == ("slack:T1:trigger:7.1", "slack:U0LEE", NOW)
    assert (command.place, command.place_name) == ("C1", "refunds")


def test_a_typing_error_is_no_command() -> None:
    body = {"text": "exept REF-1", "user_id": "U0LEE", "trigger_id": "7.1"}
    assert isinstance(read_command(body, US, NOW), Misunderstood)


WAYS = [
    ("mine", "ask"), ("show REF-1", "ask"), ("digest", "ask"), ("help", "ask"),
    ("claim REF-1", "take"), ("approve REF-1 GOODWILL it is right", "take"), ("approve REF-1 GOODWILL", "form"),
    ("approve REF-1", "form"), ("approve", "take"), ("new refund ORD-12345 twice", "form"), ("new refund", "form"),
    ("new", "form"), ("assign REF-1", "form"), ("assign REF-1 finn", "take"), ("snooze REF-1 2h", "take"),
    ("snooze REF-1", "form"), ("evidence REF-1 note", "form"), ("except REF-1", "form"), ("close REF-1", "take"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "way"), WAYS)
def test_a_command_that_lacks_something_asks_for_it_by_a_form(text: str, way: str) -> None:
    assert route(typed(text)) == way


def clicked(**more: Any) -> dict[str, Any]:
    action = {
        "action_id": "docket:approve:2",
        "value": '{"item":"REF-12","code":"OVER_LIMIT"}',
        "action_ts": "1763800000.5",
    }
    return {
        "user": {"id": "U0LEE"}, "trigger_id": "7.2", "channel": {"id": "C1", "name": "refunds"},
        "container": {"channel_id": "C1", "thread_ts": "1.000001"}, "actions": [{**action, **more}],
    }  # fmt: skip


def test_a_click_is_the_command_of_its_button() -> None:
    command = read_click(clicked(), US, NOW)
    assert isinstance(command, Command)
    assert (command.verb, command.item, command.code) == ("approve", "REF-12", "OVER_LIMIT")
    assert (command.id, command.place, command.thread) == ("slack:T1:trigger:7.2", "C1", "1.000001")
    assert command.at == datetime(2025, 11, 22, 8, 26, 40, 500_000, tzinfo=UTC)


def test_an_option_of_the_menu_names_its_verb_and_open_shows_the_item() -> None:
    chosen = {"selected_option": {"value": '{"verb":"open","item":"REF-12","code":null}'}, "value": None}
    command = read_click(clicked(action_id="docket:more", **chosen), US, NOW)
    assert isinstance(command, Command)
    assert (command.verb, command.item, command.code) == ("show", "REF-12", None)


@pytest.mark.parametrize(
    "action",
    [{"action_id": "feedback"}, {"action_id": "docket:fly"}, {"value": "{"}, {"value": "[]"}, {"value": '{"item":""}'},
     {"value": "[" * 100_000}, {"action_id": None}],
)  # fmt: skip
def test_a_button_of_another_version_is_known_as_unknown(action: dict[str, Any]) -> None:
    assert isinstance(read_click(clicked(**action), US, NOW), Ignored)


def submitted(metadata: str, values: dict[str, Any], callback: str = "docket:new") -> dict[str, Any]:
    view = {"id": "V1", "callback_id": callback, "private_metadata": metadata, "state": {"values": values}}
    return {"user": {"id": "U0LEE"}, "view": view}


def test_the_fields_of_a_new_item_may_be_called_like_a_commands_own() -> None:
    values = {
        "0:words": {"value": {"type": "plain_text_input", "value": "admin for Rita"}},
        "1:until": {"value": {"type": "plain_text_input", "value": "2026-12-01"}},
        "2:system": {"value": {"type": "plain_text_input", "value": None}},
        "3:person": {"value": {"type": "users_select", "selected_user": "U0FINN"}},
    }
    read = read_submission(submitted('{"verb":"new","workflow":"access"}', values), US, NOW)
    assert isinstance(read, Submission)
    command = read.command
    assert (command.verb, command.workflow, command.words, command.until) == ("new", "access", "admin for Rita", None)
    assert command.fields == {
        "words": "admin for Rita", "until": "2026-12-01", "system": "", "person": "slack:U0FINN",
    }  # fmt: skip
    assert command.seen is None


def test_a_form_of_another_version_is_known_as_unknown() -> None:
    assert isinstance(read_submission(submitted("{}", {}), US, NOW), Ignored)
    assert isinstance(read_submission(submitted('{"verb":"new"}', {}, callback="other"), US, NOW), Ignored)


def test_the_same_submission_has_the_same_id_and_a_corrected_one_another() -> None:
    def sent(words: str) -> str:
        values = {"0:words": {"value": {"type": "plain_text_input", "value": words}}}
        read = read_submission(submitted('{"verb":"ask","item":"REF-1"}', values, "docket:ask"), US, NOW)
        assert isinstance(read, Submission)
        return read.command.id

    assert sent("when?") == sent("when?")
    assert sent("when?") != sent("why?")
    assert sent("when?").startswith("slack:T1:view:V1:")


anything = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=12)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.one_of(
                st.text(max_size=6),
                st.sampled_from(["actions", "action_id", "value", "user", "id", "view", "state", "values", "trigger_id",
                                 "private_metadata", "callback_id", "container", "channel", "text", "user_id"]),
            ),
            inner, max_size=5,
        ),
    ),
    max_leaves=12,
)  # fmt: skip


@given(anything)
def test_no_json_makes_reading_an_act_crash(payload: Any) -> None:
    for read in (read_command, read_click, read_submission):
        try:
            read(payload, US, NOW)
        except Malformed as problem:
            assert str(problem)  # noqa: PT017 - either outcome is right; a reason must be given
