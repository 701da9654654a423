"""Clocks of items and exceptions: what stands still, what runs on, who is reminded when, who comes next."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from rules.entries import moment
from rules.notices import DecisionCard, Late, Reminder
from rules.ruling import Timer
from tests.rules.test_flows import HARBOR, RITA, big_refund
from tests.street import MORNING, Street, plain

CHICAGO, BERLIN = ZoneInfo("America/Chicago"), ZoneInfo("Europe/Berlin")
DANA, LEE, MARIA = "slack:U0DANA", "slack:U0LEE", "slack:U0MARIA"
YES = {"reason_code": "GOODWILL", "words": "Keep them."}
NO = {"reason_code": "NO_PROOF", "words": "One capture."}


def local(at: datetime | None, zone: ZoneInfo = CHICAGO) -> str:
    assert at is not None
    return at.astimezone(zone).strftime("%a %H:%M")


def triage(within: str) -> Street:
    """REF-1, small and complete, Wednesday 10:00, in a triage that allows `within`."""
    street = Street(
        HARBOR.replace(
            "within: 4 business hours\n        done_by: assisted", f"within: {within}\n        done_by: assisted"
        )
    )
    street.says(RITA, "Please refund ORD-48213, it was $45")
    return street


def due(street: Street, kind: str) -> Timer:
    """The due time of a kind that REF-1 has."""
    return next(t for t in street.timers["REF-1"] if t.kind == kind)


def except_and_decide(street: Street, hours: float) -> None:
    """An exception is decided after so long; the item stays in its stage."""
    street.types(DANA, "except", "REF-1", code="OVER_LIMIT", words="looks big")
    street.passes(hours=hours)
    reply = street.types(LEE, "approve", "REF-1", code="OVER_LIMIT", **YES).reply
    assert reply is not None
    assert not reply.refused, plain(reply.message)


@pytest.mark.parametrize(
    ("within", "first", "moved"),
    [
        ("90 minutes", "Wed 11:30", "Thu 06:30"),  # the wall clock: 19 hours later
        ("6 hours", "Wed 16:00", "Thu 11:00"),
        ("2 days", "Fri 10:00", "Sat 05:00"),
        ("1 weeks", "Wed 10:00", "Thu 05:00"),
        ("300 business minutes", "Wed 15:00", "Thu 13:00"),  # from 11:00 to 06:00 six hours were open
        ("4 business hours", "Wed 14:00", "Thu 12:00"),
        ("1 business days", "Thu 10:00", "Thu 16:00"),
    ],
)
def test_a_stages_clock_stands_still_while_a_decision_is_waited_for(within: str, first: str, moved: str) -> None:
    """Stopped Wednesday 11:00, running again Thursday 06:00: later by what the stage's own kind of clock missed."""
    street = triage(within)
    assert local(street.items["REF-1"].due_at) == first
    street.passes(hours=1)
    except_and_decide(street, 19)
    item = street.items["REF-1"]
    assert (local(item.due_at), item.clock_stopped_at) == (moved, None)


def test_an_exceptions_clock_never_stands_still() -> None:
    """Not while questions are open, not while it is snoozed, not when it is handed over."""
    street = Street(HARBOR)
    street.says(RITA, "refund me or my lawyer calls")
    (before,) = street.items["REF-1"].open_trouble()
    street.types(MARIA, "snooze", "REF-1", until="2h")
    street.types(MARIA, "assign", "REF-1", code="LEGAL_THREAT", person="lee", words="I am in court")
    (after,) = street.items["REF-1"].open_trouble()
    assert after.due_at == before.due_at == MORNING + timedelta(minutes=30)
    assert due(street, "escalate").due_at == before.due_at


def test_the_first_reminder_keeps_its_distance_from_the_deadline() -> None:
    """Half of the time allowed was left when the clock stopped, and half is left when it reminds."""
    street = triage("4 business hours")
    street.passes(hours=1)
    except_and_decide(street, 5.5)
    assert local(street.items["REF-1"].due_at) == "Thu 11:30"
    assert local(due(street, "remind").due_at) == "Thu 09:30"


def test_a_missed_deadline_goes_on_up_after_a_decision() -> None:
    """The steps that were left when the clock stopped are left when it runs again."""
    street = triage("4 business hours")
    street.passes(hours=5)
    assert street.heard("dana", Late)
    except_and_decide(street, 0.5)
    assert street.items["REF-1"].next_at is not None
    street.passes(days=5)
    assert street.heard("sam", Late), "the operator hears of it in the end"


class TestReminders:
    """When people are reminded, and by whose clock."""

    def test_quiet_hours_are_read_in_the_zone_of_the_person_reminded(self) -> None:
        """Ines is in Berlin: at 10:00 in Chicago it is 17:00 there, so she hears of it tomorrow at 9:00 hers."""
        street = triage("4 business hours")
        street.types("slack:U0INES", "claim", "REF-1")
        assert local(due(street, "remind").due_at, BERLIN) == "Thu 09:00"

    def test_whom_it_went_up_to_is_reminded_in_their_own_hours(self) -> None:
        """Lee's exception reaches Ines, his backup, in her evening: hers waits for her morning."""
        street = Street(
            HARBOR.replace(
                "owner: lee\n        backup: maria\n        respond_within: 2",
                "owner: lee\n        backup: ines\n        respond_within: 2",
            )
        )
        big_refund(street)
        street.passes(hours=4)
        assert street.items["REF-1"].open_trouble()[0].may_decide[:2] == ("lee", "ines")
        last = {to: street.heard(to, Reminder)[-1] for to in ("lee", "ines")}
        assert isinstance(last["lee"], Reminder)
        assert isinstance(last["ines"], Reminder)
        assert last["lee"].not_before == ""
        assert local(moment(last["ines"].not_before), BERLIN) == "Thu 09:00"

    def test_an_exception_with_its_own_calendar_reminds_by_that_one(self) -> None:
        """LEGAL_THREAT counts and reminds day and night."""
        street = Street(HARBOR, datetime(2026, 3, 5, 4, 0, tzinfo=UTC))  # 22:00 in Chicago
        street.says(RITA, "Please refund ORD-48213, it was $45, my lawyer is with me")
        street.passes(minutes=20)
        assert street.heard("maria", Reminder)

    def test_other_exceptions_wait_for_the_morning(self) -> None:
        """OVER_LIMIT counts office hours; its first card went out at once all the same."""
        street = Street(HARBOR, datetime(2026, 3, 5, 4, 0, tzinfo=UTC))
        big_refund(street)
        assert street.heard("lee", DecisionCard)
        assert not [n for n in street.passes(hours=11) if isinstance(n, Reminder)]
        assert local(street.items["REF-1"].open_trouble()[0].due_at) == "Thu 11:00"

    def test_a_snooze_has_a_limit_and_moves_reminders_alone(self) -> None:
        """Two business days from Wednesday 10:00 end on Friday 10:00."""
        street = Street(HARBOR)
        big_refund(street)
        too_long = street.types(LEE, "snooze", "REF-1", until="3d").reply
        assert too_long is not None
        assert too_long.code == "too_long"
        before = due(street, "escalate")
        street.types(LEE, "snooze", "REF-1", until="2d")
        assert local(due(street, "remind").due_at) == "Fri 10:00"
        assert due(street, "escalate") == before


class TestLadder:
    """Who may decide when deadlines pass: one step per response time."""

    def heard_in_order(self, street: Street, days: float = 4) -> list[str]:
        """Whom decision cards went to for the first time, in order."""
        street.passes(days=days)
        return list(dict.fromkeys(n.to for n in street.notices if isinstance(n, DecisionCard) and not n.revises))

    def test_backup_manager_operator(self) -> None:
        """STALLED: Lee, Maria (backup, and his manager: no repeat), then Sam."""
        street = triage("4 business hours")
        street.types(DANA, "except", "REF-1", code="STALLED", words="nothing moves")
        assert self.heard_in_order(street) == ["lee", "maria", "sam"]
        (trouble,) = street.items["REF-1"].open_trouble()
        assert (trouble.owner, trouble.may_decide, trouble.next_at) == ("lee", ("lee", "maria"), None)

    def test_the_absent_are_skipped_for_their_stand_ins(self) -> None:
        """Maria is away, Finn stands in for her."""
        away = HARBOR.replace("slack: U0MARIA}", "slack: U0MARIA, away: {until: 2026-03-20, for: finn}}")
        street = Street(away)
        street.says(RITA, "Please refund ORD-48213, it was $450")
        assert street.items["REF-1"].open_trouble()[0].owner == "lee"
        assert self.heard_in_order(street) == ["lee", "finn", "sam"]

    def test_an_absent_owner_is_never_the_owner(self) -> None:
        """Lee is away for the whole of March 5, in his own zone: the last day counts."""
        away = HARBOR.replace("slack: U0LEE,", "slack: U0LEE, away: {until: 2026-03-04, for: finn},")
        street = Street(away)
        assert big_refund(street).open_trouble()[0].owner == "finn"
        back = Street(away, MORNING + timedelta(days=1))
        assert big_refund(back).open_trouble()[0].owner == "lee"

    def test_a_requester_on_the_ladder_is_skipped(self) -> None:
        """Maria's own refund never comes to her to decide."""
        street = Street(HARBOR)
        street.says(MARIA, "Please refund ORD-48213, it was $450")
        assert "maria" not in self.heard_in_order(street)
        (trouble,) = street.items["REF-1"].open_trouble()
        assert (trouble.owner, trouble.backup) == ("lee", "sam")

    def test_nobody_is_left_out_when_the_ladder_changes_on_the_way(self) -> None:
        """Handed to Finn after Maria was reached: his backup and manager Lee comes next, then Sam."""
        street = Street(HARBOR)
        big_refund(street)
        street.passes(hours=2.5)
        street.types(LEE, "assign", "REF-1", code="OVER_LIMIT", person="finn", words="he saw the log")
        assert street.items["REF-1"].open_trouble()[0].may_decide == ("finn", "maria")
        street.passes(days=3)
        assert street.items["REF-1"].open_trouble()[0].may_decide == ("finn", "maria", "lee")
        assert street.heard("sam", DecisionCard)


class TestVerdictsOfTime:
    """What the verdicts on codes that time raises do to the clock (interface.md, "States")."""

    def stalled(self) -> Street:
        street = triage("4 business hours")
        street.passes(days=2, hours=1)
        assert street.items["REF-1"].open_trouble("STALLED")
        return street

    def test_approving_silence_starts_the_clock_anew(self) -> None:
        """The stage begins again at the verdict."""
        street = self.stalled()
        street.types(LEE, "approve", "REF-1", code="STALLED", **YES)
        item = street.items["REF-1"]
        assert (item.state, item.stage, item.stage_at, item.late_steps) == ("open", "triage", street.now, 0)

    def test_rejecting_silence_leaves_it_in_its_stage(self) -> None:
        """`stay` is the default of stale codes; silence can raise it again."""
        street = self.stalled()
        street.types(LEE, "reject", "REF-1", code="STALLED", **NO)
        assert (street.items["REF-1"].state, street.items["REF-1"].closed_at) == ("open", None)
        street.passes(days=4)
        assert street.items["REF-1"].open_trouble("STALLED")

    def test_on_reject_close_is_heeded_for_them_too(self) -> None:
        """A rulebook may say otherwise."""
        street = Street(HARBOR.replace("when: stale}\n    examples", "when: stale, on_reject: close}\n    examples"))
        street.says(RITA, "Please refund ORD-48213, it was $45")
        street.passes(days=2, hours=1)
        street.types(LEE, "reject", "REF-1", code="STALLED", **NO)
        assert street.items["REF-1"].outcome == "rejected"


def test_the_same_world_gives_the_same_ruling_twice() -> None:
    """Rules are values: two streets that see the same things have the same entries, items, notices and timers."""

    def walked() -> Street:
        street = Street(HARBOR)
        street.says(RITA, "Refund $450 for ORD-48213 or my lawyer calls")
        street.says(RITA, "reason: two captures, EUR", thread="REF-1")
        street.mails("rita@corp.example", "refund please")
        street.passes(days=2)
        street.types(MARIA, "approve", "REF-1", code="LEGAL_THREAT", **YES)
        street.types(LEE, "reject", "REF-1", code="OVER_LIMIT", **NO)
        return street

    one, two = walked(), walked()
    assert (one.entries, one.items, one.notices, one.timers) == (two.entries, two.items, two.notices, two.timers)
