"""The off switch on a real database: what it holds, what it lets go, and that a stop in the middle loses nothing."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.receipts import begin
from bot.verifying import verified
from handlers.ports import Taken
from rules.pauses import Pause
from storage import inbox, items, ledger, outbox, pauses, timers
from tests.bot.house import House, house
from tests.street import plain

REFUND = "Please refund ORD-48213, I was charged twice, $45"
LEE, SAM, DANA, RITA = "slack:U0LEE", "slack:U0SAM", "slack:U0DANA", "slack:U0RITA"


async def standing(office: House) -> tuple[Pause, ...]:
    return await office.store.read(lambda conn: pauses.standing(conn, "main"))


async def waiting(office: House) -> list[str]:
    return [h.outside_id for h in await office.store.read(lambda conn: inbox.paused(conn, "main"))]


def said(taken: Taken) -> str:
    assert taken.reply is not None
    return plain(taken.reply.message)


async def pause(
    office: House, who: str = LEE, workflow: str | None = "refund", why: str = "The bank is down."
) -> Taken:
    return await office.types(who, "pause", workflow=workflow, words=why)


async def resume(office: House, who: str = LEE, workflow: str | None = "refund") -> Taken:
    taken = await office.types(who, "resume", workflow=workflow)
    await office.knock.look()
    await office.calm()
    return taken


async def test_what_is_paused_sends_nothing_acts_on_nothing_and_keeps_what_comes(tmp_path: Path) -> None:
    """Messages are kept whole and taken in order after; a command is refused at once; everything else goes on."""
    async with house(tmp_path) as office:
        await office.says(RITA, REFUND)
        await office.calm()
        before = await office.item("REF-1")
        assert "refund is paused" in said(await pause(office))
        sent = len(office.slack.sent)

        held = await office.says(RITA, "It was the blue one, by the way.", thread="1700.000001")
        assert "paused by lee" in said(held)
        assert "The bank is down" not in said(held), "the reason is for colleagues"
        await office.says("slack:U0TOM", "refund for ORD-50000 please, $9")
        refused = await office.types(DANA, "ack", "REF-1")
        assert refused.reply is not None
        assert refused.reply.code == "paused"
        assert "The bank is down" in said(refused)
        await office.pushes(hours=20)
        assert await office.item("REF-1") == before
        assert len(office.slack.sent) == sent
        other = await office.types(DANA, "new", workflow="access", words="access to the wiki until 2026-03-20")
        assert other.key == "ACC-1"
        await office.calm()
        assert len(office.slack.sent) > sent

        assert len(await waiting(office)) == 2
        answer = said(await resume(office))
        assert "2 messages" in answer
        assert await standing(office) == ()
        assert await waiting(office) == []
        after = await office.item("REF-1")
        assert after.said == "It was the blue one, by the way."
        assert (await office.item("REF-2")).fields["order"] == "ORD-50000"
        assert (await verified(office.store, "main", print))[1] == []


async def test_it_is_seen_by_the_other_instance_at_once(tmp_path: Path) -> None:
    """Two bots on one database: what one is told, the other keeps to in its next transaction."""
    async with house(tmp_path) as office, house(tmp_path, clock=office.clock) as other:
        other.ids = office.ids
        await office.says(RITA, REFUND)
        await office.calm()
        await other.calm()
        await pause(office)
        taken = await other.says(RITA, "And hurry.", thread="1700.000001", id="slack:T1:C1:2", ts="1700.2")
        assert taken.ignored == "paused"
        other.clock.push(timedelta(hours=20))
        assert await other.knock.look() == 0
        await resume(other)
        assert (await office.item("REF-1")).said == "And hurry."
        await office.says(RITA, "Thanks for that", thread="1700.000001", id="slack:T1:C1:3", ts="1700.3")
        assert (await office.item("REF-1")).said == "Thanks for that"


async def test_nothing_of_it_is_claimed_and_what_was_claimed_before_is_given_back(tmp_path: Path) -> None:
    """A claim that waits for its turn when the pause begins is not sent; after the pause it goes, once."""
    async with house(tmp_path) as office:
        office.stop.set()
        await office.running
        await office.says(RITA, REFUND)
        now = office.clock()
        claimed = await office.store.write(lambda conn: outbox.claim(conn, now, 60, 10))
        assert claimed
        await pause(office)
        ids = [each.id for each in claimed]
        assert not await office.store.write(lambda conn: outbox.begin(conn, ids))
        await office.store.write(lambda conn: outbox.give_back(conn, ids))
        assert await office.store.write(lambda conn: outbox.claim(conn, now, 60, 10)) == []
        assert await office.store.read(outbox.next_ready) is None
        await office.types(LEE, "resume", workflow="refund")
        await office.knock.look()
        again = await office.store.write(lambda conn: outbox.claim(conn, now, 60, 10))
        assert {each.notice for each in claimed} <= {each.notice for each in again}
        assert await office.store.write(lambda conn: outbox.begin(conn, [each.id for each in again]))


async def test_sends_that_begin_together_are_held_back_each_by_itself(tmp_path: Path) -> None:
    """They share a transaction; what is paused neither goes with the others nor holds them up."""
    async with house(tmp_path) as office:
        office.stop.set()
        await office.running
        await office.says(RITA, REFUND)
        await office.types(DANA, "new", workflow="access", words="access to the wiki until 2026-03-20")
        claimed = await office.store.write(lambda conn: outbox.claim(conn, office.clock(), 60, 10))
        await pause(office)
        paused = [each.notice.item.startswith("REF-") for each in claimed]
        assert set(paused) == {True, False}
        may = await office.store.write(lambda conn: begin(conn, [[each.id] for each in claimed]))
        assert may == [not each for each in paused]


async def test_what_is_paused_is_in_nobodys_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In one person's lane the notices of other workflows go past it, and many due times of it hide no other's."""
    monkeypatch.setattr("bot.knock.BATCH", 5)
    async with house(tmp_path) as office:
        for number in range(8):
            await office.says(f"slack:U{number}", f"Please refund ORD-{40000 + number}, it was $4{number}")
        await office.types(DANA, "new", workflow="access", words="access to the wiki until 2026-03-20")
        await office.calm()
        await pause(office)
        office.clock.push(timedelta(days=3))
        fired = await office.knock.look()
        assert 0 < fired < 20
        await office.calm()
        assert {told.state for told in await office.told("ACC-1")} == {"sent"}
        due = await office.store.read(lambda conn: timers.due(conn, office.clock(), 500))
        assert due == []
        nxt = await office.store.read(timers.next_due)
        assert nxt is None or nxt > office.clock()


class Killed(BaseException):
    """The process is gone."""


@pytest.mark.parametrize("at", ["move", "take", "end"])
async def test_killed_in_the_middle_of_going_on_it_goes_on_where_it_was(
    tmp_path: Path, at: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each due time moved once, each message taken once, in order; the next start does the rest by itself."""
    import bot.pausing

    async with house(tmp_path) as office:
        for number in range(3):
            await office.says(f"slack:U{number}", f"Please refund ORD-4000{number}, it was $4{number}")
        await office.calm()
        await pause(office)
        before = [(await office.item(f"REF-{n}")).due_at for n in (1, 2, 3)]
        for word in ("one", "two", "three"):
            await office.says("slack:U0", f"Note {word}, please.", thread="1700.000001")
        office.clock.push(timedelta(hours=1))
        await office.types(LEE, "resume", workflow="refund")

        real, calls = office.desk.take, 0

        async def dies(event: Any, raw: bytes = b"", **more: Any) -> Taken:
            nonlocal calls
            calls += 1
            if (at == "move" and calls == 2) or (at == "take" and calls == 5):
                raise Killed
            return await real(event, raw, **more)

        monkeypatch.setattr(office.desk, "take", dies)
        if at == "end":
            monkeypatch.setattr(bot.pausing.Resuming, "_end", _dies)
        with pytest.raises(Killed):
            await office.knock.look()
        monkeypatch.undo()
        assert await standing(office), "until all is done it is paused"
        assert (await office.says("slack:U1", "Note late.", thread="1700.000002", ts="1800.1")).ignored == "paused"
    async with house(tmp_path, clock=office.clock) as office:
        await office.knock.look()
        assert await standing(office) == ()
        assert await waiting(office) == []
        moved = [(await office.item(f"REF-{n}")).due_at for n in (1, 2, 3)]
        assert moved == [was + timedelta(hours=1) for was in before if was is not None]
        assert await texts(office, "REF-1") == ["Note one, please.", "Note two, please.", "Note three, please."]
        assert await texts(office, "REF-2") == ["Note late."]
        assert (await verified(office.store, "main", print))[1] == []


def _dies(*_: object, **__: object) -> bool:
    raise Killed


async def texts(office: House, key: str) -> list[str]:
    found = await office.store.read(lambda conn: ledger.of_item(conn, "main", key))
    return [each.entry.texts["text"] for each in found if each.entry.kind == "attached"]


async def test_everything_paused_holds_everything_but_reading_and_the_switch(tmp_path: Path) -> None:
    """Commands of reading answer, nothing is sent to anybody, not even about the bot itself, and no digest either."""
    async with house(tmp_path) as office:
        await office.says(RITA, REFUND)
        await office.calm()
        await pause(office, SAM, None, "")
        sent = len(office.slack.sent) + len(office.mail.sent)
        assert (await office.types(DANA, "new", workflow="access", words="the wiki")).reply
        assert not (await office.failures())
        await office.says("slack:U0TOM", "refund for ORD-50000 please, $9")
        await office.pushes(days=2)
        assert len(office.slack.sent) + len(office.mail.sent) == sent
        listed = await office.desk.ask(command(office, "list"))
        assert "On hold since" in plain(listed.message)
        shown = await office.desk.ask(command(office, "show", item="REF-1"))
        assert "paused by sam" in plain(shown.message)
        assert "ORD-50000" in plain((await office.desk.ask(command(office, "quarantine", by=SAM))).message)
        await resume(office, SAM, None)
        assert (await office.item("REF-2")).requester == "slack:U0TOM"
        assert len(office.slack.sent) + len(office.mail.sent) > sent


def command(office: House, verb: str, by: str = LEE, **more: Any) -> Any:
    from rules.events import Command

    return Command(id="q", workspace="main", at=office.clock(), by=by, via="slack", verb=verb, **more)  # type: ignore[arg-type]


async def test_what_a_person_picks_is_dropped_and_the_rest_is_taken(tmp_path: Path) -> None:
    """By whoever may end the pause, with a reason, on record; letting go of one alone is what `resume` is for."""
    async with house(tmp_path) as office:
        await pause(office)
        await office.says("slack:U0SPAM", "refund for ORD-50001 please, $9")
        await office.says("slack:U0TOM", "refund for ORD-50000 please, $8")
        spam, other = await waiting(office)
        assert (await office.types("slack:U0FINN", "quarantine", name="drop", code=spam, words="no")).reply.refused  # type: ignore[union-attr]
        assert "waits for it" in said(await office.types(LEE, "quarantine", name="release", code=spam, words="go"))
        assert not (await office.types(LEE, "quarantine", name="drop", code=spam, words="Spam.")).reply.refused  # type: ignore[union-attr]
        assert await waiting(office) == [other]
        await resume(office)
        everything = await office.store.read(lambda c: items.listing(c, "main", state_open=False, limit=10))
        assert [item.requester for item in everything] == ["slack:U0TOM"]
        own = await office.store.read(lambda conn: ledger.of_item(conn, "main", ""))
        assert [(e.entry.kind, e.entry.by) for e in own][1:] == [
            ("paused", "lee"),
            ("dropped", "lee"),
            ("resumed", "lee"),
        ]


async def test_what_the_rules_failed_on_in_slack_can_be_let_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is kept as the rules saw it, so it is taken once more when the fault is mended."""
    import bot.desk

    real = bot.desk.apply

    def broken(event: Any, world: Any) -> Any:
        if getattr(event, "text", "") == REFUND:
            raise KeyError
        return real(event, world)

    async with house(tmp_path) as office:
        with monkeypatch.context() as patched:
            patched.setattr(bot.desk, "apply", broken)
            await office.says(RITA, REFUND, id="slack:T1:C1:17.3")
        assert not (
            await office.types(SAM, "quarantine", name="release", code="slack:T1:C1:17.3", words="Mended.")
        ).reply.refused  # type: ignore[union-attr]
        assert (await office.item("REF-1")).fields["order"] == "ORD-48213"
