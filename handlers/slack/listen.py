"""Slack's door: signs in, opens its way in, and hands what comes to the listeners of events and acts.

Sources: Slack's pages "Using Socket Mode" and "Events API"; slack-bolt's `process_before_response`.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection, Mapping
from contextlib import suppress
from typing import Any

from handlers.ports import Busy, Clock, Desk, Heard, HomeDesk, Previews, Sleep
from handlers.slack import ending
from handlers.slack.catching_up import CatchingUp
from handlers.slack.channels import Channels
from handlers.slack.client import Client, code_of
from handlers.slack.connection import Refused, Unreachable, in_words
from handlers.slack.held import Held
from handlers.slack.listen_actions import PATIENCE_SECONDS, Actions
from handlers.slack.listen_events import Events
from handlers.slack.listen_visits import visits
from handlers.slack.listeners import Gate, bolt_app
from handlers.slack.mrkdwn import Reader
from handlers.slack.people import People
from handlers.slack.pointing import Pointing
from handlers.slack.private import Private
from handlers.slack.send import CALL_ERRORS
from handlers.slack.unfurl_links import SCOPES as UNFURL_SCOPES
from handlers.slack.unfurl_links import Unfurls
from handlers.slack.way_in import News, WayIn
from handlers.slack.wire import Us, mapping, string

__all__ = ["CAUSE", "SCOPES", "Ended", "Refused", "SlackDoor", "Unreachable"]

log = logging.getLogger(__name__)

#: The cause under which a lost connection is reported.
CAUSE = "slack"
#: What the app must be allowed, for the events and for the methods that are called; the manifest asks for these.
SCOPES = (
    "app_mentions:read", "channels:history", "channels:read", "chat:write", "commands", "dnd:read",
    "groups:history", "groups:read", "im:history", "im:read", "im:write", "reactions:read", "users:read",
)  # fmt: skip
STOP_SECONDS = 10.0


class Ended(Refused):
    """The bot token is good for nothing any more, by Slack's `sign` (ending.py)."""

    def __init__(self, sentence: str, sign: str) -> None:
        super().__init__(sentence)
        self.sign = sign


async def _tell_nobody(*_: str) -> None:
    return None


class SlackDoor:
    """`way_in` brings the payloads; `desk` takes what happens; `heard` remembers how far; `reader` says how texts are
    read by an identity.

    `reactions` gives the names that open items (None: every reaction is looked up), `workflows` the names and keys that
    `new` knows, in small letters. `failed(cause, sentence)` is called
    when the connection stays away for longer than the SDK mends by itself, `recovered(cause)` when it is back,
    `ended(sentence)` when Slack has ended the installation. After `patience_seconds` a submission shows that it is
    still at work. `homes` hears of opened Home tabs; links below `public_url` ("": there are none) show `previews`.
    """

    def __init__(
        self,
        client: Client,
        way_in: WayIn,
        desk: Desk,
        *,
        clock: Clock,
        heard: Heard,
        reader: Callable[[str], Reader] = lambda _identity: Reader(),
        people: People | None = None,
        reactions: Callable[[], Collection[str]] | None = None,
        workflows: Callable[[], Collection[str]] | None = None,
        homes: HomeDesk | None = None,
        previews: Previews | None = None,
        public_url: str = "",
        failed: Callable[[str, str], Awaitable[None]] = _tell_nobody,
        recovered: Callable[[str], Awaitable[None]] = _tell_nobody,
        ended: Callable[[str], Awaitable[None]] = _tell_nobody,
        sleep: Sleep = asyncio.sleep,
        patience_seconds: float = PATIENCE_SECONDS,
    ) -> None:
        self._client = client
        self._way_in = way_in
        self._desk = desk
        self._clock = clock
        self._private = Private(client, reader, people or People(client, clock))
        self._reactions = reactions
        self._workflows = workflows
        self._homes = homes
        self._unfurls = Unfurls(client, previews, self._private, public_url) if previews and public_url else None
        self._heard = heard
        self._catching_up: CatchingUp | None = None
        self._sleep = sleep
        self._failed = failed
        self._recovered = recovered
        self._ended = ended
        self._patience_seconds = patience_seconds
        self.us: Us | None = None  # once we signed in
        self._gate = Gate()
        self._held = Held(desk, sleep)
        self._settle: list[Callable[[], Awaitable[None]]] = []
        self._ending: asyncio.Task[bool] | None = None
        self._closing: asyncio.Task[None] | None = None

    @property
    def connected(self) -> bool:
        """Whether payloads can come in now."""
        return self._way_in.stands

    @property
    def over(self) -> bool:
        """Whether Slack has ended the installation since the start."""
        return self._ending is not None

    @property
    def busy(self) -> bool:
        """Whether something that came in is being handled now."""
        return self._gate.busy or (self._catching_up is not None and self._catching_up.busy)

    async def start(self) -> None:
        """Sign in and let payloads in; from then on the way in keeps itself. Raises Refused or Unreachable."""
        signing_in = self._clock()
        us = await self._sign_in()
        self.us = us
        events, actions = self._events(us), self._actions(us)
        self._settle = [events.settle, actions.settle, *([self._unfurls.settle] if self._unfurls else [])]
        catching_up = self._catching_up = self._catch_up(events)
        news = News(
            lost=lambda sentence: self._tell_failed(CAUSE, sentence),
            back=lambda: self._tell_recovered(CAUSE),
            parted=catching_up.part,
            joined=catching_up.join,
        )

        async def farewell(body: Mapping[str, Any]) -> None:
            if ending.ends(body, us, signing_in):
                await self.end(string(mapping(body.get("event")).get("type")))
            else:
                log.info("Slack told of the end of an installation that is not the one we work with")

        news.parted()  # nobody has listened until now
        self._private.people.team = us.team
        others = visits(self._homes, self._unfurls, self._private.people)
        await self._way_in.open(bolt_app(self._client, us, events, actions, farewell, others, self._gate), news)
        news.joined()

    async def end(self, sign: str) -> None:
        """The installation is over, by `sign` (ending.py): told once, and nothing is taken any more. Not to be undone.

        Returns when it was told.
        """
        if self._ending is None:
            sentence = ending.in_words(sign)
            log.error("%s", sentence)
            self._ending = asyncio.create_task(self._told(self._ended(sentence)))
            self._closing = asyncio.create_task(self._close(self._ending))
        await asyncio.wait({self._ending})

    async def absent(self, names: Collection[str]) -> list[str]:
        """Those of these channels that the bot is not in: nothing is heard there. [] where Slack does not say."""
        try:
            joined = await Channels(self._client, self._clock).ours("public_channel", "private_channel")
        except CALL_ERRORS as error:
            log.info("the bot's channels could not be listed (%s)", type(error).__name__)
            return []
        return [name for name in names if name not in joined.values()]

    async def stop(self) -> None:
        """Take nothing new, finish and acknowledge what is under way (at most 10 s), then close the way in."""
        with suppress(TimeoutError):
            async with asyncio.timeout(STOP_SECONDS):
                if self._ending is not None:
                    self._ending.cancel()
                await (self._closing or self._shut())
        await self._held.close()
        await self._way_in.close()

    async def _shut(self) -> None:
        if self._catching_up is not None:
            await self._catching_up.stop()
        await self._gate.shut()
        for settle in self._settle:
            await settle()
        if self._catching_up is not None:
            with suppress(Busy):
                await self._catching_up.keep()

    async def _close(self, told: asyncio.Task[bool]) -> None:
        """After the end: what is under way, maybe the event that told of it, is still acknowledged."""
        await asyncio.wait({told})
        await self._shut()
        await self._way_in.close()

    async def _sign_in(self) -> Us:
        try:
            answer = await self._client.auth_test()
        except CALL_ERRORS as error:
            problem, sign = in_words(error), code_of(error)
            raise (Ended(str(problem), sign) if sign in ending.ERRORS else problem) from error
        granted = {scope.strip() for scope in string(answer.headers.get("x-oauth-scopes")).split(",")} - {""}
        # Not every Slack-compatible server says what was granted.
        needed = (*SCOPES, *(UNFURL_SCOPES if self._unfurls else ()))
        if granted and (lacking := [scope for scope in needed if scope not in granted]):
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
            workflows=self._workflows,
        )

    def _catch_up(self, events: Events) -> CatchingUp:
        return CatchingUp(
            self._client,
            events,
            self._heard,
            clock=self._clock,
            sleep=self._sleep,
            failed=self._tell_failed,
            recovered=self._tell_recovered,
        )

    def _actions(self, us: Us) -> Actions:
        return Actions(
            us=us,
            desk=self._desk,
            private=self._private,
            open_view=self._open_view,
            update_view=self._update_view,
            clock=self._clock,
            pointing=Pointing(us=us, channels=Channels(self._client, self._clock)),
            homes=self._homes,
            failed=self._tell_failed,
            patience_seconds=self._patience_seconds,
        )

    async def _open_view(self, trigger: str, view: Mapping[str, Any]) -> None:
        await self._client.views_open(trigger_id=trigger, view=dict(view))

    async def _update_view(self, view_id: str, view: Mapping[str, Any]) -> None:
        await self._client.views_update(view_id=view_id, view=dict(view))

    async def _tell_failed(self, cause: str, sentence: str) -> bool:
        return await self._told(self._failed(cause, sentence))

    async def _tell_recovered(self, cause: str) -> bool:
        return await self._told(self._recovered(cause))

    async def _told(self, telling: Awaitable[None]) -> bool:
        """Whether it could be reported; a failure of that must not end what reports it."""
        try:
            await telling
        except Exception as error:
            log.warning("news of Slack's door could not be reported (%s)", type(error).__name__)
            return False
        return True
