"""Starts a demo, looks at its page and ends it with Ctrl-C, as a newcomer does: `python demo_page.py make demo`."""

from __future__ import annotations

import contextlib
import os
import queue
import re
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Sequence
from pathlib import Path

STARTS_WITHIN_SECONDS = 60.0
ENDS_WITHIN_SECONDS = 20.0


class Silent(Exception):
    """No page: it ended, or it did not say its address in time. The words are what it printed."""


def visit(
    command: Sequence[str | Path],
    folder: Path,
    patience_seconds: float = STARTS_WITHIN_SECONDS,
) -> tuple[str, int]:
    """The page's HTML, and the exit code after Ctrl-C. Raises Silent; leaves no process behind."""
    child = subprocess.Popen(
        [*command], cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True, start_new_session=True,
    )  # fmt: skip
    try:
        # Past any proxy of the environment: the page is on this machine.
        directly = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with directly.open(_address(child, patience_seconds), timeout=ENDS_WITHIN_SECONDS) as answer:
            page = answer.read().decode()
        # To the whole group, as a terminal does: `make` has the demo as its child.
        os.killpg(child.pid, signal.SIGINT)
        return page, child.wait(ENDS_WITHIN_SECONDS)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)
        child.wait()


def _address(child: subprocess.Popen[str], patience_seconds: float) -> str:
    # A thread reads for as long as the child talks: the wait can end, and the child never blocks on a full pipe.
    said: queue.Queue[str | None] = queue.Queue()
    threading.Thread(target=_listen, args=(child, said), daemon=True).start()
    heard, until = "", time.monotonic() + patience_seconds
    with contextlib.suppress(queue.Empty):
        while (line := said.get(timeout=max(0.0, until - time.monotonic()))) is not None:
            heard += line
            if found := re.search(r"http://127\.0\.0\.1:\d+/", line):
                return found.group()
    raise Silent(heard or "it said nothing")


def _listen(child: subprocess.Popen[str], said: queue.Queue[str | None]) -> None:
    assert child.stdout is not None
    for line in child.stdout:
        said.put(line)
    said.put(None)


if __name__ == "__main__":
    # In CI, `make demo` may have to set itself up first.
    html, _ = visit(sys.argv[1:], Path.cwd(), patience_seconds=600)
    if "Docket" not in html:
        sys.exit("The page does not name Docket.")
    sys.stdout.write(f"{' '.join(sys.argv[1:])}: the page answers\n")
