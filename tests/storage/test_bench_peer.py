"""The peer of `make bench` writes the tables as they are today: else the bench would hang instead of measuring."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from storage.store import Store
from tests.bench.intake import _plain_take


def test_the_plain_peer_writes_the_tables_of_today(tmp_path: Path) -> None:
    Store.open(f"sqlite:///{tmp_path}/peer.db").close()
    with sqlite3.connect(tmp_path / "peer.db", isolation_level=None) as conn:
        _plain_take(conn)
        assert conn.execute("SELECT count(*) FROM items").fetchone() == (1,)
