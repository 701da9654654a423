"""The private lane, told from outside: what three people may know reaches nobody else, by whatever way they look."""

from __future__ import annotations

import asyncio
import io
import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from bot.__main__ import app
from bot.logs import AsJson, add_story
from bot.verifying import verified
from rules.commands import USAGE
from tests.stories.harbor import Harbor, harbor

pytestmark = pytest.mark.usefixtures("unpaced", "quick_mail")

#: Words that stand in the concerns, in what was done about them, and the names of those who wrote them.
CANARIES = ("cellar", "shouts", "hallway", "we spoke", "Rita", "U0RITA", "nadia", "Nadia", "corp.example", "CON-")
OTHERS = ("dana", "finn", "ines", "sam", "noa", "olu")


@pytest.fixture
def logged() -> Iterator[io.StringIO]:
    """Every line that the bot logs, down to DEBUG, in the form in which it goes out."""
    lines = io.StringIO()
    handler = logging.StreamHandler(lines)
    handler.addFilter(add_story)
    handler.setFormatter(AsJson())
    ours = [logging.getLogger(name) for name in ("bot", "handlers", "storage")]
    before = [logger.level for logger in ours]
    for logger in ours:
        logger.addHandler(handler)
        logger.setLevel(logging.DEBUG)
    yield lines
    for logger, level in zip(ours, before, strict=True):
        logger.removeHandler(handler)
        logger.setLevel(level)


def seen_by(office: Harbor, who: str) -> str:
    """All that a person has before them: channels, their direct messages, what was whispered, forms, Home, letters."""
    slack = office.town.slack
    parts: list[Any] = [list(channel.messages.values()) for channel in _channels(office)]
    letters = [letter.raw.decode(errors="replace") for letter in office.town.mail.mailbox(f"{who}@harbor.example")]
    if who != "olu":
        parts += [slack.inbox(who), slack.whispers(who), slack.view(who), slack.home(who)]
    return json.dumps(parts, ensure_ascii=False) + "\n".join(letters)


def _channels(office: Harbor) -> list[Any]:
    return [channel for channel in office.town.workspace.channels.values() if not channel.id.startswith("D")]


def leaks(text: str) -> list[str]:
    """What of the private work stands in a text, with its surroundings."""
    return [f"...{text[max(0, text.index(word) - 80) : text.index(word) + 80]}..." for word in CANARIES if word in text]


async def concerns(office: Harbor) -> None:
    """CON-1 said to the bot alone, CON-2 by mail, CON-3 a mail that nobody can read."""
    slack, mail = office.town.slack, office.town.mail
    await slack.says("rita", "@docket", "my manager shouts at me in the cellar")
    await office.calm()
    question = next(m for m in slack.inbox("rita") if "in confidence" in slack.words(m))
    await slack.clicks("rita", "Yes", question)
    await office.calm()
    assert (await office.item("CON-1")).owner == "maria"
    mail.refuse("nadia@corp.example")  # what is answered to her comes to nothing
    await mail.write("Nadia", "nadia@corp.example", "concerns@harbor.example", "the hallway", "what was said there")
    await arrived(office, "CON-2")
    await mail.deliver("concerns", b"\r\n\r\n")
    await arrived(office, "CON-3")


async def arrived(office: Harbor, key: str) -> None:
    """Wait until an item is there: the mailbox tells of new mail in its own time."""
    for _ in range(400):
        await office.calm()
        if key in {item.key for item in await office.everything()}:
            return
        await asyncio.sleep(0.02)
    raise AssertionError(f"{key} did not come")


async def handled(office: Harbor) -> None:
    """Maria and Lee do what is done with a concern."""
    slack = office.town.slack
    for who, line in (
        ("maria", "evidence CON-1 note we spoke in the cellar"),
        ("maria", "except CON-1 NOT_HEARD she shouts back"),
        ("lee", "claim CON-1"),
        ("lee", "assign CON-1 @maria"),
        ("maria", "show CON-1"),
        ("maria", "why CON-2"),
    ):
        await slack.types(who, f"/docket {line}")
        await office.calm()


async def days_pass(office: Harbor) -> None:
    """Three days, with reminders, escalation and digests."""
    for _ in range(3):
        await office.pushes(hours=26)


async def test_nobody_else_sees_anything_of_it(tmp_path: Path, logged: io.StringIO) -> None:
    async with harbor(tmp_path) as office:
        slack = office.town.slack
        for who in (*OTHERS[:-1], "maria", "rita"):
            await slack.opens_home(who)
        await concerns(office)
        await handled(office)
        await days_pass(office)
        keys = {item.key for item in await office.everything()}
        assert keys == {"CON-1", "CON-2", "CON-3"}, "no failure of the bot's own stands beside them for all to read"
        for who in OTHERS:
            assert not leaks(seen_by(office, who)), who
        for who in OTHERS[:-1]:
            for line in ("list", "exceptions", "mine", "digest", "quarantine"):
                await slack.types(who, f"/docket {line}")
            await slack.opens_home(who)
        await office.calm()
        for who in OTHERS:
            assert not leaks(seen_by(office, who)), who
        for channel in _channels(office):
            assert not leaks(json.dumps(list(channel.messages.values()))), channel.id
        of_maria = seen_by(office, "maria")
        assert "cellar" in of_maria, "the test would find it where it is"
        assert "what was said there" in of_maria
        assert not leaks(logged.getvalue().replace('"story": "timer:main:CON-', '"story": "'))
        assert (await verified(office.store, "main", lambda _line: None))[1] == []


async def test_the_operator_hears_two_sentences_and_nothing_else(tmp_path: Path) -> None:
    async with harbor(tmp_path) as office:
        await concerns(office)
        await days_pass(office)
        slack = office.town.slack
        heard = {slack.words(message) for message in slack.inbox("sam")}
        assert heard == {"A private item is late.", "Something private failed. Maria Sol has it."}
        to_maria = "\n".join(slack.words(message) for message in slack.inbox("maria"))
        assert "Mail to nadia@corp.example comes back" in to_maria
        assert "can't be read" in to_maria


async def test_a_key_of_it_is_answered_like_one_that_was_never_given(tmp_path: Path) -> None:
    async with harbor(tmp_path) as office:
        slack = office.town.slack
        await concerns(office)
        answers: dict[str, set[str]] = {"CON-1": set(), "CON-77": set()}
        for key, said in answers.items():
            for line in ("show", "why", "decide", "claim", "ack", "close", "set", "approve", "evidence", "assign"):
                await slack.types("dana", f"/docket {line} {key}")
                await office.calm()
                assert slack.view("dana") is None, f"no form opens for {line}"
                said.add(slack.words(slack.whispers("dana")[-1]).replace(key, "KEY"))
        assert answers["CON-1"] == answers["CON-77"] == {"There is no KEY that you can see."}
        shared = await slack.says("dana", "#refunds", "see CON-1 and CON-77")
        await office.calm()
        assert not slack.thread(shared)


async def test_no_answer_to_a_command_stands_where_others_read(tmp_path: Path) -> None:
    """Refused, asked or misspelt: it is said to whoever typed it, where they typed it, and to nobody else."""
    async with harbor(tmp_path) as office:
        slack = office.town.slack
        await slack.says("rita", "#refunds", "Please refund ORD-48213, I was charged $450 twice")
        await office.calm()
        before = {channel.id: len(channel.messages) for channel in _channels(office)}
        lines = [how.replace("KEY", "REF-1") for verb, (_, how) in USAGE.items() if verb != "claim"]
        for who in ("finn", "noa"):
            for line in (*lines, "", "exept REF-1", "show REF-1", "list refund"):
                heard = len(slack.whispers(who))
                await slack.types(who, f"/docket {line}", "#general")
                await office.calm()
                assert len(slack.whispers(who)) > heard or slack.view(who), f"{who}: /docket {line}"
                await slack.closes(who, everything=True)
        after = {channel.id: len(channel.messages) for channel in _channels(office)}
        assert after == before


async def test_a_fault_while_it_is_taken_is_its_owners(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, logged: io.StringIO
) -> None:
    async with harbor(tmp_path) as office:
        slack = office.town.slack

        words = "my manager shouts at me in the cellar"

        def broken(*_: object, **__: object) -> None:
            raise ValueError(words)

        monkeypatch.setattr("rules.tracking.open_item", broken)
        await slack.types("rita", f"/docket new concern {words}")
        await office.calm()
        assert "Whoever has it knows, and nobody else." in slack.words(slack.whispers("rita")[-1])
        assert [item.key for item in await office.everything()] == ["CON-1"]
        assert {slack.words(message) for message in slack.inbox("sam")} == {
            "Something private failed. Maria Sol has it."
        }
        assert any("could not be handled (ValueError)" in slack.words(message) for message in slack.inbox("maria"))
        assert not leaks(logged.getvalue())


async def test_the_command_line_leaves_it_out_and_keeps_who_looked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with harbor(tmp_path) as office:
        await concerns(office)
        await handled(office)
        (tmp_path / "rulebook.yml").write_text(office.bot.books.text)
        monkeypatch.setenv("DOCKET_RULEBOOK", str(tmp_path / "rulebook.yml"))
        monkeypatch.setenv("DOCKET_DATABASE_URL", f"sqlite:///{tmp_path}/docket.db")

        async def typed(*words: str) -> str:
            ran = await asyncio.to_thread(CliRunner().invoke, app, list(words), prog_name="docketbot")
            assert ran.exit_code == 0, ran.output
            return ran.stdout

        for command in (
            ["items"], ["items", "--json"], ["exceptions"], ["exceptions", "--json"], ["show", "CON-1"],
            ["show", "CON-2", "--json"], ["why", "CON-1"], ["digest", "morning"],
            ["digest", "morning", "--format", "html"], ["ledger", "export"], ["ledger", "export", "--format", "csv"],
        ):  # fmt: skip
            printed = await typed(*command)
            assert not leaks(printed.replace("CON-", "")), command
            assert ("CON-" in printed) == (command[0] != "digest"), command
        assert "cellar" in await typed("show", "CON-1", "--private")
        looked = json.loads(await typed("show", "CON-1", "--private", "--json"))["ledger"][-2:]
        assert [(entry["kind"], entry["data"]) for entry in looked] == [("looked", {"command": "show"})] * 2
        assert (await verified(office.store, "main", lambda _line: None))[1] == []
