"""Ask for changes: an approval goes back with what is missing, and is asked for anew when something has changed (M141).

It comes back by a changed field, by an answer of the requester, or by `next` of whoever has the item. The approver's
clock runs only while it lies with them: it begins afresh each time.
"""

from __future__ import annotations

from dataclasses import replace

from rules.approvals import next_gate
from rules.decisions import chosen
from rules.draft import Draft
from rules.events import Command
from rules.messages import Line, Quote, Reply, When, Who
from rules.notices import CONVERSATION, REQUESTER, Card, ChangesAsked, Question
from rules.outgoing import needs_a_yes
from rules.refusals import blocked
from rules.replies import done, refused
from rules.stops import ask_approval, cards, judge, keep_clock


def ask_for_changes(draft: Draft, command: Command) -> Reply:
    """Send an approval back to whoever can change what it is about."""
    waiting = [trouble for trouble in draft.item.open_trouble() if trouble.gate == "approval"]
    if command.code is None and len(waiting) == 1:
        command = replace(command, code=waiting[0].code)
    trouble = chosen(draft, command)
    if isinstance(trouble, Reply):
        return trouble
    item, words = draft.item, command.words.strip()
    if trouble.gate != "approval":
        line: Line = (f"{trouble.code} is no approval: it is approved or rejected. ",)
        return refused("no_approval", (*line, f"`/docket ask {item.key} question` asks ", Who(item.requester), "."))
    if not words:
        return refused("changes", ("Say what is missing or must change; it is what they read.",), blank="words")
    if (rule := needs_a_yes(draft, words)) is not None:
        line = ("These words would need the yes of ", Who(rule.owner), f" before they are sent ({rule.code}).")
        return refused("outgoing", line, ("Nothing was sent; say it in other words.",), blank="words")
    draft.record("changes_asked", {"code": trouble.code}, {"words": words})
    draft.tell(Question(item=item.key, to=REQUESTER), *cards(draft, trouble))
    told = [item.asked_of]
    if item.owner not in (draft.by, item.asked_of):
        draft.tell(ChangesAsked(item=item.key, to=item.owner, code=trouble.code))
        told.append(item.owner)
    keep_clock(draft)
    draft.tell(Card(item=item.key, to=CONVERSATION))
    names: Line = tuple(part for n, who in enumerate(told) for part in (*((" and ",) if n else ()), Who(who)))
    verb = "hear" if len(told) > 1 else "hears"
    then: Line = (
        f"{item.key} went back. ",
        *names,
        f" {verb} what is missing. You are asked again when it changes.",
    )
    return done(then, item=item.key)


def sent_again(draft: Draft) -> Reply | None:
    """`next` on what was sent back asks the approver again, as it stands; None: nothing was sent back."""
    code = draft.item.changes
    if not code:
        return None
    ask_approval(draft, "sent again")
    waiting = draft.item.open_trouble(code)
    if not waiting:
        return None
    line: Line = (Who(waiting[0].owner), " is asked again, until ", When(waiting[0].due_at), ".")
    return done(line, item=draft.key)


def unapproved(draft: Draft) -> Reply | None:
    """Why the item may not move without a yes: who decides and until when, or what must be known before they are asked.

    A yes that was never asked for (the item came before the gate did) is asked for now.
    """
    item = draft.item
    gate = next_gate(item, draft.workflow)
    if gate is None:
        return None
    if item.changes and (last := item.last_trouble(item.changes)) is not None:
        said: Line = (Who(last.changes_by), f" asked for changes on {item.key}: ", Quote(last.changes))
        mend = f"Set what is missing; or `/docket next {item.key}` asks again as it stands."
        return refused("changes", said, (mend,))
    judge(draft)  # what time alone has brought about stops it first
    if (waits := blocked(draft)) is not None:
        return waits
    names = ", ".join(item.missing)
    return refused(
        "unapproved",
        (f"{item.key} needs a yes before it may move ({gate.code}): {gate.because}",),
        (f"It is asked for as soon as this is known: {names}. `/docket set {item.key} {names.split(', ')[0]} value`",),
    )
