"""How far property tests look: a little in the suite, forty times as far in `make fuzz`."""

from __future__ import annotations

import os

FUZZ = bool(os.environ.get("DOCKET_FUZZ"))


def examples(in_the_suite: int) -> int:
    """The number of examples for this run."""
    return in_the_suite * 40 if FUZZ else in_the_suite
