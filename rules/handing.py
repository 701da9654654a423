"""Handing over: an item, or a decision on one of its exceptions, goes to somebody else by name."""

from __future__ import annotations

from rules.book.rulebook import Rulebook
from rules.bouncing import came_from
from rules.decisions import choose, reassign
from rules.draft import Draft
from rules.events import Command
from rules.handoffs import brought_up_to_date, hand
from rules.messages import Line, Reply, When, Who
from rules.notices import CONVERSATION, Card
from rules.people import is_present, may_reassign, runs, seat
from rules.refusals import blocked, closed
from rules.replies import done, refused, usage
from rules.stages import enter
from rules.wording.lines import reach


def claim(draft: Draft, command: Command) -> Reply:
    """Take the item oneself."""
    return _hand_to(draft, draft.by, "claimed")


def assign(draft: Draft, command: Command) -> Reply:
    """Hand the item over, or the decision where one is meant."""
    if not command.person:
        return usage(f"assign {draft.key} @person", "To whom?")
    to = meant(draft.book, command.person)
    if to is None:
        known = ", ".join(draft.book.people)
        line = (Who(command.person), f" is not in the rulebook. Known people: {known}.")
        return refused("unknown_person", line, blank="person")
    undecided = draft.item.open_trouble()
    if command.code or (undecided and not runs(draft.book, draft.item, draft.workflow, draft.by)):
        return _hand_decision(draft, command, to)
    return _hand_to(draft, to, command.words)


def accept(draft: Draft, command: Command) -> Reply:
    """Take what was handed over as it is."""
    item = draft.item
    if problem := closed(draft):
        return problem
    if item.unaccepted is None:
        last = item.handoffs[-1] if item.handoffs else None
        since: Line = (" since ", When(last.accepted_at)) if last is not None and last.accepted_at else ()
        line: Line = (f"Nothing on {item.key} waits to be accepted. ", Who(item.owner), " has it", *since, ".")
        return refused("accepted_already", line)
    draft.record("accepted")
    brought_up_to_date(draft, len(item.handoffs))
    draft.tell(Card(item=item.key, to=CONVERSATION))
    until: Line = (
        (", due ", When(due_at)) if (due_at := draft.item.due_at) and draft.item.clock_stopped_at is None else ()
    )
    return done((f"{item.key} is accepted: {draft.item.stage}", *until, "."), item=item.key)


def send_back(draft: Draft, command: Command) -> Reply:
    """Give it back, for a cause, to the stage and the person that it came from: rework, and counted as such."""
    item, cause = draft.item, command.words.strip()
    if problem := stays_here(draft):
        return problem
    if not cause:
        return refused("cause", ("Say what is missing or wrong; it stands in the record.",), blank="words")
    origin = came_from(item, draft.workflow)
    assert origin is not None, "what nobody handed over stays here"
    left, passed_from = origin
    stage = draft.workflow.stage(left)
    if stage is not None and left != item.stage:
        enter(draft, stage, owner=passed_from, cause=cause)
    else:
        owner, backup = seat(draft.book, draft.workflow, passed_from, item.backup, item.requester, draft.now)
        draft.record("reassigned", {"code": "", "owner": owner, "backup": backup}, {"because": f"sent back: {cause}"})
        hand(draft, item.owner, left, cause=cause)
        draft.tell(Card(item=item.key, to=CONVERSATION))
    return done((f"{item.key} is back in {draft.item.stage}. ", Who(draft.item.owner), " has it."), item=item.key)


def stays_here(draft: Draft) -> Reply | None:
    """Why it can't be sent back, and what to do instead; None: it can."""
    item = draft.item
    if problem := closed(draft) or blocked(draft):
        return problem
    if came_from(item, draft.workflow) is not None:
        return None
    first: Line = (f"Nobody handed {item.key} over: {item.stage} is where it began, so it can't be sent back.",)
    ways = [f"`/docket assign {item.key} @person` hands it to somebody else"]
    ways += [f"`/docket except {item.key} CODE why` asks for a decision"] if draft.workflow.exceptions else []
    if origin := next((link.key for link in item.links if link.relation == "from"), ""):
        ways.append(f"`/docket reopen {origin} cause` opens what it came from again")
    return refused("nobody_handed_it", first, ("; ".join(ways) + ".",))


def meant(book: Rulebook, said: str) -> str | None:
    """Whom `@person` means: a Slack user, an address, or a key or name of the rulebook in any case; None: nobody."""
    said = said.removeprefix("@")
    if (known := book.person_of(said)) in book.people:
        return known
    folded = said.casefold()
    named = [p.key for p in book.people.values() if folded in (p.key.casefold(), p.name.casefold())]
    return named[0] if len(named) == 1 else None


def _hand_decision(draft: Draft, command: Command, to: str) -> Reply:
    chosen = choose(draft, command)
    if isinstance(chosen, Reply):
        return chosen
    if not may_reassign(draft.book, draft.workflow, chosen, draft.by):
        owner = reach(draft.book, (chosen.owner,))
        return refused("not_yours", (*owner, f" owns {chosen.code} and can hand it over."))
    if problem := _outside(draft, to, (chosen.owner, chosen.backup)) or _unfit(draft, to):
        return problem
    if chosen.gate == "outgoing" and to == chosen.raised_by:
        return refused("own_request", (Who(to), " wrote what waits; somebody else says yes to it."), blank="person")
    if not command.words.strip():
        return refused("cause", ("Say why it goes to somebody else; it stands in the record.",), blank="words")
    reassign(draft, chosen, to, command.words.strip())
    return done((Who(to), f" decides {chosen.code} of {draft.key} now."), item=draft.key)


def _outside(draft: Draft, to: str, seats: tuple[str, str]) -> Reply | None:
    """What is private goes between its owner and its backup alone: handing it to a third person would tell them."""
    if not draft.workflow.private or to in seats:
        return None
    names = " and ".join(draft.book.named(person) for person in dict.fromkeys(seats))
    return refused("private", (f"{draft.key} is private: it stays with {names}.",), blank="person")


def _unfit(draft: Draft, to: str) -> Reply | None:
    if to == draft.item.requester:
        return refused("own_request", (f"{draft.book.named(to)} asked for {draft.key} and can't own it.",))
    if not is_present(draft.book, to, draft.now):
        how = "can't be reached" if draft.book.people[to].gone else "is away"
        return refused("absent", (f"{draft.book.named(to)} {how}. Name somebody who is there.",))
    return None


def _hand_to(draft: Draft, to: str, because: str) -> Reply:
    item = draft.item
    if problem := closed(draft) or _outside(draft, to, (item.owner, item.backup)) or _unfit(draft, to):
        return problem
    if to == item.owner:
        return refused("same_owner", (Who(to), f" has {item.key} already."))
    # Whoever gives it away stays within reach: the backup's seat is theirs if the new owner held it.
    second = item.backup if item.backup != to else item.owner
    owner, backup = seat(draft.book, draft.workflow, to, second, item.requester, draft.now)
    draft.record("reassigned", {"code": "", "owner": owner, "backup": backup}, {"because": because or "handed over"})
    hand(draft, item.owner, item.stage or "")
    draft.tell(Card(item=item.key, to=CONVERSATION))
    return done((Who(to), f" has {item.key} now."), item=item.key)
