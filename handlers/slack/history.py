"""Reads what stands in conversations beyond a mark: their latest messages, and threads in which somebody wrote since.

Sources: Slack's method pages "conversations.history" and "conversations.replies".
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any, TypeVar

from slack_sdk.errors import SlackApiError

from handlers.ports import Busy, Mark, Passing, Sleep
from handlers.slack import ending
from handlers.slack.client import Client, code_of, fault
from handlers.slack.marks import TS, earlier
from handlers.slack.send import CALL_ERRORS
from handlers.slack.wire import Us, is_direct, listing, mapping, string

log = logging.getLogger(__name__)
T = TypeVar("T")

#: Edits and reactions land on messages that were heard before; so far back they are looked for in history.
LOOK_BACK = timedelta(days=1)
FIRST_SECONDS, LONGEST_SECONDS = 1.0, 60.0
_PAGE = 200
_LAST = "9999999999.999999"


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """A message of a history page; `fresh`: never passed by yet; `ours`: said since the conversation is ours."""

    ts: str
    place: str
    message: Mapping[str, Any]
    fresh: bool
    ours: bool

    @property
    def changed_at(self) -> str:
        """When it was edited last (whole seconds, not before it was said), "" where it never was.

        Of what was deleted Slack does not say when: it counts as the last thing that happened.
        """
        if self.message.get("subtype") == "tombstone":
            return _LAST
        edited = string(mapping(self.message.get("edited")).get("ts"))
        return max(self.ts, edited) if TS.fullmatch(edited) else ""


class Insisting:
    """Does a piece of work as soon as Slack and the database let us; `resting` while it waits for one of them."""

    def __init__(self, sleep: Sleep) -> None:
        self._sleep = sleep
        self.resting = False

    async def __call__(self, work: Callable[[], Awaitable[T]]) -> T:
        """What `work` gives in the end. Raises SlackApiError where Slack never will."""
        seconds = FIRST_SECONDS
        while True:
            try:
                return await work()
            except Busy:
                wait = seconds
            except CALL_ERRORS as error:
                trouble = fault(error)
                if not isinstance(trouble, Passing):
                    raise
                wait = trouble.retry_after_seconds or seconds
            log.info("reading what was missed in Slack waits for %.0f s", wait)
            self.resting = True
            try:
                await self._sleep(wait)
            finally:
                self.resting = False
            seconds = min(2 * seconds, LONGEST_SECONDS)


class History:
    """Every method raises SlackApiError where Slack will never say."""

    def __init__(self, client: Client, us: Us, insist: Insisting) -> None:
        self._client = client
        self._us = us
        self._insist = insist

    async def lately(self, place: str, mark: Mark) -> list[Said]:
        """What was said beyond the mark, replies included, and for edits and reactions what was said shortly before."""
        roots = await self._roots(place, mark, window(mark))
        # Invited once more: what was said while the bot was out is not ours.
        return await self._with_replies(place, Mark(self._invited(roots) or mark.since, mark.ts), roots)

    async def since_invited(self, place: str, unknown: str, began: str) -> tuple[list[Said], str]:
        """The same of a conversation that was not known at the ts `unknown`, and since when it is ours.

        `began` is when this look began: where Slack shows no sign of an invitation, a channel is ours from then on.
        """
        roots = await self._roots(place, Mark(unknown, unknown), unknown)
        since = unknown if is_direct(place) else self._invited(roots) or began
        return await self._with_replies(place, Mark(since, since), roots), since

    async def thread(self, place: str, root: str, mark: Mark) -> list[Said]:
        """A thread's parent, which may have been edited, and its replies beyond the mark."""
        replies = partial(self._client.conversations_replies, ts=root, oldest=mark.ts)
        try:
            found = await self._pages(replies, place, mark)
        except SlackApiError as error:
            if code_of(error) in ending.ERRORS:
                raise
            log.info("a thread can't be read: %s", code_of(error))  # it was deleted, for one
            return []
        return list(found.values())

    async def _roots(self, place: str, mark: Mark, oldest: str) -> dict[str, Said]:
        return await self._pages(partial(self._client.conversations_history, oldest=oldest), place, mark)

    async def _with_replies(self, place: str, mark: Mark, roots: Mapping[str, Said]) -> list[Said]:
        found = {ts: said for ts, said in roots.items() if ts > mark.since}
        threads = {string(said.message.get("thread_ts")) for said in found.values() if _talked_in(said, mark.ts)}
        for root in sorted(root for root in threads if TS.fullmatch(root)):
            for said in await self.thread(place, root, mark):
                found.setdefault(said.ts, said)
        return list(found.values())

    def _invited(self, found: Mapping[str, Said]) -> str:
        """The ts of the last sign that the bot was invited, "" where there is none."""
        return max((ts for ts, said in found.items() if self._invites_us(said.message)), default="")

    def _invites_us(self, message: Mapping[str, Any]) -> bool:
        return message.get("subtype") in ("channel_join", "group_join") and message.get("user") == self._us.user

    async def _pages(self, method: Callable[..., Awaitable[Any]], place: str, mark: Mark) -> dict[str, Said]:
        """All pages, by ts, in no order that counts: history begins at the newest, a thread at the oldest."""
        found: dict[str, Said] = {}
        cursor = ""
        while True:
            call = partial(method, channel=place, limit=_PAGE, cursor=cursor)
            page = await self._insist(partial(self._in_turn, call))
            for message in map(mapping, listing(page.get("messages"))):
                ts = string(message.get("ts"))
                if TS.fullmatch(ts):
                    beyond, ours = ts > mark.ts, ts > mark.since
                    found[ts] = Said(ts=ts, place=place, message=message, fresh=beyond, ours=ours)
            cursor = string(mapping(page.get("response_metadata")).get("next_cursor"))
            if not cursor:
                return found

    async def _in_turn(self, call: Callable[[], Awaitable[Any]]) -> Any:
        if self._client.turns is not None:
            await self._client.turns.call("catching up")
        return await call()


def window(mark: Mark) -> str:
    """The ts behind which history is read for a conversation that was heard up to `mark`."""
    return max(mark.since, earlier(mark.ts, LOOK_BACK))


def _talked_in(said: Said, heard: str) -> bool:
    """Whether replies that nobody heard stand in this message's thread."""
    root, latest = string(said.message.get("thread_ts")), string(said.message.get("latest_reply"))
    return latest > heard or (bool(root) and root != said.ts and said.fresh)
