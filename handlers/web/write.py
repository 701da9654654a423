"""Writes pages: the headers that every one of them carries, and the page that only says something."""

from __future__ import annotations

from collections.abc import Mapping

from aiohttp import web
from jinja2 import Environment, PackageLoader

#: Kept by nobody, framed by nobody, told to nobody who is linked to, and nothing in it but our own words and styles.
HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "X-Robots-Tag": "noindex, nofollow",
}
_TEMPLATES = Environment(
    loader=PackageLoader("handlers.web"), autoescape=True, trim_blocks=True, lstrip_blocks=True, auto_reload=False
)


def page(template: str, status: int = 200, headers: Mapping[str, str] | None = None, **shown: object) -> web.Response:
    """A template of this folder with what it shows; `headers` are added to those of every page."""
    html = _TEMPLATES.get_template(template).render(**shown)
    return web.Response(text=html, status=status, content_type="text/html", headers={**HEADERS, **(headers or {})})


def sentence(words: str, status: int, headers: Mapping[str, str] | None = None) -> web.Response:
    """A page that only says something."""
    return page("sentence.html", status, headers, sentence=words)
