"""What is counted and measured while the bot works, for Prometheus: no name, no key, no private code in any label."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest

from bot.logs import STORIES, story
from handlers.ports import Taken
from storage.outbox import Claimed

log = logging.getLogger(STORIES)

#: Bounds of seconds: a take is milliseconds, a due time that fired after a stop is hours late.
_TAKE = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10)
_LATE = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 3600, 86400)


@dataclass(slots=True)
class Take:
    """One take under way."""

    kind: str
    outcome: str = "failed"

    def became(self, taken: Taken) -> Taken:
        """What came of it, which it gives back."""
        self.outcome = "repeat" if taken.repeat else "taken"
        if taken.ignored:
            self.outcome = "quarantined" if taken.ignored == "quarantined" else "ignored"
        log.info("%s: %s", self.kind, self.outcome)
        return taken


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What the database says at the moment when it is asked: by channel, by exception code."""

    waiting: dict[str, tuple[int, float]]  # how many notices, how many seconds the oldest that could go
    exceptions: dict[str, int]
    sealed_at: datetime | None


class Metrics:
    """One registry for one bot, so that several in a process don't count together."""

    def __init__(self) -> None:
        own = self._registry = CollectorRegistry()
        ProcessCollector(registry=own)

        def counter(name: str, says: str, *labels: str) -> Counter:
            return Counter(f"docket_{name}", says, labels, registry=own)

        def gauge(name: str, says: str, *labels: str) -> Gauge:
            return Gauge(f"docket_{name}", says, labels, registry=own)

        def histogram(name: str, says: str, bounds: Sequence[float]) -> Histogram:
            return Histogram(f"docket_{name}", says, buckets=bounds, registry=own)

        self._takes = counter("takes", "Happenings, by kind and what came of them.", "kind", "outcome")
        self._take_seconds = histogram("take_seconds", "From the door to the commit.", _TAKE)
        self._lateness = histogram("lateness_seconds", "From when it was due to when it had fired.", _LATE)
        self._waiting = gauge("outbox_waiting", "Notices that are not sent yet.", "channel")
        self._oldest = gauge("outbox_oldest_seconds", "Since when the oldest waits that may go now.", "channel")
        self._exceptions = gauge("exceptions_open", "Undecided exceptions, public ones.", "code")
        self._deliveries = counter("deliveries", "Notices: sent, failed, put_off, dropped.", "channel", "outcome")
        self._rounds = counter("watchdog_rounds", "The watchdog's rounds: good, bad, failed.", "outcome")
        self._mended = counter("watchdog_mended", "Items whose due times it put right.")
        self._heartbeats = counter("heartbeats", "Calls of DOCKET_HEARTBEAT_URL.", "outcome")
        self._good = gauge("watchdog_good_seconds", "How long ago its last good round was; -1: none yet.")
        self._sealed = gauge("sealed_timestamp_seconds", "When the newest seal was made (Unix time).")
        for outcome in ("good", "bad", "failed"):
            self._rounds.labels(outcome)
        self._good.set(-1)

    @contextmanager
    def taking(self, kind: str) -> Iterator[Take]:
        """Count and time a take; one that never became anything has failed."""
        take, began = Take(kind), time.perf_counter()
        try:
            yield take
        finally:
            self._takes.labels(kind, take.outcome).inc()
            self._take_seconds.observe(time.perf_counter() - began)

    def fired(self, late_seconds: float) -> None:
        """A due time has fired, so much too late."""
        self._lateness.observe(late_seconds)

    def delivered(self, claims: Sequence[Claimed], outcome: str) -> None:
        """Notices that went out together were `sent`, have `failed`, were `put_off` or `dropped`; each in its story."""
        for claim in claims:
            channel, kind = claim.lane.partition(":")[0], type(claim.notice).__name__
            self._deliveries.labels(channel, outcome).inc()
            with story(claim.story):
                log.info("%s: %s by %s", kind, outcome, channel)

    def watched(self, outcome: str, mended: int = 0) -> None:
        """A round of the watchdog ended."""
        self._rounds.labels(outcome).inc()
        self._mended.inc(mended)

    def beat(self, outcome: str) -> None:
        """DOCKET_HEARTBEAT_URL was called: `answered` or `failed`."""
        self._heartbeats.labels(outcome).inc()

    def page(self, standing: Standing | None, good_seconds_ago: float | None) -> tuple[bytes, str]:
        """Everything in Prometheus' text format, with its media type; without `standing` what it held is left out."""
        for gauge in (self._waiting, self._oldest, self._exceptions):
            gauge.clear()
        if standing is not None:
            for channel, (count, seconds) in standing.waiting.items():
                self._waiting.labels(channel).set(count)
                self._oldest.labels(channel).set(seconds)
            for code, count in standing.exceptions.items():
                self._exceptions.labels(code).set(count)
            if standing.sealed_at is not None:
                self._sealed.set(standing.sealed_at.timestamp())
        self._good.set(-1 if good_seconds_ago is None else good_seconds_ago)
        return generate_latest(self._registry), "text/plain; version=0.0.4; charset=utf-8"
