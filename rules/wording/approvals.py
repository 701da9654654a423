"""The words of a gate: what is asked there, what was asked before, what went back, and an answer that waits."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Final, Literal

from rules.book.rulebook import Rulebook, Workflow
from rules.entries import stamp
from rules.items import Item, Trouble
from rules.messages import Action, Line, Message, Quote, Strong, Who
from rules.notices import AnswerDecided, ChangesAsked, OwnWords
from rules.wording.break_glass import bypassed_line
from rules.wording.lines import decided_line, facts, heading, title

_COUNTED: Final[tuple[tuple[Literal["", "approval", "outgoing"], str, str], ...]] = (
    ("", "open exception", "open exceptions"),
    ("approval", "approval", "approvals"),
    ("outgoing", "answer to approve", "answers to approve"),
)
#: What happened since it was asked the last time; anything else is what has changed.
_SINCE: Final = {
    "answered": "they answered",
    "sent again": "it was sent again as it stands",
    "nothing came": "nothing came",
}


def verb(trouble: Trouble) -> str:
    """What is to be done with it: an exception is decided, a gate approved or not."""
    return "Approve" if trouble.gate else "Decide"


def asked(item: Item, trouble: Trouble, workflow: Workflow) -> str:
    """What a gate asks a yes for, behind `Approve by 14:00: `; "" for an exception."""
    match trouble.gate:
        case "approval":
            return f"{title(item, workflow)} (approval)"
        case "outgoing":
            kind = "a question" if trouble.about else "an answer"
            return f"{kind} to the outside, before it is sent"
        case _:
            return ""


def waits_for(trouble: Trouble) -> Line:
    """`Lee to approve it (APPROVAL)`, as part of where an item stands."""
    if trouble.gate == "outgoing":
        return (Who(trouble.owner), f" to let an answer go ({trouble.code})")
    return (Who(trouble.owner), f" to approve it ({trouble.code})")


def coded(trouble: Trouble) -> str:
    """Its code, and in lists beside exceptions that it is none."""
    return (
        f"{trouble.code} ({'approval' if trouble.gate == 'approval' else 'answer'})" if trouble.gate else trouble.code
    )


def counted(troubles: Iterable[Trouble]) -> str:
    """`2 open exceptions and 1 approval`."""
    counts = Counter(trouble.gate for trouble in troubles)
    parts = [f"{counts[gate]} {one if counts[gate] == 1 else many}" for gate, one, many in _COUNTED if counts[gate]]
    return " and ".join(filter(None, (", ".join(parts[:-1]), *parts[-1:])))


def sent_back(item: Item) -> Line:
    """Where an item stands that was sent back; nothing where it was not."""
    last = item.last_trouble(item.changes) if item.changes else None
    if last is None:
        return ()
    has: Line = () if item.asked_of == item.owner else (" ", Who(item.owner), " has it")
    said: Line = (Who(last.changes_by), " asks for changes, ", Quote(last.changes))
    return ("Waiting for ", Who(item.asked_of), ": ", *said, *has)


def before_lines(item: Item, trouble: Trouble, book: Rulebook) -> list[Line]:
    """What became of it the last time it was asked, and what has happened since."""
    at = next((n for n, each in enumerate(item.exceptions) if each is trouble), 0)
    last = next((t for t in reversed(item.exceptions[:at]) if t.code == trouble.code), None)
    if last is None or not trouble.gate:
        return []
    since = _SINCE.get(trouble.anew, f"{trouble.anew} changed") if trouble.anew else ""
    lines: list[Line] = []
    if last.changes:
        then = f" Since then: {since}." if since else ""
        lines.append((Who(last.changes_by), " asked for changes: ", Quote(last.changes), then))
    elif last.decision is not None and last.state == "void" and not last.disavowed:
        void = f"{trouble.anew} changed" if trouble.anew else "somebody else decides now"
        lines.append(("Before: ", *decided_line(item, last, book), f" That is void: {void}."))
    if trouble.anew == "answered" and item.said:
        lines.append((Who(item.said_by), " wrote ", Quote(" ".join(item.said.split()))))
    return lines


def handed_line(trouble: Trouble) -> Line:
    """Who gave the decision to whom, and why: that is part of what is decided (M65)."""
    if not trouble.handed_because or trouble.handed_by == "docket":
        return ()
    return (Who(trouble.handed_by), " handed it to ", Who(trouble.owner), ": ", Quote(trouble.handed_because))


def changes_action(trouble: Trouble, key: str) -> tuple[Action, ...]:
    """The third way beside yes and no; of an approval alone."""
    if trouble.gate != "approval":
        return ()
    return (Action(verb="changes", label="Ask for changes", item=key, code=trouble.code),)


def ended(item: Item, trouble: Trouble) -> Line:
    """What a card says that was sent back; nothing where it was not."""
    if not trouble.changes:
        return ()
    return (Who(trouble.changes_by), f" asked for changes on {item.key}: ", Quote(trouble.changes))


def question(item: Item, workflow: Workflow) -> Message | None:
    """To whoever asked: what the approver wants changed; None where nothing (more) is."""
    last = item.last_trouble(item.changes) if item.changes else None
    if last is None or item.closed_at is not None:
        return None
    how = "Reply to this mail." if item.source.by_mail else "Answer here."
    still = " still" if item.asks > 1 else ""
    return Message(
        subject=f"Changes asked for: {title(item, workflow)} [{item.key}]",
        headline=(Who(item.asked_of, mention=True), ", ", Who(last.changes_by), f"{still} asks for changes first:"),
        lines=((Quote(last.changes),), (f"{how} It is asked for again then.",)),
        small=((*heading(item, workflow), " · ", *facts(item, workflow, words=False)),),
    )


def changes_asked(notice: ChangesAsked, item: Item, workflow: Workflow) -> Message | None:
    """To the item's owner: what the approver wants changed, and how it gets back to them."""
    last = item.last_trouble(notice.code)
    if last is None or item.changes != notice.code:
        return None
    how = f"`/docket set {item.key} FIELD value` changes a field; " if workflow.fields else ""
    again = f"`/docket next {item.key}` asks again as it stands."
    return Message(
        subject=f"Changes asked for: {title(item, workflow)} [{item.key}]",
        headline=(Who(last.changes_by), " asks for changes on ", *heading(item, workflow), ": ", Quote(last.changes)),
        lines=((Who(item.asked_of), " was asked, too. ", how, again), facts(item, workflow)),
        actions=(
            Action(verb="set", label="Set a field", item=item.key),
            Action(verb="next", label="Ask again", item=item.key),
            Action(verb="reply", label="Reply", item=item.key),
        ),
    )


def own_words(notice: OwnWords, item: Item, workflow: Workflow) -> Message | None:
    """What somebody wrote to the requester, word for word, with their name."""
    if not 0 < notice.number <= len(item.spoken):
        return None
    said = item.spoken[notice.number - 1]
    how = "Reply to this mail." if item.source.by_mail else "Answer here."
    return Message(
        subject=f"About {title(item, workflow)} [{item.key}]",
        headline=(Who(item.requester, mention=True), ", ", Who(said.by), " writes:"),
        lines=((Quote(said.words),), (how,)),
        small=(heading(item, workflow),),
    )


def answer_decided(notice: AnswerDecided, item: Item, workflow: Workflow, book: Rulebook) -> Message | None:
    """To whoever wrote an answer that waited: whether it was sent, and why not."""
    found = (t for t in item.exceptions if (t.code, stamp(t.opened_at)) == (notice.code, notice.opened_at))
    trouble = next(found, None)
    if trouble is None or trouble.state == "open":
        return None
    sent = trouble.state in ("approved", "bypassed")
    verdict = " was sent as you wrote it. " if sent else " was not sent. "
    why: Line = ("Nobody had decided on it when the item ended.",)
    if trouble.state == "bypassed":
        why = bypassed_line(item, trouble)
    elif trouble.decision is not None:
        why = decided_line(item, trouble, book)
    again = not sent and item.closed_at is None
    return Message(
        subject=f"{'Sent' if sent else 'Not sent'}: your answer on {title(item, workflow)} [{item.key}]",
        headline=("Your answer on ", Strong(item.key), verdict, *why),
        lines=(("You wrote ", Quote(trouble.because)),),
        small=(heading(item, workflow),),
        actions=(Action(verb="reply", label="Reply", item=item.key),) if again else (),
    )
