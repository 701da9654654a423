"""What is held: seen by whom it concerns, let go or dropped by a person with a reason, once, and on record."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

import rules.intake
from bot.answering import homes
from bot.digest_command import occasion_for, printed
from bot.verifying import verified
from rules.commands import Parsed, parse
from rules.quarantine import short
from storage import evidence, inbox, ledger
from tests.command_line import at_home, docketbot
from tests.stories.harbor import harbor
from tests.stories.mailroom import ADDRESSES, Mailroom, mailroom, said
from tests.stories.post_office import CUSTOMER, mail

REQUEST = "Please refund ORD-48213, I was charged twice. $45"


def with_a_program(name: str = "invoice.pdf.exe", **headers: str) -> bytes:
    part = f"--b\nContent-Type: application/pdf; name={name}\nContent-Disposition: attachment\n\nMZ runs\n"
    body = f"--b\nContent-Type: text/plain\n\n{REQUEST}\n{part}--b--\n"
    return mail(body, Content_Type="multipart/mixed; boundary=b", **headers)


async def held(office: Mailroom) -> list[inbox.Held]:
    return await office.store.read(lambda conn: inbox.quarantined(conn, "main"))


async def entries(office: Mailroom, key: str) -> list[tuple[str, str, str, str]]:
    """Kind, who, by which way, and why, of an item's entries."""
    found = await office.store.read(lambda conn: ledger.of_item(conn, "main", key))
    return [(o.entry.kind, o.entry.by, o.entry.via, o.entry.texts.get("because", "")) for o in found]


async def test_a_mail_with_a_program_waits_for_the_operator_and_is_taken_when_let_go(tmp_path: Path) -> None:
    async with mailroom(tmp_path) as office:
        raw = with_a_program(subject="Your invoice")
        await office.arrives(raw)
        assert await office.keys(ours=True) == ["BOT-1"]
        assert office.peer.to(CUSTOMER) == []
        assert "A program is attached" in office.last("sam@harbor.example").text
        (one,) = await held(office)
        listed = await office.asks("sam", "quarantine")
        for word in ("1 is held", short(one.outside_id), CUSTOMER, "Your invoice", "refunds", "A program is attached"):
            assert word in listed
        assert "charged twice" not in listed, "headers, not the body"
        assert "Your invoice" not in await office.asks("dana", "quarantine")

        asked: dict[str, Any] = {"name": "release", "code": short(one.outside_id)}
        assert (await office.does("dana", "quarantine", words="mine", **asked)).refused
        assert "Say why" in said(await office.does("sam", "quarantine", **asked))
        assert await office.keys() == []
        reply = await office.does("sam", "quarantine", words="Rita's scanner names its files so.", **asked)
        assert not reply.refused
        item = await office.item("REF-1")
        assert (item.requester, item.fields["amount"]) == (CUSTOMER, "45.00 USD")
        assert office.last().subject.startswith("Received: ")
        (opened, *_) = await office.store.read(lambda conn: ledger.of_item(conn, "main", "REF-1"))
        kept = await office.store.read(
            lambda conn: evidence.load(conn, "main", opened.entry.facts["files"][0]["sha256"])
        )
        assert kept is not None
        assert kept.data.strip() == b"MZ runs"

        why = "Rita's scanner names its files so."
        assert ("released", "sam", "slack", why) in await entries(office, "BOT-1")
        assert (await office.item("BOT-1")).state == "closed", "nothing is held any more"
        assert (await office.does("sam", "quarantine", words="again", **asked)).refused
        assert (await office.arrives(raw)).repeat
        assert await office.keys() == ["REF-1"], "it was taken once"
        assert (await verified(office.store, "main", print))[1] == []


async def test_what_is_dropped_leads_to_nothing_and_stays_as_it_came(tmp_path: Path) -> None:
    async with mailroom(tmp_path) as office:
        for number in range(2):
            await office.arrives(with_a_program(subject=f"Invoice {number}"))
        first, second = await held(office)
        assert (await office.item("BOT-1")).exceptions[0].count == 2, "one failure for one cause"
        dropping: dict[str, Any] = {"name": "drop", "words": "Spam."}
        await office.does("sam", "quarantine", code=first.outside_id, **dropping)
        assert (await office.item("BOT-1")).state == "blocked", "one more waits"
        await office.does("sam", "quarantine", code=short(second.outside_id), **dropping)
        assert (await office.item("BOT-1")).state == "closed"
        assert await office.keys() == []
        assert await held(office) == []
        raw = await office.store.read(lambda conn: inbox.raw(conn, "main", first.outside_id))
        assert raw is not None
        assert b"Invoice 0" in raw
        assert "Nothing is held" in await office.asks("sam", "quarantine")


FORGED = "Authentication-Results: mx.here; dmarc=fail header.from=harbor.example\r\nReceived: by mx.here; now\r\n"


@pytest.mark.parametrize("suspect", ["a colleague who is none", "more parts than any mail has", "nested too deep"])
async def test_what_else_looks_hostile_is_held_with_its_reason(tmp_path: Path, suspect: str) -> None:
    parts = "".join(f"--b\nContent-Type: text/plain\n\n{n}\n" for n in range(600))
    nested = "".join(f"Content-Type: multipart/mixed; boundary=b{n}\n\n--b{n}\n" for n in range(40))
    mixed: dict[str, Any] = {"Content_Type": "multipart/mixed; boundary=b"}
    raw, why = {
        "a colleague who is none": (FORGED.encode() + mail(REQUEST, sender="lee@harbor.example"), "from Lee Park, and"),
        "more parts than any mail has": (mail(f"{parts}--b--\n", **mixed), "built to break its readers"),
        "nested too deep": (mail(f"--b\n{nested}Content-Type: text/plain\n\nx\n", **mixed), "built to break"),
    }[suspect]
    async with mailroom(tmp_path) as office:
        await office.arrives(raw)
        await office.arrives(mail("Refund ORD-50000, $5.", sender="tom@shop.example"))
        assert await office.keys() == ["REF-1"], "what comes behind it is taken"
        assert why in await office.asks("sam", "quarantine")


async def test_a_colleague_may_send_a_script_and_a_bounce_may_give_one_back(tmp_path: Path) -> None:
    async with mailroom(tmp_path) as office:
        await office.arrives(with_a_program("mend.ps1", sender="Lee <lee@harbor.example>"))
        await office.arrives(with_a_program("x.exe", Auto_Submitted="auto-replied"))
        assert await office.keys() == ["REF-1"]
        assert await held(office) == []


async def test_what_can_not_be_read_can_only_be_dropped(tmp_path: Path) -> None:
    async with mailroom(tmp_path) as office:
        await office.arrives(b"\r\n\r\n")
        (one,) = await held(office)
        assert "It is empty." in await office.asks("sam", "quarantine")
        asked: dict[str, Any] = {"code": short(one.outside_id), "words": "Let us see."}
        assert "still can't be read" in said(await office.does("sam", "quarantine", name="release", **asked))
        assert not (await office.does("sam", "quarantine", name="drop", **asked)).refused
        assert (await office.item("BOT-1")).state == "closed"


async def test_what_a_fault_of_ours_kept_out_is_taken_once_it_is_mended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with mailroom(tmp_path) as office:
        with monkeypatch.context() as broken:
            broken.setattr(rules.intake, "title_of", lambda _text: 1 / 0)
            taken = await office.arrives(mail(REQUEST))
        assert taken.ignored == "quarantined"
        (one,) = await held(office)
        assert (one.item, one.reason) == ("BOT-1", "ZeroDivisionError in the rules")
        reply = await office.does("sam", "quarantine", name="release", code=short(one.outside_id), words="Mended.")
        assert not reply.refused
        assert (await office.item("REF-1")).fields["order"] == "ORD-48213"


async def test_what_a_private_inbox_holds_is_its_owners_alone(tmp_path: Path) -> None:
    async with mailroom(tmp_path) as office:
        await office.arrives(with_a_program(subject="About Dana", To="concerns@harbor.example"), "concerns")
        (one,) = await held(office)
        assert one.item == "CON-1"
        assert "Nothing is held" in await office.asks("sam", "quarantine")
        assert "About Dana" in await office.asks("maria", "quarantine")
        heard = " ".join(letter.text + letter.subject for letter in office.peer.to("sam@harbor.example"))
        assert "About Dana" not in heard
        assert CUSTOMER not in heard
        asked: dict[str, Any] = {"name": "release", "code": short(one.outside_id), "words": "I know the sender."}
        assert (await office.does("sam", "quarantine", **asked)).refused
        assert not (await office.does("maria", "quarantine", **asked)).refused
        assert (await office.item("CON-2")).requester == CUSTOMER
        assert ("released", "maria", "slack", "I know the sender.") in await entries(office, "CON-1")


async def test_the_digest_and_the_operators_home_say_what_is_held(tmp_path: Path) -> None:
    async with mailroom(tmp_path) as office:
        for number in range(3):
            await office.arrives(with_a_program(subject=f"Invoice {number}"))
        await office.arrives(with_a_program(subject="About Dana"), "concerns")
        book, now = office.bot.books.current, office.clock()
        occasion = occasion_for(book.digests["morning"], "maria", book, now, None)
        digest = await printed(office.store, office.bot.books, occasion, "text", now)
        assert "3 mails are held" in digest
        sam, dana = await office.store.read(lambda conn: homes(conn, office.bot.books, ["sam", "dana"], now))
        (section,) = [s for s in sam.sections if s.heading.startswith("Held")]
        assert len(section.rows) == 3
        assert "About Dana" not in str(section)
        assert not [s for s in dana.sections if s.heading.startswith("Held")]


def test_it_can_be_typed() -> None:
    typed = "quarantine Release 3F2a because Rita's scanner names its files so."
    assert parse(typed) == Parsed(
        verb="quarantine", name="release", code="3F2a", words="Rita's scanner names its files so."
    )
    assert parse("quarantine") == Parsed(verb="quarantine")


# At the command line.


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder in which a bot has held two mails of a customer and a private one."""
    at_home(tmp_path, monkeypatch)
    monkeypatch.setenv("DOCKET_MAIL_FROM", "refunds@harbor.example")
    for address, name in ADDRESSES.items():
        monkeypatch.setenv(f"DOCKET_INBOX_{name.upper()}", f"imap://{address.replace('@', '%40')}:x@127.0.0.1:1/INBOX")

    async def work() -> None:
        async with mailroom(tmp_path) as office:
            await office.arrives(with_a_program(subject="\x1b[31mYour invoice"))
            await office.arrives(with_a_program(subject="Our offer"))
            await office.arrives(with_a_program(subject="About Dana"), "concerns")

    asyncio.run(work())
    return tmp_path


def test_the_command_line_lists_shows_and_judges_what_is_held(desk: Path) -> None:
    listed = docketbot("quarantine")
    assert listed.exit_code == 0
    assert "Your invoice" in listed.stdout
    assert "\x1b" not in listed.stdout
    assert "About Dana" not in listed.stdout
    assert "1 thing that is held may be private" in listed.stderr
    assert "About Dana" in docketbot("quarantine", "--private").stdout
    rows = json.loads(docketbot("quarantine", "--json").stdout)
    assert [set(row) for row in rows] == [
        {"id", "at", "kind", "inbox", "from", "subject", "reason", "size", "item"}
    ] * 2
    first, second = (short(row["id"]) for row in rows)

    shown = docketbot("quarantine", "show", first)
    assert f"From:       Rita Long <{CUSTOMER}>" in shown.stdout
    assert "invoice.pdf.exe (application/pdf, 7 bytes)" in shown.stdout
    assert "charged twice" not in shown.stdout
    assert "charged twice" in docketbot("quarantine", "show", first, "--body").stdout

    released = docketbot("quarantine", "release", first, "--because", "We know her.")
    assert (released.exit_code, released.stdout) == (0, "")
    assert "(taken: REF-1)" in released.stderr
    assert docketbot("quarantine", "release", first, "--because", "Twice.").exit_code == 1
    dropped = docketbot("quarantine", "drop", second, "--because", "Spam.", "--by", "sam")
    assert dropped.exit_code == 0
    assert docketbot("quarantine", "--json").stdout == "[]\n"
    record = docketbot("ledger", "export").stdout
    assert [json.loads(line)["data"].get("because") for line in record.splitlines() if '"released"' in line] == [
        "We know her."
    ]
    assert docketbot("ledger", "verify").exit_code == 0


def test_wrong_use_of_the_command_is_told_with_what_to_do(desk: Path) -> None:
    assert docketbot("quarantine", "show", "0000").exit_code == 1
    assert (
        "`nobody` is nobody of the rulebook"
        in docketbot("quarantine", "drop", "0000", "--because", "x", "--by", "nobody").stderr
    )
    assert docketbot("quarantine", "drop", "0000").exit_code == 2
    (private,) = [row for row in json.loads(docketbot("quarantine", "--json", "--private").stdout)
                  if row["inbox"] == "concerns"]  # fmt: skip
    assert docketbot("quarantine", "release", short(private["id"]), "--because", "x").exit_code == 1
    assert docketbot("quarantine", "release", short(private["id"]), "--because", "x", "--by", "maria").exit_code == 0
    for command in ("", "show", "release", "drop"):
        assert "Example:" in docketbot("quarantine", *command.split(), "--help").stdout


def test_show_lists_the_files_and_hands_them_out(desk: Path) -> None:
    first = short(json.loads(docketbot("quarantine", "--json").stdout)[0]["id"])
    docketbot("quarantine", "release", first, "--because", "We know her.")
    shown = docketbot("show", "REF-1", "--files", "out")
    assert "invoice.pdf.exe application/pdf, 1 kB" in shown.stdout
    assert "1 of 1 files written to out." in shown.stderr
    assert (desk / "out" / "invoice.pdf.exe").read_bytes().strip() == b"MZ runs"


async def test_it_is_typed_in_slack_and_let_go_there(tmp_path: Path) -> None:
    """The whole way: a mailbox, the operator's message in Slack, the list, the command, the item."""
    async with harbor(tmp_path) as office:
        slack = office.town.slack
        await office.town.mail.deliver("refunds", with_a_program(subject="Your invoice"))
        await office.until(lambda: any("A program is attached" in slack.words(m) for m in slack.inbox("sam")))
        await office.calm()

        async def types(line: str) -> str:
            before = len(slack.whispers("sam"))
            await slack.types("sam", line)
            await office.calm()
            return " ".join(slack.words(message) for message in slack.whispers("sam")[before:])

        listed = await types("/docket quarantine")
        assert "Your invoice" in listed
        (one,) = await office.store.read(lambda conn: inbox.quarantined(conn, "main"))
        assert "was let go" in await types(f"/docket quarantine release {short(one.outside_id)} because we know her")
        assert (await office.item("REF-1")).requester == CUSTOMER
        assert "Nothing is held" in await types("/docket quarantine")
