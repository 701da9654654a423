"""A report as a message: the question, a line for each row, and where the rest is."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from rules.messages import Line, Message, Part, Row, Section, Strong, When, Who
from rules.reports import QUESTIONS, Cell, Kind, Report

ROWS: Final = 15
#: What is asked for like a report, and is one page of a workflow.
MODEL: Final = "model"
#: Of the items that a row comes from, so many are named; all are in the JSON and the CSV.
KEYS: Final = 5


def reported(report: Report, since: datetime) -> Message:
    """The report with its first rows; `since` (UTC) is the beginning of the time that it covers."""
    rows = tuple(Row(line=_line(report, row)) for row in report.rows[:ROWS])
    more = len(report.rows) - len(rows)
    section = Section(
        heading="",
        rows=rows or (Row(line=(report.empty,)),),
        rest=f"and {more} more: `docketbot report {report.name} --csv`" if more > 0 else "",
    )
    return Message(
        subject=f"report {report.name}",
        headline=(Strong(report.asks),),
        lines=((report.tells,),) if report.tells else (),
        sections=(section,),
        small=(("Since ", When(since, "day"), ". Private work is in no report."),),
    )


def offered() -> Message:
    """The reports that there are."""
    asks = {name: (question.__doc__ or "").strip() for name, question in QUESTIONS.items()}
    asks[f"{MODEL} WORKFLOW"] = "A workflow on one page: who does what until when, what stops it, what proves it?"
    rows = tuple(Row(line=(Strong(f"/docket report {name}"), f"  {each}")) for name, each in asks.items())
    return Message(subject="reports", headline=("Which report?",), sections=(Section(heading="", rows=rows),))


def _line(report: Report, row: tuple[Cell, ...]) -> Line:
    """`REF-12 · refund · owner Dana · ...`: the first cell stands for itself, numbers and times carry their column."""
    parts: list[Part] = []
    for (name, kind), cell in zip(report.columns, row, strict=True):
        if cell is None or cell in ("", ()):
            continue
        parts += [" · " if parts else "", *_cell(name.replace("_", " "), kind, cell, first=not parts)]
    return tuple(part for part in parts if part)


def _cell(name: str, kind: Kind, cell: Cell, *, first: bool) -> Line:
    match kind, cell:
        case "time", datetime():
            return (f"{name.removesuffix(' at')} ", When(cell))
        case "person", str():
            return (Who(cell),) if first else (f"{name} ", Who(cell))
        case "hours" | "share" | "points" | "change" | "number", _:
            return (f"{name} {figure(kind, cell)}",)
        case _:
            return (Strong(figure(kind, cell)),) if first else (figure(kind, cell),)


def figure(kind: Kind, cell: Cell) -> str:
    """A cell without times in words: `5.2 h`, `40%`, `+3`, of several keys the first ones."""
    match kind, cell:
        case "hours", float() | int():
            return f"{cell:,.1f} h"
        case "share", float() | int():
            return f"{cell:.0%}"
        case "points", float() | int():
            return f"{100 * cell:+.0f} points"
        case "change", int():
            return f"{cell:+,}"
        case "change", float():
            return f"{cell:+,.2f}"
        case "number", float():
            return f"{cell:,.2f}"
        case _, tuple():
            more = f" and {len(cell) - KEYS} more" if len(cell) > KEYS else ""
            return ", ".join(cell[:KEYS]) + more
        case _:
            return str(cell)
