"""What is wrong in a rulebook: a hole has its place, says what is wrong and what was probably meant."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Hole:
    """`line` and `column` count from 1; `what` is a sentence without full stop, `meant` one or more with it, or ""."""

    file: str
    line: int
    column: int
    what: str
    meant: str = ""

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}  {self.what}. {self.meant}".rstrip()

    def as_json(self) -> dict[str, str | int]:
        """The object of `docketbot check --json`: file, line, column, what, meant."""
        return asdict(self)


class Holes(Exception):
    """A rulebook that can't be used; `holes` are all that were found, in the order of the file."""

    def __init__(self, holes: Sequence[Hole]) -> None:
        self.holes = sorted(holes, key=lambda hole: (hole.line, hole.column, hole.what))
        super().__init__("\n".join(str(hole) for hole in self.holes))
