"""Who may what (interface.md, "Slack"): one table for every path; a refusal names who may and how to reach them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, Literal

from rules.book.rulebook import Rulebook, Workflow
from rules.events import Command, Verb
from rules.items import Item, Trouble
from rules.messages import Line, Reply
from rules.people import may_decide, may_reassign, may_see, runs
from rules.replies import refused
from rules.wording.lines import deciders_line, reach

#: What a person is to the bot, to an item, to its decisions, or to a workflow.
Standing = Literal[
    "guest",  # or of another organization; whom the rulebook names is no guest, whatever Slack calls their account
    "anyone",
    "people",  # of the rulebook
    "keeps",  # what is held: the operator, the owners of private inboxes, of what a pause holds who may end that
    "reads",  # a digest's reader, a workflow's leader, somebody's manager, the operator
    "requester",
    "runs",  # the item's owner, its backup, its workflow's leader
    "decides",  # owner of an undecided exception, or the escalation has reached them
    "reassigns",  # its backup, and the operator
    "breaks glass",
    "overrides",  # may close without proof
    "stops",  # an exception owner of the workflow, its leader, the operator
]

_ITEM: Final[tuple[Standing, ...]] = ("runs",)
_SEEN: Final[tuple[Standing, ...]] = ("people", "requester")

#: The table. A private item is first of all one that must be seen (`sees`); nobody else hears that there is one.
MAY: Final[Mapping[Verb, tuple[Standing, ...]]] = {
    "new": ("anyone", "guest"),
    "except": ("anyone",),
    "help": ("anyone",),
    "mine": ("anyone",),
    "show": _SEEN,
    "why": _SEEN,
    "decide": _SEEN,
    "list": ("people",),
    "claim": ("people",),
    "evidence": ("people",),
    "exceptions": ("people",),
    "assign": ("runs", "decides", "reassigns"),
    "snooze": ("runs", "decides"),  # whoever decides puts off their own reminders
    "ask": ("runs", "decides"),
    "next": _ITEM,
    "back": _ITEM,
    "accept": _ITEM,
    "tick": _ITEM,
    "set": _ITEM,
    "close": ("runs", "overrides"),
    "reopen": _ITEM,
    "ack": _ITEM,
    "approve": ("decides",),
    "reject": ("decides",),
    "changes": ("decides",),
    "reply": ("runs", "decides"),
    "breakglass": ("breaks glass",),
    "pause": ("stops",),
    "resume": ("stops",),
    "report": ("reads",),
    "digest": ("reads",),
    "away": ("people",),  # for oneself; the operator for others
    "quarantine": ("keeps",),
    "disavow": ("people",),  # one's own decisions
    "web": ("people",),  # a link for oneself
}


def sees(book: Rulebook, item: Item, workflow: Workflow, person: str) -> bool:
    """Whether somebody may hear that there is such an item: what is public is no secret, what it says may be."""
    return not workflow.private or may_see(book, item, workflow, person)


def unknown(key: str) -> Reply:
    """The one answer about an item that is not there, and about a private one of somebody else."""
    return refused("unknown_item", (f"There is no {key} that you can see.",))


def guests(command: Command, book: Rulebook) -> Reply | None:
    """What a guest hears who asks for more than a guest may, before anything of it is looked up."""
    person = book.person_of(command.by)
    if not command.guest or person in book.people:
        return None
    return refusal(command.verb, book, person, guest=True)


def refused_to(command: Command, book: Rulebook, item: Item | None, workflow: Workflow | None) -> Reply | None:
    """Why whoever asks may not have an answer; a question about an item that is not there is none of rights."""
    if item is None and "requester" in MAY[command.verb]:
        return guests(command, book)
    return refusal(command.verb, book, book.person_of(command.by), guest=command.guest, item=item, workflow=workflow)


def refusal(
    verb: Verb,
    book: Rulebook,
    person: str,
    *,
    guest: bool = False,
    item: Item | None = None,
    workflow: Workflow | None = None,
    troubles: Sequence[Trouble] | None = None,
) -> Reply | None:
    """Why `person` (a rulebook key or a stranger's identity) may not; None: they may.

    `guest` as in events.Event; `item` and `workflow` the ones it is about; `troubles` the exceptions that are meant,
    where they are not all that are undecided.
    """
    if guest and person not in book.people and "guest" not in MAY[verb]:
        return refused(
            "guest",
            ("Guests and people of other organizations open items and answer what they are asked.",),
            ("`/docket new WORKFLOW text` opens one. For all else ask ", *reach(book, (book.operator,)), "."),
        )
    if item is not None and workflow is not None and not sees(book, item, workflow, person):
        return unknown(item.key)
    if troubles is None:
        troubles = item.open_trouble() if item is not None else ()
    if standings(book, person, guest=guest, item=item, workflow=workflow, troubles=troubles) & set(MAY[verb]):
        return None
    if MAY[verb] == ("decides",) and troubles:
        own: Line = ("Nobody decides on their own request. ",) if item and person == item.requester else ()
        if troubles[0].gate == "outgoing" and person == troubles[0].raised_by:
            own = ("Nobody says yes to their own words. ",)
        nothing: Line = (f"Nothing was changed on {item.key}.",) if item else ()
        return refused("own_request" if own else "not_yours", (*own, *deciders_line(troubles[0], book)), nothing)
    return _not_yours(verb, book, item, workflow)


def _not_yours(verb: Verb, book: Rulebook, item: Item | None, workflow: Workflow | None) -> Reply:
    if verb == "breakglass" and item is not None and workflow is not None:
        return _no_glass(book, item, workflow)
    if item is not None and "people" in MAY[verb]:
        also = " and for whoever asked for it" if "requester" in MAY[verb] else ""
        whom: Line = (f"That is for people of the rulebook{also}. ", *reach(book, (item.owner,)), f" has {item.key}.")
        return refused("people_only", whom, ("Nothing was changed.",))
    if item is not None:
        seconds = [item.backup] if item.backup != item.owner else []
        line: Line = (*reach(book, (item.owner,)), f" has {item.key}")
        backup: Line = ("; ", *reach(book, seconds, mention=False), " is the backup.") if seconds else (".",)
        return refused("not_yours", (*line, *backup), ("They can do that; nothing was changed.",))
    if "people" in MAY[verb]:
        return refused("people_only", ("That is for people of the rulebook. `/docket mine` shows what you asked for.",))
    readers = sorted(readers_of(book)) if "reads" in MAY[verb] else []
    stoppers = sorted(stoppers_of(book, workflow)) if "stops" in MAY[verb] else []
    people = readers or stoppers or [book.operator]
    what = f"The {verb} is for its readers: " if readers else f"`{verb}` is for "
    return refused("not_yours", (what, *reach(book, people), "."))


def _no_glass(book: Rulebook, item: Item, workflow: Workflow) -> Reply:
    if workflow.break_glass is None:
        return refused("not_yours", (f"Nobody breaks the glass in {workflow.name}: its rulebook names no one.",))
    people = reach(book, workflow.break_glass.who, between=" or ")
    return refused(
        "not_yours",
        (
            *people,
            f" may break the glass on {item.key}. Nothing was changed.",
        ),
    )


def standings(
    book: Rulebook,
    person: str,
    *,
    guest: bool = False,
    item: Item | None = None,
    workflow: Workflow | None = None,
    troubles: Iterable[Trouble] = (),
) -> frozenset[Standing]:
    """All that somebody is, for the table."""
    known = person in book.people
    if guest and not known:
        return frozenset({"guest"})
    held: dict[Standing, bool] = {
        "anyone": True,
        "people": known,
        "keeps": person == book.operator or person in keepers_of_private(book) or person in stoppers(book),
        "reads": person in readers_of(book),
        "stops": person in stoppers_of(book, workflow),
    }
    if item is not None and workflow is not None:
        glass = workflow.break_glass
        held |= {
            "requester": person == item.requester,
            "runs": runs(book, item, workflow, person),
            "decides": any(may_decide(t, person, item.requester) for t in troubles),
            "reassigns": any(may_reassign(book, workflow, t, person) for t in troubles),
            "breaks glass": glass is not None and person in glass.who,
            "overrides": person in workflow.close.override,
        }
    return frozenset(name for name, holds in held.items() if holds)


def readers_of(book: Rulebook) -> frozenset[str]:
    """Who may read what is said about everybody's work: digest readers, leaders, managers, the operator."""
    readers = {person for spec in book.digests.values() for person in spec.to}
    leaders = {w.leader for w in book.workflows.values() if w.leader}
    managers = {p.manager for p in book.people.values() if p.manager}
    return frozenset({book.operator} | readers | leaders | managers)


def keepers_of_private(book: Rulebook) -> frozenset[str]:
    """Whose is what is held in a private inbox: its workflows' owners'."""
    private = [w for w in book.workflows.values() if w.private and w.intake.email]
    return frozenset().union(*(owners_of(workflow) for workflow in private))


def owners_of(workflow: Workflow) -> frozenset[str]:
    """The people whom a workflow's `owner` names; the backup where it names a requester's manager alone."""
    named = {person for row in workflow.owner for person in (row.is_, row.otherwise) if person}
    return frozenset(named or {workflow.backup})


def stoppers(book: Rulebook) -> frozenset[str]:
    """Who may stop one workflow or another."""
    return frozenset().union(*(stoppers_of(book, workflow) for workflow in book.workflows.values()))


def stoppers_of(book: Rulebook, workflow: Workflow | None) -> frozenset[str]:
    """Who may stop a workflow: its exceptions' owners, its leader, the operator; everything: the operator."""
    owners = {rule.owner for rule in workflow.exceptions.values()} if workflow else set()
    leader = {workflow.leader} if workflow and workflow.leader else set()
    return frozenset({book.operator} | owners | leader)
