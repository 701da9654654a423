"""The sandbox put together: a small Slack, a post office, a clock and a page on one loopback address."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import time, timedelta
from types import TracebackType
from typing import Any, Self

from aiohttp import web

from bot.sandbox.clock import HandClock
from bot.sandbox.delivery import RETRY_SECONDS, Delivery
from bot.sandbox.faults import Faults
from bot.sandbox.imap_side import LOOPBACK
from bot.sandbox.mail import MailTown
from bot.sandbox.page import Page
from bot.sandbox.people import Hands
from bot.sandbox.request_url import RequestUrl
from bot.sandbox.roster import User, roster_of
from bot.sandbox.slack_api import SlackApi
from bot.sandbox.slack_app import SlackApp
from bot.sandbox.socket_mode import ACK_SECONDS, SocketMode
from bot.sandbox.tour import first_minutes, topics
from bot.sandbox.workspace import Workspace
from rules.book.rulebook import Rulebook

MORNING = time(8, 30)


class Town:
    """`async with Town(rulebook, clock) as town:` a bot started with `town.environment` finds everything there.

    `port` 0 takes a free one. `manifest` is the app manifest that the stand-in installs. The retry times of Socket
    Mode are real seconds, those of HTTP mode the clock's. `slack` acts as people, `mail` holds letters, `faults` orders
    troubles, `url` is the page.
    """

    def __init__(
        self,
        rulebook: Rulebook,
        clock: HandClock,
        port: int = 0,
        *,
        manifest: Mapping[str, Any] | None = None,
        ack_seconds: float = ACK_SECONDS,
        retry_seconds: Sequence[float] = RETRY_SECONDS,
    ) -> None:
        name = rulebook.organization
        self.app = SlackApp.of(manifest, team_name=name) if manifest is not None else SlackApp(team_name=name)
        bot = User(id=self.app.bot_user, handle=self.app.handle, name=self.app.name, is_bot=True)
        roster = roster_of(rulebook, bot)
        self.clock = clock
        self.faults = Faults()
        self.workspace = Workspace(self.app, roster, clock.now)
        self.socket = SocketMode(self.workspace, ack_seconds=ack_seconds)
        self.delivery = Delivery(self.workspace, self.socket, clock, retry_seconds)
        self.api = SlackApi(self.workspace, self.socket, self.delivery, self.faults)
        self.slack = Hands(self.workspace, self.api)
        self.mail = MailTown(roster.inboxes, roster.domain, clock.now, self.workspace.changed)
        self.page = Page(
            self.slack,
            self.mail,
            clock,
            roster.mail,
            zone=rulebook.timezone,
            morning=_after_digest(rulebook),
            organization=rulebook.organization,
            steps=first_minutes(rulebook),
            topics=topics(rulebook),
        )
        self.url = ""
        self._port = port
        self._ack_seconds = ack_seconds
        self._request_url: RequestUrl | None = None
        self._runner: web.AppRunner | None = None

    async def __aenter__(self) -> Self:
        app = web.Application(middlewares=[self._only_here], client_max_size=5_000_000)
        app.add_routes([*self.api.routes(), *self.page.routes()])
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
        await self._runner.setup()
        site = web.TCPSite(self._runner, LOOPBACK, self._port)
        try:
            await site.start()
            await self.mail.start()
        except BaseException:
            await self._runner.cleanup()
            raise
        self._port = self._runner.addresses[0][1]
        self.url = self.api.base_url = f"http://{LOOPBACK}:{self._port}"
        self._unsubscribe = self.clock.subscribe(self.workspace.changed)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        self._unsubscribe()
        self.page.close()
        self.api.close()
        await self.delivery.stop()
        await self.socket.stop()
        if self._request_url is not None:
            await self._request_url.stop()
        await self.mail.stop()
        if self._runner:
            await self._runner.cleanup()

    @property
    def environment(self) -> dict[str, str]:
        """The settings with which a bot starts here and needs no others."""
        slack = {
            "SLACK_API_URL": f"{self.url}/api/",
            "SLACK_BOT_TOKEN": self.app.bot_token,
            "SLACK_APP_TOKEN": self.app.app_token,
        }
        return slack | self.mail.environment

    @property
    def http_environment(self) -> dict[str, str]:
        """The same in HTTP mode, on any free port; `enter_request_url` follows once the bot listens."""
        given = {name: value for name, value in self.environment.items() if name != "SLACK_APP_TOKEN"}
        return given | {"SLACK_SIGNING_SECRET": self.app.signing_secret, "DOCKET_HTTP": f"{LOOPBACK}:0"}

    async def enter_request_url(self, url: str) -> None:
        """Switch Socket Mode off and send everything there. Raises Refused(url_verification_failed)."""
        if self._request_url is not None:
            await self._request_url.stop()
        self._request_url = RequestUrl(self.app, url, self.clock.now, self._ack_seconds)
        await self._request_url.verify()
        self.delivery.wire = self._request_url
        self.workspace.changed()

    @web.middleware
    async def _only_here(
        self, request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        """Refuse names that a foreign page could bind to loopback (DNS rebinding), and foreign pages themselves."""
        if request.headers.get("Host", "") not in {f"{LOOPBACK}:{self._port}", f"localhost:{self._port}"}:
            raise web.HTTPForbidden(text="This address is only for programs on this machine.")
        origin = request.headers.get("Origin")
        if origin is not None and origin not in {f"http://{LOOPBACK}:{self._port}", f"http://localhost:{self._port}"}:
            raise web.HTTPForbidden(text="Other pages may not call the sandbox.")
        return await handler(request)


def _after_digest(rulebook: Rulebook) -> time:
    """A minute after the first digest of the morning, so that "next morning" shows it."""
    mornings = sorted(d.at for d in rulebook.digests.values() if d.at < time(12))
    first = mornings[0] if mornings else MORNING
    moved = timedelta(hours=first.hour, minutes=first.minute + 1)
    return time(moved.seconds // 3600, moved.seconds // 60 % 60)
