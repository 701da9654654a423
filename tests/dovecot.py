"""A throw-away Dovecot from Debian's packages, on loopback: one folder in memory, own ports, users `u0` to `u199`.

Writes the configuration of Dovecot 2.3 (Debian 12) or 2.4 (Debian 13), which understand nothing of each other.
"""

from __future__ import annotations

import contextlib
import grp
import imaplib
import os
import pwd
import shutil
import signal
import socket
import ssl
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

_INSTALL = "Dovecot is missing. Install it: apt-get install dovecot-imapd"
_BINARY = shutil.which("dovecot") or "/usr/sbin/dovecot"
PASSWORD = "s3cret pass/word"
_USERS = 200


@dataclass
class Dovecot:
    """A server that can be killed and started again on the same ports. `hide`: capabilities that it keeps secret.

    `tokeninfo`: where it asks whose an access token is; its answer names the user as `email`.
    """

    hide: tuple[str, ...] = ()
    tokeninfo: str = ""
    folder: Path = field(init=False)
    port: int = field(init=False)
    tls_port: int = field(init=False)
    _process: subprocess.Popen[bytes] | None = field(default=None, init=False)
    _users: Iterator[int] = field(default_factory=lambda: iter(range(_USERS)), init=False)

    def __post_init__(self) -> None:
        if not os.access(_BINARY, os.X_OK):
            pytest.fail(_INSTALL)
        # Maildir is many small files: memory where there is some. Short, since sockets' paths are limited to 108 bytes.
        shm = "/dev/shm"
        self.folder = Path(tempfile.mkdtemp(prefix="dc-", dir=shm if os.access(shm, os.W_OK) else None))
        self.port, self.tls_port = _free_ports(2)
        self._owner = _unprivileged()
        (self.folder / "users").write_text(
            "".join(f"u{n}:{{PLAIN}}{PASSWORD}::::::\n" for n in range(_USERS)), encoding="ascii"
        )
        _certificate(self.folder)
        (self.folder / "dovecot.conf").write_text(self._configuration(), encoding="utf-8")
        if os.geteuid() == 0:
            for path in (self.folder, *self.folder.iterdir()):
                os.chown(path, self._owner.pw_uid, self._owner.pw_gid)
        self.folder.chmod(0o755)

    def new_user(self) -> str:
        """A user with an empty mailbox that no other test has."""
        return f"u{next(self._users)}"

    def start(self) -> None:
        """Come up; ready when this returns."""
        with (self.folder / "stderr.log").open("wb") as log:
            self._process = subprocess.Popen(
                [_BINARY, "-F", "-c", str(self.folder / "dovecot.conf")],
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=log, start_new_session=True,
            )  # fmt: skip
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline and self._process.poll() is None:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1) as probe:
                probe.settimeout(5)
                if probe.recv(64).startswith(b"* OK"):
                    return
            time.sleep(0.02)
        said = [
            p.read_text("utf-8", "replace") for p in (self.folder / "stderr.log", self.folder / "log") if p.exists()
        ]
        pytest.fail("Dovecot did not start:\n" + "\n".join(said))

    def kill(self) -> None:
        """Die at once, with every connection."""
        assert self._process is not None
        master = self._process.pid
        children = _children(master)
        for pid in [*children, master]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self._process.wait()
        self._process = None
        shutil.rmtree(self.folder / "run", ignore_errors=True)

    def close(self) -> None:
        """End and leave nothing behind."""
        if self._process is not None:
            self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def trusting(self) -> ssl.SSLContext:
        """TLS that trusts this server's certificate."""
        return ssl.create_default_context(cafile=str(self.folder / "cert.pem"))

    @contextlib.contextmanager
    def client(self, user: str) -> Iterator[imaplib.IMAP4]:
        """A person's mail program."""
        client = imaplib.IMAP4("127.0.0.1", self.port, timeout=10)
        client.login(user, PASSWORD)
        try:
            yield client
        finally:
            client.logout()

    def deliver(self, user: str, raw: bytes, folder: str = "INBOX") -> None:
        """Put a message there, not seen."""
        with self.client(user) as client:
            status, answer = client.append(folder, "", imaplib.Time2Internaldate(time.time()), raw)
            assert status == "OK", answer

    def listing(self, user: str, folder: str = "INBOX", criterion: str = "ALL") -> list[int]:
        """The UIDs of what is there."""
        with self.client(user) as client:
            if client.select(f'"{folder}"', readonly=True)[0] != "OK":
                return []
            return [int(uid) for uid in client.uid("SEARCH", criterion)[1][0].split()]

    def _configuration(self) -> str:
        version = subprocess.run([_BINARY, "--version"], capture_output=True, text=True, check=True).stdout
        new = tuple(int(n) for n in version.split()[0].split(".")[:2]) >= (2, 4)
        here, owner = self.folder, self._owner.pw_name
        group = grp.getgrgid(self._owner.pw_gid).gr_name
        if new:
            head = f"""
dovecot_config_version = 2.4.0
dovecot_storage_version = 2.4.0
auth_allow_cleartext = yes
ssl = yes
ssl_server_cert_file = {here}/cert.pem
ssl_server_key_file = {here}/key.pem
mail_home = {here}/home/%{{user}}
mail_driver = maildir
mail_path = ~/Maildir
passdb passwd-file {{
  passwd_file_path = {here}/users
}}
userdb static {{
  fields {{
    uid = {owner}
    gid = {group}
    home = {here}/home/%{{user}}
  }}
}}
"""
            hidden = "".join(f"  {name} = no\n" for name in self.hide)
            capability = f"imap_capability {{\n{hidden}}}\n" if hidden else ""
            tokens = f"oauth2_tokeninfo_url = {self.tokeninfo}\npassdb oauth2 {{\n  mechanisms_filter = xoauth2\n}}\n"
        else:
            head = f"""
disable_plaintext_auth = no
ssl = yes
ssl_cert = <{here}/cert.pem
ssl_key = <{here}/key.pem
mail_home = {here}/home/%n
mail_location = maildir:~/Maildir
passdb {{
  driver = passwd-file
  args = scheme=PLAIN username_format=%n {here}/users
}}
userdb {{
  driver = static
  args = uid={owner} gid={group} home={here}/home/%n
}}
"""
            all_names = (
                "IMAP4rev1",
                "SASL-IR",
                "LITERAL+",
                "ENABLE",
                "IDLE",
                "UIDPLUS",
                "MOVE",
                "UNSELECT",
                "NAMESPACE",
            )
            shown = " ".join(name for name in all_names if name not in self.hide)
            capability = f"imap_capability = {shown}\n" if self.hide else ""
            (here / "oauth2.conf").write_text(f"tokeninfo_url = {self.tokeninfo}\n", encoding="ascii")
            tokens = f"passdb {{\n  driver = oauth2\n  mechanisms = xoauth2\n  args = {here}/oauth2.conf\n}}\n"
        return f"""{head}{capability}{tokens if self.tokeninfo else ""}
base_dir = {here}/run
state_dir = {here}/state
log_path = {here}/log
protocols = imap
listen = 127.0.0.1
auth_mechanisms = plain{" xoauth2" if self.tokeninfo else ""}
auth_failure_delay = 0
mail_fsync = never
mail_max_userip_connections = 0
default_internal_user = {owner}
default_internal_group = {group}
default_login_user = {owner}
first_valid_uid = 1
mail_uid = {owner}
mail_gid = {group}
namespace inbox {{
  inbox = yes
  separator = /
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {self.port}
  }}
  inet_listener imaps {{
    port = {self.tls_port}
    ssl = yes
  }}
}}
service anvil {{
  chroot =
}}
service stats {{
  chroot =
}}
"""


@contextlib.contextmanager
def running(*hide: str, tokeninfo: str = "") -> Iterator[Dovecot]:
    """A server for one block."""
    server = Dovecot(hide, tokeninfo)
    try:
        server.start()
        yield server
    finally:
        server.close()


def _free_ports(count: int) -> list[int]:
    sockets = [socket.socket() for _ in range(count)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


def _unprivileged() -> pwd.struct_passwd:
    """Who may hold the mail: Dovecot refuses root."""
    if os.geteuid() != 0:
        return pwd.getpwuid(os.geteuid())
    return pwd.getpwnam("nobody")


def _certificate(folder: Path) -> None:
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
         "-keyout", str(folder / "key.pem"), "-out", str(folder / "cert.pem"), "-days", "2", "-subj", "/CN=localhost",
         "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"],
        check=True, capture_output=True,
    )  # fmt: skip


def _children(pid: int) -> list[int]:
    """All descendants, the deepest first; one that ends while we look is gone, and has none."""
    found: list[int] = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            for child in task.read_text().split():
                found += [*_children(int(child)), int(child)]
    return found
