"""A throw-away PostgreSQL from Debian's packages: one server a test run, one fresh database a test."""

from __future__ import annotations

import glob
import itertools
import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest

_INSTALL = "PostgreSQL is missing. Install it: apt-get install postgresql"


class Server:
    """A running server that listens on a socket in its own folder only."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._numbers = itertools.count(1)

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
def server() -> Iterator[Server]:
    """Start a server and stop it again. Where PostgreSQL is missing the test fails with the line that installs it."""
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
    process = None
    try:
        subprocess.run(
            [programs / "initdb", "-D", data, "-U", "docket", "--auth=trust", "--no-sync", "--no-instructions",
             "--encoding=UTF8", "--locale=C.UTF-8"],
            check=True, cwd=folder, stdout=subprocess.DEVNULL, **run_as,
        )  # fmt: skip
        settings = {
            "fsync": "off",
            "full_page_writes": "off",
            "listen_addresses": "",
            "unix_socket_directories": folder,
        }
        process = subprocess.Popen(
            [programs / "postgres", "-D", data, *(f"--{name}={value}" for name, value in settings.items())],
            cwd=folder, stdout=subprocess.DEVNULL, stderr=(folder / "log").open("wb"), **run_as,
        )  # fmt: skip
        yield _ready(Server(folder), process)
    finally:
        if process is not None:
            process.terminate()
            process.send_signal(2)  # SIGINT: a fast shutdown, whoever is still connected
            process.wait(30)
        shutil.rmtree(folder, ignore_errors=True)


def _account() -> pwd.struct_passwd | None:
    """PostgreSQL refuses to run as root: then it runs as its own account, else as the one that runs the tests."""
    if os.geteuid() != 0:
        return None
    names = {each.pw_name for each in pwd.getpwall()}
    return pwd.getpwnam("postgres" if "postgres" in names else "nobody")


def _ready(starting: Server, process: subprocess.Popen[bytes]) -> Server:
    until = time.monotonic() + 30
    while time.monotonic() < until and process.poll() is None:
        try:
            starting.connect().close()
        except psycopg.OperationalError:
            time.sleep(0.02)
        else:
            return starting
    pytest.fail(f"PostgreSQL did not start:\n{(starting.folder / 'log').read_text()}", pytrace=False)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    with server() as running:
        yield running
