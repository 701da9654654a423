"""The main job, told from outside: people write, click and read in Slack and mail; the clock is turned by hand."""

from __future__ import annotations

import asyncio
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import pytest

from bot.verifying import verified
from storage import ledger
from tests.stories.harbor import Harbor, environment, harbor, working

pytestmark = pytest.mark.usefixtures("both_modes")

WHY = "Why, so that someone new understands it next month"


async def said(office: Harbor, message: dict[str, Any]) -> str:
    """A thread as words."""
    return "\n".join(office.town.slack.words(m) for m in office.town.slack.thread(message))


async def asks(office: Harbor, text: str, who: str = "rita", channel: str = "#refunds") -> dict[str, Any]:
    """Somebody writes in a channel; the bot has had its say when this returns."""
    posted = await office.town.slack.says(who, channel, text)
    await office.calm()
    return posted


async def decides(office: Harbor, who: str, verdict: str, code: str, why: str) -> dict[str, str]:
    """Click on a decision card, fill the form, submit it; gives the form's errors."""
    slack = office.town.slack
    card = next(m for m in reversed(slack.inbox(who)) if verdict in slack.words(m))
    await slack.clicks(who, verdict, card)
    await office.until(lambda: slack.view(who))
    errors = await slack.submits(who, {"Reason code": code, WHY: why})
    await office.calm()
    return errors


def letters(office: Harbor, address: str) -> list[str]:
    """The subjects and texts of the mails to an address, oldest first."""
    found = []
    for letter in office.town.mail.mailbox(address):
        if address not in letter.recipients:
            continue  # what they sent themselves
        mail = message_from_bytes(letter.raw, policy=policy.default)
        body = mail.get_body(("plain",))
        assert body is not None
        found.append(f"{mail['Subject']}\n" + " ".join(body.get_content().split()))
    return found


async def holds(office: Harbor) -> None:
    """The ledger is whole, and replaying it gives the items that stand."""
    _, broken = await verified(office.store, "main", lambda _line: None)
    assert broken == []


async def test_a_refund_from_the_message_to_the_morning_digest(tmp_path: Path) -> None:
    async with harbor(tmp_path) as office:
        slack = office.town.slack
        root = await asks(office, "Please refund ORD-48213, I was charged twice")
        assert "How much should go back?" in await said(office, root)
        await slack.says("rita", "#refunds", "450 USD", thread=root)
        await office.calm()
        item = await office.item("REF-1")
        assert (item.state, item.owner) == ("blocked", "dana")
        assert "Waiting for Lee" in await said(office, root)
        assert await decides(office, "lee", "Approve", "DOUBLE_CHARGE", "Payment log shows both captures.") == {}
        assert "Payment log shows both captures." in await said(office, root)
        assert (await office.item("REF-1")).state == "open"
        card = next(m for m in slack.inbox("lee") if "REF-1" in slack.words(m))
        assert "Approve\n" not in slack.words(card), "the buttons are gone and the decision stands there"
        dana = ("tick REF-1 1", "next REF-1")
        finn = ("tick REF-1 1", "tick REF-1 2", "evidence REF-1 receipt re_1234", "close REF-1")
        for who, line in (*(("dana", line) for line in dana), *(("finn", line) for line in finn)):
            await slack.types(who, f"/docket {line}")
            await office.calm()
        assert (await office.item("REF-1")).outcome == "done"
        assert "Done" in await said(office, root)
        await office.pushes(hours=22.5)
        (digest,) = [m for m in slack.inbox("maria") if "digest" in slack.words(m)]
        assert "DOUBLE_CHARGE" in slack.words(digest)
        assert any("Payment log shows" in letter for letter in letters(office, "maria@harbor.example"))
        await holds(office)


async def test_one_card_an_item_edited_in_place(tmp_path: Path) -> None:
    async with harbor(tmp_path) as office:
        root = await asks(office, "Please refund ORD-48213, I was charged twice")
        await office.town.slack.says("rita", "#refunds", "45 USD", thread=root)
        await office.calm()
        await office.town.slack.types("dana", "/docket ack REF-1")
        await office.calm()
        cards = [m for m in office.town.slack.thread(root) if office.town.slack.words(m).startswith("*REF-1*")]
        assert len(cards) == 1
        assert "on it" in office.town.slack.words(cards[0])


async def test_strangers_are_called_by_their_names(tmp_path: Path) -> None:
    async with harbor(tmp_path) as office:
        root = await asks(office, "Refund $450 for ORD-48213 please")
        assert "from Rita" in await said(office, root)
        await office.town.slack.types("dana", "/docket show REF-1")
        await office.calm()
        assert "U0RITA" not in office.town.slack.words(office.town.slack.whispers("dana")[-1])


async def test_a_rejection_tells_the_requester_without_anybodys_rationale(tmp_path: Path) -> None:
    async with harbor(tmp_path) as office:
        root = await asks(office, "Refund $450 for ORD-48213 please")
        await decides(office, "lee", "Reject", "NO_PROOF", "The log shows one capture.")
        item = await office.item("REF-1")
        assert (item.state, item.outcome) == ("closed", "rejected")
        last = office.town.slack.words(office.town.slack.thread(root)[-1])
        assert "rejected by Lee Park" in last
        assert "one capture" not in last


async def test_a_form_without_a_reason_comes_back_with_the_sentence_under_its_field(tmp_path: Path) -> None:
    async with harbor(tmp_path) as office:
        await asks(office, "Refund $450 for ORD-48213 please")
        errors = await decides(office, "lee", "Approve", "GOODWILL", "   ")
        assert len(errors) == 1
        assert (await office.item("REF-1")).state == "blocked"


async def test_the_second_to_decide_is_told_who_did(tmp_path: Path) -> None:
    async with harbor(tmp_path) as office:
        slack = office.town.slack
        await asks(office, "Refund $450 for ORD-48213 please")
        await office.pushes(hours=2, minutes=1)
        card = next(m for m in slack.inbox("maria") if "REF-1" in slack.words(m))
        await slack.clicks("maria", "Approve", card)
        await office.until(lambda: slack.view("maria"))
        await slack.types("lee", "/docket reject REF-1 NO_PROOF the log shows one capture")
        await office.calm()
        await slack.submits("maria", {"Reason code": "GOODWILL", WHY: "Keep them."})
        await office.calm()
        item = await office.item("REF-1")
        assert item.exceptions[0].decision is not None
        assert item.exceptions[0].decision.by == "lee"
        heard = "\n".join(
            slack.words(m) for m in [*slack.inbox("maria"), *slack.whispers("maria"), slack.view("maria")]
        )
        assert "Lee Park" in heard
        assert "Nothing was changed" in heard


async def test_who_may_not_decide_is_told_who_may(tmp_path: Path) -> None:
    async with harbor(tmp_path) as office:
        await asks(office, "Refund $450 for ORD-48213 please")
        await office.town.slack.types("dana", "/docket approve REF-1 GOODWILL keep them")
        await office.calm()
        assert "Lee Park can decide" in office.town.slack.words(office.town.slack.whispers("dana")[-1])
        assert (await office.item("REF-1")).state == "blocked"


async def test_time_reminds_and_escalates_and_the_backup_decides(tmp_path: Path) -> None:
    async with harbor(tmp_path) as office:
        slack = office.town.slack
        await asks(office, "Refund $450 for ORD-48213 please")
        await office.pushes(hours=1, minutes=1)
        assert any("waits for you" in slack.words(m) for m in slack.inbox("lee"))
        await office.pushes(hours=1)
        assert any("You can decide now" in slack.words(m) for m in slack.inbox("maria"))
        await decides(office, "maria", "Approve", "GOODWILL", "They have been with us for years.")
        assert (await office.item("REF-1")).state == "open"


async def test_questions_are_repeated_and_then_a_person_has_it(tmp_path: Path) -> None:
    async with harbor(tmp_path) as office:
        root = await asks(office, "I want a refund for ORD-48213")
        for _ in range(6):
            await office.pushes(hours=12)
        thread = await said(office, root)
        assert thread.count("How much should go back?") == 3
        assert (await office.item("REF-1")).open_trouble("MISSING_DETAILS")


async def test_a_bot_that_was_down_catches_up_once_and_bundles(tmp_path: Path) -> None:
    async with harbor(tmp_path) as office:
        for number in range(3):
            await asks(office, f"Refund ORD-1111{number}, it was ${40 + number}")
        town, clock = office.town, office.clock
        given = {**environment(town), "DOCKET_DATABASE_URL": f"sqlite:///{tmp_path}/docket.db"}
        office.stop.set()
        await office.served
        before = len(town.slack.inbox("dana"))
        clock.push_to(clock.now().replace(hour=19))
        async with working(town, given, office.bot.books.text, clock) as again:
            await again.calm()
            new = [town.slack.words(m) for m in town.slack.inbox("dana")[before:]]
        reminders = [words for words in new if "wait for you" in words]
        assert len(reminders) == 1
        assert all(f"REF-{n}" in reminders[0] for n in (1, 2, 3))


async def test_a_mail_becomes_an_item_is_asked_by_mail_and_answers_by_reply(tmp_path: Path) -> None:
    async with harbor(tmp_path) as office:
        mail = office.town.mail
        inbox = "docket@harbor.example"
        await mail.write("Rita", "rita@corp.example", inbox, "Refund", "Please refund ORD-48213\n\nRita")
        await office.until(lambda: letters(office, "rita@corp.example"), 20)
        (question,) = letters(office, "rita@corp.example")
        assert question.startswith("How much should go back? [REF-1]")
        received = message_from_bytes(mail.mailbox("rita@corp.example")[-1].raw, policy=policy.default)
        await mail.write("Rita", "rita@corp.example", inbox, "Re: Refund", "45 USD\n", answers=received)
        item = await _until_item(office, "REF-1", lambda i: i.state == "open")
        assert item.fields["amount"] == "45.00 USD"
        await holds(office)


async def test_who_has_no_slack_is_written_to(tmp_path: Path) -> None:
    async with harbor(tmp_path) as office:
        await asks(office, "Please refund ORD-48213, it was $45")
        await office.town.slack.types("dana", "/docket assign REF-1 @olu")
        await office.calm()
        await office.until(lambda: letters(office, "olu@harbor.example"))
        assert "You have REF-1" in letters(office, "olu@harbor.example")[0]


async def _until_item(office: Harbor, key: str, true: Any) -> Any:
    for _ in range(400):  # the mailbox tells of new mail in its own time
        await asyncio.sleep(0.05)
        await office.calm()
        item = next((i for i in await office.everything() if i.key == key), None)
        if item is not None and true(item):
            return item
    raise AssertionError(f"{key} did not become so")


async def test_reaction_command_and_edit(tmp_path: Path) -> None:
    async with harbor(tmp_path) as office:
        slack = office.town.slack
        message = await slack.says("rita", "#general", "my card was charged twice for ORD-48213, $45")
        await slack.reacts("dana", "#general", message["ts"], "ticket")
        await office.calm()
        assert (await office.item("REF-1")).requester == "slack:U0RITA"
        await slack.types("rita", "/docket new refund ORD-55555, $20 please")
        await office.calm()
        assert (await office.item("REF-2")).fields["order"] == "ORD-55555"
        assert any("REF-2" in slack.words(m) for m in slack.channel("#refunds"))
        await slack.edits("rita", "#general", message["ts"], "my card was charged twice for ORD-48213, $4500")
        await office.calm()
        assert (await office.item("REF-1")).open_trouble("OVER_LIMIT")


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("/docket", "No decisions wait for you"),
        ("/docket help", "Docket keeps who has what"),
        ("/docket mine", "No decisions wait for you"),
        ("/docket list", "Nothing is open"),
        ("/docket exceptions", "No exception is open"),
        ("/docket exept", "Did you mean `except`"),
        ("/docket show REF-99", "There is no REF-99"),
        ("/docket approve REF-99 GOODWILL because", "There is no REF-99"),
        ("/docket digest morning", "digest is for its readers"),
    ],
)
async def test_every_command_gets_a_private_answer(tmp_path: Path, line: str, expected: str) -> None:
    async with harbor(tmp_path) as office:
        await office.town.slack.types("dana", line)
        await office.calm()
        assert expected in office.town.slack.words(office.town.slack.whispers("dana")[-1])


async def test_the_ledger_names_the_rulebook_in_force(tmp_path: Path) -> None:
    async with harbor(tmp_path) as office:
        recorded = await office.store.read(lambda conn: ledger.of_item(conn, "main", ""))
        assert [one.entry.kind for one in recorded] == ["rulebook"]
        assert recorded[0].entry.facts["version"] == office.bot.books.current.version


async def test_a_channel_that_the_bot_is_not_in_is_named_at_the_start(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with harbor(tmp_path) as office:
        assert await office.bot.slack.absent(["refunds", "it-help", "nowhere"]) == ["nowhere"]
    assert "the bot is not in" not in caplog.text
