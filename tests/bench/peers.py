"""Schedulers and queues by their own programs, asked for the least: to mark a job done."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
from apscheduler.events import EVENT_JOB_ERROR, EVENT_JOB_EXECUTED, EVENT_JOB_MISSED
from sqlalchemy import create_engine, make_url, text

from tests.bench.measure import Size, quantile

DBOS_NAME = "DBOS, empty workflows, no others pending"
FAR = datetime(2036, 1, 1, tzinfo=UTC)


def schedulers(engine: str, url: Callable[[], str], size: Size) -> tuple[dict[str, Any], dict[str, str]]:
    """Those that keep their jobs in such a database, each with so many pending; and why others are left out."""
    found: dict[str, Any] = {"APScheduler's SQLAlchemyJobStore, empty jobs": Apscheduler(url(), size)}
    missing: dict[str, str] = {}
    if engine == "PostgreSQL":
        found["Procrastinate, empty jobs"] = Procrastinate(url(), size)
    else:
        missing["Procrastinate"] = "it keeps its jobs in PostgreSQL alone"
    try:
        found[DBOS_NAME] = Dbos(url(), size)
    except Exception as problem:  # whatever it says, the row says it
        missing["DBOS"] = f"{type(problem).__name__}: {problem}".splitlines()[0][:150]
    return found, missing


def done_nothing() -> None:
    """The job that does nothing."""


class Apscheduler:
    """Its job store with pending rows that were put there as it writes them; the due ones by its own scheduler."""

    def __init__(self, url: str, size: Size) -> None:
        from apscheduler.jobstores.sqlalchemy import SQLAlchemyJobStore
        from apscheduler.schedulers.background import BackgroundScheduler

        self._size = size
        self._engine = create_engine(url)
        self._store = SQLAlchemyJobStore(engine=self._engine)
        self._scheduler = BackgroundScheduler(jobstores={"default": self._store}, timezone=UTC)
        self._scheduler.start(paused=True)
        self._scheduler.add_job(done_nothing, "date", run_date=FAR, id="one")
        numbers = (
            "SELECT n FROM generate_series(1, :count) AS s(n)"
            if url.startswith("postgresql")
            else "WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < :count) SELECT n FROM s"
        )
        with self._engine.begin() as conn:
            conn.execute(
                text(
                    "INSERT INTO apscheduler_jobs (id, next_run_time, job_state)"
                    " SELECT 'p' || n, j.next_run_time + n, j.job_state"
                    f" FROM ({numbers}) AS numbered, apscheduler_jobs AS j WHERE j.id = 'one'"
                ),
                {"count": size.pending},
            )

    def thousand(self) -> float:
        """Seconds for 1,000 due."""
        done, left = threading.Event(), self._size.due

        def count(_event: object) -> None:
            nonlocal left
            left -= 1
            if left <= 0:
                done.set()

        self._scheduler.add_listener(count, EVENT_JOB_EXECUTED | EVENT_JOB_ERROR | EVENT_JOB_MISSED)
        past = datetime.now(UTC) - timedelta(seconds=1)
        for n in range(self._size.due):
            self._scheduler.add_job(done_nothing, "date", run_date=past, id=f"d{n}", misfire_grace_time=None)
        began = time.perf_counter()
        self._scheduler.resume()
        done.wait(300)
        seconds = time.perf_counter() - began
        self._scheduler.pause()
        self._scheduler.remove_listener(count)
        return seconds / self._size.due * 1000

    def close(self) -> None:
        self._scheduler.shutdown(wait=False)
        self._engine.dispose()


class Procrastinate:
    """Its own worker on its own tables; pending rows were put there by SQL."""

    def __init__(self, url: str, size: Size) -> None:
        import procrastinate

        self._size = size
        self.dsn = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
        with procrastinate.App(connector=procrastinate.SyncPsycopgConnector(conninfo=self.dsn)).open() as app:
            app.schema_manager.apply_schema()
        with psycopg.connect(self.dsn, autocommit=True) as conn:
            conn.execute(
                "INSERT INTO procrastinate_jobs (queue_name, task_name, scheduled_at)"
                " SELECT 'later', 'nothing', timestamptz '2036-01-01' FROM generate_series(1, %s)",
                (size.pending,),
            )
            conn.execute("ANALYZE procrastinate_jobs")

    def put(self, count: int, at: str = "NULL") -> None:
        """Queue so many; `at`: when they are scheduled, by SQL with their number n."""
        with psycopg.connect(self.dsn, autocommit=True) as conn:
            conn.execute(
                "INSERT INTO procrastinate_jobs (queue_name, task_name, scheduled_at)"
                f" SELECT 'now', 'nothing', {at} FROM generate_series(1, %s) AS s(n)",
                (count,),
            )

    def thousand(self) -> float:
        """Seconds for 1,000 due."""
        self.put(self._size.due, "now() - interval '1 s'")
        return asyncio.run(self._work()) / self._size.due * 1000

    async def _work(self) -> float:
        import procrastinate

        app = procrastinate.App(connector=procrastinate.PsycopgConnector(conninfo=self.dsn))
        app.task(name="nothing", queue="now")(done_nothing)
        began = time.perf_counter()
        async with app.open_async():
            await app.run_worker_async(queues=["now"], wait=False, concurrency=8, install_signal_handlers=False)
        return time.perf_counter() - began

    def late(self) -> float:
        """p99 in ms from scheduled to begun, 100 a second, with its default poll for what is scheduled."""
        count = 100 * self._size.late_seconds
        found: list[float] = asyncio.run(self._late(count))
        return quantile(found, 0.99) * 1000

    async def _late(self, count: int) -> list[float]:
        import procrastinate

        app = procrastinate.App(connector=procrastinate.PsycopgConnector(conninfo=self.dsn))
        found: list[float] = []

        async def nothing(context: Any) -> None:
            found.append((datetime.now(UTC) - context.job.scheduled_at).total_seconds())

        app.task(name="nothing", queue="now", pass_context=True)(nothing)
        self.put(count, "now() + interval '1 s' + n * interval '10 ms'")
        async with app.open_async():
            worker = asyncio.create_task(
                app.run_worker_async(queues=["now"], concurrency=8, install_signal_handlers=False)
            )
            until = time.monotonic() + self._size.late_seconds * 4 + 30
            while len(found) < count and time.monotonic() < until:
                await asyncio.sleep(0.1)
            worker.cancel()
            await asyncio.gather(worker, return_exceptions=True)
        return found

    def close(self) -> None:
        pass


WORKER = """
import asyncio, sys, procrastinate
app = procrastinate.App(connector=procrastinate.PsycopgConnector(conninfo=sys.argv[1]))
app.task(name="nothing", queue="now")(lambda: None)
async def main():
    async with app.open_async():
        print("ready", flush=True)
        sys.stdin.readline()
        await app.run_worker_async(queues=["now"], wait=False, concurrency=8, install_signal_handlers=False)
        print("done", flush=True)
asyncio.run(main())
"""


def together(programs: list[list[str]]) -> float:
    """Seconds from the word to start until all these programs, which were ready, are done."""
    running = [
        subprocess.Popen(p, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        for p in programs
    ]
    for each in running:
        assert each.stdout is not None
        each.stdout.readline()
    began = time.perf_counter()
    for each in running:
        assert each.stdin is not None
        each.stdin.write("go\n")
        each.stdin.flush()
    for each in running:
        assert each.stdout is not None
        assert each.stdout.readline().strip() == "done", "a worker failed"
    seconds = time.perf_counter() - began
    for each in running:
        each.communicate()
    return seconds


def procrastinate_worker(dsn: str) -> list[str]:
    """A worker program of its own."""
    return [sys.executable, "-c", WORKER, dsn]


class Dbos:
    """An empty workflow for each, delayed to its time, in a process of its own: it is one to a process.

    None others are pending: only its own API can put them there, five milliseconds each.
    """

    def __init__(self, url: str, size: Size) -> None:
        self._size, self._url = size, url
        self._run(1, 0)  # its tables, and whether it runs here at all

    def thousand(self) -> float:
        """Seconds from when 1,000 are due to the last one done."""
        return self._run(self._size.due, 0)[0] / self._size.due * 1000

    def late(self) -> float:
        """p99 in ms from due to begun, 100 a second."""
        return self._run(100 * self._size.late_seconds, 0.01)[1] * 1000

    def _run(self, count: int, apart: float) -> tuple[float, float]:
        program = [sys.executable, "-c", DBOS, self._url, str(count), str(apart)]
        done = subprocess.run(program, capture_output=True, text=True, timeout=600)
        said = (done.stdout + done.stderr).strip().splitlines()
        if done.returncode:
            raise RuntimeError(said[-1] if said else "it ended without a word")
        all_done, late = (line for line in done.stdout.splitlines() if line.startswith("measured"))
        return float(all_done.split()[1]), float(late.split()[1])

    def close(self) -> None:
        pass


DBOS = """
import sys, time
from dbos import DBOS, SetEnqueueOptions
url, count, apart = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
DBOS(config={"name": "bench", "system_database_url": url, "run_admin_server": False, "log_level": "ERROR"})
@DBOS.workflow()
def nothing(due):
    return time.time() - due
DBOS.launch()
DBOS.register_queue("bench", polling_interval_sec=0.1)
first = time.time() + 2 + count * 0.02
handles = []
for n in range(count):
    due = first + n * apart
    with SetEnqueueOptions(delay_seconds=due - time.time()):
        handles.append(DBOS.enqueue_workflow("bench", nothing, due))
late = sorted(handle.get_result() for handle in handles)
print("measured", time.time() - first)
print("measured", late[int(len(late) * 0.99)])
DBOS.destroy()
"""
