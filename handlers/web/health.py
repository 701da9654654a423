"""`/healthz`, `/readyz` and `/metrics`: how the bot is, for machines; details for this machine, or with a token."""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable, Mapping
from ipaddress import ip_address

from aiohttp import web

from handlers.web.listen import WebDoor

#: What proxies put into what they pass on: then it is not this machine that asks, whoever opened the connection.
_PASSED_ON = ("Forwarded", "Via", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-IP")
_HERE = ("localhost", "127.0.0.1", "::1")
_HEADERS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}


class HealthPages:
    """`parts` gives what is wrong with each part ("": nothing), `metrics` a page with its media type.

    Whoever shows `token` (`Authorization: Bearer`, RFC 6750, section 2.1) sees all, as does who asks on this machine.
    """

    def __init__(
        self,
        parts: Callable[[], Awaitable[Mapping[str, str]]],
        metrics: Callable[[], Awaitable[tuple[bytes, str]]],
        token: str,
    ) -> None:
        self._parts, self._metrics, self._token = parts, metrics, token.encode()

    def serve(self, door: WebDoor) -> None:
        """Add the three addresses to a door that has not started."""
        door.add("GET", "/healthz", self.alive)
        door.add("GET", "/readyz", self.ready)
        door.add("GET", "/metrics", self.measured)

    async def alive(self, _: web.Request) -> web.StreamResponse:
        """The process answers: that is all that this says."""
        return web.Response(text="ok\n", headers=_HEADERS)

    async def ready(self, request: web.Request) -> web.StreamResponse:
        """200 where every part is well, else 503; which part it is, not everybody is told."""
        parts = await self._parts()
        well = not any(parts.values())
        shown: dict[str, object] = {"ready": well}
        if self._may_see(request):
            shown["parts"] = {name: wrong or "ok" for name, wrong in parts.items()}
        return web.json_response(shown, status=200 if well else 503, headers=_HEADERS)

    async def measured(self, request: web.Request) -> web.StreamResponse:
        """The metrics; to a stranger, how to see them."""
        if not self._may_see(request):
            return web.Response(
                text="/metrics is for this machine, or with `Authorization: Bearer` and what `docketbot metrics-token` "
                "prints.\n",
                status=401,
                headers={**_HEADERS, "WWW-Authenticate": "Bearer"},
            )
        body, media_type = await self._metrics()
        return web.Response(body=body, headers={**_HEADERS, "Content-Type": media_type})

    def _may_see(self, request: web.Request) -> bool:
        kind, _, said = request.headers.get("Authorization", "").partition(" ")
        if kind:
            return kind.lower() == "bearer" and hmac.compare_digest(
                said.strip().encode("utf-8", "surrogatepass"), self._token
            )
        return _from_here(request)


def _from_here(request: web.Request) -> bool:
    """Whether a program on this machine asks us directly, and not a proxy on it for somebody else.

    The name that was asked for counts, too: a page in a browser here must not read it under a name of its own
    (DNS rebinding).
    """
    if any(name in request.headers for name in _PASSED_ON) or request.remote is None:
        return False
    try:
        address = ip_address(request.remote)
    except ValueError:
        return False
    # Where one socket listens for both kinds, an IPv4 address comes in the clothes of IPv6 (RFC 4291, section 2.5.5.2).
    loopback = (getattr(address, "ipv4_mapped", None) or address).is_loopback
    host = request.host
    name = host.partition("]")[0].strip("[") if host.startswith("[") else host.partition(":")[0]
    return loopback and name.lower() in _HERE
