"""Never looping: machines that face each other, caps on what goes out and what comes in, and mail that comes back."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import rules.holding
import rules.loops
from bot.demo import example
from bot.verifying import verified
from rules.people import is_present
from tests.stories.mailroom import mailroom, said
from tests.stories.post_office import CUSTOMER, OURS, Letter, mail

REQUEST = "Please refund ORD-48213, I was charged twice."
Responder = Callable[[Letter, int], bytes]


def in_thread(letter: Letter, number: int) -> bytes:
    """An absence that nothing marks, with amounts in it."""
    return mail(f"I am away until March {number + 10}; call 555-0100. $20 or 30 EUR?", answers=letter)


def in_thread_and_silent(letter: Letter, number: int) -> bytes:
    return mail(f"Thank you, we got your mail ({number}).", answers=letter)


def with_its_own_subject(letter: Letter, number: int) -> bytes:
    """A help desk that opens a ticket for every mail, names none of ours, and writes another text each time."""
    ticket = f"T{number:04d}-{number * 7919}"
    return mail(f"Hello, we opened ticket {ticket} for you at {number}:15.", subject=f"Your ticket {ticket}")


def marked(**headers: str) -> Responder:
    return lambda letter, number: mail(f"$900 {number}", answers=letter, **headers)


RESPONDERS: dict[str, Responder] = {
    "in our thread, unmarked": in_thread,
    "in our thread, with nothing in it": in_thread_and_silent,
    "without a thread, unmarked": with_its_own_subject,
    "RFC 3834": marked(Auto_Submitted="auto-replied"),
    "Precedence": marked(Precedence="auto_reply"),
    "X-Autoreply": marked(X_Autoreply="yes"),
    "by its subject": marked(Subject="Automatische Antwort: How much should go back?"),
    "from nobody": marked(Return_Path="<>"),
}


@pytest.mark.parametrize("request_text", [REQUEST, f"{REQUEST} $45"], ids=["a question", "a receipt"])
@pytest.mark.parametrize("responder", RESPONDERS.values(), ids=RESPONDERS.keys())
async def test_a_day_of_two_machines_facing_each_other_ends_with_one_letter_of_ours(
    tmp_path: Path, responder: Responder, request_text: str
) -> None:
    """The other one answers everything within two seconds, for ever."""
    async with mailroom(tmp_path) as office:
        waiting: list[Letter] = []
        office.peer.answers = lambda letter: waiting.append(letter) if letter.to == CUSTOMER else None
        await office.arrives(mail(request_text))
        written = 0
        for _ in range(24):
            while waiting and written < 100:
                written += 1
                await office.arrives(responder(waiting.pop(0), written), seconds=2)
            await office.pushes(hours=1)
        assert len(office.peer.to(CUSTOMER)) == 1
        assert written == 1
        assert await office.keys() == ["REF-1"], "and what it wrote is no request"
        item = await office.item("REF-1")
        assert item.state != "waiting", "a person has it, and no machine is asked on and on"
        assert (await verified(office.store, "main", print))[1] == []


async def test_a_person_who_answers_late_and_unclearly_is_asked_again(tmp_path: Path) -> None:
    """What keeps machines quiet must not keep people from being helped."""
    async with mailroom(tmp_path) as office:
        await office.arrives(mail(REQUEST))
        await office.arrives(mail("Twenty or thirty dollars, $20 or $30?", answers=office.last()))
        assert len(office.peer.to(CUSTOMER)) == 2
        await office.arrives(mail("$20", answers=office.last()), seconds=5)
        assert (await office.item("REF-1")).fields["amount"] == "20.00 USD", "however fast, what can be read counts"


async def test_one_address_gets_so_many_automatic_answers_within_an_hour_and_a_day(tmp_path: Path) -> None:
    async with mailroom(tmp_path) as office:
        for number in range(5):
            await office.arrives(mail(f"Refund for ORD-1000{number}, $1{number}."))
        await office.arrives(mail("Refund for ORD-10005."))
        assert len(office.peer.to(CUSTOMER)) == rules.loops.ANSWERS_AN_HOUR == 5
        unasked = await office.item("REF-6")
        assert unasked.exceptions[0].code == "MISSING_DETAILS"
        assert unasked.exceptions[0].because.startswith(f"{CUSTOMER} was sent 5 automatic answers within an hour")
        await office.arrives(mail("Refund for ORD-20000.", sender="Tom <tom@shop.example>"))
        assert len(office.peer.to("tom@shop.example")) == 1, "others are answered"
        for hour in range(1, 5):
            await office.pushes(hours=1)
            for number in range(5):
                await office.arrives(mail(f"Refund for ORD-3{hour}00{number}, $1{number}."))
        assert len(office.peer.to(CUSTOMER)) == rules.loops.ANSWERS_A_DAY == 20


async def test_too_many_answers_to_everybody_stop_and_the_operator_hears_of_it_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rules.loops, "ALL_ANSWERS_AN_HOUR", 3)
    async with mailroom(tmp_path) as office:
        for number in range(5):
            await office.arrives(mail(f"Refund for ORD-1000{number}.", sender=f"r{number}@shop.example"))
        assert [bool(office.peer.to(f"r{number}@shop.example")) for number in range(5)] == [True] * 3 + [False] * 2
        alarm = await office.item("BOT-1")
        assert [(t.code, t.count, t.owner) for t in alarm.exceptions] == [("HELD", 1, "sam")]
        await office.pushes(hours=1)
        await office.arrives(mail("Refund for ORD-20000.", sender="late@shop.example"))
        assert office.peer.to("late@shop.example")


async def test_mail_of_one_sender_that_opens_too_many_items_is_held_and_the_rest_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rules.loops, "OPENED_AN_HOUR", 3)
    monkeypatch.setattr(rules.holding, "OPENED_AN_HOUR", 3)
    async with mailroom(tmp_path) as office:
        first = mail("Refund for ORD-10000, $10.")
        await office.arrives(first)
        for number in range(1, 6):
            await office.arrives(mail(f"Refund for ORD-1000{number}, $1{number}."))
        assert await office.keys() == ["REF-1", "REF-2", "REF-3"]
        held = await office.item("BOT-1")
        assert (held.exceptions[0].code, held.exceptions[0].count) == ("HELD", 3)
        assert "opened 3 items by mail within the hour" in held.fields["what"]
        assert "3 are held" in await office.asks("sam", "quarantine")
        await office.arrives(mail("And hurry.", answers=office.last()))
        await office.arrives(mail("Refund for ORD-20000, $20.", sender="tom@shop.example"))
        assert await office.keys() == ["REF-1", "REF-2", "REF-3", "REF-4"]
        await office.pushes(hours=1)
        await office.arrives(mail("Refund for ORD-30000, $30."))
        assert "REF-5" in await office.keys()


async def test_our_own_mail_that_comes_back_is_nothing_new(tmp_path: Path) -> None:
    """By its Message-ID, by X-Loop, or from our own address; and no inbox of ours is ever answered."""
    async with mailroom(tmp_path) as office:
        await office.arrives(mail(REQUEST))
        letters = len(office.peer.letters)
        for raw in (
            office.last().raw,
            b"Received: by a.forwarder.example; Wed, 04 Mar 2026 10:00:00 -0600\r\n" + office.last().raw,
            mail("Loop", sender="robot@shop.example", X_Loop=OURS),
            mail("From us", sender=OURS),
        ):
            await office.arrives(raw)
        assert await office.keys(ours=True) == ["REF-1"]
        await office.arrives(mail("Refund ORD-50000, $5.", sender="Desk <concerns@harbor.example>"))
        assert await office.keys() == ["REF-1", "REF-2"]
        assert len([letter for letter in office.peer.letters[letters:] if "concerns" in letter.to]) == 0


def test_the_page_names_the_caps_that_hold() -> None:
    page = " ".join((Path(__file__).parents[2] / "docs" / "email.md").read_text("utf-8").split())
    loops = rules.loops
    assert f"{loops.ANSWERS_AN_HOUR} an hour and {loops.ANSWERS_A_DAY} a day for one address" in page
    assert f"{loops.ALL_ANSWERS_AN_HOUR} an hour for everybody" in page
    assert f"within {loops.FASTER_THAN_A_PERSON.seconds} seconds" in page
    assert f"opens {loops.OPENED_AN_HOUR} items an hour" in page


# Mail of ours that comes back.


def bounce(letter: Letter, *, to: str = "", status: str = "5.1.1", action: str = "failed", **headers: str) -> bytes:
    """RFC 3464, as Postfix writes it, with the headers of the mail that is given back."""
    body = (
        "--b\nContent-Type: text/plain\n\nI'm sorry, your message could not be delivered.\n"
        "--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.shop.example\n\n"
        f"Final-Recipient: rfc822; {to or letter.to}\nAction: {action}\nStatus: {status}\n\n"
        f"--b\nContent-Type: text/rfc822-headers\n\n{headers.pop('given_back', f'Message-ID: {letter.id}')}\n--b--\n"
    )
    return mail(
        body, sender="MAILER-DAEMON@mx.shop.example", subject="Undelivered Mail Returned to Sender",
        Return_Path="<>", Content_Type="multipart/report; report-type=delivery-status; boundary=b", **headers,
    )  # fmt: skip


async def test_an_address_that_refuses_mail_is_told_to_the_owner_and_gets_no_more(tmp_path: Path) -> None:
    async with mailroom(tmp_path) as office:
        await office.arrives(mail(f"{REQUEST} $45", sender=f"Rita Long <{CUSTOMER}>"))
        receipt = office.last()
        for _ in range(2):
            await office.arrives(bounce(receipt))
        item = await office.item("REF-1")
        assert (item.state, item.bounced) == ("open", "5.1.1")
        told = [one for one in office.peer.to("dana@harbor.example") if one.subject.startswith("Not reached")]
        assert len(told) == 1
        assert f"Mail to {CUSTOMER} comes back: the address refuses it (5.1.1)." in told[0].text
        failure = await office.item("BOT-1")
        assert (failure.exceptions[0].code, failure.exceptions[0].count) == ("UNDELIVERABLE", 2)
        assert failure.fields["what"].startswith(f"{CUSTOMER} was not reached by mail about REF-1: the address refuses")
        await office.finishes("REF-1")
        assert office.peer.to(CUSTOMER) == [receipt], "not even that it is done"
        # a bounce never opens anything again; who writes from there reads there again
        await office.arrives(bounce(receipt))
        assert (await office.item("REF-1")).state == "closed"
        await office.arrives(mail("The money never came, ORD-48213!", answers=receipt))
        assert (await office.item("REF-1")).state == "open"
        for step in ("1", "2"):
            await office.does("finn", "tick", "REF-1", name=step)
        await office.does("finn", "close", "REF-1")
        assert office.last().subject.startswith("Done: ")
        assert (await verified(office.store, "main", print))[1] == []


FOUND: dict[str, Callable[[Letter], bytes]] = {
    "in its own words": lambda letter: mail(
        f"Hi. This is the qmail-send program.\n\n<{letter.to}>:\nSorry, no mailbox here by that name.\n\n"
        f"--- Below this line is a copy of the message.\n\nMessage-ID: {letter.id}\n",
        sender="MAILER-DAEMON@mx.shop.example", subject="failure notice", Return_Path="<>",
    ),
    "by the token, where a relay changed the id": lambda letter: bounce(
        letter, given_back=f"Message-ID: <0100@email.amazonses.com>\nReply-To: {letter.mail['Reply-To']}"
    ),
    "by the token that it was sent to": lambda letter: bounce(
        letter, given_back="Subject: How much?", To=str(letter.mail["Reply-To"].addresses[0].addr_spec)
    ),
}  # fmt: skip


@pytest.mark.parametrize("how", FOUND)
async def test_a_bounce_is_known_by_whatever_it_keeps_of_our_letter(tmp_path: Path, how: str) -> None:
    async with mailroom(tmp_path) as office:
        await office.arrives(mail(REQUEST))
        await office.arrives(FOUND[how](office.last()))
        assert (await office.item("REF-1")).bounced.startswith("5.1.")


FORGED: dict[str, Callable[[Letter], bytes]] = {
    "names somebody else's address": lambda letter: bounce(letter, to="lee@harbor.example"),
    "names no letter of ours": lambda letter: bounce(letter, given_back="Message-ID: <x@shop.example>"),
    "invents an id of our form": lambda letter: bounce(
        letter, to="lee@harbor.example", given_back=f"Message-ID: <docket.{'1' * 36}@harbor.example>"
    ),
    "invents a token": lambda letter: bounce(
        letter, to="lee@harbor.example", given_back="X: y", To=f"refunds+{'a' * 42}@harbor.example"
    ),
}  # fmt: skip


@pytest.mark.parametrize("trick", FORGED)
async def test_a_forged_bounce_silences_nobody(tmp_path: Path, trick: str) -> None:
    async with mailroom(tmp_path) as office:
        await office.arrives(mail(REQUEST))
        await office.arrives(FORGED[trick](office.last()))
        assert await office.keys(ours=True) == ["REF-1"]
        assert (await office.item("REF-1")).bounced == ""
        await office.arrives(mail("It was 450 USD.", answers=office.last()))
        assert office.last("lee@harbor.example").subject.startswith("Decide by ")


async def test_a_bounce_of_an_old_letter_is_believed_no_more(tmp_path: Path) -> None:
    """Its id has gone through many hands since."""
    async with mailroom(tmp_path) as office:
        await office.arrives(mail(f"{REQUEST} $45"))
        receipt = office.last()
        await office.pushes(days=11)
        await office.arrives(bounce(receipt))
        assert (await office.item("REF-1")).bounced == ""


async def test_a_letter_that_is_only_late_or_too_large_silences_nobody(tmp_path: Path) -> None:
    async with mailroom(tmp_path) as office:
        await office.arrives(mail(REQUEST))
        question, touched_at = office.last(), (await office.item("REF-1")).touched_at
        await office.arrives(bounce(question, status="4.4.1", action="delayed"))
        await office.arrives(bounce(question, status="4.7.1", action=""))
        assert await office.keys(ours=True) == ["REF-1"], "noted with the item and nowhere else"
        await office.arrives(bounce(question, status="5.2.2"))
        assert await office.keys(ours=True) == ["BOT-1", "REF-1"], "that letter is lost, which somebody must know"
        item = await office.item("REF-1")
        assert (item.bounced, item.state, item.fields.get("amount")) == ("", "waiting", None)
        assert item.touched_at == touched_at, "and it is no sign of life"
        assert (await office.kinds("REF-1")).count("attached") == 3


async def test_whoever_decides_and_can_not_be_mailed_is_passed_over(tmp_path: Path) -> None:
    """Lee's mail server refuses the decision card: the next on the ladder has it at once, and Sam knows why."""
    async with mailroom(tmp_path) as office:
        await office.arrives(mail(f"{REQUEST} $450"))
        await office.arrives(bounce(office.last("lee@harbor.example")))
        await office.pushes(seconds=1)
        book = office.bot.books
        present = await office.store.read(lambda conn: book.present(conn, office.clock()))
        assert not is_present(present, "lee", office.clock())
        (trouble,) = (await office.item("REF-1")).open_trouble()
        assert trouble.owner == "maria"
        assert "REF-1" in office.last("maria@harbor.example").subject
        assert "Lee Park can't be reached" in (await office.item("BOT-1")).fields["what"]
        await office.arrives(mail("My mailbox works again.", sender="Lee <lee@harbor.example>"))
        assert (await office.item("BOT-1")).state == "closed", "who writes from there reads there"
        present = await office.store.read(lambda conn: book.present(conn, office.clock()))
        assert is_present(present, "lee", office.clock())


async def test_an_address_that_is_refused_while_we_hand_the_letter_over_has_the_same_consequences(
    tmp_path: Path,
) -> None:
    """Some servers know their people while SMTP is spoken, and send no bounce."""
    unknown = {CUSTOMER: "550 5.1.1 no such user", "tom@shop.example": "550 5.7.1 relay access denied"}

    async def handle_rcpt(_server: Any, _session: Any, envelope: Any, address: str, _options: Any) -> str:
        if address not in unknown:
            envelope.rcpt_tos.append(address)
        return unknown.get(address, "250 OK")

    async with mailroom(tmp_path) as office:
        office.peer.handle_RCPT = handle_rcpt  # type: ignore[attr-defined]  # a hook of aiosmtpd's
        await office.arrives(mail(f"{REQUEST} $45"))
        assert (await office.item("REF-1")).bounced == "5.1.1"
        assert office.last("dana@harbor.example").subject.startswith("Not reached by mail: ")
        assert (await office.item("BOT-1")).exceptions[0].code == "UNDELIVERABLE"
        await office.arrives(mail("Refund ORD-50000, $5.", sender="tom@shop.example"))
        assert (await office.item("REF-2")).bounced == "", "that may be our own server's fault"
        unknown["lee@harbor.example"] = "550 5.1.1 no such user"
        await office.arrives(mail("Refund ORD-60000, $900.", sender="una@shop.example"))
        await office.pushes(seconds=1)
        assert [t.owner for t in (await office.item("REF-3")).open_trouble()] == ["maria"]


async def test_a_bounce_of_a_private_letter_tells_the_operator_nothing_of_it(tmp_path: Path) -> None:
    async with mailroom(tmp_path) as office:
        await office.arrives(mail("I saw something wrong.", Message_ID="<a@shop.example>"), "concerns")
        await office.arrives(bounce(office.last()), "concerns")
        heard = " ".join(letter.text + letter.subject for letter in office.peer.to("sam@harbor.example"))
        assert "CON-1" not in heard
        assert CUSTOMER not in heard
        assert (await office.item("CON-1")).bounced == "5.1.1"


async def test_commands_by_mail_are_answered_within_the_caps(tmp_path: Path) -> None:
    """An absence of Lee's that nothing marks answers every answer of ours: it ends, too."""
    async with mailroom(tmp_path, text=example()) as office:
        waiting: list[Letter] = []
        office.peer.answers = lambda letter: waiting.append(letter) if letter.to == "lee@harbor.example" else None
        await office.arrives(mail(f"{REQUEST} $450"))
        written = 0
        while waiting and written < 40:
            written += 1
            letter = waiting.pop(0)
            raw = mail("approve or reject? I am away.", sender="lee@harbor.example", answers=letter)
            await office.arrives(raw, seconds=2)
        assert written <= 8, said(await office.does("sam", "quarantine", name="release", code="x", words="y"))
