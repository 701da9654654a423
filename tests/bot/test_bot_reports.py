"""The questions to the ledger: a worked month, and what each report says of it, on both engines' questions."""

from __future__ import annotations

import asyncio
import csv
import io
import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.adopting import adopt
from bot.demo import example
from bot.reports import report_of
from rules.book.load import load
from rules.events import Command
from rules.reports import QUESTIONS, nearest, record_of
from tests.bot.house import House, house
from tests.command_line import at_home, docketbot
from tests.postgres import postgres
from tests.street import plain

__all__ = ["postgres"]

RITA, DANA, LEE, FINN, MARIA, SAM = (f"slack:U0{name}" for name in ("RITA", "DANA", "LEE", "FINN", "MARIA", "SAM"))


async def works(office: House) -> None:
    """Three refunds above the limit (two decided, one open), one that falls silent, one sent back, one private."""
    for n, amount in ((1, 450), (2, 460), (3, 470)):
        await office.says(RITA, f"Please refund ORD-1000{n}, I was charged ${amount} twice")
    office.clock.push(timedelta(hours=1))
    for key, verb, code in (("REF-1", "approve", "GOODWILL"), ("REF-2", "approve", "OUR_MISTAKE")):
        await office.types(LEE, verb, key, reason_code=code, words="She has been with us for nine years.")
    await office.says(RITA, "Please refund ORD-20001, it was $45")
    await office.types(DANA, "tick", "REF-4", name="1")
    await office.types(DANA, "next", "REF-4")
    await office.types(FINN, "back", "REF-4", words="The card number is missing.")
    await office.types(RITA, "new", workflow="concern", words="My lead shouts at people.")
    await office.types(MARIA, "except", "CON-1", code="NOT_HEARD", words="Nobody has spoken with her.")
    await office.calm()


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str | None]:
    if request.param == "sqlite":
        yield None
        return
    server = request.getfixturevalue("postgres")
    fresh = server.fresh()
    yield fresh
    server.drop(fresh)


async def rows_of(office: House, name: str) -> list[dict[str, Any]]:
    now = office.clock.now()
    return record_of(await office.store.read(lambda conn: report_of(conn, office.books, name, now)))


async def test_each_report_answers_its_question(tmp_path: Path, url: str | None) -> None:
    async with house(tmp_path, url=url) as office:
        await works(office)
        (over,) = [row for row in await rows_of(office, "repeated-codes") if row["code"] == "OVER_LIMIT"]
        assert (over["raised"], over["open"], over["limit"], over["remediation"]) == (3, 1, 5, "dana")
        (gate,) = [row for row in await rows_of(office, "gates") if row["code"] == "OVER_LIMIT"]
        assert (gate["decided"], gate["rejected"], gate["rejects"]) == (2, 0, "never")
        assert gate["waited"] == pytest.approx(2.0)
        (back,) = await rows_of(office, "rework")
        assert (back["from"], back["to"], back["times"]) == ("payment", "triage", 1)
        assert (back["cause"], back["for_instance"]) == ("The card number is missing.", "REF-4")
        (moved,) = await rows_of(office, "handoffs")
        assert (moved["key"], moved["handoffs"], moved["sent_back"], moved["limit"]) == ("REF-4", 2, 1, 6)
        assert [row["stalled"] for row in await rows_of(office, "stall-rate")] == [0]
        assert await rows_of(office, "closed-without-evidence") == []
        assert await rows_of(office, "overdue-reviews") == []
        assert await rows_of(office, "remediation") == []


async def test_of_private_work_no_report_says_anything(tmp_path: Path) -> None:
    async with house(tmp_path) as office:
        await works(office)
        await office.pushes(days=9)
        for name in QUESTIONS:
            found = await rows_of(office, name)
            assert "concern" not in json.dumps(found, default=str)
            assert "CON-1" not in json.dumps(found, default=str)


async def test_silence_is_counted_by_workflow(tmp_path: Path) -> None:
    async with house(tmp_path) as office:
        await works(office)
        await office.pushes(days=9)
        (row,) = [row for row in await rows_of(office, "stall-rate") if row["workflow"] == "refund"]
        assert (row["opened"], row["rate"]) == (4, row["stalled"] / 4)
        assert row["stalled"] > 0


async def test_in_slack_it_is_for_those_who_answer_for_others(tmp_path: Path) -> None:
    async with house(tmp_path) as office:
        await works(office)

        def asked(who: str, name: str | None) -> Command:
            return Command(
                id="q", workspace="main", at=office.clock.now(), by=who, via="slack", verb="report", name=name
            )

        told = await office.desk.ask(asked(MARIA, "repeated-codes"))
        assert "OVER_LIMIT · raised 3" in plain(told.message)
        assert "/docket report gates" in plain((await office.desk.ask(asked(MARIA, None))).message)
        assert "Did you mean `repeated-codes`?" in plain((await office.desk.ask(asked(MARIA, "repeted-code"))).message)
        assert (await office.desk.ask(asked(FINN, "gates"))).refused


async def test_a_workflow_is_shown_on_one_page(tmp_path: Path) -> None:
    async with house(tmp_path) as office:
        me = {"id": "q", "workspace": "main", "at": office.clock.now(), "via": "slack", "verb": "report"}
        told = await office.desk.ask(Command(**me, by=MARIA, name="model refund"))
        assert "Every refund request gets an answer" in plain(told.message)
        assert (await office.desk.ask(Command(**me, by=MARIA, name="model concern"))).refused
        assert (await office.desk.ask(Command(**me, by=FINN, name="model refund"))).refused


async def test_before_and_after_a_rulebook(tmp_path: Path) -> None:
    """Two of three refunds stop; then a rulebook comes into force under which none of them would."""
    async with house(tmp_path) as office:
        assert await rows_of(office, "change") == []
        for n, amount in enumerate((450, 450, 40, 450, 450, 40)):
            if n == 3:
                text = example().replace("when: amount > 300", "when: amount > 1000")
                await adopt(office.store, office.books, load(text), text, office.clock)
            await office.says(RITA, f"Please refund ORD-3000{n}, I was charged ${amount} twice")
            await office.pushes(hours=1)
        rows = {row["figure"]: row for row in await rows_of(office, "change") if row["workflow"] == "refund"}
        each = rows["exceptions for each item opened"]
        assert (each["before"], each["after"], each["reads_differently"]) == (pytest.approx(2 / 3), 0, "yes")
        assert rows["opened a week"]["before"] == pytest.approx(rows["opened a week"]["after"])


async def test_what_began_in_confidence_stays_out_of_every_report(tmp_path: Path) -> None:
    """A workflow that is private no more: what began while it was is told nowhere, what began since is."""
    async with house(tmp_path) as office:
        await office.types(RITA, "new", workflow="concern", words="My lead shouts at people.")
        await office.types(MARIA, "except", "CON-1", code="NOT_HEARD", words="Nobody has spoken with her.")
        text = example().replace("    private: true\n", "")
        assert text != example()
        await adopt(office.store, office.books, load(text), text, office.clock)
        await office.types(RITA, "new", workflow="concern", words="The kitchen is cold.")
        await office.types(LEE, "approve", "CON-1", reason_code="GOODWILL", words="We spoke for an hour.")
        for key in ("CON-1", "CON-2"):
            await office.types(MARIA, "evidence", key, name="note", words="We spoke.")
            await office.types(MARIA, "close", key)
            await office.types(MARIA, "reopen", key, words="Not yet.")
        await office.pushes(days=9)
        found = {name: json.dumps(await rows_of(office, name), default=str) for name in QUESTIONS}
        assert [name for name, rows in found.items() if "CON-1" in rows] == []
        assert "CON-2" in found["loops"]
        assert "CON-2" in found["throughput"]
        assert {row["stays"] for row in await rows_of(office, "time-in-stage") if row["workflow"] == "concern"} == {1}


def test_on_the_command_line_as_a_table_json_and_csv(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    at_home(tmp_path, monkeypatch)

    async def work() -> None:
        async with house(tmp_path) as office:
            await works(office)

    asyncio.run(work())
    since = ("--since", "2026-03-01")
    shown = docketbot("report", "repeated-codes", *since)
    assert shown.exit_code == 0
    assert "OVER_LIMIT" in shown.stdout
    assert "REMEDIATION" in shown.stdout
    assert json.loads(docketbot("report", "gates", "--json", *since).stdout)[0]["rejects"] == "never"
    rows = list(csv.DictReader(io.StringIO(docketbot("report", "rework", "--csv", *since).stdout)))
    assert rows[0]["cause"] == "The card number is missing."
    assert "closed-without-evidence" in docketbot("report").stdout
    unknown = docketbot("report", "gate")
    assert (unknown.exit_code, "Did you mean `gates`?" in unknown.stderr) == (2, True)
    assert docketbot("report", "gates", "--since", "soon").exit_code == 2
    stage = json.loads(docketbot("report", "time-in-stage", "--json", *since).stdout)[0]
    assert {"workflow", "stage", "p50", "p90", "items"} <= set(stage)
    assert "The bottleneck is" in docketbot("report", "time-in-stage", *since).stderr
    costs = list(csv.DictReader(io.StringIO(docketbot("report", "cost-of-delay", "--csv", *since).stdout)))
    assert costs[0]["currency"] == "USD"
    assert "REF-1" in costs[0]["costliest"].split()
    page = docketbot("model", "refund")
    assert "Maria Sol" in page.stdout
    assert json.loads(docketbot("model", "--json").stdout)[0]["workflow"] == "refund"
    assert (docketbot("model", "refnd").exit_code, docketbot("model", "concern").exit_code) == (2, 0)
    shown = docketbot("show", "REF-4", "--json", "--trace")
    assert [stay["stage"] for stay in json.loads(shown.stdout)["trace"]["stays"]] == ["triage", "payment", "triage"]
    assert "for Dana Ruiz to work on it in triage" in docketbot("show", "REF-4").stdout
    assert json.loads(docketbot("show", "CON-1", "--json", "--trace").stdout)["trace"] == {}


@pytest.mark.parametrize(("said", "meant"), [("overdue", "overdue-reviews"), ("gate", "gates"), ("xyzzy", "")])
def test_a_name_that_is_none_is_guessed(said: str, meant: str) -> None:
    assert nearest(said) == meant
