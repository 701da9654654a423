"""Who wrote a mail and where an answer may go: addresses read from the raw header, believed only when they are plain.

From proves nothing: RFC 5322 says what it means, and nobody checks it. Here at least nobody is taken for another
by a parser's kindness: encoded words inside an address, two addresses, comments, look-alike letters.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from handlers.mail.headers import Headers, safe, words

MAX_RECIPIENTS = 500
_MAX_VALUE = 64 * 1024
_ADDRESS = re.compile(
    r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9-]{0,62})(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]{0,62})){0,20}"
)
_WORD = re.compile(r"=\?[^?\s]{1,40}\?[bBqQ]\?[^?\s<>\"(),;]{0,500}\?=")
_DAEMON = re.compile(r"(?i)(?:mailer-?daemon|postmaster|mdaemon|bounces?)(?:[-+=_.].*)?")
_NOBODY = re.compile(r"(?i)(?:(?:do[-_.]?)?not?[-_.]?reply|listserv|majordomo)(?:[-+=_.].*)?")


@dataclass(frozen=True, slots=True)
class Mailbox:
    """One entry of an address list: `address` is lower case, "" where it can't be believed."""

    name: str
    address: str


def mailboxes(value: str) -> list[Mailbox]:
    """The entries of an address header's raw value (RFC 5322 section 3.4), groups dissolved. One pass over it.

    An entry is believed when exactly one address stands in it, in angle brackets or alone, outside quotes and comments.
    """
    found: list[Mailbox] = []
    bare: list[str] = []  # outside quotes, comments and angle brackets
    quoted: list[str] = []
    comment: list[str] = []
    angles: list[str] = []
    state, depth, escaped = "", 0, False

    def end() -> None:
        entry = _mailbox("".join(bare), "".join(quoted), "".join(comment), angles)
        if entry is not None:
            found.append(entry)
        for piece in (bare, quoted, comment, angles):
            piece.clear()

    # an encoded word in a name is one piece: `Bcc:_v@other.example` in it is neither a group nor an address
    value = value[:_MAX_VALUE]
    marks = {m.start(): m.end() for m in _WORD.finditer(value)}
    at = 0
    while at < len(value):
        if not state and at in marks:
            bare.append(value[at : marks[at]])
            at = marks[at]
            continue
        char = value[at]
        at += 1
        if escaped:
            escaped = False
            (quoted if state == '"' else comment).append(char)
        elif state in ('"', "(") and char == "\\":
            escaped = True
        elif state == '"':
            if char == '"':
                state = ""
            else:
                quoted.append(char)
        elif state == "(":
            depth += (char == "(") - (char == ")")
            if depth == 0:
                state = ""
            else:
                comment.append(char)
        elif state == "<":
            if char == ">":
                state = ""
            else:
                angles[-1] += char
        elif char == '"':
            state = char
        elif char == "(":
            state, depth = char, 1
        elif char == "<":
            state = char
            angles.append("")
        elif char in ",;":
            end()
            if len(found) > MAX_RECIPIENTS:
                return found
        elif char == ":" and not angles:
            bare.clear()  # the name of a group
            quoted.clear()
        else:
            bare.append(char)
    if state == "<":
        angles.append("")  # no closing bracket: two of them can't be believed
    end()
    return found


def _mailbox(bare: str, quoted: str, comment: str, angles: list[str]) -> Mailbox | None:
    bare = bare.strip()
    if not bare and not quoted and not angles:
        return None
    if angles:
        name = safe(words(quoted or bare))
        # `olga@corp.example <mallory@evil.example>`: which of them is meant is anybody's guess
        address = angles[0].strip() if len(angles) == 1 and not _ADDRESS.search(_WORD.sub("", bare)) else ""
    else:
        name = safe(words(comment))
        address = bare if not quoted else ""
    return Mailbox(name, address.lower() if _plain(address) else "")


def _plain(address: str) -> bool:
    """ASCII only (other scripts have look-alike letters), no encoded word, no route, no dot at the end."""
    return bool(_ADDRESS.fullmatch(address)) and "=?" not in address and len(address) <= 254


def author(headers: Headers) -> Mailbox:
    """From's one address; `address` is "" unless there is exactly one From field with exactly one entry to believe."""
    entries = mailboxes(headers.first("from"))
    if not entries:
        return Mailbox(safe(words(headers.first("from"))), "")
    if headers.from_fields != 1 or len(entries) != 1:
        return Mailbox(entries[0].name, "")
    return entries[0]


def recipients(headers: Headers) -> tuple[str, ...]:
    """Everybody it was for, also by the envelope where a server noted it; without repeats, in order."""
    fields = ("delivered-to", "x-original-to", "x-envelope-to", "envelope-to", "to", "cc")
    found = dict.fromkeys(
        entry.address
        for name in fields
        for value in headers.all(name)[:20]
        for entry in mailboxes(value)
        if entry.address
    )
    return tuple(found)[:MAX_RECIPIENTS]


def where_to_answer(headers: Headers, by: str) -> str | None:
    """The one address an answer may go to. Reply-To counts within From's domain only, lest we be aimed at others."""
    if not by:
        return None
    wanted = [entry.address for entry in mailboxes(headers.first("reply-to")) if entry.address]
    domain = by.rpartition("@")[2]
    return next((address for address in wanted if address.rpartition("@")[2] == domain), by)


def is_own(address: str, own_addresses: frozenset[str]) -> bool:
    """Whether it is one of ours, with or without a +detail (RFC 5233)."""
    local, _, domain = address.lower().rpartition("@")
    return f"{local}@{domain}" in own_addresses or f"{local.partition('+')[0]}@{domain}" in own_addresses


def with_detail(address: str, detail: str) -> str:
    """An address of ours with a +detail (RFC 5233), which comes back to us with every reply."""
    local, _, domain = address.rpartition("@")
    return f"{local}+{detail}@{domain}"


def details_of(addresses: Iterable[str], own_addresses: frozenset[str]) -> tuple[str, ...]:
    """The +details (RFC 5233) of those addresses that are ours, lower case: what servers deliver to us all the same."""
    found: dict[str, None] = {}
    for address in addresses:
        local, _, domain = address.lower().rpartition("@")
        name, _, detail = local.partition("+")
        if detail and f"{name}@{domain}" in own_addresses:
            found[detail] = None
    return tuple(found)


def is_daemon(address: str) -> bool:
    """Whether a mail server writes under it."""
    return _DAEMON.fullmatch(address.rpartition("@")[0]) is not None


def is_nobody(address: str) -> bool:
    """Whether no person reads what is sent there (mailer-daemon, noreply, ...)."""
    return is_daemon(address) or _NOBODY.fullmatch(address.rpartition("@")[0]) is not None
