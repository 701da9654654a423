"""What a start makes stays as long as the program: the garbage collector is spared it, then and ever after."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def for_good() -> Iterator[None]:
    """Around what makes much that stays: imports, the rulebook, the composition.

    Meanwhile no garbage is looked for, which is a fifth of a start, and afterwards never among what was made here,
    which is nearly all that a look through everything would have to walk (Python's page "gc", `freeze`).
    """
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()
