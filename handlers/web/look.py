"""The web page for people of the rulebook (`/look/`): signed in by a link that serves once, and then only read.

The link is spent by pressing the page's one button, because scanners open every address in a mail. After that the
browser shows a cookie that no script and no other site can use; sources: RFC 6265bis, section 4.1.3.2 (`__Host-`),
OWASP's "Session Management" and "Cross-Site Request Forgery Prevention" (signed double submit).
"""

from __future__ import annotations

import hmac
import logging
import secrets
from collections.abc import Awaitable, Callable, Mapping
from urllib.parse import urlencode

from aiohttp import web

from handlers.looking import LookDesk, Place, Seen, Wanted
from handlers.pieces import Piece, moment, piece
from handlers.ports import Busy
from handlers.web.listen import WebDoor
from handlers.web.origin import from_here
from handlers.web.taps import Taps
from handlers.web.write import HEADERS, page, sentence
from rules.links import LOOK, WAY_IN
from rules.messages import Line

log = logging.getLogger(__name__)

SESSION_SECONDS = 12 * 3600
UNKNOWN = "This link is no longer good: each opens once, and not for long. `/docket web` in Slack gives you another."
NOBODY = (
    "Nobody is signed in here. Type `/docket web` in Slack, or write a mail with the one word `web`, and open the link "
    "that you get."
)
NOTHING = "There is nothing here that you can see."
BUSY = "The database is busy. Try again in a minute."
TOO_OFTEN = "That was too often in a short while. Wait a minute, then try again."
STALE = "You were not signed in: the page was open in another browser. Open the link once more."
BROKEN = "Something is wrong on our side. Try again in a minute."
OUT = "You are signed out."
#: What an address may ask for, and how much of it is read.
_ASKED = ("workflow", "owner", "state", "key", "after", "from")
_ASKED_CHARACTERS = 100

#: Pictures of our own, and the empty one that keeps browsers from asking for a favicon.
_POLICY = {"Content-Security-Policy": f"{HEADERS['Content-Security-Policy']}; img-src 'self' data:"}

Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


class LookPages:
    """The handlers. `sign` proves what a form brings back; `secure` where people come by https."""

    def __init__(self, desk: LookDesk, sign: Callable[[bytes], str], taps: Taps, *, secure: bool) -> None:
        self._desk, self._sign, self._taps, self._secure = desk, sign, taps, secure
        # A name with this beginning is one that browsers take by https alone, for this host alone.
        self._session = "__Host-docket" if secure else "docket_look"
        self._nonce = "__Host-docket-in" if secure else "docket_look_in"

    def serve(self, door: WebDoor) -> None:
        """Add the addresses to a door that has not started."""
        token = WAY_IN + "{token:[A-Za-z2-7]{1,80}}"
        door.add("GET", token, self._guarded(self._invite))
        door.add("POST", token, self._guarded(self._enter))
        door.add("POST", LOOK + "out", self._guarded(self._leave))
        places: tuple[tuple[str, Place], ...] = (
            ("", "lane"),
            ("mine", "mine"),
            ("items", "items"),
            ("items/{name}", "item"),
            ("trends", "trends"),
            ("reports", "reports"),
            ("reports/{name}", "report"),
            ("workflows/{name}", "workflow"),
        )
        for path, place in places:
            door.add("GET", LOOK + path, self._guarded(self._shows(place)))
        door.add("GET", LOOK.rstrip("/"), self._guarded(self._shows("lane")))
        door.add("GET", LOOK + "plots/{name:[a-z]{1,40}}.png", self._guarded(self._plot))

    def _guarded(self, answer: Answer) -> Answer:
        async def guarded(request: web.Request) -> web.StreamResponse:
            try:
                return await answer(request)
            except Busy:
                return sentence(BUSY, 503, {"Retry-After": "60"})
            except web.HTTPException:
                raise
            except Exception:
                log.exception("a page could not be shown")
                return sentence(BROKEN, 500)

        return guarded

    async def _invite(self, request: web.Request) -> web.StreamResponse:
        """GET of a link: a button, and nothing else happens; whoever is signed in already goes on."""
        token = request.match_info["token"].lower()
        if not self._taps.open(token):
            return sentence(TOO_OFTEN, 429, {"Retry-After": "60"})
        name = await self._desk.invited(token)
        if name is None:
            if (session := self._shown(request)) and await self._desk.signed_in(session):
                return self._onward()
            return sentence(UNKNOWN if self._taps.open("") else TOO_OFTEN, 404)
        nonce = request.cookies.get(self._nonce) or secrets.token_urlsafe(16)
        response = page("look_in.html", 200, _POLICY, name=name, proof=self._proof(token, nonce))
        response.set_cookie(self._nonce, nonce, path="/", httponly=True, samesite="Strict", secure=self._secure)
        return response

    async def _enter(self, request: web.Request) -> web.StreamResponse:
        """POST of a link's form: the link is used up, the browser signed in."""
        token = request.match_info["token"].lower()
        if not self._taps.open(token):
            return sentence(TOO_OFTEN, 429, {"Retry-After": "60"})
        proof = (await request.post()).get("proof", "")
        nonce = request.cookies.get(self._nonce, "")
        proven = isinstance(proof, str) and hmac.compare_digest(self._proof(token, nonce).encode(), proof.encode())
        if not nonce or not proven or not from_here(request):
            return sentence(STALE, 403)
        session = await self._desk.enter(token)
        if session is None:
            return sentence(UNKNOWN if self._taps.open("") else TOO_OFTEN, 404)
        response = self._onward()
        response.set_cookie(
            self._session,
            session,
            max_age=SESSION_SECONDS,
            path="/",
            httponly=True,
            samesite="Lax",  # a link to an item, clicked in Slack or a mail, finds them signed in
            secure=self._secure,
        )
        response.del_cookie(self._nonce, path="/", httponly=True, samesite="Strict", secure=self._secure)
        return response

    async def _leave(self, request: web.Request) -> web.StreamResponse:
        """POST: sign out here, or everywhere."""
        everywhere = (await request.post()).get("where") == "everywhere"
        session = self._shown(request)
        if not session or not from_here(request):
            return sentence(NOBODY, 403)
        if not self._taps.open(session):
            return sentence(TOO_OFTEN, 429, {"Retry-After": "60"})
        await self._desk.leave(session, everywhere=everywhere)
        response = sentence(OUT, 200)
        response.del_cookie(self._session, path="/", httponly=True, samesite="Lax", secure=self._secure)
        return response

    def _shows(self, place: Place) -> Answer:
        async def show(request: web.Request) -> web.StreamResponse:
            session = self._shown(request)
            if not self._taps.open(session):
                return sentence(TOO_OFTEN, 429, {"Retry-After": "60"})
            asked = {
                name: value[:_ASKED_CHARACTERS] for name in _ASKED if (value := request.query.get(name)) is not None
            }
            wanted = Wanted(place=place, name=request.match_info.get("name", ""), asked=asked)
            seen = await self._desk.seen(session, wanted) if session else None
            return sentence(NOBODY, 403) if seen is None else _drawn(seen, place)

        return show

    async def _plot(self, request: web.Request) -> web.StreamResponse:
        session = self._shown(request)
        if not self._taps.open(session):
            return sentence(TOO_OFTEN, 429, {"Retry-After": "60"})
        png = await self._desk.plot(session, request.match_info["name"]) if session else None
        if png is None:
            return sentence(NOTHING, 404)
        return web.Response(body=png, content_type="image/png", headers=HEADERS)

    def _shown(self, request: web.Request) -> str:
        """What the browser shows; "": nothing that could be ours."""
        shown = request.cookies.get(self._session, "")
        return shown if len(shown) <= _ASKED_CHARACTERS else ""

    def _proof(self, token: str, nonce: str) -> str:
        """What only a form of ours can bring back: for this link and this browser."""
        return self._sign(b"\0".join(part.encode() for part in ("look", token, nonce)))

    def _onward(self) -> web.Response:
        return web.Response(status=303, headers={**HEADERS, "Location": self._desk.base})


def _drawn(seen: Seen, place: Place) -> web.Response:
    def pieces(line: Line) -> list[Piece]:
        return [piece(part, seen.reading) for part in line]

    return page(
        "look.html",
        200 if seen.sheet else 404,
        _POLICY,
        seen=seen,
        place=place,
        nothing=NOTHING,
        as_of=moment(seen.at, "time", seen.reading),
        zone=seen.reading.zone.key,
        pieces=pieces,
        title="".join(each.text for each in pieces(seen.sheet.title)) if seen.sheet else NOTHING,
        kind=lambda part: type(part).__name__,
        onward=_address(seen.onward),
    )


def _address(asked: Mapping[str, str]) -> str:
    return f"?{urlencode(asked)}" if asked else ""
