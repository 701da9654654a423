"""How commands talk: data on stdout, talk on stderr, and everything that goes wrong as a sentence with its exit code."""

from __future__ import annotations

import json
import logging
import re
import sys
import traceback
from typing import Any, NoReturn

import typer
from typer.core import TyperGroup

#: The answer is no: holes found, chain broken, no such item.
NO = 1
#: Wrong use or wrong configuration.
WRONG = 2

#: Terminals obey these characters, and strangers write titles and reasons. Line feeds and tabs are handled apart.
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")

log = logging.getLogger(__name__)


class Plainly(TyperGroup):
    """A group of commands from which no traceback escapes."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command; what goes wrong becomes a sentence."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            # `docketbot ledger export | head`: nobody reads on. Python would complain once more when it ends.
            sys.stderr.close()
            raise typer.Exit(0) from None
        except Exception as problem:
            if _is_clicks_own(problem):
                raise
            refuse(_sentence(problem))


def refuse(sentence: str, code: int = WRONG) -> NoReturn:
    """Say why not, on stderr, and end with that exit code."""
    say(sentence)
    raise typer.Exit(code)


def say(words: str) -> None:
    """Talk to the person, beside the data."""
    typer.echo(inert(words), err=True)


def put(data: str) -> None:
    """Data, a line or several."""
    typer.echo(inert(data))


def put_json(value: Any) -> None:
    """Data for programs."""
    typer.echo(json.dumps(value, ensure_ascii=False, indent=2))


def inert(words: str) -> str:
    """Words that no terminal takes for a command."""
    return _CONTROL.sub("\N{REPLACEMENT CHARACTER}", words)


def table(heads: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    """Columns in line, the last one as wide as it likes; readable also where it is piped into a file."""
    lines = [heads, *(tuple(" ".join(inert(cell).split()) for cell in row) for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(heads) - 1)]
    return "\n".join(
        "  ".join([*(cell.ljust(width) for cell, width in zip(line, widths, strict=False)), line[-1]]).rstrip()
        for line in lines
    )


def _is_clicks_own(problem: Exception) -> bool:
    """Wrong use (click words it itself), an exit code, or Ctrl-C."""
    return any(kind.__module__.partition(".")[0] in ("click", "typer") for kind in type(problem).__mro__)


def _sentence(problem: Exception) -> str:
    from bot.config import Misconfigured
    from storage.failures import Unavailable, Unusable

    if isinstance(problem, Misconfigured | Unavailable | Unusable):
        return str(problem)
    log.error("a command failed", exc_info=problem)
    last = traceback.extract_tb(problem.__traceback__)[-1]
    return f"Docket itself failed ({type(problem).__name__}, {last.name}, line {last.lineno}). Please report it."
