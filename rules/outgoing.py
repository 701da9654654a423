"""What goes to the requester in somebody's own words, and what of it waits for another person's yes before (M61)."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from rules.approvals import seats
from rules.book.conditions import ConditionFailed
from rules.book.rulebook import ExceptionRule
from rules.draft import Draft, facts_of
from rules.entries import stamp
from rules.events import Command
from rules.items import Trouble
from rules.messages import Reply, When, Who
from rules.notices import CONVERSATION, REQUESTER, AnswerDecided, Asked, Card, OwnWords
from rules.refusals import closed
from rules.replies import done, refused
from rules.stops import cards, open_trouble

#: Whoever says yes must see every word of it, in Slack as in a letter.
MOST_CHARACTERS: Final = 2000


def answer(draft: Draft, command: Command) -> Reply:
    """`reply`: answer the requester, where they asked."""
    item, words = draft.item, command.words.strip()
    if problem := closed(draft):
        return problem
    refuses = bool(item.bounced) and item.source.by_mail
    if refuses or item.source.channel == "docket" or not item.source.answerable:
        why = "their address refuses mail" if refuses else "nobody who can be answered wrote it"
        return refused("unanswerable", (f"{item.key} has nobody to answer: {why}. Nothing was sent.",))
    if not words:
        return refused("words", ("What should they hear?",), blank="words")
    return say(draft, words)


def say(draft: Draft, words: str, about: str = "") -> Reply:
    """Send somebody's words to the requester, or have them wait for a yes. `about`: the exception they ask about."""
    item = draft.item
    if len(words) > MOST_CHARACTERS:
        long = f"That is longer than {MOST_CHARACTERS:,} characters; say it shorter."
        return refused("too_long", (long,), blank="words")
    rule = needs_a_yes(draft, words)
    if rule is None:
        _send(draft, words, about, draft.by)
        if about:
            return done(("Asked ", Who(item.requester), ". The deadline stays."), item=item.key)
        return done(("Sent to ", Who(item.requester), "."), item=item.key)
    if waiting := item.open_trouble(rule.code):
        first = ("Another answer waits for ", Who(waiting[0].owner), f" ({rule.code}).")
        return refused("already_open", first, ("Nothing was sent; yours can follow then.",), blank="words")
    owner, _, _ = seats(draft, rule, draft.by)
    if owner in (draft.by, item.requester):
        alone = f"These words need a yes ({rule.code}), and nobody but you is there to give it. Nothing was sent."
        return refused("no_approver", (alone,), blank="words")
    open_trouble(draft, rule.code, because=words, raised_by=draft.by, about=about)
    trouble = draft.item.open_trouble(rule.code)[0]
    until = (" decides before it is sent, until ", When(trouble.due_at), f" ({rule.code}).")
    return done((Who(trouble.owner), *until, " You hear of it either way."), item=item.key)


def needs_a_yes(draft: Draft, words: str) -> ExceptionRule | None:
    """The rule by which such words wait; None: they may go. What can't be judged waits, and the operator knows why."""
    outgoing = draft.workflow.outgoing
    rule = next((rule for rule in draft.workflow.gates.values() if rule.gate == "outgoing"), None)
    if outgoing is None or rule is None:
        return None
    facts = replace(facts_of(draft.item, draft.book, draft.now), text=words, subject="")
    try:
        return rule if outgoing.when.holds(facts) else None
    except ConditionFailed as problem:
        draft.failures.append(f"`outgoing` could not be judged on {draft.key}: {problem}")
        return rule


def settle(draft: Draft, trouble: Trouble, verdict: str) -> None:
    """After the decision on an answer: these very words go, or they do not; whoever wrote them hears which."""
    if verdict == "approve":
        _send(draft, trouble.because, trouble.about, trouble.raised_by)
    tell_author(draft, trouble)


def tell_author(draft: Draft, trouble: Trouble) -> None:
    """What became of an answer, to whoever wrote it."""
    if trouble.gate == "outgoing":
        opened_at = stamp(trouble.opened_at)
        draft.tell(AnswerDecided(item=draft.key, to=trouble.raised_by, code=trouble.code, opened_at=opened_at))


def _send(draft: Draft, words: str, about: str, author: str) -> None:
    asked = draft.item.open_trouble(about) if about else ()
    if asked:
        draft.record("questioned", {"code": about}, {"question": words}, by=author)
        draft.tell(Asked(item=draft.key, to=REQUESTER, code=about), *cards(draft, draft.item.open_trouble(about)[0]))
        return
    # What it was asked about may be decided by now: then it is said like any other answer.
    draft.record("spoken", {"from": author}, {"words": words}, by=author)
    number = len(draft.item.spoken)
    draft.tell(OwnWords(item=draft.key, to=REQUESTER, number=number), Card(item=draft.key, to=CONVERSATION))
