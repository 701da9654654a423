"""`run` and `demo`: the bot itself, against the world or against its sandbox."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bot.for_good import for_good
from bot.terminal import finish, stop


def run() -> None:
    """The bot; ends cleanly on SIGTERM and Ctrl-C. Example: SLACK_BOT_TOKEN=... docketbot run"""

    async def work() -> None:
        with for_good():
            from bot.config import settings
            from bot.logs import set_up
            from bot.run import run as started

        chosen = settings()
        set_up(chosen.log_form)
        await started(chosen)

    finish(work)


def demo(
    rulebook: Annotated[Path | None, typer.Option("--rulebook", help="Your own; default: Harbor Supply's.")] = None,
    port: Annotated[int, typer.Option("--port", help="Of the page; 0 takes a free one.")] = 0,
    browser: Annotated[bool, typer.Option("--browser/--no-browser", help="Open the page.")] = True,
) -> None:
    """The whole bot against a stand-in of Slack and mail, in the browser. Example: docketbot demo --rulebook my.yml"""
    if not 0 <= port <= 65535:
        stop("--port is a number up to 65535; 0 takes a free one.")

    async def work() -> None:
        from bot.demo import demo as started

        await started(rulebook, port, browser)

    finish(work)
