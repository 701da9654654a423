"""`ledger verify` and `ledger export`: the record, proved and handed out."""

from __future__ import annotations

import csv
import json
import sys
from datetime import UTC, date, datetime, time
from enum import StrEnum
from typing import Annotated, Any

import typer

from bot.commands.looking import Private, veiled
from bot.commands.opening import over
from bot.terminal import say, stop

#: What begins a formula; spreadsheets skip the white space before it and know the wide forms, too.
_FORMULA = ("=", "+", "-", "@", "＝", "＋", "－", "＠")

app = typer.Typer(no_args_is_help=True, help="The record: prove it, or hand it out.")


class ExportFormat(StrEnum):
    """How entries are written."""

    jsonl = "jsonl"
    csv = "csv"


@app.command()
def verify(
    expect: Annotated[
        list[str] | None,
        typer.Option("--expect", help="A seal that must be there, as a digest shows it (9c41-77ab), or all of it."),
    ] = None,
) -> None:
    """Check every hash and seal, and replay everything. Example: docketbot ledger verify --expect 9c41-77ab"""

    async def work(store: Any, books: Any) -> None:
        from bot.verifying import verified
        from storage.seal_proof import readable

        for said in expect or ():
            if not readable(said):
                stop(f"`{said}` is no seal. A digest ends with one, such as 9c41-77ab.")
        count, broken = await verified(store, books.workspace, say, expect or ())
        for line in broken:
            typer.echo(line)
        if broken:
            stop(f"The ledger does not hold: {len(broken)} breaches.", 1)
        say(f"The ledger holds: {count} items replayed, every hash right.")

    over(work)


@app.command()
def export(
    form: Annotated[ExportFormat, typer.Option("--format", help="jsonl or csv.")] = ExportFormat.jsonl,
    since: Annotated[str | None, typer.Option("--since", help="From that day on (2026-11-01, UTC).")] = None,
    private: Private = False,
) -> None:
    """Every entry, oldest first, on stdout. Example: docketbot ledger export --format csv --since 2026-11-01"""
    try:
        start = datetime.combine(date.fromisoformat(since), time(0), UTC) if since else None
    except ValueError:
        stop(f"`{since}` is no day. Write it like 2026-11-01.")

    async def work(store: Any, books: Any) -> None:
        from rules.record import entry_json, veil
        from storage import items, ledger

        def touched(conn: Any) -> list[Any]:
            keys = dict.fromkeys(each.entry.item for each in ledger.every(conn, books.workspace, start))
            return [item for key in keys if key and (item := items.load(conn, books.workspace, key)) is not None]

        hidden = await veiled(store, books, await store.read(touched), "ledger export", private=private)

        def write(conn: Any) -> None:
            writer = csv.writer(sys.stdout)
            if form is ExportFormat.csv:
                writer.writerow(("item", "seq", "at", "kind", "by", "via", "data", "hash"))
            for recorded in ledger.every(conn, books.workspace, start):
                key = recorded.entry.item
                shown = entry_json(recorded.seq, recorded.entry, recorded.hash)
                # The private lane: that something happened may be known, what and to whom may not.
                entry = {"item": key, **(veil(shown) if key in hidden else shown)}
                if form is ExportFormat.jsonl:
                    sys.stdout.write(json.dumps(entry, ensure_ascii=False) + "\n")
                else:
                    flat = {**entry, "by": entry["by"] or "", "data": json.dumps(entry["data"], ensure_ascii=False)}
                    writer.writerow([harmless(str(value)) for value in flat.values()])

        await store.read(write)

    over(work)


def harmless(cell: str) -> str:
    """A CSV cell that no spreadsheet takes for a formula (OWASP, "CSV Injection")."""
    risky = cell.startswith(("\t", "\r", "\n")) or cell.lstrip().startswith(_FORMULA)
    return f"'{cell}" if risky else cell
