"""A small town's mail: what the bot sends by SMTP lands in people's mailboxes, what people send in its inboxes."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP as SMTP_LINES
from email.utils import format_datetime, formataddr, make_msgid, parseaddr
from typing import Any

from bot.sandbox.imap_side import LOOPBACK, ImapSide, MissingExtra

AUTHSERV = "mx.sandbox.example"
MAX_BYTES = 30_000_000


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail on its way: envelope addresses, bytes, and whether the bot sent it."""

    id: int
    at: datetime
    sender: str
    recipients: tuple[str, ...]
    raw: bytes
    from_bot: bool


def bare(address: str) -> str:
    """An address without its plus tag, in small letters."""
    local, _, domain = address.strip("<> ").casefold().rpartition("@")
    return f"{local.partition('+')[0]}@{domain}"


class MailTown:
    """SMTP and IMAP on loopback. Mail to an inbox's address, or to the bot's own, goes into that IMAP inbox.

    `outbox` holds what the bot sent, `letters` everything, both oldest first.
    """

    def __init__(
        self, inboxes: Sequence[str], domain: str, now: Callable[[], datetime], changed: Callable[[], None]
    ) -> None:
        self.inboxes = tuple(inboxes)
        self.domain = domain
        self.address = f"docket@{domain}"
        self.letters: list[Letter] = []
        self._now = now
        self._changed = changed
        self._imap = ImapSide(self.inboxes)
        self._smtp: asyncio.AbstractServer | None = None
        self._smtp_port = 0
        self._refused: dict[str, str] = {}

    @property
    def outbox(self) -> list[Letter]:
        return [letter for letter in self.letters if letter.from_bot]

    async def start(self) -> None:
        """Listen. Raises MissingExtra when the packages of the extra `demo` aren't there."""
        try:
            from aiosmtpd.smtp import SMTP
        except ImportError as error:
            raise MissingExtra("The sandbox's mail needs the extra `demo`: pip install 'docketbot[demo]'") from error
        await self._imap.start()
        loop = asyncio.get_running_loop()

        def session() -> asyncio.BaseProtocol:
            smtp: asyncio.BaseProtocol = SMTP(
                self, enable_SMTPUTF8=True, data_size_limit=MAX_BYTES, hostname=AUTHSERV, loop=loop
            )
            return smtp

        self._smtp = await loop.create_server(session, LOOPBACK, 0)
        self._smtp_port = self._smtp.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        if self._smtp is not None:
            self._smtp.close()
        await self._imap.stop()

    @property
    def environment(self) -> dict[str, str]:
        """The settings with which a bot reads and writes here."""
        known = {"DOCKET_SMTP_URL": f"smtp://{LOOPBACK}:{self._smtp_port}", "DOCKET_MAIL_FROM": self.address}
        for name in self.inboxes:
            login = f"{name}:{self._imap.password}@{LOOPBACK}:{self._imap.port}"
            setting = "DOCKET_INBOX_" + re.sub(r"\W", "_", name).upper()
            known[setting] = f"imap://{login}/INBOX?authserv={AUTHSERV}"
        return known

    def inbox_of(self, address: str) -> str:
        """The inbox behind an address; "" for a person's. The bot's own address leads to the first inbox."""
        local, _, domain = bare(address).rpartition("@")
        if domain != self.domain:
            return ""
        if bare(address) == self.address and self.inboxes:
            return self.inboxes[0]
        return local if local in self.inboxes else ""

    async def deliver(self, inbox: str, raw: bytes) -> None:
        """Put bytes into an inbox just as they are, as a receiving server would after its checks."""
        await self._imap.append(inbox, raw, self._now())

    async def post(self, sender: str, recipients: Sequence[str], raw: bytes, *, from_bot: bool = False) -> Letter:
        """Carry a mail to everyone it is for; our border vouches for the sender (RFC 8601), as a real one would."""
        letter = Letter(len(self.letters) + 1, self._now(), bare(sender), tuple(map(bare, recipients)), raw, from_bot)
        self.letters.append(letter)
        domain = bare(sender).rpartition("@")[2]
        border = f"Authentication-Results: {AUTHSERV}; dmarc=pass header.from={domain}\r\nReceived: by {AUTHSERV};"
        stamped = f"{border} {format_datetime(letter.at)}\r\n".encode() + raw
        for inbox in dict.fromkeys(filter(None, map(self.inbox_of, recipients))):
            await self.deliver(inbox, stamped)
        self._changed()
        return letter

    async def write(
        self, name: str, sender: str, to: str, subject: str, text: str, answers: EmailMessage | None = None
    ) -> Letter:
        """A person writes a plain mail; `answers`: the mail that it replies to."""
        mail = EmailMessage()
        mail["From"] = formataddr((name, sender))
        mail["To"] = to
        mail["Subject"] = " ".join(subject.split())
        mail["Date"] = format_datetime(self._now())
        mail["Message-ID"] = make_msgid(domain=sender.rpartition("@")[2] or self.domain)
        if answers is not None and (parent := str(answers["Message-ID"] or "").strip()):
            mail["In-Reply-To"] = parent
            mail["References"] = f"{answers['References'] or ''} {parent}".strip()
        mail.set_content(text)
        return await self.post(sender, [parseaddr(to)[1] or to], mail.as_bytes(policy=SMTP_LINES))

    def mailbox(self, address: str) -> list[Letter]:
        """What reached an address, and what it sent, oldest first."""
        wanted = bare(address)
        return [letter for letter in self.letters if wanted in (*letter.recipients, letter.sender)]

    def refuse(self, address: str, reply: str = "550 5.1.1 No such user here") -> None:
        """From now on the SMTP server answers RCPT for this address so; "" takes that back."""
        self._refused[bare(address)] = reply

    # hooks that aiosmtpd calls, by their names

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: list[str]) -> str:
        if reply := self._refused.get(bare(address)):
            return reply
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        await self.post(envelope.mail_from or "", envelope.rcpt_tos, envelope.content, from_bot=True)
        return "250 OK"
