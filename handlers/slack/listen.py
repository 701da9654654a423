"""Slack's door: signs in, keeps a Socket Mode connection, and hands what comes to the listeners of events and acts.

Sources: Slack's pages "Using Socket Mode" and "Events API"; slack-bolt's `process_before_response`.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection, Mapping
from contextlib import suppress
from typing import Any

from slack_sdk.web.async_client import AsyncWebClient

from handlers.ports import Clock, Desk, Sleep
from handlers.slack.channels import Channels
from handlers.slack.connection import Connection, Refused, Unreachable, in_words
from handlers.slack.held import Held
from handlers.slack.listen_actions import PATIENCE_SECONDS, Actions
from handlers.slack.listen_events import Events
from handlers.slack.listeners import Gate, bolt_app
from handlers.slack.mrkdwn import Reader
from handlers.slack.people import People
from handlers.slack.private import Private
from handlers.slack.send import CALL_ERRORS
from handlers.slack.wire import Us, string

__all__ = ["CAUSE", "SCOPES", "Refused", "SlackDoor", "Unreachable"]

log = logging.getLogger(__name__)

#: The cause under which a lost connection is reported.
CAUSE = "slack"
#: What the app must be allowed, for the events and for the methods that are called; the manifest asks for these.
SCOPES = (
    "app_mentions:read", "channels:history", "channels:read", "chat:write", "commands", "groups:history",
    "groups:read", "im:history", "im:write", "reactions:read", "users:read",
)  # fmt: skip
STOP_SECONDS = 10.0


async def _tell_nobody(*_: str) -> None:
    return None


class SlackDoor:
    """`desk` takes what happens; `reader` says how texts are read by a raw identity (zone, names, mentions).

    `reactions` gives the names that open items (None: every reaction is looked up). `failed(cause, sentence)` is called
    when the connection stays away for longer than the SDK mends by itself, `recovered(cause)` when it is back. After
    `patience_seconds` a submission shows that it is still at work.
    """

    def __init__(
        self,
        client: AsyncWebClient,
        app_token: str | None,
        desk: Desk,
        *,
        clock: Clock,
        reader: Callable[[str], Reader] = lambda _identity: Reader(),
        people: People | None = None,
        reactions: Callable[[], Collection[str]] | None = None,
        failed: Callable[[str, str], Awaitable[None]] = _tell_nobody,
        recovered: Callable[[str], Awaitable[None]] = _tell_nobody,
        sleep: Sleep = asyncio.sleep,
        patience_seconds: float = PATIENCE_SECONDS,
    ) -> None:
        self._client = client
        self._app_token = app_token
        self._desk = desk
        self._clock = clock
        self._private = Private(client, reader, people or People(client, clock))
        self._reactions = reactions
        self._failed = failed
        self._recovered = recovered
        self._sleep = sleep
        self._patience_seconds = patience_seconds
        self._gate = Gate()
        self._held = Held(desk, sleep)
        self._settle: list[Callable[[], Awaitable[None]]] = []
        self._connection: Connection | None = None
        self._watch: asyncio.Task[None] | None = None

    @property
    def connected(self) -> bool:
        """Whether a websocket to Slack stands now."""
        return self._connection is not None and self._connection.stands

    @property
    def busy(self) -> bool:
        """Whether something that came in is being handled now."""
        return self._gate.busy

    async def start(self) -> None:
        """Sign in and connect; from then on the connection is kept. Raises Refused or Unreachable."""
        if not self._app_token:
            raise Refused("SLACK_APP_TOKEN is not set. Make an app-level token (connections:write) and put it in.")
        us = await self._sign_in()
        events, actions = self._events(us), self._actions(us)
        self._settle = [events.settle, actions.settle]
        connection = Connection(
            bolt_app(self._client, us, events, actions, self._gate),
            self._client,
            self._app_token,
            sleep=self._sleep,
            lost=lambda sentence: self._tell_failed(CAUSE, sentence),
            back=self._tell_recovered,
        )
        await connection.open()
        self._connection = connection
        self._watch = asyncio.create_task(connection.keep())

    async def absent(self, names: Collection[str]) -> list[str]:
        """Those of these channels that the bot is not in: nothing is heard there. [] where Slack does not say."""
        try:
            joined = await Channels(self._client, self._clock).joined()
        except CALL_ERRORS as error:
            log.info("the bot's channels could not be listed (%s)", type(error).__name__)
            return []
        return [name for name in names if name not in joined]

    async def stop(self) -> None:
        """Take nothing new, finish and acknowledge what is under way (at most 10 s), then disconnect."""
        if self._watch is not None:
            self._watch.cancel()
            await asyncio.gather(self._watch, return_exceptions=True)
        with suppress(TimeoutError):
            async with asyncio.timeout(STOP_SECONDS):
                await self._gate.shut()
                for settle in self._settle:
                    await settle()
        await self._held.close()
        if self._connection is not None:
            await self._connection.close()

    async def _sign_in(self) -> Us:
        try:
            answer = await self._client.auth_test()
        except CALL_ERRORS as error:
            raise in_words(error) from error
        granted = {scope.strip() for scope in string(answer.headers.get("x-oauth-scopes")).split(",")} - {""}
        # Not every Slack-compatible server says what was granted.
        if granted and (lacking := [scope for scope in SCOPES if scope not in granted]):
            raise Refused(f"The Slack app lacks {', '.join(lacking)}. Install it again from manifest.yml.")
        return Us(
            team=string(answer.get("team_id")),
            user=string(answer.get("user_id")),
            bot=string(answer.get("bot_id")),
            url=string(answer.get("url")),
        )

    def _events(self, us: Us) -> Events:
        return Events(
            us=us,
            desk=self._desk,
            channels=Channels(self._client, self._clock),
            private=self._private,
            held=self._held,
            clock=self._clock,
            reactions=self._reactions,
        )

    def _actions(self, us: Us) -> Actions:
        return Actions(
            us=us,
            desk=self._desk,
            private=self._private,
            open_view=self._open_view,
            update_view=self._update_view,
            clock=self._clock,
            failed=self._tell_failed,
            patience_seconds=self._patience_seconds,
        )

    async def _open_view(self, trigger: str, view: Mapping[str, Any]) -> None:
        await self._client.views_open(trigger_id=trigger, view=dict(view))

    async def _update_view(self, view_id: str, view: Mapping[str, Any]) -> None:
        await self._client.views_update(view_id=view_id, view=dict(view))

    async def _tell_failed(self, cause: str, sentence: str) -> bool:
        return await self._told(self._failed(cause, sentence))

    async def _tell_recovered(self) -> bool:
        return await self._told(self._recovered(CAUSE))

    async def _told(self, telling: Awaitable[None]) -> bool:
        """Whether it could be reported; a failure of that must not end what reports it."""
        try:
            await telling
        except Exception as error:
            log.warning("news of Slack's door could not be reported (%s)", type(error).__name__)
            return False
        return True
