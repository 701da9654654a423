"""Tokens: what names one notice that we sent, signed, so that a reply or a page can be known to belong to it."""

from __future__ import annotations

import asyncio
import base64
import binascii
import hashlib
import hmac
import logging
import secrets
from itertools import count
from typing import Literal
from uuid import UUID

from bot.config import SECRET_LEAST_BYTES, Settings
from storage import settings as kept_settings
from storage.store import Conflict, Store, Unavailable

log = logging.getLogger(__name__)

#: Where a token stands: in the Reply-To of a mail, in the address of a decision page, in the link that signs somebody
#: in to the web page (bot/ways_in.py). One is never good for another, because a reply's address is seen by everybody
#: whom the reply is copied to.
Use = Literal["mail", "page", "web"]

#: 80 bits: guessed over the wire, one try a request, it holds; the local part of an address stays under 64 characters.
SIGNATURE_BYTES = 10
#: It is compared whole and never shortened by a mail client: 160 bits.
WATCHER_DIGITS = 40
_KEPT_AS = "secret"
_UUID_BYTES = 16
LENGTH = 42  # characters of base32 (RFC 4648, section 6) for the 26 bytes


class Tokens:
    """Makes and reads tokens under one secret. A token holds no expiry: the notice that it names has a date."""

    def __init__(self, secret: bytes) -> None:
        if len(secret) < SECRET_LEAST_BYTES:
            raise ValueError(f"a secret has at least {SECRET_LEAST_BYTES} bytes")
        self._secret = secret

    def mint(self, outbox_id: str, use: Use = "mail") -> str:
        """The token of a notice (its outbox id, a UUID): 42 characters a-z and 2-7, since clients change case."""
        number = UUID(outbox_id).bytes
        signature = hmac.new(self._secret, b"docket token 1 " + use.encode() + b"\0" + number, hashlib.sha256).digest()
        return base64.b32encode(number + signature[:SIGNATURE_BYTES]).rstrip(b"=").decode().lower()

    def read(self, text: str, use: Use = "mail") -> str | None:
        """The outbox id that a token names, in any case of letters; None where it is none of ours for that use."""
        said = text.strip()
        if len(said) != LENGTH or not said.isascii():
            return None
        try:
            number = base64.b32decode(said.upper() + "=" * (-LENGTH % 8))[:_UUID_BYTES]
        except binascii.Error:
            return None
        outbox_id = str(UUID(bytes=number))
        # made anew and compared whole: the two spare bits at the end must be ours, too
        return outbox_id if hmac.compare_digest(self.mint(outbox_id, use), said.lower()) else None

    def hook_secret(self, workflow: str) -> str:
        """The secret of a workflow's webhook, as hex; it tells nothing of ours or of another workflow's."""
        said = b"docket hook 1\0" + workflow.encode(errors="replace")
        return hmac.new(self._secret, said, hashlib.sha256).hexdigest()

    def proof(self, said: bytes) -> str:
        """What proves that a form came from a page of ours, as hex: never good as a token."""
        return hmac.new(self._secret, b"docket form 1\0" + said, hashlib.sha256).hexdigest()

    def session(self, shown: str) -> str:
        """What is kept of a browser's sign-in, as hex: another secret ends them all."""
        said = b"docket session 1\0" + shown.encode(errors="replace")
        return hmac.new(self._secret, said, hashlib.sha256).hexdigest()

    def watcher(self) -> str:
        """What a program shows that reads /metrics and /readyz from another machine, as hex."""
        return hmac.new(self._secret, b"docket metrics 1", hashlib.sha256).hexdigest()[:WATCHER_DIGITS]


async def tokens_of(settings: Settings, store: Store, workspace: str) -> Tokens:
    """Tokens under DOCKET_SECRET; without it under one that is made once and kept in the database."""
    if settings.secret is not None:
        return Tokens(settings.secret.get_secret_value().encode())
    made = secrets.token_hex(32)
    for seconds in count(1):
        try:
            kept = await store.write(lambda conn: kept_settings.first(conn, workspace, _KEPT_AS, made))
        except (Unavailable, Conflict) as problem:
            log.warning("%s Trying again in %d s.", problem, seconds)
            await asyncio.sleep(min(seconds, 30))
        else:
            return Tokens(kept.encode())
    raise AssertionError("counting does not end")
