"""The people of the sandbox's Slack as accounts: what the Web API says of them, and what happens to them.

Sources: the pages of users.info, users.list, users.lookupByEmail, dnd.info, and of the event user_change.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from bot.sandbox.roster import Json, User
from bot.sandbox.seeing import Eyes
from bot.sandbox.slack_call import Call
from bot.sandbox.slack_directory import paged
from bot.sandbox.views import Refused
from bot.sandbox.workspace import Workspace


class Accounts(Eyes):
    """What an admin does with accounts, and people with their own. `who` is a rulebook key, a handle or a user id."""

    async def deactivates(self, who: str) -> None:
        """The account of somebody who left: no message reaches it any more."""
        self._change(who, deleted=True)

    async def reactivates(self, who: str) -> None:
        self._change(who, deleted=False)

    async def renames(self, who: str, name: str) -> None:
        self._change(who, name=name)

    async def silences(self, who: str, until: datetime | None) -> None:
        """Do Not Disturb from now until then (UTC); None ends it. Other people's bots hear of it only when they ask."""
        user = self.workspace.user(who)
        user.quiet = None if until is None else (self.workspace.now(), until)
        self.workspace.changed()

    def _change(self, who: str, **changes: object) -> None:
        user = self.workspace.user(who)
        for name, value in changes.items():
            setattr(user, name, value)
        event: Json = {"type": "user_change", "user": profile(self.workspace, user)}
        event |= {"cache_ts": int(self.workspace.now().timestamp()), "event_ts": self.workspace.next_ts()}
        self.workspace.tell(event, "user_change", None)
        self.workspace.changed()


def user_info(call: Call) -> Json:
    call.needs("users:read")
    return {"user": profile(call.workspace, call.user())}


def list_users(call: Call) -> Json:
    call.needs("users:read")
    page, cursor = paged(call, list(call.workspace.users.values()), 1000, 1000)
    now = int(call.workspace.now().timestamp())
    people = [profile(call.workspace, u) for u in page]
    return {"members": people, "cache_ts": now, "response_metadata": {"next_cursor": cursor}}


def lookup_by_email(call: Call) -> Json:
    call.needs("users:read.email")
    wanted = call.text("email").casefold()
    found = next((u for u in call.workspace.users.values() if u.email and u.email.casefold() == wanted), None)
    if found is None or found.deleted:
        raise Refused("users_not_found")
    return {"user": profile(call.workspace, found)}


def dnd_info(call: Call) -> Json:
    """The next or current stretch of Do Not Disturb; what somebody snoozed by hand is told to themselves alone."""
    call.needs("dnd:read")
    user = call.user()
    if user.quiet is None:
        return {"dnd_enabled": False, "next_dnd_start_ts": 1, "next_dnd_end_ts": 1}
    begins, ends = (int(at.timestamp()) for at in user.quiet)
    return {"dnd_enabled": True, "next_dnd_start_ts": begins, "next_dnd_end_ts": ends}


def profile(workspace: Workspace, user: User) -> Json:
    """A user object; the address only for apps that may read it. A deactivated one has no zone any more."""
    app = workspace.app
    about: Json = {
        "real_name": user.name,
        "real_name_normalized": user.name,
        "display_name": user.handle,
        "display_name_normalized": user.handle,
        "status_text": "",
        "status_emoji": "",
        "team": user.team or app.team_id,
    }
    if user.email and "users:read.email" in app.scopes:
        about["email"] = user.email
    if user.is_bot:
        about |= {"bot_id": app.bot_id, "api_app_id": app.app_id, "always_active": True}
    shown: Json = {"id": user.id, "team_id": user.team or app.team_id, "name": user.handle, "deleted": user.deleted}
    if not user.deleted:
        offset = workspace.now().astimezone(UTC).astimezone(ZoneInfo(user.timezone)).utcoffset()
        shown |= {
            "real_name": user.name,
            "tz": user.timezone,
            "tz_label": user.timezone,
            "tz_offset": int(offset.total_seconds()) if offset else 0,
            "is_admin": False,
            "is_owner": False,
            "is_primary_owner": False,
            "is_restricted": user.is_guest,
            "is_ultra_restricted": False,
            "is_email_confirmed": bool(user.email),
        }
    return shown | {"profile": about, "is_bot": user.is_bot, "is_app_user": False, "updated": 0}


METHODS: dict[str, Callable[[Call], Json]] = {
    "users.info": user_info,
    "users.list": list_users,
    "users.lookupByEmail": lookup_by_email,
    "dnd.info": dnd_info,
}
