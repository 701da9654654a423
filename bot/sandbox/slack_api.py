"""The stand-in's HTTP side for apps: the Web API under /api/, response URLs, the way to Socket Mode."""

from __future__ import annotations

import asyncio
import json
import secrets
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from aiohttp import web

from bot.sandbox import accounts, slack_directory, slack_files, slack_methods
from bot.sandbox.block_kit import message_problems, with_ids
from bot.sandbox.delivery import Delivery
from bot.sandbox.faults import Faults
from bot.sandbox.kept_files import taken
from bot.sandbox.messages import block_id
from bot.sandbox.roster import Json
from bot.sandbox.slack_call import Call
from bot.sandbox.socket_mode import SocketMode
from bot.sandbox.views import Refused
from bot.sandbox.workspace import Workspace

METHODS = slack_directory.METHODS | accounts.METHODS | slack_files.METHODS | slack_methods.METHODS
RESPONSE_URL_USES = 5
RESPONSE_URL_LIFE = timedelta(minutes=30)


@dataclass(slots=True)
class ResponseUrl:
    """A response_url: who it answers, where, about which message ("" for a command), how often it was used."""

    user: str
    channel: str
    ts: str
    given: datetime
    uses: int = 0


class SlackApi:
    """Answers apps as Slack's servers do, from the state of a workspace."""

    def __init__(self, workspace: Workspace, socket: SocketMode, delivery: Delivery, faults: Faults) -> None:
        self.workspace = workspace
        self.socket = socket
        self.delivery = delivery
        self.faults = faults
        self.base_url = ""  # http://127.0.0.1:port, known when the town listens
        self.calls: deque[tuple[str, Mapping[str, Any]]] = deque(maxlen=1000)  # taken lately, without tokens
        self._response_urls: dict[str, ResponseUrl] = {}
        self._closing = asyncio.Event()

    def routes(self) -> list[web.RouteDef]:
        return [
            web.post("/api/{method}", self.method),
            web.get("/api/{method}", self.method),
            web.get("/socket", self.socket.serve),
            web.post("/response/{name}", self.response),
            web.post("/upload/{ticket}", self.upload),
        ]

    def close(self) -> None:
        """End the calls that were told to hang."""
        self._closing.set()

    async def method(self, request: web.Request) -> web.StreamResponse:
        """One Web API call."""
        name = request.match_info["method"]
        fault = self.faults.take(name)
        if fault and fault.kind == "hang":
            await self._closing.wait()
        if fault and fault.kind == "ratelimited":
            limited = {"ok": False, "error": "ratelimited"}
            return web.json_response(limited, status=429, headers={"Retry-After": str(fault.retry_after_seconds)})
        if fault and fault.kind == "server_error":
            return web.Response(status=500, text="Internal Server Error")
        if fault and fault.kind == "error":
            return web.json_response({"ok": False, "error": fault.error})
        answer = await self._answer(name, request)
        if fault and fault.kind == "lost_answer" and request.transport:
            request.transport.abort()
        scopes = ",".join(sorted(self.workspace.app.scopes))
        return web.json_response(answer, headers={"x-oauth-scopes": scopes, "Cache-Control": "no-store"})

    async def _answer(self, name: str, request: web.Request) -> Json:
        try:
            arguments, warnings = await _arguments(request)
            call = Call(self.workspace, arguments, self.base_url, warnings)
            token = _token(request, arguments)
            if name == "apps.connections.open":
                return self._connection(token)
            if name not in METHODS:
                return {"ok": False, "error": "unknown_method", "req_method": name}
            if name != "api.test":
                self._check(token)
            self.calls.append((name, {k: v for k, v in arguments.items() if k != "token"}))
            answer: Json = {"ok": True} | METHODS[name](call)
            if call.warnings:
                answer["warning"] = ",".join(call.warnings)
                answer.setdefault("response_metadata", {})["warnings"] = call.warnings
        except Refused as refused:
            said: Json = {"ok": False, "error": refused.error} | refused.more
            if refused.messages:
                said["response_metadata"] = {"messages": refused.messages}
                if refused.error == "invalid_blocks":
                    said["errors"] = [m.removeprefix("[ERROR] ") for m in refused.messages]
            return said
        return answer

    def _check(self, token: str) -> None:
        app = self.workspace.app
        if not token:
            raise Refused("not_authed")
        if token == app.app_token:
            raise Refused("not_allowed_token_type")
        if token != app.bot_token:
            raise Refused("invalid_auth")
        if self.workspace.refusal:
            raise Refused(self.workspace.refusal)

    def _connection(self, token: str) -> Json:
        app = self.workspace.app
        if not token:
            raise Refused("not_authed")
        if token == app.bot_token:
            raise Refused("not_allowed_token_type")
        if token != app.app_token:
            raise Refused("invalid_auth")
        return {"ok": True, "url": f"{self.base_url.replace('http', 'ws', 1)}/socket?ticket={self.socket.ticket()}"}

    async def upload(self, request: web.Request) -> web.Response:
        """The bytes of a file, at the address that was given for it."""
        if not taken(self.workspace.files, request.match_info["ticket"], await request.read()):
            return web.Response(status=400, text="Bad Request")
        return web.Response(text="OK")

    # response URLs

    def response_url(self, user: str, channel: str, ts: str = "") -> str:
        """An address that takes 5 answers within 30 minutes without a token."""
        name = secrets.token_urlsafe(16)
        self._response_urls[name] = ResponseUrl(user, channel, ts, self.workspace.now())
        return f"{self.base_url}/response/{name}"

    async def response(self, request: web.Request) -> web.Response:
        """A post to a response_url."""
        target = self._response_urls.get(request.match_info["name"])
        if target is None:
            return web.json_response({"ok": False, "error": "invalid_url"}, status=404)
        if target.uses >= RESPONSE_URL_USES:
            return web.json_response({"ok": False, "error": "used_url"}, status=404)
        if self.workspace.now() - target.given > RESPONSE_URL_LIFE:
            return web.json_response({"ok": False, "error": "expired_url"}, status=404)
        try:
            body = json.loads(await request.text())
        except json.JSONDecodeError:
            return web.json_response({"ok": False, "error": "invalid_payload"}, status=400)
        target.uses += 1
        try:
            self.respond(target, body)
        except Refused as refused:
            return web.json_response({"ok": False, "error": refused.error}, status=404)
        return web.Response(text="ok")

    def respond(self, target: ResponseUrl, body: Json) -> None:
        """Do what an answer to a command or an interaction asks: new, replaced or deleted message."""
        workspace, channel = self.workspace, self.workspace.channels[target.channel]
        blocks = body.get("blocks") or []
        if message_problems(blocks):
            raise Refused("invalid_blocks")
        shown = next((w for w in workspace.whispers if w.message["ts"] == target.ts and w.user == target.user), None)
        if body.get("delete_original"):
            if shown:
                workspace.whispers.remove(shown)
                workspace.changed()
            elif target.ts in channel.messages:
                workspace.delete(channel, target.ts)
            return
        text = str(body.get("text") or "")
        if not text and not blocks:
            raise Refused("no_text")
        if body.get("replace_original") and target.ts:
            named = with_ids(blocks, block_id)
            if shown:
                shown.message.update({"text": text, "blocks": named})
                workspace.changed()
            else:
                workspace.edit(channel, target.ts, {"text": text, "blocks": named or None})
            return
        if body.get("response_type") == "in_channel":
            workspace.post_as_bot(channel, text, blocks, str(body.get("thread_ts") or ""))
            return
        message = workspace.bot_message(text, blocks) | {"is_ephemeral": True}
        thread = body.get("thread_ts") or (shown.message.get("thread_ts") if shown else None)
        workspace.whisper(target.user, channel, message | ({"thread_ts": thread} if thread else {}))


async def _arguments(request: web.Request) -> tuple[Mapping[str, Any], list[str]]:
    """The arguments of a call and the warnings about how they were sent."""
    if request.method == "GET":
        return dict(request.query), []
    if request.content_type == "application/json":
        try:
            arguments = json.loads(await request.text() or "{}")
        except json.JSONDecodeError:
            raise Refused("invalid_json") from None
        if not isinstance(arguments, dict):
            raise Refused("json_not_object")
        # With JSON the token must be in the header.
        return {k: v for k, v in arguments.items() if k != "token"}, [] if request.charset else ["missing_charset"]
    return dict(request.query) | dict(await request.post()), []


def _token(request: web.Request, arguments: Mapping[str, Any]) -> str:
    header = request.headers.get("Authorization", "")
    return header.removeprefix("Bearer ").strip() if header else str(arguments.get("token", ""))
