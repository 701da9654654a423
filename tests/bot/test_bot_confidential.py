"""Private work on its way out: what fails with it reaches its own people, and no sentence for all names it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.adopting import Dropped, adopt
from bot.demo import example
from handlers.ports import Passing
from rules.book.load import load
from rules.events import Command, Mailed
from storage import outbox
from tests.bot.house import House, house
from tests.street import plain

CANARY = "Somebody takes the petty cash."
MARIA, SAM = "slack:U0MARIA", "slack:U0SAM"
#: Harbor with a second workflow that is Maria's, so that one letter may tell of both.
BOTH_HERS = example().replace("- {is: dana}", "- {is: maria}")


async def mailed(office: House, text: str, inbox: str = "concerns", **more: Any) -> str:
    """A mail to an inbox, and its Message-ID."""
    number = next(office.ids)
    given: dict[str, Any] = {
        "id": f"mail:{number}", "workspace": "main", "at": office.clock(), "by": "nadia@corp.example", "via": "mail",
        "inbox": inbox, "message_id": f"<{number}@corp.example>", "references": (), "subject": "", "from_name": "Nadia",
        "text": text, "new_text": text, "reply_to": "nadia@corp.example",
    }  # fmt: skip
    await office.desk.take(Mailed(**{**given, **more}), b"From: nadia@corp.example\r\nSubject: the cellar\r\n\r\n")
    await office.calm()
    return f"<{number}@corp.example>"


async def held(office: House, who: str) -> str:
    """What somebody is answered who asks what is held."""
    asked = Command(id="q", workspace="main", at=office.clock(), by=who, via="slack", verb="quarantine")
    return plain((await office.desk.ask(asked)).message)


async def test_a_requester_who_can_not_be_reached_is_no_news_for_the_house(tmp_path: Path) -> None:
    """Owner and backup hear it once; the operator that something failed; there is no item that all can read."""
    async with house(tmp_path) as office:
        office.mail.closed_to["nadia@corp.example"] = "The mail server refuses mail to nadia@corp.example for good."
        await mailed(office, CANARY)
        assert await office.failures() == []
        assert list((await office.item("CON-1")).failures) == ["deliver:mail:nadia@corp.example"]
        for who in ("U0MARIA", "U0LEE"):
            assert any("refuses mail to nadia@corp.example" in said for said in office.slack.said(who))
        assert office.slack.said("U0SAM") == ["Something private failed. maria has it."]


async def test_a_failure_to_tell_of_a_failure_ends_there(tmp_path: Path) -> None:
    """Nobody who holds it can be reached: it is written down, and nothing goes round in circles."""
    async with house(tmp_path) as office:
        for who in ("U0MARIA", "U0LEE", "U0RITA"):
            office.slack.closed_to[who] = f"Slack refused it: {who}."
        await office.types("slack:U0RITA", "new", workflow="concern", words=CANARY)
        await office.calm()
        assert await office.failures() == []
        assert set(office.slack.said()) == {"Something private failed. maria has it."}
        assert set((await office.item("CON-1")).failures) == {"deliver:slack:U0MARIA", "deliver:slack:U0RITA"}
        broken = [told for told in await office.told("CON-1") if told.notice.to == "lee"]
        assert [told.state for told in broken] == ["failed"] * len(broken)


async def test_reminders_of_both_kinds_fail_apart(tmp_path: Path) -> None:
    """They were one message to Maria; that she did not get it is said twice, each where it belongs."""
    async with house(tmp_path, text=BOTH_HERS) as office:
        await office.says("slack:U0RITA", "Please refund ORD-48213, it was $45")
        await office.types("slack:U0RITA", "new", workflow="concern", words=CANARY)
        await office.calm()
        office.slack.closed_to["U0MARIA"] = "Slack refused it: U0MARIA."
        await office.pushes(hours=2, minutes=30)
        (ours,) = await office.failures()
        assert ours.fields["about"] == "REF-1"
        assert "CON" not in str(ours)
        assert (await office.item("CON-1")).failures


async def test_a_server_that_will_not_now_is_told_of_without_whom(tmp_path: Path) -> None:
    """What it says of an address may be all that was secret: after five tries the house hears only that it fails."""
    async with house(tmp_path) as office:
        office.mail.answers = [Passing("The mail server does not take mail to nadia@corp.example now (450).")] * 8
        await mailed(office, CANARY)
        for _ in range(6):
            await office.pushes(minutes=5)
        (ours,) = await office.failures()
        assert ours.fields["what"] == "Sending by mail fails; it is tried again."


async def test_the_same_about_public_work_says_what_the_server_said(tmp_path: Path) -> None:
    """As ever."""
    async with house(tmp_path) as office:
        office.mail.answers = [Passing("The mail server does not take mail to nadia@corp.example now (450).")] * 8
        await mailed(office, "Please refund ORD-48213", "refunds")
        for _ in range(6):
            await office.pushes(minutes=5)
        (ours,) = await office.failures()
        assert "nadia@corp.example" in ours.fields["what"]


async def test_a_reply_to_a_letter_about_both_is_kept_with_the_private_one(tmp_path: Path) -> None:
    """It quotes the letter: what is private in it must not get into the record of public work."""
    async with house(tmp_path, text=BOTH_HERS.replace(" slack: U0MARIA}", " }").replace(", }", "}")) as office:
        await office.says("slack:U0RITA", "Please refund ORD-48213, it was $45")
        await office.pushes(minutes=5)  # the refund is due first, and stands first
        await office.types("slack:U0RITA", "new", workflow="concern", words=CANARY)
        await office.calm()
        before = len(office.mail.sent)
        await office.pushes(hours=2, minutes=30)
        letter = next(o for o in office.mail.sent[before:] if "2 things wait for you" in str(o.message))
        assert {"REF-1", "CON-1"} <= {
            action.item for s in letter.message.sections for r in s.rows for action in r.actions
        }

        def bound(conn: object) -> str | None:
            from storage import threads

            return threads.find(conn, "main", [f"mail:{letter_id}"])  # type: ignore[arg-type]

        posted = [told for key in ("REF-1", "CON-1") for told in await office.told(key) if told.message_id]
        letter_id = next(p.message_id for p in posted if p.id == letter.outbox_id)
        assert await office.store.read(bound) == "CON-1"


async def test_what_is_held_of_a_private_thread_is_its_owners(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Replies to our letters come to a public inbox; a hostile one, or one the rules fail on, is hers as well."""
    async with house(tmp_path) as office:
        first = await mailed(office, CANARY)
        await mailed(office, "see this", "refunds", references=(first,), suspicions=("built to break readers",))
        assert "Nothing is held" in await held(office, SAM)
        assert "the cellar" in await held(office, MARIA)

        def broken(*_: object) -> None:
            raise ValueError

        monkeypatch.setattr("rules.answers.from_mail", broken)
        await mailed(office, "and this", "refunds", references=(first,))
        assert "Nothing is held" in await held(office, SAM)
        assert "2 are held" in await held(office, MARIA)
        assert await office.failures() == []
        assert {*office.slack.said("U0SAM")} == {"Something private failed. maria has it."}


async def test_a_rulebook_that_drops_its_people_names_no_private_item(tmp_path: Path) -> None:
    """The sentence goes to the list that everybody reads."""
    async with house(tmp_path) as office:
        await office.types("slack:U0RITA", "new", workflow="concern", words=CANARY)
        text = example().replace("maria", "mary")
        with pytest.raises(Dropped) as refused:
            await adopt(office.store, office.books, load(text), text, office.clock)
        assert "a private item (maria)" in str(refused.value)
        assert "CON-1" not in str(refused.value)


async def test_what_was_private_stays_so_when_its_workflow_is_gone(tmp_path: Path) -> None:
    """With neither its rulebook nor its workflow there, nobody can say any more that it may be seen."""
    async with house(tmp_path) as office:
        await office.types("slack:U0RITA", "new", workflow="concern", words=CANARY)
        item = replace(await office.item("CON-1"), rulebook="0" * 64, workflow="gone")
        assert (await office.store.read(lambda conn: office.books.workflow(conn, item))).private
        ours = replace(item, workflow="docket")
        assert not (await office.store.read(lambda conn: office.books.workflow(conn, ours))).private


async def test_the_outbox_knows_no_item_of_what_the_operator_hears(tmp_path: Path) -> None:
    """Not even its row leads back to the private item."""
    async with house(tmp_path) as office:
        await office.types("slack:U0RITA", "new", workflow="concern", words=CANARY)
        for _ in range(3):
            await office.pushes(days=2)
        rows = await office.store.read(lambda conn: outbox.of_item(conn, "main", ""))
        assert {(row.notice.to, row.notice.item) for row in rows if type(row.notice).__name__ == "Discreet"} == {
            ("sam", "")
        }
