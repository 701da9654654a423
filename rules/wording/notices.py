"""From a waiting notice to its words, at the moment it is sent: what was settled meanwhile is not said any more."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from rules import notices
from rules.book.rulebook import Rulebook, Workflow
from rules.entries import stamp
from rules.items import Item, Trouble
from rules.messages import Action, Line, Message, Quote, Strong, When, Who
from rules.notices import CONVERSATION, REQUESTER, Notice
from rules.people import held_by
from rules.timing import in_words
from rules.wording import approvals
from rules.wording.break_glass import glass_broken, reviewed
from rules.wording.by_mail_answers import disavowed, receipt, replied
from rules.wording.cards import decision_card, item_card
from rules.wording.discreet import broken
from rules.wording.handoffs import Past, handed_on, handoff_card
from rules.wording.lines import decided_line, facts, has_it, heading, subject_of, title, until
from rules.wording.pauses import undone
from rules.wording.reminders import word_reminders
from rules.wording.returned import bounced
from rules.wording.went_up import went_up


def word(
    notice: Notice,
    item: Item,
    workflow: Workflow,
    book: Rulebook,
    now: datetime,
    links: Mapping[str, str] | None = None,
    past: Past | None = None,
) -> Message | None:
    """The message of a notice about `item`, or None where it is no longer worth saying.

    `links` are the addresses of other items that it speaks of, by their keys; `past` is what a handoff or a decision
    is told from.
    """
    if workflow.private and not _is_theirs(notice, item):
        return None
    match notice:
        case notices.Card():
            return item_card(item, workflow, book, now, links)
        case notices.Question():
            asks = item.missing and item.closed_at is None
            return _question(item, workflow) if asks else approvals.question(item, workflow)
        case notices.Unclear():
            return _unclear(item, workflow, notice)
        case notices.DecisionCard():
            trouble = trouble_of(item, notice.code, notice.opened_at)
            if trouble is None or (trouble.state != "open" and not notice.update):
                return None
            like = past.like if past else ()
            return decision_card(
                item,
                trouble,
                workflow,
                book,
                now,
                reader=notice.to,
                passed_from=notice.passed_from,
                like=like,
                links=links,
            )
        case notices.WentUp():
            trouble = trouble_of(item, notice.code, notice.opened_at)
            return went_up(notice, item, workflow, trouble) if trouble else None
        case notices.Late():
            return _late(item, workflow, now) if item.closed_at is None else None
        case notices.Handed():
            here = item.owner == notice.to and notice.number in (0, len(item.handoffs))
            if not here or item.closed_at is not None:
                return handed_on(item, workflow, notice) if notice.update else None
            return handoff_card(item, workflow, notice, book, past or Past(), links or {})
        case notices.Asked():
            open_now = item.open_trouble(notice.code)
            return _asked(item, workflow, open_now[0]) if open_now else None
        case notices.ChangesAsked():
            return approvals.changes_asked(notice, item, workflow)
        case notices.OwnWords():
            return approvals.own_words(notice, item, workflow)
        case notices.AnswerDecided():
            return approvals.answer_decided(notice, item, workflow, book)
        case notices.Replied():
            return replied(notice, item, workflow, now) if item.closed_at is None else None
        case notices.Bounced():
            return bounced(item, workflow)
        case notices.Received():
            return _received(item, workflow)
        case notices.Verdict():
            return _verdict(item, workflow, notice, book)
        case notices.Closed():
            return reviewed(item, book) if workflow.built_in == "review" else _ended(item, workflow)
        case notices.GlassBroken():
            return glass_broken(notice, item, workflow)
        case notices.Broken():
            return broken(item, workflow, book)
        case notices.Receipt():
            return receipt(notice, item, workflow, book)
        case notices.Disavowed():
            return disavowed(notice, item, workflow)
        case notices.Undone():
            return undone(item, workflow)
        case notices.Reminder():
            return word_reminders(((notice, item, workflow),), book, now)
        case _:
            raise TypeError(f"{type(notice).__name__} is not worded from an item")


def _is_theirs(notice: Notice, item: Item) -> bool:
    """The last gate of private work: who was meant when the notice was queued may have it no more."""
    return notice.to in (CONVERSATION, REQUESTER, item.requester) or notice.to in held_by(item)


def trouble_of(item: Item, code: str, opened_at: str) -> Trouble | None:
    """The exception that a card was made for: of that code, opened at that moment."""
    return next((t for t in item.exceptions if t.code == code and stamp(t.opened_at) == opened_at), None)


def _question(item: Item, workflow: Workflow) -> Message:
    asks = [workflow.fields[name].ask or name for name in item.missing]
    again = item.asks > 1
    count = "one thing is" if len(asks) == 1 else f"{len(asks)} things are"
    still = " still" if again else ""
    first: Line = (Who(item.asked_of, mention=True), f", {count}{still} missing: ", Strong(asks[0]))
    if len(asks) > 1:
        first = (Who(item.asked_of, mention=True), f", {count}{still} missing:")
    lines: list[Line] = [] if len(asks) == 1 else [(f"{n}. ", Strong(ask)) for n, ask in enumerate(asks, 1)]
    by_mail = item.source.by_mail
    unsure = [name for name in item.missing if name in item.conflicts]
    lines += [(f"You wrote {' and '.join(item.conflicts[name])} for {name}; which is it?",) for name in unsure]
    whole = " with all of it" if len(asks) > 1 else ""
    how = f"Reply to this mail{whole}." if by_mail else "Answer here, in one message."
    if item.source.channel == "docket":  # its owner is asked, wherever they read this
        how = f"Reply to this message, or `/docket set {item.key} {item.missing[0]} value`."
    return Message(
        subject=f"{asks[0]} [{item.key}]",
        headline=first,
        lines=(*lines, (how,)),
        small=((*heading(item, workflow), " · ", *facts(item, workflow, words=False)),),
    )


def _unclear(item: Item, workflow: Workflow, notice: notices.Unclear) -> Message | None:
    left = {name: problem for name, problem in notice.problems.items() if name in item.missing}
    if not left:
        return None
    problems: tuple[Line, ...] = tuple((problem,) for problem in left.values())
    asks = [workflow.fields[name].ask or name for name in left]
    return Message(
        subject=f"{asks[0]} [{item.key}]",
        headline=(Who(item.asked_of, mention=True), ", I could not read that for certain."),
        lines=(*problems, *((Strong(ask),) for ask in asks)),
        small=(heading(item, workflow),),
    )


def _late(item: Item, workflow: Workflow, now: datetime) -> Message | None:
    if item.due_at is None:
        return None
    return Message(
        subject=f"Overdue: {subject_of(item, workflow)} [{item.key}]",
        headline=(Strong(item.key), f" is overdue: {item.stage} was due ", *until(item.due_at, now)),
        lines=((Who(item.owner), " has it · ", Who(item.backup), " is the backup"), facts(item, workflow)),
        small=((workflow.promise,),),
        actions=(
            Action(verb="ack", label="I'm on it", item=item.key),
            Action(verb="assign", label="Hand over", item=item.key),
            Action(verb="show", label="Show", item=item.key),
        ),
    )


def _asked(item: Item, workflow: Workflow, trouble: Trouble) -> Message:
    return Message(
        subject=f"A question about {title(item, workflow)} [{item.key}]",
        headline=(Who(item.requester, mention=True), ", ", Who(trouble.owner), " asks before deciding:"),
        lines=(
            (Quote(trouble.question or ""),),
            ("Reply to this mail.",) if item.source.by_mail else ("Answer here.",),
        ),
        small=(heading(item, workflow),),
    )


def _received(item: Item, workflow: Workflow) -> Message:
    due: Line = (", until ", When(item.due_at)) if item.due_at and item.clock_stopped_at is None else ()
    return Message(
        subject=f"Received: {subject_of(item, workflow)} [{item.key}]",
        headline=(Who(item.owner), " has your request", *due, "."),
        lines=(("It is ", Strong(item.key), ". Reply to this mail to add something."),),
        small=((workflow.promise,),),
    )


def _verdict(item: Item, workflow: Workflow, notice: notices.Verdict, book: Rulebook) -> Message | None:
    last = item.last_trouble(notice.code)
    if notice.to != REQUESTER and last is not None and last.decision is not None:
        ruled = "Approved" if last.decision.verdict == "approve" else "Rejected"
        return Message(
            subject=f"{ruled}: {subject_of(item, workflow)} [{item.key}]",
            headline=decided_line(item, last, book),
            lines=(has_it(item, workflow) if item.closed_at is None else (f"{item.key} is closed.",),),
        )
    if last is None or last.decision is None or item.closed_at is not None:
        return None
    return Message(
        subject=f"Approved: {title(item, workflow)} [{item.key}]",
        headline=(Who(item.requester, mention=True), f", {item.key} was approved by ", Who(last.decision.by), "."),
        lines=(has_it(item, workflow),),
    )


def _ended(item: Item, workflow: Workflow) -> Message | None:
    if item.closed_at is None:
        return None
    # An answer that was held back ends nothing.
    ends = (t for t in item.exceptions if t.state == "rejected" and t.decision and t.gate != "outgoing")
    rejected = next(ends, None)
    if item.outcome == "rejected" and rejected is not None and rejected.decision is not None:
        said: Line = (f", {item.key} was rejected by ", Who(rejected.decision.by), ".")
    else:
        took = in_words((item.closed_at - item.opened_at).total_seconds())
        said = (f", {item.key} is {item.outcome}. It took {took}.",)
    return Message(
        subject=f"{'Rejected' if item.outcome == 'rejected' else 'Done'}: {title(item, workflow)} [{item.key}]",
        headline=(Who(item.requester, mention=True), *said),
        lines=(heading(item, workflow),),
    )
