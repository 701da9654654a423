"""The heartbeat: fetches an address outside after each healthy round, so that somebody hears when it stops."""

from __future__ import annotations

import aiohttp

TIMEOUT_SECONDS = 10.0


async def beat(url: str) -> str:
    """Fetch `url` once; "" where it answered below 400, else what was wrong, without the address: it is a secret."""
    try:
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=TIMEOUT_SECONDS)) as session,
            session.get(url) as answer,
        ):
            return "" if answer.status < 400 else f"it answered {answer.status}"
    except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as problem:
        return type(problem).__name__
