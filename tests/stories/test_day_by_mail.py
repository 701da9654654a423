"""A day of Olu, who has no Slack, and of an office that has none: all is done by mail, and only by who they are."""

from __future__ import annotations

from base64 import b64encode
from email.utils import format_datetime
from hashlib import sha256
from pathlib import Path

import pytest

from bot.demo import example
from bot.sandbox.clock import HandClock
from bot.sandbox.town import Town
from rules.book.load import load
from storage import evidence, ledger
from tests.dovecot import Dovecot
from tests.stories.harbor import MORNING
from tests.stories.post_office import CUSTOMER, Letter, Post, mail, post

pytestmark = pytest.mark.usefixtures("quick_mail", "unpaced")
REQUEST = "Please refund ORD-48213, $450, I was charged twice."
OLU, LEE, SAM = (f"{name}@harbor.example" for name in ("olu", "lee", "sam"))
YES = "approve DOUBLE_CHARGE because the payment log shows that the card was\ncharged twice on March 3."
RECEIPT = b"%PDF-1.7 paid"
VOUCHED = "mx.harbor.example; dmarc=pass header.from=harbor.example"


def olus_day() -> str:
    """The example, with Olu for what is over the limit, for payments, and for the morning's digest."""
    text = example().replace("morning: {to: [maria, lee]", "morning: {to: [olu]")
    seats = "owner: {}\n        backup: {}\n        respond_within: 2 business hours"
    text = text.replace(seats.format("lee", "maria"), seats.format("olu", "lee"))
    return text.replace("      - name: payment\n        owner: finn", "      - name: payment\n        owner: olu")


def with_file(text: str, name: str, data: bytes, answers: Letter) -> bytes:
    body = (
        f"--b\nContent-Type: text/plain; charset=utf-8\n\n{text}\n"
        f'--b\nContent-Type: application/pdf\nContent-Disposition: attachment; filename="{name}"\n'
        f"Content-Transfer-Encoding: base64\n\n{b64encode(data).decode()}\n--b--\n"
    )
    return mail(body, sender=f"Olu <{OLU}>", answers=answers, Content_Type="multipart/mixed; boundary=b")


async def test_olu_asks_answers_is_reminded_decides_hands_over_and_closes_with_proof_by_mail_alone(
    tmp_path: Path, dovecot: Dovecot
) -> None:
    text = olus_day()
    with_slack = Town(load(text), HandClock(MORNING, running=False))
    folder = "INBOX?authserv=mx.harbor.example"
    async with with_slack as town, post(tmp_path, dovecot, text=text, slack=town, mailbox=folder) as office:

        async def olu(words: str, to: Letter | None) -> None:
            quoted = f"{words}\n\nOlu\n\n> what stood there before" if to else words
            await office.arrives(mail(quoted, sender=f"Olu Bright <{OLU}>", answers=to))

        # Olu asks, and answers what is missing.
        await olu("Please refund ORD-48214.", None)
        assert office.last(OLU).subject == "How much should go back? [REF-1]"
        await olu("$45", office.last(OLU))
        assert (await office.item("REF-1")).fields["amount"] == "45.00 USD"

        # Olu is asked for a decision, is reminded, asks the customer, and decides.
        await office.arrives(mail(REQUEST))
        assert office.last(OLU).subject == "Decide by 12:00: refund 450 USD, ORD-48213 [REF-2]"
        await office.pushes(hours=1)
        reminder = office.last(OLU)
        assert reminder.subject.startswith("Reminder, decide by 12:00: ")
        await olu("Ask which card was it?", reminder)
        assert "which card was it?" in office.last().text
        assert "approve DOUBLE_CHARGE because ..." in office.last(OLU).text, "the answer can be answered"
        await office.arrives(mail("The blue one.", answers=office.last()))
        await olu(YES, office.last(OLU))
        (decided,) = (await office.item("REF-2")).exceptions
        assert decided.decision is not None
        assert (decided.decision.by, decided.decision.via) == ("olu", "mail")
        assert decided.decision.rationale == "the payment log shows that the card was charged twice on March 3."
        receipt = office.last(OLU)
        assert receipt.subject == "You approved: refund 450 USD, ORD-48213 [REF-2]"
        assert "this wasn't me" in receipt.text

        # Another decision is handed to Lee, who reads it in Slack.
        await office.arrives(mail(REQUEST.replace("48213", "48299"), sender="bo@shop.example"))
        await olu("assign @lee because he knows this customer", office.last(OLU))
        assert (await office.item("REF-3")).exceptions[0].owner == "lee"
        assert any("REF-3" in str(message) for message in town.slack.inbox("lee"))
        vouched = {"Authentication_Results": VOUCHED, "Date": format_datetime(office.clock())}
        await office.arrives(mail("reject REF-3 NO_PROOF: one capture", sender=LEE, **vouched))
        assert (await office.item("REF-3")).outcome == "rejected"
        assert "this wasn't me" in office.last(LEE).text, "who has Slack and wrote a mail goes on by mail"

        # The payment is Olu's; it closes with the receipt that the bank sent.
        await office.ticks_all("dana", "REF-2")
        await office.does("dana", "next", "REF-2")
        handed = office.last(OLU)
        assert handed.subject == "Yours now: refund 450 USD, ORD-48213 [REF-2]"
        await olu("ack", handed)
        await olu("tick 1", office.last(OLU))
        await olu("tick 2", office.last(OLU))
        await olu("close", office.last(OLU))
        assert "can't close without proof: receipt" in office.last(OLU).text
        await office.arrives(with_file("evidence receipt", "bank.pdf", RECEIPT, office.last(OLU)))
        (proof,) = (await office.item("REF-2")).evidence
        assert (proof.kind, proof.value, proof.sha256) == ("receipt", "bank.pdf", sha256(RECEIPT).hexdigest())
        kept = await office.store.read(lambda conn: evidence.load(conn, "main", proof.sha256))
        assert kept is not None
        assert kept.data == RECEIPT
        await olu("Close.", office.last(OLU))
        assert (await office.item("REF-2")).outcome == "done"
        assert office.last().subject.startswith("Done: ")

        # The next morning's digest, and a question to it.
        await office.pushes(hours=22)
        digest = next(letter for letter in office.peer.to(OLU) if letter.mail["Precedence"] == "bulk")
        assert digest.subject.startswith("Harbor Supply, Thursday Mar 5: ")
        await olu("show REF-3", None)
        assert office.last(OLU).subject == "You asked: show [REF-3]"
        assert "Lee Park" in office.last(OLU).text
        assert await office.keys() == ["BOOK-1", "REF-1", "REF-2", "REF-3"], "no question and no command became an item"


def forged(words: str, answers: Letter | None, *, sender: str = f"Lee Park <{LEE}>", **headers: str) -> bytes:
    return mail(words, sender=sender, answers=answers, **headers)


async def test_who_writes_in_lees_name_decides_nothing_and_lee_hears_of_it(tmp_path: Path, dovecot: Dovecot) -> None:
    """An office without Slack whose inbox names the receiver that checks senders."""
    users = {"refunds": dovecot.new_user(), "concerns": dovecot.new_user()}
    async with post(tmp_path, dovecot, users=users, mailbox="INBOX?authserv=mx.harbor.example") as office:
        await office.arrives(mail(REQUEST))
        letter = office.last(LEE)
        plain_address = {"To": "refunds@harbor.example"}
        passes = "mx.harbor.example; dmarc=pass header.from=harbor.example"
        fails = passes.replace("pass", "fail")

        async def refused(raw: bytes) -> None:
            before = len(await refusals(office))
            await office.arrives(raw)
            assert (await office.item("REF-1")).exceptions[0].state == "open"
            assert len(await refusals(office)) == before + 1

        await refused(forged(YES, letter, **plain_address))
        await refused(
            b"Received: from evil by mx.harbor.example\r\n"
            + forged(YES, letter, **plain_address, Authentication_Results=passes)
        )
        await refused(
            forged(
                YES,
                letter,
                **plain_address,
                Authentication_Results="mx.evil.example; dmarc=pass header.from=harbor.example",
            )
        )
        await refused(forged(YES, letter, Authentication_Results=fails))
        await refused(forged(YES, letter, sender="Lee Park <lee@harb0r.example>"))
        await refused(forged(YES, letter, sender=f'"{LEE}" <mallory@evil.example>'))
        await refused(b"From: mallory@evil.example\r\n" + forged(YES, letter))
        await refused(forged(YES, letter, sender=f"Lee <{LEE}>, Mallory <mallory@evil.example>"))
        await refused(forged(YES, office.last("dana@harbor.example")))
        assert await refusals(office) == ["no_token"] * 3 + ["failed"] + ["stranger"] * 4 + ["other_person"]
        warnings = [one for one in office.peer.to(LEE) if one.subject.startswith("Nothing changed: ")]
        assert len(warnings) >= 5
        assert not office.peer.to("mallory@evil.example")
        assert not office.peer.to("lee@harb0r.example")

        # A replayed token: it was used up by an answer that decided nothing; then the first decision stands.
        await office.arrives(forged("Hm, let me look.", letter))
        await refused(forged(YES, letter))
        assert (await refusals(office))[-1] == "spent"
        letter = office.last(LEE)
        await office.arrives(forged(YES, letter))
        assert (await office.item("REF-1")).exceptions[0].state == "approved"
        await office.arrives(forged(YES.replace("approve DOUBLE_CHARGE", "reject NO_PROOF"), letter))
        assert (await office.item("REF-1")).exceptions[0].state == "approved"


async def test_a_receivers_word_is_enough_and_this_wasnt_me_takes_it_back(tmp_path: Path, dovecot: Dovecot) -> None:
    users = {"refunds": dovecot.new_user(), "concerns": dovecot.new_user()}
    async with post(tmp_path, dovecot, users=users, mailbox="INBOX?authserv=mx.harbor.example") as office:
        await office.arrives(mail(REQUEST))
        aligned = {"Authentication_Results": "mx.harbor.example; dmarc=pass header.from=harbor.example"}
        await office.arrives(mail(YES.replace("approve", "approve REF-1"), sender=f"Lee <{LEE}>", **aligned))
        assert (await office.item("REF-1")).exceptions[0].state == "approved"
        await office.arrives(mail("This wasn\u2019t me.", sender=f"Lee <{LEE}>", answers=office.last(LEE)))
        first, second = (await office.item("REF-1")).exceptions
        assert (first.state, second.state, second.owner) == ("void", "open", "maria")
        assert "is void" in office.last(LEE).text
        assert office.last("dana@harbor.example").subject == "Void: the approval of refund 450 USD, ORD-48213 [REF-1]"
        asked = office.last("maria@harbor.example")
        assert "says that the decision was not theirs" in asked.text
        assert "Lee Park says that a decision on REF-1" in office.last(SAM).text
        await office.arrives(mail("reject NO_PROOF because one capture", sender="maria@harbor.example", answers=asked))
        assert office.last().subject.startswith("Rejected: ")
        assert "one capture" not in office.last(CUSTOMER).text


async def refusals(office: Post) -> list[str]:
    entries = await office.store.read(lambda conn: ledger.of_item(conn, "main", "REF-1"))
    return [str(one.entry.facts["why"]) for one in entries if one.entry.kind == "refused"]
