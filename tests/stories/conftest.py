"""What stories share: a stand-in of Slack that takes more than one message a second."""

from __future__ import annotations

import pytest

import bot.pace


@pytest.fixture
def unpaced(monkeypatch: pytest.MonkeyPatch) -> None:
    """No waiting for Slack's limits, which are real seconds; the sandbox has none."""
    monkeypatch.setattr(bot.pace, "POSTS", 10_000)
    monkeypatch.setattr(bot.pace, "EDITS", 10_000)
