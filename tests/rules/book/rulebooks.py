"""Small valid rulebooks for tests, and a way to change one word of them."""

from __future__ import annotations

SMALL = """\
version: 1
organization: Harbor Supply
timezone: America/Chicago
currency: USD
operator: sam
calendars:
  office: {days: [mon, tue, wed, thu, fri], hours: "09:00-17:00", holidays: US}
people:
  dana: {name: Dana Ruiz, email: dana@harbor.example, slack: U0DANA, manager: lee}
  lee: {name: Lee Park, email: lee@harbor.example, slack: U0LEE, manager: sam}
  sam: {name: Sam Adeyemi, email: sam@harbor.example}
reason_codes:
  approve: {GOODWILL: Keeping this customer is worth the amount.}
  reject: {NO_PROOF: Nothing that we hold supports the claim.}
workflows:
  refund:
    key: REF
    promise: Every refund request gets an answer within one business day.
    source_of_truth: {operational status: Docket}
    intake: {slack: [{channel: refunds, when: 'mentions("refund")'}], email: [refunds], command: true}
    fields:
      order: {ask: Which order is it?, pattern: 'ORD-\\d{5}', required: true}
      amount: {ask: How much should go back?, type: money}
      region: {choices: {EU: [EUR], NA: [USD]}}
      until: {type: date}
    follow_up: {every: 4 business hours, at_most: 3, then: MISSING}
    owner: dana
    backup: lee
    stages: [{name: triage, within: 4 business hours}]
    close: {evidence: [receipt]}
    exceptions:
      OVER_LIMIT: {means: Too much for the desk., owner: lee, backup: sam, respond_within: 2 hours, when: amount > 300}
      MISSING: {means: Nobody gave the order., owner: dana, backup: lee, respond_within: 1 business day}
"""


def small(*changes: tuple[str, str]) -> str:
    """The small rulebook with each (old, new) replaced; `old` must stand in it exactly once."""
    text = SMALL
    for old, new in changes:
        if text.count(old) != 1:
            raise AssertionError(f"{old!r} stands {text.count(old)} times in the small rulebook")
        text = text.replace(old, new)
    return text


def with_lines(under: str, *lines: str) -> tuple[str, str]:
    """A change that puts lines below the line that is `under`, as they are written."""
    return under + "\n", "\n".join([under, *lines, ""])
