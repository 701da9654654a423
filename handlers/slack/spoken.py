"""What was typed to the bot as a Command: the one place where the grammar's result meets Slack's names for people."""

from __future__ import annotations

import re
from collections.abc import Collection
from datetime import datetime

from handlers.slack.wire import WORKSPACE, Us, identity
from rules.addressed import command_word, nearly
from rules.commands import Misunderstood, parse
from rules.events import Attachment, Command, Posted

_USER = re.compile(r"@?([UW][A-Z0-9]{2,})")


def command_in(posted: Posted, us: Us, workflows: Collection[str] = ()) -> Command | Misunderstood | None:
    """The command in a mention of us or a direct message, under the message's own id; None: it is just a message.

    A mention with nothing after it shows what is theirs. `workflows`: the names that `new` knows, in small letters.
    """
    if posted.bot or not (posted.mentions_us or posted.direct):
        return None
    before, addressed, after = posted.text.partition(f"@{us.user}")
    told = (after if addressed else before).strip()
    alone = bool(addressed) and not told and not before.strip()
    in_thread = posted.thread is not None
    if not alone and not command_word(told, workflows, mentioned=bool(addressed), in_thread=in_thread):
        return None if in_thread else nearly(told)
    return spoken(
        told,
        files=posted.files,
        id=posted.id,
        at=posted.at,
        by=posted.by,
        place=posted.place,
        place_name=posted.place_name,
        thread=posted.thread,
    )


def spoken(
    text: str,
    *,
    id: str,
    at: datetime,
    by: str,
    place: str,
    place_name: str,
    thread: str | None = None,
    files: tuple[Attachment, ...] = (),
) -> Command | Misunderstood:
    """Plain text (unescaped, mentions as `@U...`) as a command of the person `by`."""
    parsed = parse(text)
    if isinstance(parsed, Misunderstood):
        return parsed
    return Command(
        id=id,
        workspace=WORKSPACE,
        at=at,
        by=by,
        via="slack",
        verb=parsed.verb,
        item=parsed.item,
        code=parsed.code,
        reason_code=parsed.reason_code,
        workflow=parsed.workflow,
        person=_person(parsed.person),
        name=_person(parsed.name) if parsed.verb == "away" else parsed.name,
        until=parsed.until,
        words=parsed.words,
        place=place,
        place_name=place_name,
        thread=thread,
        files=files,
    )


def _person(said: str | None) -> str | None:
    """`@U0LEE` is a Slack user; `@lee` and `lee` are names of the rulebook."""
    if said is None:
        return None
    user = _USER.fullmatch(said)
    return identity(user.group(1)) if user else said.removeprefix("@")
