"""Whether a form was sent from a page of ours, as far as the browser says where it comes from."""

from __future__ import annotations

from urllib.parse import urlsplit

from aiohttp import web


def from_here(request: web.Request) -> bool:
    """Whether the browser says the form came from this page, where it says anything (old ones and proxies don't)."""
    if (site := request.headers.get("Sec-Fetch-Site")) is not None:
        return site == "same-origin"
    origin = request.headers.get("Origin")
    return origin in (None, "null") or urlsplit(origin).netloc.lower() == request.host.lower()
