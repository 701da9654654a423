"""`docketbot hook-secret`: one line on stdout that the running bot knows, and a sentence for every other case."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from bot.config import settings
from bot.run import open_store
from bot.tokens import tokens_of
from tests.bot.test_bot_commands import desk, docketbot

__all__ = ["desk"]


def test_it_prints_the_secret_that_the_bot_checks_with(desk: Path) -> None:
    """Without DOCKET_SECRET it comes from the one in the database, which is made once."""
    shown = docketbot("hook-secret", "refund")
    assert (shown.exit_code, shown.stderr) == (0, "")

    async def of_the_bot() -> str:
        store = await open_store(f"sqlite:///{desk}/docket.db")
        try:
            return (await tokens_of(settings({}), store, "main")).hook_secret("refund")
        finally:
            store.close()

    assert shown.stdout == asyncio.run(of_the_bot()) + "\n"


def test_a_secret_of_ones_own_makes_another(desk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = docketbot("hook-secret", "refund").stdout
    monkeypatch.setenv("DOCKET_SECRET", "s" * 40)
    after = docketbot("hook-secret", "refund").stdout
    assert len({before, after}) == 2
    assert "s" * 40 not in after


@pytest.mark.parametrize("workflow", ["access", "refunds", "concern", ""])
def test_what_takes_no_webhooks_has_none(desk: Path, workflow: str) -> None:
    shown = docketbot("hook-secret", workflow)
    assert (shown.exit_code, shown.stdout) == (2, "")
    assert f"`{workflow}` takes no webhooks" in shown.stderr
    assert "there are: refund." in shown.stderr
