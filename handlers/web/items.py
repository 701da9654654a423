"""An item's own address: leads to its thread in Slack, or says where it lives; tells nothing else to anybody."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from html import escape

from aiohttp import web

from handlers.ports import Busy
from handlers.web.listen import Handler
from rules.commands import as_key
from rules.links import PATH, Dwelling

Where = Callable[[str], Awaitable[Dwelling | None]]

ROUTE = PATH + "{key}"
_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex",
}
_UNKNOWN = "There is no item here that can be shown."


def item_page(where: Where) -> Handler:
    """The handler of `GET /items/{key}`; `where` raises Busy. What is private is answered as what does not exist."""

    async def answer(request: web.Request) -> web.StreamResponse:
        key = as_key(request.match_info["key"])
        try:
            found = await where(key) if key is not None else None
        except Busy:
            return _page("The database is busy. Try again in a minute.", 503, {"Retry-After": "60"})
        if found is None:
            return _page(_UNKNOWN, 404)
        if found.thread is not None and found.thread.startswith(("https://", "http://")):
            return web.Response(status=302, headers={**_HEADERS, "Location": found.thread})
        return _page(found.sentence, 200)

    return answer


def _page(sentence: str, status: int, headers: dict[str, str] | None = None) -> web.Response:
    html = (
        '<!doctype html><html lang="en"><meta charset="utf-8"><title>Docket</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        "<style>body{font:16px/1.5 system-ui,sans-serif;max-width:36em;margin:4em auto;padding:0 1em}</style>"
        f"<p>{escape(sentence)}</p></html>"
    )
    return web.Response(text=html, status=status, content_type="text/html", headers={**_HEADERS, **(headers or {})})
