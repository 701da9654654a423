"""Real processes of the bot for tests, quick to start: forked from one that has imported everything already."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import runpy
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any

import pytest

#: What a start would spend its seconds on.
_PRELOADED = (
    "pytest", "bot.__main__", "bot.run", "handlers.slack.listen", "handlers.slack.send", "handlers.mail.listen",
    "handlers.mail.send", "storage.sqlite", "storage.postgres", "tests.processes",
)  # fmt: skip
_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload(list(_PRELOADED))


class Process:
    """A process with its own environment and folder; what it writes to stderr and stdout is in `said`."""

    def __init__(
        self, work: Callable[..., None], *arguments: Any, environment: Mapping[str, str], folder: Path
    ) -> None:
        self._said = folder / f"said-{os.urandom(4).hex()}"
        self._process: ForkServerProcess = _FORKS.Process(
            target=_live, args=(work, arguments, dict(environment), str(folder), str(self._said)), daemon=True
        )
        self._process.start()

    @property
    def said(self) -> str:
        """Everything it wrote so far."""
        return self._said.read_text() if self._said.exists() else ""

    @property
    def alive(self) -> bool:
        return self._process.is_alive()

    def signal(self, number: int) -> None:
        """Send a signal, if it still lives."""
        with suppress(ProcessLookupError):
            os.kill(self._process.pid or 0, number)

    async def ends(self, seconds: float = 20) -> int:
        """Wait for its end; the exit code, or minus the signal that killed it. Raises TimeoutError."""
        gone = asyncio.Event()
        loop = asyncio.get_running_loop()
        loop.add_reader(self._process.sentinel, gone.set)
        try:
            async with asyncio.timeout(seconds):
                await gone.wait()
        finally:
            loop.remove_reader(self._process.sentinel)
        self._process.join()
        assert self._process.exitcode is not None
        return self._process.exitcode

    async def killed(self) -> None:
        """Kill it like a power cut, and wait until it is gone."""
        self._process.kill()
        await self.ends()

    async def says(self, words: str, seconds: float = 20) -> None:
        """Wait until it has written these words. Fails when it ends before, or never does."""
        for _ in range(int(seconds / 0.05)):
            if words in self.said:
                return
            if not self.alive:
                break
            await asyncio.sleep(0.05)
        pytest.fail(f"it never said {words!r}, but:\n{self.said}")


def docketbot(*arguments: str, environment: Mapping[str, str], folder: Path) -> Process:
    """`python -m bot ...` with this environment and no other, in this folder."""
    return Process(_command_line, arguments, environment=environment, folder=folder)


def _command_line(arguments: tuple[str, ...]) -> None:
    sys.argv = ["bot", *arguments]
    runpy.run_module("bot", run_name="__main__", alter_sys=True)


def _live(
    work: Callable[..., None], arguments: tuple[Any, ...], environment: dict[str, str], folder: str, said: str
) -> None:
    os.environ.clear()
    os.environ.update({"PATH": "/usr/bin:/bin", **environment})
    os.chdir(folder)
    file = os.open(said, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(file, 1)
    os.dup2(file, 2)
    work(*arguments)
