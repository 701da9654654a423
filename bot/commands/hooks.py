"""`hook-secret`: what another system signs its webhooks with."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from bot.commands.opening import over
from bot.terminal import stop


def hook_secret(
    workflow: Annotated[str, typer.Argument(help="The workflow's name in the rulebook, such as refund.")],
) -> None:
    """The secret of a workflow's webhook, on stdout. Example: docketbot hook-secret refund"""

    async def work(store: Any, books: Any) -> None:
        from bot.build import takes_hooks
        from bot.config import settings
        from bot.tokens import tokens_of

        book = books.current
        if not takes_hooks(book, workflow):
            open_ones = ", ".join(name for name in book.workflows if takes_hooks(book, name)) or "none"
            stop(f"`{workflow}` takes no webhooks. With `intake: {{webhook: true}}` there are: {open_ones}.")
        tokens = await tokens_of(settings(), store, books.workspace)
        typer.echo(tokens.hook_secret(workflow))

    over(work)
