"""Mail a second, in and out: from a real Dovecot to committed items, and from notices to an SMTP sink.

The peers do the bare work of the same mails: IMAPClient's fetch and the standard library's parser in one loop;
aiosmtplib on one kept connection, building an EmailMessage of the same text and HTML for each. Rounds alternate; only
ratios mean something on a shared machine.
"""

from __future__ import annotations

import asyncio
import email
import email.policy
import os
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import aiosmtplib
from imapclient import IMAPClient

from bot.books import Books
from bot.demo import example
from bot.desk import Desk
from bot.maildesk import InboxDesk
from bot.outages import Outages
from handlers.mail.listen import Inbox
from handlers.mail.send import SmtpSender
from handlers.mail.settings import InboxSettings, SmtpSettings
from handlers.mail.write import letter
from handlers.ports import Outgoing
from rules.book.load import load
from rules.lanes import Ways
from rules.messages import Action, Message, Strong, When, Who
from storage.store import Store
from tests.dovecot import PASSWORD, Dovecot, running

MAILS = int(os.environ.get("DOCKET_BENCH_MAILS", "10000"))
LETTERS, ROUNDS = 1000, 3
NOW = datetime(2026, 3, 4, 16, 0, tzinfo=UTC)


def mails() -> list[bytes]:
    """Requests of as many people, as mail programs send them."""
    return [
        (
            f"Return-Path: <p{n}@shop.example>\r\nReceived: from out.shop.example by mx.harbor.example; "
            f"Wed, 4 Mar 2026 09:00:00 -0600\r\nMIME-Version: 1.0\r\nDate: Wed, 4 Mar 2026 09:00:00 -0600\r\n"
            f"From: Person {n} <p{n}@shop.example>\r\nTo: refunds@harbor.example\r\nSubject: My order {n}\r\n"
            f"Message-ID: <{n}.bench@shop.example>\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n"
            f"Hello,\r\n\r\nplease refund ORD-{n % 100000:05d}, charged twice on day {n}: 45 USD each time.\r\n\r\n"
            f"Thank you\r\nPerson {n}\r\n"
        ).encode()
        for n in range(MAILS)
    ]


def into(dovecot: Dovecot, user: str, raws: list[bytes]) -> None:
    """Lay mails into a mailbox the quick way: as its delivery agent would."""
    dovecot.deliver(user, b"Subject: first\r\n\r\nmakes the folders\r\n")
    folder = dovecot.folder / "home" / user / "Maildir"
    owner = folder.stat()
    for n, raw in enumerate(raws):
        file = folder / "new" / f"{1772640000 + n}.M{n}.bench"
        file.write_bytes(raw)
        os.chown(file, owner.st_uid, owner.st_gid)
    dovecot.listing(user)


def plain(dovecot: Dovecot, user: str) -> float:
    """The peer: seconds for fetching and parsing every mail."""
    began = time.perf_counter()
    client = IMAPClient("127.0.0.1", dovecot.port, ssl=False)
    client.login(user, PASSWORD)
    client.select_folder("INBOX", readonly=True)
    uids = client.search()
    for start in range(0, len(uids), 50):
        for data in client.fetch(uids[start : start + 50], ["BODY.PEEK[]"]).values():
            mail = email.message_from_bytes(data[b"BODY[]"], policy=email.policy.default)
            assert isinstance(mail, EmailMessage)
            body = mail.get_body(("plain",))
            _ = (mail["Subject"], mail["From"], mail["Message-ID"], body.get_content() if body else "")
    client.logout()
    return time.perf_counter() - began


async def whole(dovecot: Dovecot, user: str, folder: Path) -> float:
    """Ours: seconds until every mail is a committed item and carries its sign."""
    text = example()
    store = Store.open(f"sqlite:///{folder}/{user}.db")
    books = Books(load(text), text, "main")
    desk = Desk(store, books, lambda: NOW, Ways(slack=True, mail=True))
    inbox = InboxSettings(
        name="refunds", host="127.0.0.1", port=dovecot.port, security="plain", user=user, password=PASSWORD
    )
    stop = asyncio.Event()
    began = time.perf_counter()
    house = InboxDesk(store, desk, Outages(desk, lambda: NOW))
    watch = asyncio.create_task(Inbox(inbox, house, clock=lambda: NOW).run(stop))
    while (await store.read(lambda conn: conn.exec_driver_sql("SELECT count(*) FROM inbox").scalar())) < MAILS:
        await asyncio.sleep(0.05)
    seconds = time.perf_counter() - began
    stop.set()
    await watch
    store.close()
    return seconds


async def incoming() -> None:
    """Print mails a second from Dovecot to committed items, and what share of the bare reading that is."""
    raws = mails()
    with running() as dovecot, tempfile.TemporaryDirectory() as folder:
        rates: dict[str, list[float]] = {"to committed items": [], "fetch and parse alone": []}
        for _ in range(ROUNDS):
            user = dovecot.new_user()
            into(dovecot, user, raws)
            rates["fetch and parse alone"].append(MAILS / await asyncio.to_thread(plain, dovecot, user))
            rates["to committed items"].append(MAILS / await whole(dovecot, user, Path(folder)))
        _print(f"{MAILS:,} mails from Dovecot, SQLite FULL", rates, "to committed items")


class Sink:
    """An SMTP server that says yes to everything, as cheaply as can be."""

    def __init__(self) -> None:
        self.port = 0

    async def start(self) -> asyncio.Server:
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0, limit=1_000_000)
        self.port = server.sockets[0].getsockname()[1]
        return server

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 sink\r\n")
        while line := await reader.readline():
            verb = line[:4].upper()
            if verb == b"DATA":
                writer.write(b"354 go\r\n")
                await reader.readuntil(b"\r\n.\r\n")
            writer.write(b"221 bye\r\n" if verb == b"QUIT" else b"250 ok\r\n")
            if verb == b"QUIT":
                break
        writer.close()


def notice(n: int) -> Outgoing:
    """A decision card to somebody without Slack."""
    return Outgoing(
        outbox_id=f"0198a4b0-0000-7000-8000-{n:012d}",
        address="olu@harbor.example",
        message=Message(
            subject=f"Decide by 11:30: refund 450 USD, ORD-{n:05d}",
            headline=("Decide by ", When(NOW), ": refund above the desk's limit"),
            lines=((Strong(f"REF-{n}"), f" · ORD-{n:05d} · ", Who("dana"), " has it"), ("amount 450 USD > 300",)),
            small=(("You get this because you own OVER_LIMIT.",),),
            actions=(Action(verb="approve", label="Approve", item=f"REF-{n}", code="OVER_LIMIT"),),
        ),
        timezone="America/Chicago",
        item=f"REF-{n}",
        names={"dana": "Dana Ruiz"},
    )


async def outgoing() -> None:
    """Print notices a second to a sink, and what share of bare aiosmtplib's that is."""
    sink = Sink()
    server = await sink.start()
    sample = email.message_from_bytes(
        letter(notice(0), sender="bot@harbor.example", sender_name="Harbor", date=NOW), policy=email.policy.default
    )
    assert isinstance(sample, EmailMessage)
    parts = {kind: sample.get_body((kind,)) for kind in ("plain", "html")}
    words = {kind: part.get_content() for kind, part in parts.items() if part is not None}
    client = aiosmtplib.SMTP(hostname="127.0.0.1", port=sink.port, start_tls=False)
    await client.connect()
    smtp = SmtpSettings(host="127.0.0.1", port=sink.port, security="plain")
    sender = SmtpSender(smtp, sender="bot@harbor.example", sender_name="Harbor", clock=lambda: NOW)

    async def bare(n: int) -> None:
        mail = EmailMessage()
        for name in ("From", "Subject", "Date", "Auto-Submitted"):
            mail[name] = str(sample[name])
        mail["To"], mail["Message-ID"] = "olu@harbor.example", f"<{n}@harbor.example>"
        mail.set_content(words["plain"])
        mail.add_alternative(words["html"], subtype="html")
        await client.send_message(mail)

    async def ours(n: int) -> None:
        await sender.send(notice(n))

    rates: dict[str, list[float]] = {"worded, written, sent": [], "bare aiosmtplib": []}
    sends: dict[str, Callable[[int], Awaitable[Any]]] = {"worded, written, sent": ours, "bare aiosmtplib": bare}
    for _ in range(ROUNDS):
        for name, send in sends.items():
            began = time.perf_counter()
            for n in range(LETTERS):
                await send(n)
            rates[name].append(LETTERS / (time.perf_counter() - began))
    await sender.close()
    await client.quit()
    server.close()
    _print("notices to an SMTP sink, one connection", rates, "worded, written, sent")


def _print(heading: str, rates: dict[str, list[float]], ours: str) -> None:
    medians = {name: statistics.median(found) for name, found in rates.items()}
    print(heading)
    for name, median in medians.items():
        low, high = min(rates[name]), max(rates[name])
        print(
            f"  {name:24} {median:8,.0f} a second ({low:,.0f} to {high:,.0f})   ours/it {medians[ours] / median:5.2f}"
        )


async def compare() -> None:
    """Both directions."""
    await incoming()
    await outgoing()


if __name__ == "__main__":
    asyncio.run(compare())
