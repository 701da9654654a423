"""The digest: its counts are its rows, nothing is listed twice or private, and a day without news is one line."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date, timedelta

import pytest

from rules.digest import ORDER, digest
from rules.digest_facts import Figures
from rules.digest_listing import ROWS
from rules.items import Item, Trouble
from rules.messages import Link, Message
from rules.pauses import Backlog, Pause
from rules.wording.by_mail import Reach, by_mail
from tests.rules.test_approvals import wants_access
from tests.rules.test_flows import HARBOR, RITA
from tests.street import Street, plain

DANA, FINN, LEE, MARIA = "slack:U0DANA", "slack:U0FINN", "slack:U0LEE", "slack:U0MARIA"
BIG, SMALL = "Refund $450 for ORD-48213 please", "Refund $45 for ORD-48213 please"
LOG = "Both captures are in the payment log."


@pytest.fixture
def street() -> Street:
    return Street(HARBOR)


def morning(street: Street, reader: str = "maria", **more: object) -> Message:
    """The digest of the last day, up to now."""
    figures = Figures(
        since=street.now - timedelta(days=1),
        until=street.now + timedelta(seconds=1),
        open_items=[item for item in street.items.values() if item.closed_at is None],
        changed=list(street.items.values()),
    )
    workflow_of = lambda item: street.book.workflows[item.workflow]  # noqa: E731
    return digest("morning", reader, date(2026, 3, 5), replace(figures, **more), street.book, workflow_of)


def rows(message: Message, heading: str) -> list[str]:
    """The rows under a heading, as words."""
    found = [s for s in message.sections if s.heading == heading]
    return [plain(Message(subject="", headline=row.line)) for section in found for row in section.rows]


def listed(message: Message) -> list[str]:
    """The key that each row begins with, in their order; what is about no item is left out."""
    begins = (plain(Message(subject="", headline=row.line)).split()[0] for s in message.sections for row in s.rows)
    return [key for key in begins if re.fullmatch(r"[A-Z]+-\d+", key)]


def counted(message: Message) -> list[int]:
    """What the first line counts: decisions, broken promises, what will break today."""
    said = plain(Message(subject="", headline=message.lines[0]))
    patterns = (r"(\d+) decisions? waits?", r"(\d+) promises? broken", r"(\d+) will break")
    return [int(found[1]) if (found := re.search(pattern, said)) else 0 for pattern in patterns]


def lengths(message: Message) -> list[int]:
    """How many rows those three lists have, with those that are cut off."""
    found = {s.heading: s for s in message.sections}
    sizes = []
    for heading in ("Waits for you", "Broken", "Today"):
        section = found.get(heading)
        more = re.match(r"and (\d+) more", section.rest) if section else None
        sizes.append((len(section.rows) if section else 0) + (int(more[1]) if more else 0))
    return sizes


class TestTheThreeThings:
    def test_what_waits_for_the_reader_comes_first_with_its_buttons(self, street: Street) -> None:
        street.says(RITA, BIG)
        street.passes(hours=3)
        message = morning(street, "lee")
        assert message.sections[0].heading == "Waits for you"
        (row,) = message.sections[0].rows
        assert [a.label for a in row.actions] == ["Approve", "Reject"]
        assert "1 decision waits for you (oldest 3 h)" in plain(message)
        (said,) = rows(message, "Waits for you")
        assert said.startswith("REF-1 · Refund for ORD-48213 · OVER_LIMIT · lee · open 3 h · overdue since ")
        assert "amount 450 USD" in said, "what it is decided against"

    def test_an_answer_that_is_overdue_broke_a_promise_and_has_a_name(self, street: Street) -> None:
        street.says(RITA, BIG)
        street.passes(hours=2, minutes=1)
        (row,) = rows(morning(street, "finn"), "Broken")
        assert row.startswith(
            "REF-1 · Refund for ORD-48213 · OVER_LIMIT not answered within 2 business hours · lee · due"
        )

    def test_a_stage_that_is_overdue_broke_one_also_when_its_clock_stopped_later(self, street: Street) -> None:
        street.says(RITA, SMALL)
        street.passes(hours=5)
        wanted = "REF-1 · Refund for ORD-48213 · triage not done within 4 business hours · dana · due "
        assert rows(morning(street), "Broken")[0].startswith(wanted)
        street.types(DANA, "except", "REF-1", code="NOT_READY", words="The log is down.")
        (row,) = rows(morning(street, "finn"), "Broken")
        assert row.startswith(wanted)
        assert "\nalso NOT_READY · lee · open under a minute · decide by " in row

    def test_a_clock_that_stands_still_breaks_nothing(self, street: Street) -> None:
        street.says(RITA, BIG)
        (row,) = rows(morning(street, "finn"), "Today")
        assert "OVER_LIMIT" in row
        assert "triage" not in row

    @pytest.mark.parametrize(("reader", "heading"), [("finn", "Today"), ("ines", "Exceptions")])
    def test_today_is_the_readers_own(self, street: Street, reader: str, heading: str) -> None:
        """16:45 in Chicago is 23:45 in Berlin: half an hour later it is tomorrow there."""
        street.passes(hours=6, minutes=45)
        street.says(RITA, "Refund $45 for ORD-48213 or my lawyer calls")
        listing = rows(morning(street, reader), heading)
        assert any(row.startswith("REF-1") for row in listing)
        assert counted(morning(street, reader))[2] == (reader == "finn")

    def test_what_is_due_first_is_on_top_and_of_two_the_costlier(self, street: Street) -> None:
        for number, workflow in enumerate(("bookkeeping", "refund")):
            street.types(LEE, "new", workflow=workflow, words=f"ORD-1234{number} 45 USD")
            street.types(DANA, "except", f"{('BOOK', 'REF')[number]}-1", code="MISSING_DETAILS", words="No order.")
        street.passes(days=5)
        street.says(RITA, BIG)
        street.passes(hours=3)
        broken = [row.split()[0] for row in rows(morning(street, "sam"), "Broken")]
        assert broken == ["REF-1", "BOOK-1", "REF-2"]

    def test_nothing_stood_still_is_called_broken_while_it_is_paused(self, street: Street) -> None:
        street.says(RITA, SMALL)
        pause = Pause(workflow="refund", since=street.now + timedelta(hours=1), by="lee", because="the bank is down")
        street.passes(hours=5)
        message = morning(
            street, pauses=[pause], waits=[Backlog(workflow="refund", kind="Mailed", count=2, oldest=street.now)]
        )
        assert counted(message) == [0, 0, 0]
        (row,) = rows(message, "Paused and held")
        assert "the bank is down" in row
        assert "held: 2 mails" in row
        assert rows(morning(street), "Broken")


class TestTheLane:
    def test_it_is_summed_up_by_code_and_lists_what_is_not_above(self, street: Street) -> None:
        for number in range(3):
            street.says(f"slack:U0X{number}", f"Refund $45{number} for ORD-1000{number} please")
        street.types(DANA, "except", "REF-1", code="NOT_READY", words="no log")
        street.types(LEE, "assign", "REF-2", code="OVER_LIMIT", person="maria", words="she knows them")
        street.passes(hours=1)
        first, *rest = rows(morning(street, "finn"), "Exceptions") or [""]
        assert first == "OVER_LIMIT 3 open (lee 2, maria 1), oldest 1 h · NOT_READY 1 (lee), oldest 1 h · all above"
        assert rest == []
        street.passes(hours=6)
        street.says(RITA, BIG.replace("48213", "77777"))
        first, *rest = rows(morning(street, "finn"), "Exceptions")
        assert first.endswith("4 of them above")
        assert [row.split(" · ")[2] for row in rest] == ["OVER_LIMIT"]

    def test_approvals_stand_in_it_with_the_others(self, street: Street) -> None:
        wants_access(street)
        (row,) = rows(morning(street, "dana"), "Today")
        assert " · APPROVAL (approval) · lee · open under a minute · approve by " in row
        assert [a.label for a in morning(street, "lee").sections[0].rows[0].actions] == ["Approve", "Reject"]


class TestWhatHappened:
    def test_decisions_stand_with_code_and_rationale_and_thin_ones_are_marked(self, street: Street) -> None:
        street.says(RITA, BIG)
        street.types(LEE, "approve", "REF-1", reason_code="DOUBLE_CHARGE", words=LOG)
        street.passes(hours=5)
        street.types(DANA, "assign", "REF-1", person="finn")
        street.items["REF-1"] = item = replace(street.items["REF-1"], due_at=street.now + timedelta(days=2))
        (row,) = rows(morning(street), "Decided")
        assert row == f"REF-1  OVER_LIMIT approved by lee, DOUBLE_CHARGE: {LOG}"
        decision = item.exceptions[0].decision
        assert decision is not None
        thin = replace(item.exceptions[0], decision=replace(decision, thin=True), state="void")
        street.items["REF-1"] = replace(item, exceptions=(thin,))
        (row,) = rows(morning(street), "Decided")
        assert row.endswith(f"{LOG} (thin) · void: what was decided on has changed.")

    def test_what_was_decided_before_was_in_another_one(self, street: Street) -> None:
        street.says(RITA, BIG)
        street.types(LEE, "reject", "REF-1", reason_code="NO_PROOF", words="The log shows one capture.")
        assert rows(morning(street), "Decided")
        street.passes(days=1, minutes=1)
        assert not rows(morning(street), "Decided")

    def test_silence_is_told_with_since_when_and_who(self, street: Street) -> None:
        street.says(RITA, "I need a refund please")
        street.passes(days=1, hours=-1)
        assert not rows(morning(street), "Quiet"), "a day is no silence"
        street.passes(hours=2)
        street.items["REF-1"] = replace(street.items["REF-1"], exceptions=())
        (row,) = rows(morning(street), "Quiet")
        assert row.startswith("REF-1 · ")
        assert row.endswith(", waits for an answer · dana has it")

    def test_bouncing_sending_back_and_what_nobody_accepts(self, street: Street) -> None:
        street.says(RITA, SMALL)
        for person in ("finn", "dana", "finn", "dana"):
            street.types(MARIA, "assign", "REF-1", person=person)
        (row,) = rows(morning(street), "Today")
        assert row.endswith("\nalso back and forth 2 times between finn and dana")
        item = street.items["REF-1"]
        street.items["REF-1"] = replace(item, due_at=street.now + timedelta(days=3))
        (row,) = rows(morning(street), "Handoffs")
        assert row.endswith(" · back and forth 2 times between finn and dana · dana has it")
        street.items["REF-1"] = item
        street.passes(days=1, hours=1)
        street.items["REF-1"] = replace(street.items["REF-1"], due_at=street.now + timedelta(days=3), exceptions=())
        (row,) = rows(morning(street), "Quiet")
        assert "not accepted since " in row
        assert "back and forth" not in row, "that was in another one"

    def test_the_bots_own_failures_have_their_lines_and_their_owner(self, street: Street) -> None:
        street.fails("inbox:refunds", "The inbox refunds does not answer.")
        street.fails("inbox:refunds", "The inbox refunds does not answer.")
        (row,) = rows(morning(street), "Ours")
        assert row == "BOT-1  The inbox refunds does not answer. (2 times) · sam has it"
        assert rows(morning(street, "sam"), "Waits for you"), "Sam decides it"
        assert not rows(morning(street, "sam"), "Ours")

    def test_what_keeps_happening_has_an_owner_who_mends_it(self, street: Street) -> None:
        for number in range(6):
            street.says(f"slack:U0X{number}", f"Refund $45{number} for ORD-1000{number} please")
        (row,) = rows(morning(street), "Remediation")
        assert row.startswith("FIX-1 · OVER_LIMIT was raised 6 times within 30 days (refund) · dana · due ")


class TestNothingTwice:
    def busy(self, street: Street) -> None:
        """A day with something of everything, on few items."""
        for number in range(4):
            street.says(f"slack:U0X{number}", f"Refund $45{number} for ORD-1000{number} please")
        street.types(LEE, "approve", "REF-1", reason_code="DOUBLE_CHARGE", words=LOG)
        street.types(DANA, "assign", "REF-1", person="finn")
        street.types(FINN, "assign", "REF-1", person="dana")
        street.types(DANA, "breakglass", "REF-2", words="The customer is at the counter and the bank closes at five.")
        street.types(DANA, "except", "REF-3", code="NOT_READY", words="no log")
        street.fails("inbox:refunds", "The inbox refunds does not answer.")
        street.passes(hours=6)
        street.says("slack:U0X9", BIG)

    @pytest.mark.parametrize("reader", ["maria", "lee", "dana", "finn", "sam", "ines", "olu"])
    def test_an_item_stands_in_one_list_and_the_counts_are_the_rows(self, street: Street, reader: str) -> None:
        self.busy(street)
        for _ in range(4):
            message = morning(street, reader)
            assert counted(message) == lengths(message)
            twice = [key for key in listed(message) if listed(message).count(key) > 1]
            decisions = [row.split()[0] for row in rows(message, "Waits for you")]
            assert all(key in decisions for key in twice), "several decisions on one item each have their buttons"
            street.passes(hours=9)

    def test_what_else_there_is_about_an_item_stands_behind_also(self, street: Street) -> None:
        self.busy(street)
        (row,) = [row for row in rows(morning(street, "ines"), "Broken") if row.startswith("REF-1")]
        assert f"\nalso OVER_LIMIT approved by lee, DOUBLE_CHARGE: {LOG}" in row
        assert not [row for row in rows(morning(street, "ines"), "Decided") if row.startswith("REF-1")]

    def test_every_row_has_a_name(self, street: Street) -> None:
        self.busy(street)
        for row in (row for section in morning(street, "ines").sections for row in section.rows):
            said = plain(Message(subject="", headline=row.line))
            assert any(name in said for name in street.book.people), said

    def test_the_lists_come_in_their_order(self, street: Street) -> None:
        self.busy(street)
        street.passes(days=1)
        for reader in ("maria", "lee", "finn"):
            headings = [section.heading for section in morning(street, reader).sections]
            assert headings == [heading for heading in ORDER if heading in headings]


class TestItsSize:
    def test_long_lists_are_cut_with_a_count_and_where_the_rest_is(self, street: Street) -> None:
        for number in range(14):
            street.says(f"slack:U0X{number}", f"Refund $4{number:02d} for ORD-100{number:02d} please")
        message = morning(street, "lee")
        first = message.sections[0]
        assert len(first.rows) == ROWS
        assert first.rest == "and 4 more: /docket mine"
        assert counted(message) == lengths(message) == [14, 0, 0]

    def test_what_is_cut_off_is_not_lost_where_it_stands_in_another_list(self, street: Street) -> None:
        for number in range(12):
            street.says(f"slack:U0X{number}", f"Refund $45{number} for ORD-100{number:02d} please")
            street.types(LEE, "approve", f"REF-{number + 1}", reason_code="DOUBLE_CHARGE", words=LOG)
        street.passes(hours=6)
        message = morning(street, "finn")
        assert len(rows(message, "Broken")) == ROWS
        assert [row.split()[0] for row in rows(message, "Decided")] == ["REF-11", "REF-12"]

    def test_a_day_without_news_is_one_line(self, street: Street) -> None:
        message = morning(street)
        assert message.sections == message.small == ()
        assert message.subject == "Harbor Supply, Thursday Mar 5: nothing waits for you"
        (line,) = message.lines
        said = plain(Message(subject="", headline=line))
        assert said.startswith("Nothing waits for you. 0 items open, nothing overdue, 0 closed since ")

    def test_the_foot_counts_what_came_and_went(self, street: Street) -> None:
        street.says(RITA, BIG)
        street.says(RITA, SMALL.replace("48213", "55555"))
        street.types(LEE, "reject", "REF-1", reason_code="NO_PROOF", words="The log shows one capture.")
        drill = Pause(workflow="", since=street.now, by="sam", drill=True, worked=True)
        foot = plain(Message(subject="", headline=morning(street, seal="9c41-77ab", drill=drill).small[0]))
        assert foot.startswith("1 item open, 2 opened and 1 closed since ")
        assert " · seal 9c41-77ab · off switch last tried " in foot
        assert foot.endswith(", worked")


class TestByMail:
    def test_who_has_no_slack_reads_how_to_decide_right_below_the_counts(self, street: Street) -> None:
        for number in range(12):
            street.says(f"slack:U0X{number}", f"Refund $45{number} for ORD-100{number:02d} please")
        letter = by_mail(morning(street, "lee"), "lee", street.book, Reach(slack=False, replies=True))
        counts, how = (plain(Message(subject="", headline=line)) for line in letter.lines)
        assert counts.startswith("12 decisions wait for you")
        assert how == "Reply with one line: decide REF-1 brings the letter to decide it by, show REF-1 the item, whole."
        assert letter.sections[0].rest == "and 2 more: mine"

    def test_in_a_letter_each_decision_leads_to_its_page_and_keys_to_threads_only_where_slack_is(
        self, street: Street
    ) -> None:
        street.says(RITA, BIG)
        item = street.items["REF-1"]
        thread = "https://harbor.slack.example/p1"
        street.items["REF-1"] = replace(item, source=replace(item.source, permalink=thread))
        shown = {
            who: [
                part.url
                for part in morning(street, who, page_of=_page).sections[0].rows[0].line
                if isinstance(part, Link)
            ]
            for who in ("lee", "olu")
        }
        assert shown == {"lee": [thread, "https://docket.example/REF-1/OVER_LIMIT"], "olu": []}


def _page(item: Item, trouble: Trouble) -> str:
    return f"https://docket.example/{item.key}/{trouble.code}"


class TestPrivateWork:
    @pytest.mark.parametrize("reader", ["maria", "lee", "sam", "dana"])
    def test_nothing_private_is_in_it_nor_counted(self, street: Street, reader: str) -> None:
        before = morning(street, reader)
        street.types(RITA, "new", workflow="concern", words="Somebody is being treated badly.")
        for pause in ({"days": 0}, {"hours": 5}, {"days": 3}):
            street.passes(**pause)
            now = morning(street, reader)
            assert (now.sections, now.subject) == (before.sections, before.subject)
            assert "0 items open" in plain(now)
