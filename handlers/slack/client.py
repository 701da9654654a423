"""Opens the connection to Slack's Web API: one session, sane times, no repeated posts, and what went wrong in words."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from handlers.ports import Lasting, Passing, Turns
from handlers.slack import ending

TIMEOUT_SECONDS = 10

#: What may be wrong with an address or a message, and who can mend it. `{where}` is the address.
_LASTING = {
    "channel_not_found": "Slack knows no conversation {where}, or the bot is not in it: check the rulebook's channel "
    "name, and invite the bot there (/invite @Docket).",
    "not_in_channel": "The bot is not in {where}. Invite it there: /invite @Docket.",
    "is_archived": "{where} is archived in Slack. Unarchive it, or name another channel in the rulebook.",
    "account_inactive": "Slack says the bot's account was deactivated. Install the app again.",
    "user_not_found": "Slack knows no user {where}. Correct that person's `slack` in the rulebook.",
    "user_disabled": "{where} is deactivated in Slack. Correct that person in the rulebook.",
    "cannot_dm_bot": "{where} is a bot in Slack; a person must stand there in the rulebook.",
    "messages_tab_disabled": "The app's messages tab is off. Switch it on (App Home), or install manifest.yml again.",
    "not_enabled": "The app's Home tab is off. Switch it on (App Home), or install manifest.yml again.",
    "restricted_action": "{where} does not let the bot post. A workspace admin can allow it.",
    "restricted_action_read_only_channel": "{where} is read-only. A workspace admin can let the bot post there.",
    "restricted_action_thread_only_channel": "{where} allows only replies in threads. A workspace admin can change it.",
    "restricted_action_non_threadable_channel": "{where} allows no threads. Name another channel in the rulebook.",
    "missing_scope": "The Slack app lacks a scope. Install it again from manifest.yml.",
    "invalid_auth": "Slack does not accept SLACK_BOT_TOKEN. Put in the bot token of the installed app (xoxb-...).",
    "not_authed": "No token was sent to Slack. Set SLACK_BOT_TOKEN (xoxb-...).",
    "token_revoked": "SLACK_BOT_TOKEN was revoked. Install the app again and put in its new token.",
    "token_expired": "SLACK_BOT_TOKEN has expired. Switch token rotation off, install again, put in the new token.",
    "not_allowed_token_type": "Slack wants another kind of token here: SLACK_BOT_TOKEN is xoxb-..., "
    "SLACK_APP_TOKEN is xapp-....",
    "no_permission": "The app has no permission for that. Install it again from manifest.yml.",
    "org_login_required": "The workspace is being moved by Slack and takes no calls. Try again later.",
    "invalid_blocks": "Slack refused the form of this message. That is a fault in the bot; please report it.",
}
_PASSING = frozenset(
    {
        "ratelimited", "rate_limited", "internal_error", "fatal_error", "service_unavailable", "request_timeout",
        "team_added_to_org", "accesslimited", "timeout", "connection_error",
    }
)  # fmt: skip


#: Whoever signs in sees for himself what is wrong; the second goes by another token.
_SIGNING_IN = frozenset({"auth.test", "apps.connections.open"})


class Client(AsyncWebClient):
    """A Web API client. `ended(error)` is awaited when a call shows that its token is good for nothing any more.

    `turns` keep Slack's limits of each method (a 429 also closes the method for all others of us who would call it).
    """

    ended: Callable[[str], Awaitable[None]] | None = None
    turns: Turns | None = None

    async def api_call(self, api_method: str, **arguments: Any) -> AsyncSlackResponse:
        """The SDK's: every method is called through it."""
        if self.turns is not None:
            await self.turns.call(api_method)
        try:
            return await super().api_call(api_method, **arguments)
        except SlackApiError as error:
            code, seconds = code_of(error), _retry_after(error)
            if self.turns is not None and seconds is not None:
                self.turns.refused(api_method, seconds)
            if self.ended is not None and code in ending.ERRORS and api_method not in _SIGNING_IN:
                await self.ended(code)  # before the caller hears of it, so that it finds things as they are now
            raise


class _OneLine(logging.Filter):
    """The SDK logs lost connections with their traceback; a line is enough, and none can carry a payload along."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.exc_info = record.exc_text = None
        return True


def sdk_logger() -> logging.Logger:
    """The logger of Slack's libraries. Never below INFO: at DEBUG they write whole messages."""
    logger = logging.getLogger("handlers.slack.sdk")
    if not logger.filters:
        logger.addFilter(_OneLine())
    logger.setLevel(logging.INFO)
    return logger


def open_client(token: str, base_url: str | None = None, turns: Turns | None = None) -> Client:
    """A Web API client with a session of its own; close it with `close_client`. `base_url` ends in `/api/`.

    It has no retry handlers: the SDK's repeats a call whose answer was lost, and a message would be posted twice.
    """
    client = Client(
        token=token,
        base_url=base_url or AsyncWebClient.BASE_URL,
        timeout=TIMEOUT_SECONDS,
        session=aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=TIMEOUT_SECONDS)),
        retry_handlers=[],
        logger=sdk_logger(),
    )
    client.turns = turns
    return client


async def close_client(client: AsyncWebClient) -> None:
    """Close the session that `open_client` made."""
    if client.session is not None:
        await client.session.close()


def code_of(error: Exception) -> str:
    """Slack's word for what went wrong, or "" where the trouble is the network's."""
    if not isinstance(error, SlackApiError):
        return ""
    data = getattr(error.response, "data", None)
    return str(data.get("error") or "") if isinstance(data, dict) else ""


def fault(error: Exception, where: str = "") -> Passing | Lasting:
    """What a failed call means: try again (after Retry-After, in seconds), or a sentence with the mend."""
    code, status = code_of(error), _status(error)
    if status == 429 or code in _PASSING or (status >= 500 and code not in _LASTING):
        return Passing(f"Slack can't take it now ({code or f'HTTP {status}'}).", _retry_after(error))
    if code:
        known = _LASTING.get(code) or f"Slack refused it: {code}."
        return Lasting(known.format(where=where or "it"))
    return Passing(f"Slack can't be reached ({type(error).__name__}).")


def _status(error: Exception) -> int:
    response = getattr(error, "response", None)
    status = getattr(response, "status_code", None) or getattr(response, "status", None)
    return status if isinstance(status, int) else 0


def _retry_after(error: Exception) -> float | None:
    headers = getattr(getattr(error, "response", None), "headers", None) or {}
    try:
        return max(0.0, float(headers.get("Retry-After", "")))
    except ValueError:
        return None
