"""The one HTTP listener (DOCKET_HTTP): other files add their routes to it before it starts."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

from aiohttp import web

from handlers.ports import TakesPost

log = logging.getLogger(__name__)

#: No page, payload or form of ours is larger (Slack's largest payloads are some 250 kB).
BODY_MOST_BYTES = 1_000_000
#: Whoever posts has sent all of it by then; Slack itself waits 3 s for the answer.
BODY_SECONDS = 10.0

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class WebDoor:
    """Serves on `host` and `port` (0: any free one, then in `port`) what was added; knows nothing of what it serves."""

    def __init__(self, host: str, port: int) -> None:
        self.host, self.port = host, port
        self._app = web.Application(client_max_size=BODY_MOST_BYTES)
        self._runner: web.AppRunner | None = None

    def add(self, method: str, path: str, handler: Handler) -> None:
        """Serve `path` (aiohttp's syntax); to be called before `start`."""
        self._app.router.add_route(method, path, handler)

    def post(self, path: str, take: TakesPost) -> None:
        """Hand what is posted to `path` to a door that knows no web server; a larger body is answered 413 here."""

        async def handle(request: web.Request) -> web.Response:
            headers = {name.lower(): value for name, value in request.headers.items()}
            try:
                async with asyncio.timeout(BODY_SECONDS):
                    body = await request.read()
            except TimeoutError:
                return web.Response(status=408, text="too slow")
            answer = await take(headers, body)
            return web.Response(status=answer.status, text=answer.text, content_type=answer.content_type)

        self.add("POST", path, handle)

    def greet(self, path: str) -> None:
        """Answer a GET of `path` with an empty 200, for whoever only looks whether somebody is there."""

        async def handle(_: web.Request) -> web.Response:
            return web.Response()

        self.add("GET", path, handle)

    async def start(self) -> None:
        """Listen. Raises OSError with what the system says where that address can't be had."""
        runner = web.AppRunner(self._app, access_log=None, handle_signals=False)  # paths carry tokens: no access log
        await runner.setup()
        site = web.TCPSite(runner, self.host, self.port)
        try:
            await site.start()
        except OSError:
            await runner.cleanup()
            raise
        self._runner = runner
        self.port = runner.addresses[0][1]
        log.info("listening on %s:%d", self.host, self.port)

    async def stop(self) -> None:
        """Finish the requests under way, then close."""
        if self._runner is not None:
            await self._runner.cleanup()
