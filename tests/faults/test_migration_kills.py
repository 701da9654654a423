"""kill -9 in mid-migration: the next start finds the old tables or the new ones, and all that was in them."""

from __future__ import annotations

import os
import random
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from alembic.ddl.impl import DefaultImpl
from sqlalchemy import create_engine, text

from storage import settings, upgrade
from storage.schema import REVISION
from storage.store import Store
from tests.postgres import Server
from tests.processes import Process

#: The migration that a release stood at, from which the newest begins.
RELEASED = "0002"
#: The newest migration has this many statements, or a few more; in the suite it dies at some of them.
STATEMENTS = 30
KILLS = range(1, STATEMENTS) if os.environ.get("DOCKET_FAULTS") else random.Random(7).sample(range(1, 12), 1)


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/docket.db"
        return
    server: Server = request.getfixturevalue("postgres")
    fresh = server.fresh()
    yield fresh
    server.drop(fresh)


def released(url: str) -> None:
    """A database as the last release left it, with something in it."""
    engine = create_engine(url)
    with engine.begin() as conn:
        config = Config(attributes={"connection": conn})
        config.set_main_option("script_location", str(Path(upgrade.__file__).parent / "migrations"))
        command.upgrade(config, RELEASED)
        settings.put(conn, "main", "name", "value")
    engine.dispose()


def opens(url: str, dies_at: int) -> None:
    """A start that is killed before that statement of the migration; 0: one that lives."""
    really, left = DefaultImpl._exec, [dies_at]

    def counted(self: DefaultImpl, *arguments: object, **more: object) -> object:
        left[0] -= 1
        if left[0] == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return really(self, *arguments, **more)  # type: ignore[arg-type]

    DefaultImpl._exec = counted  # type: ignore[method-assign,assignment]
    Store.open(url).close()


async def test_a_start_killed_anywhere_in_its_migration_is_made_good_by_the_next(url: str, tmp_path: Path) -> None:
    released(url)
    killed = 0
    for statement in KILLS:
        process = Process(opens, url, statement, environment={}, folder=tmp_path)
        code = await process.ends()
        assert code in (-signal.SIGKILL, 0), process.said
        killed += code != 0
        if code == 0:  # there are no more statements
            break
    assert killed
    store = Store.open(url)
    assert await store.read(upgrade.revision) == REVISION
    assert await store.read(lambda conn: settings.get(conn, "main", "name")) == "value"
    assert await store.read(lambda conn: conn.execute(text("SELECT count(*) FROM leases")).scalar()) == 0
    store.close()
    print(killed, "kills in migrations")
