"""A throw-away PostgreSQL from Debian's packages: one server a test run, one fresh database a test."""

from __future__ import annotations

import glob
import itertools
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest

_INSTALL = "PostgreSQL is missing. Install it: apt-get install postgresql"


class Server:
    """A server that listens on a socket in its own folder only, and can be stopped and started again."""

    def __init__(self, folder: Path, start: Callable[[], subprocess.Popen[bytes]]) -> None:
        self.folder = folder
        self._start = start
        self._process: subprocess.Popen[bytes] | None = None
        self._numbers = itertools.count(1)

    def start(self) -> None:
        """Come up; ready when this returns."""
        self._process = process = self._start()
        until = time.monotonic() + 30
        while time.monotonic() < until and process.poll() is None:
            try:
                self.connect().close()
            except psycopg.OperationalError:
                time.sleep(0.02)
            else:
                return
        pytest.fail(f"PostgreSQL did not start:\n{(self.folder / 'log').read_text()}", pytrace=False)

    def stop(self) -> None:
        """A fast shutdown, whoever is still connected."""
        if self._process is not None:
            self._process.send_signal(signal.SIGINT)
            self._process.wait(30)
            self._process = None

    def url(self, database: str) -> str:
        return f"postgresql+psycopg://docket@/{database}?host={self.folder}"

    def fresh(self) -> str:
        """The URL of a new, empty database."""
        name = f"t{next(self._numbers)}"
        with self.connect() as conn:
            conn.execute(f"CREATE DATABASE {name} STRATEGY FILE_COPY")
        return self.url(name)

    def drop(self, url: str) -> None:
        name = url.split("@/")[1].split("?")[0]
        with self.connect() as conn:
            conn.execute(f"DROP DATABASE {name} WITH (FORCE)")

    def connect(self, database: str = "postgres") -> psycopg.Connection[Any]:
        return psycopg.connect(host=str(self.folder), user="docket", dbname=database, autocommit=True)


@contextmanager
def server(*, durable: bool = False) -> Iterator[Server]:
    """Start a server and stop it again. Where PostgreSQL is missing the test fails with the line that installs it.

    `durable`: it waits for the disk, as a real one does.
    """
    found = sorted(glob.glob("/usr/lib/postgresql/*/bin/initdb"))
    if not found:
        pytest.fail(_INSTALL, pytrace=False)
    programs = Path(found[-1]).parent
    # under /tmp whatever TMPDIR says: a socket's path may have 107 bytes at most, and the account must get in
    folder = Path(tempfile.mkdtemp(prefix="docket-pg-", dir="/tmp"))
    account = _account()
    if account is not None:
        os.chown(folder, account.pw_uid, account.pw_gid)
    run_as: dict[str, Any] = (
        {} if account is None else {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
    )
    data = folder / "data"
    running = None
    try:
        subprocess.run(
            [programs / "initdb", "-D", data, "-U", "docket", "--auth=trust", "--no-sync", "--no-instructions",
             "--encoding=UTF8", "--locale=C.UTF-8"],
            check=True, cwd=folder, stdout=subprocess.DEVNULL, **run_as,
        )  # fmt: skip
        settings = {
            **({} if durable else {"fsync": "off", "full_page_writes": "off"}),
            "listen_addresses": "",
            "unix_socket_directories": folder,
        }
        told = [programs / "postgres", "-D", data, *(f"--{name}={value}" for name, value in settings.items())]

        def start() -> subprocess.Popen[bytes]:
            with (folder / "log").open("ab") as log:
                return subprocess.Popen(told, cwd=folder, stdout=subprocess.DEVNULL, stderr=log, **run_as)

        running = Server(folder, start)
        running.start()
        yield running
    finally:
        if running is not None:
            running.stop()
        shutil.rmtree(folder, ignore_errors=True)


def _account() -> pwd.struct_passwd | None:
    """PostgreSQL refuses to run as root: then it runs as its own account, else as the one that runs the tests."""
    if os.geteuid() != 0:
        return None
    names = {each.pw_name for each in pwd.getpwall()}
    return pwd.getpwnam("postgres" if "postgres" in names else "nobody")


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    with server() as running:
        yield running
