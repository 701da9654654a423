"""The hash of many: a Merkle tree as RFC 9162, section 2.1.1, defines it, and how one seal is chained to the last.

Leaves and nodes are hashed with different first bytes, so that a node can never be passed off as an entry.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime

from storage.chain import canonical
from storage.columns import rfc3339

#: The short form stands in digests: so many characters of a seal's hash, in two halves (`9c41-77ab`).
SHORT = 8


def root_of(hashes: Sequence[str]) -> str:
    """The Merkle root (SHA-256, hex) of entries' hashes (hex) in their order; each is the data of a leaf."""
    row = [hashlib.sha256(b"\0" + bytes.fromhex(each)).digest() for each in hashes]
    if not row:
        return hashlib.sha256().hexdigest()
    # Level by level, an odd one out rising as it is: the same tree as the RFC's split at powers of two.
    while len(row) > 1:
        above = [hashlib.sha256(b"\1" + row[n] + row[n + 1]).digest() for n in range(0, len(row) - 1, 2)]
        row = above + row[len(above) * 2 :]
    return row[0].hex()


def sealed_hash(prev: str, ws: str, n: int, at: datetime, entries: int, root: str) -> str:
    """The hash of seal number `n` behind the one with hash `prev` ("" before the first), as SHA-256 in hex.

    Over the canonical JSON of these six values, `at` as RFC 3339 in UTC with microseconds: anybody can compute it.
    """
    document = {"prev": prev, "ws": ws, "n": n, "at": rfc3339(at), "entries": entries, "root": root}
    return hashlib.sha256(canonical(document).encode()).hexdigest()


def short(hash: str) -> str:
    """What people copy from a digest: `9c41-77ab`."""
    return f"{hash[: SHORT // 2]}-{hash[SHORT // 2 : SHORT]}"
