"""Draws pictures in a process of its own, for drawing takes a second and 80 MB: JSON on stdin, JSON on stdout.

In: a list of rules/charts.as_json. Out: a list of PNGs in base64. One house style: read on a phone (360 px wide), on
a card that is calm on white and on black, in colours that the colour-blind tell apart (Okabe and Ito, "Color Universal
Design"), with words beside what they name instead of legends.
"""

from __future__ import annotations

import base64
import io
import json
import os
import sys
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from PIL import Image

#: Of the card in CSS pixels; drawn at `SCALE` times that.
WIDTH, SCALE = 360, 2.4
#: CSS pixels in an inch, and points in one.
_PIXELS, _POINTS = 100, 72
CARD, INK, FAINT, RULE = "#eceae4", "#23282d", "#545b63", "#cfccc4"
BLUE, ORANGE = "#0072b2", "#d55e00"
#: Of letters, in CSS pixels: the narrowest phones show them a sixth smaller.
BIG, WORDS, FINE = 14, 13, 12
#: CSS pixels: a strip with its words, the line above all strips, the card's edge.
_STRIP, _HEAD, _EDGE = 46, 26, 12
#: Half as many colours as there are steps of grey in an edge would show; a palette keeps a picture below 20 kB.
COLOURS = 64
#: A label is cut there; codes and stages of real rulebooks are shorter.
CHARACTERS = 28


def draw(picture: dict[str, Any]) -> bytes:
    """One picture as PNG."""
    return {"lines": _lines, "columns": _columns, "bars": _bars, "spans": _spans}[picture["chart"]](picture)


def _lines(picture: dict[str, Any]) -> bytes:
    """Each line in a strip of its own, all to one scale: many lines in one field can't be told apart on a phone."""
    series, days = picture["series"], len(picture["ticks"])
    height = _STRIP * len(series) + _HEAD + 26
    figure, axes = _card(height, left=_EDGE, right=_EDGE, top=_HEAD, bottom=26)
    most = max(max(one["values"]) for one in series) or 1
    for n, one in enumerate(series):
        ground = n + 0.92
        line = [ground - 0.5 * value / most for value in one["values"]]
        axes.fill_between(range(days), line, ground, color=BLUE, alpha=0.28, linewidth=0)
        axes.plot(line, color=BLUE, linewidth=_pt(2), solid_joinstyle="round")
        axes.plot(days - 1, line[-1], "o", color=BLUE, markersize=_pt(6), clip_on=False)
        axes.axhline(ground, color=RULE, linewidth=_pt(1), zorder=0)
        _row(axes, n + 0.2, one["label"], picture["said"][n])
    axes.set_xlim(0, max(days - 1, 1))
    axes.set_ylim(len(series), 0)
    axes.set_yticks([])
    ticks = [(n, tick) for n, tick in enumerate(picture["ticks"]) if tick]
    axes.set_xticks([n for n, _ in ticks], [tick for _, tick in ticks])
    for mark, (n, _) in zip(axes.get_xticklabels(), ticks, strict=True):
        mark.set_horizontalalignment("left" if n == 0 else "right" if n == days - 1 else "center")
    _head(figure, height, "at last · at most")
    return _png(figure)


def _columns(picture: dict[str, Any]) -> bytes:
    kept, missed = (one["values"] for one in picture["series"])
    figure, axes = _card(220, top=34)
    at = range(len(kept))
    totals = [a + b for a, b in zip(kept, missed, strict=True)]
    axes.bar(at, kept, color=BLUE, width=0.72)
    axes.bar(at, missed, bottom=kept, color=ORANGE, width=0.72)
    # A few weeks are not as wide as many.
    axes.set_xlim(-0.6, max(len(kept), 5) - 0.4)
    axes.set_ylim(0, max(totals) * 1.16)
    for n, words in enumerate(picture["said"]):
        axes.annotate(
            words, (n, totals[n]), xytext=(0, _pt(3)), textcoords="offset points", ha="center", va="bottom",
            fontsize=_pt(FINE), color=INK,
        )  # fmt: skip
    weeks = _thinned(picture["ticks"], 4)
    axes.set_xticks([n for n, _ in weeks], [week for _, week in weeks])
    axes.set_yticks(_steps(max(totals)))
    axes.grid(axis="y", color=RULE, linewidth=_pt(1))
    axes.set_axisbelow(True)
    for n, (one, colour) in enumerate(zip(picture["series"], (BLUE, ORANGE), strict=True)):
        left = (_EDGE + 70 * n) / WIDTH
        figure.text(left, 0.965, "■", color=colour, fontsize=_pt(BIG), va="top")
        figure.text(left + 17 / WIDTH, 0.965, one["label"], color=INK, fontsize=_pt(WORDS), va="top")
    return _png(figure)


def _bars(picture: dict[str, Any]) -> bytes:
    (one,) = picture["series"]
    figure, axes = _card(28 * len(one["values"]) + 14, left=116, right=44, top=6, bottom=6)
    rows = range(len(one["values"]))
    axes.barh(rows, one["values"], color=BLUE, height=0.66)
    axes.set_xlim(0, max(one["values"]))
    axes.set_ylim(len(one["values"]) - 0.5, -0.5)
    axes.set_xticks([])
    axes.set_yticks([])
    for n in rows:
        axes.text(-0.03, n, _cut(picture["ticks"][n]), transform=axes.get_yaxis_transform(), ha="right", va="center",
                  fontsize=_pt(WORDS), color=INK)  # fmt: skip
        axes.annotate(
            picture["said"][n], (one["values"][n], n), xytext=(_pt(5), 0), textcoords="offset points", va="center",
            fontsize=_pt(BIG), color=INK, fontweight="bold",
        )  # fmt: skip
    return _png(figure)


def _spans(picture: dict[str, Any]) -> bytes:
    half, most = (one["values"] for one in picture["series"])
    rows = len(half)
    height = _STRIP * rows + _HEAD + 6
    figure, axes = _card(height, left=_EDGE, right=_EDGE, top=_HEAD, bottom=6)
    for n in range(rows):
        axes.barh(n + 0.66, most[n], color=BLUE, alpha=0.28, height=0.3, linewidth=0)
        axes.barh(n + 0.66, half[n], color=BLUE, height=0.3, linewidth=0)
        _row(axes, n + 0.2, picture["ticks"][n], picture["said"][n])
    axes.set_xlim(0, max(most) or 1)
    axes.set_ylim(rows, 0)
    axes.set_xticks([])
    axes.set_yticks([])
    _head(figure, height, "half within · 9 in 10 within")
    return _png(figure)


def _row(axes: Axes, y: float, name: str, said: str) -> None:
    """What a strip is of, and its numbers."""
    across = axes.get_yaxis_transform()
    axes.text(0, y, _cut(name), transform=across, va="center", fontsize=_pt(WORDS), color=INK)
    axes.text(1, y, said, transform=across, ha="right", va="center", fontsize=_pt(WORDS), color=INK, fontweight="bold")


def _head(figure: Figure, height: int, said: str) -> None:
    """What the numbers at the right of the strips are."""
    at = (1 - _EDGE / WIDTH, 1 - 8 / height)
    figure.text(*at, said, ha="right", va="top", fontsize=_pt(FINE), color=FAINT)


def _card(height: int, *, left: int = 34, right: int = 12, top: int = 12, bottom: int = 26) -> tuple[Figure, Axes]:
    """A card `height` CSS pixels high, and where on it is drawn: its edges in CSS pixels."""
    figure = Figure(figsize=(WIDTH / _PIXELS, height / _PIXELS), dpi=_PIXELS * SCALE, facecolor=CARD)
    axes = figure.add_axes(
        (left / WIDTH, bottom / height, (WIDTH - left - right) / WIDTH, (height - top - bottom) / height)
    )
    axes.set_facecolor(CARD)
    for side in axes.spines.values():
        side.set_visible(False)
    axes.tick_params(length=0, labelsize=_pt(FINE), labelcolor=FAINT, pad=_pt(4))
    return figure, axes


def _steps(most: float) -> list[int]:
    """At most five round numbers from 0 up to `most`."""
    step = next(step for power in range(12) for step in (10**power, 2 * 10**power, 5 * 10**power) if most / step <= 4)
    return [step * n for n in range(int(most / step) + 1)]


def _thinned(ticks: list[str], most: int) -> list[tuple[int, str]]:
    """As many ticks as can be read, the last one among them."""
    every = -(-len(ticks) // most)
    return [(n, tick) for n, tick in enumerate(ticks) if (len(ticks) - 1 - n) % every == 0]


def _png(figure: Figure) -> bytes:
    drawn, out = io.BytesIO(), io.BytesIO()
    figure.savefig(drawn, format="png", facecolor=CARD)
    Image.open(drawn).convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE).save(out, "PNG", optimize=True)
    return out.getvalue()


def _cut(words: str) -> str:
    plain = " ".join(words.split())
    return plain if len(plain) <= CHARACTERS else plain[: CHARACTERS - 1] + "…"


def _pt(pixels: float) -> float:
    """CSS pixels as points."""
    return pixels * _POINTS / _PIXELS


def main() -> None:
    """Read, draw, write."""
    os.nice(10)  # whoever works on this machine goes first
    mpl.rcdefaults()  # not the style of whoever started us
    mpl.rcParams["text.parse_math"] = False  # a code may hold a dollar sign
    wanted = json.load(sys.stdin)
    json.dump([base64.b64encode(draw(each)).decode() for each in wanted], sys.stdout)


if __name__ == "__main__":
    main()
