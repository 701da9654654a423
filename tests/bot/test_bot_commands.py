"""The command line: data on stdout, talk on stderr, sentences and exit codes instead of tracebacks."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import sqlite3
from pathlib import Path

import pytest

from bot.commands.ledger import harmless
from bot.demo import example
from bot.terminal import inert, visible
from tests.bot.house import house
from tests.command_line import at_home, docketbot

COMMANDS = (
    "demo", "run", "check", "items", "exceptions", "show", "why", "digest", "ledger verify", "ledger export",
    "hook-secret", "metrics-token",
)  # fmt: skip
REFUND = "Please refund ORD-48213, I was charged $450 twice"
HOSTILE = "refund =HYPERLINK(1) \x1b[31mORD-11111\x1b[0m 10 USD"


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder in which a bot has worked: a refund that waits for Lee, a hostile one, a private concern."""
    at_home(tmp_path, monkeypatch)

    async def work() -> None:
        async with house(tmp_path) as office:
            await office.says("slack:U0RITA", REFUND)
            await office.says("slack:U0MALLORY", HOSTILE)
            await office.types("slack:U0RITA", "new", workflow="concern", words="Somebody takes the petty cash.")
            await office.calm()

    asyncio.run(work())
    return tmp_path


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_with_an_example(command: str) -> None:
    """Nobody should need the manual for the first try."""
    shown = docketbot(*command.split(), "--help")
    assert shown.exit_code == 0
    assert f"docketbot {command.split()[0]}" in shown.stdout
    assert "Example:" in shown.stdout


def test_check_praises_a_rulebook_without_a_hole(desk: Path) -> None:
    """And says what it looked at."""
    checked = docketbot("check")
    assert (checked.exit_code, checked.stderr) == (0, "")
    assert "has no hole" in checked.stdout
    assert docketbot("check", "--json").stdout == "[]\n"


def test_check_lists_every_hole_with_its_place(desk: Path) -> None:
    """As JSON the same, and an untrue example counts as well."""
    (desk / "bad.yml").write_text(
        example().replace("operator: sam", "operator: nobody").replace("amount > 300", "x > 3")
    )
    checked = docketbot("check", "bad.yml")
    assert checked.exit_code == 1
    assert "bad.yml:" in checked.stdout
    holes = json.loads(docketbot("check", "bad.yml", "--json").stdout)
    assert {frozenset(hole) for hole in holes} == {frozenset(("file", "line", "column", "what", "meant"))}
    assert len(holes) >= 2
    (desk / "untrue.yml").write_text(example().replace("exception: OVER_LIMIT", "exception: STALLED", 1))
    untrue = docketbot("check", "untrue.yml")
    assert untrue.exit_code == 1
    assert "untrue.yml:" in untrue.stdout


def test_check_of_a_file_that_is_not_there_is_wrong_use(desk: Path) -> None:
    """Not a rulebook with holes: exit code 2."""
    checked = docketbot("check", "nowhere.yml")
    assert (checked.exit_code, checked.stdout) == (2, "")
    assert "nowhere.yml can't be read" in checked.stderr


def test_a_huge_file_is_a_hole(desk: Path) -> None:
    """Its real size is told, though it is not read."""
    (desk / "huge.yml").write_bytes(b"#" * 3_000_000)
    checked = docketbot("check", "huge.yml")
    assert checked.exit_code == 1
    assert "3,000,000 bytes" in checked.stdout


def test_a_question_makes_no_database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty one in the wrong folder would answer that nothing is open."""
    monkeypatch.chdir(tmp_path)
    asked = docketbot("items")
    assert asked.exit_code == 2
    assert "There is no database at docket.db" in asked.stderr
    assert list(tmp_path.iterdir()) == []


def test_items_and_exceptions_are_tables_and_lists(desk: Path) -> None:
    """What strangers wrote can't paint the terminal."""
    shown = docketbot("items").stdout
    assert {line.split()[0] for line in shown.splitlines()} == {"KEY", "REF-1", "REF-2", "CON-1"}
    assert "\x1b" not in shown
    listed = json.loads(docketbot("items", "--json").stdout)
    assert {item["key"] for item in listed} == {"REF-1", "REF-2", "CON-1"}
    assert all(item["ledger"] for item in listed)
    waiting = json.loads(docketbot("exceptions", "--json").stdout)
    assert [(row["key"], row["code"], row["owner"], row["state"]) for row in waiting] == [
        ("REF-1", "OVER_LIMIT", "lee", "open")
    ]
    assert "OVER_LIMIT" in docketbot("exceptions").stdout


def test_an_item_is_shown_whole(desk: Path) -> None:
    """The JSON has the keys of interface.md, with times in UTC and canonical values."""
    item = json.loads(docketbot("show", "ref-1", "--json").stdout)
    promised = [
        "key", "workflow", "title", "state", "stage", "owner", "backup", "requester", "fields", "source", "opened_at",
        "due_at", "closed_at", "outcome", "exceptions", "evidence", "rulebook", "ledger",
    ]  # fmt: skip
    assert [name for name in item if name in promised] == promised, "keys are added, none is renamed"
    assert (item["state"], item["owner"], item["requester"]) == ("blocked", "dana", "slack:U0RITA")
    assert item["fields"]["amount"] == "450.00 USD"
    assert item["opened_at"] == "2026-03-04T16:00:00Z"
    assert [entry["seq"] for entry in item["ledger"]] == list(range(1, len(item["ledger"]) + 1))
    assert set(item["ledger"][0]) == {"seq", "at", "kind", "by", "via", "data", "hash"}
    assert "Refund for ORD-48213" in docketbot("show", "REF-1").stdout
    assert "2 business hours" in docketbot("why", "REF-1").stdout


def test_what_is_not_there_is_answered_with_no(desk: Path) -> None:
    """Exit code 1: the question was fine, the answer is no."""
    for key in ("REF-99", "nonsense"):
        asked = docketbot("show", key)
        assert (asked.exit_code, asked.stdout) == (1, "")
        assert asked.stderr.count("\n") == 1


def test_the_token_of_the_metrics_is_always_the_same(desk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Derived from the secret, which is kept in the database where none is set; another secret makes another token."""
    first, again = docketbot("metrics-token"), docketbot("metrics-token")
    assert first.stdout == again.stdout
    assert len(first.stdout.strip()) == 40
    monkeypatch.setenv("DOCKET_SECRET", "s" * 32)
    assert docketbot("metrics-token").stdout not in ("", first.stdout)


def test_the_ledger_holds_and_a_change_is_found(desk: Path) -> None:
    """A stored item that its entries do not give is told by key, with exit code 1."""
    held = docketbot("ledger", "verify")
    assert (held.exit_code, held.stdout) == (0, "")
    with sqlite3.connect(desk / "docket.db") as database:
        database.execute(
            """UPDATE items SET body = replace(body, '"owner":"dana"', '"owner":"finn"') WHERE key='REF-1'"""
        )
    broken = docketbot("ledger", "verify")
    assert broken.exit_code == 1
    assert "REF-1" in broken.stdout
    assert "owner" in broken.stdout


def test_the_ledger_is_exported_and_no_cell_is_a_formula(desk: Path) -> None:
    """JSON lines and CSV hold the same entries; of private work only that something happened."""
    lines = [json.loads(line) for line in docketbot("ledger", "export").stdout.splitlines()]
    rows = list(csv.DictReader(io.StringIO(docketbot("ledger", "export", "--format", "csv").stdout)))
    assert len(lines) == len(rows) > 5
    assert all(not cell.lstrip().startswith(("=", "+", "-", "@")) for row in rows for cell in row.values())
    assert all("petty cash" not in json.dumps(line) for line in lines)
    assert docketbot("ledger", "export", "--since", "2026-03-05").stdout == ""
    assert docketbot("ledger", "export", "--since", "soon").exit_code == 2


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@SUM(A1)", " =1", "\t=1", "\r=1", "＝1"])
def test_a_cell_that_looks_like_a_formula_is_made_text(cell: str) -> None:
    """Also behind white space and in the wide forms that spreadsheets know."""
    assert harmless(cell) == f"'{cell}"
    assert harmless(f"REF {cell}") == f"REF {cell}"


def test_no_words_paint_the_terminal() -> None:
    """Escape sequences of strangers come out as blanks, line ends stay where there may be several lines."""
    assert visible("a\x1b[31mb\nc\u202ed") == "a [31mb c d"
    assert inert("a\x1b[31mb\nc\x9b") == "a [31mb\nc "


@pytest.mark.parametrize("form", ["text", "html", "json", "blocks"])
def test_a_digest_is_printed_in_every_form(desk: Path, form: str) -> None:
    """For a day of the past it shows what stood then."""
    printed = docketbot("digest", "morning", "--date", "2026-03-05", "--format", form)
    assert printed.exit_code == 0
    assert "OVER_LIMIT" in printed.stdout
    assert "petty" not in printed.stdout
    if form in ("json", "blocks"):
        json.loads(printed.stdout)
    before = docketbot("digest", "morning", "--date", "2026-03-03", "--format", form)
    assert "OVER_LIMIT" not in before.stdout


def test_an_unknown_digest_names_the_known_ones(desk: Path) -> None:
    """Wrong use ends with 2 and says what there is."""
    asked = docketbot("digest", "noon")
    assert asked.exit_code == 2
    assert "morning" in asked.stderr


def test_run_without_settings_says_what_to_set(desk: Path) -> None:
    """No token, no inbox: a sentence and exit 2."""
    ran = docketbot("run")
    assert ran.exit_code == 2
    assert "Neither Slack nor an inbox is configured" in ran.stderr


def test_a_database_that_is_none_is_a_sentence(desk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is wrong with it, no traceback reaches anybody."""
    (desk / "docket.db").write_text("this is no database at all, only words, and enough of them to fill a header page")
    asked = docketbot("items")
    assert asked.exit_code == 2
    assert "not a database" in asked.stderr
    monkeypatch.setenv("DOCKET_DATABASE_URL", "mysql://u:hunter2@h/d")
    asked = docketbot("items")
    assert asked.exit_code == 2
    assert "hunter2" not in asked.stderr
