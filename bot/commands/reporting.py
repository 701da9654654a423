"""`docketbot report`: a question to the ledger, as a table, JSON or CSV."""

from __future__ import annotations

import csv
import sys
from datetime import UTC, date, datetime, time
from typing import Annotated, Any

import typer

from bot.commands.ledger import harmless
from bot.commands.opening import over
from bot.terminal import data, finish, inert, local, say, stop, table


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
            writer.writerows([harmless(_in_csv(cell)) for cell in row] for row in found.rows)
        elif not found.rows:
            say(found.empty)
        else:
            say(found.asks)
            if found.tells:
                say(found.tells)
            kinds = [kind for _, kind in found.columns]
            heads = tuple(column.replace("_", " ").upper() for column, _ in found.columns)
            zone = books.current.timezone
            table(heads, [tuple(_read(c, k, zone) for c, k in zip(row, kinds, strict=True)) for row in found.rows])

    over(work)


def model(
    name: Annotated[str | None, typer.Argument(metavar="[WORKFLOW]", help="Which workflow; else all of them.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON, for programs.")] = False,
) -> None:
    """A workflow on one page, as the rulebook has it: who does what until when, what stops it, what proves it.

    Example: docketbot model refund
    """
    from bot.config import rulebook, settings

    async def work() -> None:
        from bot.digest_command import in_words
        from rules.model import model_json
        from rules.wording.model import page

        book, _ = rulebook(settings().rulebook)
        flows = [flow for flow in book.workflows.values() if not flow.built_in and name in (None, flow.name)]
        if not flows:
            known = ", ".join(flow.name for flow in book.workflows.values() if not flow.built_in)
            stop(f"The rulebook has no workflow `{name}`. It has: {known}.")
        if as_json:
            found = [model_json(flow, book) for flow in flows]
            data(found[0] if name else found)
            return
        now = datetime.now(UTC)
        typer.echo("\n".join(inert(in_words(page(flow, book), book, now)) for flow in flows))

    finish(work)


def _plain(cell: Any) -> Any:
    """For programs: times as RFC 3339 in UTC, hours and shares rounded."""
    from rules.entries import stamp

    if isinstance(cell, datetime):
        return stamp(cell)
    if isinstance(cell, tuple):
        return list(cell)
    return round(cell, 4) if isinstance(cell, float) else cell


def _in_csv(cell: Any) -> str:
    """A cell of a spreadsheet; several keys stand in one, a blank apart."""
    plain = _plain(cell)
    return "" if plain is None else " ".join(plain) if isinstance(plain, list) else str(plain)


def _read(cell: Any, kind: Any, zone: str) -> str:
    """For people at a terminal."""
    from rules.wording.reports import figure

    if isinstance(cell, datetime):
        return local(cell, zone)
    return "" if cell is None else figure(kind, cell)
