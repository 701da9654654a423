"""Slack or mail is away for a while: the rest goes on, nothing is lost, and one exception tells the operator."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from bot.demo import example
from bot.sandbox.clock import HandClock
from bot.sandbox.faults import Fault
from bot.sandbox.town import Town
from rules.book.load import load
from tests.dovecot import PASSWORD, Dovecot
from tests.stories.harbor import MORNING, Harbor, harbor, working
from tests.stories.waiting import REQUEST, asks, comes, failures, one_failure, over, requests, so_many, writes

pytestmark = pytest.mark.usefixtures("hurried")


@asynccontextmanager
async def town(**more: Any) -> AsyncIterator[Town]:
    async with Town(load(example()), HandClock(MORNING, running=False), **more) as place:
        yield place


@asynccontextmanager
async def office_with(place: Town, folder: Path, *, connected: bool = True, **changed: str) -> AsyncIterator[Harbor]:
    """The bot at work in a town, with some settings changed."""
    given = {**place.environment, "DOCKET_DATABASE_URL": f"sqlite:///{folder}/docket.db", **changed}
    async with working(place, given, example(), place.clock, connected=connected) as office:
        yield office


# Slack: in Socket Mode alone. Sending is the same by HTTP, whose own troubles are told in test_over_http.py.


async def test_slack_out_of_reach_at_the_start_is_one_exception_and_mail_goes_on(tmp_path: Path) -> None:
    """The real address of Slack answers nothing until a second town opens there."""
    port = free_port()
    elsewhere = Town(load(example()), HandClock(MORNING, running=False), port)
    slack = {
        "SLACK_API_URL": f"http://127.0.0.1:{port}/api/",
        "SLACK_BOT_TOKEN": elsewhere.app.bot_token,
        "SLACK_APP_TOKEN": elsewhere.app.app_token,
    }
    async with town() as place, office_with(place, tmp_path, connected=False, **slack) as office:
        await one_failure(office, "slack")
        await writes(office, 10001)
        assert await comes(lambda: requests(office)), "mail is read meanwhile"
        await office.until(lambda: [one for one in place.mail.outbox if "a@shop.example" in one.recipients])
        await asyncio.sleep(0.2)
        await one_failure(office, "slack")
        async with elsewhere:
            await elsewhere.slack.until(lambda: elsewhere.slack.connected)
            await over(office)
            await elsewhere.slack.says("dana", "#refunds", REQUEST.format(10002))
            assert await comes(partial(so_many, office, 2))


async def test_a_lost_connection_is_one_exception_that_ends_and_what_was_said_meanwhile_is_taken(
    tmp_path: Path,
) -> None:
    async with harbor(tmp_path, retry_seconds=(0.1,) * 100) as office:
        office.town.faults.order("apps.connections.open", Fault(kind="error", error="internal_error"), times=1000)
        await office.town.socket.drop()
        await one_failure(office, "slack")
        await asks(office, 10003)
        office.town.faults._orders.clear()
        assert await comes(lambda: requests(office))
        await over(office)
        await office.calm()
        assert len(await requests(office)) == 1


@pytest.mark.parametrize("kind", ["server_error", "hang", "lost_answer"])
async def test_a_post_that_meets_trouble_arrives_once(tmp_path: Path, kind: Any) -> None:
    """Errors, silence and answers that were lost on their way: tried again after a pause, never posted twice."""
    async with harbor(tmp_path) as office:
        office.town.faults.order("chat.postMessage", Fault(kind=kind), times=2)
        root = await asks(office, 10004)
        await office.town.slack.settled()
        for _ in range(4):
            await asyncio.sleep(0.4 if kind == "hang" else 0.05)
            await office.pushes(seconds=30)
        cards = [m for m in office.town.slack.thread(root) if "REF-1" in office.town.slack.words(m)]
        assert len(cards) == 1
        assert not await failures(office)


async def test_a_429_is_obeyed_to_the_second(tmp_path: Path) -> None:
    async with harbor(tmp_path) as office:
        office.town.faults.order("chat.postMessage", Fault(kind="ratelimited", retry_after_seconds=30))
        root = await asks(office, 10005)
        await office.calm()
        await office.pushes(seconds=28)
        assert office.town.slack.thread(root) == []
        await office.pushes(seconds=3)
        assert len(office.town.slack.thread(root)) == 1


async def test_slack_that_takes_nothing_is_one_exception_that_ends(tmp_path: Path) -> None:
    async with harbor(tmp_path) as office:
        office.town.faults.order("chat.postMessage", Fault(kind="server_error"), times=1000)
        roots = [await asks(office, 10006), await asks(office, 10007)]
        for _ in range(8):
            await office.pushes(minutes=2)
        await one_failure(office, "slack")
        office.town.faults._orders.clear()
        for _ in range(4):
            await office.pushes(minutes=11)
        await over(office)
        assert all(len(office.town.slack.thread(root)) == 1 for root in roots)


# Mail


async def test_an_inbox_out_of_reach_is_one_exception_and_slack_goes_on(tmp_path: Path, dovecot: Dovecot) -> None:
    """At the start and while running; what waited in the mailbox is read when it is back."""
    user = dovecot.new_user()
    url = f"imap://{user}:{quote(PASSWORD, safe='')}@127.0.0.1:{dovecot.port}/INBOX"
    dovecot.deliver(user, letter(1))
    dovecot.kill()
    async with town() as place, office_with(place, tmp_path, DOCKET_INBOX_REFUNDS=url) as office:
        await one_failure(office, "inbox:refunds")
        await asks(office, 10008)
        assert await comes(partial(so_many, office, 1))
        dovecot.start()
        assert await comes(partial(so_many, office, 2)), "the mail that waited"
        await over(office)
        dovecot.kill()
        await one_failure(office, "inbox:refunds")
        dovecot.start()
        dovecot.deliver(user, letter(2))
        assert await comes(partial(so_many, office, 3))
        await over(office, 2)


async def test_mail_that_can_not_go_out_waits_is_one_exception_and_arrives_once(tmp_path: Path) -> None:
    async with town() as place:
        port, nobody = place.environment["DOCKET_SMTP_URL"].rpartition(":")[2], free_port()
        async with office_with(place, tmp_path, DOCKET_SMTP_URL=f"smtp://127.0.0.1:{nobody}") as office:
            await writes(office, 10009)
            await comes(lambda: requests(office))
            for _ in range(8):
                await office.pushes(minutes=2)
            failure = await one_failure(office, "smtp")
            told = [m for m in place.slack.inbox("sam") if failure.key in place.slack.words(m)]
            assert told, "Slack goes on, and the operator hears of it there"
            async with forwarding(nobody, int(port)):
                for _ in range(4):
                    await office.pushes(minutes=11)
                await over(office)
        got = [one for one in place.mail.outbox if "a@shop.example" in one.recipients]
        assert len(got) == 1


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def letter(number: int) -> bytes:
    head = (
        f"From: a@shop.example\r\nTo: refunds@harbor.example\r\nSubject: Broken\r\nMessage-ID: <{number}@shop.example>"
    )
    return f"{head}\r\n\r\n{REQUEST.format(20000 + number)}\r\n".encode()


@asynccontextmanager
async def forwarding(port: int, to: int) -> AsyncIterator[None]:
    """A server that came up at last: what reaches `port` goes on to `to`."""

    async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65536):
            writer.write(data)
        writer.close()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there_reader, there_writer = await asyncio.open_connection("127.0.0.1", to)
        await asyncio.gather(carry(reader, there_writer), carry(there_reader, writer))

    server = await asyncio.start_server(serve, "127.0.0.1", port)
    try:
        yield
    finally:
        server.close()
