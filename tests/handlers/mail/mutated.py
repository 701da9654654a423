"""Damaged mails: real ones that lost, doubled or swapped pieces, as broken relays and hostile senders make them."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from pathlib import Path

OWN = Path(__file__).parents[2] / "samples" / "mail"
SHARED = Path(__file__).parents[4] / "shared" / "mail"
_PIECES = (
    b"", b"\r\n", b"\n", b"\r", b"\r\n\r\n", b"\x00", b"\xff\xfe", b"\x1b$B", b'"', b"=?utf-8?b?", b"?=", b"=", b"--",
    b"<", b">", b"(", b";", b":", b",", b"\r\n ", b"Content-Type: multipart/mixed; boundary=b\r\n",
    b"Content-Transfer-Encoding: base64\r\n", b"Content-Type: message/rfc822\r\n\r\n", b"charset=unicode_escape",
    b'charset="\x00"', b"From: ", b"Message-ID: <a@b>\r\n", b"References: " + b"<x@y> " * 40,
    b"Date: Thu, 32 Foo 99999 99:99:99 +9999\r\n", "\u202e\u2066\ufeff".encode(),
)  # fmt: skip
_LINE = re.compile(rb"[^\n]*\n?")


def samples() -> list[bytes]:
    """Every mail at hand: our own few, and the shared collection where it is beside the project."""
    return [file.read_bytes() for file in [*sorted(OWN.glob("*.eml")), *sorted(SHARED.rglob("*.eml"))]]


def mutated(seed: int, count: int) -> Iterator[bytes]:
    """`count` damaged mails, always the same for a seed."""
    chance = random.Random(seed)
    whole = samples()
    for _ in range(count):
        raw = bytearray(chance.choice(whole))
        for _ in range(chance.randint(1, 6)):
            _damage(raw, chance, whole)
        yield bytes(raw)


def _damage(raw: bytearray, chance: random.Random, whole: list[bytes]) -> None:
    at = chance.randint(0, len(raw))
    match chance.randrange(7):
        case 0:
            raw[at : at + chance.randint(0, 6)] = chance.choice(_PIECES)
        case 1:
            del raw[at:]
        case 2:
            raw[at:at] = raw[at : at + chance.randint(1, 400)] * chance.randint(1, 20)
        case 3:
            other = chance.choice(whole)
            start = chance.randint(0, len(other))
            raw[at : at + chance.randint(0, 200)] = other[start : start + chance.randint(1, 2000)]
        case 4:
            for _ in range(chance.randint(1, 30)):
                if raw:
                    raw[chance.randrange(len(raw))] = chance.randrange(256)
        case 5:
            lines = _LINE.findall(raw)
            chance.shuffle(top := lines[:30])
            raw[:] = b"".join([*top, *lines[30:]])
        case _:
            raw[:] = raw.replace(b"\r\n", b"\n") if chance.random() < 0.5 else raw.replace(b"\n", b"\r\n")
