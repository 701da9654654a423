"""Says things to one person alone: by a command's response address, an ephemeral message, or a direct message.

Such an answer may be lost (Slack keeps no record of it), so nothing that counts is said this way.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace

from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.webhook.async_client import AsyncWebhookClient

from handlers.slack.client import TIMEOUT_SECONDS, code_of, sdk_logger
from handlers.slack.mrkdwn import Reader
from handlers.slack.people import People
from handlers.slack.send import CALL_ERRORS
from handlers.slack.wire import identity, is_direct
from handlers.slack.write import write
from rules.messages import Line, Message, named_in

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asker:
    """Whom to answer, and where: `response_url` where the act brought one, else `place` and `thread`."""

    user: str
    place: str = ""
    thread: str | None = None
    response_url: str = ""


def sentence(*lines: Line) -> Message:
    """A short answer of the door's own."""
    return Message(subject="", headline=lines[0], lines=lines[1:])


class Private:
    """The answers' way out. `reader` says how texts are read by an identity (zone, names)."""

    def __init__(self, client: AsyncWebClient, reader: Callable[[str], Reader], people: People) -> None:
        self._client = client
        self._reader = reader
        self.people = people

    def reader(self, who: str) -> Reader:
        """How texts are read by an identity; strangers by the names that were learnt."""
        known = self._reader(who)
        return replace(known, names={**self.people.names, **known.names})

    async def say(self, said: Message, to: Asker) -> None:
        """Answer privately; what fails is logged without its words, for the person can ask again."""
        await self.people.learn(named_in(said))
        text, blocks = write(said, self.reader(identity(to.user)))
        try:
            if to.response_url:
                await self._by_url(to, text, blocks)
            elif to.place and not is_direct(to.place):
                await self._beside(to, text, blocks)
            else:
                await self._direct(to, text, blocks)
        except CALL_ERRORS as error:
            log.warning("a private answer was not delivered: %s", code_of(error) or type(error).__name__)

    async def _by_url(self, to: Asker, text: str, blocks: list[dict[str, object]]) -> None:
        hook = AsyncWebhookClient(to.response_url, timeout=TIMEOUT_SECONDS, retry_handlers=[], logger=sdk_logger())
        body: dict[str, object] = {
            "response_type": "ephemeral",
            # The card that was clicked is not ours to replace: the courier keeps it.
            "replace_original": False,
            "text": text,
            "blocks": blocks,
        }
        if to.thread:
            body["thread_ts"] = to.thread
        answer = await hook.send_dict(body)
        if answer.status_code != 200:
            log.warning("a private answer was not delivered: HTTP %s", answer.status_code)

    async def _beside(self, to: Asker, text: str, blocks: list[dict[str, object]]) -> None:
        try:
            await self._client.chat_postEphemeral(
                channel=to.place, user=to.user, thread_ts=to.thread, text=text, blocks=blocks
            )
        except SlackApiError:
            # The bot or the person is not in that channel: it is said in their direct message instead.
            await self._direct(Asker(user=to.user), text, blocks)

    async def _direct(self, to: Asker, text: str, blocks: list[dict[str, object]]) -> None:
        await self._client.chat_postMessage(
            channel=to.place or to.user,
            thread_ts=to.thread,
            text=text,
            blocks=blocks,
            unfurl_links=False,
            unfurl_media=False,
        )
