"""Signed webhooks (`POST /hooks/<workflow>`): verified, read, taken, and only then answered (interface.md, "HTTP").

Whoever can't sign learns nothing: a workflow that doesn't exist, one that takes no hooks and a wrong signature have the
same answer, after the same work. The signature is Slack's scheme (its page "Verifying requests from Slack") with our
own names; a hook that somebody overheard is good for nothing, since its id and its signature count once.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import logging
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from aiohttp import web

from handlers.ports import Busy, Clock
from handlers.web.listen import BODY_SECONDS
from handlers.web.read import NotRead, read
from handlers.web.taps import Taps
from rules.events import Hooked

log = logging.getLogger(__name__)

ROUTE: Final = "/hooks/{workflow}"
BODY_MOST_BYTES: Final = 256 * 1024
WINDOW_SECONDS: Final = 300
#: So many bodies are held in memory at once; whoever comes then tries again a moment later.
AT_ONCE_MOST: Final = 200
_ID: Final = re.compile(r"[\x21-\x7e]{1,200}", re.ASCII)
_TIMESTAMP: Final = re.compile(r"[0-9]{1,12}", re.ASCII)

UNSIGNED: Final = "Not signed with the hook secret of this workflow, or signed more than 5 minutes ago."


@dataclass(frozen=True, slots=True, kw_only=True)
class HookAnswer:
    """What became of a hook: its item's `key`, or why nothing was recorded (`code`, `sentence`).

    With a key they say why it was not closed. `held`: it is kept, and a person looks at it.
    """

    key: str = ""
    code: str = ""
    sentence: str = ""
    held: bool = False


#: Takes a hook, its body as it came and its signature; raises Busy.
Takes = Callable[[Hooked, bytes, str], Awaitable[HookAnswer]]
#: The statuses of refusals that are not a mistake in what was sent (400).
_STATUSES: Final = {"unknown_item": 404, "workflow": 404, "closed": 409, "blocked": 409}


class _Refused(Exception):
    def __init__(self, status: int, code: str, sentence: str, **headers: str) -> None:
        super().__init__(code)
        self.status, self.code, self.sentence = status, code, sentence
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}


class Hooks:
    """The handler of all hooks.

    `secret` gives a workflow's, whether there is such a workflow or not; `open_to` says whether it takes hooks. `taps`
    bounds how many of a workflow are taken in a while, `clock` is the bot's.
    """

    def __init__(
        self,
        take: Takes,
        secret: Callable[[str], str],
        open_to: Callable[[str], bool],
        clock: Clock,
        taps: Taps,
        workspace: str,
    ) -> None:
        self._take, self._secret, self._open_to = take, secret, open_to
        self._clock, self._taps, self._workspace = clock, taps, workspace
        self._under_way = 0

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """Any request to a hook's address."""
        if self._under_way >= AT_ONCE_MOST:
            return _json(
                503, {"code": "busy", "sentence": "Too much at once. Try again in a moment."}, {"Retry-After": "1"}
            )
        self._under_way += 1
        try:
            return await self._answered(request)
        except _Refused as refused:
            return _json(refused.status, {"code": refused.code, "sentence": refused.sentence}, refused.headers)
        except Busy:
            sentence = "The database is busy. Nothing was recorded; send it again in a minute."
            return _json(503, {"code": "busy", "sentence": sentence}, {"Retry-After": "60"})
        except (web.HTTPException, ConnectionError):
            raise
        except Exception:
            log.exception("a hook could not be taken")
            return _json(500, {"code": "failed", "sentence": "A fault in Docket. Send it again later."})
        finally:
            self._under_way -= 1

    async def _answered(self, request: web.Request) -> web.Response:
        if request.method != "POST":
            raise _Refused(405, "method", "Hooks are sent by POST.", Allow="POST")
        workflow = request.match_info["workflow"]
        body = await _body(request)
        at, signature = self._verified(request, workflow, body)
        if not self._taps.open(workflow):
            raise _Refused(429, "too_often", "That was too much in a short while. Wait a minute.", Retry_After="60")
        outside = request.headers.get("X-Docket-Id", "")
        if not _ID.fullmatch(outside):
            said = "X-Docket-Id names this happening, once and for all: 1 to 200 visible characters."
            raise _Refused(400, "id", said)
        if request.headers.get("Content-Encoding", "identity").lower() != "identity" or not _is_json(request):
            raise _Refused(415, "content_type", "A hook is application/json in UTF-8, not compressed.")
        try:
            hooked = read(body, id=f"hook:{workflow}:{outside}", workspace=self._workspace, workflow=workflow, at=at)
        except NotRead as problem:
            raise _Refused(400, problem.code, str(problem)) from None
        return _answer(await self._take(hooked, body, signature))

    def _verified(self, request: web.Request, workflow: str, body: bytes) -> tuple[datetime, str]:
        """When it was signed, and its signature. Raises _Refused."""
        said, stamp = request.headers.get("X-Docket-Signature", ""), request.headers.get("X-Docket-Timestamp", "")
        expected = signed(self._secret(workflow), stamp, body)
        same = hmac.compare_digest(expected.encode(), said.encode(errors="replace"))
        fresh = _TIMESTAMP.fullmatch(stamp) and abs(int(stamp) - self._clock().timestamp()) <= WINDOW_SECONDS
        if not (same and fresh and self._open_to(workflow)):
            # Nothing of it is repeated: whoever sent it chose its words. Nor is every one of a flood worth a line.
            if self._taps.open(""):
                log.warning("a hook was refused: not signed with its workflow's secret, or more than 5 minutes off")
            raise _Refused(401, "signature", UNSIGNED)
        return datetime.fromtimestamp(int(stamp), UTC), expected


def signed(secret: str, timestamp: str, body: bytes) -> str:
    """The signature of a hook: `v0=` and the hex HMAC-SHA256 of `v0:{timestamp}:{raw body}` under its secret."""
    said = b"v0:" + timestamp.encode(errors="replace") + b":" + body
    return "v0=" + hmac.new(secret.encode(), said, hashlib.sha256).hexdigest()


async def _body(request: web.Request) -> bytes:
    """The whole body as it was sent. Raises _Refused."""
    large = _Refused(413, "too_large", f"A hook has at most {BODY_MOST_BYTES // 1024} KiB.")
    if (request.content_length or 0) > BODY_MOST_BYTES:
        raise large
    parts, size = [], 0
    try:
        async with asyncio.timeout(BODY_SECONDS):
            async for part in request.content.iter_any():
                size += len(part)
                if size > BODY_MOST_BYTES:
                    raise large
                parts.append(part)
    except TimeoutError:
        raise _Refused(408, "too_slow", f"The body did not come within {BODY_SECONDS:.0f} seconds.") from None
    return b"".join(parts)


def _is_json(request: web.Request) -> bool:
    return request.content_type == "application/json" and (request.charset or "utf-8").lower() in ("utf-8", "utf8")


def _answer(answer: HookAnswer) -> web.Response:
    why = {"code": answer.code, "sentence": answer.sentence}
    if answer.held:
        return _json(202, why)
    if answer.key:
        return _json(200, {"key": answer.key, **({"not_closed": why} if answer.code else {})})
    return _json(_STATUSES.get(answer.code, 400), why)


def _json(status: int, said: Mapping[str, object], headers: Mapping[str, str] | None = None) -> web.Response:
    kept = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
    return web.json_response(said, status=status, headers={**kept, **(headers or {})})
