"""The walls between the rooms stand, and whoever breaks one hears of it."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LINT = Path(sys.executable).with_name("lint-imports")


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([str(LINT), "--no-cache"], cwd=folder, capture_output=True, text=True, check=False)


def copy_of_the_house(folder: Path) -> Path:
    for room in ("bot", "handlers", "rules", "storage"):
        shutil.copytree(ROOT / room, folder / room, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", folder)
    return folder


def test_the_walls_stand() -> None:
    told = lint(ROOT)
    assert told.returncode == 0, told.stdout


@pytest.mark.parametrize(
    ("file", "breach"),
    [
        ("rules/stops.py", "import storage.store"),
        ("rules/stops.py", "import sqlalchemy"),
        ("rules/stops.py", "import asyncio"),
        ("handlers/slack/read.py", "import handlers.mail.read"),
        ("handlers/slack/write.py", "import slack_sdk"),
        ("handlers/mail/read.py", "import storage.inbox"),
        ("storage/items.py", "import handlers.ports"),
        ("bot/desk.py", "import sqlalchemy"),
        ("bot/courier.py", "import apscheduler"),
    ],
)
def test_a_breach_is_caught(tmp_path: Path, file: str, breach: str) -> None:
    house = copy_of_the_house(tmp_path)
    place = house / file
    place.write_text(place.read_text() + f"\n{breach}\n")
    told = lint(house)
    assert told.returncode == 1, f"{breach} in {file} went unseen"
    assert "BROKEN" in told.stdout
