"""Regular expressions of a rulebook: RE2, because strangers write the text that they run on.

RE2 runs in time linear in the text (https://github.com/google/re2, "Why RE2"): it has no backreferences and no
lookaround, and a pattern that would need too much memory is refused when it is compiled.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import re2

# Enough for every honest pattern; `(a{1,1000}){1,1000}` needs more and is refused instead of compiled.
_MEMORY_BYTES = 8 << 20
_LONGEST = 1_000


class PatternError(ValueError):
    """The pattern can't be used; the message is a sentence without its full stop."""


@lru_cache(maxsize=1024)
def compiled(pattern: str) -> Any:
    """The compiled pattern: has `search`, `fullmatch`, `finditer` like `re`. Raises PatternError."""
    if len(pattern) > _LONGEST:
        raise PatternError(f"the pattern is longer than {_LONGEST} characters")
    options = re2.Options()
    options.log_errors = False
    options.max_mem = _MEMORY_BYTES
    try:
        return re2.compile(pattern, options)
    except re2.error as problem:
        said = problem.args[0] if problem.args else ""
        reason = said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)
        raise PatternError(f"RE2 can't read the pattern `{shortened(pattern)}`: {shortened(reason)}") from None


def shortened(text: str, longest: int = 60) -> str:
    """A text for a sentence: cut where it is long."""
    return text if len(text) <= longest else text[: longest - 3] + "..."
