"""One `docketbot run` works on an SQLite file: a second one is refused as long as the first lives."""

from __future__ import annotations

import sqlite3

from storage.failures import Unusable


class Sole:
    """Held until it is closed or its process is gone, however that ended. Raises Unusable where another one holds it.

    It is SQLite's own lock, on an empty file beside the database, so that commands which only look are let in.
    """

    def __init__(self, path: str) -> None:
        self._lock = sqlite3.connect(f"{path}-run", timeout=0, isolation_level=None)
        try:
            self._lock.execute("PRAGMA journal_mode=OFF")
            self._lock.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError as error:
            self.close()
            raise Unusable(
                f"Another `docketbot run` works on {path}. SQLite is for one at a time; several need PostgreSQL: "
                "DOCKET_DATABASE_URL=postgresql+psycopg://..."
            ) from error

    def close(self) -> None:
        """Let the next one in."""
        self._lock.close()
