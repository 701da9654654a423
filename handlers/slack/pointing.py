"""Finds the message that an act is about: where it stands, whether we are there, and all of its words and files."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace

from handlers.slack.channels import Channels
from handlers.slack.client import code_of
from handlers.slack.read import pointed_at
from handlers.slack.send import CALL_ERRORS
from handlers.slack.wire import Us, is_direct
from rules.events import Command

log = logging.getLogger(__name__)


@dataclass(slots=True, kw_only=True)
class Pointing:
    """Completes commands with what Slack tells of their messages."""

    us: Us
    channels: Channels

    async def placed(self, command: Command) -> Command:
        """A shortcut's command, its message placed: a conversation of others is none of ours, direct or not.

        Raises the call's error.
        """
        if command.message is None:
            return command
        name, joined = await self.channels.joined(command.message.place)
        message = replace(
            command.message, place_name=name, joined=joined, direct=joined and is_direct(command.message.place)
        )
        return replace(command, message=message, place_name=name)

    async def answered(self, command: Command, about: str) -> Command | None:
        """The answer to a question about a message in the same direct conversation; None: that message is gone.

        Raises the call's error.
        """
        found = await self.channels.message(command.place, about)
        return None if found is None else replace(command, message=pointed_at(found, command.place, self.us))

    async def whole(self, command: Command) -> Command:
        """A form's command with its message as it now stands; what can't be read stays as it travelled (carried.py)."""
        message = command.message
        if message is None or not message.joined:
            return command
        try:
            found = await self.channels.message(message.place, message.ts)
        except CALL_ERRORS as error:
            log.warning("a message could not be read again: %s", code_of(error) or type(error).__name__)
            return command
        if found is None:
            return command
        now = pointed_at(found, message.place, self.us)
        return replace(command, message=replace(now, place_name=message.place_name, direct=message.direct))
