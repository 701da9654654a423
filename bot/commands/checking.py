"""`docketbot check`: a rulebook's holes, and whether its own examples are true."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.terminal import data, stop

if TYPE_CHECKING:
    from rules.book.holes import Hole
    from rules.book.rulebook import Rulebook


def check(
    file: Annotated[Path | None, typer.Argument(metavar="[F]", help="The rulebook; else DOCKET_RULEBOOK.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="A list of {file, line, column, what, meant}.")] = False,
) -> None:
    """Find a rulebook's holes and try its examples.

    Example: docketbot check examples/harbor.yml
    """
    from bot.config import settings
    from rules.book.holes import Holes

    path = file or settings().rulebook
    book: Rulebook | None = None
    try:
        book = _load(path)
        holes = _false_examples(book, str(path))
    except Holes as found:
        holes = found.holes
    if as_json:
        data([hole.as_json() for hole in holes])
    elif book is None:
        typer.echo(f"The rulebook has {_counted(len(holes), 'hole')}.\n" + _lines(holes))
    elif holes:
        typer.echo(
            f"The rulebook has no hole, but {_counted(len(holes), 'example')} of its own is not true.\n" + _lines(holes)
        )
    else:
        typer.echo(_praise(book, path))
    raise typer.Exit(1 if holes else 0)


def _load(path: Path) -> Rulebook:
    from rules.book.holes import Hole, Holes
    from rules.book.load import load
    from rules.book.loading.source import MAX_BYTES

    try:
        with path.open("rb") as opened:
            # Of a file that is far too large only its size is of interest.
            text = opened.read(MAX_BYTES + 1)
            size = path.stat().st_size
    except OSError as problem:
        stop(f"The rulebook {path} can't be read: {problem.strerror}.")
    if len(text) > MAX_BYTES:
        what = f"the file has {size:,} bytes; a rulebook has at most {MAX_BYTES:,}"
        raise Holes([Hole(file=str(path), line=1, column=1, what=what, meant="Is it the right file?")])
    return load(text, str(path))


def _false_examples(book: Rulebook, file: str) -> list[Hole]:
    from rules.book.holes import Hole
    from rules.examples import run

    return [
        Hole(file=file, line=f.line, column=f.column, what=f"{f.workflow}: {f.what}", meant=f.meant) for f in run(book)
    ]


def _lines(holes: list[Hole]) -> str:
    places = [f"{hole.file}:{hole.line}:{hole.column}" for hole in holes]
    width = max(map(len, places))
    return "\n".join(
        f"{place.ljust(width)}  {hole.what}. {hole.meant}".rstrip() for place, hole in zip(places, holes, strict=True)
    )


def _praise(book: Rulebook, path: Path) -> str:
    own = [workflow for workflow in book.workflows.values() if workflow.built_in is None]
    examples = sum(len(workflow.examples) for workflow in own)
    tried = f"{_counted(examples, 'example')} true" if examples else "it carries no examples"
    people = _counted(len(book.people), "person", "people")
    return f"{path} has no hole: {_counted(len(own), 'workflow')}, {people}, {tried}."


def _counted(number: int, one: str, many: str = "") -> str:
    return f"{number} {one if number == 1 else many or one + 's'}"
