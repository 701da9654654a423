"""One blocking session on one IMAP folder (RFC 3501, 2177, 6851): the half of listening that runs in a thread."""

from __future__ import annotations

import contextlib
import socket
import ssl
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from imapclient import IMAPClient, SocketTimeout
from imapclient.exceptions import IMAPClientAbortError, IMAPClientError, LoginError

from handlers.mail.settings import InboxSettings

MAX_MESSAGE = 25 * 1024 * 1024  # bytes; of a larger message only the beginning is fetched
BEGINNING = (256 + 64) * 1024  # bytes: the largest header block that is read, and 64 kB
_BATCH_MESSAGES, _BATCH_BYTES = 50, 8 * 1024 * 1024
_UID_WINDOW = 50_000  # UIDs a search: an answer line over 1,000,000 bytes ends imaplib's connection

#: What means "this connection is dead, make a new one".
BROKEN = (IMAPClientError, OSError, EOFError, ssl.SSLError, UnicodeError)


class Refused(Exception):
    """The server does not let this user in; trying again at once would lock the account."""


class Unusable(IMAPClientError):  # type: ignore[misc]  # imapclient has no types
    """The server answers, but not with what is needed; the message is ours and may be shown."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """A message as it lies in the folder. `arrived`: the server's INTERNALDATE, aware; `whole`: not cut at the cap."""

    uid: int
    raw: bytes
    arrived: datetime | None
    whole: bool


class Session:
    """Connected, logged in, folder selected. Not thread-safe: every call from the same thread."""

    def __init__(
        self,
        settings: InboxSettings,
        *,
        access_token: str = "",
        tls: ssl.SSLContext | None = None,
        connect_seconds: float = 15,
        read_seconds: float = 30,
    ) -> None:
        """Connect. Raises Refused for a wrong user, password or token, one of BROKEN for all else."""
        self._settings = settings
        self._access_token = access_token
        context = tls or (ssl.create_default_context() if settings.security != "plain" else None)
        # without a read timeout a command on a half-open connection waits for ever
        timeout = SocketTimeout(connect=connect_seconds, read=read_seconds)
        self._client = IMAPClient(
            settings.host,
            settings.port,
            ssl=settings.security == "tls",
            ssl_context=context if settings.security == "tls" else None,
            timeout=timeout,
        )
        try:
            self._client.normalise_times = False  # aware datetimes
            if settings.security == "starttls":
                self._client.starttls(ssl_context=context)
            self._login()
            self._select()
            self.can_idle = bool(self._client.has_capability("IDLE"))
        except BaseException:
            self.close()
            raise

    def _login(self) -> None:
        settings = self._settings
        try:
            if settings.oauth:
                self._client.oauth2_login(settings.user, self._access_token)
            elif (settings.user + settings.password).isascii():
                self._client.login(settings.user, settings.password)
            else:  # LOGIN carries ASCII only; AUTHENTICATE PLAIN (RFC 4616) carries UTF-8
                self._client.plain_login(settings.user, settings.password)
        except LoginError as problem:
            # imapclient says LoginError for a connection that broke meanwhile, too
            broken = isinstance(problem.__context__, IMAPClientAbortError)
            if broken or any(code in str(problem).upper() for code in ("[UNAVAILABLE]", "[INUSE]", "[LIMIT]")):
                raise IMAPClientAbortError("the login was cut off") from problem
            raise Refused(str(problem)) from problem

    def _select(self) -> None:
        """Open the folder. `highest` is the highest UID that was given then."""
        folder, done = self._settings.folder, self._settings.done
        try:
            selected = self._client.select_folder(folder)
            self.uidvalidity = int(selected[b"UIDVALIDITY"])
            self.highest = int(selected[b"UIDNEXT"]) - 1
        except IMAPClientAbortError:
            raise
        except (IMAPClientError, KeyError) as problem:
            raise Unusable(f"the folder {folder} can't be opened") from problem
        if done is None:
            return
        try:
            if not self._client.folder_exists(done):
                self._client.create_folder(done)
        except IMAPClientAbortError:
            raise
        except IMAPClientError as problem:
            raise Unusable(f"the folder {done} is not there and can't be made") from problem

    def above(self, mark: int) -> list[int]:
        """All UIDs above `mark`, ascending."""
        # a kept connection searches the state of its last sync
        self._client.noop()
        self._announcements().clear()
        return self._search(mark + 1, None, ["ALL"])

    def announced(self) -> bool:
        """Whether the server told of new mail since `above` looked. It tells each arrival once, with any answer: with
        the search's own or a flag's, and then IDLE stays silent about it."""
        return bool(self._announcements())

    def _announcements(self) -> list[bytes]:
        # imaplib keeps what nobody asked for; imapclient shows it of NOOP and IDLE only
        kept: list[bytes] = self._client._imap.untagged_responses.setdefault("EXISTS", [])
        return kept

    def unseen(self, low: int, high: int) -> list[int]:
        """The UIDs from `low` to `high` that are not \\Seen, ascending."""
        return self._search(low, high, ["UNSEEN"])

    def unseen_or_since(self, moment: datetime, high: int) -> list[int]:
        """The UIDs up to `high` that are not \\Seen or came after `moment`, ascending."""
        # SINCE compares days without their zones (RFC 3501 section 6.4.4): a day more
        return self._search(1, high, ["OR", "UNSEEN", "SINCE", moment.date() - timedelta(days=1)])

    def _search(self, low: int, high: int | None, criteria: list[object]) -> list[int]:
        if high is not None and high < low:
            return []
        found: set[int] = set()
        end = self.highest if high is None else high
        while low + _UID_WINDOW <= end:
            found.update(self._client.search(["UID", f"{low}:{low + _UID_WINDOW - 1}", *criteria]))
            low += _UID_WINDOW
        # `n:*` is never empty: with n above the highest UID it names the last message
        last = self._client.search(["UID", f"{low}:{'*' if high is None else high}", *criteria])
        found.update(uid for uid in last if uid >= low)
        return sorted(found)

    def batches(self, uids: Sequence[int]) -> Iterator[list[tuple[int, int]]]:
        """(UID, size in bytes) in groups of at most 50 messages or 8 MB. Vanished messages are left out."""
        for begin in range(0, len(uids), 500):
            sizes = self._client.fetch(list(uids[begin : begin + 500]), ["RFC822.SIZE"])
            batch: list[tuple[int, int]] = []
            for uid in uids[begin : begin + 500]:
                if b"RFC822.SIZE" not in sizes.get(uid, {}):
                    continue
                size = int(sizes[uid][b"RFC822.SIZE"])
                full = sum(min(s, MAX_MESSAGE) for _, s in batch) + size > _BATCH_BYTES
                if batch and (full or len(batch) >= _BATCH_MESSAGES):
                    yield batch
                    batch = []
                batch.append((uid, size))
            if batch:
                yield batch

    def fetch(self, batch: Sequence[tuple[int, int]]) -> list[Fetched]:
        """The messages of a batch, without setting \\Seen."""
        fetched: list[Fetched] = []
        small = [uid for uid, size in batch if size <= MAX_MESSAGE]
        large = [uid for uid, size in batch if size > MAX_MESSAGE]
        for uids, item, key in (
            (small, "BODY.PEEK[]", b"BODY[]"),
            (large, f"BODY.PEEK[]<0.{BEGINNING}>", b"BODY[]<0>"),
        ):
            if not uids:
                continue
            for uid, data in self._client.fetch(uids, [item, "INTERNALDATE"]).items():
                # answers may name messages that nobody asked for (a flag changed) and leave out others (expunged)
                if uid in uids and data.get(key) is not None:
                    fetched.append(Fetched(uid, data[key], data.get(b"INTERNALDATE"), item == "BODY.PEEK[]"))
        return sorted(fetched, key=lambda message: message.uid)

    def settle(self, uids: Sequence[int]) -> str:
        """Say "got it" where people see it: move to the done folder, or mark \\Seen. What the server refused, or ""."""
        try:
            if self._settings.done is None:
                self._client.add_flags(list(uids), [b"\\Seen"], silent=True)
            else:
                self._move(list(uids), self._settings.done)
        except IMAPClientAbortError:
            raise
        except IMAPClientError:
            done = self._settings.done
            return f"the server refuses to move it to {done}" if done else "the server refuses to mark it as seen"
        return ""

    def _move(self, uids: list[int], done: str) -> None:
        if self._client.has_capability("MOVE"):
            self._client.move(uids, done)
            return
        self._client.copy(uids, done)
        self._client.delete_messages(uids, silent=True)
        if self._client.has_capability("UIDPLUS"):
            self._client.uid_expunge(uids)
        else:
            self._client.expunge()

    def begin_idle(self) -> None:
        self._client.idle()

    def idle(self, seconds: float) -> bool:
        """Wait up to `seconds` for the server to say something; whether it did. Raises where the connection is dead."""
        began = time.monotonic()
        answers = self._client.idle_check(timeout=seconds)
        # on a dead connection idle_check returns nothing, at once, for ever
        if not answers and time.monotonic() - began < seconds / 2:
            raise IMAPClientAbortError("the connection ended while waiting")
        if any(answer and answer[0] == b"BYE" for answer in answers):
            raise IMAPClientAbortError("the server said goodbye")
        return any(len(answer) > 1 and answer[1] in (b"EXISTS", b"RECENT") for answer in answers)

    def end_idle(self) -> None:
        self._client.idle_done()

    def close(self) -> None:
        """End the connection, whatever state it is in; may be called from another thread to end a call that hangs."""
        with contextlib.suppress(Exception):
            self._client.shutdown()


def reason(problem: BaseException) -> str:
    """What happened, for the operator; words of ours only, since a server may say anything."""
    if isinstance(problem, Unusable):
        return str(problem)
    if isinstance(problem, ssl.SSLCertVerificationError):
        return "the server's certificate can't be trusted"
    if isinstance(problem, socket.gaierror):
        return "no server of that name can be found"
    if isinstance(problem, (ConnectionError, TimeoutError)):
        return "the server does not answer"
    if isinstance(problem, BROKEN):
        return "the connection to the server broke off"
    return "this program has a fault; its log says which"
