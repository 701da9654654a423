"""`docketbot report`: a question to the ledger, as a table, JSON or CSV."""

from __future__ import annotations

import csv
import sys
from datetime import UTC, date, datetime, time
from typing import Annotated, Any

import typer

from bot.commands.ledger import harmless
from bot.commands.opening import over
from bot.terminal import data, local, say, stop, table


def report(
    name: Annotated[str, typer.Argument(help="Which question; `docketbot report list` names them.")] = "list",
    as_json: Annotated[bool, typer.Option("--json", help="As JSON, for programs.")] = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="As CSV, for a spreadsheet.")] = False,
    since: Annotated[str | None, typer.Option("--since", help="From that day on (UTC); else 90 days.")] = None,
) -> None:
    """A question to the ledger by its name. Example: docketbot report repeated-codes --csv"""
    from rules.reports import QUESTIONS, nearest

    if name == "list":
        table(("REPORT", "ASKS"), [(each, (question.__doc__ or "").strip()) for each, question in QUESTIONS.items()])
        return
    if name not in QUESTIONS:
        meant = f" Did you mean `{near}`?" if (near := nearest(name)) else ""
        stop(f"There is no report `{name}`.{meant} There are: {', '.join(QUESTIONS)}.")
    if as_json and as_csv:
        stop("Choose --json or --csv.")
    try:
        start = datetime.combine(date.fromisoformat(since), time(0), UTC) if since else None
    except ValueError:
        stop(f"`{since}` is no day. Write it like 2026-11-01.")

    async def work(store: Any, books: Any) -> None:
        from bot.reports import report_of
        from rules.reports import record_of

        found = await store.read(lambda conn: report_of(conn, books, name, datetime.now(UTC), start))
        if as_json:
            data([{column: _plain(cell) for column, cell in row.items()} for row in record_of(found)])
        elif as_csv:
            writer = csv.writer(sys.stdout)
            writer.writerow([column for column, _ in found.columns])
            writer.writerows([harmless(str(_plain(cell) or "")) for cell in row] for row in found.rows)
        elif not found.rows:
            say(found.empty)
        else:
            say(found.asks)
            kinds = [kind for _, kind in found.columns]
            heads = tuple(column.replace("_", " ").upper() for column, _ in found.columns)
            zone = books.current.timezone
            table(heads, [tuple(_read(c, k, zone) for c, k in zip(row, kinds, strict=True)) for row in found.rows])

    over(work)


def _plain(cell: Any) -> Any:
    """For programs: times as RFC 3339 in UTC, hours and shares rounded."""
    from rules.entries import stamp

    if isinstance(cell, datetime):
        return stamp(cell)
    return round(cell, 4) if isinstance(cell, float) else cell


def _read(cell: Any, kind: str, zone: str) -> str:
    """For people at a terminal."""
    match kind, cell:
        case _, None:
            return ""
        case "time", datetime():
            return local(cell, zone)
        case "hours", _:
            return f"{cell:.1f} h"
        case "share", _:
            return f"{cell:.0%}"
        case _:
            return str(cell)
