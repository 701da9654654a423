"""Tokens: what we signed is read back in whatever case it returns, and nothing else is."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.config import settings
from bot.tokens import LENGTH, Tokens, tokens_of
from storage.store import Store

OURS = Tokens(b"a secret of sixteen bytes or more")
ID = "019cb993-dbe8-79da-a5e3-a58a1f23aad5"
IDS = st.uuids().map(str)


@given(IDS, st.sampled_from(["mail", "page"]))
def test_what_was_signed_is_read_back_in_any_case(outbox_id: str, use: str) -> None:
    token = OURS.mint(outbox_id, use)  # type: ignore[arg-type]
    assert len(token) == LENGTH < 50
    assert token == token.lower()
    assert OURS.read(token.upper(), use) == OURS.read(f" {token}\n", use) == outbox_id  # type: ignore[arg-type]


@given(IDS, st.integers(0, LENGTH - 1), st.sampled_from("abcdefghijklmnopqrstuvwxyz234567"))
def test_one_other_character_makes_it_none(outbox_id: str, at: int, letter: str) -> None:
    token = OURS.mint(outbox_id)
    changed = token[:at] + letter + token[at + 1 :]
    assert OURS.read(changed) == (outbox_id if changed == token else None)


@given(st.text(max_size=100))
def test_any_other_text_is_none(text: str) -> None:
    assert OURS.read(text) is None


def test_a_token_is_good_for_one_secret_and_one_use() -> None:
    token = OURS.mint(ID)
    assert Tokens(b"another secret of as many bytes").read(token) is None
    assert OURS.read(token, "page") is None
    assert OURS.read(OURS.mint(ID, "page")) is None
    with pytest.raises(ValueError, match="16 bytes"):
        Tokens(b"short")


async def test_the_secret_is_the_settings_else_one_that_is_made_once_and_kept(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/docket.db"
    given = {"DOCKET_DATABASE_URL": url}
    first, second = Store.open(url), Store.open(url)
    try:
        kept = [await tokens_of(settings(given), store, "main") for store in (first, second)]
        assert kept[0].mint(ID) == kept[1].mint(ID)
        chosen = await tokens_of(settings({**given, "DOCKET_SECRET": "0123456789abcdef"}), first, "main")
        assert chosen.mint(ID) == Tokens(b"0123456789abcdef").mint(ID) != kept[0].mint(ID)
        assert UUID(chosen.read(chosen.mint(ID)))
    finally:
        first.close()
        second.close()


def test_settings_that_leave_no_room_for_a_token_are_refused() -> None:
    smtp = {"DOCKET_SMTP_URL": "smtps://mx.example", "DOCKET_INBOX_X": "imaps://u:p@mx.example"}
    for address, good in (
        ("docket@harbor.example", True),
        ("bot+docket@harbor.example", False),
        (f"{'d' * 21}@x.example", False),
    ):
        problems = settings({**smtp, "DOCKET_MAIL_FROM": address}).problems()
        assert (problems == []) == good, address
    (problem,) = settings({**smtp, "DOCKET_MAIL_FROM": "docket@harbor.example", "DOCKET_SECRET": "short"}).problems()
    assert problem.startswith("DOCKET_SECRET is shorter than 16 characters.")
    assert "short." not in problem
