"""Listens to what people do: commands, clicks, submitted forms. They are not sent again, so the person sees a failure.

Commands and clicks are acknowledged at once and worked on after; a form opens before anything is written. A submission
is acknowledged with its result, or, when that takes longer than Slack waits, with a view that gets the result later.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from handlers.ports import Busy, Desk, HomeDesk, Taken
from handlers.slack.client import code_of
from handlers.slack.forms import answer, digest, first_block, message_view, said, view
from handlers.slack.home import is_home, turned
from handlers.slack.pointing import Pointing
from handlers.slack.private import Asker, Private, sentence
from handlers.slack.read_actions import (
    Submission,
    read_click,
    read_command,
    read_prompt,
    read_submission,
    redraws,
)
from handlers.slack.read_shortcuts import read_shortcut
from handlers.slack.routes import route
from handlers.slack.send import CALL_ERRORS
from handlers.slack.sentences import (
    ALREADY,
    BROKEN,
    GONE,
    UNANSWERED,
    UNKNOWN,
    UNKNOWN_SHORTCUT,
    WORKING,
    busy,
    too_slow,
)
from handlers.slack.text import words
from handlers.slack.wire import Ignored, Malformed, Us, kept, mapping, string
from rules.commands import Misunderstood
from rules.events import Command
from rules.messages import Form, Message, Reply, identities

log = logging.getLogger(__name__)

#: Slack waits 3 s for the answer to a submission; the rest is for the way.
PATIENCE_SECONDS = 2.4


@dataclass(slots=True, kw_only=True)
class Actions:
    """The listeners of commands, clicks and submissions."""

    us: Us
    desk: Desk
    private: Private
    open_view: Callable[[str, Mapping[str, Any]], Awaitable[None]]
    update_view: Callable[[str, Mapping[str, Any]], Awaitable[None]]
    clock: Callable[[], datetime]
    failed: Callable[[str, str], Awaitable[object]]
    patience_seconds: float
    pointing: Pointing
    homes: HomeDesk | None = None
    _late: set[asyncio.Future[object]] = field(default_factory=set)

    async def command(self, body: Mapping[str, Any]) -> None:
        """What was typed after `/docket`; always answered to its author alone."""
        to = Asker(
            user=string(body.get("user_id")),
            place=string(body.get("channel_id")),
            response_url=string(body.get("response_url")),
        )
        await self._see_through(lambda: read_command(body, self.us, self.clock()), body, to)

    async def shortcut(self, body: Mapping[str, Any]) -> None:
        """A shortcut on a message, or from anywhere."""
        to = Asker(
            user=string(mapping(body.get("user")).get("id")),
            place=string(mapping(body.get("channel")).get("id")),
            thread=string(mapping(body.get("message")).get("thread_ts")) or None,
            response_url=string(body.get("response_url")),
        )
        await self._see_through(lambda: read_shortcut(body, self.us, self.clock()), body, to, UNKNOWN_SHORTCUT)

    async def click(self, body: Mapping[str, Any]) -> None:
        """A button or a menu's option; a stale or unknown one is answered too."""
        if redraws(body):
            await self._redraw(body)
            return
        channel, container = mapping(body.get("channel")), mapping(body.get("container"))
        prompt = read_prompt(body)
        to = Asker(
            user=string(mapping(body.get("user")).get("id")),
            place=string(channel.get("id")),
            thread=string(container.get("thread_ts")) or None,
            response_url=string(body.get("response_url")),
            window=string(body.get("trigger_id")) if is_home(body) else "",
            replaces=prompt.ts if prompt else "",
        )
        await self._see_through(lambda: read_click(body, self.us, self.clock()), body, to)

    async def submit(self, body: Mapping[str, Any], ack: Callable[..., Awaitable[object]]) -> None:
        """A submitted form: acknowledged with what became of it."""
        submitted = mapping(body.get("view"))
        reader = self.private.reader(f"slack:{string(mapping(body.get('user')).get('id'))}")
        try:
            read = read_submission(body, self.us, self.clock())
        except Malformed as problem:
            log.warning("a submission could not be read: %s", problem)
            read = Ignored(str(problem))
        if isinstance(read, Ignored):
            await ack({"response_action": "update", "view": message_view(UNKNOWN, reader)})
            return
        work = asyncio.create_task(self._take_submission(read, kept(body)))
        done, _ = await asyncio.wait({work}, timeout=self.patience_seconds)
        if not done:
            await ack({"response_action": "update", "view": message_view(WORKING, reader)})
            self._later(self._show_late(work, read.command, string(submitted.get("id")), read.prompt))
            return
        reply = await work
        if reply.refused and reply.code == "busy" and (block_id := first_block(submitted)):
            # Under a field, so that nothing that was typed is lost.
            await ack({"response_action": "errors", "errors": {block_id: said(reply.message, reader)}})
            return
        await ack(answer(reply, submitted, reader, read.prompt))
        # Of a decision, the edited card says it all: here and for everyone else.
        silent = read.command.verb in ("approve", "reject") and not read.prompt
        if not reply.refused and not silent and reply.form is None and reply.message.headline:
            self._later(self.private.say(reply.message, _asker(read.command, read.prompt)))

    async def settle(self) -> None:
        """Wait for what is still being said or shown."""
        await asyncio.gather(*self._late, return_exceptions=True)

    async def _see_through(
        self,
        read: Callable[[], Command | Misunderstood | Ignored],
        body: Mapping[str, Any],
        to: Asker,
        unknown: Message = UNKNOWN,
    ) -> None:
        aside = replace(to, replaces="")  # a question stands until it is answered
        try:
            if to.window and self.homes is not None and (page := turned(body)) is not None:
                await self.homes.opened(*page)
                return
            command = read()
            if isinstance(command, Misunderstood):
                await self.private.say(sentence((command.sentence,)), aside)
            elif isinstance(command, Ignored):
                await self.private.say(unknown, aside)
            else:
                await self._do(command, body, to)
        except Malformed as problem:
            log.warning("an act could not be read: %s", problem)
            await self.private.say(unknown, aside)
        except Busy as trouble:
            await self.private.say(busy(trouble), aside)
        except CALL_ERRORS as error:
            log.warning("Slack was asked about an act and %s", code_of(error) or "did not answer")
            await self.private.say(UNANSWERED, aside)
        except Exception as error:
            await self._broken(error)
            await self.private.say(BROKEN, aside)

    async def _do(self, command: Command, body: Mapping[str, Any], to: Asker) -> None:
        pointed = await self._pointed(command, body)
        if pointed is None:
            await self.private.say(GONE, to)
            return
        command = await self.private.people.marked(pointed)
        match route(command):
            case "ask":
                result: Form | Reply | None = await self.desk.ask(command)
            case "form" if (asked := await self.desk.form(command)) is not None:
                result = asked
            case _:
                result = _reply_of(await self.desk.take(command, kept(body)))
        form = result.form if isinstance(result, Reply) else result
        if form is not None:
            await self._open(form, body, to)
        elif isinstance(result, Reply) and result.message.headline and not (to.window and _shows(command, result)):
            await self.private.say(result.message, to)

    async def _pointed(self, command: Command, body: Mapping[str, Any]) -> Command | None:
        """The command with the message that it is about; None: that is gone. Raises the errors of calls."""
        prompt = read_prompt(body)
        if prompt is not None and command.verb == "new":
            return await self.pointing.answered(command, prompt.about)
        return await self.pointing.placed(command)

    async def _open(self, form: Form, body: Mapping[str, Any], to: Asker) -> None:
        prompt = read_prompt(body)
        # One that only its reader sees can't be reached later; a message of ours is answered with the form.
        asked = prompt.ts if prompt and not prompt.ephemeral else ""
        try:
            await self.private.people.learn(identities(*form.lines))
            reader = self.private.reader(f"slack:{to.user}")
            await self.open_view(string(body.get("trigger_id")), view(form, reader, asked))
        except CALL_ERRORS as error:
            log.warning("a form did not open: %s", code_of(error) or type(error).__name__)
            await self.private.say(too_slow(words(body.get("text"))), replace(to, replaces=""))
            return
        if prompt and prompt.ephemeral:
            await self.private.dismiss(to)

    async def _redraw(self, body: Mapping[str, Any]) -> None:
        """Another form of an open one, for what was chosen in it; whoever submits it before that gets it then."""
        shown = mapping(body.get("view"))
        try:
            read = read_submission(body, self.us, self.clock())
            if isinstance(read, Ignored):
                return
            form = await self.desk.form(await self.private.people.marked(read.command))
            reader = self.private.reader(read.command.by)
            if isinstance(form, Form):
                await self.private.people.learn(identities(*form.lines))
                await self.update_view(string(shown.get("id")), view(form, reader, read.prompt))
            elif form is not None:
                await self.update_view(string(shown.get("id")), message_view(form.message, reader))
        except (Malformed, Busy, *CALL_ERRORS) as problem:
            log.warning("a form was not drawn anew (%s)", type(problem).__name__)

    async def _take_submission(self, read: Submission, raw: bytes) -> Reply:
        """The result as a reply, failures too: nothing may leave this task unanswered."""
        try:
            command = await self.pointing.whole(await self._with_all_it_showed(read))
            command = await self.private.people.marked(command)
            return _reply_of(await self.desk.take(command, raw)) or Reply(message=sentence(()))
        except Busy as trouble:
            return Reply(message=busy(trouble), refused=True, code="busy")
        except Exception as error:
            await self._broken(error)
            return Reply(message=BROKEN, refused=True, code="broken")

    async def _with_all_it_showed(self, read: Submission) -> Command:
        """Where what a form showed was too long to travel: the form's own words, if they are still those (forms.py)."""
        if not read.digest:
            return read.command
        now = await self.desk.form(read.command)
        unchanged = isinstance(now, Form) and digest(now.shown) == read.digest
        return replace(read.command, seen=dict(now.shown)) if isinstance(now, Form) and unchanged else read.command

    async def _show_late(self, work: asyncio.Task[Reply], command: Command, view_id: str, prompt: str) -> None:
        reply = await work
        reader = self.private.reader(command.by)
        message = reply.message if reply.message.headline else sentence(("It is recorded.",))
        try:
            shown = view(reply.form, reader, prompt) if reply.form else message_view(message, reader)
            await self.update_view(view_id, shown)
        except CALL_ERRORS:
            # They closed it meanwhile.
            await self.private.say(message, _asker(command, ""))

    async def _broken(self, error: Exception) -> None:
        log.error("an act from Slack could not be handled", exc_info=error)
        await self.failed(
            "slack-act", f"Something that a person did in Slack could not be handled ({type(error).__name__})."
        )

    def _later(self, work: Awaitable[object]) -> None:
        task = asyncio.ensure_future(work)
        self._late.add(task)
        task.add_done_callback(self._late.discard)


def _shows(command: Command, reply: Reply) -> bool:
    """Whether the Home itself says what became of a click in it: it is drawn anew after each change."""
    return route(command) == "take" and not reply.refused


def _asker(command: Command, prompt: str) -> Asker:
    return Asker(user=command.by.removeprefix("slack:"), place=command.place, replaces=prompt)


def _reply_of(taken: Taken) -> Reply | None:
    """What is said of a take. No reply: the card says it."""
    if taken.repeat and taken.reply is None:
        return Reply(message=ALREADY)
    if taken.reply is None and taken.ignored:
        return Reply(message=sentence((f"Nothing was changed: {taken.ignored}.",)), refused=True, code="ignored")
    return taken.reply
