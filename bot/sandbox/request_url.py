"""Slack's side of HTTP mode: each event, command and interaction is a signed request to the app's one request URL.

Sources: Slack's pages "The Events API", "Verifying requests from Slack" and the event page "url_verification".
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import secrets
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs, urlencode

import aiohttp

from bot.sandbox.delivery import Answer
from bot.sandbox.roster import Json
from bot.sandbox.slack_app import SlackApp
from bot.sandbox.views import Refused

REDIRECTS = 2
_JSON, _FORM = "application/json", "application/x-www-form-urlencoded"
_AGENT = "Slackbot 1.0 (+https://api.slack.com/robots)"


class RequestUrl:
    """A `Wire` of requests to `url`, answered within `seconds` (real ones) or failed; signed at `now`."""

    by_clock = True

    def __init__(self, app: SlackApp, url: str, now: Callable[[], datetime], seconds: float) -> None:
        self.url = url
        self._app = app
        self._now = now
        self._seconds = seconds
        self._session = aiohttp.ClientSession()

    @property
    def stands(self) -> bool:
        return True

    async def verify(self) -> None:
        """What Slack does when the URL is entered. Raises Refused(url_verification_failed)."""
        challenge = secrets.token_urlsafe(24)
        body = {"token": "sandbox-verification", "challenge": challenge, "type": "url_verification"}
        try:
            status, _, kind, said = await self._post(json.dumps(body).encode(), _JSON)
        except (aiohttp.ClientError, TimeoutError):
            raise Refused("url_verification_failed") from None
        answered = {"text/plain": said}
        if kind == _JSON:
            answered[kind] = str(_object(said).get("challenge"))
        elif kind == _FORM:
            answered[kind] = parse_qs(said).get("challenge", [""])[0]
        if status != 200 or answered.get(kind) != challenge:
            raise Refused("url_verification_failed")

    async def send(
        self, kind: str, payload: Json, *, accepts: bool, attempt: int = 0, retry_reason: str = ""
    ) -> Answer:
        """One request. Commands are forms, interactions a form with the payload as JSON, events JSON."""
        retry = {"X-Slack-Retry-Num": str(attempt), "X-Slack-Retry-Reason": retry_reason} if attempt else {}
        try:
            status, headers, content, said = await self._post(*encoded(kind, payload), retry)
        except TimeoutError:
            return Answer(error="operation_timeout", retry_reason="http_timeout")
        except aiohttp.TooManyRedirects:
            return Answer(error="dispatch_failed", retry_reason="too_many_redirects")
        except aiohttp.ClientSSLError:
            return Answer(error="dispatch_failed", retry_reason="ssl_error")
        except aiohttp.ClientConnectorError:
            return Answer(error="dispatch_failed", retry_reason="connection_failed")
        except aiohttp.ClientError:
            return Answer(error="dispatch_failed", retry_reason="unknown_error")
        if not 200 <= status < 300:
            error = "http_service_error" if status >= 500 else "http_client_error"
            return Answer(error=error, retry_reason="http_error", no_retry=headers.get("X-Slack-No-Retry") == "1")
        if not accepts or not said:
            return Answer()
        return Answer(_object(said) if content == _JSON else {"text": said})

    async def stop(self) -> None:
        """Close what is open."""
        await self._session.close()

    async def _post(
        self, body: bytes, kind: str, more: Mapping[str, str] | None = None
    ) -> tuple[int, Mapping[str, str], str, str]:
        stamp = str(int(self._now().timestamp()))
        headers = {
            "Content-Type": kind,
            "User-Agent": _AGENT,
            "X-Slack-Request-Timestamp": stamp,
            "X-Slack-Signature": signature(self._app.signing_secret, stamp, body),
            **(more or {}),
        }
        async with asyncio.timeout(self._seconds):
            async with self._session.post(self.url, data=body, headers=headers, max_redirects=REDIRECTS) as answer:
                return answer.status, answer.headers, answer.content_type, await answer.text()


def signature(secret: str, stamp: str, body: bytes) -> str:
    """v0 of Slack's page "Verifying requests from Slack": over version, time and raw body."""
    signed = b"v0:" + stamp.encode() + b":" + body
    return "v0=" + hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()


def encoded(kind: str, payload: Json) -> tuple[bytes, str]:
    """The body of a request and its content type."""
    if kind == "events_api":
        return json.dumps(payload).encode(), _JSON
    fields: Mapping[str, Any] = payload if kind == "slash_commands" else {"payload": json.dumps(payload)}
    return urlencode(fields, errors="replace").encode(), _FORM


def _object(said: str) -> Json:
    try:
        found = json.loads(said)
    except json.JSONDecodeError:
        return {}
    return found if isinstance(found, dict) else {}
