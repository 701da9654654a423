"""The outbox drained by four instances on one PostgreSQL beside four workers of Procrastinate."""

from __future__ import annotations

import asyncio
import sys
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection

from bot.gathering import Gathering
from bot.leases import BATCH, LEASE
from bot.receipts import Receipt, begin, keep
from rules.notices import Card
from storage import outbox
from storage.outbox import Arrived
from storage.store import Store
from tests.bench.measure import Row, Size
from tests.bench.peers import Procrastinate, procrastinate_worker, together
from tests.postgres import Server

OURS = "Docket: claimed by lease, begun, receipt kept; 4 instances"
#: So many conversations, each in its own order.
LANES = 500
WORKERS = 4


async def drained(size: Size, server: Server) -> Row:
    """Notices a second through the queue alone: nothing is worded and nothing sent, nor is it by the peer."""
    peer = "Procrastinate, empty jobs, 4 workers"
    row = Row(
        work=f"outbox drained, {size.drained:,} notices, PostgreSQL", unit="a second", ours=OURS, aims={peer: 5.0}
    )
    url = server.fresh()
    store = Store.open(url)
    theirs = Procrastinate(server.fresh(), size)
    for _ in range(min(size.rounds, 3)):
        await store.write(lambda conn: _fill(conn, size.drained))
        own = [sys.executable, "-m", "tests.bench.draining", url]
        row.add(OURS, size.drained / await asyncio.to_thread(together, [own] * WORKERS))
        theirs.put(size.drained // 10)  # enough to see its pace
        peers = [procrastinate_worker(theirs.dsn)] * WORKERS
        row.add(peer, (size.drained // 10) / await asyncio.to_thread(together, peers))
    store.close()
    return row


def _fill(conn: Connection, count: int) -> None:
    now = datetime.now(UTC)
    for n in range(count):
        outbox.put(
            conn, "main", f"mail:p{n % LANES}@x.example", Card(item=f"REF-{n}", to="requester"), now, story=str(n)
        )


async def drain(url: str) -> None:
    """One instance: claim, begin, keep the receipts, until nothing waits."""
    store = Store.open(url)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()
    now = datetime.now(UTC) + timedelta(seconds=1)

    beginning, arriving = Gathering(store, begin), Gathering(store, keep)

    async def serve(id: str) -> None:
        """As the courier does: the send is begun in one transaction, its receipt kept in another."""
        assert await beginning.add([id])
        receipt = Receipt(ws="main", arrived=[Arrived(id, "p", "m", now)], binds={f"mail:{id}": "REF-1"})
        await arriving.add(receipt)

    while True:
        claimed = await store.write(lambda conn: outbox.claim(conn, now, LEASE.total_seconds(), BATCH))
        if not claimed:
            if await store.read(outbox.next_ready) is None:
                break
            await asyncio.sleep(0.005)
            continue
        await asyncio.gather(*(serve(each.id) for each in claimed))
    sys.stdout.write("done\n")
    sys.stdout.flush()
    store.close()


if __name__ == "__main__":
    asyncio.run(drain(sys.argv[1]))
