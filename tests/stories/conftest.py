"""What stories share: a stand-in of Slack that takes more than one message a second, a mail server, quick retries."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import pytest

import bot.connecting
import bot.pace
import handlers.mail.listen
import handlers.slack.client
import handlers.slack.connection
import handlers.slack.held
import handlers.slack.history
import handlers.slack.listen_events
import storage.sqlite
import tests.stories.harbor
from tests.dovecot import Dovecot, running


@pytest.fixture
def unpaced(monkeypatch: pytest.MonkeyPatch) -> None:
    """No waiting for Slack's limits, which are real seconds; the sandbox has none."""
    monkeypatch.setattr(bot.pace, "POSTS", 10_000)
    monkeypatch.setattr(bot.pace, "ALL_POSTS", 10_000)
    monkeypatch.setattr(bot.pace, "EDITS", 10_000)
    # Nor between the tries to ask somebody whom Slack does not know: a stop would wait for them.
    monkeypatch.setattr(handlers.slack.listen_events, "AGAIN_SECONDS", (0.01, 0.01))


@pytest.fixture(params=["socket", "http"])
def both_modes(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """The story runs twice: Slack is heard by Socket Mode, and by HTTP."""
    monkeypatch.setattr(tests.stories.harbor, "MODE", request.param)


@pytest.fixture(scope="module")
def dovecot() -> Iterator[Dovecot]:
    """A real IMAP server."""
    with running() as server:
        yield server


@pytest.fixture
def quick_mail(monkeypatch: pytest.MonkeyPatch) -> None:
    """An inbox that comes back to a server at once, where outside it waits for minutes."""
    quick = {
        "retry": 0.05,
        "retry_most": 0.05,
        "refused": 0.05,
        "refused_most": 0.05,
        "report": 0.1,
        "busy": 0.05,
        "slice": 0.05,
    }
    monkeypatch.setattr(handlers.mail.listen, "Pace", partial(handlers.mail.listen.Pace, idle_first=0.05, **quick))


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch, unpaced: None, quick_mail: None) -> None:
    """Every wait for the real world in small: what takes seconds and minutes outside takes milliseconds here."""
    monkeypatch.setattr(bot.connecting, "RETRY_SECONDS", (0.05,))
    monkeypatch.setattr(handlers.slack.connection, "WATCH_SECONDS", 0.05)
    monkeypatch.setattr(handlers.slack.connection, "GRACE_SECONDS", 0.2)
    monkeypatch.setattr(handlers.slack.connection, "BACK_OFF_SECONDS", (0.05,))
    monkeypatch.setattr(handlers.slack.client, "TIMEOUT_SECONDS", 0.3)
    monkeypatch.setattr(handlers.slack.history, "FIRST_SECONDS", 0.05)
    monkeypatch.setattr(handlers.slack.history, "LONGEST_SECONDS", 0.2)
    monkeypatch.setattr(handlers.slack.held, "FIRST_SECONDS", 0.05)
    monkeypatch.setattr(storage.sqlite, "BUSY_SECONDS", 0.1)
