"""Event payloads are read as happenings with one id each, or ignored for a stated reason; nothing makes it crash."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.slack.read import Reaction, placed, post, reacted, reactions_on, read_event, since_posted
from handlers.slack.routes import route
from handlers.slack.spoken import command_in
from handlers.slack.wire import Ignored, Malformed, Us, kept
from rules.events import Attachment, Command, Deleted, Edited, Posted

US = Us(team="T1", user="U0DOCKET", bot="B0DOCKET", url="https://harbor.slack.com/")
TS = "1763800000.000100"


def message(**event: Any) -> dict[str, Any]:
    base = {"type": "message", "channel": "C1", "user": "U0RITA", "text": "hello", "ts": TS, "channel_type": "channel"}
    return {"type": "event_callback", "team_id": "T_OTHER", "event_id": "Ev1", "event": {**base, **event}}


def test_a_message_is_read_with_its_time_place_author_and_address() -> None:
    read = read_event(message(text="refund &lt;now&gt; for <@U2>"), US)
    assert read == Posted(
        id=f"slack:T1:C1:{TS}", workspace="main", at=datetime(2025, 11, 22, 8, 26, 40, 100, tzinfo=UTC),
        by="slack:U0RITA", via="slack", place="C1", place_name="", ts=TS, thread=None, text="refund <now> for @U2",
        permalink="https://harbor.slack.com/archives/C1/p1763800000000100",
    )  # fmt: skip


def test_a_reply_knows_its_root_and_a_root_with_replies_is_no_reply() -> None:
    reply = read_event(message(thread_ts="1763700000.000200"), US)
    assert isinstance(reply, Posted)
    assert reply.thread == "1763700000.000200"
    assert reply.permalink is not None
    assert reply.permalink.endswith("?thread_ts=1763700000.000200&cid=C1")
    root = read_event(message(thread_ts=TS, reply_count=3), US)
    assert isinstance(root, Posted)
    assert root.thread is None


def test_the_mention_and_the_message_of_one_post_are_one_happening() -> None:
    """Slack sends both, in any order, with different event ids; either one alone says all."""
    text = "<@U0DOCKET> show REF-1"
    as_message = read_event(message(text=text), US)
    as_mention = read_event(message(type="app_mention", text=text, channel_type=None), US)
    assert as_message == as_mention
    assert isinstance(as_message, Posted)
    assert as_message.mentions_us


def test_a_reply_that_is_also_sent_to_the_channel_is_the_same_reply() -> None:
    read = read_event(message(subtype="thread_broadcast", thread_ts="1.000001", root={"ts": "1.000001"}), US)
    assert isinstance(read, Posted)
    assert (read.id, read.thread, read.subtype) == (f"slack:T1:C1:{TS}", "1.000001", "thread_broadcast")


def test_programs_are_marked_and_joins_keep_their_subtype() -> None:
    program = read_event(message(subtype="bot_message", bot_id="B7", user=None), US)
    assert isinstance(program, Posted)
    assert (program.bot, program.by) == (True, "slack:B7")
    modern = read_event(message(bot_id="B7"), US)
    assert isinstance(modern, Posted)
    assert (modern.bot, modern.by) == (True, "slack:U0RITA")
    join = read_event(message(subtype="channel_join"), US)
    assert isinstance(join, Posted)
    assert (join.bot, join.subtype) == (False, "channel_join")


def test_files_come_along_with_cleaned_names() -> None:
    files = [
        {"name": "../../etc/passwd\n", "mimetype": "text/plain", "size": 12, "permalink": "https://x/f"},
        {"mode": "tombstone"},
        "not a file",
        {"name": "x", "size": -1, "url_private": "https://x/p"},
    ]
    read = read_event(message(subtype="file_share", files=files), US)
    assert isinstance(read, Posted)
    assert read.files == (
        Attachment(name=".._.._etc_passwd_", media_type="text/plain", size=12, url="https://x/f"),
        Attachment(name="file"),
        Attachment(name="file"),
        Attachment(name="x", url="https://x/p"),
    )


def test_a_direct_message_is_direct_by_its_conversation() -> None:
    read = read_event(message(channel="D1", channel_type="im"), US)
    assert isinstance(read, Posted)
    assert read.direct


CHANGED = {
    "type": "message",
    "user": "U0RITA",
    "text": "new",
    "ts": TS,
    "edited": {"user": "U0RITA", "ts": "1763800009.000000"},
}


def changed(now: dict[str, Any], before: Any) -> dict[str, Any]:
    return message(subtype="message_changed", message=now, previous_message=before, ts="1763800009.000300", user=None)


def test_an_edit_is_told_with_the_new_words_and_an_id_of_its_own() -> None:
    read = read_event(changed({**CHANGED, "thread_ts": "1.000001"}, {"text": "old", "ts": TS}), US)
    words = hashlib.sha256(b"new").hexdigest()[:16]
    assert read == Edited(
        id=f"slack:T1:C1:{TS}:edit:1763800009.000000:{words}", workspace="main", by="slack:U0RITA", via="slack",
        place="C1", ts=TS, at=datetime(2025, 11, 22, 8, 26, 49, 300, tzinfo=UTC), thread="1.000001", text="new",
    )  # fmt: skip


def test_a_history_page_gives_an_edit_and_a_deletion_the_ids_that_their_events_have() -> None:
    now = datetime(2025, 11, 22, 9, 0, tzinfo=UTC)
    edit = read_event(changed(CHANGED, {"text": "old", "ts": TS}), US)
    seen = since_posted(CHANGED, "C1", US, now)
    assert isinstance(edit, Edited)
    assert isinstance(seen, Edited)
    assert (seen.id, seen.text) == (edit.id, edit.text)
    stone = {"type": "message", "subtype": "tombstone", "ts": TS, "user": "USLACKBOT"}
    gone = since_posted(stone, "C1", US, now)
    assert isinstance(gone, Deleted)
    told = read_event(message(subtype="message_deleted", deleted_ts=TS, previous_message={"user": "U1"}), US)
    assert isinstance(told, Deleted)
    assert (gone.id, gone.at) == (told.id, now)
    assert since_posted({"ts": TS, "text": "as it was", "user": "U1"}, "C1", US, now) is None
    assert since_posted({**CHANGED, "user": "U0DOCKET"}, "C1", US, now) is None


def test_two_edits_within_a_second_are_two_happenings() -> None:
    first, second = (read_event(changed({**CHANGED, "text": text}, {"text": "old"}), US) for text in ("one", "two"))
    assert isinstance(first, Edited)
    assert isinstance(second, Edited)
    assert first.id != second.id


def test_reactions_on_a_history_page_have_ids_of_their_own() -> None:
    now = datetime(2025, 11, 22, 9, 0, tzinfo=UTC)
    on = {
        "ts": TS,
        "reactions": [
            {"name": "ticket", "users": ["U0DOCKET", "U1", "U2"], "count": 3},
            {"name": "ticket::skin-tone-2", "users": ["U3"]},
            {"name": "eyes", "users": ["U0DOCKET"]},
            {"name": "wave"},
            "odd",
        ],
    }
    (found,) = reactions_on(on, "C1", US, now)
    assert found == Reaction(
        id=f"slack:T1:C1:{TS}:reaction:ticket", at=now, by="slack:U1", name="ticket", place="C1", ts=TS
    )


@pytest.mark.parametrize(
    ("event", "where"),
    [
        ({}, ("C1", TS)),
        ({"type": "app_mention"}, ("C1", TS)),
        ({"subtype": "channel_join"}, ("C1", TS)),
        ({"subtype": "message_changed"}, ("", "")),
        ({"subtype": "message_deleted"}, ("", "")),
        ({"type": "reaction_added"}, ("", "")),
        ({"ts": 17, "channel": None}, ("", "")),
    ],
)
def test_an_event_tells_of_a_new_message_or_of_none(event: dict[str, Any], where: tuple[str, str]) -> None:
    assert placed(message(**event)) == where


@pytest.mark.parametrize(
    ("now", "before", "reason"),
    [
        ({**CHANGED, "text": "same", "attachments": [{"from_url": "x"}]}, {"text": "same"}, "its words did not change"),
        ({"type": "message", "text": "x", "ts": TS, "user": "U1"}, None, "its words did not change"),
        ({**CHANGED, "user": "U0DOCKET"}, {"text": "old"}, "our own message"),
        ({**CHANGED, "bot_id": "B0DOCKET"}, {"text": "old"}, "our own message"),
    ],
)
def test_a_preview_or_a_change_of_our_own_card_is_no_edit(now: dict[str, Any], before: Any, reason: str) -> None:
    read = read_event(changed(now, before), US)
    assert isinstance(read, Ignored)
    assert reason in read.reason


@pytest.mark.parametrize(
    "event",
    [
        {"subtype": "message_deleted", "deleted_ts": TS, "previous_message": {"user": "U0RITA", "ts": TS}},
        {"subtype": "message_changed", "message": {"subtype": "tombstone", "user": "USLACKBOT", "ts": TS},
         "previous_message": {"user": "U0RITA", "ts": TS}},
    ],
)  # fmt: skip
def test_a_deleted_message_is_deleted_once_whether_it_had_replies_or_not(event: dict[str, Any]) -> None:
    read = read_event(message(**{**event, "ts": "1763800020.000000", "user": None}), US)
    assert isinstance(read, Deleted)
    assert (read.id, read.ts, read.by) == (f"slack:T1:C1:{TS}:deleted", TS, "slack:U0RITA")


def reaction(**event: Any) -> dict[str, Any]:
    item = {"type": "message", "channel": "C1", "ts": TS}
    base = {
        "type": "reaction_added",
        "user": "U0DANA",
        "reaction": "ticket",
        "item": item,
        "event_ts": "1763800030.000000",
    }
    return {"type": "event_callback", "event_id": "Ev9", "event": {**base, **event}}


def test_a_reaction_waits_for_its_message() -> None:
    read = read_event(reaction(reaction="ticket::skin-tone-3"), US)
    assert isinstance(read, Reaction)
    assert (read.id, read.name, read.place, read.ts) == ("slack:T1:event:Ev9", "ticket", "C1", TS)
    found = post({"user": "U0RITA", "text": "refund", "ts": TS}, "C1", US)
    assert isinstance(found, Posted)
    whole = reacted(read, found)
    assert (whole.by, whole.message.by, whole.reaction) == ("slack:U0DANA", "slack:U0RITA", "ticket")


IGNORED = [
    (message(user="U0DOCKET"), "our own message"),
    (message(bot_id="B0DOCKET", user=None), "our own message"),
    (message(subtype="message_replied"), "comes as a message of its own"),
    (reaction(user="U0DOCKET"), "our own reaction"),
    (reaction(item={"type": "file", "file": "F1"}), "no message"),
    (message(type="app_home_opened"), "app_home_opened is not followed"),
    ({"type": "url_verification", "challenge": "x"}, "url_verification is no event"),
]


@pytest.mark.parametrize(("payload", "reason"), IGNORED)
def test_what_is_no_happening_is_ignored_for_a_reason(payload: dict[str, Any], reason: str) -> None:
    read = read_event(payload, US)
    assert isinstance(read, Ignored)
    assert reason in read.reason


MALFORMED = [
    None, [], "x", {}, {"type": "event_callback", "event": {"type": "message"}}, {"type": ""},
    message(ts=None), message(ts="yesterday"), message(channel=""), message(ts="99999999999999.1"),
    reaction(event_ts="x"), reaction(item={"type": "message"}), reaction(user=None),
]  # fmt: skip


@pytest.mark.parametrize("payload", MALFORMED)
def test_what_lacks_the_necessary_says_so(payload: Any) -> None:
    with pytest.raises(Malformed, match=r"without|no Slack timestamp"):
        read_event(payload, US)


json_values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text(max_size=20), st.just(TS)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=8), inner, max_size=3)),
    max_leaves=6,
)
names = st.sampled_from(
    ["type", "subtype", "channel", "user", "text", "ts", "thread_ts", "files", "message", "previous_message", "item",
     "deleted_ts", "edited", "bot_id", "reaction", "event_ts"]
)  # fmt: skip
types = st.sampled_from(["message", "app_mention", "reaction_added", "message_changed", "message_deleted", "tombstone"])


@given(st.dictionaries(names, st.one_of(json_values, types, st.dictionaries(names, json_values)), max_size=10), types)
def test_no_json_makes_reading_crash(event: dict[str, Any], kind: str) -> None:
    payload = {"type": "event_callback", "event_id": "Ev", "event": {"channel": "C1", "ts": TS, **event, "type": kind}}
    try:
        read = read_event(payload, US)
    except Malformed:
        return
    if isinstance(read, Posted):
        command_in(read, US)


SPOKEN = [
    ("<@U0DOCKET> show REF-12", "C1", "show", "REF-12"),
    ("<@U0DOCKET>", "C1", "mine", None),
    ("hey <@U0DOCKET> claim ref-12", "C1", "claim", "REF-12"),
    ("REF-12", "D1", "show", "REF-12"),
    ("/docket mine", "D1", None, None),
    ("mine", "D1", "mine", None),
    ("the refund is still missing", "D1", None, None),
    ("<@U0DOCKET> the refund is still missing", "C1", None, None),
    ("show REF-12", "C1", None, None),
]


@pytest.mark.parametrize(("text", "channel", "verb", "item"), SPOKEN)
def test_a_mention_or_direct_message_that_begins_with_a_verb_is_a_command(
    text: str, channel: str, verb: str | None, item: str | None
) -> None:
    posted = read_event(message(text=text, channel=channel, thread_ts="1.000001"), US)
    assert isinstance(posted, Posted)
    command = command_in(posted, US)
    if verb is None:
        assert command is None
    else:
        assert isinstance(command, Command)
        assert (command.verb, command.item, command.id, command.thread) == (verb, item, posted.id, "1.000001")


def test_a_file_that_comes_with_a_command_goes_with_it() -> None:
    files = [{"name": "receipt.pdf", "mimetype": "application/pdf", "size": 9, "permalink": "https://x/f"}]
    text = "<@U0DOCKET> evidence REF-12 receipt"
    posted = read_event(message(text=text, thread_ts="1.000001", subtype="file_share", files=files), US)
    assert isinstance(posted, Posted)
    command = command_in(posted, US)
    assert isinstance(command, Command)
    assert (command.verb, command.name, command.files[0].name) == ("evidence", "receipt", "receipt.pdf")
    assert route(command) == "take"


def test_what_is_kept_of_a_payload_opens_no_door() -> None:
    raw = kept({"token": "secret", "response_url": "https://hooks/x", "trigger_id": "1", "text": "héllo \ud83d"})
    assert raw == '{"text": "héllo ?"}'.encode()
