"""The bot's inboxes over IMAP: pymap's in-memory backend on loopback, in our event loop."""

from __future__ import annotations

import asyncio
import secrets
from argparse import Namespace
from collections.abc import Sequence
from datetime import datetime
from typing import Any

LOOPBACK = "127.0.0.1"


class MissingExtra(Exception):
    """The packages of the extra `demo` aren't installed; the sentence says how to get them."""


class ImapSide:
    """One IMAP user for each inbox, all with the same password, made for this run."""

    def __init__(self, inboxes: Sequence[str]) -> None:
        self._inboxes = tuple(inboxes)
        self.password = secrets.token_hex(8)
        self.port = 0
        self._server: asyncio.AbstractServer | None = None
        self._login: Any = None
        self._clients: set[asyncio.StreamWriter] = set()

    async def start(self) -> None:
        """Listen on a free port of loopback. Raises MissingExtra."""
        try:
            from proxyprotocol.reader import ProxyProtocolReader
            from pymap.backend.dict import DictBackend
            from pymap.concurrent import Subsystem
            from pymap.imap import IMAPServer
            from pymap.user import UserMetadata
            from pysasl.hashing import Cleartext
        except ImportError as error:
            raise MissingExtra("The sandbox's mailbox needs the extra `demo`: pip install 'docketbot[demo]'") from error
        arguments = Namespace(
            host=LOOPBACK,
            port=0,
            debug=False,
            cert=None,
            key=None,
            tls=False,
            passlib_cfg=None,
            proxy_protocol=None,
            demo_data=False,
            demo_user="nobody",
            demo_password=secrets.token_hex(8),
        )
        backend, config = await DictBackend.init(
            arguments,
            hash_context=Cleartext(),
            cpu_subsystem=Subsystem.for_asyncio(),
            reject_dnsbl=False,
            invalid_user_sleep=0.0,
        )
        config.apply_context()
        self._login = backend.login
        for name in self._inboxes:
            self._login.users_dict[name] = UserMetadata(config, name, password=self.password)
        answer = ProxyProtocolReader(config.proxy_protocol).get_callback(IMAPServer(self._login, config))

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            self._clients.add(writer)
            try:
                await answer(reader, writer)
            finally:
                self._clients.discard(writer)

        self._server = await asyncio.start_server(serve, LOOPBACK, 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def append(self, inbox: str, raw: bytes, at: datetime) -> None:
        """Put a message into an inbox; who waits in IDLE there hears of it."""
        from pymap.backend.dict import Identity
        from pymap.parsing.message import AppendMessage

        async with Identity(inbox, self._login, None, frozenset()).new_session() as session:
            await session.append_messages("INBOX", [AppendMessage(raw, at)])

    async def stop(self) -> None:
        """Stop listening; connections that are open are cut."""
        if self._server is not None:
            self._server.close()
        for client in tuple(self._clients):
            client.close()  # a client in IDLE would wait for ever, and its task with it
