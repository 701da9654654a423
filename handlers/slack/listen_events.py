"""Listens to what happens in conversations: each event is acknowledged only after its take was committed.

Bolt acknowledges an event of its own accord when its listener returns (with `process_before_response=True`), and not at
all when it raises: then Slack sends it again.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from handlers.ports import Busy, Desk, Taken
from handlers.slack.channels import Channels
from handlers.slack.client import code_of
from handlers.slack.held import Held
from handlers.slack.marks import Marks
from handlers.slack.private import Asker, Private, sentence
from handlers.slack.read import Reaction, placed, post, reacted, reactions_on, read_event, since_posted
from handlers.slack.routes import READING
from handlers.slack.send import CALL_ERRORS
from handlers.slack.spoken import command_in
from handlers.slack.wire import WORKSPACE, Ignored, Malformed, Us, is_direct, kept, mapping, string
from rules.commands import Misunderstood
from rules.events import Command, Deleted, Edited, Event, Posted, Reacted, Unreadable
from rules.messages import Reply

log = logging.getLogger(__name__)

#: Of so many questions we remember that they were answered: a redelivery must not be answered again.
_REMEMBERED = 1000
AGAIN_SECONDS = (2.0, 10.0, 30.0)
SETTLE_SECONDS = 3.0


class NotTaken(Exception):
    """It was not recorded, so it must not be acknowledged: Slack sends it again."""


@dataclass(slots=True, kw_only=True)
class Events:
    """The listener of all conversation events. `reactions`: the names that open items; others cost no call.

    `workflows`: the names and keys of what can be opened by a command, in small letters.
    `reached(place, ts)` waits until what was said there up to `ts` has been caught up with, or raises NotTaken.
    """

    us: Us
    desk: Desk
    channels: Channels
    private: Private
    held: Held
    clock: Callable[[], datetime]
    reactions: Callable[[], Collection[str]] | None = None
    workflows: Callable[[], Collection[str]] | None = None
    marks: Marks = field(default_factory=Marks)
    reached: Callable[[str, str], Awaitable[None]] | None = None
    _answers: set[asyncio.Task[None]] = field(default_factory=set)
    _answered: OrderedDict[str, None] = field(default_factory=OrderedDict)

    async def hear(self, body: Mapping[str, Any]) -> None:
        """Take one event. Raises NotTaken where it could not be recorded."""
        place, ts = placed(body)
        try:
            await self._hear(body)
        except BaseException:
            self.marks.missed(place, ts, self.clock())
            raise
        self.marks.passed(place, ts)

    async def recall(self, found: Mapping[str, Any], place: str, *, change: bool, answering: bool) -> bool:
        """Take a message as a history page has it, with its reactions, or what has become of it since (`change`).

        All goes the way of live events. `answering` False: it may have been answered before, or too long ago for an
        answer to be of use; what changes something is taken all the same. Says whether the message was taken now, for
        the first time. Raises Busy, Malformed, and the errors of calls.
        """
        raw = kept({"type": "event_callback", "event": {"type": "message", **found, "channel": place}})
        changed = since_posted(found, place, self.us, self.clock())
        if change or isinstance(changed, Deleted):
            if change and changed is not None:
                await self.desk.take(changed, raw)
            return False
        said = post(found, place, self.us)
        if isinstance(said, Ignored):
            return False
        said = replace(await self._named(said), edit=changed.id if changed is not None else "")
        fresh = await self._take(said, raw, answering=answering)
        for reaction in reactions_on(found, place, self.us, self.clock()):
            if self.reactions is None or reaction.name in self.reactions():
                await self.desk.take(reacted(reaction, said), raw)
        return fresh

    async def set_aside(self, found: Mapping[str, Any], place: str, problem: Exception) -> None:
        """Keep a message for the operator that we fail on: nobody sends it again. Raises Busy."""
        body = {"event_id": f"{place}:{string(found.get('ts'))}", "event": {**found, "channel": place}}
        await self.desk.take(self._unreadable(body, f"{type(problem).__name__} in Docket"), kept(body))

    async def _hear(self, body: Mapping[str, Any]) -> None:
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
        if self.reached is not None and (follows := _follows(event)) is not None:
            await self.reached(*follows)
        # What can't be read is looked at by somebody; what was said to us alone is nobody's to look at.
        alone = isinstance(event, Unreadable) and is_direct(string(mapping(body.get("event")).get("channel")))
        raw = b"" if alone else kept(body)
        try:
            await self._take(event, raw)
        except Busy as busy:
            command = self._command_in(event)
            waits = command if isinstance(command, Command) else event
            self.held.hold(waits, raw, lambda taken: self._heed(waits, taken))
            raise NotTaken(str(busy)) from busy

    async def _take(self, event: Event, raw: bytes, *, answering: bool = True) -> bool:
        """Whether it was taken now, for the first time. Raises Busy."""
        command = self._command_in(event)
        if isinstance(command, Command):
            return await self._told(command, raw, answering=answering)
        if isinstance(command, Misunderstood):
            if answering:
                self._answer(event, Reply(message=sentence((command.sentence,)), refused=True))
            return False
        taken = await self.desk.take(event, raw)
        # Where a message waits for its writer's word they are asked for it, late as it is.
        if answering or (taken.reply is not None and taken.reply.message.actions):
            self._heed(event, taken)
        return not taken.repeat

    def _command_in(self, event: Event) -> Command | Misunderstood | None:
        known = self.workflows() if self.workflows is not None else ()
        return command_in(event, self.us, known) if isinstance(event, Posted) else None

    def _heed(self, event: Event, taken: Taken) -> None:
        """Say privately what the rules say to a message or command; of what was counted before it was said before."""
        if taken.reply is not None and not taken.repeat:
            self._answer(event, taken.reply)

    async def settle(self) -> None:
        """Wait for the answers that are being said; not for those that only wait to be tried once more."""
        if self._answers:
            _, waiting = await asyncio.wait(self._answers, timeout=SETTLE_SECONDS)
            for task in waiting:
                task.cancel()

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

    async def _told(self, command: Command, raw: bytes, *, answering: bool) -> bool:
        """A command in a mention or direct message; forms can't be opened from there, so it is taken as it stands."""
        command = await self.private.people.marked(command)
        if command.verb in READING:
            # The mention and the message of one post are two events, and reading is counted by nobody else.
            if answering and command.id not in self._answered:
                self._remember(command.id)
                self._answer(command, await self.desk.ask(command))
            return False
        taken = await self.desk.take(command, raw)
        self._heed(command, taken)
        return not taken.repeat

    def _remember(self, outside_id: str) -> None:
        self._answered[outside_id] = None
        if len(self._answered) > _REMEMBERED:
            self._answered.popitem(last=False)

    def _answer(self, event: Event, reply: Reply) -> None:
        """Say it without keeping the acknowledgement waiting."""
        assert isinstance(event, (Posted, Command))
        to = Asker(user=event.by.removeprefix("slack:"), place=event.place, thread=event.thread)
        task = asyncio.create_task(self._say(reply, to))
        self._answers.add(task)
        task.add_done_callback(self._answers.discard)

    async def _say(self, reply: Reply, to: Asker) -> None:
        """A question of ours is asked again where it did not get through: nobody would know that it waits."""
        said = await self.private.say(reply.message, to)
        for seconds in AGAIN_SECONDS if reply.message.actions else ():
            if said:
                return
            await asyncio.sleep(seconds)
            said = await self.private.say(reply.message, to)

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


def _follows(event: Event) -> tuple[str, str] | None:
    """The message that must have been taken before, for an event that is about one: its place and ts."""
    match event:
        case Posted(thread=str(root)):
            return event.place, root
        case Edited() | Deleted():
            return event.place, event.ts
        case Reacted(message=message):
            return message.place, message.ts
        case _:
            return None
