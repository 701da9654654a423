"""The first five minutes of a newcomer, as steps at the side of the page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from rules.book.rulebook import Rulebook, Workflow


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step: what to do and see; `who`, `where`, `fill` prepare the page for it when asked.

    `who`: a rulebook key or handle, or the name before a mail address's @; `where`: `#channel`, `@docket`, `home` or
    `mail`; `push`: `morning` or minutes; `thread`: open the last thread there.
    `done` is what ticks it off: `who` wrote in `where` (`said`), answered in a thread there (`answered`), decided
    (`decided`), typed a command (`typed`), the clock was pushed (`pushed`), or the page shows `where` (`seen`).
    """

    title: str
    text: str
    who: str = ""
    where: str = ""
    fill: str = ""
    push: str = ""
    thread: bool = False
    go: str = "Take me there"
    done: Literal["said", "answered", "decided", "typed", "pushed", "seen"] = "seen"


def first_minutes(book: Rulebook) -> tuple[Step, ...]:
    """The refund story where the rulebook can tell it, else a walk along its own first workflow."""
    refund = book.workflows.get("refund")
    tells_it = (
        refund is not None
        and "OVER_LIMIT" in refund.exceptions
        and {"dana", "lee", "maria"} <= set(book.people)
        and any(source.channel == "refunds" for source in refund.intake.slack)
        and "refunds" in refund.intake.email
        and bool(book.digests)
    )
    return REFUND if tells_it else _own_walk(book)


def topics(book: Rulebook) -> Mapping[str, str]:
    """What a channel is for, by its name: the promises of the workflows that listen there."""
    found: dict[str, str] = {}
    for workflow in book.workflows.values():
        for source in workflow.intake.slack:
            name = source.channel.lstrip("#")
            found[name] = " ".join(dict.fromkeys([*filter(None, [found.get(name)]), workflow.promise]))
    return found


REFUND = (
    Step(
        title="Ask for a refund",
        text="Be Rita from support. The button fills in a request for you; send it.",
        who="rita",
        where="#refunds",
        fill="Please refund ORD-48213, I was charged twice",
        go="Be Rita",
        done="said",
    ),
    Step(
        title="Answer the question",
        text="Docket opened an item, gave it to Dana, and asks in the thread how much. Answer there: 450 USD.",
        who="rita",
        where="#refunds",
        fill="450 USD",
        thread=True,
        go="Open the thread",
        done="answered",
    ),
    Step(
        title="Decide, as Lee",
        text="450 is above the desk's 300: a stop rule fired and Lee has a card. Press Approve, choose DOUBLE_CHARGE, "
        "and write a sentence that someone new will understand next month.",
        who="lee",
        where="@docket",
        go="Be Lee",
        done="decided",
    ),
    Step(
        title="See what Rita sees",
        text="The card in the thread changed in place: who decided, why, when. Dana has it, and her time runs again.",
        who="rita",
        where="#refunds",
        thread=True,
        go="Back to Rita",
    ),
    Step(
        title="Let time pass",
        text="Push the clock, here or at the top. Reminders and escalations come when they are due, and only once.",
        push="morning",
        go="Next morning",
        done="pushed",
    ),
    Step(
        title="Read Maria's digest",
        text="Maria finds yesterday on one page: what is late, what was decided and why. The same is in her mail.",
        who="maria",
        where="@docket",
        go="Be Maria",
    ),
    Step(
        title="Go on alone",
        text="Ask for another refund above 300 and push the clock past Lee's two hours: now Maria can decide as well. "
        "Or write to refunds@ as Carla, a customer who has only mail.",
        who="carla",
        where="mail",
        go="Be Carla",
    ),
)


def _own_walk(book: Rulebook) -> tuple[Step, ...]:
    """A walk for a rulebook of one's own: its first workflow that can be asked from Slack, the clock, the digest."""
    asked = _ask(book)
    passing = Step(
        title="Let time pass",
        text="Push the clock, here or at the top: reminders, escalations and digests come when they are due.",
        push="morning",
        go="Next morning",
        done="pushed",
    )
    return (*asked, passing, *_digest(book))


def _ask(book: Rulebook) -> tuple[Step, ...]:
    offered = [w for w in book.workflows.values() if not w.private]
    listening = next((w for w in offered if w.intake.slack), None)
    typed = next((w for w in offered if w.intake.command), None)
    help_step = Step(
        title="Type a command",
        text="Everything can be typed as well. /docket help lists the commands.",
        where="#general",
        fill="/docket help",
        go="Fill it in",
        done="typed",
    )
    if listening is not None:
        return (*_written(listening), *_owned(listening, book), help_step)
    if typed is not None:
        opening = Step(
            title="Ask for something",
            text=f"Be Rita, who only asks, and send the command that the button fills in. {typed.promise}",
            who="rita",
            where="#general",
            fill=f"/docket new {typed.name}",
            go="Be Rita",
            done="typed",
        )
        return opening, help_step
    return (help_step,)


def _written(workflow: Workflow) -> tuple[Step, ...]:
    source = workflow.intake.slack[0]
    where = f"#{source.channel.lstrip('#')}"
    example = next((e.message for e in workflow.examples if not e.nothing), "")
    heard = f"Docket listens there for: {source.when.source}" if source.when else "Docket listens to all of it."
    send = "send the request that the button fills in." if example else f"ask for something in {where}. {heard}"
    return (
        Step(
            title=f"Write in {where}",
            text=f"Be Rita, who only asks, and {send}",
            who="rita",
            where=where,
            fill=example,
            go="Be Rita",
            done="said",
        ),
        Step(
            title="Open the thread",
            text="Docket opens an item, names one owner, and asks there for what is missing. You can answer.",
            who="rita",
            where=where,
            thread=True,
            go="Open the thread",
        ),
    )


def _owned(workflow: Workflow, book: Rulebook) -> tuple[Step, ...]:
    """Whose the example is, at their own list; none where it does not say, or they have no Slack."""
    example = next((e for e in workflow.examples if not e.nothing), None)
    owner = book.people.get(example.owner or "") if example is not None else None
    if owner is None or owner.slack is None:
        return ()
    first = owner.name.split(" ")[0]
    return (
        Step(
            title=f"See what {first} sees",
            text=f"{owner.name} has it. Docket Home lists what is theirs by due time; the menu beside it is what "
            "they do next.",
            who=owner.key,
            where="home",
            go=f"Be {first}",
        ),
    )


def _digest(book: Rulebook) -> tuple[Step, ...]:
    morning = min(book.digests.values(), key=lambda digest: digest.at, default=None)
    if morning is None:
        return ()
    reader = book.people[morning.to[0]]
    in_slack = "slack" in morning.via and reader.slack is not None
    return (
        Step(
            title=f"Read {reader.name.split(' ')[0]}'s digest",
            text=f"It comes at {morning.at:%H:%M}: what waits, what is late, what was decided and why.",
            who=reader.key if reader.slack else reader.email.partition("@")[0],
            where="@docket" if in_slack else "mail",
            go=f"Be {reader.name.split(' ')[0]}",
        ),
    )
