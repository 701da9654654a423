"""Statements of the hot transaction, rendered once: SQLAlchemy's building of each call costs more than running it.

A take runs about 17 statements. One costs 14 to 18 µs of processor through `Connection.execute` and 6 to 7 µs as ready
text through the same engine (its events, errors and pool), which `make bench` shows as takes a second. The Core
statement stays the one source: its text, its parameters' order and its types' conversions are taken from it.
"""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, CursorResult, Dialect, bindparam
from sqlalchemy.sql.expression import SelectBase

Convert = Callable[[Any], Any]
Parameters = tuple[Any, ...] | dict[str, Any]


#: psycopg keeps the parsed form of statements with no more than these.
PARAMETERS = 50


class Rendered:
    """A statement, or one by dialect name. `columns`: those that an INSERT is given."""

    def __init__(self, statement: Any, columns: Sequence[str] = ()) -> None:
        self._statement, self._columns = statement, list(columns) or None
        self._made: dict[tuple[str, int], _Text] = {}

    def run(self, conn: Connection, values: Mapping[str, Any]) -> int:
        """Run it and give the number of rows it changed."""
        return self._for(conn).go(conn, values).rowcount

    def run_each(self, conn: Connection, rows: Iterable[Mapping[str, Any]]) -> None:
        """Run it for each of these; there must be one, and none that changes what another one made."""
        each = list(rows)
        if conn.dialect.name == "postgresql" and self._columns:
            # As INSERTs of many rows: there a way to the server and back costs more than a row.
            most = PARAMETERS // len(self._columns)
            for part in (each[start : start + most] for start in range(0, len(each), most)):
                together = {f"{name}_{n}": values[name] for n, values in enumerate(part) for name in self._columns}
                self._for(conn, len(part)).go(conn, together)
            return
        made = self._for(conn)
        given: Any = [made.bound(values) for values in each]
        conn.exec_driver_sql(made.sql, given)

    def rows(self, conn: Connection, values: Mapping[str, Any]) -> list[Any]:
        """Run it and give its rows, named as its columns are."""
        made = self._for(conn)
        found = made.go(conn, values)
        return [
            made.row(*[read(value) if read else value for read, value in zip(made.reads, row, strict=True)])
            for row in found
        ]

    def scalars(self, conn: Connection, values: Mapping[str, Any]) -> list[Any]:
        """The first column of its rows."""
        made = self._for(conn)
        found, read = made.go(conn, values), made.reads[0]
        return [read(row[0]) if read else row[0] for row in found]

    def _for(self, conn: Connection, count: int = 0) -> _Text:
        """The text that is run by itself, or an INSERT's for so many rows."""
        name = conn.dialect.name
        if (made := self._made.get((name, count))) is None:
            one = self._statement[name] if isinstance(self._statement, Mapping) else self._statement
            columns = self._columns
            if count and columns:
                kinds = one.table.c
                one = one.values(
                    [{c: bindparam(f"{c}_{n}", type_=kinds[c].type) for c in columns} for n in range(count)]
                )
                columns = None
            made = self._made[name, count] = _render(one, columns, conn.dialect)
        return made


@dataclass(frozen=True, slots=True)
class _Text:
    """The text for one dialect, its parameters (name, conversion, value where it is always the same), its rows."""

    sql: str
    positional: bool
    takes: tuple[tuple[str, Convert | None], ...]
    always: Mapping[str, Any]
    row: Callable[..., Any]
    reads: tuple[Convert | None, ...]

    def go(self, conn: Connection, values: Mapping[str, Any]) -> CursorResult[Any]:
        return conn.exec_driver_sql(self.sql, self.bound(values))

    def bound(self, values: Mapping[str, Any]) -> Parameters:
        if self.always:
            values = {**self.always, **values}
        if self.positional:
            return tuple([values[name] if write is None else write(values[name]) for name, write in self.takes])
        return {name: values[name] if write is None else write(values[name]) for name, write in self.takes}


def _render(statement: Any, columns: list[str] | None, dialect: Dialect) -> _Text:
    compiled: Any = statement.compile(dialect=dialect, column_keys=columns)
    if "POSTCOMPILE" in compiled.string or compiled.insert_prefetch or compiled.update_prefetch:
        raise TypeError("a list of any length, or a column that fills itself in, needs SQLAlchemy at each call")
    binds: Mapping[str, Any] = {name: bind for bind, name in compiled.bind_names.items()}
    positional = bool(compiled.positional)
    names: Sequence[str] = compiled.positiontup if positional else tuple(binds)
    takes = tuple((name, _impl(binds[name].type, dialect).bind_processor(dialect)) for name in names)
    given = set(columns or ())
    always = {name: b.effective_value for name, b in binds.items() if not b.required and name not in given}
    # what a SELECT gives, or the RETURNING of another
    out: Any = statement.selected_columns if isinstance(statement, SelectBase) else statement.exported_columns
    return _Text(
        sql=compiled.string,
        positional=positional,
        takes=takes,
        always=always,
        row=namedtuple("Row", [column.key for column in out], rename=True),
        reads=tuple(_impl(column.type, dialect).result_processor(dialect, None) for column in out),
    )


def _impl(kind: Any, dialect: Dialect) -> Any:
    return kind.dialect_impl(dialect)
