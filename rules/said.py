"""Lines of a message as JSON values and back: what an answer says is kept until its letter goes out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from rules.entries import stamp
from rules.messages import Line, Link, Part, Quote, Strong, When, Who


def packed(lines: Sequence[Line]) -> list[list[Any]]:
    """Lines as JSON values: words as they are, every other part as an object that names its kind."""
    return [[_packed(part) for part in line] for line in lines]


def unpacked(lines: Sequence[Sequence[Any]]) -> tuple[Line, ...]:
    """The inverse of `packed`."""
    return tuple(tuple(_unpacked(part) for part in line) for line in lines)


def _packed(part: Part) -> Any:
    match part:
        case When(at=at, form=form):
            return {"when": stamp(at), "form": form}
        case Who(identity=identity):
            return {"who": identity}
        case Strong(text=text):
            return {"strong": text}
        case Quote(text=text):
            return {"quote": text}
        case Link(url=url, label=label):
            return {"link": url, "label": label}
    return part


def _unpacked(part: Any) -> Part:
    match part:
        case {"when": str(at), "form": form}:
            return When(datetime.fromisoformat(at), form)
        case {"who": str(identity)}:
            return Who(identity)
        case {"strong": str(text)}:
            return Strong(text)
        case {"quote": str(text)}:
            return Quote(text)
        case {"link": str(url), "label": str(label)}:
            return Link(url, label)
        case Mapping():
            raise KeyError("a part of a line that this program does not know")
    return str(part)
