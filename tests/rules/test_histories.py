"""Random but legal histories: whatever people do in whatever order, the promises hold after every step."""

from __future__ import annotations

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from rules.lanes import Ways, lane
from rules.wording import word
from tests.fuzzing import examples
from tests.rules.test_flows import HARBOR
from tests.street import Street

PEOPLE = st.sampled_from(
    [
        "slack:U0RITA",
        "slack:U0DANA",
        "slack:U0FINN",
        "slack:U0LEE",
        "slack:U0MARIA",
        "slack:U0SAM",
        "olu@harbor.example",
    ]
)
TEXTS = st.sampled_from(
    [
        "Please refund ORD-48213, it was $45", "refund please", "refund $450 for ORD-11111",
        "money back or my lawyer calls",
        "refund ORD-22222, 20 EUR", "ORD-33333", "it was 45 USD", "450", "thanks", "about 1.2.3,4", "reason: broken",
    ]
)  # fmt: skip
VERBS = st.sampled_from(
    [
        "claim",
        "assign",
        "next",
        "tick",
        "except",
        "approve",
        "reject",
        "set",
        "evidence",
        "close",
        "snooze",
        "ack",
        "reopen",
        "ask",
        "accept",
        "back",
        "breakglass",
    ]
)
CODES = st.sampled_from([None, "OVER_LIMIT", "LEGAL_THREAT", "MISSING_DETAILS", "NOT_READY", "STALLED", "NONSENSE"])
REASONS = st.sampled_from(["DOUBLE_CHARGE", "GOODWILL", "NO_PROOF", "OUTSIDE_POLICY", "MENDED", "", "X"])


class Histories(RuleBasedStateMachine):
    """People, clocks and failures act on Harbor's office in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.street = Street(HARBOR)

    @rule(who=PEOPLE, text=TEXTS)
    def somebody_writes(self, who: str, text: str) -> None:
        self.street.says(who, text)

    @rule(who=PEOPLE, text=TEXTS, data=st.data())
    def somebody_replies(self, who: str, text: str, data: st.DataObject) -> None:
        threads = [key for key, item in self.street.items.items() if item.source.thread]
        if threads:
            self.street.says(who, text, thread=data.draw(st.sampled_from(threads)))

    @rule(text=TEXTS)
    def somebody_mails(self, text: str) -> None:
        self.street.mails("rita@corp.example", text)

    @rule(who=PEOPLE, verb=VERBS, code=CODES, reason=REASONS, to=PEOPLE, data=st.data())
    def somebody_acts(self, who: str, verb: str, code: str | None, reason: str, to: str, data: st.DataObject) -> None:
        if not self.street.items:
            return
        key = data.draw(st.sampled_from(sorted(self.street.items)))
        before = self.street.items[key]
        name = {"set": "amount", "evidence": "receipt", "tick": "1", "close": "override"}.get(verb)
        words = "" if verb == "tick" else "45 USD"
        ruling = self.street.types(
            who, verb, key, code=code, reason_code=reason, person=to, name=name, until="2h", words=words
        )
        assert ruling.reply is not None
        if ruling.reply.refused and ruling.reply.code != "unmet":
            assert self.street.items[key] == before, "a refusal changes nothing"

    @rule(text=TEXTS, data=st.data())
    def somebody_edits(self, text: str, data: st.DataObject) -> None:
        posted = [key for key, item in self.street.items.items() if item.source.channel == "slack"]
        if posted:
            self.street.edits("slack:U0RITA", data.draw(st.sampled_from(posted)), text)

    @rule(cause=st.sampled_from(["inbox:refunds", "smtp", "odd"]))
    def the_bot_fails(self, cause: str) -> None:
        self.street.fails(cause)

    @rule(cause=st.sampled_from(["inbox:refunds", "smtp", "odd"]))
    def the_bot_recovers(self, cause: str) -> None:
        self.street.recovers(cause)

    @rule(hours=st.sampled_from([0.2, 1, 5, 24, 80]))
    def time_passes(self, hours: float) -> None:
        self.street.passes(hours=hours)

    @invariant()
    def one_name(self) -> None:
        people = self.street.book.people
        for item in self.street.items.values():
            assert item.owner in people
            assert item.backup in people
            assert item.owner != item.backup
            assert item.owner != item.requester
            for trouble in item.open_trouble():
                assert trouble.owner in people
                assert trouble.owner in trouble.may_decide
                assert item.requester not in trouble.may_decide

    @invariant()
    def always_a_next_due_time(self) -> None:
        for key, item in self.street.items.items():
            assert bool(self.street.timers[key]) == (item.closed_at is None)

    @invariant()
    def nothing_is_done_without_its_proof_or_a_name_and_a_reason(self) -> None:
        for item in self.street.items.values():
            workflow = self.street.book.workflows[item.workflow]
            if item.outcome != "done" or workflow.built_in == "docket":
                continue
            lacking = set(workflow.close.evidence) - {proof.kind for proof in item.evidence}
            without = item.unproven
            assert not lacking or (without is not None and lacking <= {*without.lacking} and without.rationale)

    @invariant()
    def whatever_was_done_without_asking_has_its_review(self) -> None:
        for item in self.street.items.values():
            asked = [link for link in item.links if link.relation == "review"]
            assert len(asked) >= sum(t.code == "BREAK_GLASS" for t in item.exceptions)

    @invariant()
    def at_most_one_open_exception_of_a_code(self) -> None:
        for item in self.street.items.values():
            codes = [trouble.code for trouble in item.open_trouble()]
            assert len(codes) == len(set(codes))

    @invariant()
    def every_notice_has_words_and_a_lane(self) -> None:
        for notice in self.street.notices:
            item = self.street.items[notice.item]
            lane(notice, item, self.street.book, Ways(slack=True, mail=True))
            word(notice, item, self.street.book.workflows[item.workflow], self.street.book, self.street.now)
        self.street.notices.clear()


TestHistories = Histories.TestCase
TestHistories.settings = settings(max_examples=examples(25), stateful_step_count=30, deadline=None)
