"""How often an address may be asked for: a tap for each key that runs dry and fills again (a token bucket)."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable

#: What is forgotten first is what was used longest ago: a flood of made-up keys costs no memory.
_REMEMBERED = 10_000


class Taps:
    """`burst` at once and `per_minute` for each key; `monotonic` gives seconds."""

    def __init__(self, monotonic: Callable[[], float], *, burst: int = 30, per_minute: float = 30) -> None:
        self._monotonic, self._burst, self._per_second = monotonic, burst, per_minute / 60
        self._taps: OrderedDict[str, tuple[float, float]] = OrderedDict()  # what is left, and when that was

    def open(self, key: str) -> bool:
        """Whether `key` may pass once more now."""
        now = self._monotonic()
        left, at = self._taps.pop(key, (float(self._burst), now))
        left = min(float(self._burst), left + (now - at) * self._per_second)
        passes = left >= 1
        self._taps[key] = (left - passes, now)
        if len(self._taps) > _REMEMBERED:
            self._taps.popitem(last=False)
        return passes
