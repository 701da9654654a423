"""A customer who has only mail: asked, answered, decided, closed; letters in one thread, each mail counted once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bot.demo import example
from storage import ledger
from tests.dovecot import Dovecot
from tests.stories.post_office import CUSTOMER, OURS, Letter, mail, post

pytestmark = pytest.mark.usefixtures("quick_mail")
REQUEST = "Please refund ORD-48213, I was charged twice."


def thread(letter: Letter) -> list[str]:
    return str(letter.mail["References"]).split()


async def test_a_customer_is_asked_answers_and_hears_how_it_ended(tmp_path: Path, dovecot: Dovecot) -> None:
    async with post(tmp_path, dovecot) as office:
        await office.arrives(mail(REQUEST, Message_ID="<first@shop.example>"))
        assert (await office.item("REF-1")).state == "waiting"
        question = office.last()
        assert question.subject == "How much should go back? [REF-1]"
        assert question.text.startswith("One thing is missing: How much should go back? Reply to this mail")
        assert question.mail["In-Reply-To"] == "<first@shop.example>"
        assert question.mail["Auto-Submitted"] == "auto-replied"
        assert (question.sender, str(question.mail["From"])) == (OURS, f"Harbor Supply <{OURS}>")

        await office.arrives(mail("450 USD", answers=question, Message_ID="<second@shop.example>"))
        assert (await office.item("REF-1")).fields["amount"] == "450.00 USD"
        assert office.last("lee@harbor.example").subject == "Decide by 12:00: refund 450 USD, ORD-48213 [REF-1]"

        why = "Payment log shows both captures."
        await office.does("lee", "approve", "REF-1", reason_code="DOUBLE_CHARGE", words=why)
        approved = office.last()
        assert approved.text.startswith("REF-1 was approved by Lee Park.")
        assert thread(approved) == ["<first@shop.example>", question.id, "<second@shop.example>"]
        assert approved.mail["In-Reply-To"] == "<second@shop.example>"
        await office.finishes("REF-1")
        assert office.last().subject.startswith("Done: ")
        assert office.last().text.startswith("REF-1 is done.")
        to_her = office.peer.to(CUSTOMER)
        assert len(to_her) == 3, "the question, the verdict, the end"
        assert len({letter.id for letter in office.peer.letters}) == len(office.peer.letters)
        assert not any(secret in letter.text for letter in to_her for secret in (why, "DOUBLE_CHARGE", "OVER_LIMIT"))


QUOTED = "> One thing is missing: How much should go back? 900 USD?\n> Reply to this mail.\n"
WROTE = f"On Wed, Mar 4, 2026 at 10:00 AM Harbor Supply <{OURS}> wrote:"
OUTLOOK = (
    f"________________________________\nFrom: Harbor Supply <{OURS}>\nSent: Wednesday, March 4, 2026 10:00 AM\n"
    "To: Rita Long\nSubject: How much should go back? [REF-1]\n\nOne thing is missing: $900 or $20?"
)
OUTLOOK_GERMAN = (
    f"Von: Harbor Supply <{OURS}>\nGesendet: Mittwoch, 4. März 2026 10:00\nAn: Rita Long\n"
    "Betreff: How much should go back? [REF-1]\n\nOne thing is missing: 900 USD?"
)
ANSWERS = {
    "Gmail": f"It was 45 USD\n\n{WROTE.replace('> wrote', '>' + chr(10) + 'wrote')}\n\n{QUOTED}",
    "Gmail, German": f"Es waren 45,00 USD.\n\nAm Mi., 4. März 2026 um 10:00 Uhr schrieb Harbor <{OURS}>:\n\n{QUOTED}",
    "Outlook": f"45 USD\n\nBest regards\nRita Long\nHead of Tea, Shop Inc.\nTel. +1 555 0100 900\n\n{OUTLOOK}",
    "Outlook, German": f"45 USD bitte.\n\nMit freundlichen Grüßen\nRita Long\n\n{OUTLOOK_GERMAN}",
    "below": f"{WROTE}\n{QUOTED}\n45 USD\n",
    "signature": "$45\n\n-- \nRita Long\nOur offer of the week: 2 teapots for $30\n",
    "iPhone": f"45 dollars\n\nSent from my iPhone\n\n> {WROTE}\n> \n{QUOTED}",
}


async def test_an_answer_is_read_from_its_new_part_whatever_program_wrote_it(tmp_path: Path, dovecot: Dovecot) -> None:
    """Quotations, signatures and headings name other amounts, and none of them counts."""
    async with post(tmp_path, dovecot) as office:
        for number, (program, answer) in enumerate(ANSWERS.items(), 1):
            rita = f"rita{number}@shop.example"  # one address is not asked seven times within an hour
            await office.arrives(mail(f"I want my money back for ORD-{number:05d}!", subject=program, sender=rita))
            await office.arrives(mail(answer, answers=office.last(rita), sender=rita))
            item = await office.item(f"REF-{number}")
            assert item.fields.get("amount") == "45.00 USD", program
        assert len(await office.keys()) == len(ANSWERS)


async def test_a_colleague_in_copy_and_a_reply_to_all_make_no_second_item(tmp_path: Path, dovecot: Dovecot) -> None:
    copy: dict[str, Any] = {"Cc": "Tom <tom@shop.example>"}
    async with post(tmp_path, dovecot) as office:
        await office.arrives(mail(REQUEST, Message_ID="<first@shop.example>", **copy))
        to_first: dict[str, Any] = {"In_Reply_To": "<first@shop.example>", "References": "<first@shop.example>"}
        # Tom knows the customer's mail alone: his answer refers to it, not to ours
        await office.arrives(mail("It was 80 USD, I think.", sender="tom@shop.example", **to_first, **copy))
        assert "amount" not in (await office.item("REF-1")).fields, "only the requester and our people answer"
        await office.arrives(mail("45 USD", answers=office.last(), **copy))
        assert (await office.item("REF-1")).fields["amount"] == "45.00 USD"
        assert await office.keys() == ["REF-1"]
        assert (await office.kinds("REF-1")).count("attached") == 2
        assert office.peer.to("tom@shop.example") == []


async def test_one_mail_in_two_inboxes_is_one_item(tmp_path: Path, dovecot: Dovecot) -> None:
    async with post(tmp_path, dovecot) as office:
        raw = mail(f"{REQUEST} It was 45 USD.", To=f"{OURS}, concerns@harbor.example")
        await office.arrives(b"Delivered-To: concerns@harbor.example\r\n" + raw, "concerns")
        await office.arrives(b"Delivered-To: refunds@harbor.example\r\n" + raw, "refunds")
        assert await office.keys() == ["CON-1"]
        assert len(office.peer.to(CUSTOMER)) == 1


async def test_a_person_of_the_rulebook_is_known_by_their_address(tmp_path: Path, dovecot: Dovecot) -> None:
    async with post(tmp_path, dovecot) as office:
        await office.arrives(mail(f"{REQUEST} $450", sender='"L. Park" <Lee@Harbor.example>'))
        item = await office.item("REF-1")
        assert item.requester == "lee"
        assert [t.owner for t in item.exceptions] == ["maria"], "nobody decides on their own request"


async def test_a_reply_to_a_closed_item_opens_it_again_and_thanks_do_not(tmp_path: Path, dovecot: Dovecot) -> None:
    async with post(tmp_path, dovecot) as office:
        await office.arrives(mail(f"{REQUEST} $45"))
        await office.finishes("REF-1")
        end = office.last()
        await office.arrives(mail("Thank you very much, Dana!\n\n> REF-1 is done.", answers=end))
        await office.arrives(mail("Not my problem", sender="tom@shop.example", answers=end))
        assert (await office.item("REF-1")).state == "closed"
        await office.arrives(mail("The money never came.\n\n> REF-1 is done.", answers=end))
        assert (await office.item("REF-1")).state == "open"
        assert office.last("finn@harbor.example").subject.startswith("Yours now: ")
        assert await office.keys() == ["BOOK-1", "REF-1"]


async def test_where_the_rulebook_says_link_a_reply_to_a_closed_item_opens_another(
    tmp_path: Path, dovecot: Dovecot
) -> None:
    text = example().replace("on_reply_after_close: reopen", "on_reply_after_close: link")
    async with post(tmp_path, dovecot, text=text) as office:
        await office.arrives(mail(f"{REQUEST} $45"))
        await office.finishes("REF-1")
        await office.arrives(mail("Thanks!", answers=office.last()))
        assert await office.keys() == ["BOOK-1", "REF-1"]
        await office.arrives(mail("ORD-48214 came broken, too: $50, please.", answers=office.last()))
        assert await office.keys() == ["BOOK-1", "REF-1", "REF-2"]
        new = await office.item("REF-2")
        assert (new.follows, new.fields["order"]) == ("REF-1", "ORD-48214")
        assert (await office.item("REF-1")).state == "closed"
        await office.arrives(mail("And hurry!", answers=office.last()))
        assert await office.keys() == ["BOOK-1", "REF-1", "REF-2"], "the talk goes on at the new one"


async def test_mail_in_html_alone_is_read(tmp_path: Path, dovecot: Dovecot) -> None:
    page = (
        "<html><body><style>p{color:red}</style><p>Please <b>refund</b> ORD-48213.</p><p>450&nbsp;USD</p></body></html>"
    )
    async with post(tmp_path, dovecot) as office:
        await office.arrives(mail(page, Content_Type="text/html; charset=utf-8"))
        item = await office.item("REF-1")
        assert item.fields == {"order": "ORD-48213", "amount": "450.00 USD", "region": "NA"}
        assert "<" not in item.text
        assert "color" not in item.text


async def test_thirty_files_and_a_winmail_dat_are_kept_with_the_item(tmp_path: Path, dovecot: Dovecot) -> None:
    text = f"--b\nContent-Type: text/plain\n\n{REQUEST} 45 USD\n"
    file = "--b\nContent-Type: {}; name={}\nContent-Disposition: attachment; filename={}\n\nbytes of {}\n"
    files = [("image/png", f"{number}.png") for number in range(30)] + [("application/ms-tnef", "winmail.dat")]
    body = text + "".join(file.format(kind, name, name, name) for kind, name in files) + "--b--\n"
    async with post(tmp_path, dovecot) as office:
        await office.arrives(mail(body, Content_Type="multipart/mixed; boundary=b"))
        assert (await office.item("REF-1")).state == "open"
        (first, *_) = await office.store.read(lambda conn: ledger.of_item(conn, "main", "REF-1"))
        assert first.entry.texts["file_names"] == [name for _, name in files]
        assert len(first.entry.facts["files"]) == 31
        assert "31 files" in office.last("dana@harbor.example").text
