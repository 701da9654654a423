"""Brings a database forward to this program's tables, one process at a time, and tells who has outgrown whom."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, inspect, text

from storage.failures import Outgrown, Unusable
from storage.schema import REVISION

if TYPE_CHECKING:
    from alembic.config import Config

VERSION_TABLE = "docket_version"
#: Any number will do, as long as every Docket asks for the same one ("DOCK" in ASCII).
_ADVISORY_LOCK = 0x444F434B
#: What `check` needs: cheap enough to be asked in every transaction that writes.
FOUND = f"SELECT version_num FROM {VERSION_TABLE}"  # noqa: S608 our own name


def upgrade(conn: Connection) -> None:
    """Migrate forward inside the transaction that `conn` is in; the caller commits.

    On SQLite that transaction began with BEGIN IMMEDIATE, so nobody else is in here; on PostgreSQL an advisory lock
    sees to it. DDL is transactional on both: a crash halfway leaves the database as it was. Raises Unusable for a
    database that a newer program wrote, and for one that belongs to another program.
    """
    if conn.dialect.name == "postgresql":
        conn.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _ADVISORY_LOCK})
    found = revision(conn)
    if found == REVISION:
        return
    if found is None and conn.dialect.name == "sqlite" and inspect(conn).get_table_names():
        raise Unusable("This SQLite file belongs to another program. Set DOCKET_DATABASE_URL to a file of its own.")
    config = _steps_from(found)

    from alembic import command

    config.attributes["connection"] = conn
    command.upgrade(config, "head")


def older(conn: Connection) -> str | None:
    """The migration that this database is to be brought forward from; None where it is new or needs none.

    Raises Unusable for a database that a newer program wrote.
    """
    found = revision(conn)
    if found is None or found == REVISION:
        return None
    _steps_from(found)
    return found


def _steps_from(found: str | None) -> Config:
    # Loaded only where there is something to do: it costs a tenth of a second at every start.
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    if found is not None and found not in known:
        raise Unusable(
            f"This database was last used by a newer Docket (its tables are at {found}, this program knows {REVISION})."
            " Install that version again, or restore a backup from before."
        )
    return config


def revision(conn: Connection) -> str | None:
    """The migration that this database stands at; None before the first."""
    if not inspect(conn).has_table(VERSION_TABLE):
        return None
    found: str | None = conn.execute(text(FOUND)).scalar()
    return found


def check(found: str | None) -> None:
    """Raises Outgrown where the database no longer stands at this program's migration."""
    if found != REVISION:
        raise Outgrown(
            f"A newer Docket has taken over this database (its tables are at {found}, this program knows {REVISION}), "
            "so this one has stopped. Start the newer one here, too."
        )
