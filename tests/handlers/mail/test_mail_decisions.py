"""Answers to a request for a decision as mail programs send them: none decides that does not say so in full."""

from __future__ import annotations

from typing import Any

import pytest

from bot.demo import example
from handlers.mail.read import read
from rules.book.load import load
from rules.commands import Parsed
from rules.events import Mailed
from rules.mail_words import DECISIONS
from rules.mail_words import read as understood
from tests.handlers.mail.measure import MAIL, NOW, rows
from tests.handlers.mail.mutated import OWN

BOOK = load(example())
WORKFLOW = BOOK.workflows["refund"]
IN_FULL = {"approve": "approve DOUBLE_CHARGE because the log shows it", "reject": "Reject NO_PROOF: one capture"}


def verdict(raw: bytes) -> str | None:
    mail = read(raw, inbox="refunds", received_at=NOW)
    assert isinstance(mail, Mailed)
    said = understood(mail.new_text, BOOK, WORKFLOW)
    return said.verb if isinstance(said, Parsed) and said.verb in DECISIONS else None


def samples() -> list[tuple[dict[str, Any], bytes]]:
    return [(row, raw) for row, raw in rows() if "decision" in (row.get("expected") or {})] if MAIL.exists() else []


@pytest.mark.parametrize(("row", "raw"), samples(), ids=lambda value: value["file"] if isinstance(value, dict) else "")
def test_a_word_alone_is_no_decision_and_the_full_line_is_one_in_every_mail_program(
    row: dict[str, Any], raw: bytes
) -> None:
    """Nothing there names a reason, so all of it is asked back; with the full line in its place it counts."""
    assert verdict(raw) is None
    want = row["expected"]
    first = (want.get("reply_text") or "").split("\n")[0].encode()
    if want["decision"]:
        head, end, body = raw.partition(b"\r\n\r\n" if b"\r\n\r\n" in raw else b"\n\n")
        assert first in body
        in_full = body.replace(first, IN_FULL[want["decision"]].encode(), 1)
        assert verdict(head + end + in_full) == want["decision"]


@pytest.mark.parametrize("path", sorted(OWN.glob("*.eml")), ids=lambda path: path.stem)
def test_of_our_own_samples_those_decide_that_say_so(path: Any) -> None:
    assert verdict(path.read_bytes()) == ("approve" if path.stem.startswith("auth-") else None)
