"""An item's own address: leads to its thread in Slack, or says where it lives; tells nothing else to anybody."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from aiohttp import web

from handlers.ports import Busy
from handlers.web.listen import Handler
from handlers.web.write import HEADERS, sentence
from rules.commands import as_key
from rules.links import PATH, Dwelling

Where = Callable[[str], Awaitable[Dwelling | None]]

ROUTE = PATH + "{key}"
_UNKNOWN = "There is no item here that can be shown."


def item_page(where: Where) -> Handler:
    """The handler of `GET /items/{key}`; `where` raises Busy. What is private is answered as what does not exist."""

    async def answer(request: web.Request) -> web.StreamResponse:
        key = as_key(request.match_info["key"])
        try:
            found = await where(key) if key is not None else None
        except Busy:
            return sentence("The database is busy. Try again in a minute.", 503, {"Retry-After": "60"})
        if found is None:
            return sentence(_UNKNOWN, 404)
        if found.thread is not None and found.thread.startswith(("https://", "http://")):
            return web.Response(status=302, headers={**HEADERS, "Location": found.thread})
        return sentence(found.sentence, 200)

    return answer
