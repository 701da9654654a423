"""Mail on its way out: one SMTP connection, kept and made anew, and failures told apart by whether waiting helps.

A repeat carries the same Message-ID and the same bytes. SMTP can't be asked whether a mail arrived, so after a crash in
mid-send it goes again; the deterministic Message-ID is what lets the receiving side see that it is the same.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import re
import ssl
from datetime import datetime

import aiosmtplib

from handlers.mail.identity import our_id
from handlers.mail.oauth import AccessTokens, ConsentNeeded
from handlers.mail.settings import SmtpSettings
from handlers.mail.write import letter
from handlers.ports import Clock, Lasting, Outgoing, Passing, Sent

log = logging.getLogger(__name__)


class SmtpSender:
    """handlers.ports.Sender for mail. One connection: calls wait for each other."""

    def __init__(
        self,
        settings: SmtpSettings,
        *,
        sender: str,
        sender_name: str,
        clock: Clock,
        tokens: AccessTokens | None = None,
        tls: ssl.SSLContext | None = None,
        timeout_seconds: float = 60,
    ) -> None:
        """`sender` is the bot's own address: From and envelope sender, so that bounces come back to its inbox."""
        self._settings = settings
        self._sender = sender
        self._sender_name = sender_name
        self._clock = clock
        self._tokens = tokens  # where `settings.oauth` asks for them
        self._tls = tls
        self._timeout = timeout_seconds
        self._client: aiosmtplib.SMTP | None = None
        self._lock = asyncio.Lock()
        # mails that may have arrived although nobody said so: they go again byte for byte
        self._uncertain: dict[str, bytes] = {}

    async def send(self, outgoing: Outgoing) -> Sent:
        """Deliver. Passing: not now (network, 4xx, a time-out). Lasting: never like this (5xx, no real address)."""
        try:
            data = self._uncertain.get(outgoing.outbox_id) or letter(
                outgoing, sender=self._sender, sender_name=self._sender_name, date=self._clock()
            )
        except UnicodeEncodeError:
            raise Lasting(f"The address {outgoing.address} holds letters that mail servers do not take.") from None
        except ValueError:
            raise Lasting(f"{outgoing.address!r} is no mail address.") from None
        async with self._lock:
            try:
                await self._deliver(outgoing.address, data)
            except ConsentNeeded as problem:
                # a person can consent without losing the mails that wait
                raise Passing(f"Mail can't be sent: {problem} (the file of DOCKET_OAUTH_SMTP).", 300) from problem
            except (aiosmtplib.SMTPException, OSError, ValueError) as problem:
                if isinstance(problem, aiosmtplib.SMTPAuthenticationError) and self._tokens is not None:
                    self._tokens.forget()
                if isinstance(problem, (aiosmtplib.SMTPTimeoutError, aiosmtplib.SMTPServerDisconnected)):
                    self._uncertain[outgoing.outbox_id] = data
                raise _told_apart(problem, outgoing.address) from problem
        self._uncertain.pop(outgoing.outbox_id, None)
        return Sent(outgoing.address, our_id(outgoing.outbox_id, self._sender))

    async def find(self, outgoing: Outgoing, since: datetime) -> Sent | None:
        """None always: SMTP has no way to ask."""
        return None

    async def close(self) -> None:
        """Say goodbye to the server."""
        async with self._lock:
            await self._hang_up()

    async def _deliver(self, address: str, data: bytes) -> None:
        reused = self._client is not None and self._client.is_connected
        try:
            await (await self._connected()).sendmail(self._sender, [address], data)
        except BaseException as problem:
            answered = isinstance(problem, (aiosmtplib.SMTPResponseException, aiosmtplib.SMTPRecipientsRefused))
            if answered and getattr(problem, "code", 0) != 421:  # after a 421 the server hangs up
                raise
            # no telling where in the conversation it ended, also when cancelled: never go on with it
            await self._hang_up()
            closed = isinstance(problem, (aiosmtplib.SMTPServerDisconnected, aiosmtplib.SMTPResponseException))
            if not (reused and closed):
                raise
            # a kept connection that the server had ended for idleness
            await (await self._connected()).sendmail(self._sender, [address], data)

    async def _connected(self) -> aiosmtplib.SMTP:
        if self._client is not None and self._client.is_connected:
            return self._client
        settings = self._settings
        context = self._tls or (ssl.create_default_context() if settings.security != "plain" else None)
        client = aiosmtplib.SMTP(
            hostname=settings.host,
            port=settings.port,
            use_tls=settings.security == "tls",
            start_tls=settings.security == "starttls",
            tls_context=context,
            username=settings.user,
            password=settings.password or None,
            oauth_token_generator=self._tokens.token if self._tokens is not None else None,
            timeout=self._timeout,
        )
        await client.connect()
        self._client = client
        return client

    async def _hang_up(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            with contextlib.suppress(Exception):
                await asyncio.wait_for(client.quit(), 2)
            client.close()


def _told_apart(problem: Exception, address: str) -> Passing | Lasting:
    """Whether waiting helps (RFC 5321 section 4.2.1: 4yz transient, 5yz permanent), in our words, not the server's."""
    refused = problem
    if isinstance(problem, aiosmtplib.SMTPRecipientsRefused) and problem.recipients:
        refused = problem.recipients[0]
    if isinstance(refused, aiosmtplib.SMTPAuthenticationError):
        # a password can be mended without losing the mails that wait
        return Passing(f"The mail server refuses our user or password ({refused.code}); mend DOCKET_SMTP_URL.", 300)
    if isinstance(refused, aiosmtplib.SMTPResponseException):
        if refused.code >= 500:
            # X.1.x and X.2.1 blame the address (RFC 3463); X.7.x may blame us, and then everybody is refused
            status = re.search(r"\b5\.(?:1\.\d{1,3}|2\.1)\b", str(refused.message))
            said = f"The mail server refuses mail to {address} for good ({refused.code})."
            return Lasting(said, status.group() if status else "")
        return Passing(f"The mail server does not take mail to {address} now ({refused.code}).")
    if type(problem) in (aiosmtplib.SMTPException, aiosmtplib.SMTPNotSupported):  # what the library says of both
        return Passing("The mail server lacks what DOCKET_SMTP_URL asks for (TLS or login).", 300)
    return Passing("The mail server does not answer.")
