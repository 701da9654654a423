"""How well the door reads the shared collection of real and hostile mail: prints the figures, and which mails miss.

Run it as a program: `python -m tests.handlers.mail.measure [NAME]` (NAME: list what misses under that heading).
"""

from __future__ import annotations

import json
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from handlers.mail.read import read
from rules.events import Mailed, Unreadable

MAIL = Path(__file__).parents[4] / "shared" / "mail"
NOW = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
OWN = frozenset({"bot@desk.example"})
SENT = frozenset({"<item-7.ask@desk.example>"})
#: What a parser that wraps the standard library expects says little about what is right: shown apart.
_WEAK = "imap_tools"
_PEOPLE = ("auto-replies", "bounces", "spam")  # classes in which an unlabelled mail may be a machine's


@dataclass
class Figure:
    """A share: of `total` mails `good` came out as wanted."""

    good: int = 0
    total: int = 0
    missed: list[str] = field(default_factory=list)

    @property
    def share(self) -> float:
        return self.good / self.total if self.total else 0.0

    def count(self, good: bool, what: str) -> None:
        self.total += 1
        self.good += good
        if not good:
            self.missed.append(what)


def rows() -> Iterator[tuple[dict[str, Any], bytes]]:
    """Each mail of the collection: what is known of it, and its bytes."""
    for line in (MAIL / "manifest.jsonl").read_text("utf-8").splitlines():
        row = json.loads(line)
        yield row, (MAIL / row["file"]).read_bytes()


def measure() -> dict[str, Figure]:
    """Every figure by its name. False positives are counted as shares that are good."""
    figures: dict[str, Figure] = defaultdict(Figure)
    for row, raw in rows():
        for ends, form in (("as stored", raw), ("CRLF", raw.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n"))):
            event = read(form, inbox="refunds", received_at=NOW, own_addresses=OWN, sent_ids=SENT)
            stumbled = isinstance(event, Unreadable) and event.problem != "It is empty."
            figures["no fault"].count(not stumbled, f"{row['file']} ({ends})")
            if row["class"] == "huge":
                seconds = _fastest(form)
                figures["huge within 0.1 s"].count(seconds < 0.1, f"{row['file']} {seconds:.2f} s")
        if isinstance(event, Mailed):
            _compare(figures, row, event)
    return figures


def _fastest(form: bytes) -> float:
    """Seconds of our own processor time, the best of three: what a noisy machine adds is not the reading's."""
    times = []
    for _ in range(3):
        began = time.process_time()
        read(form, inbox="refunds", received_at=NOW, own_addresses=OWN, sent_ids=SENT)
        times.append(time.process_time() - began)
    return min(times)


def _compare(figures: dict[str, Figure], row: dict[str, Any], event: Mailed) -> None:
    want, name = row.get("expected") or {}, row["file"]
    whose = " (weak)" if want.get("by", "").startswith(_WEAK) else ""
    if "text" in want:
        wanted = _folded(want["text"].removeprefix("\ufeff"))
        figures[f"text{whose}"].count(_folded(event.text) == wanted, name)
    if "subject" in want:
        figures[f"subject{whose}"].count(event.subject == _folded(want["subject"]), name)
    for part in want.get("text_contains", []):
        figures["text contains"].count(part in event.text, name)
    if "attachments" in want:
        names = {file.name for file in event.attachments}
        figures[f"attachments{whose}"].count({n for n in want["attachments"] if n} <= names, name)
    if "from_not" in want:
        figures["forged sender not believed"].count(event.by != want["from_not"], name)
    if want.get("multiple_from"):
        figures["forged sender not believed"].count(event.by == "", name)
    if want.get("dont_autorespond"):
        figures["not answered where unwanted"].count(not event.answerable, name)
    if want.get("parent"):
        figures["parent first"].count(event.references[:1] == (want["parent"],), name)
    _replies(figures, row, want, event)
    _machines(figures, row, want, event)


def _replies(figures: dict[str, Figure], row: dict[str, Any], want: dict[str, Any], event: Mailed) -> None:
    """Clean: the first line is kept and no line of the quotation came along."""
    if "reply_text" in want:
        wanted = [line.strip() for line in want["reply_text"].splitlines() if line.strip()]
        got = [line.strip() for line in event.new_text.splitlines() if line.strip()]
        clean = got[:1] == wanted[:1] and set(got) <= set(wanted)
    elif "reply_contains" in want:
        kept = all(part in event.new_text for part in want["reply_contains"])
        clean = kept and not any(part in event.new_text for part in want["reply_not_contains"])
    else:
        return
    figures["replies clean"].count(clean, row["file"])


def _machines(figures: dict[str, Figure], row: dict[str, Any], want: dict[str, Any], event: Mailed) -> None:
    unlabelled = not {"is_bounce", "is_auto", "kind"} & set(want) and row["class"] not in _PEOPLE
    is_bounce = event.automatic == "bounce"
    if want.get("is_bounce"):
        figures["bounces found"].count(is_bounce, row["file"])
    elif want.get("is_bounce") is False or unlabelled:
        figures["no bounce seen where none is"].count(not is_bounce, row["file"])
    if want.get("is_auto"):
        figures["automatic found"].count(bool(event.automatic), row["file"])
    elif want.get("is_auto") is False or want.get("is_list") or (unlabelled and not want.get("loop_risk")):
        figures["no machine seen where a person is"].count(not event.automatic, row["file"])


def _folded(text: str) -> str:
    return " ".join(text.split())


if __name__ == "__main__":
    for heading, figure in sorted(measure().items()):
        print(f"{figure.share:7.1%}  {figure.good:5} of {figure.total:5}  {heading}")
        if heading in sys.argv[1:]:
            print(*(f"           {mail}" for mail in figure.missed), sep="\n")
