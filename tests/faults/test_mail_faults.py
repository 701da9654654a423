"""Mail servers that die at the worst moment: in mid-fetch, under IDLE, and between a letter's end and their answer."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP

from tests.dovecot import Dovecot, running
from tests.faults.wires import relay
from tests.stories.conftest import quick_mail
from tests.stories.post_office import CUSTOMER, Peer, Post, inbox_url, mail, post

__all__ = ["quick_mail"]
pytestmark = pytest.mark.usefixtures("quick_mail")
REQUEST = "Please refund ORD-48213, I was charged twice."


@pytest.fixture(scope="module")
def dovecot() -> Iterator[Dovecot]:
    with running() as server:
        yield server


def through(dovecot: Dovecot, port: int, user: str) -> str:
    """The inbox's URL with a relay's port in it."""
    return inbox_url(dovecot, user).replace(f":{dovecot.port}/", f":{port}/")


async def requests(office: Post) -> list[str]:
    """The keys without the bot's own failures, of which the operator hears here at once."""
    return [key for key in await office.keys() if key.startswith("REF-")]


async def test_a_line_that_breaks_in_mid_fetch_loses_and_doubles_nothing(tmp_path: Path, dovecot: Dovecot) -> None:
    """Three times in the middle of a letter of 200 kB, among small ones."""
    user = dovecot.new_user()
    dovecot.deliver(user, mail(REQUEST))
    dovecot.deliver(user, mail("Here is all that happened.\n" + "It came broken. " * 12_500, sender="tom@shop.example"))
    dovecot.deliver(user, mail("And ORD-48214, please.", sender="ann@shop.example"))
    async with relay(dovecot.port, 90_000, 60_000, 120_000) as wire:
        inbox = {"DOCKET_INBOX_REFUNDS": through(dovecot, wire.port, user)}
        async with post(tmp_path, dovecot, users={"refunds": user}, **inbox) as office:
            await office.calm()
            assert wire.cuts == 3
            assert await requests(office) == ["REF-1", "REF-2", "REF-3"]
            assert len(office.peer.to(CUSTOMER)) == 1


async def test_a_line_that_breaks_under_idle_is_taken_up_again(tmp_path: Path, dovecot: Dovecot) -> None:
    """Without a word, three times; what comes meanwhile is taken once."""
    user = dovecot.new_user()
    async with relay(dovecot.port) as wire:
        inbox = {"DOCKET_INBOX_REFUNDS": through(dovecot, wire.port, user)}
        async with post(tmp_path, dovecot, users={"refunds": user}, **inbox) as office:
            for number in range(3):
                await asyncio.sleep(0.1)
                wire.cut_all()
                await office.arrives(mail(f"Please refund ORD-4821{number}.", sender=f"c{number}@shop.example"))
            assert await requests(office) == ["REF-1", "REF-2", "REF-3"]


class Dying(Peer):
    """A mail server that dies when it has taken a letter, before it can say so: the first two times."""

    deaths = 2

    async def handle_DATA(self, server: SMTP, session: Any, envelope: Any) -> str:
        answer = await super().handle_DATA(server, session, envelope)
        if self.deaths:
            self.deaths -= 1
            assert server.transport is not None
            server.transport.abort()
        return answer


async def test_a_server_that_took_a_letter_and_died_gets_the_very_same_again(
    tmp_path: Path, dovecot: Dovecot, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SMTP can't be asked whether it arrived (RFC 5321, section 4.5.4.1): it goes again under its one Message-ID."""
    monkeypatch.setattr("tests.stories.post_office.Peer", Dying)
    user = dovecot.new_user()
    async with post(tmp_path, dovecot, users={"refunds": user}) as office:
        await office.arrives(mail(REQUEST))

        for _ in range(4):
            await office.pushes(minutes=5)
        for reader in (CUSTOMER, "dana@harbor.example"):
            letters = office.peer.to(reader)
            assert len(letters) == 2
            assert len({(letter.id, letter.raw) for letter in letters}) == 1, "a mail program shows it once"
        assert await requests(office) == ["REF-1"]
