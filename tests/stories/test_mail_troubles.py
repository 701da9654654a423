"""Mailboxes that move, are made anew or refuse, and a bot that dies at the worst moment: each mail is one item."""

from __future__ import annotations

import os
import runpy
import signal
import sys
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest

from bot.demo import example
from bot.maildesk import InboxDesk
from handlers.mail.imap import Session
from tests.dovecot import Dovecot
from tests.processes import Process, docketbot
from tests.stories.post_office import CUSTOMER, OURS, Peer, Post, comes, inbox_url, mail, post

pytestmark = pytest.mark.usefixtures("quick_mail")
REQUEST = "Please refund ORD-48213, I was charged twice."


async def test_taken_mail_moves_to_the_folder_that_the_url_names(tmp_path: Path, dovecot: Dovecot) -> None:
    users = {"refunds": dovecot.new_user()}
    async with post(tmp_path, dovecot, users=users, mailbox="INBOX?done=Taken") as office:
        await office.arrives(mail(REQUEST))
        await comes(partial(moved, dovecot, users["refunds"]))
        assert dovecot.listing(users["refunds"]) == []
        assert await office.keys() == ["REF-1"]


async def moved(dovecot: Dovecot, user: str) -> bool:
    return len(dovecot.listing(user, "Taken")) == 1


async def test_a_mailbox_that_was_made_anew_makes_no_second_item(tmp_path: Path, dovecot: Dovecot) -> None:
    users = {"refunds": dovecot.new_user()}
    raw = mail(REQUEST)
    with dovecot.client(users["refunds"]) as client:
        client.create("Requests")
    async with post(tmp_path, dovecot, users=users, mailbox="Requests") as office:
        await office.arrives(raw)
    with dovecot.client(users["refunds"]) as client:
        client.delete("Requests")
        client.create("Requests")
    dovecot.deliver(users["refunds"], raw, "Requests")
    async with post(tmp_path, dovecot, users=users, mailbox="Requests") as office:
        await office.arrives(mail("And one for ORD-48214, please.", sender="tom@shop.example"))
        assert await office.keys() == ["REF-1", "REF-2"]
        assert "attached" not in await office.kinds("REF-1"), "it is the same mail, not the same words again"
        assert office.peer.to(CUSTOMER) == []


def dies_before(where: str) -> None:
    """`python -m bot run`, killed like a power cut at one moment of handling a mail."""

    def die(*_: object) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    if where == "the mark":
        InboxDesk.advance = die  # type: ignore[method-assign,assignment]  # the moment of death
    else:
        Session.settle = die  # type: ignore[method-assign,assignment]  # the moment of death
    sys.argv = ["bot", "run"]
    runpy.run_module("bot", run_name="__main__", alter_sys=True)


@pytest.mark.parametrize("where", ["the mark", "\\Seen"])
async def test_a_kill_between_the_commit_and_the_sign_in_the_mailbox_makes_no_second_item(
    tmp_path: Path, dovecot: Dovecot, where: str
) -> None:
    users = {"refunds": dovecot.new_user()}
    dovecot.deliver(users["refunds"], mail(REQUEST))
    nobody = {"DOCKET_SMTP_URL": "smtp://127.0.0.1:1", "DOCKET_MAIL_FROM": OURS}
    environment = given(tmp_path, dovecot, users, **nobody)
    process = Process(dies_before, where, environment=environment, folder=tmp_path)
    assert await process.ends() == -signal.SIGKILL
    later = datetime.now(UTC) + timedelta(hours=1)
    async with post(tmp_path, dovecot, users=users, now=later) as office:
        await office.calm()
        assert await office.keys() == ["REF-1"]
        assert "attached" not in await office.kinds("REF-1")
        assert len(office.peer.to(CUSTOMER)) == 1, "the question went once, after the restart"


def given(folder: Path, dovecot: Dovecot, users: Mapping[str, str], **more: str) -> dict[str, str]:
    (folder / "rulebook.yml").write_text(example())
    inboxes = {f"DOCKET_INBOX_{name.upper()}": inbox_url(dovecot, user) for name, user in users.items()}
    return {"DOCKET_DATABASE_URL": f"sqlite:///{folder}/docket.db", **inboxes, **more}


async def test_the_program_itself_runs_on_mail_alone(tmp_path: Path, dovecot: Dovecot) -> None:
    """`python -m bot run` with an inbox, a way out and nothing else: asks, understands the answer, ends cleanly."""
    users = {"refunds": dovecot.new_user()}
    peer = Peer()
    await peer.start()
    way_out = {"DOCKET_SMTP_URL": f"smtp://127.0.0.1:{peer.port}", "DOCKET_MAIL_FROM": OURS}
    environment = given(tmp_path, dovecot, users, **way_out)
    bot = docketbot("run", environment=environment, folder=tmp_path)
    await bot.says("running: 1 inboxes, mail out")
    dovecot.deliver(users["refunds"], mail(REQUEST))
    await comes(partial(so_many, peer, CUSTOMER))
    dovecot.deliver(users["refunds"], mail("450 USD", answers=peer.to(CUSTOMER)[0]))
    await comes(partial(so_many, peer, "lee@harbor.example"))
    assert peer.to("lee@harbor.example")[0].subject.startswith("Decide by ")
    bot.signal(signal.SIGTERM)
    assert await bot.ends() == 0
    peer.stop()


async def so_many(peer: Peer, address: str) -> bool:
    return bool(peer.to(address))


async def test_a_wrong_password_is_one_exception_that_ends_and_the_rest_runs(tmp_path: Path, dovecot: Dovecot) -> None:
    users = {"refunds": dovecot.new_user(), "concerns": dovecot.new_user()}
    accounts = dovecot.folder / "users"
    before = accounts.read_text()
    changed(accounts, before.replace(f"{users['concerns']}:{{PLAIN}}", f"{users['concerns']}:{{PLAIN}}other "))
    async with post(tmp_path, dovecot, users=users) as office:
        await comes(partial(failing, office, 1))
        failure = await office.item("BOT-1")
        assert failure.fields["what"].startswith("The inbox concerns can't be read: 127.0.0.1 refuses the user")
        dovecot.deliver(users["refunds"], mail(REQUEST))
        await comes(partial(known, office, "REF-1"))
        changed(accounts, before)
        await comes(partial(failing, office, 0))
        await office.arrives(mail("I saw something wrong.", sender="tom@shop.example"), "concerns")
        assert await office.keys() == ["BOT-1", "CON-1", "REF-1"]
        assert len(office.peer.to("sam@harbor.example")) == 1, "told once"


def changed(accounts: Path, text: str) -> None:
    """Rewrite Dovecot's accounts; it looks at the file's time, whole seconds."""
    before = accounts.stat().st_mtime
    accounts.write_text(text)
    os.utime(accounts, (before + 2, before + 2))


async def failing(office: Post, count: int) -> bool:
    found = [await office.item(key) for key in await office.keys() if key.startswith("BOT-")]
    return len([item for item in found if item.closed_at is None]) == count and bool(found)


async def known(office: Post, key: str) -> bool:
    return key in await office.keys()
