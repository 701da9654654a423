"""A picture before it is drawn: numbers, words and a form, without any channel's or library's way of drawing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

Name = Literal["exceptions", "ages", "stages", "deadlines"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """Numbers that belong together, one for each of the picture's `ticks`."""

    label: str
    values: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A picture before it is drawn. `said` is written beside each tick, of lines beside each; an empty tick is not.

    `chart`: lines over time, stacked columns over time, a bar for each tick, or a bar in a longer one.
    """

    name: Name
    title: str
    alt: str
    chart: Literal["lines", "columns", "bars", "spans"]
    ticks: tuple[str, ...]
    series: tuple[Series, ...]
    said: tuple[str, ...] = ()


def as_json(picture: Picture) -> Mapping[str, Any]:
    """What drawing needs of it: neither title nor alternative text stands in the picture."""
    return {
        "chart": picture.chart,
        "ticks": list(picture.ticks),
        "series": [{"label": each.label, "values": list(each.values)} for each in picture.series],
        "said": list(picture.said),
    }
