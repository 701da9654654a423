"""How the command line speaks: data on stdout, talk on stderr, sentences instead of tracebacks."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import sys
import traceback
from collections.abc import Callable, Coroutine, Sequence
from datetime import datetime
from typing import Any, NoReturn, TypeVar
from zoneinfo import ZoneInfo

import typer

from rules.messages import Line, Link, Quote, Strong, When, Who

T = TypeVar("T")
log = logging.getLogger(__name__)


def say(text: str) -> None:
    """Talk: to stderr, so that data can be piped."""
    typer.echo(text, err=True)


def stop(sentence: str, code: int = 2) -> NoReturn:
    """End with a sentence and an exit code: 1 the answer is no, 2 wrong use or configuration."""
    say(sentence)
    raise typer.Exit(code)


def finish(work: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """Run a coroutine to its end; what can be mended by the reader ends in its sentence and exit code 2."""
    try:
        return asyncio.run(work())
    except KeyboardInterrupt:
        stop("Stopped.", 130)
    except (typer.Exit, typer.Abort):
        raise
    except BrokenPipeError:
        # `docketbot ledger export | head`: nobody reads on. Python itself would complain once more at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise typer.Exit(0) from None
    except Exception as problem:
        # Here, because what they come from costs more time than `--help` has.
        from bot.config import Misconfigured
        from storage.failures import Unavailable, Unusable

        if isinstance(problem, Misconfigured | Unavailable | Unusable):
            stop(str(problem))
        if logging.getLogger().handlers:  # else the last resort of `logging` would show its reader a traceback
            log.exception("a command failed")
        last = traceback.extract_tb(problem.__traceback__)[-1]
        stop(f"That did not work ({type(problem).__name__} in {last.name}, line {last.lineno}). Please report it.")


def data(value: object) -> None:
    """A value as JSON on stdout."""
    json.dump(value, sys.stdout, ensure_ascii=False, indent=2)
    sys.stdout.write("\n")


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Rows under a heading, aligned, on stdout; readable when piped, without colours or frames."""
    lines = [tuple(head), *(tuple(visible(cell) for cell in row) for row in rows)]
    widths = [max(len(line[n]) for line in lines) for n in range(len(head))]
    for line in lines:
        typer.echo("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())


def inert(text: str) -> str:
    """Words of several lines that no terminal takes for commands: strangers wrote some of them."""
    return "".join(c if c.isprintable() or c == "\n" else " " for c in text).rstrip("\n")


def visible(text: str) -> str:
    """Strangers' text for a terminal: one line, no control characters (escape sequences could paint it)."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def flat(line: Line, names: Callable[[str], str], zone: str) -> str:
    """A line of a message in plain words."""
    words = []
    for part in line:
        match part:
            case str():
                words.append(part)
            case When(at=at, form=form):
                words.append(local(at, zone, form))
            case Who(identity=identity):
                words.append(names(identity))
            case Strong(text=text):
                words.append(text)
            case Quote(text=text):
                words.append(f'"{text}"')
            case Link(url=url, label=label):
                words.append(f"{label} ({url})")
    return visible("".join(words)) if words else ""


def local(at: datetime, zone: str, form: str = "both") -> str:
    """A UTC moment on a reader's wall clock: `Fri Nov 20 11:30`."""
    there = at.astimezone(ZoneInfo(zone))
    return there.strftime({"time": "%H:%M", "day": "%a %b %d"}.get(form, "%a %b %d %H:%M"))
