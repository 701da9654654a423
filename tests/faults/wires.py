"""Wires that break: a relay in front of a server, which cuts a connection when so much has come through."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field


@dataclass
class Relay:
    """Listens on `port`; a connection is cut after the next of `cut_after` bytes from the server."""

    to: int
    cut_after: list[int] = field(default_factory=list)
    port: int = 0
    cuts: int = 0
    _writers: set[asyncio.StreamWriter] = field(default_factory=set)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, until either side ends it or the wire breaks."""
        there_reader, there_writer = await asyncio.open_connection("127.0.0.1", self.to)
        self._writers |= {writer, there_writer}

        async def out() -> None:
            with suppress(ConnectionError):
                while data := await reader.read(65536):
                    there_writer.write(data)
            there_writer.close()

        async def back() -> None:
            came = 0
            with suppress(ConnectionError):
                while data := await there_reader.read(4096):
                    came += len(data)
                    if self.cut_after and came > self.cut_after[0]:
                        self.cut_after.pop(0)
                        self.cuts += 1
                        writer.transport.abort()
                        there_writer.transport.abort()
                        return
                    writer.write(data)
            writer.close()

        await asyncio.gather(out(), back())
        self._writers -= {writer, there_writer}

    def cut_all(self) -> None:
        """Every connection breaks now."""
        for writer in self._writers:
            writer.transport.abort()
        self.cuts += 1


@asynccontextmanager
async def relay(to: int, *cut_after: int) -> AsyncIterator[Relay]:
    """A relay to that port of this machine, for one block."""
    wire = Relay(to, list(cut_after))
    server = await asyncio.start_server(wire.serve, "127.0.0.1", 0)
    wire.port = server.sockets[0].getsockname()[1]
    try:
        yield wire
    finally:
        wire.cut_all()
        server.close()
