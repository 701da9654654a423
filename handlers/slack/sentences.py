"""What the door itself says to a person, where the rules have no say: it failed, it came too late, it is not known."""

from __future__ import annotations

from handlers.ports import Busy
from handlers.slack.private import sentence
from rules.messages import Message, Strong

UNKNOWN = sentence(
    ("This button is from another version of me and does nothing now.",), ("`/docket mine` shows what waits for you.",)
)
WORKING = sentence(("It is being recorded. This takes longer than usual; the result will stand here.",))
ALREADY = sentence(("That was counted before. Nothing was changed now.",))
BROKEN = sentence(
    ("Something is wrong on our side, and this may not have gone through.",),
    ("`/docket show KEY` shows where an item stands.",),
)
UNANSWERED = sentence(("Slack did not answer just now, so nothing was changed. Try it once more.",))
GONE = sentence(("The message that this is about is gone. Nothing was opened.",))
UNKNOWN_SHORTCUT = sentence(
    ("This shortcut is from another version of me and does nothing now.",), ("`/docket new` opens an item.",)
)


def too_slow(typed: str) -> Message:
    """What a person reads whose form did not open in Slack's three seconds; what was typed is not lost with it."""
    first = "That took too long for a form to open; nothing was changed."
    if not typed:
        return sentence((first,), ("Click once more.",))
    return sentence((first,), ("Type it once more: ", Strong(f"/docket {typed}")))


def busy(trouble: Busy) -> Message:
    """What a person reads while the database can't be had."""
    why = str(trouble).rstrip(".") or "the database is busy"
    return sentence(
        (f"That didn't get through: {why[:1].lower() + why[1:]}. Nothing was recorded; try again in a minute.",)
    )
