"""Asks Slack about people: what those outside the rulebook are called, who has left, who is not to be disturbed."""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from slack_sdk.web.async_client import AsyncWebClient

from handlers.ports import Standing
from handlers.slack.client import code_of
from handlers.slack.profiles import NOT_THERE, UNKNOWN, Profile, nobody, profile_of, quiet_until
from handlers.slack.send import CALL_ERRORS
from handlers.slack.wire import mapping, needed
from rules.events import Command

log = logging.getLogger(__name__)

#: The event that tells of a changed account: a new name, a new zone, deactivated, activated again.
CHANGED = "user_change"
#: What was learnt is asked for again after this; a change is told by the event, but an event can be missed.
REMEMBERED = timedelta(hours=12)
#: What could not be had is asked for again after this.
MISSED = timedelta(minutes=10)
#: How long somebody's Do Not Disturb is believed: reminders of one moment ask once.
DND_REMEMBERED = timedelta(minutes=1)
#: So many people are kept, the last asked for.
KEPT = 5000
PATIENCE_SECONDS = 1.0
_PREFIX = "slack:"

#: Who is told that an account changed: how it stands now, and the outside id of the happening. May raise Busy.
OnChange = Callable[[Standing, str], Awaitable[None]]


async def _tell_nobody(*_: object) -> None:
    return None


class People:
    """What users.info and dnd.info say, kept for a while. `ours` gives the user ids of the rulebook's people."""

    def __init__(
        self,
        client: AsyncWebClient,
        clock: Callable[[], datetime],
        *,
        ours: Callable[[], Collection[str]] = frozenset,
        changed: OnChange = _tell_nobody,
    ) -> None:
        self._client = client
        self._clock = clock
        self._ours = ours
        self._changed = changed
        self.team = ""  # our workspace's id, known from the sign-in on
        #: Identities (`slack:U...`) to names, as far as they were learnt.
        self.names: dict[str, str] = {}
        self._known: OrderedDict[str, Profile] = OrderedDict()
        self._until: dict[str, datetime] = {}
        self._asking: dict[str, asyncio.Task[None]] = {}
        self._quiet: dict[str, tuple[datetime, datetime | None]] = {}  # when it was asked, and the answer

    def zone(self, identity: str) -> str:
        """The IANA zone that somebody set in Slack; "" where it is not known (yet)."""
        known = self._known.get(identity.removeprefix(_PREFIX))
        return known.timezone if known else ""

    async def learn(self, identities: Iterable[str]) -> None:
        """Ask for whom is not known yet; never raises. A name is a courtesy: what fails is shown as an id."""
        now, wanted = self._clock(), {i.removeprefix(_PREFIX) for i in identities if i.startswith(_PREFIX)}
        for user in wanted:
            if self._until.get(user, now) <= now and user not in self._asking:
                self._asking[user] = asyncio.create_task(self._learn(user))
        # Two messages about one stranger are often worded at once: both wait for the one question.
        asking = [self._asking[user] for user in wanted if user in self._asking]
        # A click's form must open within three seconds; whoever is not known by then is learnt for the next time.
        if asking:
            await asyncio.wait(asking, timeout=PATIENCE_SECONDS)

    async def marked(self, command: Command) -> Command:
        """The command, with whether a guest gave it (events.Event).

        Whom the rulebook names is none. While Slack can't say, a colleague is not taken for a guest: what a guest may
        do less is small, and being refused for no reason is not.
        """
        user = command.by.removeprefix(_PREFIX)
        if not command.by.startswith(_PREFIX) or user in self._ours():
            return command
        await self.learn([command.by])
        known = self._known.get(user)
        return replace(command, guest=known is not None and known.guest)

    async def standing(self, user: str) -> Standing | None:
        """Ask now how an account stands; None where Slack can't say at this moment."""
        found = await self._ask(user)
        return None if found is None else Standing(user=user, gone=found.gone, known=found.gone != UNKNOWN)

    async def quiet_until(self, user: str) -> datetime | None:
        """Until when (UTC) somebody does not want to be disturbed; None: they may be, or Slack does not say."""
        now = self._clock()
        asked_at, until = self._quiet.get(user, (now - DND_REMEMBERED, None))
        if asked_at <= now - DND_REMEMBERED:
            self._quiet = {u: kept for u, kept in self._quiet.items() if kept[0] > now - DND_REMEMBERED}
            until = await self._ask_quiet(user, now)
            self._quiet[user] = (now, until)
        return until if until is not None and until > now else None

    async def hear(self, body: Mapping[str, Any]) -> None:
        """Follow a user_change event. Raises Malformed, and what `changed` raises."""
        changed = profile_of(mapping(mapping(body.get("event")).get("user")), self.team)
        if changed.user not in self._known and changed.user not in self._ours():
            return
        self._keep(changed, REMEMBERED)
        if changed.user in self._ours():
            event_id = f"slack:{self.team}:event:{needed(body, 'event_id', 'a changed account')}"
            await self._changed(Standing(user=changed.user, gone=changed.gone), event_id)

    async def _learn(self, user: str) -> None:
        try:
            if await self._ask(user) is None:
                now = self._clock()
                self._until = {u: at for u, at in self._until.items() if at > now or u in self._known}
                self._until[user] = now + MISSED
        finally:
            self._asking.pop(user, None)

    async def _ask(self, user: str) -> Profile | None:
        try:
            answer = await self._client.users_info(user=user)
        except (*CALL_ERRORS, RuntimeError) as error:  # RuntimeError: the session was closed, the bot stops
            code = code_of(error)
            log.info("a user could not be asked for: %s", code or type(error).__name__)
            if code not in NOT_THERE:
                return None
            self._keep(nobody(user), MISSED)
            return nobody(user)
        found = replace(profile_of(mapping(answer.get("user")), self.team), user=user)
        self._keep(found, REMEMBERED if found.name else MISSED)
        return found

    async def _ask_quiet(self, user: str, now: datetime) -> datetime | None:
        try:
            answer = await self._client.dnd_info(user=user)
        except (*CALL_ERRORS, RuntimeError) as error:
            log.info("whether somebody is not to be disturbed is not known: %s", code_of(error) or type(error).__name__)
            return None
        return quiet_until(answer.data if isinstance(answer.data, dict) else {}, now)

    def _keep(self, profile: Profile, remembered: timedelta) -> None:
        self._known[profile.user] = profile
        self._known.move_to_end(profile.user)
        self._until[profile.user] = self._clock() + remembered
        if profile.name:
            self.names[_PREFIX + profile.user] = profile.name
        while len(self._known) > KEPT:
            oldest, _ = self._known.popitem(last=False)
            self._until.pop(oldest, None)
            self.names.pop(_PREFIX + oldest, None)
