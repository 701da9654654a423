"""Access tokens for mailboxes of Google and Microsoft: asked for with the refresh token, and anew before they end.

Source: RFC 6749, section 6; Google's "IMAP, POP, and SMTP: XOAUTH2", Microsoft's "Authenticate an IMAP, POP or SMTP
connection using OAuth".
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import aiohttp

from handlers.mail.settings import OAuthSettings
from handlers.ports import Clock

#: A token is not used in its last minutes: a session that opens with it must get in.
MARGIN = timedelta(minutes=5)
TIMEOUT_SECONDS = 30


class ConsentNeeded(Exception):
    """The provider takes this refresh token no more: a person must consent again. The sentence says so."""


class NoToken(OSError):
    """The provider can't be asked now; trying again may help."""


class AccessTokens:
    """One mailbox's tokens. `rotated` is told of a new refresh token, where the provider gives one with an answer."""

    def __init__(self, settings: OAuthSettings, *, clock: Clock, rotated: Callable[[str], None]) -> None:
        self._settings = settings
        self._refresh_token = settings.refresh_token
        self._clock = clock
        self._rotated = rotated
        self._lock = asyncio.Lock()
        self._token = ""
        self._ends: datetime | None = None

    async def token(self) -> str:
        """A token that is good for minutes at least. Raises ConsentNeeded or NoToken."""
        async with self._lock:
            if self._ends is None or self._clock() >= self._ends - MARGIN:
                await self._refresh()
            return self._token

    def forget(self) -> None:
        """The mail server refused the last token: the next one is asked for, whatever time that one had left."""
        self._ends = None

    async def _refresh(self) -> None:
        settings = self._settings
        form = {
            "grant_type": "refresh_token",
            "client_id": settings.client_id,
            "refresh_token": self._refresh_token,
            **({"client_secret": settings.client_secret} if settings.client_secret else {}),
            **({"scope": settings.scope} if settings.scope else {}),
        }
        status, answer = await _post(settings.token_url, form)
        if answer.get("error") in ("invalid_grant", "invalid_client", "unauthorized_client", "interaction_required"):
            raise ConsentNeeded(f"the provider says {answer['error']}: somebody must consent again")
        token, seconds = answer.get("access_token"), answer.get("expires_in", 3600)
        if status != 200 or not isinstance(token, str) or not token.isascii():
            raise NoToken(f"no access token was given (HTTP {status})")
        # A provider that says nothing usable of the time gives an hour (both of ours do).
        lasts = timedelta(seconds=float(seconds) if str(seconds).isdecimal() else 3600)
        self._token, self._ends = token, self._clock() + lasts
        renewed = answer.get("refresh_token")
        if isinstance(renewed, str) and renewed and renewed != self._refresh_token:
            self._refresh_token = renewed
            self._rotated(renewed)


async def _post(url: str, form: dict[str, str]) -> tuple[int, dict[str, Any]]:
    """The HTTP status and the JSON object that came, {} where none did."""
    try:
        timeout = aiohttp.ClientTimeout(total=TIMEOUT_SECONDS)
        async with aiohttp.ClientSession(timeout=timeout) as web, web.post(url, data=form) as answer:
            try:
                content = await answer.json(content_type=None)
            except ValueError:
                content = {}
            return answer.status, content if isinstance(content, dict) else {}
    except (aiohttp.ClientError, TimeoutError) as problem:
        # its own words may hold the form
        raise NoToken(f"the provider of access tokens does not answer ({type(problem).__name__})") from None
