"""The off switch told from outside: a workflow is stopped, people go on writing, and it goes on where it was."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta
from pathlib import Path

import pytest

from bot.verifying import verified
from storage import ledger, pauses
from tests.command_line import at_home, docketbot
from tests.stories.harbor import harbor
from tests.stories.mailroom import mailroom, said
from tests.stories.post_office import CUSTOMER, mail


async def test_a_workflow_is_stopped_and_goes_on(tmp_path: Path) -> None:
    """A message, a click and a due time meet the pause; after it all is handled in order, and the deadlines moved."""
    async with harbor(tmp_path) as office:
        slack = office.town.slack
        root = await slack.says("rita", "#refunds", "Please refund ORD-48213, I was charged $450 twice")
        await office.calm()
        card = next(m for m in slack.inbox("lee") if "Approve" in slack.words(m))
        worded, due_at = slack.words(card), (await office.item("REF-1")).exceptions[0].due_at

        await slack.types("maria", "/docket pause refund the bank is down")
        await office.calm()
        (standing,) = await office.store.read(lambda conn: pauses.standing(conn, "main"))
        assert (standing.by, standing.workflow, standing.because) == ("maria", "refund", "the bank is down")
        before = {who: len(slack.inbox(who)) for who in ("lee", "maria", "dana")}
        in_thread = len(slack.thread(root))

        await slack.says("rita", "#refunds", "It was on March 3.", thread=root)
        await slack.clicks("lee", "Approve", card)
        await office.calm()
        assert slack.view("lee") is None, "no form opens for what can't be decided now"
        await office.pushes(hours=3)
        item = await office.item("REF-1")
        assert (item.said, item.exceptions[0].steps) == ("", 0)
        assert {who: len(slack.inbox(who)) for who in before} == before
        assert len([m for m in slack.thread(root) if m.get("bot_id")]) <= in_thread

        await slack.types("lee", "/docket resume refund")
        await office.calm()
        await office.calm()
        assert await office.store.read(lambda conn: pauses.standing(conn, "main")) == ()
        item = await office.item("REF-1")
        assert item.said == "It was on March 3."
        assert item.exceptions[0].due_at == due_at + timedelta(hours=3)
        assert item.exceptions[0].steps == 0
        moved = next(m for m in slack.inbox("lee") if m["ts"] == card["ts"])
        assert slack.words(moved) != worded, "the card says until when now"
        kinds = [one.entry.kind for one in await office.store.read(lambda conn: ledger.of_item(conn, "main", "REF-1"))]
        assert kinds.index("stood_still") < kinds.index("attached"), "moved first, then all that waited"
        assert (await verified(office.store, "main", lambda _line: None))[1] == []


async def test_mail_waits_as_it_came_and_is_taken_after(tmp_path: Path) -> None:
    """Whole, with its own id and its file; nobody is written to meanwhile, and a redelivery is no second one."""
    async with mailroom(tmp_path) as office:
        await office.does("sam", "pause", words="The mail server is being moved.")
        first = mail("Please refund ORD-48213, I was charged twice. $45")
        await office.arrives(first)
        await office.arrives(mail("Refund ORD-50000, $5.", sender="tom@shop.example"))
        assert (await office.arrives(first)).repeat
        assert await office.keys(ours=True) == []
        assert office.peer.letters == []
        await office.arrives(mail("He shouts at people.", sender="ann@shop.example"), inbox="concerns")
        listed = await office.asks("sam", "quarantine")
        assert CUSTOMER in listed
        assert "refund is paused" in listed
        assert "ann@shop.example" not in listed, "private mail is its owner's, held or not"
        assert "ann@shop.example" in await office.asks("maria", "quarantine")
        assert "2 mails" in said(await office.does("sam", "resume"))
        await office.calm()
        assert await office.keys() == ["CON-1", "REF-1", "REF-2"]
        item = await office.item("REF-1")
        assert (item.requester, item.fields["amount"]) == (CUSTOMER, "45.00 USD")
        assert office.last().subject.startswith("Received: ")
        assert (await office.arrives(first)).repeat
        assert (await verified(office.store, "main", print))[1] == []


async def test_it_is_pulled_by_mail_where_a_receiver_vouches_for_the_sender(tmp_path: Path) -> None:
    """As typed: `pause refund because ...`; a forged one pulls nothing."""
    vouched = b"Authentication-Results: mx.here; dmarc=pass header.from=harbor.example\r\nReceived: by mx.here; now\r\n"
    told = mail("pause refund because the bank is down", sender="lee@harbor.example")
    async with mailroom(tmp_path) as office:
        await office.arrives(told)
        assert await office.store.read(lambda conn: pauses.standing(conn, "main")) == ()
        await office.arrives(vouched + mail("pause refund because the bank is shut", sender="lee@harbor.example"))
        (standing,) = await office.store.read(lambda conn: pauses.standing(conn, "main"))
        assert (standing.by, standing.because) == ("lee", "the bank is shut")
        await office.arrives(vouched + mail("resume refund", sender="lee@harbor.example"))
        assert await office.store.read(lambda conn: pauses.standing(conn, "main")) == ()


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder in which a bot has worked: a refund of a customer, one of a spammer, one in confidence."""
    at_home(tmp_path, monkeypatch)
    monkeypatch.setenv("DOCKET_MAIL_FROM", "refunds@harbor.example")

    async def work() -> None:
        async with mailroom(tmp_path) as office:
            await office.arrives(mail("Please refund ORD-48213, I was charged twice. $45"))
            await office.arrives(mail("Refund ORD-66666, $290.", sender="spam@shop.example"))
            await office.arrives(mail("Somebody is being treated badly.", sender="spam@shop.example"), inbox="concerns")

    asyncio.run(work())
    return tmp_path


def test_the_drill_proves_the_switch_and_the_digest_says_when(desk: Path) -> None:
    """It pauses for a moment, for real, and touches nothing of the work."""
    before = docketbot("items", "--json").stdout
    tried = docketbot("pause", "refund", "--drill")
    assert tried.exit_code == 0, tried.stderr
    lines = tried.stdout.splitlines()
    assert len(lines) == 5
    assert all(line.startswith("ok ") for line in lines), tried.stdout
    assert "none acts" in tried.stdout
    assert docketbot("items", "--json").stdout == before
    shown = " ".join(docketbot("digest", "morning").stdout.split())
    assert "off switch last tried" in shown
    assert ", worked" in shown
    assert docketbot("pause", "--drill").exit_code == 0


def test_a_drill_finds_a_switch_that_does_not_hold(desk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Due times that would act all the same: the line says so, the command ends with 1, and the digest says it, too."""
    monkeypatch.setattr("storage.timers.any_stands", lambda _conn: False)
    tried = docketbot("pause", "refund", "--drill")
    assert tried.exit_code == 1
    assert [line.startswith("ok ") for line in tried.stdout.splitlines()] == [True, True, False, True, True]
    assert "did not work" in " ".join(docketbot("digest", "morning").stdout.split())
    assert "held" not in docketbot("items").stdout, "whatever it finds, work goes on"


def test_pause_and_resume_on_the_command_line(desk: Path) -> None:
    """Held items say so; who may not is told who may; what goes on says what it found."""
    assert docketbot("pause", "refnd").exit_code == 1
    refused = docketbot("pause", "refund", "--by", "finn")
    assert refused.exit_code == 1
    assert "Lee Park" in refused.stderr
    stopped = docketbot("pause", "refund", "--because", "the bank is down")
    assert stopped.exit_code == 0
    assert "refund is paused" in stopped.stderr
    assert "held" in docketbot("items").stdout
    assert "On hold since" in docketbot("show", "REF-1").stdout
    assert "the bank is down" in docketbot("why", "REF-1").stdout
    shown = docketbot("digest", "morning").stdout
    assert "the bank is down" in shown
    assert docketbot("resume", "access").exit_code == 1
    assert docketbot("resume", "refund").exit_code == 0
    assert "held" not in docketbot("items").stdout
    assert docketbot("ledger", "verify").exit_code == 0


def test_a_bad_sender_is_rolled_back(desk: Path) -> None:
    """Listed first, undone by new entries on a word and a reason, once; of what is private nothing is shown."""
    since = ("--since", "2026-03-04")
    listed = docketbot("rollback", *since, "--sender", "spam@shop.example")
    assert listed.exit_code == 0, listed.stderr
    assert "REF-2" in listed.stdout
    assert "withdraw it" in listed.stdout
    assert "REF-1" not in listed.stdout
    assert "CON-1" not in listed.stdout
    assert "private" in listed.stderr
    assert "Received" in listed.stderr, "what was sent can't be taken back, and is named"
    assert docketbot("rollback", *since, "--sender", "spam@shop.example", "--apply").exit_code == 2
    undone = docketbot("rollback", *since, "--sender", "spam@shop.example", "--apply", "--because", "It was spam.")
    assert undone.exit_code == 0, undone.stderr
    assert "1 item was set back" in undone.stderr
    assert "withdrawn" in docketbot("show", "REF-2", "--json").stdout
    assert '"outcome": null' in docketbot("show", "CON-1", "--json").stdout
    again = docketbot("rollback", *since, "--sender", "spam@shop.example", "--apply", "--because", "It was spam.")
    assert "0 items" in again.stderr
    assert docketbot("ledger", "verify").exit_code == 0


def test_a_rulebook_version_is_rolled_back(desk: Path) -> None:
    """By the first digits of its version, as everybody knows it."""
    version = json.loads(docketbot("show", "REF-1", "--json").stdout)["rulebook"]["version"]
    found = docketbot("rollback", "--since", "2026-03-04", "--rulebook", version[:6], "--only", "REF-1", "--json")
    assert [one["key"] for one in json.loads(found.stdout)] == ["REF-1"]
    assert docketbot("rollback", "--since", "2026-03-04", "--rulebook", "ffff").exit_code == 1
    assert docketbot("rollback", "--since", "soon", "--rulebook", version).exit_code == 2
    assert docketbot("rollback", "--since", "2026-03-04").exit_code == 2
