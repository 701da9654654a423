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
from handlers.slack.forms import message_view
from handlers.slack.mrkdwn import Reader
from handlers.slack.people import People
from handlers.slack.send import CALL_ERRORS
from handlers.slack.wire import identity, is_direct
from handlers.slack.write import write
from rules.messages import Line, Message, named_in

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asker:
    """Whom to answer, and where: `response_url` where the act brought one, else `place` and `thread`.

    `window` is the trigger id of a click in the Home tab, beside which nothing can be said: a window opens over it.
    `replaces`: the ts of a question of ours that this answers, and whose place it takes.
    """

    user: str
    place: str = ""
    thread: str | None = None
    response_url: str = ""
    window: str = ""
    replaces: str = ""


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

    async def say(self, said: Message, to: Asker) -> bool:
        """Answer privately, and say whether that worked; what fails is logged without its words."""
        await self.people.learn(named_in(said))
        text, blocks = write(said, self.reader(identity(to.user)))
        try:
            if to.window:
                await self._over_home(to, said)
            elif to.response_url:
                return await self._by_url(to, text, blocks)
            elif to.replaces:
                await self._client.chat_update(channel=to.place, ts=to.replaces, text=text, blocks=blocks)
            elif to.place and not is_direct(to.place):
                await self._beside(to, text, blocks)
            else:
                await self._direct(to, text, blocks)
        except CALL_ERRORS as error:
            log.warning("a private answer was not delivered: %s", code_of(error) or type(error).__name__)
            return False
        return True

    async def dismiss(self, to: Asker) -> None:
        """Take a question away that only its reader sees, once they answered it: nothing can be said there later."""
        try:
            await self._respond(to.response_url, {"delete_original": True})
        except CALL_ERRORS as error:
            log.info("a question was not taken away: %s", type(error).__name__)

    async def _by_url(self, to: Asker, text: str, blocks: list[dict[str, object]]) -> bool:
        body: dict[str, object] = {
            "response_type": "ephemeral",
            # A card that was clicked is not ours to replace: the courier keeps it. A question of ours is.
            "replace_original": bool(to.replaces),
            "text": text,
            "blocks": blocks,
        }
        if to.thread and not to.replaces:
            body["thread_ts"] = to.thread
        return await self._respond(to.response_url, body)

    async def _respond(self, url: str, body: dict[str, object]) -> bool:
        hook = AsyncWebhookClient(url, timeout=TIMEOUT_SECONDS, retry_handlers=[], logger=sdk_logger())
        answer = await hook.send_dict(body)
        if answer.status_code != 200:
            log.warning("a private answer was not delivered: HTTP %s", answer.status_code)
        return answer.status_code == 200

    async def _over_home(self, to: Asker, said: Message) -> None:
        reader = self.reader(identity(to.user))
        try:
            await self._client.views_open(trigger_id=to.window, view=message_view(said, reader))
        except SlackApiError:
            # The trigger was used, or its three seconds are over.
            text, blocks = write(said, reader)
            await self._direct(Asker(user=to.user), text, blocks)

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
