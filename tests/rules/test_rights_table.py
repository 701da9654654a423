"""The table of interface.md ("Who may"), walked whole: every verb, every kind of person, public and private."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, get_args

import pytest

from rules.apply import apply
from rules.events import Command, Verb
from rules.forms import form, has_form
from rules.messages import Form, Reply
from rules.reading import Shelf, answer
from rules.rights import MAY, refusal
from tests.rules.test_flows import HARBOR, RITA, big_refund
from tests.street import Street, plain

STRANGER, GUEST = "slack:U0STRANGER", "slack:U0GUEST"
DANA, LEE, MARIA, FINN, SAM = (f"slack:U0{name}" for name in ("DANA", "LEE", "MARIA", "FINN", "SAM"))
OLU = "olu@harbor.example"
PEOPLE = {DANA, LEE, MARIA, FINN, SAM, OLU}
EVERYONE = {*PEOPLE, RITA, STRANGER}
#: Codes of a refusal that is about who asks, not about what they ask.
OF_RIGHTS = {"unknown_item", "people_only", "not_yours", "own_request", "guest"}

#: REF-1: RITA asked, DANA has it, LEE backs up, MARIA leads; LEE decides OVER_LIMIT, MARIA is his backup there.
RUN_IT = {DANA, LEE, MARIA}
PUBLIC: dict[Verb, set[str]] = {
    "new": {*EVERYONE, GUEST}, "except": EVERYONE, "help": EVERYONE, "mine": EVERYONE,
    "show": {*PEOPLE, RITA}, "why": {*PEOPLE, RITA}, "decide": {*PEOPLE, RITA},
    "list": PEOPLE, "claim": PEOPLE, "evidence": PEOPLE, "exceptions": PEOPLE, "away": PEOPLE,
    "disavow": PEOPLE,  # one's own decisions
    "web": PEOPLE,
    "assign": {*RUN_IT, SAM},  # the operator may reassign a decision
    "next": RUN_IT, "back": RUN_IT, "accept": RUN_IT, "tick": RUN_IT, "set": RUN_IT, "close": RUN_IT,
    "reopen": RUN_IT, "snooze": RUN_IT, "ack": RUN_IT, "ask": RUN_IT, "reply": RUN_IT,
    "approve": {LEE}, "reject": {LEE}, "changes": {LEE}, "breakglass": {DANA, LEE},
    "pause": {*RUN_IT, SAM}, "resume": {*RUN_IT, SAM},
    "report": {LEE, MARIA, SAM}, "digest": {LEE, MARIA, SAM},
    "quarantine": {DANA, LEE, MARIA, FINN, SAM},  # whoever may stop a workflow
}  # fmt: skip
#: CON-1: RITA asked, MARIA has it, LEE backs up and decides NOT_HEARD. Nobody else hears that it is there.
HOLD_IT = {MARIA, LEE}
PRIVATE: dict[Verb, set[str]] = {
    "except": {*HOLD_IT, RITA}, "show": {*HOLD_IT, RITA}, "why": {*HOLD_IT, RITA}, "decide": {*HOLD_IT, RITA},
    **dict.fromkeys(("claim", "evidence", "assign", "next", "back", "accept", "tick", "set"), HOLD_IT),
    **dict.fromkeys(("close", "reopen", "snooze", "ack", "ask", "reply", "disavow"), HOLD_IT),
    "approve": {LEE}, "reject": {LEE}, "changes": {LEE}, "breakglass": set(),
}  # type: ignore[dict-item]  # fmt: skip


@pytest.fixture(scope="module")
def office() -> Street:
    street = Street(HARBOR)
    big_refund(street)
    street.types(RITA, "new", workflow="concern", words="Somebody is being treated badly.")
    street.types(MARIA, "except", "CON-1", code="NOT_HEARD", words="They do not answer.")
    assert street.items["CON-1"].open_trouble("NOT_HEARD")
    return street


def replies(street: Street, who: str, verb: Verb, item: str | None) -> list[Reply | None]:
    """What is said by every way that a verb can come: typed, clicked, asked. Nothing is kept of it."""
    workflow = "refund" if verb in ("new", "pause", "resume") else None
    command = Command(
        id="q", workspace="main", at=street.now, by=who, via="slack", verb=verb, item=item, workflow=workflow,
        words="help me" if verb == "new" else "", guest=who == GUEST,
    )  # fmt: skip
    found = street.items.get(item or "")
    shelf = Shelf(item=found, items=tuple(street.items.values()))
    if verb in ("help", "mine", "list", "exceptions", "show", "why", "decide"):
        return [answer(command, street.book, lambda i: street.book.workflows[i.workflow], shelf, street.now)]
    if verb in ("digest", "report", "web"):
        return [refusal(verb, street.book, street.book.person_of(who), guest=who == GUEST)]
    said = [apply(command, street.world(found)).reply]
    if has_form(verb):
        opened = form(command, street.world(found))
        said.append(None if isinstance(opened, Form) else opened)
    return said


def test_the_table_has_a_row_for_every_verb() -> None:
    """A verb that nobody thought of must not be anybody's."""
    assert set(MAY) == set(get_args(Verb)) == set(PUBLIC)


@pytest.mark.parametrize("verb", get_args(Verb))
@pytest.mark.parametrize("who", sorted({*EVERYONE, GUEST}))
def test_a_public_item(office: Street, who: str, verb: Verb) -> None:
    """Refused for who they are: exactly those who are not in the table, on every way, in words that name who may."""
    item = "REF-1" if verb in PRIVATE else None
    for reply in replies(office, who, verb, item):
        refused = reply is not None and reply.code in OF_RIGHTS
        assert refused == (who not in PUBLIC[verb]), reply and plain(reply.message)
        if reply is not None and refused:
            said = plain(reply.message)
            assert reply.code != "unknown_item", "who may not do it is told who may, not that it is not there"
            names = {"dana", "lee", "maria", "sam", "rulebook"}
            assert any(name in said for name in names), said


@pytest.mark.parametrize("verb", PRIVATE)
@pytest.mark.parametrize("who", sorted({*EVERYONE, GUEST}))
def test_a_private_item(office: Street, who: str, verb: Verb) -> None:
    """Whoever has no seat at it hears word for word what they would hear of a key that was never given away."""
    nowhere = replies(office, who, verb, "CON-99")
    for reply, of_nothing in zip(replies(office, who, verb, "CON-1"), nowhere, strict=True):
        refused = reply is not None and reply.code in OF_RIGHTS
        assert refused == (who not in PRIVATE[verb]), reply and plain(reply.message)
        if who in {*HOLD_IT, RITA}:
            continue
        assert reply is not None
        assert of_nothing is not None
        assert plain(reply.message) == plain(of_nothing.message).replace("CON-99", "CON-1")
        assert replace(reply, message=of_nothing.message) == of_nothing
        assert reply.code == ("guest" if who == GUEST else "unknown_item")


@pytest.mark.parametrize("who", sorted(EVERYONE - HOLD_IT))
def test_a_list_of_others_neither_shows_nor_counts_it(office: Street, who: str) -> None:
    """Not in `list`, `exceptions` or `mine`, and no count is higher for it."""
    without = Street(HARBOR)
    big_refund(without)
    for verb in ("list", "exceptions", "mine"):
        (said,), (of_less,) = replies(office, who, verb, None), replies(without, who, verb, None)  # type: ignore[arg-type]
        if who != RITA or verb != "mine":
            assert said == of_less


def test_whom_the_rulebook_names_is_no_guest(office: Street) -> None:
    """Slack may know a colleague's account as a guest's; the rulebook says who they are."""
    command = Command(
        id="q", workspace="main", at=office.now, by=LEE, via="slack", verb="ack", item="REF-1", guest=True
    )
    reply = apply(command, office.world(office.items["REF-1"])).reply
    assert reply is not None
    assert not reply.refused


def test_a_guest_opens_and_answers_and_is_told_whom_to_ask(office: Street) -> None:
    """`new` works, a reply in the thread fills what is missing, all else names the operator."""
    street = Street(HARBOR)
    street.types(GUEST, "new", workflow="refund", words="Please refund ORD-48213", place="D1", guest=True)
    assert street.items["REF-1"].missing == ("amount",)
    street.says(RITA, "refund for ORD-11111 please")
    street.says(RITA, "45 USD", thread="REF-2", guest=True)
    assert street.items["REF-2"].fields["amount"] == "45.00 USD"
    refused = street.types(GUEST, "mine", guest=True).reply
    assert refused is not None
    assert refused.code == "guest"
    assert "sam" in plain(refused.message)


def test_who_has_no_slack_is_reached_by_their_address(office: Street) -> None:
    """A refusal is of use only with a way to whoever may (M118)."""
    street = Street(HARBOR.replace("- {is: dana}", "- {is: olu}"))
    street.says(RITA, "Please refund ORD-48213, it was $45")
    reply = street.types(FINN, "next", "REF-1").reply
    assert reply is not None
    assert "olu@harbor.example" in plain(reply.message)


def test_what_was_decided_and_why_is_told_to_colleagues_alone(office: Street) -> None:
    """A click that comes too late hears who decided, with their words; a stranger's hears only who has the item."""
    street = Street(HARBOR)
    street.mails("rita@corp.example", "Please refund ORD-48213, I was charged $450 twice")
    street.types(LEE, "approve", "REF-1", reason_code="GOODWILL", words="A secret thought.")
    for who, hears in ((MARIA, True), (STRANGER, False), ("rita@corp.example", False)):
        reply = street.types(who, "approve", "REF-1", reason_code="GOODWILL", words="me too").reply
        assert reply is not None
        assert ("secret" in plain(reply.message)) == hears
        assert reply.refused


def _asked(street: Street, **more: Any) -> Reply | None:
    return street.types(MARIA, "assign", "CON-1", words="please", **more).reply


@pytest.mark.parametrize("to", ["dana", "sam", "finn"])
@pytest.mark.parametrize("code", [None, "NOT_HEARD"])
def test_private_work_is_handed_to_nobody_new(to: str, code: str | None) -> None:
    """The item and its decision go between owner and backup; the form offers nobody else."""
    street = Street(HARBOR)
    street.types(RITA, "new", workflow="concern", words="Somebody is being treated badly.")
    if code:
        street.types(MARIA, "except", "CON-1", code=code, words="They do not answer.")
    reply = _asked(street, person=to, code=code)
    assert reply is not None
    assert reply.code == "private"
    assert not [n for n in street.notices if n.to == to]
    assert _asked(street, person="lee") is not None
    command = Command(id="f", workspace="main", at=street.now, by=MARIA, via="slack", verb="assign", item="CON-1")
    offered = form(command, street.world(street.items["CON-1"]))
    assert isinstance(offered, Form)
    assert {choice.value for choice in offered.blanks[0].choices} <= {"maria", "lee"}
