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
from typer.testing import CliRunner, Result

from bot.__main__ import app
from bot.demo import example
from bot.reports import report_of
from rules.events import Command
from rules.reports import QUESTIONS, nearest, record_of
from tests.bot.house import House, house
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


def docketbot(*words: str) -> Result:
    return CliRunner().invoke(app, list(words), prog_name="docketbot")


def test_on_the_command_line_as_a_table_json_and_csv(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "rulebook.yml").write_text(example())
    monkeypatch.chdir(tmp_path)
    for name in ("DOCKET_RULEBOOK", "DOCKET_DATABASE_URL", "SLACK_BOT_TOKEN", "SLACK_APP_TOKEN"):
        monkeypatch.delenv(name, raising=False)

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


@pytest.mark.parametrize(("said", "meant"), [("overdue", "overdue-reviews"), ("gate", "gates"), ("xyzzy", "")])
def test_a_name_that_is_none_is_guessed(said: str, meant: str) -> None:
    assert nearest(said) == meant
