"""`make bench`: every comparison in turn; each prints ratios against a named peer, measured in one run."""

from __future__ import annotations

import asyncio

from tests.bench import desk, intake, mail

if __name__ == "__main__":
    asyncio.run(intake.compare())
    asyncio.run(desk.compare())
    asyncio.run(mail.compare())
