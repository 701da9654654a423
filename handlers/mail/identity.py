"""The outside id of a mail: the same for the same mail, in whatever inbox and however often it is found."""

from __future__ import annotations

import hashlib
import re

from handlers.mail.headers import MAX_BYTES, unfold

_ID = re.compile(r"<[^<>\s]+>")
# Servers differ in how much white space they leave at the end.
_FIELD_END = re.compile(rb"\r*\n(?![ \t])")


def identity(raw: bytes) -> str:
    """`mail:` and the SHA-256 (hex) of Message-ID, NUL and the SHA-256 of the body's bytes.

    The body counts with LF line ends and without blank lines at its end; headers that servers add on the way
    (Received, Delivered-To, ...) count for nothing. Without Message-ID: From, Date, Subject and body.
    """
    head, body = _halves(raw)
    fields = _fields(head)
    digest = hashlib.sha256(body.replace(b"\r\n", b"\n").replace(b"\r", b"\n").rstrip(b"\n")).hexdigest()
    found = message_id(fields.get("message-id", ""))
    named = [found] if found else [fields.get(name, "") for name in ("from", "date", "subject")]
    key = "\0".join([*named, digest]).encode("utf-8", "surrogateescape")
    return "mail:" + hashlib.sha256(key).hexdigest()


def message_id(value: str) -> str | None:
    """A Message-ID field's id with its brackets; an id without brackets gets them; None where there is none."""
    if found := _ID.search(value):
        return found.group()
    bare = value.strip().strip("<>").strip()
    return f"<{bare}>" if bare and not re.search(r"[\s<>]", bare) and len(bare) <= 998 else None


def our_id(outbox_id: str, sender: str) -> str:
    """The Message-ID of what we send: the same for every attempt, so that a second copy can be told for one."""
    return f"<docket.{outbox_id}@{sender.rpartition('@')[2].lower()}>"


def sent_as(value: str) -> str | None:
    """The outbox id in a Message-ID of the form of `our_id`, None in any other. Whether there is one is not known."""
    local, _, domain = value.strip("<>").rpartition("@")
    return local.removeprefix("docket.") if local.startswith("docket.") and domain else None


def is_ours(value: str, own_addresses: frozenset[str]) -> bool:
    """Whether that Message-ID has the form of `our_id` under one of our domains.

    A stranger can write one, too; then their mail is taken for ours and does nothing.
    """
    local, _, domain = value.strip("<>").rpartition("@")
    return local.startswith("docket.") and any(domain.lower() == own.rpartition("@")[2] for own in own_addresses)


def _halves(raw: bytes) -> tuple[bytes, bytes]:
    if raw.startswith((b"\n", b"\r\n")):
        return b"", raw
    end = re.search(rb"\r*\n\r*\n", raw)
    return (raw[: end.start()], raw[end.end() :]) if end else (raw, b"")


def _fields(head: bytes) -> dict[str, str]:
    """The first value of each field, white space folded, decoded by nothing."""
    fields: dict[str, str] = {}
    for line in _FIELD_END.split(head[:MAX_BYTES]):
        name, colon, value = line.partition(b":")
        if colon:
            text = unfold(value.decode("ascii", "surrogateescape"))
            fields.setdefault(name.strip().lower().decode("ascii", "replace"), " ".join(text.split()))
    return fields
