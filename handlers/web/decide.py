"""Decision pages (`/decide/<token>`): shown on GET, which changes nothing, and decided by POST.

Link scanners open every address in a mail, and some run what they find; so nothing here acts without a form that a
person filled in, and no answer may be kept by a proxy. Sources: OWASP's "Cross-Site Request Forgery Prevention"
(signed double submit), RFC 9110 section 9.2.1 (safe methods).
"""

from __future__ import annotations

import hmac
import json
import logging
import secrets
from collections.abc import Awaitable, Callable
from typing import cast, get_args

from aiohttp import web

from handlers.pieces import Piece, piece
from handlers.ports import Busy, DecisionAsked, DecisionDesk, DecisionMade, Verdict
from handlers.web.origin import from_here
from handlers.web.taps import Taps
from handlers.web.write import page, sentence
from rules.links import DECISIONS
from rules.messages import Line, Reply
from rules.replies import refused

log = logging.getLogger(__name__)

ROUTE = DECISIONS + "{token:[A-Za-z2-7]{1,80}}"
RATIONALE_MOST = 3000
_COOKIE = "docket_form"
UNKNOWN = "This page is no longer there. Its time is over, or its address is not whole: open it from the mail again."
BUSY = "The database is busy. Nothing was recorded; try again in a minute."
TOO_OFTEN = "That was too often in a short while. Wait a minute, then try again."
STALE = "Nothing was recorded: the page was open for too long or in another browser. Look once more, then decide."
INCOMPLETE = "Nothing was recorded: choose one of the reasons."
BROKEN = "Something is wrong on our side, and nothing was recorded. Open the page again to see how it stands."

Answer = Callable[[web.Request, str, DecisionAsked], Awaitable[web.StreamResponse]]


class DecisionPages:
    """The two handlers. `sign` proves what a form brings back; `secure` where people come by https."""

    def __init__(self, desk: DecisionDesk, sign: Callable[[bytes], str], taps: Taps, *, secure: bool) -> None:
        self._desk, self._sign, self._taps, self._secure = desk, sign, taps, secure

    async def show(self, request: web.Request) -> web.StreamResponse:
        """GET: the card as it stands, with the form where something is to be decided."""
        return await self._answered(request, self._show)

    async def decide(self, request: web.Request) -> web.StreamResponse:
        """POST: the decision, once; what it lacks is said on the same page, with what was typed."""
        return await self._answered(request, self._decide)

    async def _answered(self, request: web.Request, answer: Answer) -> web.StreamResponse:
        token = request.match_info["token"].lower()
        if not self._taps.open(token):
            return sentence(TOO_OFTEN, 429, {"Retry-After": "60"})
        try:
            asked = await self._desk.asked(token)
            if asked is None:
                # as many unknown ones as somebody would guess at are answered more and more slowly: not at all
                return sentence(UNKNOWN if self._taps.open("") else TOO_OFTEN, 404)
            return await answer(request, token, asked)
        except Busy:
            return sentence(BUSY, 503, {"Retry-After": "60"})
        except web.HTTPException:
            raise
        except Exception:
            log.exception("a decision page failed")
            return sentence(BROKEN, 500)

    async def _show(self, request: web.Request, token: str, asked: DecisionAsked) -> web.StreamResponse:
        return self._page(request, token, asked)

    async def _decide(self, request: web.Request, token: str, asked: DecisionAsked) -> web.StreamResponse:
        form = {name: value for name, value in (await request.post()).items() if isinstance(value, str)}
        shown, rationale = form.get("shown", ""), form.get("rationale", "")[:RATIONALE_MOST]
        nonce = request.cookies.get(_COOKIE, "")
        proven = hmac.compare_digest(self._proof(token, nonce, shown).encode(), form.get("proof", "").encode())
        if not nonce or not proven or not from_here(request):
            return self._page(request, token, asked, said=STALE, status=403, rationale=rationale)
        verdict, _, code = form.get("decision", "").partition(":")
        if verdict not in get_args(Verdict):
            return self._page(request, token, asked, said=INCOMPLETE, status=400, rationale=rationale)
        made = DecisionMade(
            verdict=cast(Verdict, verdict), reason_code=code, rationale=rationale, seen=json.loads(shown)
        )
        reply = await self._desk.decide(token, made)
        if reply is None:
            return sentence(UNKNOWN, 404)
        after = await self._desk.asked(token) or asked
        status = 409 if reply.refused else 200
        return self._page(request, token, after, reply=reply, status=status, rationale=rationale, made=form["decision"])

    def _page(
        self,
        request: web.Request,
        token: str,
        asked: DecisionAsked,
        *,
        reply: Reply | None = None,
        said: str = "",
        status: int = 200,
        rationale: str = "",
        made: str = "",
    ) -> web.Response:
        nonce = request.cookies.get(_COOKIE) or secrets.token_urlsafe(16)
        shown = json.dumps(dict(asked.page.shown), sort_keys=True)

        def pieces(line: Line) -> list[Piece]:
            return [piece(part, asked.reading) for part in line]

        response = page(
            "decide.html",
            status,
            page=asked.page,
            reply=reply or (refused("page", (said,)) if said else None),
            organization=asked.organization,
            title=asked.page.card.subject,
            pieces=pieces,
            shown=shown,
            proof=self._proof(token, nonce, shown),
            rationale=rationale,
            made=made,
        )
        response.set_cookie(
            _COOKIE, nonce, max_age=12 * 3600, path=DECISIONS, httponly=True, samesite="Strict", secure=self._secure
        )
        return response

    def _proof(self, token: str, nonce: str, shown: str) -> str:
        """What only a form of ours can bring back: for this page, this browser, and just what was shown."""
        return self._sign(b"\0".join(part.encode() for part in (token, nonce, shown)))
