"""A post office for story tests: the whole bot on a real IMAP server and SMTP peer, with a clock turned by hand."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any
from urllib.parse import quote

from aiosmtpd.smtp import SMTP

from bot.build import Bot, build
from bot.config import settings
from bot.demo import example
from bot.run import open_store, serve
from bot.sandbox.clock import HandClock
from rules.book.load import load
from rules.events import Command
from rules.items import Item
from storage import items, ledger
from storage.store import Store
from tests.dovecot import PASSWORD, Dovecot
from tests.stories.harbor import MORNING

OURS = "refunds@harbor.example"
CUSTOMER = "rita@shop.example"
_NUMBERS = itertools.count(1)


@dataclass
class Letter:
    """What reached somebody: its envelope and the mail as a mail program reads it."""

    sender: str
    to: str
    raw: bytes

    @property
    def mail(self) -> EmailMessage:
        return message_from_bytes(self.raw, policy=policy.default)

    @property
    def subject(self) -> str:
        return str(self.mail["Subject"])

    @property
    def id(self) -> str:
        return str(self.mail["Message-ID"])

    @property
    def text(self) -> str:
        """The text part, its line breaks as blanks."""
        body = self.mail.get_body(("plain",))
        assert body is not None
        return " ".join(body.get_content().split())

    @property
    def html(self) -> str:
        body = self.mail.get_body(("html",))
        assert body is not None
        return str(body.get_content())


class Peer:
    """The mail server of the world outside. `answers` may write back to each letter, as an auto-responder does."""

    def __init__(self) -> None:
        self.letters: list[Letter] = []
        self.answers: Callable[[Letter], None] = lambda _letter: None
        self.port = 0
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: SMTP(self, hostname="mx.example", loop=loop), "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    def stop(self) -> None:
        assert self._server is not None
        self._server.close()

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        """aiosmtpd's hook."""
        letter = Letter(envelope.mail_from, envelope.rcpt_tos[0], envelope.content)
        assert len(envelope.rcpt_tos) == 1, "one mail, one reader"
        self.letters.append(letter)
        self.answers(letter)
        return "250 OK"

    def to(self, address: str) -> list[Letter]:
        """What reached an address, oldest first."""
        return [letter for letter in self.letters if letter.to == address]


@dataclass
class Post:
    """The office: `arrives` puts a mail into an inbox and waits until the bot has had its say."""

    bot: Bot
    store: Store
    clock: HandClock
    dovecot: Dovecot
    peer: Peer
    users: Mapping[str, str]
    served: asyncio.Task[None]
    town: Any = None  # bot.sandbox's Town, where Slack is on
    folder: str = field(default="INBOX")

    async def arrives(self, raw: bytes, inbox: str = "refunds") -> None:
        """A mail comes in; when this returns it is taken, and what follows from it is sent."""
        self.clock.push(timedelta(seconds=1))
        self.dovecot.deliver(self.users[inbox], raw, self.folder)
        await self.calm()

    async def calm(self) -> None:
        """Wait until every mail carries the bot's sign and the outbox is empty."""
        while True:
            await comes(self._all_signed)
            await self.bot.knock.look()
            await self.bot.courier.idle()
            if await self._all_signed():  # no auto-responder has answered meanwhile
                return

    async def _all_signed(self) -> bool:
        if self.served.done():
            self.served.result()
        return not any(self.dovecot.listing(user, self.folder, "UNSEEN") for user in self.users.values())

    async def pushes(self, **time: float) -> None:
        """Turn the clock; what comes due is done and told when this returns."""
        self.clock.push(timedelta(**time))
        await self.calm()

    async def item(self, key: str) -> Item:
        found = await self.store.read(lambda conn: items.load(conn, "main", key))
        assert found is not None, f"there is no {key}"
        return found

    async def kinds(self, key: str) -> list[str]:
        """The kinds of an item's entries, in order."""
        return [one.entry.kind for one in await self.store.read(lambda conn: ledger.of_item(conn, "main", key))]

    async def keys(self) -> list[str]:
        """The keys of all items, the bot's own failures too."""
        found = await self.store.read(
            lambda conn: items.listing(conn, "main", state_open=False, include_docket=True, limit=1000)
        )
        return sorted(item.key for item in found)

    async def does(self, who: str, verb: str, key: str, **more: Any) -> None:
        """A person acts by the command that a click in Slack or a typed line is; a refusal fails the test."""
        now = self.clock()
        said: dict[str, Any] = {"verb": verb, "item": key, **more}
        command = Command(id=f"typed:{who}:{said}:{now}", workspace="main", at=now, by=who, via="slack", **said)
        taken = await self.bot.desk.take(command)
        assert taken.reply is None or not taken.reply.refused, taken.reply
        await self.calm()

    async def ticks_all(self, who: str, key: str) -> None:
        """All that the checklist of its stage still asks for is done."""
        for number, _ in (await self.item(key)).open_steps():
            await self.does(who, "tick", key, name=str(number))

    async def finishes(self, key: str) -> None:
        """The desk works through a refund and closes it with its proof."""
        await self.ticks_all("dana", key)
        await self.does("dana", "next", key)
        await self.ticks_all("finn", key)
        await self.does("finn", "evidence", key, name="receipt", words="re_1234")
        await self.does("finn", "close", key)

    def last(self, address: str = CUSTOMER) -> Letter:
        """The newest letter to somebody."""
        assert self.peer.to(address), f"nothing reached {address}"
        return self.peer.to(address)[-1]


@asynccontextmanager
async def post(
    folder: Path,
    dovecot: Dovecot,
    *,
    text: str | None = None,
    mailbox: str = "INBOX",
    users: Mapping[str, str] | None = None,
    slack: Any = None,
    now: datetime = MORNING,
    **changed: str,
) -> AsyncIterator[Post]:
    """The bot at work on mail alone; with `slack` (a Town) there, too. `users`: mailboxes that stand already."""
    text = text or example()
    book = load(text)
    users = users or {"refunds": dovecot.new_user(), "concerns": dovecot.new_user()}
    peer = Peer()
    await peer.start()
    given = {
        "DOCKET_DATABASE_URL": f"sqlite:///{folder}/docket.db",
        "DOCKET_SMTP_URL": f"smtp://127.0.0.1:{peer.port}",
        "DOCKET_MAIL_FROM": OURS,
        **{f"DOCKET_INBOX_{name.upper()}": inbox_url(dovecot, user, mailbox) for name, user in users.items()},
        **changed,
    }
    clock = slack.clock if slack else HandClock(now, running=False)
    if slack:
        given = {**slack.environment, **given}
    store = await open_store(given["DOCKET_DATABASE_URL"], patience=2)
    try:
        bot = await build(settings(given), book, text, store, clock=clock)
        stop = asyncio.Event()
        served = asyncio.create_task(serve(bot, book, text, stop))
        try:
            if slack:
                await slack.slack.until(lambda: slack.slack.connected or served.done())
            yield Post(bot, store, clock, dovecot, peer, users, served, slack, mailbox.partition("?")[0])
        finally:
            stop.set()
            await served
    finally:
        store.close()
        peer.stop()


def inbox_url(dovecot: Dovecot, user: str, mailbox: str = "INBOX", password: str = PASSWORD) -> str:
    """The setting of an inbox; `mailbox` is its folder with what follows it in the URL."""
    return f"imap://{user}:{quote(password, safe='')}@127.0.0.1:{dovecot.port}/{mailbox}"


async def comes(look: Callable[[], Awaitable[Any]], seconds: float = 10) -> Any:
    """Wait until it is so."""
    async with asyncio.timeout(seconds):
        while not (seen := await look()):
            await asyncio.sleep(0.02)
        return seen


def mail(
    body: str,
    *,
    sender: str = "Rita Long <rita@shop.example>",
    subject: str = "Broken teapot",
    answers: Letter | None = None,
    **headers: str,
) -> bytes:
    """A mail as a person's program writes it; `answers`: the letter that it replies to. `X_Y` is the header X-Y."""
    number = next(_NUMBERS)
    fields = {
        "From": sender,
        "To": str(answers.mail["Reply-To"] or OURS) if answers else OURS,
        "Subject": f"Re: {answers.subject}" if answers else subject,
        "Message-ID": f"<m{number}@shop.example>",
        "Date": "Wed, 04 Mar 2026 10:00:00 -0600",
        "MIME-Version": "1.0",
        "Content-Type": "text/plain; charset=utf-8",
        "Content-Transfer-Encoding": "8bit",
    }
    if answers is not None:
        fields["In-Reply-To"] = answers.id
        fields["References"] = f"{answers.mail['References'] or ''} {answers.id}".strip()
    fields |= {name.replace("_", "-"): value for name, value in headers.items()}
    head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    return (head + "\r\n" + body.replace("\n", "\r\n") + "\r\n").encode()
