"""The walls between the rooms stand, and a breach is caught: nobody has to remember them."""

from __future__ import annotations

import ast
import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]
CONFIG = tomllib.loads((PROJECT / "pyproject.toml").read_text())
ROOMS = CONFIG["tool"]["importlinter"]["root_packages"]

# The file, the line that is added to it (a new file has nothing else), what the report names.
BREACHES = [
    ("rules/answers.py", "import storage.ledger", "rules.answers -> storage.ledger"),
    ("rules/answers.py", "import sqlalchemy", "rules.answers -> sqlalchemy"),
    ("rules/fields/money.py", "import logging", "rules.fields.money -> logging"),
    ("rules/of_tomorrow.py", "from random import choice", "rules.of_tomorrow -> random"),
    ("rules/of_tomorrow.py", "import asyncio", "rules.of_tomorrow -> asyncio"),
    ("handlers/slack/send.py", "import handlers.mail.send", "handlers.slack.send -> handlers.mail.send"),
    ("handlers/mail/read.py", "import storage.items", "handlers.mail.read -> storage.items"),
    ("handlers/slack/listen.py", "import bot.desk", "handlers.slack.listen -> bot.desk"),
    ("storage/items.py", "import handlers.ports", "storage.items -> handlers.ports"),
    ("handlers/slack/read.py", "import slack_sdk.models.blocks", "handlers.slack.read -> slack_sdk"),
    ("handlers/slack/of_tomorrow.py", "import slack_bolt", "handlers.slack.of_tomorrow -> slack_bolt"),
    ("handlers/mail/of_tomorrow.py", "import imapclient", "handlers.mail.of_tomorrow -> imapclient"),
    ("handlers/mail/write.py", "import aiosmtplib", "handlers.mail.write -> aiosmtplib"),
    ("handlers/slack/write.py", "import aiohttp", "handlers.slack.write -> aiohttp"),
    ("bot/desk.py", "import sqlalchemy", "bot.desk -> sqlalchemy"),
    ("bot/run.py", "import slack_sdk", "bot.run -> slack_sdk"),
    ("bot/run.py", "import pymap", "bot.run -> pymap"),
    ("bot/knock.py", "import apscheduler", "bot.knock -> apscheduler"),
]  # fmt: skip


def linted(folder: Path) -> tuple[int, str]:
    """Exit code and report of import-linter on the tree in that folder."""
    ended = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache", "--no-logo"],
        cwd=folder, capture_output=True, text=True, env={**os.environ, "COLUMNS": "200"},
    )  # fmt: skip
    return ended.returncode, ended.stdout + ended.stderr


@pytest.fixture(scope="session")
def report(tmp_path_factory: pytest.TempPathFactory) -> str:
    """What import-linter says of a copy in which every breach is planted."""
    copy = tmp_path_factory.mktemp("breached")
    shutil.copy(PROJECT / "pyproject.toml", copy)
    for room in ROOMS:
        shutil.copytree(PROJECT / room, copy / room, ignore=shutil.ignore_patterns("__pycache__"))
    for path, line, _ in BREACHES:
        with (copy / path).open("a") as file:
            file.write(f"\n{line}\n")
    code, said = linted(copy)
    assert code == 1, said
    return said


def test_the_walls_stand() -> None:
    """The tree as it is breaks no contract of pyproject.toml."""
    code, said = linted(PROJECT)
    assert code == 0, said


@pytest.mark.parametrize(("path", "line", "named"), BREACHES, ids=[named for *_, named in BREACHES])
def test_a_planted_breach_is_caught(report: str, path: str, line: str, named: str) -> None:
    """The report names the file and the import, so that whoever broke the wall knows where."""
    assert f"{named} (" in report, report


def test_every_channel_and_every_package_is_behind_a_wall() -> None:
    """A new door or a new room that nobody wrote a contract for would have no wall."""
    channels = {f"handlers.{init.parent.name}" for init in (PROJECT / "handlers").glob("*/__init__.py")}
    contracts = CONFIG["tool"]["importlinter"]["contracts"]
    (strangers,) = (set(contract["modules"]) for contract in contracts if contract["type"] == "independence")
    assert channels == strangers
    assert CONFIG["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"] == ROOMS
    assert CONFIG["tool"]["mypy"]["packages"] == ROOMS


NEVER_CALLED = {"now", "utcnow", "today", "open", "print", "input", "exec", "eval", "read_text", "sleep"}


def test_rules_ask_no_clock_and_wait_for_nothing() -> None:
    """What imports can't show: `datetime.now` is a clock in an innocent module, and `async` asks for a loop."""
    found = []
    for path in sorted((PROJECT / "rules").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_bytes())):
            if isinstance(node, ast.AsyncFunctionDef | ast.Await):
                found.append(f"{path.relative_to(PROJECT)}:{node.lineno} waits")
            if isinstance(node, ast.Call):
                called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
                found += [f"{path.relative_to(PROJECT)}:{node.lineno} calls {called}"] * (called in NEVER_CALLED)
    assert found == []
