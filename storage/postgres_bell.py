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

from storage.failures import Outgrown
from storage.postgres_shift import CHANNEL, asked_to_leave, sign_on
from storage.upgrade import FOUND, check

#: Commits within this time share one NOTIFY.
PAUSE_SECONDS = 0.02
#: How often subscribers look although nothing was heard: an instance can die between its commit and its NOTIFY.
LOOK_SECONDS = 5.0
#: Between two tries to listen again.
AGAIN_SECONDS = 1.0

log = logging.getLogger(__name__)


class Bell:
    """A thread with a connection of its own. `heard` is called from it for other instances' commits.

    `outgrown` is called from it when a newer program is about to migrate the database, or has done it.

    NOTIFY is not part of the writing transactions: PostgreSQL lets only one transaction with a NOTIFY commit at a
    time, which would line up all takes behind each other's fsync.
    """

    def __init__(self, engine: Engine, heard: Callable[[], None], outgrown: Callable[[Outgrown], None]) -> None:
        self._engine = engine
        self._heard = heard
        self._outgrown = outgrown
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
                self._check(conn)
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
        sign_on(conn)
        return conn

    def _listen(self, conn: psycopg.Connection[Any]) -> None:
        own = conn.info.backend_pid
        while not self._closing:
            if not self._wait([self._inner, conn], LOOK_SECONDS):
                self._check(conn)  # a connection that died without a word is found out here, too
                self._heard()
            if self._rung.is_set():
                # what is committed from here on needs another NOTIFY; what was before shares this one
                time.sleep(PAUSE_SECONDS)
                self._rung.clear()
                conn.execute(f"NOTIFY {CHANNEL}")
            said = [notify.payload for notify in list(conn.notifies(timeout=0)) if notify.pid != own]
            if (why := asked_to_leave(said)) is not None:
                self._outgrown(why)
            if said:
                self._heard()

    def _check(self, conn: psycopg.Connection[Any]) -> None:
        row = conn.execute(FOUND).fetchone()
        try:
            check(row[0] if row else None)
        except Outgrown as problem:
            self._outgrown(problem)

    def _wait(self, sources: list[Any], seconds: float) -> bool:
        """Whether anything came within that time; empties our own socket."""
        ready, _, _ = select.select(sources, [], [], seconds)
        if self._inner in ready:
            self._inner.recv(4096)
        return bool(ready)
