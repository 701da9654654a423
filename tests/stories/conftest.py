"""What stories share: a stand-in of Slack that takes more than one message a second, a mail server, quick retries."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import pytest

import bot.pace
import handlers.mail.listen
from tests.dovecot import Dovecot, running


@pytest.fixture
def unpaced(monkeypatch: pytest.MonkeyPatch) -> None:
    """No waiting for Slack's limits, which are real seconds; the sandbox has none."""
    monkeypatch.setattr(bot.pace, "POSTS", 10_000)
    monkeypatch.setattr(bot.pace, "EDITS", 10_000)


@pytest.fixture(scope="module")
def dovecot() -> Iterator[Dovecot]:
    """A real IMAP server."""
    with running() as server:
        yield server


@pytest.fixture
def quick_mail(monkeypatch: pytest.MonkeyPatch) -> None:
    """An inbox that comes back to a server at once, where outside it waits for minutes."""
    quick = {"retry": 0.05, "retry_most": 0.05, "refused": 0.05, "refused_most": 0.05, "report": 0.1, "busy": 0.05}
    monkeypatch.setattr(handlers.mail.listen, "Pace", partial(handlers.mail.listen.Pace, idle_first=0.05, **quick))
