"""The end of the app's installation: by what Slack tells it, and what the operator is told of it. Pure.

Sources: Slack's event pages "app_uninstalled" and "tokens_revoked" (they come in either order, late ones too), and the
errors of the method page "auth.test".
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from handlers.slack.wire import Us, listing, mapping

FAREWELLS = ("app_uninstalled", "tokens_revoked")
#: What has happened, by the event or by the error that a call with our token was answered.
_WHY = {
    "app_uninstalled": "the app was uninstalled",
    "tokens_revoked": "its bot token was revoked",
    "token_revoked": "its bot token was revoked",
    "token_expired": "its bot token has expired (switch token rotation off)",
    "account_inactive": "its account in Slack is no longer active",
    "invalid_auth": "its bot token is not accepted any more",
}
#: After these errors no call with this token will ever work again.
ERRORS = _WHY.keys() - set(FAREWELLS)


def in_words(sign: str) -> str:
    """What the operator reads; `sign` is one of FAREWELLS or ERRORS."""
    return (
        f"Slack has ended Docket's installation: {_WHY[sign]}. Nothing is read or said there any more; mail and due "
        "times go on. Install the app again, put its new token into SLACK_BOT_TOKEN, and start Docket again."
    )


def ends(payload: Mapping[str, Any], us: Us, signed_in: datetime) -> bool:
    """Whether an event of FAREWELLS ends our installation: of our workspace, our bot's token, and no old news.

    `signed_in` (UTC) is when the token worked last: what happened before was followed by another installation.
    """
    event, at = mapping(payload.get("event")), payload.get("event_time")
    team = payload.get("team_id")
    if isinstance(team, str) and us.team and team != us.team:
        return False
    if event.get("type") == "tokens_revoked" and us.user not in listing(mapping(event.get("tokens")).get("bot")):
        return False
    return not isinstance(at, int) or at >= int(signed_in.astimezone(UTC).timestamp())
