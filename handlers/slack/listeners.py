"""Registers our listeners with Bolt: which payload reaches whom, and when it is acknowledged."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

from slack_bolt.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_sdk.web.async_client import AsyncWebClient

from handlers.slack.client import sdk_logger
from handlers.slack.ending import FAREWELLS
from handlers.slack.listen_actions import Actions
from handlers.slack.listen_events import Events, NotTaken
from handlers.slack.read import EVENTS
from handlers.slack.wire import Us

log = logging.getLogger(__name__)

_ANY = re.compile(r".*", re.DOTALL)

Body = dict[str, Any]
Ack = Callable[..., Awaitable[Any]]


class Gate:
    """Counts the listeners that are under way, and lets nothing new in once it is shut."""

    def __init__(self) -> None:
        self._open = True
        self._inside = 0
        self._empty = asyncio.Event()
        self._empty.set()

    @property
    def busy(self) -> bool:
        """Whether a listener is under way."""
        return self._inside > 0

    def check(self) -> None:
        """Raises NotTaken once the gate is shut."""
        if not self._open:
            raise NotTaken("the bot is stopping")

    @asynccontextmanager
    async def through(self) -> AsyncIterator[None]:
        """Be counted while inside."""
        self._inside += 1
        self._empty.clear()
        try:
            yield
        finally:
            self._inside -= 1
            if not self._inside:
                self._empty.set()

    async def shut(self) -> None:
        """Let nothing in any more and wait until nobody is inside."""
        self._open = False
        # What was acknowledged just now has its work begin in the loop's next round.
        await asyncio.sleep(0)
        await self._empty.wait()


def bolt_app(
    client: AsyncWebClient,
    us: Us,
    events: Events,
    actions: Actions,
    farewell: Callable[[Body], Awaitable[None]],
    visits: Mapping[str, Callable[[Body], Awaitable[None]]],
    gate: Gate,
) -> AsyncApp:
    """A Bolt app whose listeners are ours; `farewell` hears of the installation's end, `visits` are by event.

    An exception of a listener means: not acknowledged.
    """

    async def authorize() -> AuthorizeResult:
        # Bolt's own way calls auth.test at the first payload, and where that fails answers 200: an event would be lost.
        return AuthorizeResult(
            enterprise_id=None, team_id=us.team, bot_user_id=us.user, bot_id=us.bot, bot_token=client.token
        )

    logger = sdk_logger()
    logger.setLevel(logging.ERROR)  # of two warnings at construction, on tokens that it will not use
    app = AsyncApp(
        logger=logger,
        name="docket",
        client=_sessionless(client),
        authorize=authorize,
        # Without it Bolt acknowledges an event before its listener has run (design.md, promise 1).
        process_before_response=True,
        # Our own messages are known by read.py, for history pages as for events.
        ignoring_self_events_enabled=False,
        signing_secret="",
    )
    logger.setLevel(logging.INFO)

    async def on_event(body: Body) -> None:
        gate.check()
        async with gate.through():
            await events.hear(body)

    async def on_farewell(body: Body) -> None:
        gate.check()
        async with gate.through():
            await farewell(body)

    def on_visit(listener: Callable[[Body], Awaitable[None]]) -> Callable[[Body], Awaitable[None]]:
        async def heard(body: Body) -> None:
            gate.check()
            async with gate.through():
                await listener(body)

        return heard

    async def on_other_event(body: Body) -> None:
        # Only an app that was installed with more than our manifest sends these; unacknowledged they would come again.
        log.debug("an event that is not followed was acknowledged")

    async def at_once(ack: Ack) -> None:
        gate.check()
        await ack()

    async def on_command(body: Body) -> None:
        async with gate.through():
            await actions.command(body)

    async def on_click(body: Body) -> None:
        async with gate.through():
            await actions.click(body)

    async def on_shortcut(body: Body) -> None:
        async with gate.through():
            await actions.shortcut(body)

    async def on_submission(body: Body, ack: Ack) -> None:
        gate.check()
        async with gate.through():
            await actions.submit(body, ack)

    async def on_other_act(ack: Ack) -> None:
        # A menu of an app with more than our manifest, a form that was closed: unacknowledged, the person would be
        # shown that the app is broken.
        log.debug("an act that is not followed was acknowledged")
        await ack()

    async def on_error(error: Exception) -> None:
        if isinstance(error, NotTaken):
            log.warning("not taken, so not acknowledged: %s", error)
        else:
            log.error("a listener failed, so nothing was acknowledged", exc_info=error)

    for event in EVENTS:
        app.event(event)(on_event)
    for event in FAREWELLS:
        app.event(event)(on_farewell)
    for event, listener in visits.items():
        app.event(event)(on_visit(listener))
    app.event(_ANY)(on_other_event)
    app.command(_ANY)(ack=at_once, lazy=[on_command])
    app.action(_ANY)(ack=at_once, lazy=[on_click])
    app.shortcut(_ANY)(ack=at_once, lazy=[on_shortcut])
    app.view(_ANY)(on_submission)
    for other in (app.view_closed, app.options):
        other(_ANY)(on_other_act)
    app.error(on_error)
    return app


def _sessionless(client: AsyncWebClient) -> AsyncWebClient:
    """The client that Bolt works with: it copies it deeply for lazy listeners, and a session can't be copied."""
    return AsyncWebClient(
        token=client.token, base_url=client.base_url, timeout=client.timeout, retry_handlers=[], logger=client.logger
    )
