"""Sending over a real SMTP server: what waits is told from what can never go, and a repeat is the same mail."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP, AuthResult

from handlers.mail.send import SmtpSender
from handlers.mail.settings import SmtpSettings
from handlers.ports import Lasting, Passing, Sent
from tests.handlers.mail.test_mail_write import OUTGOING

NOON = datetime(2026, 11, 20, 16, 30, tzinfo=UTC)


class Peer:
    """A mail server: keeps what it was given; `rcpt` and `data` may answer otherwise."""

    def __init__(self) -> None:
        self.got: list[tuple[str, list[str], bytes]] = []
        self.rcpt: Callable[[], str] = lambda: "250 OK"
        self.data: Callable[[], Any] = lambda: "250 OK"
        self.more: dict[str, Any] = {}
        self.connections = 0
        self.transports: list[asyncio.BaseTransport] = []
        self.server: asyncio.Server
        self.port = 0

    async def start(self) -> None:
        peer = self

        class Session(SMTP):  # type: ignore[misc]  # aiosmtpd has no types
            def connection_made(self, transport: asyncio.BaseTransport) -> None:
                peer.connections += 1
                peer.transports.append(transport)
                super().connection_made(transport)

        self.server = await asyncio.get_running_loop().create_server(
            lambda: Session(self, hostname="peer.example", **self.more), "127.0.0.1", self.port
        )
        self.port = self.server.sockets[0].getsockname()[1]

    def hang_up(self) -> None:
        for transport in self.transports:
            transport.close()

    async def handle_RCPT(self, _s: Any, _session: Any, envelope: Any, address: str, _options: Any) -> str:
        answer = self.rcpt()
        if answer.startswith("2"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
        answer = self.data()
        if asyncio.iscoroutine(answer):
            answer = await answer
        if str(answer).startswith("2"):
            self.got.append((envelope.mail_from, envelope.rcpt_tos, envelope.content))
        return str(answer)


@pytest.fixture
async def peer() -> AsyncIterator[Peer]:
    one = Peer()
    await one.start()
    yield one
    one.hang_up()
    one.server.close()


@pytest.fixture
async def sender(peer: Peer) -> AsyncIterator[SmtpSender]:
    one = sender_to(peer.port)
    yield one
    await one.close()


def sender_to(port: int, timeout_seconds: float = 5) -> SmtpSender:
    return SmtpSender(
        SmtpSettings(host="127.0.0.1", port=port, security="plain"),
        sender="docket@harbor.example",
        sender_name="Harbor Supply",
        clock=lambda: NOON,
        timeout_seconds=timeout_seconds,
    )


async def test_a_mail_arrives_and_says_where_it_went(peer: Peer, sender: SmtpSender) -> None:
    assert await sender.send(OUTGOING) == Sent("olu@harbor.example", f"<docket.{OUTGOING.outbox_id}@harbor.example>")
    (mail_from, recipients, content) = peer.got[0]
    assert (mail_from, recipients) == ("docket@harbor.example", ["olu@harbor.example"])
    assert b"multipart/alternative" in content
    assert await sender.find(OUTGOING, NOON) is None


async def test_one_connection_carries_many_mails_and_is_made_anew_when_the_server_ends_it(
    peer: Peer, sender: SmtpSender
) -> None:
    for number in range(3):
        await sender.send(replace(OUTGOING, outbox_id=f"id{number}"))
    assert peer.connections == 1
    peer.hang_up()
    await asyncio.sleep(0.05)
    await sender.send(replace(OUTGOING, outbox_id="id3"))
    assert (peer.connections, len(peer.got)) == (2, 4)


async def test_many_at_once_wait_for_each_other(peer: Peer, sender: SmtpSender) -> None:
    await asyncio.gather(*(sender.send(replace(OUTGOING, outbox_id=f"id{n}")) for n in range(20)))
    assert (peer.connections, len(peer.got)) == (1, 20)


@pytest.mark.parametrize(
    ("step", "answer", "kind"),
    [
        ("rcpt", "450 greylisted", Passing),
        ("rcpt", "550 no such user here", Lasting),
        ("data", "451 try later", Passing),
        ("data", "554 spam", Lasting),
        ("data", "432 4.3.2 too many connections", Passing),
        ("data", "421 closing", Passing),
    ],
)
async def test_4xx_waits_and_5xx_never_goes(
    peer: Peer, sender: SmtpSender, step: str, answer: str, kind: type[Exception]
) -> None:
    setattr(peer, step, lambda: answer)
    with pytest.raises(kind) as told:
        await sender.send(OUTGOING)
    assert "olu@harbor.example" in str(told.value)
    assert answer[4:] not in str(told.value), "a server's words are a stranger's"
    setattr(peer, step, lambda: "250 OK")
    await sender.send(OUTGOING)
    assert len(peer.got) == 1


async def test_an_unreachable_server_is_waited_for(peer: Peer) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        sender = sender_to(unused.getsockname()[1])
    with pytest.raises(Passing, match="does not answer"):
        await sender.send(OUTGOING)


async def test_after_a_time_out_behind_the_final_dot_the_same_bytes_go_again(peer: Peer) -> None:
    seen: list[bytes] = []

    async def late() -> str:
        await asyncio.sleep(5)
        return "250 OK"

    sender = sender_to(peer.port, timeout_seconds=0.3)
    peer.data = late
    with pytest.raises(Passing):
        await sender.send(OUTGOING)
    peer.data = lambda: "250 OK"
    changed = replace(OUTGOING, message=replace(OUTGOING.message, subject="said otherwise meanwhile"))
    await sender.send(changed)
    seen.append(peer.got[0][2])
    assert b"Decide by 11:30" in seen[0], "it may have arrived: what goes again must be the same mail"
    await sender.send(replace(changed, outbox_id="another"))
    assert b"said otherwise" in peer.got[1][2]
    await sender.close()


@pytest.mark.parametrize("address", ["olü@harbor.example", "olu@härbor.example", "nobody", "a@b.example, c@d.example"])
async def test_an_address_that_no_server_takes_never_goes(sender: SmtpSender, address: str) -> None:
    with pytest.raises(Lasting):
        await sender.send(replace(OUTGOING, address=address))


@pytest.mark.parametrize("offered", [True, False])
async def test_a_login_that_fails_waits_for_a_person_to_mend_it(peer: Peer, offered: bool) -> None:
    refused = AuthResult(success=False, handled=False)
    if offered:
        peer.more = {"authenticator": lambda *_: refused, "auth_require_tls": False}
    sender = SmtpSender(
        SmtpSettings(host="127.0.0.1", port=peer.port, security="plain", user="bot", password="hunter2"),
        sender="docket@harbor.example",
        sender_name="Harbor Supply",
        clock=lambda: NOON,
    )
    with pytest.raises(Passing, match="DOCKET_SMTP_URL") as told:
        await sender.send(OUTGOING)
    assert "hunter2" not in str(told.value)
