"""The bot's own workflow `docket`: its failures are exceptions like any others, owned by the rulebook's operator."""

from __future__ import annotations

from collections.abc import Mapping

from rules.book.durations import Duration
from rules.book.field import Field
from rules.book.rulebook import Close, ExceptionRule, Intake, OwnerRow, Person, Stage, Workflow

APPROVE = {"MENDED": "The cause is gone, and what failed was done again or is no longer needed."}
REJECT = {"KNOWN": "Known and accepted for now; nothing more will be done."}

_MEANS = {
    "UNREADABLE": "Something came in that the bot could not read.",
    "UNDELIVERABLE": "A message of the bot could not be delivered.",
    "UNREACHABLE": "Slack, a mailbox or the mail server can't be reached.",
    "ABSENT": "Somebody of the rulebook can't be reached any more.",
    "DISAVOWED": "Somebody says that a decision in their name was not theirs.",
    "HELD": "Mail is held until somebody has looked at it, or answers are held back.",
    "RULE_FAILED": "A condition of the rulebook could not be judged.",
    "OURS": "The bot failed in some other way.",
}
_WITHIN = Duration(4, "business hour")


def docket_workflow(operator: str, people: Mapping[str, Person]) -> Workflow:
    """The workflow of key BOT. The backup is the operator's manager, else the first other person of the rulebook."""
    person = people.get(operator)
    backup = (person.manager if person else None) or next((key for key in people if key != operator), operator)
    fields = {name: Field(name=name, type="text") for name in ("cause", "what")}
    exceptions = {
        code: ExceptionRule(
            code=code,
            means=means,
            owner=operator,
            backup=backup,
            respond_within=_WITHIN,
            show=("what",),
            approve=tuple(APPROVE),
            reject=tuple(REJECT),
        )
        for code, means in _MEANS.items()
    }
    return Workflow(
        name="docket",
        key="BOT",
        promise="Every failure of the bot itself is seen and mended by a person.",
        source_of_truth={"operational status": "Docket"},
        intake=Intake(),
        fields=fields,
        owner=(OwnerRow(is_=operator),),
        backup=backup,
        stages=(Stage(name="mend", within=_WITHIN),),
        close=Close(evidence=("note",)),
        exceptions=exceptions,
    )
