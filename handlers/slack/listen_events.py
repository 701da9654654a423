"""Listens to what happens in conversations: each event is acknowledged only after its take was committed.

Bolt acknowledges an event of its own accord when its listener returns (with `process_before_response=True`), and not at
all when it raises: then Slack sends it again.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections import OrderedDict
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from handlers.ports import Busy, Desk
from handlers.slack.channels import Channels
from handlers.slack.client import code_of
from handlers.slack.held import Held
from handlers.slack.private import Asker, Private, sentence
from handlers.slack.read import Reaction, post, reacted, read_event
from handlers.slack.routes import READING
from handlers.slack.send import CALL_ERRORS
from handlers.slack.spoken import command_in
from handlers.slack.wire import WORKSPACE, Ignored, Malformed, Us, kept, mapping, string
from rules.commands import Misunderstood
from rules.events import Command, Event, Posted, Reacted, Unreadable
from rules.messages import Reply

log = logging.getLogger(__name__)

#: Of so many questions we remember that they were answered: a redelivery must not be answered again.
_REMEMBERED = 1000


class NotTaken(Exception):
    """It was not recorded, so it must not be acknowledged: Slack sends it again."""


@dataclass(slots=True, kw_only=True)
class Events:
    """The listener of all conversation events. `reactions`: the names that open items; others cost no call."""

    us: Us
    desk: Desk
    channels: Channels
    private: Private
    held: Held
    clock: Callable[[], datetime]
    reactions: Callable[[], Collection[str]] | None = None
    _answers: set[asyncio.Task[None]] = field(default_factory=set)
    _answered: OrderedDict[str, None] = field(default_factory=OrderedDict)

    async def hear(self, body: Mapping[str, Any]) -> None:
        """Take one event. Raises NotTaken where it could not be recorded."""
        try:
            event = await self._read(body)
        except Malformed as problem:
            event = self._unreadable(body, str(problem))
        except CALL_ERRORS as error:
            raise NotTaken(
                f"Slack was asked for more about an event and {code_of(error) or 'did not answer'}"
            ) from error
        if isinstance(event, Ignored):
            log.debug("an event was ignored: %s", event.reason)
            return
        command = command_in(event, self.us) if isinstance(event, Posted) else None
        try:
            if isinstance(command, Command):
                await self._told(command, kept(body))
            elif isinstance(command, Misunderstood):
                self._answer(event, Reply(message=sentence((command.sentence,)), refused=True))
            else:
                await self.desk.take(event, kept(body))
        except Busy as busy:
            self.held.hold(command if isinstance(command, Command) else event, kept(body))
            raise NotTaken(str(busy)) from busy

    async def settle(self) -> None:
        """Wait for the answers that are being said."""
        await asyncio.gather(*self._answers, return_exceptions=True)

    async def _read(self, body: Mapping[str, Any]) -> Event | Ignored:
        read = read_event(body, self.us)
        if isinstance(read, Reaction):
            return await self._with_message(read)
        return await self._named(read) if isinstance(read, Posted) else read

    async def _with_message(self, reaction: Reaction) -> Reacted | Ignored:
        if self.reactions is not None and reaction.name not in self.reactions():
            return Ignored(f"no workflow is opened by :{reaction.name}:")
        found = await self.channels.message(reaction.place, reaction.ts)
        if found is None:
            return Ignored("the message that was reacted to can't be read")
        message = post(found, reaction.place, self.us)
        return message if isinstance(message, Ignored) else reacted(reaction, await self._named(message))

    async def _named(self, posted: Posted) -> Posted:
        return posted if posted.direct else replace(posted, place_name=await self.channels.name(posted.place))

    async def _told(self, command: Command, raw: bytes) -> None:
        """A command in a mention or direct message; forms can't be opened from there, so it is taken as it stands."""
        if command.verb in READING:
            # The mention and the message of one post are two events, and reading is counted by nobody else.
            if command.id not in self._answered:
                self._remember(command.id)
                self._answer(command, await self.desk.ask(command))
            return
        taken = await self.desk.take(command, raw)
        if taken.reply is not None and not taken.repeat:
            self._answer(command, taken.reply)

    def _remember(self, outside_id: str) -> None:
        self._answered[outside_id] = None
        if len(self._answered) > _REMEMBERED:
            self._answered.popitem(last=False)

    def _answer(self, event: Event, reply: Reply) -> None:
        """Say it without keeping the acknowledgement waiting."""
        assert isinstance(event, (Posted, Command))
        to = Asker(user=event.by.removeprefix("slack:"), place=event.place, thread=event.thread)
        task = asyncio.create_task(self.private.say(reply.message, to))
        self._answers.add(task)
        task.add_done_callback(self._answers.discard)

    def _unreadable(self, body: Mapping[str, Any], problem: str) -> Unreadable:
        # Its own id is the surest; where even that is missing, equal payloads are one.
        event_id = string(body.get("event_id")) or f"unread-{hashlib.sha256(kept(body)).hexdigest()[:32]}"
        return Unreadable(
            id=f"slack:{self.us.team}:event:{event_id}",
            workspace=WORKSPACE,
            at=self.clock(),
            by="slack:" + (string(mapping(body.get("event")).get("user")) or "unknown"),
            via="slack",
            inbox="slack",
            problem=f"An event from Slack could not be read: {problem}.",
        )
