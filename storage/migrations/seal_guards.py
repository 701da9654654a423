"""The triggers of migration 0003: seals and what they cover are written once, as entries are.

Once released this file stays as it is, like every migration; `docket_refuse` is a function of migration 0001.
"""

from __future__ import annotations

_KEYS = {"seals": "n = NEW.n", "sealed": "item = NEW.item AND seq = NEW.seq"}
_RAISE = "BEGIN SELECT RAISE(ABORT, 'a seal stands'); END"

_SQLITE = tuple(
    f"CREATE TRIGGER {table}_no_{what} BEFORE {when} {_RAISE}"
    for table, key in _KEYS.items()
    for what, when in (
        ("update", f"UPDATE ON {table}"),
        ("delete", f"DELETE ON {table}"),
        # INSERT OR REPLACE deletes the old row without asking the DELETE trigger
        (
            "replace",
            f"INSERT ON {table} WHEN EXISTS (SELECT 1 FROM {table} WHERE workspace = NEW.workspace AND {key})",  # noqa: S608
        ),
    )
)
_POSTGRESQL = tuple(
    f"CREATE TRIGGER {table}_stands BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}"
    " FOR EACH STATEMENT EXECUTE FUNCTION docket_refuse('a seal stands')"
    for table in _KEYS
)

STATEMENTS = {"sqlite": _SQLITE, "postgresql": _POSTGRESQL}
