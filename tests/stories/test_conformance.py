"""The sentences of interface.md tried from outside: typed, mentioned and clicked, and read with the command line."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import re
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from bot.__main__ import app
from bot.demo import example
from tests.stories.harbor import Harbor, harbor

Z = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")


async def whispered(office: Harbor, who: str, line: str, where: str = "#general") -> str:
    """What somebody is answered, alone, to a command."""
    await office.town.slack.types(who, line, where)
    await office.calm()
    return str(office.town.slack.words(office.town.slack.whispers(who)[-1]))


async def mentions(office: Harbor, who: str, text: str, thread: dict[str, Any]) -> str:
    """What somebody is answered, alone, to a mention in a thread."""
    slack = office.town.slack
    await slack.says(who, "#refunds", f"@docket {text}", thread=thread)
    await office.calm()
    return str(slack.words(slack.whispers(who)[-1]))


async def test_in_a_thread_a_mention_means_that_threads_item(tmp_path: Path) -> None:
    """Without a KEY; people are named by mention, by key, in any case; a stranger learns only that it is not theirs."""
    async with harbor(tmp_path) as office:
        slack = office.town.slack
        root = await slack.says("rita", "#refunds", "Please refund ORD-48213, it was $45")
        await office.calm()
        assert "Finn" in await mentions(office, "dana", "assign @finn he knows them", root)
        assert (await office.item("REF-1")).owner == "finn"
        assert "Lee" in await mentions(office, "finn", "assign @Lee", root)
        assert "has it: " in await mentions(office, "rita", "why", root)
        assert "Its deadline stays" in await mentions(office, "lee", "snooze 2h", root)
        await mentions(office, "lee", "except NOT_READY the card is unknown", root)
        assert (await office.item("REF-1")).state == "blocked"


async def test_several_exceptions_are_named_with_the_key(tmp_path: Path) -> None:
    """`approve KEY/EXCEPTION CODE why`; without it a private choice."""
    async with harbor(tmp_path) as office:
        await office.town.slack.says("rita", "#refunds", "Refund $450 for ORD-48213 or my lawyer calls")
        await office.calm()
        asked = await whispered(office, "lee", "/docket approve REF-1 GOODWILL because we keep them")
        assert "Which one do you mean" in asked
        assert not [t for t in (await office.item("REF-1")).exceptions if t.decision]
        await whispered(office, "lee", "/docket approve ref-1/over_limit goodwill because we keep them")
        (done,) = [t for t in (await office.item("REF-1")).exceptions if t.decision]
        assert done.decision is not None
        assert (done.code, done.decision.reason_code, done.decision.rationale) == (
            "OVER_LIMIT",
            "GOODWILL",
            "we keep them",
        )


async def test_new_without_words_opens_the_workflows_own_form(tmp_path: Path) -> None:
    """Its fields are read like any text: an unreadable one is said under it, and nothing is opened."""
    async with harbor(tmp_path) as office:
        slack = office.town.slack
        await slack.types("rita", "/docket new refund")
        await office.until(lambda: slack.view("rita"))
        labels = json.dumps(slack.view("rita"))
        assert "Which order is it?" in labels
        assert "How much should go back?" in labels
        what, order, amount = (
            "What happened, what is needed",
            "Which order is it? (ORD-12345)",
            "How much should go back?",
        )
        errors = await slack.submits("rita", {what: "It broke", order: "ORD-48213", amount: "a lot"})
        assert errors
        assert not await office.everything()
        assert not await slack.submits("rita", {what: "It broke", order: "ORD-48213", amount: "$1,200.50"})
        await office.calm()
        item = await office.item("REF-1")
        assert (item.fields["amount"], item.requester, item.state) == ("1200.50 USD", "slack:U0RITA", "blocked")


async def test_a_direct_message_opens_an_item_in_the_workflows_channel(tmp_path: Path) -> None:
    """`new refund ...` said to the bot alone."""
    async with harbor(tmp_path) as office:
        slack = office.town.slack
        await slack.says("rita", "@docket", "new refund ORD-55555, $20 please")
        await office.calm()
        assert (await office.item("REF-1")).fields["order"] == "ORD-55555"
        assert any("REF-1" in slack.words(m) for m in slack.channel("#refunds"))


def test_other_programs_read_what_the_page_promises(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The command line beside the bot's database: every value in the form of interface.md."""
    (tmp_path / "rulebook.yml").write_text(example())
    monkeypatch.chdir(tmp_path)

    async def day() -> None:
        async with harbor(tmp_path) as office:
            slack = office.town.slack
            await slack.says("rita", "#refunds", "Please refund ORD-48213, I was charged $450 twice")
            await office.calm()
            await slack.types("lee", "/docket approve REF-1 DOUBLE_CHARGE the log shows both")
            await office.calm()
            await slack.types("dana", "/docket evidence REF-1 receipt =cmd()")
            await office.calm()

    asyncio.run(day())

    def said(*words: str) -> str:
        run = CliRunner().invoke(app, list(words), prog_name="docketbot")
        assert run.exit_code == 0, run.stderr
        return run.stdout

    item = json.loads(said("show", "REF-1", "--json"))
    assert item["fields"] == {"order": "ORD-48213", "amount": "450.00 USD", "region": "NA"}
    assert (item["requester"], item["owner"], item["backup"]) == ("slack:U0RITA", "dana", "lee")
    assert set(item["source"]) == {"channel", "permalink"}
    assert item["source"]["permalink"].startswith("http")
    (exception,) = item["exceptions"]
    assert set(exception) == {"code", "state", "owner", "backup", "may_decide", "opened_at", "due_at", "decision"}
    assert set(exception["decision"]) == {"verdict", "reason_code", "rationale", "by", "at", "via"}
    assert (exception["decision"]["by"], exception["decision"]["via"]) == ("lee", "slack")
    (proof,) = item["evidence"]
    assert set(proof) == {"id", "kind", "value", "sha256", "by", "at"}
    every = [item["opened_at"], item["due_at"], exception["opened_at"], exception["due_at"], proof["at"]]
    every += [at for entry in item["ledger"] for name, at in entry["data"].items() if name.endswith("_at") and at]
    every += [entry["at"] for entry in item["ledger"]]
    assert all(Z.fullmatch(at) for at in every), every
    assert re.fullmatch(r"[0-9a-f]{64}", item["rulebook"]["version"])
    assert json.loads(said("items", "--json")) == [item]
    assert json.loads(said("exceptions", "--json")) == []
    assert "holds" in CliRunner().invoke(app, ["ledger", "verify"]).stderr
    rows = list(csv.reader(io.StringIO(said("ledger", "export", "--format", "csv"))))
    assert not [cell for row in rows for cell in row if cell.startswith(("=", "+", "-", "@"))]
    lines = [json.loads(line) for line in said("ledger", "export", "--since", "2026-03-05").splitlines()]
    assert lines == []
    assert len(said("ledger", "export", "--since", "2026-03-04").splitlines()) == len(rows) - 1
    blocks = json.loads(said("digest", "morning", "--date", "2026-03-05", "--format", "blocks"))
    assert blocks["blocks"]
    assert "REF-1" in said("digest", "morning", "--date", "2026-03-05")
    wrong = CliRunner().invoke(app, ["digest", "nightly"])
    assert (wrong.exit_code, wrong.stdout) == (2, "")
