"""Where two systems disagree a person decides: the bot never picks a side by itself (M23, M24).

The question is an exception under the workflow's `conflict`. It goes by itself when both say the same again: somebody
set the value, or the other system took its word back.
"""

from __future__ import annotations

from rules.draft import DOCKET, Draft
from rules.items import Trouble
from rules.notices import CONVERSATION, Card
from rules.stops import cards, keep_clock, open_trouble
from rules.truth import DISAGREE, disagreement


def weigh(draft: Draft) -> str:
    """Ask who is right where somebody must be asked, and end the question where nobody need be any more.

    Gives the sentence of a disagreement that can't be asked here: the workflow names no `conflict`, that exception is
    open for another reason, or the item is closed; else "".
    """
    item, code = draft.item, draft.workflow.conflict
    sentence = disagreement(item, draft.workflow)
    if code is None or item.closed_at is not None:
        return sentence
    for trouble in item.open_trouble(code):
        if trouble.because == sentence:
            return ""
        if _is_about_it(trouble):
            draft.record("voided", {"code": code, "because": "they no longer disagree like that"}, by=DOCKET)
            draft.tell(*cards(draft, trouble), Card(item=draft.key, to=CONVERSATION))
            keep_clock(draft)
    if not sentence or _decided(draft, sentence):
        return ""
    return "" if open_trouble(draft, code, because=sentence, raised_by=DOCKET) else sentence


def _is_about_it(trouble: Trouble) -> bool:
    return trouble.raised_by == DOCKET and trouble.because.startswith(DISAGREE)


def _decided(draft: Draft, sentence: str) -> bool:
    """Whether a person has decided on just these values: that is asked for once."""
    return any(t.because == sentence and t.state in ("approved", "rejected") for t in draft.item.exceptions)
