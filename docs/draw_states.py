"""Draws the state diagrams of docs/architecture.md from the transition tables; run it to rewrite them."""

from __future__ import annotations

from pathlib import Path

from rules.states import ITEM_MOVES, TROUBLE_MOVES, diagram

PAGE = Path(__file__).with_name("architecture.md")
BEGIN, END = "<!-- states: drawn by docs/draw_states.py -->", "<!-- end of states -->"


def drawn() -> str:
    """The two diagrams as Markdown."""
    item = diagram(ITEM_MOVES, {"open": "opened, complete", "waiting": "opened, something is missing"})
    trouble = diagram(TROUBLE_MOVES, {"open": "raised"})
    return f"**An item**\n\n```mermaid\n{item}\n```\n\n**An exception**\n\n```mermaid\n{trouble}\n```"


def redrawn(page: str) -> str:
    """The page with today's diagrams between its marks."""
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n\n{drawn()}\n\n{END}{after}"


if __name__ == "__main__":
    PAGE.write_text(redrawn(PAGE.read_text()))
