"""The page's side of the sandbox: files, what a person sees, and acting as a person; loopback only."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict
from datetime import time, timedelta
from importlib.resources import files
from typing import Any

from aiohttp import web

from bot.sandbox.clock import HandClock, next_morning
from bot.sandbox.letters import LETTER_CSP, message_of, opened
from bot.sandbox.mail import Letter, MailTown, bare
from bot.sandbox.page_state import person_state, town_state
from bot.sandbox.people import Hands
from bot.sandbox.roster import Json, MailPerson
from bot.sandbox.tour import Step
from bot.sandbox.views import Refused

PAGE_FILES = {
    "index.html": "text/html",
    "account.js": "text/javascript",
    "style.css": "text/css",
    "app.js": "text/javascript",
    "api.js": "text/javascript",
    "text.js": "text/javascript",
    "blocks.js": "text/javascript",
    "menu.js": "text/javascript",
    "messages.js": "text/javascript",
    "modal.js": "text/javascript",
    "mail.js": "text/javascript",
    "shortcuts.js": "text/javascript",
    "tour.js": "text/javascript",
}
PAGE_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src 'self' data:; frame-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}
QUIET = timedelta(hours=2)
MOST_MINUTES = 60 * 24 * 31


class Page:
    """Routes of the page. `morning` is the local time that "next morning" goes to."""

    def __init__(
        self,
        hands: Hands,
        mail: MailTown,
        clock: HandClock,
        people: list[MailPerson],
        *,
        zone: str,
        morning: time,
        organization: str,
        steps: tuple[Step, ...],
        topics: Mapping[str, str],
    ) -> None:
        self.hands = hands
        self.mail = mail
        self.clock = clock
        self.people = people
        self.zone = zone
        self.morning = morning
        self.organization = organization
        self.steps = steps
        self.topics = topics
        self._streams: set[asyncio.Event] = set()
        self._closing = False
        hands.workspace.on_change(self._wake)

    def routes(self) -> list[web.RouteDef]:
        deeds: dict[str, Callable[[Mapping[str, Any]], Awaitable[Any]]] = {
            "say": self._say,
            "edit": self._edit,
            "delete": self._delete,
            "react": self._react,
            "click": self._click,
            "submit": self._submit,
            "close": self._close,
            "home": self._home,
            "shortcut": self._shortcut,
            "read": self._read,
            "account": self._account,
            "clock": self._push,
            "mail": self._write,
        }
        return [
            web.get("/", self.file),
            web.get("/page/{name}", self.file),
            web.get("/sandbox/town", self.town),
            web.get("/sandbox/state", self.state),
            web.get("/sandbox/changes", self.changes),
            web.get("/sandbox/mail/{id}/html", self.letter),
            web.get("/sandbox/file/{id}", self.picture),
            *(web.post(f"/sandbox/{name}", _taken(deed)) for name, deed in deeds.items()),
        ]

    async def file(self, request: web.Request) -> web.Response:
        name = request.match_info.get("name", "index.html")
        if name not in PAGE_FILES:
            raise web.HTTPNotFound
        text = files("bot.sandbox").joinpath("page", name).read_text("utf-8")
        return web.Response(text=text, content_type=PAGE_FILES[name], headers=PAGE_HEADERS)

    # seeing

    async def town(self, _: web.Request) -> web.Response:
        known = town_state(self.hands.workspace, self.people, self.mail, self.zone, self.organization)
        known |= {"running": self.clock.running, "tour": [asdict(s) for s in self.steps], "topics": dict(self.topics)}
        return web.json_response(known, headers=PAGE_HEADERS)

    async def state(self, request: web.Request) -> web.Response:
        """Everything one person sees; `as` is a Slack user id or a mail address."""
        who = request.query.get("as", "")
        person = next((p for p in self.people if who and who in (p.slack, p.email)), None)
        if person is None:
            raise web.HTTPNotFound
        user = self.hands.workspace.users.get(person.slack)
        shown = person_state(self.hands.workspace, self.mail, user, person.email)
        shown["connected"] = self.hands.connected
        return web.json_response(shown, headers=PAGE_HEADERS)

    async def changes(self, request: web.Request) -> web.StreamResponse:
        """Server-sent events: the revision, at once and after every change."""
        stream = web.StreamResponse(headers=PAGE_HEADERS | {"Content-Type": "text/event-stream"})
        await stream.prepare(request)
        changed = asyncio.Event()
        self._streams.add(changed)
        try:
            while not self._closing:
                await stream.write(f"data: {self.hands.workspace.revision}\n\n".encode())
                await changed.wait()
                changed.clear()
        except ConnectionError:
            pass  # the page was closed
        finally:
            self._streams.discard(changed)
        return stream

    def _wake(self) -> None:
        for changed in self._streams:
            changed.set()

    def close(self) -> None:
        """End the streams of open pages."""
        self._closing = True
        self._wake()

    async def letter(self, request: web.Request) -> web.Response:
        """A mail's HTML on its own, for a frame without scripts."""
        letter = self._letter(int(request.match_info["id"]) if request.match_info["id"].isdigit() else 0)
        headers = PAGE_HEADERS | {"Content-Security-Policy": LETTER_CSP}
        html = '<base target="_blank">' + opened(letter).html
        return web.Response(text=html, content_type="text/html", headers=headers)

    async def picture(self, request: web.Request) -> web.Response:
        """A picture that the app left here, once it said that it is all there."""
        kept = self.hands.workspace.files.get(request.match_info["id"])
        if kept is None or kept.data is None or not kept.complete:
            raise web.HTTPNotFound
        return web.Response(body=kept.data, content_type="image/png", headers=PAGE_HEADERS)

    def _letter(self, number: int) -> Letter:
        if not 1 <= number <= len(self.mail.letters):
            raise web.HTTPNotFound
        return self.mail.letters[number - 1]

    # acting

    async def _say(self, body: Mapping[str, Any]) -> Json:
        who, where, text = body["as"], body["channel"], str(body["text"])
        known = [c.command for c in self.hands.workspace.app.commands]
        if text.startswith("/") and not body.get("thread"):
            if text.split(" ")[0] not in known:
                raise Refused(f"{text.split(' ')[0]} is not a command here. Known: {', '.join(known)}")
            answer = await self.hands.types(who, text, where)
            return {"error": answer.error}
        message = await self.hands.says(who, where, text, thread=body.get("thread") or "")
        return {"ts": message["ts"]}

    async def _edit(self, body: Mapping[str, Any]) -> None:
        await self.hands.edits(body["as"], body["channel"], body["ts"], body["text"])

    async def _delete(self, body: Mapping[str, Any]) -> None:
        await self.hands.deletes(body["as"], body["channel"], body["ts"])

    async def _react(self, body: Mapping[str, Any]) -> None:
        await self.hands.reacts(body["as"], body["channel"], body["ts"], body["name"])

    async def _click(self, body: Mapping[str, Any]) -> Json:
        where, filled = (body["block_id"], body["action_id"], body.get("value", "")), body.get("filled") or {}
        if body.get("view_id"):
            answer = await self.hands.acts_in_view(body["as"], body["view_id"], *where, filled)
        else:
            message = self.hands.shown(body["as"], body["channel"], body["ts"])
            answer = await self.hands.acts(body["as"], message, *where, filled)
        return {"error": answer.error}

    async def _submit(self, body: Mapping[str, Any]) -> Json:
        return {"errors": await self.hands.sends(body["as"], body["view_id"], body.get("filled") or {})}

    async def _close(self, body: Mapping[str, Any]) -> None:
        await self.hands.closes(body["as"], everything=bool(body.get("everything")))

    async def _home(self, body: Mapping[str, Any]) -> None:
        await self.hands.opens_home(body["as"])

    async def _shortcut(self, body: Mapping[str, Any]) -> Json:
        message = self.hands.shown(body["as"], body["channel"], body["ts"]) if body.get("ts") else None
        return {"error": (await self.hands.uses_shortcut(body["as"], body["callback_id"], message)).error}

    async def _read(self, body: Mapping[str, Any]) -> None:
        """Everything in a channel, or one mail (`mail:7`), was seen."""
        workspace, place = self.hands.workspace, str(body["place"])
        who = str(body["as"]) if place in workspace.channels else bare(str(body["as"]))
        before = workspace.read.get((who, place))
        workspace.read[who, place] = str(body.get("ts") or "seen")
        if workspace.read[who, place] != before:
            workspace.changed()

    async def _account(self, body: Mapping[str, Any]) -> None:
        who, quiet = str(body["as"]), self.clock.now() + QUIET
        changes: dict[str, Callable[[], Awaitable[None]]] = {
            "gone": lambda: self.hands.deactivates(who),
            "back": lambda: self.hands.reactivates(who),
            "quiet": lambda: self.hands.silences(who, quiet),
            "heard": lambda: self.hands.silences(who, None),
        }
        await changes[body["change"]]()

    async def _push(self, body: Mapping[str, Any]) -> Json:
        if body.get("to") == "morning":
            self.clock.push_to(next_morning(self.clock.now(), self.zone, self.morning))
        else:
            self.clock.push(timedelta(minutes=min(max(0, int(body["minutes"])), MOST_MINUTES)))
        return {"now": self.clock.now().isoformat()}

    async def _write(self, body: Mapping[str, Any]) -> Json:
        person = next((p for p in self.people if p.email == body["as"]), None)
        if person is None or not str(body["to"]).strip():
            raise Refused("Write to whom?")
        answered = message_of(self._letter(int(body["answers"]))) if body.get("answers") else None
        letter = await self.mail.write(
            person.name, person.email, str(body["to"]), str(body["subject"]), str(body["text"]), answered
        )
        return {"id": letter.id}


def _taken(deed: Callable[[Mapping[str, Any]], Awaitable[Any]]) -> Callable[[web.Request], Awaitable[web.Response]]:
    """A deed as a handler. Only JSON is taken: a form of another site can't send that without asking first."""

    async def handle(request: web.Request) -> web.Response:
        if request.content_type != "application/json":
            raise web.HTTPUnsupportedMediaType
        try:
            answer = await deed(json.loads(await request.text()))
        except Refused as refused:
            return web.json_response({"problem": refused.error}, status=409)
        except (KeyError, TypeError, ValueError, LookupError):
            return web.json_response({"problem": "That can't be done here."}, status=400)
        return web.json_response(answer or {})

    return handle
