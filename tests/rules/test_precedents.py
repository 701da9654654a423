"""Decided before and like this: which earlier cases are found; and a rationale that says nothing gets one nudge."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from rules.commands import Parsed, parse
from rules.decision_form import THIN
from rules.forms import form
from rules.items import Item
from rules.messages import Form, Reply
from rules.precedents import Cases, case_of, precedents
from rules.thin import is_thin
from tests.rules.test_flows import HARBOR, RITA
from tests.street import Street, plain

LEE, MARIA = "slack:U0LEE", "slack:U0MARIA"
WHY = "Payment log shows both captures, the second is ours."


@pytest.fixture
def street() -> Street:
    return Street(HARBOR)


def refund(street: Street, text: str) -> Item:
    street.says(RITA, text)
    return [*street.items.values()][-1]


def decided(street: Street, item: Item, verb: str, code: str, words: str) -> Item:
    street.types(LEE, verb, item.key, reason_code=code, words=words)
    return street.items[item.key]


class TestFinding:
    """Of five decided refunds the ones that share rare words and the size of the sum come first."""

    CASES = (
        "region=eu amount~18USD refund charged twice card terminal",
        "region=eu amount~18USD refund parcel arrived broken glass",
        "region=na amount~17USD refund parcel never arrived courier lost",
        "region=na amount~22USD refund charged twice wire transfer",
        "region=na amount~17USD refund wrong colour blue",
    )

    @pytest.mark.parametrize(
        ("case", "first"),
        [
            ("region=eu amount~18USD refund charged twice card", 0),
            ("region=na amount~18USD refund the glass was broken", 1),
            ("region=na amount~17USD refund courier lost parcel", 2),
            ("amount~22USD refund charged twice wire", 3),
        ],
    )
    def test_the_likest_comes_first(self, case: str, first: int) -> None:
        cases = Cases()
        for n, each in enumerate(self.CASES):
            cases.add(f"REF-{n}", 0, each)
        assert cases.nearest(case, 3)[0] == (f"REF-{first}", 0)

    def test_what_is_not_like_it_is_no_example(self) -> None:
        cases = Cases()
        for n, each in enumerate(self.CASES):
            cases.add(f"REF-{n}", 0, each)
        assert cases.nearest("region=eu grant admin rights until monday", 3) == []
        assert Cases().nearest("refund", 3) == []

    def test_sums_count_by_their_size_and_orders_not_at_all(self, street: Street) -> None:
        one = refund(street, "Please refund ORD-11111, I was charged $450 twice")
        other = refund(street, "Please refund ORD-22222, I was charged $470 twice")
        far = refund(street, "Please refund ORD-33333, I was charged $4,700 twice")
        said = [case_of(item, item.exceptions[0]).split()[0] for item in (one, other, far)]
        assert said[0] == said[1] != said[2]
        assert "ord" not in case_of(one, one.exceptions[0]).split()

    def test_what_was_made_void_since_is_no_example(self, street: Street) -> None:
        item = decided(
            street, refund(street, "Please refund ORD-11111, I was charged $450 twice"), "approve", "GOODWILL", WHY
        )
        asked = refund(street, "Please refund ORD-22222, I was charged $470 twice")
        (found,) = precedents([(item, 0)], asked)
        assert (found.key, found.decision.reason_code, found.ended) == ("REF-1", "GOODWILL", "still open")
        void = replace(item, exceptions=(replace(item.exceptions[0], state="void"),))
        assert precedents([(void, 0), (asked, 0)], asked) == []


class TestAsBefore:
    @pytest.mark.parametrize(
        ("typed", "meant"),
        [
            ("decide REF-12 as in REF-88", {"item": "REF-12", "name": "REF-88", "words": "as in REF-88"}),
            ("decide ref-12 as in ref-88", {"item": "REF-12", "name": "REF-88", "words": "as in ref-88"}),
            ("decide REF-12", {"item": "REF-12"}),
        ],
    )
    def test_how_it_is_typed(self, typed: str, meant: dict[str, Any]) -> None:
        assert parse(typed) == Parsed(verb="decide", **meant)

    def asked(self, street: Street, who: str, key: str, like: str) -> Form | Reply | None:
        command = street.command(who, "decide", key, name=like)
        world = street.world(street.items[key])
        return form(command, replace(world, other=street.items.get))

    def test_it_fills_the_form_and_decides_nothing(self, street: Street) -> None:
        decided(street, refund(street, "Please refund ORD-11111, charged $450 twice"), "approve", "DOUBLE_CHARGE", WHY)
        refund(street, "Please refund ORD-22222, charged $470 twice")
        made = self.asked(street, LEE, "REF-2", "REF-1")
        assert isinstance(made, Form)
        assert (made.verb, made.item, [blank.initial for blank in made.blanks]) == (
            "approve", "REF-2", ["DOUBLE_CHARGE", WHY],
        )  # fmt: skip
        assert street.items["REF-2"].open_trouble()

    def test_who_may_not_decide_or_see_gets_no_form(self, street: Street) -> None:
        decided(street, refund(street, "Please refund ORD-11111, charged $450 twice"), "approve", "DOUBLE_CHARGE", WHY)
        refund(street, "Please refund ORD-22222, charged $470 twice")
        street.types(RITA, "new", workflow="concern", words="My lead shouts at people.")
        for who, like in (("slack:U0DANA", "REF-1"), (LEE, "REF-9"), (LEE, "REF-2"), ("slack:U0SAM", "CON-1")):
            made = self.asked(street, who, "REF-2", like)
            assert isinstance(made, Reply)
            assert made.refused


class TestThin:
    @pytest.mark.parametrize(
        ("said", "thin"),
        [
            ("ok", True),
            ("OK!!", True),
            ("per review", True),
            ("Approved as discussed, see thread.", True),
            ("double charge", True),
            ("The customer was charged twice and the payment log shows it.", True),
            ("yes, fine by me", True),
            ("...", True),
            ("Genehmigt", True),
            ("Log shows both captures.", False),
            ("She has been with us for nine years.", False),
            ("wrong amount", False),
        ],
    )
    def test_what_says_nothing(self, said: str, thin: bool) -> None:
        meaning = "The customer was charged twice and the payment log shows it."
        assert is_thin(said, "DOUBLE_CHARGE", meaning) is thin

    def test_one_nudge_and_then_it_is_kept_and_marked(self, street: Street) -> None:
        refund(street, "Please refund ORD-11111, charged $450 twice")
        first = street.types(LEE, "approve", "REF-1", reason_code="GOODWILL", words="ok")
        assert first.reply is not None
        assert (first.reply.refused, first.reply.code, first.reply.blank) == (True, "thin", "words")
        assert first.reply.form is not None
        assert (first.reply.form.again, first.reply.form.blanks[1].initial) == (True, "ok")
        assert THIN in first.reply.form.lines
        assert street.items["REF-1"].open_trouble(), "nothing is decided yet"
        assert street.kinds("REF-1")[-1] == "nudged"
        street.types(LEE, "approve", "REF-1", reason_code="GOODWILL", words="ok")
        decision = street.items["REF-1"].exceptions[0].decision
        assert decision is not None
        assert decision.thin
        assert "(thin)" in plain(street.words(street.notices[-1]) or pytest.fail("no card"))

    def test_another_persons_first_thin_one_is_nudged_too(self, street: Street) -> None:
        refund(street, "Please refund ORD-11111, charged $450 twice")
        street.types(LEE, "approve", "REF-1", reason_code="GOODWILL", words="ok")
        street.passes(hours=2, minutes=1)
        answer = street.types(MARIA, "reject", "REF-1", reason_code="NO_PROOF", words="no").reply
        assert answer is not None
        assert answer.code == "thin"

    def test_a_full_sentence_is_taken_at_once(self, street: Street) -> None:
        refund(street, "Please refund ORD-11111, charged $450 twice")
        item = decided(street, street.items["REF-1"], "approve", "GOODWILL", WHY)
        assert item.exceptions[0].decision is not None
        assert not item.exceptions[0].decision.thin
        assert "nudged" not in street.kinds("REF-1")
