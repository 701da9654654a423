"""Puts Homes into Slack's Home tabs (method views.publish), never over one that is newer than what we know of."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import replace

from slack_sdk.web.async_client import AsyncWebClient

from handlers.ports import Drawn, Outdated
from handlers.slack.client import code_of, fault
from handlers.slack.home import view
from handlers.slack.mrkdwn import Reader
from handlers.slack.people import People
from handlers.slack.send import CALL_ERRORS
from handlers.slack.wire import mapping, string
from rules.home import Home
from rules.messages import Who

#: Of a long list so many strangers' names are asked for at a time; users.info is of tier 4.
NAMES_AT_ONCE = 30


class SlackHomeTabs:
    """handlers/ports.HomeTabs. `reader` says how texts are read by an identity (zone, names)."""

    def __init__(self, client: AsyncWebClient, reader: Callable[[str], Reader], people: People) -> None:
        self._client = client
        self._reader = reader
        self._people = people

    async def draw(self, reader: str, home: Home, page: int) -> Drawn:
        """The view of that page, with the names of strangers as far as they can be had."""
        named = (
            part.identity for each in home.sections for row in each.rows for part in row.line if isinstance(part, Who)
        )
        unknown = [who for who in dict.fromkeys(named) if who not in self._people.names]
        await self._people.learn(unknown[:NAMES_AT_ONCE])
        known = self._reader(reader)
        made, shown = view(home, replace(known, names={**self._people.names, **known.names}), page)
        digest = hashlib.sha256(json.dumps(made, sort_keys=True).encode()).hexdigest()
        return Drawn(reader=reader, page=shown, digest=digest, view=made)

    async def publish(self, drawn: Drawn, over: str) -> str:
        """Show it, and give the view's hash. Raises Outdated, Passing or Lasting."""
        user = drawn.reader.removeprefix("slack:")
        try:
            answer = await self._client.views_publish(user_id=user, view=dict(drawn.view), hash=over or None)
        except CALL_ERRORS as error:
            if code_of(error) == "hash_conflict":
                raise Outdated from error
            raise fault(error, user) from error
        return string(mapping(answer.get("view")).get("hash"))
