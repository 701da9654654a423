"""The first five minutes of a newcomer, as steps at the side of the page."""

from __future__ import annotations

from dataclasses import dataclass

from rules.book.rulebook import Rulebook


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step: what to do and see; `who`, `where`, `fill` prepare the page for it when asked.

    `who`: a handle; `where`: `#channel`, `@docket`, `home` or `mail`; `push`: `morning` or minutes;
    `thread`: open the last thread there.
    """

    title: str
    text: str
    who: str = ""
    where: str = ""
    fill: str = ""
    push: str = ""
    thread: bool = False
    go: str = "Take me there"


def first_minutes(book: Rulebook) -> tuple[Step, ...]:
    """The refund story where the rulebook can tell it, else a general walk."""
    refund = book.workflows.get("refund")
    if refund is None or "OVER_LIMIT" not in refund.exceptions or not {"lee", "maria"} <= set(book.people):
        return GENERAL
    return REFUND if any(source.channel == "refunds" for source in refund.intake.slack) else GENERAL


REFUND = (
    Step(
        title="Ask for a refund",
        text="You are Rita from support. Send the request below in #refunds.",
        who="rita",
        where="#refunds",
        fill="Please refund ORD-48213, I was charged twice",
        go="Be Rita",
    ),
    Step(
        title="Answer the question",
        text="Docket opened REF-1, named an owner and asks in the thread how much. Reply there: 450 USD.",
        who="rita",
        where="#refunds",
        fill="450 USD",
        thread=True,
        go="Open the thread",
    ),
    Step(
        title="Decide, as Lee",
        text="450 is over the desk's 300, so a stop rule fired and Lee has a card to decide. Choose Approve, the code "
        "DOUBLE_CHARGE, and a sentence that someone new will understand next month.",
        who="lee",
        where="@docket",
        go="Be Lee",
    ),
    Step(
        title="See what Rita sees",
        text="The card in the thread changed in place: who decided, with which code, why, when.",
        who="rita",
        where="#refunds",
        go="Back to Rita",
    ),
    Step(
        title="Let time pass",
        text="Push the clock at the top. Reminders and escalations come when they are due, never twice.",
        push="morning",
        go="Next morning",
    ),
    Step(
        title="Read Maria's digest",
        text="Maria finds yesterday on one page, here and in her mail.",
        who="maria",
        where="@docket",
        go="Be Maria",
    ),
)
GENERAL = (
    Step(
        title="Be somebody",
        text="Choose a person at the lower left. Everyone in your rulebook is here, and Rita, who only asks.",
        who="rita",
        where="#general",
        go="Be Rita",
    ),
    Step(
        title="Ask for something",
        text="Write in a channel of your rulebook, or type a command. The commands are listed by /docket help.",
        fill="/docket help",
        go="Fill it in",
    ),
    Step(
        title="Let time pass",
        text="Push the clock at the top: reminders, escalations and the morning digest come when they are due.",
        push="morning",
        go="Next morning",
    ),
)
