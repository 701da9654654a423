"""A customer who has only mail: asked, answered, decided, closed; every letter in one thread, each mail counted once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.desk import Desk
from rules.events import Command
from tests.dovecot import Dovecot, running
from tests.stories.post_office import CUSTOMER, OURS, Letter, Post, mail, post


@pytest.fixture(scope="module")
def dovecot() -> Iterator[Dovecot]:
    with running() as server:
        yield server


async def does(office: Post, who: str, verb: str, key: str, **more: str) -> None:
    """A person acts at their desk, by the same command as a click in Slack; refused is a failure of the test."""
    desk: Desk = office.bot.desk
    taken = await desk.take(
        Command(
            id=f"typed:{who}:{verb}:{key}:{office.clock()}:{more}", workspace="main", at=office.clock(), by=who,
            via="slack", verb=verb, item=key, **more,  # type: ignore[arg-type]  # verbs and fields as they come
        )
    )  # fmt: skip
    assert taken.reply is None or not taken.reply.refused, taken.reply
    await office.calm()


async def test_a_customer_is_asked_answers_and_hears_how_it_ended(tmp_path: Path, dovecot: Dovecot) -> None:
    async with post(tmp_path, dovecot) as office:
        await office.arrives(mail("Please refund ORD-48213, I was charged twice."))
        question = office.last()
        assert (await office.item("REF-1")).state == "waiting"
        print(question.subject, "\n", question.text)
        await office.arrives(
            mail(
                f"450 USD\n\nOn Wed, Mar 4, 2026 at 10:00 AM Harbor Supply <{OURS}> wrote:\n\n> 900 USD?",
                answers=question,
            )
        )
        item = await office.item("REF-1")
        assert (item.state, item.fields["amount"]) == ("blocked", "450.00 USD")
        print("LEE", office.last("lee@harbor.example").subject, "\n", office.last("lee@harbor.example").text)
        await does(
            office, "lee", "approve", "REF-1", reason_code="DOUBLE_CHARGE", words="Payment log shows both captures."
        )
        print("VERDICT", office.last().subject, "\n", office.last().text)
        await does(office, "dana", "next", "REF-1")
        await does(office, "finn", "evidence", "REF-1", name="receipt", words="re_1234")
        await does(office, "finn", "close", "REF-1")
        print("CLOSED", office.last().subject, "\n", office.last().text)
        for one in office.peer.letters:
            print(
                "--",
                one.to,
                one.subject,
                {k: v for k, v in one.mail.items() if k in ("In-Reply-To", "References", "Auto-Submitted")},
            )
        await office.pushes(hours=23)
        for one in office.peer.letters[-6:]:
            print("--", one.to, one.subject, "\n", one.mail.get_body(("plain",)).get_content())
        print(await office.keys())
        assert 0
