"""`docketbot demo`: the bot, unchanged, against its sandbox: a small Slack, a mailbox, a page, a clock to push."""

from __future__ import annotations

import asyncio
import logging
import signal
import tempfile
import webbrowser
from contextlib import AsyncExitStack
from importlib import resources
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from bot.build import build
from bot.config import Misconfigured, rulebook, settings
from bot.logs import set_up
from bot.run import open_store, serve
from bot.sandbox.clock import HandClock, working_hour
from bot.sandbox.imap_side import MissingExtra
from bot.sandbox.town import Town
from bot.terminal import say
from rules.book.load import load

EXAMPLE = "harbor.yml"


def example() -> str:
    """The text of the rulebook that the demo opens with."""
    return _carried(f"examples/{EXAMPLE}")


def manifest() -> dict[str, Any]:
    """The app manifest, as the stand-in of Slack installs it: the same scopes and events as in a real workspace."""
    read: dict[str, Any] = YAML(typ="safe", pure=True).load(_carried("manifest.yml"))
    return read


def _carried(path: str) -> str:
    """A file that travels with the program: in the wheel inside the package, in a checkout beside it."""
    packed = resources.files("bot").joinpath(*path.split("/"))
    return packed.read_text() if packed.is_file() else (Path(__file__).parents[1] / path).read_text()


async def demo(path: Path | None, port: int, browser: bool, stop: asyncio.Event | None = None) -> None:
    """Run until Ctrl-C (or `stop`). Raises Misconfigured for a rulebook with holes or a port that is taken."""
    set_up("text", logging.WARNING)
    if path is None:
        text = example()
        book = load(text, EXAMPLE)
    else:
        book, text = rulebook(path)
    clock = HandClock()
    clock.push(working_hour(clock.now(), book.timezone) - clock.now())
    stop = stop or asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stop.set)
    async with AsyncExitStack() as open_now:
        folder = open_now.enter_context(tempfile.TemporaryDirectory(prefix="docket-demo-"))
        try:
            town = await open_now.enter_async_context(Town(book, clock, port, manifest=manifest()))
        except MissingExtra as problem:
            raise Misconfigured(str(problem)) from None
        except OSError as problem:
            raise Misconfigured(f"The page can't be opened on port {port}: {problem.strerror}.") from None
        given = {**town.environment, "DOCKET_DATABASE_URL": f"sqlite:///{folder}/docket.db"}
        store = await open_store(given["DOCKET_DATABASE_URL"])
        open_now.callback(store.close)
        bot = await build(settings(given), book, text, store, clock=clock)
        say(f"Docket's sandbox: {town.url}/")
        if path is None:
            say("Write as Rita in #refunds, answer the question, decide as Lee, push the clock.")
        else:
            say("Be somebody of your rulebook, write in one of its channels, push the clock.")
        say("Ctrl-C ends it; nothing is kept.")
        if browser:
            await asyncio.to_thread(webbrowser.open, town.url)
        await serve(bot, book, text, stop)
