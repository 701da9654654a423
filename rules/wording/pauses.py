"""What is said of the off switch and of what was rolled back: what, by whom, since when, why, and how it goes on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from rules.book.rulebook import Rulebook, Workflow
from rules.items import Item
from rules.messages import Line, Message, Quote, Row, Strong, When, Who
from rules.pauses import Backlog, Pause
from rules.wording.lines import heading

#: What people call the kinds of happenings that wait.
_KINDS = {"Posted": "message", "Mailed": "mail", "Hooked": "webhook", "Edited": "edit", "Deleted": "deletion",
          "Reacted": "reaction"}  # fmt: skip


def name_of(workflow: str) -> str:
    """A workflow as it is named in a sentence; "" is everything."""
    return workflow or "Everything"


def paused_line(pause: Pause, book: Rulebook, *, why: bool = True) -> Line:
    """`refund is paused by Maria Sol since 10:40: the bank is down.` The reason is told to colleagues alone."""
    if pause.resumed_at is not None:
        return goes_on_line(pause)
    said: Line = (": ", Quote(pause.because)) if why and pause.because else (".",)
    return (f"{name_of(pause.workflow)} is paused by ", Who(pause.by), " since ", When(pause.since), *said)


def goes_on_line(pause: Pause) -> Line:
    """It was let go on, and what it held comes first."""
    return (f"{name_of(pause.workflow)} goes on; what was held is handled first. Try again in a minute.",)


def held_standing(pause: Pause) -> Line:
    """Where an item stands that belongs to what is paused: `On hold since 10:40, paused by Maria Sol`."""
    return ("On hold since ", When(pause.since), ", paused by ", Who(pause.by))


def how_to_go_on(pause: Pause) -> Line:
    """How it is ended."""
    return (Strong(f"/docket resume {pause.workflow or 'all'}"), " lets it go on.")


def stopped_lines(pause: Pause, book: Rulebook) -> tuple[Line, ...]:
    """The answer to who paused it: what stands still now."""
    workflow = book.workflows.get(pause.workflow)
    if workflow is None:
        still = "Deadlines stand still where the rulebook says so."
    else:
        still = "Deadlines stand still." if workflow.on_pause == "stand_still" else "Deadlines run on."
    return (
        (Strong(name_of(pause.workflow)), " is paused."),
        (f"Nothing of it is sent, no due time acts, and what comes in is held. {still}",),
        how_to_go_on(pause),
    )


def held_lines(pause: Pause, waits: Sequence[Backlog], others: Sequence[Pause], book: Rulebook) -> tuple[Line, ...]:
    """The answer to who let it go on: what was held, and what still stands."""
    lines: list[Line] = [(Strong(name_of(pause.workflow)), " goes on. It was paused since ", When(pause.since), ".")]
    if waits:
        lines.append(
            (f"Held meanwhile: {counted(waits)}, the oldest of ", When(min(each.oldest for each in waits)),
             ". It is handled now, in order.")
        )  # fmt: skip
    else:
        lines.append(("Nothing came in meanwhile.",))
    still = [other for other in others if other.covers(pause.workflow) or not pause.workflow]
    lines += [("But ", *paused_line(other, book)) for other in still]
    return tuple(lines)


def not_paused(name: str, pauses: Sequence[Pause], book: Rulebook) -> tuple[Line, ...]:
    """Nothing of that name is paused; what is, is said."""
    first: Line = (f"{name} is not paused by itself." if name else "Nothing is paused as a whole.",)
    return (first, *((*paused_line(pause, book), " ", *how_to_go_on(pause)) for pause in pauses))


def counted(waits: Sequence[Backlog]) -> str:
    """`3 messages, 1 mail`."""
    kinds: Counter[str] = Counter()
    for each in waits:
        kinds[_KINDS.get(each.kind, "other thing")] += each.count
    return ", ".join(f"{count} {kind}{'' if count == 1 else 's'}" for kind, count in kinds.most_common())


def pause_rows(pauses: Sequence[Pause], waits: Sequence[Backlog]) -> list[Row]:
    """What is paused, for a digest: since when, by whom, why, and how much is held."""
    rows = []
    for pause in pauses:
        own = [each for each in waits if pause.covers(each.workflow)]
        held = f" · held: {counted(own)}" if own else " · nothing held"
        why: Line = (": ", Quote(pause.because)) if pause.because else ()
        line: Line = (Strong(name_of(pause.workflow)), "  since ", When(pause.since), " by ", Who(pause.by), *why, held)
        rows.append(Row(line=line))
    return rows


def drill_line(drill: Pause) -> Line:
    """`off switch last tried Nov 3, worked`."""
    return ("off switch last tried ", When(drill.since, "day"), ", worked" if drill.worked else ", did not work")


def undone(item: Item, workflow: Workflow) -> Message | None:
    """To whoever has it: what was rolled back, by whom and why."""
    if item.rollback is None:
        return None
    what = "was withdrawn" if item.outcome == "withdrawn" else "was set back"
    return Message(
        subject=f"Rolled back: {item.title} [{item.key}]",
        headline=(Strong(item.key), f" {what} by ", Who(item.rollback.by), ": ", Quote(item.rollback.because)),
        lines=(heading(item, workflow),),
        small=(("Its record has what stood there before.",),),
    )
