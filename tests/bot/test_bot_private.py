"""Private work at the command line: its content is left out, and whoever has it shown stands in its record."""

from __future__ import annotations

import asyncio
import csv
import io
import json
from pathlib import Path

import pytest

from bot.commands.looking import user
from tests.bot.house import house
from tests.command_line import at_home, docketbot

CANARY = "Somebody takes the petty cash."
#: What nobody at the command line may read without saying so: the words, who wrote them, what was done about it.
SECRETS = ("petty", "RITA", "maria", "Maria", "NOT_HEARD", "we spoke")


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder in which a bot has worked: a concern with a proof and an exception, and an ordinary refund."""
    at_home(tmp_path, monkeypatch)

    async def work() -> None:
        async with house(tmp_path) as office:
            await office.types("slack:U0RITA", "new", workflow="concern", words=CANARY)
            await office.types("slack:U0MARIA", "evidence", "CON-1", name="note", words="we spoke")
            await office.types("slack:U0MARIA", "except", "CON-1", code="NOT_HEARD", words="we spoke")
            await office.says("slack:U0RITA", "Please refund ORD-48213, it was $45")
            await office.calm()

    asyncio.run(work())
    return tmp_path


EVERY = [
    ("items",), ("items", "--json"), ("items", "--all"), ("exceptions",), ("exceptions", "--json"),
    ("show", "CON-1"), ("show", "CON-1", "--json"), ("why", "CON-1"),
    ("digest", "morning"), ("digest", "morning", "--format", "json"), ("digest", "friday"),
    ("ledger", "export"), ("ledger", "export", "--format", "csv"),
]  # fmt: skip


@pytest.mark.parametrize("command", EVERY, ids=" ".join)
def test_nothing_of_it_is_printed(desk: Path, command: tuple[str, ...]) -> None:
    """Of the concern its key, its state and times; in a digest not even that it is there."""
    printed = docketbot(*command)
    assert printed.exit_code == 0
    of_it = [line for line in printed.stdout.splitlines() if "CON-1" in line]
    if command[0] == "digest":
        assert not of_it
        assert "petty" not in printed.stdout
        return
    assert of_it
    if "--json" in command:
        rows = json.loads(printed.stdout)
        shown = rows if isinstance(rows, dict) else next(row for row in rows if row["key"] == "CON-1")
        of_it = [json.dumps(shown)]
    assert not [secret for secret in SECRETS for line in of_it if secret in line]
    assert "--private" in printed.stderr


@pytest.mark.parametrize("command", [c for c in EVERY if c[0] != "digest"], ids=" ".join)
def test_it_is_shown_to_whoever_asks_and_its_record_says_who(desk: Path, command: tuple[str, ...]) -> None:
    """`--private` is the key to it; each look is an entry of each private item, and the ledger still holds."""
    seen = docketbot(*command, "--private")
    assert (seen.exit_code, seen.stderr) == (0, "")
    if command[0] != "exceptions":
        assert "petty" in seen.stdout or command[0] == "why"
    again = json.loads(docketbot("show", "CON-1", "--json", "--private").stdout)
    looks = [entry for entry in again["ledger"] if entry["kind"] == "looked"]
    what = "ledger export" if command[0] == "ledger" else command[0]
    assert [look["data"]["command"] for look in looks] == [what, "show"]
    assert {(look["by"], look["via"]) for look in looks} == {(f"os:{user()}", "command line")}
    public = json.loads(docketbot("show", "REF-1", "--json").stdout)
    assert not [entry for entry in public["ledger"] if entry["kind"] == "looked"]
    assert docketbot("ledger", "verify").exit_code == 0


def test_a_public_item_is_shown_as_ever(desk: Path) -> None:
    """`--private` changes nothing there, and nothing is written down."""
    before = docketbot("show", "REF-1", "--json").stdout
    assert docketbot("show", "REF-1", "--json", "--private").stdout == before
    assert "--private" not in docketbot("show", "REF-1").stderr


def test_an_export_keeps_its_form_and_its_chain(desk: Path) -> None:
    """Every entry of private work is there with its hash, without who and what, in both forms."""
    lines = [json.loads(line) for line in docketbot("ledger", "export").stdout.splitlines()]
    rows = list(csv.DictReader(io.StringIO(docketbot("ledger", "export", "--format", "csv").stdout)))
    hidden = [line for line in lines if line["item"] == "CON-1"]
    assert [(line["item"], line["hash"]) for line in lines] == [(row["item"], row["hash"]) for row in rows]
    assert hidden
    assert {(line["by"], json.dumps(line["data"])) for line in hidden} == {(None, "{}")}
    assert {(row["by"], row["data"]) for row in rows if row["item"] == "CON-1"} == {("", "{}")}


def test_a_digest_does_not_even_count_it(desk: Path) -> None:
    """Its counts are those of a house without it."""
    printed = docketbot("digest", "morning").stdout
    assert "1 item open" in printed
    assert "CON" not in printed
