"""The model of a workflow: one page that a manager can use, its handoffs and approvals, and what is missing in it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from rules.book.load import load
from rules.book.rulebook import Rulebook
from rules.gaps import written
from rules.model import chain, decided_by, doers, model_json, passes
from rules.wording.model import answered, page
from tests.months import HARBOR
from tests.rules.test_gate_histories import GATED
from tests.street import plain


def book(text: str = HARBOR) -> Rulebook:
    return load(text)


def test_a_workflow_stands_on_one_page() -> None:
    """Every name, time and rule of it, in lines that can be read aloud."""
    said = plain(page(book().workflows["refund"], book()))
    for words in (
        "Every refund request gets an answer within one business day.",
        "Led by maria · matters for revenue, customer · delay costs 25 USD per business hour",
        "operational status in Docket, money in Stripe",
        "#refunds when mentions", ":ticket: on any message",
        "Asked for: order, amount, every 4 business hours, 3 times",
        'ines when region == "EU"', "dana in all other cases", "Backup: lee",
        "1 triage  ines or dana · assisted · 4 business hours", "2 payment  finn · human · 1 business day",
        "to tick off: Payment log checked, Card matches the order", "an answer from the bank within 2 business days",
        "triage to payment  ines or dana to finn · needs order, amount, else NOT_READY",
        "When it is done, bookkeeping begins, with order, amount",
        "OVER_LIMIT  The refund is above what the desk may pay on its own. lee decides, backup maria",
        "Without a word after 2 business days it becomes STALLED",
        "It closes with: receipt", "maria may close it without",
        "dana or lee may act first and be reviewed after, by maria within 2 business days; 2 times in 30 days",
    ):  # fmt: skip
        assert words in said, words
    assert len(said.splitlines()) < 50


def test_its_approvals_say_who_in_which_order_and_why() -> None:
    said = plain(page(book().workflows["access"], book()))
    assert '1 APPROVAL  before it moves · maria when mentions("admin"); the requester\'s manager or maria' in said
    assert "because Unreviewed grants caused the March incident." in said
    gated = load(GATED).workflows["refund"]
    assert [(link.number, link.approval.code, link.stage) for link in chain(gated)] == [
        (1, "APPROVAL", ""), (2, "APPROVAL_2", ""), (3, "APPROVAL_PAYMENT", "payment"),
    ]  # fmt: skip
    assert decided_by(chain(gated)[1].approval) == [("amount > 45", "sam"), ("", "maria")]


def test_whoever_has_it_keeps_it_until_a_stage_names_another() -> None:
    quiet = "stale_after: 2 business days "
    flow = load(HARBOR.replace(quiet, f"  - {{name: told, within: 1 day}}\n    {quiet}")).workflows["refund"]
    assert [doers(flow, stage) for stage in flow.stages] == [("ines", "dana"), ("finn",), ("finn",)]
    assert [each.changes_hands for each in passes(flow)] == [True, False]
    assert "stays with the same person" in plain(page(flow, book()))


def test_a_private_workflow_is_shown_to_nobody_in_slack() -> None:
    assert answered("concern", book()).refused
    assert "concern" not in plain(answered("", book()).message)
    assert "access" in plain(answered("acc", book()).message)
    assert not answered("refund", book()).refused


def test_programs_read_it_too() -> None:
    told: dict[str, Any] = json.loads(json.dumps(model_json(book().workflows["refund"], book())))
    assert [stage["owner"] for stage in told["stages"]] == [["ines", "dana"], ["finn"]]
    assert told["handoffs"][0]["needs"] == ["order", "amount"]
    assert {rule["code"]: rule["when"] for rule in told["exceptions"]}["STALLED"] == "stale"


FLOW = """
version: 1
organization: X
timezone: UTC
currency: EUR
operator: amy
calendars: {office: {days: [mon], hours: "09:00-17:00"}}
people:
  amy: {name: Amy, email: amy@x.example}
  bo: {name: Bo, email: bo@x.example}
reason_codes: {approve: {OK_1: It is fine to do so.}, reject: {NO_1: It is not to be done.}}
defaults:
  {calendar: office, reminders: {first: 50%, every: 1 business hours}, escalate_to: [backup], snooze_at_most: 1 day}
workflows:
  w:
    key: W
    promise: It is done.
    LEADER
    source_of_truth: {all: Docket}
    intake: {command: true}
    fields: {}
    owner: amy
    backup: bo
    stages: [{name: a, within: 1 day, done_by: automated}, STAGE]
    handoffs: {at_most: 6, bounces: 3, then: E}
    close: {evidence: [EVIDENCE]}
    exceptions:
      E: {means: It went wrong., owner: OWNER, backup: BACKUP, respond_within: 1 day, WHEN}
DIGESTS
"""
WHOLE = {
    "LEADER": "leader: bo", "STAGE": "{name: b, within: 1 day, before: [{check: Is it there, else: E}]}",
    "EVIDENCE": "receipt",
    "OWNER": "bo", "BACKUP": "amy", "WHEN": "when: stale",
    "DIGESTS": "digests: {morning: {to: [bo], at: '08:00', via: [email]}}",
}  # fmt: skip


@pytest.mark.parametrize(
    ("changed", "kind", "what"),
    [
        ({"WHEN": "when: 'mentions(\"x\")'"}, "visibility", "Nothing is raised when work falls silent."),
        ({"LEADER": ""}, "visibility", "Nobody leads it, so nobody reads a digest of it."),
        ({"DIGESTS": ""}, "visibility", "Bo, who leads it, reads no digest of it."),
        ({"OWNER": "amy", "BACKUP": "bo"}, "ownership", "Whoever does the work also decides every exception of it."),
        ({"STAGE": "{name: b, within: 1 day, done_by: automated}"}, "execution", "b takes over whatever comes"),
        ({"EVIDENCE": "note"}, "proof", "A sentence is proof enough."),
    ],
)
def test_the_gap_review_finds_what_a_rulebook_lacks(changed: dict[str, str], kind: str, what: str) -> None:
    """One thing is taken away from a workflow without gaps, and that one is found, with evidence and a move."""

    def gaps(parts: dict[str, str]) -> list[Any]:
        text = FLOW
        for name, words in parts.items():
            text = text.replace(name, words)
        made = load(text)
        return list(written(made.workflows["w"], made))

    assert gaps(WHOLE) == []
    (gap,) = gaps({**WHOLE, **changed})
    assert gap.kind == kind
    assert gap.what.startswith(what)
    assert gap.evidence
    assert gap.move
