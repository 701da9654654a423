"""The off switch as rules: who may, what it holds, and how an item's due times move when it goes on."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from rules.entries import OWN_RECORD, stamp
from rules.items import Item
from rules.messages import Form
from rules.notices import Card, DecisionCard
from rules.own_events import Failed, StoodStill, Threaded
from rules.pauses import Backlog, Pause
from rules.pausing import held_for, instead, laid_over
from rules.ruling import Ruling
from rules.standing_still import since
from rules.timing import timers
from tests.rules.test_flows import HARBOR, RITA, big_refund
from tests.street import MORNING, Street, plain

CHICAGO = ZoneInfo("America/Chicago")
DANA, LEE, MARIA, FINN, SAM = (f"slack:U0{name}" for name in ("DANA", "LEE", "MARIA", "FINN", "SAM"))
HOUR = timedelta(hours=1)


def local(at: datetime | None) -> str:
    assert at is not None
    return at.astimezone(CHICAGO).strftime("%a %H:%M")


def said(ruling: Ruling) -> str:
    assert ruling.reply is not None
    return plain(ruling.reply.message)


def small(text: str = HARBOR) -> Street:
    """REF-1, complete and in triage, on Wednesday at 10:00 in Chicago."""
    street = Street(text)
    street.says(RITA, "Please refund ORD-48213, it was $45")
    return street


def goes_on(street: Street, begun: datetime, item: str = "REF-1") -> Ruling:
    """The item goes on now, after a pause since `begun`."""
    meta = street._meta("docket", "docket")
    return street.take(StoodStill(**meta, item=item, since=begun, until=street.now))


def due(street: Street, kind: str, subject: str = "") -> datetime:
    return next(t.due_at for t in street.timers["REF-1"] if (t.kind, t.subject) == (kind, subject))


def paused(street: Street, **time: float) -> datetime:
    """Time passes and nothing acts; gives since when."""
    begun = street.now
    street.now += timedelta(**time)
    return begun


def test_whatever_a_pause_puts_off_comes_later_and_once() -> None:
    """A due time that was put before itself would be due again in the moment in which it fired, for ever."""
    street = Street(HARBOR, datetime(2026, 3, 8, 12, 0, tzinfo=UTC))  # a Sunday
    street.says(RITA, "Please refund ORD-48213, it was $45")
    street.ticks_all("dana", "REF-1")
    street.types("dana", "next", "REF-1")
    street.passes(hours=16)
    street.types("finn", "assign", "REF-1", person="ines", words="She knows the customer.")  # whose morning is not his
    street.passes(hours=24.2)
    goes_on(street, paused(street, hours=30))
    assert all(each.until > each.due_at for each in street.items["REF-1"].put_off)
    before = street.kinds("REF-1").count("reminded")
    street.passes(days=1)
    assert street.kinds("REF-1").count("reminded") - before < 10


class TestDueTimes:
    @pytest.mark.parametrize(
        ("within", "hours", "moved"),
        [
            ("90 minutes", 1, "Wed 12:30"),  # the wall clock
            ("2 days", 20, "Sat 06:00"),
            ("4 business hours", 1, "Wed 15:00"),
            ("4 business hours", 20, "Thu 13:00"),  # of the 20 hours 7 were open
            ("1 business days", 24 * 5, "Tue 11:00"),  # until Monday 11:00, for the clocks went forward: 8 h are left
        ],
    )
    def test_a_stage_moves_by_the_time_that_its_own_clock_counted(self, within: str, hours: float, moved: str) -> None:
        street = small(
            HARBOR.replace(
                "within: 4 business hours\n        done_by: assisted", f"within: {within}\n        done_by: assisted"
            )
        )
        begun = paused(street, hours=hours)
        goes_on(street, begun)
        assert local(street.items["REF-1"].due_at) == moved
        assert local(due(street, "late")) == moved

    def test_every_due_time_moves_and_nothing_of_the_item_is_due_meanwhile(self) -> None:
        """Reminder, silence, deadline: each an hour of open time later; then they fire once, in their order."""
        street = small()
        before = {(t.kind, t.subject): t.due_at for t in street.timers["REF-1"]}
        assert set(before) == {("late", ""), ("remind", ""), ("stale", "")}
        begun = paused(street, hours=1)
        ruling = goes_on(street, begun)
        after = {(t.kind, t.subject): t.due_at for t in street.timers["REF-1"]}
        assert after == {name: at + HOUR for name, at in before.items()}
        assert [type(notice) for notice in ruling.notices] == [Card]
        assert street.passes(hours=1) == []

    def test_an_exception_and_what_it_reminds_of_move_and_its_card_says_so(self) -> None:
        """Its clock never stands for a decision, but it does for a pause; the stage's stands anyhow and moves once."""
        street = Street(HARBOR)
        item = big_refund(street)
        before = {t.kind: t.due_at for t in street.timers["REF-1"]}
        begun = paused(street, hours=1)
        ruling = goes_on(street, begun)
        trouble = street.items["REF-1"].exceptions[0]
        assert (local(trouble.due_at), local(trouble.next_at)) == ("Wed 13:00", "Wed 13:00")
        assert {t.kind: t.due_at for t in street.timers["REF-1"]} == {k: at + HOUR for k, at in before.items()}
        assert street.items["REF-1"].due_at == item.due_at
        assert [n.to for n in ruling.notices if isinstance(n, DecisionCard)] == ["lee"]
        street.types(LEE, "approve", "REF-1", reason_code="GOODWILL", words="Keep them.")
        assert local(street.items["REF-1"].due_at) == "Wed 15:00", "an hour, not two"

    def test_questions_snoozes_and_silence_are_put_off(self) -> None:
        """What no deadline leads to is put off by itself, until the base it counts from changes."""
        street = Street(HARBOR)
        street.says(RITA, "refund for ORD-48213 please")
        asked = due(street, "follow_up")
        begun = paused(street, hours=1)
        goes_on(street, begun)
        assert due(street, "follow_up") == asked + HOUR
        street.passes(hours=5)
        assert street.kinds("REF-1").count("asked") == 2
        assert local(due(street, "follow_up")) == "Thu 11:00", "four open hours after the question of 15:00"

        street = small()
        street.types(DANA, "snooze", "REF-1", until="3h")
        snoozed = due(street, "remind")
        goes_on(street, paused(street, hours=1))
        assert due(street, "remind") == snoozed + HOUR

    def test_a_reminder_still_waits_for_its_readers_hours(self) -> None:
        """Moved into the night, it goes in the morning."""
        street = small()
        street.passes(hours=5)
        begun = paused(street, hours=1.9)
        goes_on(street, begun)
        assert local(due(street, "remind"))[4:] >= "09:00"
        assert local(due(street, "remind"))[4:] < "17:00"

    def test_what_was_missed_before_stays_missed(self) -> None:
        street = small()
        street.passes(hours=6)
        missed = street.items["REF-1"].due_at
        goes_on(street, paused(street, hours=1))
        assert street.items["REF-1"].due_at == missed

    def test_once_is_enough(self) -> None:
        """Two instances, or one that was killed in the middle: the second time nothing moves."""
        street = small()
        begun = paused(street, hours=1)
        goes_on(street, begun)
        first = street.items["REF-1"]
        again = goes_on(street, begun)
        assert (again.entries, street.items["REF-1"]) == ((), first)

    def test_a_second_pause_moves_it_further(self) -> None:
        street = small()
        before = {(t.kind, t.subject): t.due_at for t in street.timers["REF-1"]}
        goes_on(street, paused(street, hours=1))
        street.now += timedelta(minutes=10)
        goes_on(street, paused(street, minutes=30))
        assert {(t.kind, t.subject): t.due_at for t in street.timers["REF-1"]} == {
            name: at + 1.5 * HOUR for name, at in before.items()
        }


class TestOverlapping:
    """Of several pauses each moment counts once."""

    def item(self, **more: object) -> Item:
        from dataclasses import replace

        return replace(small().items["REF-1"], **more)  # type: ignore[arg-type]

    @pytest.mark.parametrize(
        ("own", "all_", "counted", "wanted"),
        [
            ((1, 3), None, None, 1),
            (None, (1, 3), None, 1),
            ((1, 3), (2, None), None, 1),
            ((2, 3), (1, None), None, 1),  # what everything stood still counts here, and later no more
            ((1, 3), (2, 2.5), 2.5, 2.5),
            ((1, 3), None, 3, None),  # it is in its due times already
        ],
    )
    def test_from_when_on_it_counts(
        self, own: tuple[float, float] | None, all_: tuple[float, float | None] | None, counted: float | None,
        wanted: float | None,
    ) -> None:  # fmt: skip
        def at(hours: float | None) -> datetime | None:
            return None if hours is None else MORNING + hours * HOUR

        made = [
            Pause(workflow=name, since=at(span[0]), by="sam", resumed_at=at(span[1]))  # type: ignore[arg-type]
            for name, span in (("refund", own), ("", all_))
            if span is not None
        ]
        item = self.item(stood_still_until=at(counted))
        workflow = Street(HARBOR).book.workflows["refund"]
        assert since(item, made[0], made, workflow) == at(wanted)

    def test_a_drill_and_what_runs_on_move_nothing(self) -> None:
        over = {"since": MORNING + HOUR, "resumed_at": MORNING + 2 * HOUR, "by": "sam"}
        item, street = self.item(), Street(HARBOR)
        workflow = street.book.workflows["refund"]
        drill = Pause(workflow="refund", drill=True, **over)  # type: ignore[arg-type]
        assert since(item, drill, [drill], workflow) is None
        pause = Pause(workflow="refund", **over)  # type: ignore[arg-type]
        runs_on = Street(HARBOR.replace("on_pause: stand_still", "on_pause: run_on")).book.workflows["refund"]
        assert since(item, pause, [pause], runs_on) is None
        assert since(self.item(opened_at=MORNING + 3 * HOUR), pause, [pause], workflow) is None
        assert since(self.item(closed_at=MORNING), pause, [pause], workflow) is None


class TestSwitch:
    @pytest.mark.parametrize(
        ("who", "workflow", "may"),
        [
            (LEE, "refund", True), (MARIA, "refund", True), (DANA, "REF", True), (SAM, "refund", True),
            (FINN, "refund", False), (RITA, "refund", False),
            (SAM, None, True), (SAM, "all", True), (MARIA, None, False), (LEE, "everything", False),
        ],
    )  # fmt: skip
    def test_who_may(self, who: str, workflow: str | None, may: bool) -> None:
        """An exception's owner, the leader, the operator; everything: the operator alone."""
        street = Street(HARBOR)
        ruling = street.types(who, "pause", workflow=workflow, words="The bank is down.")
        assert (ruling.pauses is not None) == may
        assert ruling.reply is not None
        assert ruling.reply.refused == (not may)
        if not may:
            assert "sam" in said(ruling)

    def test_it_is_on_record_by_whom_and_why_and_until_when(self) -> None:
        street = Street(HARBOR)
        street.types(LEE, "pause", workflow="refund", words="The bank is down.")
        street.now += HOUR
        street.types(MARIA, "resume", workflow="refund")
        own = [entry for entry in street.entries if entry.item == OWN_RECORD]
        assert [(e.kind, e.by, e.facts["workflow"]) for e in own] == [
            ("paused", "lee", "refund"), ("resumed", "maria", "refund"),
        ]  # fmt: skip
        assert own[0].texts == {"because": "The bank is down."}
        assert own[1].facts["until"] == stamp(street.now)

    def test_once_paused_it_is_not_paused_again_and_what_goes_on_is_not_resumed(self) -> None:
        street = Street(HARBOR)
        assert "not paused" in said(street.types(LEE, "resume", workflow="refund"))
        street.types(LEE, "pause", workflow="refund", words="The bank is down.")
        again = street.types(MARIA, "pause", workflow="refund")
        assert again.pauses is None
        assert "paused by lee" in said(again)
        assert "The bank is down." in said(again)
        street.types(SAM, "pause", workflow=None)
        assert len(street.pauses) == 2
        assert "/docket resume refund" in said(street.types(SAM, "resume", workflow="access"))

    def test_a_workflow_that_the_rulebook_dropped_meanwhile_still_goes_on(self) -> None:
        """By the operator, for nobody else answers for it now."""
        street = Street(HARBOR)
        street.pauses = [Pause(workflow="returns", since=MORNING, by="lee")]
        assert street.types(LEE, "resume", workflow="returns").resumes is None
        assert street.types(SAM, "resume", workflow="returns").resumes is not None

    @pytest.mark.parametrize("typed", ["refnd", "the"])
    def test_an_unknown_workflow_pauses_nothing(self, typed: str) -> None:
        """Least of all everything."""
        ruling = Street(HARBOR).types(SAM, "pause", workflow=typed)
        assert ruling.pauses is None
        assert "refund" in said(ruling)
        assert "docket`" not in said(ruling).split("There are:")[-1]

    def test_who_lets_it_go_on_hears_what_was_held_but_of_private_work_not_even_how_much(self) -> None:
        from dataclasses import replace

        from rules.apply import apply
        from rules.events import Command

        street = Street(HARBOR)
        street.types(SAM, "pause")
        waits = [
            Backlog(workflow="refund", kind="Posted", count=3, oldest=MORNING),
            Backlog(workflow="refund", kind="Mailed", count=1, oldest=MORNING),
            Backlog(workflow="concern", kind="Mailed", count=7, oldest=MORNING),
        ]
        world = replace(street.world(None), backlog=lambda: waits)
        command = Command(**street._meta(SAM), verb="resume")
        assert "3 messages, 1 mail," in said(apply(command, world))


class TestHeld:
    def pause(self, workflow: str = "refund") -> Pause:
        return Pause(workflow=workflow, since=MORNING, by="lee", because="The bank is down.")

    def test_what_changes_something_paused_is_held_and_what_does_not_is_taken(self) -> None:
        street = small()
        ruling = street.says(RITA, "It was the blue one.", thread="REF-1")
        event = street_event(street)
        assert held_for(event, ruling, [self.pause()]) == ("refund", self.pause())
        assert held_for(event, ruling, [self.pause("access")]) is None
        assert held_for(event, ruling, [self.pause("")]) == ("refund", self.pause(""))
        assert held_for(event, Ruling(ignored="small talk"), [self.pause("")]) is None

    def test_what_the_bot_notes_of_itself_is_never_held(self) -> None:
        """A send that was under way still gets its receipt, and a failure its owner."""
        street = small()
        ruling = street.fails("smtp")
        meta = street._meta("docket", "docket")
        for event in (
            Failed(**meta, cause="smtp", sentence="No."),
            Threaded(**meta, item="REF-1", place="C1", thread="1.1"),
        ):
            assert held_for(event, ruling, [self.pause("")]) is None

    def test_its_items_are_held_for_their_readers_and_have_no_due_times(self) -> None:
        street = small()
        (item,) = laid_over([street.items["REF-1"]], [self.pause()])
        assert item.state == "held"
        assert timers(item, street.book, street.book.workflows["refund"]) == ()
        (other,) = laid_over([street.items["REF-1"]], [self.pause("access")])
        assert other.state == "open"

    def test_its_forms_do_not_open(self) -> None:
        street = small()
        form = Form(verb="set", title="Set", submit="Set", blanks=())
        item = street.items["REF-1"]
        reply = instead(form, item, [self.pause()], street.book)
        assert reply is not None
        assert reply.code == "paused"
        assert instead(form, item, [], street.book) is None


def street_event(street: Street) -> Threaded | Failed:
    from rules.events import Posted

    return Posted(**street._meta(RITA), place="C1", place_name="refunds", ts="1", thread=None, text="x")  # type: ignore[return-value]
