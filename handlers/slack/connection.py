"""Keeps the way in over Socket Mode: a new connection stands before an old one is given up, and a lost one is replaced.

Source: Slack's page "Using Socket Mode".
"""

from __future__ import annotations

import asyncio
import logging

from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from handlers.ports import Lasting, Sleep
from handlers.slack.client import code_of, fault
from handlers.slack.send import CALL_ERRORS
from handlers.slack.way_in import News
from handlers.slack.websocket import Socket
from handlers.slack.wire import string

log = logging.getLogger(__name__)

CONNECT_SECONDS = 15.0
WATCH_SECONDS = 2.0
#: A connection that stays away for longer is worth the operator's attention.
GRACE_SECONDS = 20.0
BACK_OFF_SECONDS = (1.0, 2.0, 5.0, 10.0, 20.0, 40.0, 80.0, 160.0, 300.0)
#: Slack closes a connection about ten seconds after it warned of that; until then payloads still come on it.
LEAVE_SECONDS = 30.0

#: Slack's last word on a connection, where a person must do something about it.
_IN_WORDS = {
    "link_disabled": "Socket Mode was switched off for the app. Switch it on again in the app's settings "
    "(api.slack.com/apps, Socket Mode).",
    "too_many_websockets": "Slack lets no further connection of this app in (ten are the most). End the other programs "
    "that use this SLACK_APP_TOKEN.",
}


class Refused(Exception):
    """Slack will never let us in like this; the sentence says what to change."""


class Unreachable(Exception):
    """Slack can't be reached now; trying again may work, after `retry_after_seconds` where Slack named a time."""

    retry_after_seconds: float = 0.0


def in_words(error: Exception, *, setting: str = "SLACK_BOT_TOKEN") -> Refused | Unreachable:
    """A failed call while signing in: to be mended by a person, or only to be waited out."""
    trouble = fault(error)
    sentence = str(trouble).replace("SLACK_BOT_TOKEN", setting)
    if setting == "SLACK_APP_TOKEN":
        sentence = sentence.replace("the bot token of the installed app (xoxb-...)", "the app-level token (xapp-...)")
        if code_of(error) == "missing_scope":
            sentence = "SLACK_APP_TOKEN lacks connections:write. Make an app-level token with it and put that in."
    if isinstance(trouble, Lasting):
        return Refused(sentence)
    unreachable = Unreachable(sentence)
    unreachable.retry_after_seconds = trouble.retry_after_seconds or 0.0
    return unreachable


class Connection:
    """A way in (way_in.py) over one standing websocket, and for a while a second one that is about to be closed."""

    def __init__(self, client: AsyncWebClient, app_token: str, *, sleep: Sleep = asyncio.sleep) -> None:
        self._client = client
        self._app_token = app_token
        self._sleep = sleep
        self._socket: Socket | None = None
        self._watch: asyncio.Task[None] | None = None
        self._leaving: set[asyncio.Task[None]] = set()
        self._stirred = asyncio.Event()  # Slack said goodbye on the standing connection

    @property
    def stands(self) -> bool:
        """Whether messages can come in now."""
        return self._socket is not None and self._socket.stands

    async def open(self, app: AsyncApp, news: News) -> None:
        """Connect; from then on the connection is kept. Raises Refused or Unreachable."""
        self._socket = await self._connect(app)
        self._watch = asyncio.create_task(self._keep(app, news))

    async def close(self) -> None:
        """Disconnect for good, also from a peer that no longer answers."""
        tasks = [task for task in (self._watch, *self._leaving) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._socket is not None:
            await self._socket.leave()
            self._socket = None

    async def _connect(self, app: AsyncApp) -> Socket:
        # Asked for here: the SDK would go on asking for ever with a token that can't work.
        try:
            answer = await self._client.apps_connections_open(app_token=self._app_token)
        except CALL_ERRORS as error:
            raise in_words(error, setting="SLACK_APP_TOKEN") from error
        socket = Socket(
            app, self._app_token, self._client, string(answer.get("url")),
            farewell=self._stirred.set, stand_in=lambda: self._socket,
        )  # fmt: skip
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                await socket.enter()
        except TimeoutError as error:
            await socket.leave()
            raise Unreachable("Slack named a websocket address, but nothing answers there.") from error
        except BaseException:
            await socket.leave()
            raise
        if socket.reason == "too_many_websockets" or not socket.stands:
            await socket.leave()
            raise Unreachable(_IN_WORDS.get(socket.reason, "Slack closed the connection as soon as it stood."))
        return socket

    async def _keep(self, app: AsyncApp, news: News) -> None:
        """Watch for ever: a connection that is lost, or that Slack is about to close, is replaced, with back-off."""
        away_seconds, attempts, told = 0.0, 0, False
        while True:
            await self._next_look()
            socket = self._socket
            assert socket is not None
            if socket.stands and not socket.reason:
                told = told and not await news.back()
                away_seconds, attempts = 0.0, 0
                continue
            if not socket.stands:
                news.parted()
            switched_off = socket.reason == "link_disabled" and not attempts
            try:
                if switched_off:
                    raise Unreachable(_IN_WORDS[socket.reason])
                fresh = await self._connect(app)
            except (Refused, Unreachable) as problem:
                log.warning("Slack: %s", problem)
                if not socket.stands and (switched_off or away_seconds >= GRACE_SECONDS):
                    told = told or await news.lost(f"Slack is not connected. {problem}")
                pause = BACK_OFF_SECONDS[min(attempts, len(BACK_OFF_SECONDS) - 1)]
                pause = max(pause, getattr(problem, "retry_after_seconds", 0.0))
                await self._sleep(pause)
                away_seconds, attempts = away_seconds + pause, attempts + 1
                continue
            if not socket.stands:
                news.parted()  # also where it ended only while the new one was being opened
                news.joined()
            self._socket = fresh
            self._leave(socket)

    async def _next_look(self) -> None:
        """Until Slack says goodbye, at most for a while: a connection that just ends tells nobody."""
        resting = asyncio.ensure_future(self._sleep(WATCH_SECONDS))
        stirring = asyncio.create_task(self._stirred.wait())
        try:
            await asyncio.wait({resting, stirring}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            resting.cancel()
            stirring.cancel()
        self._stirred.clear()

    def _leave(self, socket: Socket) -> None:
        task = asyncio.create_task(self._see_off(socket))
        self._leaving.add(task)
        task.add_done_callback(self._leaving.discard)

    async def _see_off(self, socket: Socket) -> None:
        """Slack closes it when it sends nothing more there; closed by us, what is on its way would come late."""
        try:
            waited = 0.0
            while waited < LEAVE_SECONDS and (socket.stands or socket.busy):
                await self._sleep(WATCH_SECONDS)
                waited += WATCH_SECONDS
        finally:
            await socket.leave()
