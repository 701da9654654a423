"""Payloads as Slack really sends them pass the door: each is a happening, a reasoned ignore or kept as unreadable."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from handlers.slack.read import read_event
from handlers.slack.read_actions import read_click, read_command, read_submission
from handlers.slack.read_shortcuts import read_shortcut
from handlers.slack.wire import Ignored, Malformed, Us, kept

ROOT = Path(__file__).parents[3]
OWN = ROOT / "tests" / "samples" / "slack"
SHARED = ROOT.parent / "shared" / "slack" / "samples"
NOW = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
US = Us(team="T111", user="U0DOCKET", bot="B0DOCKET")
READERS: dict[str, Callable[[Any, Us, datetime], object]] = {
    "block_actions": read_click,
    "view_submission": read_submission,
    "message_action": read_shortcut,
    "shortcut": read_shortcut,
}


def outcome(payload: Any) -> str:
    """What a payload becomes, by the name of its type; the reason for what it does not become."""
    inner = payload.get("payload", payload) if "envelope_id" in payload else payload
    try:
        if "command" in inner:
            read: object = read_command(inner, US, NOW)
        elif reader := READERS.get(inner.get("type")):
            read = reader(inner, US, NOW)
        else:
            read = read_event(inner, US)
    except Malformed as problem:
        return f"unreadable: {problem}"
    kept(inner)
    return f"ignored: {read.reason}" if isinstance(read, Ignored) else type(read).__name__


@pytest.mark.parametrize("path", sorted(OWN.glob("*.json")), ids=lambda path: path.stem)
def test_each_of_our_own_samples_becomes_what_its_file_says(path: Path) -> None:
    sample = json.loads(path.read_text())
    assert outcome(sample["payload"]) == sample["becomes"]


@pytest.mark.skipif(not SHARED.exists(), reason="the collected payloads are not at hand; our own samples stand alone")
def test_every_collected_payload_is_a_happening_or_has_a_reason() -> None:
    files = sorted((SHARED / "payloads").rglob("*.json")) + sorted((SHARED / "shapes").rglob("*.json"))
    outcomes = {path.relative_to(SHARED).as_posix(): outcome(json.loads(path.read_text())) for path in files}
    counted = Counter(said.partition(":")[0] for said in outcomes.values())
    assert sum(counted.values()) == len(files) > 100
    assert {said for name, said in outcomes.items() if name.startswith("payloads/events/message-")} == {
        "Posted", "unreadable: a message without ts",
    }  # fmt: skip
    assert {"Posted", "Edited", "Deleted", "Reaction", "ignored", "unreadable"} <= counted.keys()
    # Values are blanked in the shapes, and some sources cut theirs: only those can't be read.
    unreadable = [name for name, said in outcomes.items() if said.startswith("unreadable") and "shapes" not in name]
    assert len(unreadable) < 10, unreadable
