"""A mail's raw bytes to an event: pure, linear in their length, and never an exception whatever the bytes are."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_tz

from handlers.mail.addresses import author, details_of, recipients, where_to_answer
from handlers.mail.attachments import attachments, suspicions
from handlers.mail.automatic import answerable, concerned, kind
from handlers.mail.body import body_of
from handlers.mail.bounces import bounce
from handlers.mail.headers import Headers, words
from handlers.mail.identity import identity, message_id
from handlers.mail.parts import parse
from handlers.mail.quoting import new_text
from handlers.mail.trust import trust
from rules.events import Mailed, Unreadable

WORKSPACE = "main"
MAX_REFERENCES = 200
_ID = re.compile(r"<[^<>\s]{1,998}>")
_KEY = re.compile(r"\[\s?([A-Za-z][A-Za-z0-9]{0,9})-(\d{1,12})\s?\]")
_MAX_KEYS = 5


def read(
    raw: bytes,
    *,
    inbox: str,
    received_at: datetime,
    own_addresses: frozenset[str] = frozenset(),
    inbox_addresses: frozenset[str] = frozenset(),
    sent_ids: Callable[[str], bool] | frozenset[str] = frozenset(),
    authserv: str | None = None,
) -> Mailed | Unreadable:
    """What `raw` (RFC 5322 with MIME) says. `received_at`: aware, when the server took it.

    `own_addresses` are what the bot writes from, `inbox_addresses` what it reads (both lower case); `sent_ids` the
    Message-IDs that it sent, or whether it sent one; `authserv` the receiver whose word on a sender counts (trust.py).
    Unreadable only where there is nothing to read, or where this program has a fault: its raw bytes are what is left.
    """
    received_at = received_at.astimezone(UTC)
    try:
        if not raw.strip():
            return _unreadable(raw, inbox, received_at, "It is empty.")
        is_sent = sent_ids if callable(sent_ids) else sent_ids.__contains__
        return _read(raw, inbox, received_at, own_addresses, own_addresses | inbox_addresses, is_sent, authserv)
    except Exception as fault:
        return _unreadable(raw, inbox, received_at, f"It could not be read ({type(fault).__name__}).")


def _read(
    raw: bytes,
    inbox: str,
    received_at: datetime,
    own_addresses: frozenset[str],
    ours: frozenset[str],
    is_sent: Callable[[str], bool],
    authserv: str | None,
) -> Mailed:
    root, troubles = parse(raw)
    headers = root.headers
    body = body_of(root)
    writer = author(headers)
    if not writer.address:
        troubles.append("Its sender can't be believed: From is missing, double or not a plain address.")
    its_id = message_id(headers.first("message-id"))
    automatic = kind(root, by=writer.address, message_id=its_id, own_addresses=own_addresses, is_sent=is_sent)
    answered = references(headers)
    if automatic in ("bounce", "receipt"):
        answered += concerned(root)
    may_answer = answerable(headers, by=writer.address, automatic=automatic, own_addresses=ours)
    to = recipients(headers)
    files = attachments(body.files)
    return Mailed(
        id=identity(raw),
        workspace=WORKSPACE,
        at=received_at,
        by=writer.address,
        via="mail",
        inbox=inbox,
        message_id=its_id,
        references=tuple(dict.fromkeys(answered))[:MAX_REFERENCES],
        subject=headers.text("subject"),
        from_name=writer.name,
        text=body.text,
        new_text=new_text(body.text),
        recipients=to,
        attachments=files,
        automatic=automatic,
        answerable=may_answer,
        reply_to=where_to_answer(headers, writer.address),
        sent_at=sent_at(headers, received_at),
        details=details_of(to, ours),
        subject_keys=subject_keys(headers),
        trust=trust(headers, writer.address, authserv),
        bounce=bounce(root, own_addresses=ours, is_sent=is_sent) if automatic == "bounce" else None,
        suspicions=suspicions(root, files),
        troubles=tuple(dict.fromkeys(troubles + body.troubles)),
    )


def _unreadable(raw: bytes, inbox: str, received_at: datetime, problem: str) -> Unreadable:
    return Unreadable(
        id=identity(raw), workspace=WORKSPACE, at=received_at, by="", via="mail", inbox=inbox, problem=problem
    )


def references(headers: Headers) -> list[str]:
    """The mails it answers: In-Reply-To first, then References from the end.

    Read by their brackets: text, commas, comments, missing blanks and encoded words occur around and in them.
    """
    answered = [found for value in headers.all("in-reply-to") for found in _ids(value)]
    thread = [found for value in headers.all("references") for found in _ids(value)]
    return answered + thread[::-1]


def subject_keys(headers: Headers) -> tuple[str, ...]:
    """The item keys in square brackets of its subject, or of Outlook's Thread-Topic, which outlives an edited one."""
    said = f"{headers.text('subject')} {headers.text('thread-topic')}"
    keys = (f"{found.group(1).upper()}-{int(found.group(2))}" for found in _KEY.finditer(said))
    return tuple(dict.fromkeys(keys))[:_MAX_KEYS]


def _ids(value: str) -> list[str]:
    if "=?" in value:
        # Python itself and Outlook write long ids as encoded words, cut anywhere
        value = re.sub(r"\s+", "", words(value)) if "<" not in value else words(value)
    return _ID.findall(value)


def sent_at(headers: Headers, received_at: datetime) -> datetime | None:
    """Its own claim of when it was sent (RFC 5322 section 3.3), UTC; None where it can't be read or can't be true."""
    try:
        # +01:00 is wrong and common; the library would read it as UTC
        parsed = parsedate_tz(re.sub(r"([+-]\d\d):(\d\d)\b", r"\1\2", headers.first("date")[:200]))
        if parsed is None:
            return None
        local = datetime(*parsed[:6], tzinfo=UTC)
        moment = local - timedelta(seconds=parsed[9] or 0)
    except (ValueError, OverflowError, TypeError, IndexError):
        return None
    # the first mails of this kind are from 1982; a clock that is two days ahead is wrong
    return moment if datetime(1982, 1, 1, tzinfo=UTC) <= moment <= received_at + timedelta(days=2) else None
