"""Private work at the command line: left out, or shown to whoever asks for it, which its own record then says."""

from __future__ import annotations

import os
import pwd
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import uuid4

import typer

from bot.terminal import say

Private = Annotated[
    bool, typer.Option("--private", help="With what is private; the record of each such item then says who looked.")
]


async def veiled(store: Any, books: Any, items: Sequence[Any], command: str, *, private: bool) -> frozenset[str]:
    """The keys of those items whose content stays hidden; with `private`, none.

    Then each private one has an entry in its ledger, written before anything of it is shown: who, when, by which
    command.
    """
    found = await store.read(lambda conn: [item.key for item in items if books.workflow(conn, item).private])
    if not found:
        return frozenset()
    if not private:
        word = "item is" if len(found) == 1 else "items are"
        say(f"{len(found)} {word} private: state and times alone are shown. With --private you see more, on record.")
        return frozenset(found)
    await _written(store, books, found, command)
    return frozenset()


async def _written(store: Any, books: Any, keys: Sequence[str], command: str) -> None:
    from bot.desk import Desk
    from rules.lanes import Ways
    from rules.own_events import Looked

    desk = Desk(store, books, lambda: datetime.now(UTC), Ways(slack=False, mail=False))
    looks = [
        Looked(
            id=f"looked:{key}:{uuid4()}", workspace=books.workspace, at=desk.clock(), by=f"os:{user()}",
            via="command line", item=key, command=command,
        )
        for key in keys
    ]  # fmt: skip
    await store.write(lambda conn: [desk.within(conn, look) for look in looks])


def user() -> str:
    """Who runs this, as the operating system knows them: not what their environment says, which anybody can set."""
    number = os.getuid()
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:  # a container's user without a name
        return str(number)
