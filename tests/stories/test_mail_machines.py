"""Mail that no person wrote, or not the one it names: kept, never answered, and believed in nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bot.demo import example
from bot.sandbox.clock import HandClock
from bot.sandbox.town import Town
from rules.book.load import load
from storage import inbox
from tests.dovecot import Dovecot
from tests.processes import docketbot
from tests.stories.harbor import MORNING
from tests.stories.post_office import CUSTOMER, OURS, Letter, mail, post

pytestmark = pytest.mark.usefixtures("quick_mail", "unpaced")
REQUEST = "Please refund ORD-48213, I was charged twice."


def from_a_machine(letter: Letter) -> dict[str, bytes]:
    """What machines send back to a letter of ours, by kind; each would be an answer if a person had written it."""
    report = "multipart/report; report-type={}; boundary=b"
    part = (
        f"--b\nContent-Type: text/plain\n\n$900\n--b\nContent-Type: {{}}\n\nOriginal-Message-ID: {letter.id}\n--b--\n"
    )
    lost: dict[str, Any] = {"subject": "Undelivered Mail Returned to Sender", "Return_Path": "<>"}
    return {
        "out of office": mail("Away. Call +1 555 0100 900, $900", answers=letter, Auto_Submitted="auto-replied"),
        "out of office by its subject": mail("$900", answers=letter, Subject="Abwesenheitsnotiz: Urlaub"),
        "bounce": mail(
            part.format("message/delivery-status"), sender="MAILER-DAEMON@mx.example",
            Content_Type=report.format("delivery-status"), **lost,
        ),
        "read receipt": mail(
            part.format("message/disposition-notification"), subject="Read: How much",
            Content_Type=report.format("disposition-notification"),
        ),
    }  # fmt: skip


async def test_what_machines_send_back_is_kept_and_changes_nothing(tmp_path: Path, dovecot: Dovecot) -> None:
    async with post(tmp_path, dovecot) as office:
        await office.arrives(mail(REQUEST))
        for kind, raw in from_a_machine(office.last()).items():
            await office.arrives(raw)
            item = await office.item("REF-1")
            assert (item.state, item.fields.get("amount")) == ("waiting", None), kind
        assert len(office.peer.to(CUSTOMER)) == 1
        await office.arrives(mail("$45", answers=office.last()))
        assert not any("MAILER" in one for one in str(office.last().mail["References"]).split())
        await office.finishes("REF-1")
        letters = len(office.peer.letters)
        for kind, raw in from_a_machine(office.last()).items():
            await office.arrives(raw)
            assert (await office.item("REF-1")).state == "closed", kind
        assert len(office.peer.letters) == letters
        known = ["BOOK-1", "BOT-1", "REF-1"]
        assert await office.keys() == known, "that a letter came back is the operator's to know, once"


async def test_nothing_is_ever_sent_back_to_a_machine(tmp_path: Path, dovecot: Dovecot) -> None:
    """Its mail is work all the same: whoever owns it is told, and works it to its end."""
    text = example()
    async with post(tmp_path, dovecot, text=text) as office:
        alert = "robot@shop.example"
        await office.arrives(mail(f"{REQUEST} $45", sender=alert, Auto_Submitted="auto-generated"))
        await office.arrives(mail("Refund failed for ORD-48214", sender="noreply@shop.example"))
        assert office.last("dana@harbor.example").subject.startswith("Decide by "), "nobody can be asked: Dana is"
        await office.finishes("REF-1")
        await office.pushes(hours=30)
        assert not [letter for letter in office.peer.letters if letter.to in (alert, "noreply@shop.example")]


async def test_two_machines_that_answer_each_other_end_after_one_letter(tmp_path: Path, dovecot: Dovecot) -> None:
    """The other one answers everything at once and marks nothing: the worst of its kind."""
    async with post(tmp_path, dovecot) as office:
        written = 0

        def answers(letter: Letter) -> None:
            nonlocal written
            if letter.to == CUSTOMER and written < 10:
                written += 1
                dovecot.deliver(office.users["refunds"], mail("I am away until $20 or 30 EUR.", answers=letter))

        office.peer.answers = answers
        await office.arrives(mail(REQUEST))
        assert len(office.peer.to(CUSTOMER)) == 1, "the question; whoever answers in a second is told nothing more"
        await office.does("dana", "set", "REF-1", name="amount", words="45 USD")
        await office.does("dana", "approve", "REF-1", reason_code="GOODWILL", words="We know the rest.")
        await office.finishes("REF-1")
        assert len(office.peer.to(CUSTOMER)) <= 3, "that it goes on, and that it is done"


async def test_two_robots_that_mark_their_mail_end_after_one_letter(tmp_path: Path, dovecot: Dovecot) -> None:
    async with post(tmp_path, dovecot) as office:

        def answers(letter: Letter) -> None:
            raw = mail("$900", answers=letter, sender=letter.to, Auto_Submitted="auto-replied (vacation)")
            dovecot.deliver(office.users["refunds"], raw)

        office.peer.answers = answers
        await office.arrives(mail(REQUEST))
        assert len(office.peer.to(CUSTOMER)) == 1
        assert await office.keys() == ["REF-1"]


FORGED = {
    "encoded": "=?utf-8?q?lee?=@harbor.example",
    "two addresses": "lee@harbor.example, mallory@evil.example",
    "two in one": "lee@harbor.example <mallory@evil.example>",
    "two headers": "mallory@evil.example\r\nFrom: lee@harbor.example",
    "name": '"lee@harbor.example" <mallory@evil.example>',
    "look-alike": "l\u0435e@harbor.example",
}


async def test_nobody_is_taken_for_a_person_of_the_rulebook_by_a_forged_from(tmp_path: Path, dovecot: Dovecot) -> None:
    async with post(tmp_path, dovecot) as office:
        await office.arrives(mail("Please refund ORD-48213."))
        question = office.last()
        for number, (trick, sender) in enumerate(FORGED.items(), 2):
            await office.arrives(mail("450 USD", answers=question, sender=sender))
            assert (await office.item("REF-1")).state == "waiting", trick
            await office.arrives(mail(f"Send money back, ORD-{number:05d}, $45, {trick}", sender=sender))
            item = await office.item(f"REF-{number}")
            assert item.requester in ("", "mallory@evil.example"), trick
        assert len(await office.keys()) == 1 + len(FORGED)
        assert not office.peer.to("lee@harbor.example")
        unknown = office.peer.to("dana@harbor.example")[1]
        assert "from an unknown sender" in unknown.text
        assert "can't be believed" in unknown.text


async def test_an_unreadable_mail_is_the_operators_exception_and_kept_as_it_came(
    tmp_path: Path, dovecot: Dovecot
) -> None:
    raw = b"\r\n\r\n"
    async with post(tmp_path, dovecot) as office:
        await office.arrives(raw)
        await office.arrives(mail(REQUEST))
        assert await office.keys() == ["BOT-1", "REF-1"], "what comes behind it is not held up"
        failure = await office.item("BOT-1")
        assert failure.owner == "sam"
        outside_id = failure.fields["cause"].removeprefix("unreadable:")
        assert await office.store.read(lambda conn: inbox.raw(conn, "main", outside_id)) == raw
        (told,) = office.peer.to("sam@harbor.example")
        assert told.text.count("can't be read") == 1, "one sentence, once"
    (tmp_path / "rulebook.yml").write_text(example())
    shown = docketbot(
        "exceptions", environment={"DOCKET_DATABASE_URL": f"sqlite:///{tmp_path}/docket.db"}, folder=tmp_path
    )
    assert await shown.ends() == 0
    assert "UNREADABLE" in shown.said
    assert "It is empty." in shown.said


async def test_words_of_a_mail_ping_nobody_in_slack(tmp_path: Path, dovecot: Dovecot) -> None:
    with_slack = Town(load(example()), HandClock(MORNING, running=False))
    async with with_slack as town, post(tmp_path, dovecot, slack=town) as office:
        attack = "<!channel> <@U0LEE> <https://evil.example|Approve> & refund ORD-48213, $450"
        await office.arrives(mail(attack, subject="<!here> *now*"))
        for who in ("dana", "lee"):
            (card,) = [m for m in town.slack.inbox(who) if "ORD-48213" in str(m)]
            said = str(card)
            assert "&lt;!channel&gt;" in said
            assert not any(ping in said for ping in ("<!channel>", "<!here>", "<@U0LEE>", "<https://evil"))
        assert OURS not in {letter.to for letter in office.peer.letters}
