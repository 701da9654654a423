"""`metrics-token`: what a program on another machine shows to read /metrics and the details of /readyz."""

from __future__ import annotations

from typing import Any

import typer

from bot.commands.opening import over


def metrics_token() -> None:
    """What /metrics asks of other machines, on stdout. Example: docketbot metrics-token"""

    async def work(store: Any, books: Any) -> None:
        from bot.config import settings
        from bot.tokens import tokens_of

        typer.echo((await tokens_of(settings(), store, books.workspace)).watcher())

    over(work)
