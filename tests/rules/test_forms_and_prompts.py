"""Ways in, as rules: forms with what was said filled in, messages that are pointed at, what is told the bot alone."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from rules.apply import wanted
from rules.events import Attachment, Command, Deleted, Edited, Posted, Reacted
from rules.forms import form
from rules.messages import Form, Reply
from rules.notices import CONVERSATION, Card, Handed, Replied
from rules.ruling import Ruling
from tests.rules.test_flows import HARBOR, RITA
from tests.street import Street, plain

DANA, LEE, FINN, MARIA, SAM = (f"slack:U0{name}" for name in ("DANA", "LEE", "FINN", "MARIA", "SAM"))
TWICE = "my card was charged twice for ORD-48213, please send $45 back"
NO_PRIVATE_LANE = HARBOR.replace("intake: {email: [concerns], command: true}", "intake: {email: [concerns]}")


@pytest.fixture
def street() -> Street:
    return Street(HARBOR)


def said(street: Street, author: str, text: str, channel: str = "general", **more: Any) -> Posted:
    """A message in a channel that nothing has taken."""
    place = more.pop("place", f"C0{channel.upper()}")
    return Posted(
        **{**street._meta(author), "place": place, "place_name": channel, "ts": street._ts(), "thread": None, **more},
        text=text,
    )


def told(street: Street, author: str, text: str, **more: Any) -> Posted:
    """A direct message to the bot, not taken yet."""
    return said(street, author, text, **{"channel": "", "place": f"D0{author[-4:]}", "direct": True, **more})


def asks(street: Street, who: str, verb: str = "new", **more: Any) -> Form | Reply | None:
    """The form of an act."""
    command = Command(**street._meta(who), verb=verb, **more)  # type: ignore[arg-type]
    want = wanted(command)
    key = want.key or next((street.threads[c] for c in want.conversations if c in street.threads), "")
    return form(command, street.world(street.items.get(key)))


def opened(found: Form | Reply | None) -> Form:
    assert isinstance(found, Form), found
    return found


def answered(found: Form | Reply | None) -> str:
    assert isinstance(found, Reply), found
    return plain(found.message)


def filled(found: Form) -> dict[str, str]:
    return {blank.name: blank.initial for blank in found.blanks}


def sends(street: Street, who: str, found: Form, **values: str) -> Ruling:
    """Submit a form as it stands, but for `values`."""
    fields = filled(found) | values
    own = {name: fields[name] for name in ("words", "workflow") if fields.get(name)}
    return street.types(
        who, found.verb, found.item, fields=fields, seen=found.shown, message=found.message,
        **{"workflow": found.workflow, **own},
    )  # fmt: skip


class TestTheForm:
    """`/docket new` and "New item"."""

    def test_alone_it_asks_what_it_is_about(self, street: Street) -> None:
        found = opened(asks(street, RITA))
        assert [b.name for b in found.blanks] == ["workflow", "words"]
        assert found.blanks[0].redraws
        assert [c.value for c in found.blanks[0].choices] == ["refund", "bookkeeping", "concern", "access"]
        assert all(choice.meaning for choice in found.blanks[0].choices)

    def test_what_was_typed_stands_in_its_fields(self, street: Street) -> None:
        """Asked for by a form rather than in a thread, and nothing is typed twice."""
        found = opened(asks(street, RITA, workflow="refund", words="ORD-48213 came broken, in €"))
        values = filled(found)
        assert (values["order"], values["amount"], values["region"]) == ("ORD-48213", "", "EU")
        assert values["words"] == "ORD-48213 came broken, in €"
        assert {b.name for b in found.blanks if b.required} == {"workflow", "order", "amount"}

    def test_where_nothing_is_missing_there_is_no_form(self, street: Street) -> None:
        assert asks(street, RITA, workflow="refund", words="ORD-48213, $45") is None
        assert asks(street, RITA, workflow="REF", words="ORD-48213, $45") is None
        assert asks(street, RITA, workflow="concern", words="it goes on") is None

    @pytest.mark.parametrize(
        ("typed", "chosen", "words"), [("refnd", "refund", "ORD-48213"), ("laptop", "", "laptop ORD-48213")]
    )
    def test_an_unknown_name_loses_nothing(self, street: Street, typed: str, chosen: str, words: str) -> None:
        """What it probably meant is chosen; a word that meant none was the beginning of the text."""
        found = opened(asks(street, RITA, workflow=typed, words="ORD-48213"))
        assert (filled(found)["workflow"], filled(found)["words"]) == (chosen, words)
        assert f"There is no workflow `{typed}`" in str(found.lines[0])

    def test_all_that_is_wrong_is_said_under_its_field_at_once(self, street: Street) -> None:
        found = opened(asks(street, RITA, workflow="refund"))
        reply = sends(street, RITA, found, order="12", amount="a lot", words="please").reply
        assert reply is not None
        assert reply.refused
        assert reply.blanks.keys() == {"order", "amount"}
        assert "ORD-" in reply.blanks["order"]
        assert not street.items
        sends(street, RITA, found, order="ORD-48213", amount="450", words="please")
        assert street.items["REF-1"].fields == {"order": "ORD-48213", "amount": "450.00 USD"}
        assert street.items["REF-1"].open_trouble("OVER_LIMIT")

    def test_a_needed_field_of_blanks_is_not_filled_in(self, street: Street) -> None:
        found = opened(asks(street, RITA, workflow="refund"))
        reply = sends(street, RITA, found, order="ORD-48213", amount="  ").reply
        assert reply is not None
        assert reply.blanks == {"amount": "This is needed. How much should go back?"}

    def test_what_stood_there_and_was_taken_out_is_no_value(self, street: Street) -> None:
        """The person knows better than the reading of their words."""
        found = opened(asks(street, RITA, workflow="refund", words="ORD-48213, the shop says €"))
        assert filled(found)["region"] == "EU"
        sends(street, RITA, found, amount="45 USD", region="")
        assert "region" not in street.items["REF-1"].fields

    def test_chosen_and_sent_in_one_breath_the_right_form_follows(self, street: Street) -> None:
        """Before the fields of what was chosen were there; what was typed stays."""
        found = opened(asks(street, RITA))
        reply = sends(street, RITA, found, workflow="refund", words="ORD-48213 came broken").reply
        assert reply is not None
        again = opened(reply.form)
        assert not street.items
        assert (filled(again)["order"], filled(again)["words"]) == ("ORD-48213", "ORD-48213 came broken")
        sends(street, RITA, again, amount="45 USD")
        assert street.items["REF-1"].state == "open"

    def test_a_workflow_that_is_gone_is_chosen_again(self, street: Street) -> None:
        """A form that is older than the rulebook: not an empty hand."""
        found = opened(asks(street, RITA, workflow="refund"))
        reply = sends(street, RITA, found, workflow="payback", order="ORD-48213", words="it came broken").reply
        assert reply is not None
        assert filled(opened(reply.form)) == {"workflow": "", "words": "it came broken"}


class TestTrackThis:
    """A message that somebody points at."""

    def test_its_author_asks_and_the_form_says_what_it_read(self, street: Street) -> None:
        message = said(street, RITA, TWICE)
        found = opened(asks(street, DANA, message=message, workflow="refund", fields={"workflow": "refund"}))
        assert (filled(found)["order"], filled(found)["amount"]) == ("ORD-48213", "45 USD")
        assert "words" not in filled(found), "the message says it"
        assert not any(b.required for b in found.blanks if b.name != "workflow"), "what is left out is asked of Rita"
        sends(street, DANA, found)
        item = street.items["REF-1"]
        assert (item.requester, item.source.thread, item.source.message_id) == (RITA, message.ts, message.ts)
        assert street.entries[0].by == RITA
        assert street.entries[0].texts["tracked_by"] == "dana"

    def test_the_channels_own_workflow_comes_first_and_is_chosen(self, street: Street) -> None:
        access = opened(asks(street, DANA, message=said(street, RITA, "I can't get in", "it-help")))
        assert [c.value for c in access.blanks[0].choices] == ["access", "refund", "bookkeeping"]
        assert filled(access)["workflow"] == "access"
        elsewhere = opened(asks(street, DANA, message=said(street, RITA, "I can't get in")))
        assert filled(elsewhere)["workflow"] == ""

    def test_what_is_missing_is_asked_of_its_author(self, street: Street) -> None:
        found = opened(asks(street, DANA, message=said(street, RITA, "charged twice for ORD-48213", "refunds")))
        sends(street, DANA, found)
        assert street.items["REF-1"].missing == ("amount",)
        assert street.heard("requester")

    def test_what_is_tracked_already_is_said_with_owner_and_due(self, street: Street) -> None:
        street.says(RITA, f"Refund please: {TWICE}")
        source = street.items["REF-1"].source
        root = said(street, RITA, "again", "refunds", place=source.place, ts=source.thread)
        for message in (root, replace(root, ts="1772640009.000009", thread=source.thread)):
            words = answered(asks(street, FINN, message=message))
            assert "REF-1" in words
            assert "dana has it" in words
            assert "2026-03-04" in words, "until when"
        assert street.types(FINN, "new", message=root, workflow="refund").reply.refused  # type: ignore[union-attr]
        assert list(street.items) == ["REF-1"]

    def test_a_channel_message_opens_nothing_private(self, street: Street) -> None:
        message = said(street, RITA, "he shouts at me")
        found = opened(asks(street, DANA, message=message, workflow="concern"))
        assert "concern" not in [c.value for c in found.blanks[0].choices]
        street.types(DANA, "new", message=message, workflow="concern")
        assert not street.items

    def test_where_we_are_not_the_card_goes_to_the_workflows_channel(self, street: Street) -> None:
        """And the message is tracked for once and all: the second to point at it hears so."""
        message = said(street, RITA, TWICE, joined=False, permalink="https://x.slack.com/p1")
        found = opened(asks(street, DANA, message=message, workflow="refund", fields={"workflow": "refund"}))
        assert "Its card goes to #refunds." in [line[0] for line in found.lines]
        sends(street, DANA, found)
        source = street.items["REF-1"].source
        assert (source.place, source.thread, source.permalink) == ("#refunds", None, "https://x.slack.com/p1")
        assert "REF-1" in answered(asks(street, LEE, message=message))

    def test_a_programs_message_is_asked_for_by_who_points_at_it(self, street: Street) -> None:
        message = said(street, "slack:B0ZEN", TWICE, "refunds", bot=True)
        sends(street, RITA, opened(asks(street, RITA, message=message)))
        assert street.items["REF-1"].requester == RITA

    def test_our_own_message_is_nobodys_request(self, street: Street) -> None:
        """A digest, an answer: there is nothing to be tracked in it, nor wrong with an item."""
        message = said(street, "docket", "2 decisions wait for you", "refunds", bot=True)
        assert "a message of mine" in answered(asks(street, DANA, message=message))
        assert "a message of mine" in answered(asks(street, DANA, "except", message=message))

    def test_guests_may_track_and_nothing_more(self, street: Street) -> None:
        message = said(street, RITA, TWICE, "refunds")
        assert isinstance(asks(street, "slack:U0NOA", message=message, guest=True), Form)
        assert isinstance(asks(street, "slack:U0NOA", "except", message=message, guest=True), Reply)


class TestRaiseAnException:
    """On a message of a tracked thread, and on any other."""

    def test_the_codes_with_their_meanings_and_what_the_message_says(self, street: Street) -> None:
        street.says(RITA, f"Refund please: {TWICE}")
        source = street.items["REF-1"].source
        reply = said(street, FINN, "the card is another one", "refunds", place=source.place, thread=source.thread)
        found = opened(asks(street, FINN, "except", message=reply))
        assert (found.verb, found.item) == ("except", "REF-1")
        assert {c.value: c.meaning for c in found.blanks[0].choices}["NOT_READY"].startswith("A handoff came without")
        assert filled(found)["words"] == "the card is another one"

    def test_on_an_untracked_message_it_offers_to_track_it_first(self, street: Street) -> None:
        found = opened(asks(street, FINN, "except", message=said(street, RITA, TWICE, "refunds")))
        assert found.verb == "new"
        assert "Nothing tracks this message yet" in str(found.lines[0])
        sends(street, FINN, found)
        assert street.items["REF-1"].requester == RITA

    def test_on_what_is_closed_nobody_fills_in_a_form(self, street: Street) -> None:
        street.says(RITA, f"Refund please, $450: {TWICE.replace('$45', '$450')}")
        street.types(LEE, "reject", "REF-1", reason_code="NO_PROOF", words="the log shows one capture")
        for verb in ("except", "assign", "set", "evidence"):
            assert "is closed" in answered(asks(street, DANA, verb, item="REF-1"))
        assert isinstance(asks(street, DANA, "reopen", item="REF-1"), Form)

    def test_what_was_typed_is_not_asked_again(self, street: Street) -> None:
        street.says(RITA, f"Refund please: {TWICE}")
        found = opened(asks(street, FINN, "except", item="REF-1", code="NOT_READY"))
        assert filled(found) == {"code": "NOT_READY", "words": ""}


class TestToTheBotAlone:
    """A direct message in no card's thread: nothing of it goes anywhere before its writer says where to."""

    def test_it_is_handed_on_in_confidence_or_not_at_all(self, street: Street) -> None:
        message = told(street, RITA, "My manager shouts at me")
        ruling = street.take(message)
        assert (ruling.entries, ruling.notices, ruling.threads) == ((), (), {})
        assert ruling.unkept, "its bytes are not kept either"
        assert ruling.reply is not None
        assert plain(ruling.reply.message).startswith("Hand this to maria in confidence?")
        yes, other = ruling.reply.message.actions
        assert (yes.label, yes.workflow, yes.about) == ("Yes", "concern", message.ts)
        assert (other.label, other.workflow, other.about) == ("Something else", "", message.ts)

    def test_its_owner_is_whoever_would_have_it(self, street: Street) -> None:
        """Maria's own trouble goes to Lee."""
        ruling = street.take(told(street, MARIA, "It is about Sam"))
        assert ruling.reply is not None
        assert plain(ruling.reply.message).startswith("Hand this to lee in confidence?")

    def test_yes_opens_it_for_three_people_and_twice_is_once(self, street: Street) -> None:
        message = told(street, RITA, "My manager shouts at me")
        street.take(message)
        reply = street.types(RITA, "new", workflow="concern", message=message).reply
        item = street.items["CON-1"]
        assert (item.owner, item.text, item.source.place) == ("maria", "My manager shouts at me", message.place)
        assert street.heard("maria", Handed), "no card in a channel tells her"
        assert {n.to for n in street.notices if isinstance(n, Card)} == {CONVERSATION}
        assert reply is not None
        assert "Only you, maria and lee can see it." in plain(reply.message)
        again = street.types(RITA, "new", workflow="concern", message=message).reply
        assert again is not None
        assert again.refused
        assert "CON-1" in plain(again.message)
        assert list(street.items) == ["CON-1"]

    def test_something_else_is_a_public_form_with_its_words(self, street: Street) -> None:
        message = told(street, RITA, TWICE)
        street.take(message)
        found = opened(asks(street, RITA, message=message))
        assert [c.value for c in found.blanks[0].choices] == ["refund", "bookkeeping", "access"]
        refund = opened(asks(street, RITA, message=message, workflow="refund", fields={"workflow": "refund"}))
        assert filled(refund)["order"] == "ORD-48213"
        assert "Its card goes to #refunds." in [line[0] for line in refund.lines]
        sends(street, RITA, refund)
        item = street.items["REF-1"]
        assert (item.requester, item.source.place, item.source.permalink) == (RITA, "#refunds", None)
        street.take(Edited(**street._meta(RITA), place=message.place, ts=message.ts, thread=None, text=TWICE + ".",
                           direct=True))  # fmt: skip
        assert "edited" in street.kinds("REF-1"), "its words can still be mended where they were said"

    def test_without_a_private_lane_it_asks_what_should_be_opened(self) -> None:
        street = Street(NO_PRIVATE_LANE)
        message = told(street, RITA, TWICE)
        ruling = street.take(message)
        assert ruling.reply is not None
        assert plain(ruling.reply.message).startswith("What should be opened?")
        assert [a.workflow for a in ruling.reply.message.actions] == ["refund", "bookkeeping", "access"]
        assert asks(street, RITA, message=message, workflow="refund") is None, "complete: it opens at once"
        assert isinstance(asks(street, RITA, message=message, workflow="access"), Form)

    @pytest.mark.parametrize(
        ("text", "answered"), [("hi", True), ("Guten Morgen!", True), ("thanks", False), ("👍", False)]
    )
    def test_small_talk_is_answered_shortly_or_let_be(self, street: Street, text: str, answered: bool) -> None:
        ruling = street.take(told(street, RITA, text))
        assert (ruling.reply is not None) == answered
        assert ruling.ignored == "small talk"
        assert ruling.reply is None or not ruling.reply.message.actions

    @pytest.mark.parametrize("more", [{"bot": True}, {"subtype": "channel_join"}])
    def test_nobody_is_asked_about_what_nobody_said(self, street: Street, more: dict[str, Any]) -> None:
        assert street.take(told(street, RITA, "My manager shouts at me", **more)).reply is None

    def test_its_edit_and_its_end_are_not_kept_while_nobody_has_it(self, street: Street) -> None:
        message = told(street, RITA, "My manager shouts at me")
        where = {"place": message.place, "ts": message.ts, "thread": None, "direct": True}
        assert street.take(Edited(**street._meta(RITA), **where, text="Sam shouts at me")).unkept
        assert street.take(Deleted(**street._meta(RITA), **where)).unkept

    def test_a_reaction_there_publishes_nothing(self, street: Street) -> None:
        message = told(street, RITA, "My manager shouts at me")
        assert street.take(Reacted(**street._meta(RITA), reaction="ticket", message=message)).ignored
        assert not street.items

    def test_a_reply_under_a_card_belongs_to_its_item(self, street: Street) -> None:
        """Written where nobody else reads, so its owner is told."""
        street.says(RITA, f"Refund please: {TWICE}")
        street.threads["slack:D0LEE:1.000001"] = "REF-1"
        ruling = street.take(told(street, LEE, "the bank says it is ours", place="D0LEE", thread="1.000001"))
        assert street.kinds("REF-1")[-1] == "attached"
        assert street.heard("dana", Replied)
        assert ruling.reply is not None
        assert plain(ruling.reply.message) == "Added to REF-1. dana is told."
        thanks = street.take(told(street, LEE, "thanks", place="D0LEE", thread="1.000001"))
        assert thanks.reply is None


class TestASentenceNeverDecides:
    """M122: whoever may decide is shown the buttons, privately; nobody else is, and nothing is decided."""

    def says(self, street: Street, who: str, text: str) -> Ruling:
        return street.says(who, text, thread="REF-1")

    @pytest.fixture
    def blocked(self, street: Street) -> Street:
        street.says(RITA, "Please refund ORD-48213, I was charged $450 twice")
        assert street.items["REF-1"].state == "blocked"
        return street

    @pytest.mark.parametrize("text", ["looks good", "ok go ahead", "nope", "genehmigt", "👍"])
    def test_who_may_is_shown_the_buttons(self, blocked: Street, text: str) -> None:
        reply = self.says(blocked, LEE, text).reply
        assert reply is not None
        assert [a.verb for a in reply.message.actions] == ["approve", "reject", "ask"]
        assert all((a.item, a.code) == ("REF-1", "OVER_LIMIT") and a.about for a in reply.message.actions)
        assert blocked.items["REF-1"].state == "blocked", "a sentence decides nothing"
        assert blocked.kinds("REF-1")[-1] == "attached"

    @pytest.mark.parametrize("who", [DANA, FINN, RITA, MARIA, "slack:U0STRANGER"])
    def test_who_may_not_is_only_heard(self, blocked: Street, who: str) -> None:
        """The backup may only once it went up to her."""
        ruling = self.says(blocked, who, "looks good")
        assert ruling.reply is None
        assert blocked.kinds("REF-1")[-1] == "attached"
        blocked.passes(hours=2, minutes=1)
        assert (self.says(blocked, who, "looks good").reply is not None) == (who == MARIA)

    def test_the_buttons_come_once_for_a_while(self, blocked: Street) -> None:
        assert self.says(blocked, LEE, "looks good").reply is not None
        assert self.says(blocked, LEE, "approved").reply is None
        blocked.passes(minutes=16)
        assert self.says(blocked, LEE, "approved").reply is not None

    def test_what_was_decided_or_never_asked_needs_none(self, blocked: Street) -> None:
        blocked.types(LEE, "approve", "REF-1", reason_code="GOODWILL", words="They have been with us for years.")
        assert self.says(blocked, LEE, "looks good").reply is None

    def test_of_several_each_has_its_own(self, street: Street) -> None:
        street.says(RITA, "Please refund ORD-48213, I was charged $450 twice")
        street.types(DANA, "except", "REF-1", code="NOT_READY", words="no log")
        reply = self.says(street, LEE, "approved").reply
        assert reply is not None
        rows = reply.message.sections[0].rows
        assert [row.actions[0].code for row in rows] == ["OVER_LIMIT", "NOT_READY"]


def test_files_are_kept_with_name_size_and_address(street: Street) -> None:
    street.says(RITA, f"Refund please: {TWICE}")
    log = Attachment(name="log.png", media_type="image/png", size=2048, url="https://x.slack.com/files/F1/log.png")
    street.says(RITA, "", thread="REF-1", subtype="file_share", files=(log,))
    entry = street.entries[-1]
    assert entry.facts["files"] == [{"media_type": "image/png", "size": 2048, "sha256": ""}]
    assert (entry.texts["file_names"], entry.texts["file_urls"]) == (["log.png"], [log.url])
