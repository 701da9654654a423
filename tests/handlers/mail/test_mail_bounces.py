"""What bounces say: which address, for good or not, and which of our mails; by RFC 3464 and in servers' own words."""

from __future__ import annotations

import json
import time
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest

from handlers.mail.bounces import bounce
from handlers.mail.parts import parse
from handlers.mail.read import read
from rules.bounces import outcome
from rules.events import Bounce, Mailed, Refusal

SAMPLES = Path(__file__).parents[2] / "samples" / "mail"
OWN = frozenset({"refunds@harbor.example"})
NOW = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)


def bounce_of(raw: bytes) -> Bounce | None:
    event = read(raw, inbox="x", received_at=NOW, own_addresses=OWN, sent_ids=lambda one: one.startswith("<docket."))
    assert isinstance(event, Mailed)
    return event.bounce


@pytest.mark.parametrize(
    ("name", "action"), [("bounce-report", "failed"), ("bounce-prose", "")], ids=["RFC 3464", "qmail"]
)
def test_address_status_and_our_letter_are_found(name: str, action: str) -> None:
    found = bounce_of((SAMPLES / f"{name}.eml").read_bytes())
    assert found is not None
    assert found.refusals == (Refusal(address="rita@shop.example", status="5.1.1", action=action),)  # type: ignore[arg-type]  # a word of the table
    assert found.sent_as == ("<docket.7@harbor.example>",)


def test_ids_and_tokens_are_found_however_they_are_wrapped() -> None:
    """In an encoded part, in a line that was broken, in the Reply-To of the mail that is given back."""
    body = (
        "--b\nContent-Type: text/plain\nContent-Transfer-Encoding: quoted-printable\n\n"
        "<tom@shop.example>: user unknown=20; your mail <docket.0191-=\n22@harbor.example>\n"
        "--b\nContent-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\n"
        "UmVwbHktVG86IEhhcmJvciA8UkVGVU5EUytBQkNERUYyQGhhcmJvci5leGFtcGxlPgoK\n--b--\n"
    )
    head = "From: MAILER-DAEMON@x.example\nReturn-Path: <>\nSubject: failure notice\nMIME-Version: 1.0\n"
    found = bounce_of(f"{head}Content-Type: multipart/mixed; boundary=b\n\n{body}".encode())
    assert found is not None
    assert (found.sent_as, found.details) == (("<docket.0191-22@harbor.example>",), ("abcdef2",))
    assert [(r.address, r.status) for r in found.refusals] == [("tom@shop.example", "5.1.1")]


@pytest.mark.parametrize(
    ("status", "action", "means"),
    [
        ("5.1.1", "failed", "refused"), ("5.7.1", "", "refused"), ("5.0.0", "", "refused"),
        ("5.2.2", "failed", "failed"), ("5.3.4", "failed", "failed"), ("5.6.1", "", "failed"), ("", "", "failed"),
        ("4.4.7", "failed", "failed"), ("4.4.7", "", "delayed"), ("4.2.0", "delayed", "delayed"),
        ("5.1.1", "delayed", "delayed"),
    ],
)  # fmt: skip
def test_what_a_status_means(status: str, action: str, means: str) -> None:
    """RFC 3463: class 4 may still arrive, unless it was given up; a full box says nothing about the next letter."""
    assert outcome(Refusal(address="a@b.example", status=status, action=action)) == means  # type: ignore[arg-type]  # a word of the table


HOSTILE = ("mailbox ", "<", "a@", "user ", "550 ", "no ", "--original", "-", "-\n", "a=", "=?utf-8?", "5.1.1 ", "\n\n")


@pytest.mark.parametrize("piece", HOSTILE)
def test_no_bounce_takes_long(piece: str) -> None:
    """Read in one pass: a megabyte made of whatever the rules look for."""
    raw = f"From: MAILER-DAEMON@x.example\nReturn-Path: <>\nSubject: failure notice\n\n{piece * (10**6 // len(piece))}"
    root, _ = parse(raw.encode())
    began = time.process_time()
    bounce(root, own_addresses=OWN, is_sent=lambda _: False)
    assert time.process_time() - began < 0.2


#: Share of the collection's labelled bounces that must come out right, and what is reached: 97 %, 91 %.
ADDRESSES, CLASSES = 0.95, 0.9


def test_the_bounces_of_the_collection(shared_dir: Path) -> None:
    """The failed addresses that flufl.bounce's tests know, and permanent or not as sisimai's tests say."""
    right: Counter[str] = Counter()
    wrong: dict[str, list[str]] = {"address": [], "class": []}
    for line in (shared_dir / "mail" / "manifest.jsonl").read_text().splitlines():
        row = json.loads(line)
        want = row.get("expected") or {}
        found = bounce_of((shared_dir / "mail" / row["file"]).read_bytes()) if want.get("is_bounce") else None
        if found is None:
            continue
        if "failed_recipients" in want:
            known = {address.lower() for address in want["failed_recipients"]}
            right["address"] += (hit := known <= {r.address for r in found.refusals})
            wrong["address"] += [] if hit else [row["file"]]
        for status, reasons in zip(want.get("status", ()), want.get("reason", ()), strict=False):
            if reasons == "expired":  # given up after days: sisimai counts it as 5, RFC 3463 as 4.4.7
                continue
            right["class"] += (hit := any(r.status[:1] == status[:1] for r in found.refusals))
            wrong["class"] += [] if hit else [f"{row['file']} {status}"]
    for kind, least in (("address", ADDRESSES), ("class", CLASSES)):
        total = right[kind] + len(wrong[kind])
        assert total > 100
        assert right[kind] / total >= least, wrong[kind]
