"""Letters go round: people to the bot's inboxes over IMAP, the bot to people over SMTP."""

from __future__ import annotations

import asyncio
import smtplib
from email import message_from_bytes
from email.message import EmailMessage
from urllib.parse import parse_qs, urlsplit

import pytest
from imapclient import IMAPClient

from bot.sandbox.letters import opened
from bot.sandbox.mail import AUTHSERV
from bot.sandbox.town import Town

ODD = b"From: a@b.example\nSubject: =?utf-8?q?bro\xff\nTo: refunds@harbor.example\n\nbytes \xff\x00 stay\r\nas they are"


def inbox(town: Town, name: str) -> IMAPClient:
    """A logged-in client as a bot opens it from the URL of its environment."""
    url = urlsplit(town.environment[f"DOCKET_INBOX_{name.upper()}"])
    assert parse_qs(url.query) == {"authserv": [AUTHSERV]}
    client = IMAPClient(str(url.hostname), port=url.port, ssl=False)
    client.login(str(url.username), str(url.password))
    client.select_folder(url.path.lstrip("/"))
    return client


def send(town: Town, mail: EmailMessage) -> None:
    url = urlsplit(town.environment["DOCKET_SMTP_URL"])
    with smtplib.SMTP(str(url.hostname), url.port or 0) as smtp:
        smtp.send_message(mail)


def letter(to: str) -> EmailMessage:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "Docket <docket@harbor.example>", to, "How much? [REF-1]"
    mail["Message-ID"] = "<q1@harbor.example>"
    mail["Reply-To"] = "docket+token@harbor.example"
    mail.set_content("How much should go back?")
    mail.add_alternative("<p>How much should go <b>back</b>?</p>", subtype="html")
    return mail


async def test_a_persons_mail_reaches_the_inbox_with_our_borders_word(town: Town) -> None:
    await town.mail.write("Carla", "carla@customer.example", "refunds@harbor.example", "Refund", "ORD-48213\n")

    def read() -> bytes:
        with inbox(town, "refunds") as client:
            uids = client.search("UNSEEN")
            raw: bytes = client.fetch(uids, ["BODY.PEEK[]"])[uids[0]][b"BODY[]"]
            assert client.search("UNSEEN") == uids
            client.add_flags(uids, [b"\\Seen"])
            assert client.search("UNSEEN") == []
            return raw

    mail = message_from_bytes(await asyncio.to_thread(read))
    assert next(iter(mail.keys())) == "Authentication-Results"
    assert mail["Authentication-Results"] == f"{AUTHSERV}; dmarc=pass header.from=customer.example"
    assert mail.get_payload() == "ORD-48213\r\n"


async def test_the_bots_mail_lands_in_the_persons_mailbox_and_the_answer_comes_back(town: Town) -> None:
    await asyncio.to_thread(send, town, letter("olu@harbor.example"))
    (got,) = town.mail.mailbox("olu@harbor.example")
    assert town.mail.outbox == [got]
    shown = opened(got)
    assert (shown.subject, shown.text.strip()) == ("How much? [REF-1]", "How much should go back?")
    assert "<b>back</b>" in shown.html
    answer = await town.mail.write(
        "Olu",
        "olu@harbor.example",
        shown.reply_to,
        "Re: " + shown.subject,
        "450 USD",
        message_from_bytes(got.raw),  # type: ignore[arg-type]
    )
    assert b"In-Reply-To: <q1@harbor.example>" in answer.raw

    def count() -> tuple[int, int]:
        with inbox(town, "refunds") as refunds, inbox(town, "concerns") as concerns:
            return len(refunds.search()), len(concerns.search())

    # The bot's own address, plus token and all, leads to the first inbox that isn't private.
    assert await asyncio.to_thread(count) == (1, 0)


async def test_a_waiting_client_is_told_at_once(town: Town) -> None:
    idling = asyncio.Event()
    loop = asyncio.get_running_loop()

    def wait() -> bytes:
        with inbox(town, "refunds") as client:
            client.idle()
            loop.call_soon_threadsafe(idling.set)
            # Read by hand: idle_check takes a line that comes in two pieces for the end of the connection.
            told, wire = b"", client.socket()
            wire.settimeout(5)
            while b"* 1 EXISTS\r\n" not in told:
                told += wire.recv(4096)
            return told

    waiting = asyncio.create_task(asyncio.to_thread(wait))
    await idling.wait()
    await town.mail.deliver("refunds", ODD)
    assert b"EXISTS" in await waiting


async def test_bytes_come_out_as_they_went_in(town: Town) -> None:
    await town.mail.deliver("refunds", ODD)

    def read() -> bytes:
        with inbox(town, "refunds") as client:
            return bytes(client.fetch(client.search(), ["BODY.PEEK[]"]).popitem()[1][b"BODY[]"])

    assert await asyncio.to_thread(read) == ODD


async def test_an_address_can_be_made_to_bounce(town: Town) -> None:
    town.mail.refuse("olu@harbor.example")
    with pytest.raises(smtplib.SMTPRecipientsRefused):
        await asyncio.to_thread(send, town, letter("olu@harbor.example"))
    assert town.mail.letters == []


def test_a_letter_that_cannot_be_parsed_is_still_shown() -> None:
    from datetime import UTC, datetime

    from bot.sandbox.mail import Letter

    assert "stay" in opened(Letter(1, datetime.now(UTC), "a@b.example", ("c@d.example",), ODD, False)).text
