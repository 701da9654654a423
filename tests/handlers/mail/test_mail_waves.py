"""What is taken side by side: neighbours that have nothing to do with each other, in their order."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from handlers.mail.imap import Fetched
from handlers.mail.waves import MOST, Read, together, waves
from rules.events import Mailed

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def one(uid: int, by: str, *references: str) -> Read:
    return Fetched(uid, b"", NOON, whole=True), Mailed(
        id=f"mail:{uid}", workspace="main", at=NOON, by=by, via="mail", inbox="refunds", message_id=f"<{uid}@x>",
        references=references, subject="", from_name="", text="", new_text="",
    )  # fmt: skip


def groups(*read: Read) -> list[list[int]]:
    return [[message.uid for message, _ in wave] for wave in waves(read)]


def test_strangers_go_together_and_no_more_than_one_commit_holds() -> None:
    assert groups(one(1, "a@x"), one(2, "b@x"), one(3, "c@x")) == [[1, 2, 3]]
    assert [len(group) for group in groups(*(one(n, f"{n}@x") for n in range(MOST + 5)))] == [MOST, 5]
    assert groups() == []


def test_a_reply_waits_for_what_it_answers_and_a_sender_for_themselves() -> None:
    assert groups(one(1, "a@x"), one(2, "b@x", "<1@x>"), one(3, "c@x")) == [[1], [2, 3]]
    assert groups(one(1, "a@x"), one(2, "a@x")) == [[1], [2]]
    assert groups(one(1, "a@x", "<0@x>"), one(2, "b@x", "<0@x>")) == [[1], [2]], "two replies in one thread"


async def test_all_are_over_before_a_failure_is_told() -> None:
    ended: list[int] = []

    async def take(n: int) -> None:
        if n == 1:
            raise ConnectionError
        ended.append(n)

    with pytest.raises(ConnectionError):
        await together(take(n) for n in range(4))
    assert ended == [0, 2, 3]
