"""HTTP mode: Slack's requests to our one address, verified, parsed, handed to Bolt and answered with what Bolt says.

Sources: Slack's pages "Verifying requests from Slack", "Using the Events API over HTTP", "url_verification event".
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

from slack_bolt.async_app import AsyncApp
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_sdk import signature

from handlers.ports import Clock, WebAnswer
from handlers.slack.way_in import News
from handlers.slack.wire import string

log = logging.getLogger(__name__)

#: Where it is served; README.md and docs/slack.md name it.
PATH = "/slack/events"
#: A command has some fifteen fields, an interaction one.
_FIELDS_AT_MOST = 100


class _Unread(Exception):
    """A verified request that is none of Slack's payloads: the status and the word that it is answered with."""

    def __init__(self, status: int, word: str) -> None:
        super().__init__(word)
        self.status = status


class _Seconds(signature.Clock):
    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def now(self) -> float:
        return self._clock().timestamp()


class RequestUrl:
    """A way in (way_in.py) for the app with this signing secret. `clock` judges how old a request is (5 minutes)."""

    def __init__(self, signing_secret: str, clock: Clock) -> None:
        self._verifier = signature.SignatureVerifier(signing_secret, _Seconds(clock))
        self._app: AsyncApp | None = None

    @property
    def stands(self) -> bool:
        """Whether payloads are taken now."""
        return self._app is not None

    async def open(self, app: AsyncApp, news: News) -> None:
        """Take payloads from now on; there is no connection that could be lost."""
        self._app = app

    async def close(self) -> None:
        """Take none any more; what is under way is answered."""
        self._app = None

    async def take(self, headers: Mapping[str, str], body: bytes) -> WebAnswer:
        """Answer one POST: `headers` by their names in small letters, `body` as it was sent.

        2xx says that it is Slack's no more; after 5xx Slack sends an event again, and a person sees that it failed.
        """
        if not self._verified(headers, body):
            # Nothing of it is repeated here: whoever sent it chose its words.
            log.warning("a request to %s was refused: not signed by Slack, or more than 5 minutes off", PATH)
            return WebAnswer(status=401, text="not signed by Slack")
        try:
            payload = _payload(headers.get("content-type", ""), body)
            request = _request(payload)
        except _Unread as problem:
            log.warning("a request of Slack's could not be read: %s", problem)
            return WebAnswer(status=problem.status, text=str(problem))
        kind = payload.get("type")
        # Asked when the address is entered in the app's settings, maybe before its token is ours.
        if kind == "url_verification":
            return WebAnswer(text=string(payload.get("challenge")))
        if kind == "app_rate_limited":
            log.warning("Slack holds events back for a minute: there were more than 30,000 in an hour")
            return WebAnswer()
        if self._app is None:
            return WebAnswer(status=503, text="not connected to Slack")
        answer = await self._app.async_dispatch(request)
        (content_type,) = answer.headers.get("content-type", ["text/plain"])[:1]
        return WebAnswer(status=answer.status, text=answer.body, content_type=content_type.partition(";")[0])

    def _verified(self, headers: Mapping[str, str], body: bytes) -> bool:
        # Bolt's own check goes by the machine's clock, after it has parsed the body, and logs what it refuses.
        try:
            return self._verifier.is_valid(
                body, headers.get("x-slack-request-timestamp"), headers.get("x-slack-signature")
            )
        except (ValueError, TypeError, OverflowError):  # a time that is no number, a body or signature that is no text
            return False


def _payload(content_type: str, body: bytes) -> dict[str, Any]:
    """The payload of a verified body. Raises _Unread.

    Not parsed by Bolt: it takes every form in which the word "payload" stands for an interaction, so that a command
    with that word in its text would be empty.
    """
    kind = content_type.partition(";")[0].strip().lower()
    try:
        text = body.decode()
        if kind == "application/json":
            return _object(text)
        if kind == "application/x-www-form-urlencoded":
            fields = dict(parse_qsl(text, keep_blank_values=True, max_num_fields=_FIELDS_AT_MOST))
            return _object(fields["payload"]) if "payload" in fields else dict(fields)
    except ValueError:
        raise _Unread(400, "too many fields, or not UTF-8") from None
    raise _Unread(415, "neither JSON nor a form")


def _object(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        raise _Unread(400, "not JSON") from None
    if not isinstance(found, dict):
        raise _Unread(400, "not a JSON object")
    return found


def _request(payload: dict[str, Any]) -> AsyncBoltRequest:
    """The payload for Bolt. Raises _Unread. Bolt calls "socket_mode" what is verified and parsed already.

    It gets no headers: they are not signed, and some of them would steer Bolt itself (`x-slack-bolt-...`).
    """
    try:
        return AsyncBoltRequest(body=payload, mode="socket_mode")
    except Exception:  # Bolt looks into the payload without asking what kinds of values are there
        raise _Unread(400, "not a payload of Slack's") from None
