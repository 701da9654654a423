"""What notices and due times are called where somebody reads who was told of what, and what comes next."""

from __future__ import annotations

from typing import Final

#: By the kind of a notice (rules/notices.py).
NOTICES: Final[dict[str, str]] = {
    "Card": "the card",
    "Question": "what is missing",
    "DecisionCard": "the decision",
    "Reminder": "a reminder",
    "Late": "that it is overdue",
    "WentUp": "that it went up",
    "Handed": "that they have it",
    "Asked": "a question before the decision",
    "ChangesAsked": "the changes that were asked for",
    "OwnWords": "somebody's own words",
    "AnswerDecided": "whether their answer was sent",
    "Replied": "what was written about it",
    "Bounced": "that the requester's address refuses mail",
    "Received": "that it was received",
    "Verdict": "the verdict",
    "Closed": "how it ended",
    "Unclear": "what could not be read",
    "Discreet": "that something private is late or failed",
    "Broken": "what the bot failed at",
    "Answer": "an answer by mail",
    "Doubted": "an answer by mail",
    "Receipt": "what was understood of their decision",
    "Disavowed": "that a decision was disowned",
    "GlassBroken": "that the glass was broken",
    "Undone": "that something was rolled back",
}

#: By the kind of a due time (rules/timing.py).
DUE: Final[dict[str, str]] = {
    "follow_up": "what is missing is asked for again",
    "remind": "a reminder",
    "late": "it is overdue and its backup hears of it",
    "stale": "its silence raises an exception",
    "escalate": "the decision goes up",
    "expect": "the answer from outside is overdue",
}
