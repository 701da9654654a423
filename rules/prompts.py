"""Private prompts in an item's thread: a sentence never decides, but whoever may is shown the buttons (M122)."""

from __future__ import annotations

from datetime import timedelta

from rules.assent import assent
from rules.book.rulebook import Workflow
from rules.draft import Draft
from rules.items import Item, Trouble
from rules.messages import Action, Line, Message, Reply, Row, Section, Strong, When, Who
from rules.people import may_decide
from rules.replies import done
from rules.wording.cards import lower

#: Whoever saw the buttons and did not press them is not shown them again at once.
NOT_AGAIN_FOR = timedelta(minutes=15)


def to_be_prompted(draft: Draft, text: str) -> tuple[Trouble, ...]:
    """The exceptions that the writer of a text seems to decide on and may, unless they were prompted just now."""
    if not assent(text):
        return ()
    open_now = draft.item.open_trouble()
    mine = (t for t in open_now if may_decide(t, draft.by, draft.item.requester))
    return tuple(t for t in mine if (at := t.prompted.get(draft.by)) is None or draft.now - at >= NOT_AGAIN_FOR)


def prompt(troubles: tuple[Trouble, ...], item: Item, workflow: Workflow, *, about: str) -> Message:
    """What they see: that nothing is decided yet, what waits, and its buttons. `about`: the ts of what they wrote."""
    first: Line = (
        "Is that your decision on ",
        Strong(item.key),
        "? It counts with a reason; so far nothing is decided.",
    )
    if len(troubles) == 1:
        return Message(
            subject=item.key,
            headline=first,
            lines=(_waits(troubles[0], workflow),),
            actions=_actions(item, troubles[0], about),
        )
    rows = tuple(Row(line=_waits(t, workflow), actions=_actions(item, t, about)) for t in troubles)
    return Message(subject=item.key, headline=first, sections=(Section(heading="", rows=rows),))


def noted(item: Item, by: str) -> Reply:
    """To somebody who wrote under a card of theirs alone: where it went, and who reads it."""
    told: Line = (" ", Who(item.owner), " is told.") if by != item.owner and item.closed_at is None else ()
    return done(("Added to ", Strong(item.key), ".", *told), item=item.key)


def _waits(trouble: Trouble, workflow: Workflow) -> Line:
    rule = workflow.rule(trouble.code)
    means = lower(rule.means) if rule else trouble.code
    return ("Decide by ", When(trouble.due_at), f": {means} ({trouble.code})")


def _actions(item: Item, trouble: Trouble, about: str) -> tuple[Action, ...]:
    return (
        Action(verb="approve", label="Approve", item=item.key, code=trouble.code, style="primary", about=about),
        Action(verb="reject", label="Reject", item=item.key, code=trouble.code, style="danger", about=about),
        Action(verb="ask", label="Ask", item=item.key, code=trouble.code, about=about),
    )
