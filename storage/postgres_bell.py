"""How instances on one PostgreSQL wake each other: NOTIFY after commits, LISTEN, and a look now and then."""

from __future__ import annotations

import logging
import select
import socket
import threading
import time
from collections.abc import Callable
from typing import Any

import psycopg
from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

CHANNEL = "docket"
#: Commits within this time share one NOTIFY.
PAUSE_SECONDS = 0.02
#: How often subscribers look although nothing was heard: an instance can die between its commit and its NOTIFY.
LOOK_SECONDS = 5.0
#: Between two tries to listen again.
AGAIN_SECONDS = 1.0

log = logging.getLogger(__name__)


class Bell:
    """A thread with a connection of its own. `heard` is called from it for other instances' commits.

    NOTIFY is not part of the writing transactions: PostgreSQL lets only one transaction with a NOTIFY commit at a
    time, which would line up all takes behind each other's fsync.
    """

    def __init__(self, engine: Engine, heard: Callable[[], None]) -> None:
        self._engine = engine
        self._heard = heard
        self._closing = False
        self._rung = threading.Event()
        # the thread waits for PostgreSQL's socket and for this one at the same time
        self._inner, self._outer = socket.socketpair()
        self._outer.setblocking(False)
        self._thread = threading.Thread(target=self._run, name="docket-bell", daemon=True)
        self._thread.start()

    def ring(self) -> None:
        """Tell the other instances that something was committed. Costs nothing when it is told already."""
        if not self._rung.is_set():
            self._rung.set()
            self._outer.send(b"!")

    def close(self) -> None:
        """End the thread; a second time changes nothing."""
        if self._closing:
            return
        self._closing = True
        self._rung.set()
        self._outer.send(b"!")
        self._thread.join()
        self._inner.close()
        self._outer.close()

    def _run(self) -> None:
        while not self._closing:
            try:
                conn = self._connect()
            except (DBAPIError, psycopg.Error) as error:
                log.warning("not listening to PostgreSQL for now: %s", type(error).__name__)
                self._wait([self._inner], AGAIN_SECONDS)
                self._heard()
                continue
            try:
                self._heard()  # what was missed before, or while the connection was gone
                self._listen(conn)
            except (psycopg.Error, OSError) as error:
                log.warning("the connection that listens to PostgreSQL was lost: %s", type(error).__name__)
            finally:
                conn.close()

    def _connect(self) -> psycopg.Connection[Any]:
        borrowed = self._engine.raw_connection()
        conn = borrowed.driver_connection
        borrowed.detach()
        assert isinstance(conn, psycopg.Connection)
        conn.autocommit = True
        conn.execute(f"LISTEN {CHANNEL}")
        return conn

    def _listen(self, conn: psycopg.Connection[Any]) -> None:
        own = conn.info.backend_pid
        while not self._closing:
            if not self._wait([self._inner, conn], LOOK_SECONDS):
                conn.execute("SELECT 1")  # a connection that died without a word is found out here
                self._heard()
            if self._rung.is_set():
                # what is committed from here on needs another NOTIFY; what was before shares this one
                time.sleep(PAUSE_SECONDS)
                self._rung.clear()
                conn.execute(f"NOTIFY {CHANNEL}")
            if any(notify.pid != own for notify in list(conn.notifies(timeout=0))):
                self._heard()

    def _wait(self, sources: list[Any], seconds: float) -> bool:
        """Whether anything came within that time; empties our own socket."""
        ready, _, _ = select.select(sources, [], [], seconds)
        if self._inner in ready:
            self._inner.recv(4096)
        return bool(ready)
