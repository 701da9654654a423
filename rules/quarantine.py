"""The quarantine: who sees what is held, what is shown of it, and how a person lets it go or drops it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from rules import pausing
from rules.book.rulebook import Rulebook, Workflow
from rules.draft import DOCKET, Draft
from rules.events import Command
from rules.intake import private_reader
from rules.messages import Line, Message, Quote, Reply, Row, Section, Strong, When, Who
from rules.replies import done, refused, usage
from rules.rights import owners_of, refusal, stoppers_of
from rules.ruling import Ruling, World
from rules.stages import finish
from rules.traces import Kept
from rules.wording.pauses import paused_line

ROWS = 10
#: So much of an outside id is enough to name it.
SHORT = 10
_HOW = "`/docket quarantine release ID why` or `/docket quarantine drop ID why`"


def keepers(kept: Kept, book: Rulebook) -> frozenset[str]:
    """The people who may see and judge what is held: the operator; of private work its workflow's owners instead.

    What waits for a paused workflow is also its exceptions' owners' and its leader's.
    """
    workflow = confined_to(kept, book)
    if workflow is None and kept.paused:
        return stoppers_of(book, book.workflows.get(kept.paused))
    return frozenset({book.operator}) if workflow is None else owners_of(workflow)


def confined_to(kept: Kept, book: Rulebook) -> Workflow | None:
    """The private workflow whose it is: by the inbox that it came to, or by the item that says that it is held."""
    own = book.workflows.get(kept.paused) or book.by_key(kept.item.partition("-")[0])
    workflow = private_reader(book, (kept.inbox,)) or own
    return workflow if workflow is not None and workflow.private else None


def short(outside_id: str) -> str:
    """What people type and read for an outside id: of a mail the beginning of its hash."""
    return outside_id.removeprefix("mail:")[:SHORT] if outside_id.startswith("mail:") else outside_id


def named(kept: Sequence[Kept], typed: str) -> list[Kept]:
    """Those that a typed id means: the one of that id, or all that begin with it."""
    wanted = typed.strip().removeprefix("mail:")
    if not wanted:
        return []
    exact = [one for one in kept if one.id in (typed.strip(), wanted)]
    return exact or [one for one in kept if one.id.removeprefix("mail:").startswith(wanted)]


def rows(kept: Sequence[Kept], me: str, book: Rulebook) -> tuple[Row, ...]:
    """What is held and `me` may see, oldest first: who wrote, about what, since when, why."""
    return tuple(Row(line=_line(one)) for one in kept if me in keepers(one, book))


def listing(kept: Sequence[Kept], me: str, book: Rulebook) -> Reply:
    """The answer to `/docket quarantine`."""
    shown = rows(kept, me, book)
    if not shown:
        nothing = "Nothing is held. Mail is held when it can't be read, looks hostile, or one sender's is too much."
        return Reply(message=Message(subject="quarantine", headline=(nothing,)))
    more = len(shown) - ROWS
    rest = f"and {more} more: docketbot quarantine" if more > 0 else ""
    count = "1 is held" if len(shown) == 1 else f"{len(shown)} are held"
    how: Line = (f"Let one go or drop it: {_HOW}",)
    section = Section(heading="", rows=shown[:ROWS], rest=rest)
    return Reply(message=Message(subject="quarantine", headline=(count,), sections=(section,), small=(how,)))


def judge(command: Command, world: World) -> Ruling:
    """`quarantine release|drop ID why`: once, by who may, with a reason, in the record of the failure it was."""
    kept, me = world.kept, world.book.person_of(command.by)
    if (outside := refusal("quarantine", world.book, me)) is not None:
        return Ruling(reply=outside)
    verb, typed = command.name or "", command.code or ""
    if verb not in ("release", "drop") or not typed:
        return Ruling(reply=usage("quarantine release ID why", "What should happen to which? `release` or `drop`."))
    if kept is None or me not in keepers(kept, world.book):
        return Ruling(reply=refused("unknown_held", (f"Nothing is held as {typed} that you can see.",)))
    if not command.words.strip():
        why = "Say why it goes on; it stands in the record." if verb == "release" else "Say why it is dropped."
        return Ruling(reply=usage(f"quarantine {verb} {short(kept.id)} why", why))
    if kept.paused:
        return pausing.dropped(command, world, kept) if verb == "drop" else Ruling(reply=pausing.waits_for(kept))
    if verb == "release" and world.pauses:
        return Ruling(reply=refused("paused", paused_line(world.pauses[0], world.book), ("Let it go after that.",)))
    if verb == "release" and not kept.readable:
        said = f"{short(kept.id)} still can't be read, so it can't be taken."
        return Ruling(reply=refused("unreadable", (said,), ("Ask whoever sent it to send it once more, and drop it.",)))
    if world.item is None:
        return Ruling(reply=refused("unknown_held", (f"{short(kept.id)} has no item that could say so.",)))
    workflow = world.book_of(world.item.rulebook).workflows[world.item.workflow]
    draft = Draft(world, command, workflow, world.item.key, world.item)
    because = command.words.strip()
    if verb == "release":
        draft.record("released", {"id": kept.id}, {"because": because})
        lets_go, drops, did = kept.id, "", "was let go and is taken now"
    else:
        draft.record("dropped", {"id": kept.id}, {"because": because})
        lets_go, drops, did = "", kept.id, "is dropped. It stays as it came, and nothing follows from it"
    if kept.beside == 0 and draft.item.closed_at is None and draft.item.workflow == "docket":
        finish(draft, "done", by=DOCKET)
    ruling = draft.ruling(reply=done((f"{short(kept.id)} {did}.",), item=draft.key))
    return replace(ruling, lets_go=lets_go, drops=drops)


def _line(kept: Kept) -> Line:
    about: Line = (" ", Quote(kept.subject)) if kept.subject else ()
    place = f" · {kept.inbox}" if kept.inbox else ""
    return (
        Strong(short(kept.id)), f"  {kept.kind.lower()} from ", Who(kept.sender), *about, f"{place} · since ",
        When(kept.at), f" · {kept.reason}",
    )  # fmt: skip
