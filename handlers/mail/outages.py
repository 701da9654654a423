"""What the operator hears of an inbox that fails: a sentence when that lasts, and a word when it works again."""

from __future__ import annotations

import asyncio
import logging
from typing import Protocol

from handlers.mail.imap import reason
from handlers.mail.settings import InboxSettings
from handlers.ports import Busy

log = logging.getLogger(__name__)


class Told(Protocol):
    """Where failures are told. Either may raise Busy: then it is told later."""

    async def failed(self, cause: str, sentence: str) -> None: ...

    async def recovered(self, cause: str) -> None: ...


class Outages:
    """One inbox's causes: `inbox:NAME` (it can't be read), `inbox:NAME:done` (taken mail can't be marked or moved)."""

    def __init__(self, settings: InboxSettings, house: Told, *, report_seconds: float) -> None:
        self.cause = f"inbox:{settings.name}"
        self._settings = settings
        self._house = house
        self._report_seconds = report_seconds
        # None: a failure that an earlier process told of may still be open
        self._told: dict[str, bool | None] = {self.cause: None, f"{self.cause}:done": None}
        self._failing_since: float | None = None

    async def broken(self, problem: BaseException) -> None:
        """It can't be read now; told once that lasts."""
        now = asyncio.get_running_loop().time()
        if self._failing_since is None:
            self._failing_since = now
        if now - self._failing_since >= self._report_seconds:
            name = self._settings.name
            await self._tell(
                self.cause,
                f"The inbox {name} can't be read: {reason(problem)}. Mail waits there and is read when it works again.",
            )

    async def refused(self) -> None:
        """User or password are wrong: told at once, since only a person can mend it."""
        name, host = self._settings.name, self._settings.host
        setting = f"DOCKET_INBOX_{name.upper().replace('-', '_')}"
        await self._tell(
            self.cause,
            f"The inbox {name} can't be read: {host} refuses the user or the password. "
            f"Mend {setting}; mail waits there.",
        )

    async def consent(self, why: str) -> None:
        """No access token is given any more: told at once, since only a person can consent again."""
        name = self._settings.name
        setting = f"DOCKET_OAUTH_{name.upper().replace('-', '_')}"
        await self._tell(
            self.cause,
            f"The inbox {name} can't be read: {why}. "
            f"Put the new refresh token into the file of {setting}; mail waits there.",
        )

    async def fine(self) -> None:
        """It was read."""
        self._failing_since = None
        await self._tell(self.cause, "")

    async def signed(self, problem: str) -> None:
        """Whether taken mail could be marked or moved: `problem` says why not."""
        sentence = f"Mail in the inbox {self._settings.name} is taken, but {problem}." if problem else ""
        await self._tell(f"{self.cause}:done", sentence)

    async def _tell(self, cause: str, sentence: str) -> None:
        if self._told[cause] is bool(sentence):
            return
        try:
            await (self._house.failed(cause, sentence) if sentence else self._house.recovered(cause))
            self._told[cause] = bool(sentence)
        except Busy:
            log.info("%s: the database is busy; told later", cause)
