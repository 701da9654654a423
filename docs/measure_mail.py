"""Writes the figures of docs/email.md: how well the door reads the shared collection of real and hostile mail."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.handlers.mail.measure import Figure, measure

PAGE = Path(__file__).with_name("email.md")
_PLACE = re.compile(r"(<!-- figures -->\n).*?(<!-- /figures -->)", re.DOTALL)
#: Heading of the measurement, how the page says it, the least wanted, and what the best library reaches.
ROWS = (
    ("no fault", "read without an exception, with LF and with CRLF", "100 %", "mail-parser 99.6 %"),
    ("text", "the text is right", "95 %", "mail-parser 49 %"),
    ("subject", "the subject is right", "95 %", "policy.default 99 %"),
    ("attachments", "the names of the files are right", "-", "mail-parser 94 %"),
    ("replies clean", "the new part of a reply is clean", "90 %", "talon 55 %"),
    ("bounces found", "bounces are found", "97 %", "flufl.bounce 86 %"),
    ("no bounce seen where none is", "no bounce is seen where none is", "99.5 %", "flufl.bounce 99 %"),
    ("automatic found", "automatic mail is found", "98 %", "Auto-Submitted alone 42 %"),
    ("no machine seen where a person is", "no machine is seen where a person wrote", "99 %", "-"),
    ("forged sender not believed", "a forged sender is not believed", "100 %", "policy.default 54 %"),
    ("parent first", "the mail that it answers is found", "-", "-"),
    ("huge within 0.1 s", "huge and deep mails within 0.1 s", "100 %", "policy.default: up to 1.2 s"),
)


def table(figures: Mapping[str, Figure]) -> str:
    """The figures as a Markdown table."""
    lines = ["| what | right | share | wanted | the best of the libraries |", "|---|---:|---:|---:|---|"]
    for name, words, least, peer in ROWS:
        figure = figures[name]
        lines.append(f"| {words} | {figure.good} of {figure.total} | {figure.share:.1%} | {least} | {peer} |")
    return "\n".join(lines) + "\n"


def page(text: str, figures: Mapping[str, Figure]) -> str:
    """The page with these figures in their place."""
    return _PLACE.sub(lambda found: found.group(1) + table(figures) + found.group(2), text)


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text("utf-8"), measure()), "utf-8")
