"""The links that sign a person in to the web page: made, read, and laid below what they are sent.

A link holds whom it is for, until when, and chance, signed under DOCKET_SECRET; nothing of it is kept until it is used.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

from bot.books import Books
from bot.tokens import Tokens
from rules.book.rulebook import Rulebook
from rules.links import way_in
from rules.messages import Message, Reply
from rules.wording.ways_in import foot, invited, no_page

#: Of a link that was asked for: long enough for a mail to arrive.
ASKED_LASTS: Final = timedelta(minutes=30)
#: Of a digest's: it is read in the course of the day.
DIGEST_LASTS: Final = timedelta(hours=12)
SESSION_LASTS: Final = timedelta(hours=12)
_TIME_BYTES, _PERSON_BYTES, _CHANCE_BYTES = 5, 6, 5  # together a UUID's


@dataclass(frozen=True, slots=True, kw_only=True)
class WayIn:
    """What a link says: whom it signs in (a rulebook key), until when (UTC), and the id that it is spent under."""

    id: str
    person: str
    until: datetime


def link(books: Books, person: str, until: datetime) -> str | None:
    """The address that signs a person of the rulebook in, once, until then; None where no pages are served."""
    if books.tokens is None or not books.public_url:
        return None
    until_seconds = int(until.timestamp()).to_bytes(_TIME_BYTES)
    number = until_seconds + _mark(person) + secrets.token_bytes(_CHANCE_BYTES)
    return way_in(books.tokens.mint(str(UUID(bytes=number)), "web"), books.public_url)


def read(tokens: Tokens, token: str, book: Rulebook, now: datetime) -> WayIn | None:
    """What a link's token says; None where it is none of ours, too old, or for nobody who is (still) there."""
    id = tokens.read(token, "web")
    if id is None:
        return None
    number = UUID(id).bytes
    until = datetime.fromtimestamp(int.from_bytes(number[:_TIME_BYTES]), UTC)
    mark = number[_TIME_BYTES : _TIME_BYTES + _PERSON_BYTES]
    meant = [key for key, person in book.people.items() if _mark(key) == mark and not person.gone]
    return WayIn(id=id, person=meant[0], until=until) if len(meant) == 1 and now < until else None


def answer(books: Books, person: str, now: datetime) -> Reply:
    """The answer to `web`: a link, or why there is none."""
    until = now + ASKED_LASTS
    url = link(books, person, until)
    hours = round(SESSION_LASTS / timedelta(hours=1))
    return invited(url, until, hours) if url else no_page(books.current)


def below(digest: Message, books: Books, person: str, now: datetime) -> Message:
    """A digest with its reader's link at the foot, where pages are served. For what goes to that person alone."""
    until = now + DIGEST_LASTS
    url = link(books, person, until)
    return replace(digest, small=(*digest.small, foot(url, until))) if url else digest


def _mark(person: str) -> bytes:
    return hashlib.sha256(b"docket person 1\0" + person.encode(errors="replace")).digest()[:_PERSON_BYTES]
