"""The command line as somebody would type it, in a folder of their own."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from bot.__main__ import app
from bot.demo import example

_SETTINGS = ("DOCKET_RULEBOOK", "DOCKET_DATABASE_URL", "SLACK_BOT_TOKEN", "SLACK_APP_TOKEN")


def docketbot(*words: str) -> Result:
    """Run a command; its exit code, stdout and stderr."""
    return CliRunner().invoke(app, list(words), prog_name="docketbot")


def at_home(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Go there, with the example as the rulebook and none of this machine's settings."""
    (folder / "rulebook.yml").write_text(example())
    monkeypatch.chdir(folder)
    for name in _SETTINGS:
        monkeypatch.delenv(name, raising=False)
