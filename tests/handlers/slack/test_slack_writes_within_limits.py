"""Whatever words, rows and choices there are: what is written holds Slack's limits and acts for nobody but us."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from handlers.slack import wire
from handlers.slack.forms import answer, digest, message_view, metadata, view
from handlers.slack.mrkdwn import Reader
from handlers.slack.read_actions import PREFIX, Submission, read_click, read_prompt, read_submission
from handlers.slack.wire import Us
from handlers.slack.write import write
from rules.events import Command, Posted
from rules.messages import (
    Action,
    Blank,
    Choice,
    Form,
    Line,
    Link,
    Message,
    Quote,
    Reply,
    Row,
    Section,
    Strong,
    When,
    Who,
)
from tests.fuzzing import examples
from tests.handlers.slack import block_kit

NASTY = (
    "<!channel>", "<@U0LEE>", "*b*", "_i_", "~s~", "`c`", "```", ">", "> quoted", "&", "&amp;", "&lt;", "|", "{time}",
    "\u202e", "\u200b", "\n", "\n\n> x", " ", "😀", "👩\u200d👧", "مرحبا", "\ud83d", "\x00", "^", "a" * 200,
    "<https://evil.example|x>",
)  # fmt: skip
words = st.one_of(
    st.text(max_size=60),
    st.lists(st.sampled_from(NASTY), max_size=12).map("".join),
    st.sampled_from(("x" * 3100, "😀" * 1600, "<" * 3100, "a\n" * 1600, "> q\n" * 900, "", "   ")),
)
moments = st.datetimes(min_value=datetime(1971, 1, 1), max_value=datetime(2200, 1, 1), timezones=st.just(UTC))
who = st.sampled_from(("lee", "slack:U0RITA", "rita@example.com", "", "<!here>"))
parts = st.one_of(
    words,
    st.builds(When, moments, st.sampled_from(("time", "day", "both"))),
    st.builds(Who, who, st.booleans()),
    st.builds(Strong, words),
    st.builds(Quote, words),
    st.builds(Link, st.one_of(words, st.just("https://example.com/a?b=1&c=2")), words),
)
lines: st.SearchStrategy[Line] = st.lists(parts, max_size=5).map(tuple)
actions = st.builds(
    Action,
    verb=st.sampled_from(("approve", "reject", "ask", "open", "snooze")),
    label=words,
    item=st.sampled_from(("REF-12", "A-1", "X" * 400)),
    code=st.sampled_from((None, "OVER_LIMIT", "C" * 100)),
    style=st.sampled_from(("", "primary", "danger")),
    more=st.booleans(),
    workflow=st.sampled_from(("", "refund", "w" * 60)),
    about=st.sampled_from(("", "1763800000.000100")),
)
some_actions = st.lists(actions, max_size=14).map(tuple)
rows = st.builds(Row, line=lines, actions=st.lists(actions, max_size=3).map(tuple))
sections = st.builds(
    Section,
    heading=words,
    rows=st.one_of(
        st.lists(rows, max_size=6).map(tuple),
        rows.map(lambda row: (row,) * 200),
    ),
    rest=words,
)
messages = st.builds(
    Message,
    subject=words,
    headline=lines,
    lines=st.one_of(st.lists(lines, max_size=6).map(tuple), lines.map(lambda one: (one,) * 60)),
    sections=st.one_of(st.lists(sections, max_size=4).map(tuple), sections.map(lambda one: (one,) * 30)),
    small=st.lists(lines, max_size=4).map(tuple),
    actions=some_actions,
)
choices = st.builds(
    Choice, value=st.one_of(words, st.sampled_from(("NO_PROOF", "GOODWILL"))), label=words, meaning=words
)
blanks = st.builds(
    Blank,
    name=st.one_of(words, st.sampled_from(("words", "reason_code", "a:b"))),
    label=words,
    kind=st.sampled_from(("line", "long", "choice", "person")),
    hint=words,
    choices=st.one_of(st.lists(choices, max_size=4).map(tuple), choices.map(lambda one: (one,) * 3), st.just(())),
    initial=words,
    required=st.booleans(),
    redraws=st.booleans(),
)
pointed = st.builds(
    Posted, id=st.just("m"), workspace=st.just("main"), at=st.just(datetime(2025, 11, 22, 8, 26, 40, 100, tzinfo=UTC)),
    by=who, via=st.just("slack"), place=st.sampled_from(("C0REFUNDS", "D0RITA")), place_name=words,
    ts=st.just("1763800000.000100"), thread=st.sampled_from((None, "1763790000.000100")), text=words,
    subtype=words, bot=st.booleans(), joined=st.booleans(),
)  # fmt: skip
forms = st.builds(
    Form,
    verb=st.sampled_from(("approve", "new", "set")),
    title=words,
    submit=words,
    blanks=st.one_of(st.lists(blanks, max_size=5).map(tuple), blanks.map(lambda one: (one,) * 60)),
    item=st.sampled_from((None, "REF-12", "X" * 5000)),
    code=st.sampled_from((None, "OVER_LIMIT")),
    lines=st.lists(lines, max_size=8).map(tuple),
    shown=st.dictionaries(words, words, max_size=6),
    place=words,
    place_name=words,
    message=st.one_of(st.none(), pointed),
)
READER = Reader("America/Chicago", {"lee": "Lee <Park> *the* owner"}, {"lee": "U0LEE"})
US = Us(team="T1", user="U0DOCKET", bot="B0DOCKET")
NOW = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)


@given(messages)
@settings(max_examples=examples(40), deadline=None)
def test_every_message_is_one_that_slack_takes(said: Message) -> None:
    block_kit.check_message(*write(said, READER))


@given(messages)
@settings(max_examples=examples(60), deadline=None)
def test_every_message_fits_a_view_too(said: Message) -> None:
    block_kit.check_view(message_view(said, READER))


@given(forms)
@settings(max_examples=examples(60), deadline=None)
def test_every_form_is_a_view_that_slack_takes(form: Form) -> None:
    block_kit.check_view(view(form, READER))


@given(messages, forms)
@settings(max_examples=examples(40), deadline=None)
def test_every_answer_to_a_submission_is_one_that_slack_takes(said: Message, form: Form) -> None:
    submitted = view(form, READER)
    for reply in (
        Reply(message=said),
        Reply(message=said, form=form),
        Reply(message=said, refused=True),
        *(Reply(message=said, refused=True, blank=blank.name) for blank in form.blanks[:2]),
    ):
        ack = answer(reply, submitted, READER)
        assert ack["response_action"] in ("clear", "update", "errors")
        if "view" in ack:
            block_kit.check_view(ack["view"])
        for block_id, sentence in ack.get("errors", {}).items():
            assert block_id in {b.get("block_id") for b in submitted["blocks"]}
            assert 1 <= block_kit.units(sentence) <= 1000


@given(st.lists(actions, min_size=1, max_size=14).map(tuple))
@settings(max_examples=examples(60), deadline=None)
def test_every_button_that_is_shown_reads_back_as_what_it_does(shown: tuple[Action, ...]) -> None:
    _, blocks = write(Message(subject="", headline=("x",), actions=shown), READER)
    told = {("show" if a.verb == "open" else a.verb, a.item, a.code, a.workflow or None) for a in shown}
    for block in blocks:
        for element in block["elements"] if block["type"] == "actions" else ():
            for option in element.get("options", [None]):
                act = {**element, "selected_option": option} if option else element
                click = {
                    "actions": [{k: v for k, v in act.items() if k != "options"}],
                    "user": {"id": "U0LEE"},
                    "trigger_id": "1.2",
                }
                command = read_click(click, US, NOW)
                assert isinstance(command, Command)
                assert (command.verb, command.item, command.code, command.workflow) in told
                asked = read_prompt({**click, "container": {"message_ts": "1763800009.000100"}})
                assert (asked.about if asked else "") in {a.about for a in shown}


@pytest.mark.parametrize("rows_with_buttons", [0, 1, 2])
def test_two_hundred_rows_say_how_many_found_no_place(rows_with_buttons: int) -> None:
    """A digest of 200 rows shows the first ones and the number of the others; what can be done stays."""
    acts = tuple(Action(verb="show", label="Open", item=f"REF-{n}") for n in range(rows_with_buttons))
    many = tuple(
        Row(line=(f"REF-{n} is overdue since Tuesday, and " + "a long reason " * 20,), actions=acts) for n in range(200)
    )
    said = Message(
        subject="",
        headline=("200 things wait for you",),
        sections=(
            Section(heading="Broken", rows=many, rest="`/docket list`"),
            Section(heading="Quiet", rows=(Row(line=("REF-9",)),)),
        ),
        actions=(Action(verb="mine", label="Mine", item="-"),),
    )
    _, blocks = write(said, READER)
    texts = [b["text"]["text"] for b in blocks if b["type"] == "section"]
    shown = sum(text.count("is overdue") for text in texts)
    assert shown > 10
    assert any(
        b["type"] == "context" and b["elements"][0]["text"].startswith(f"… and {200 - shown} more · `/docket list`")
        for b in blocks
    )
    assert "*Quiet*" in texts
    assert blocks[-1]["elements"][0]["action_id"] == "docket:mine"


def test_a_short_form_comes_back_with_all_it_showed() -> None:
    form = Form(
        verb="approve", title="Approve", submit="Approve", blanks=(), item="REF-1", code="OVER_LIMIT",
        shown={"reason": 'a "quoted" <b> & more', "amount": "450.00 USD"}, place="C1", place_name="refunds",
    )  # fmt: skip
    made = view(form, READER)
    assert "<" not in made["private_metadata"], "no transport may escape it again"
    back = read_submission({"view": {**made, "id": "V1"}, "user": {"id": "U0LEE"}}, US, NOW)
    assert back.command.seen == form.shown
    assert (back.command.verb, back.command.item, back.command.code) == ("approve", "REF-1", "OVER_LIMIT")
    assert (back.command.place, back.command.place_name, back.digest) == ("C1", "refunds", "")


def test_a_form_that_showed_too_much_carries_the_hash_of_it() -> None:
    """3,000 units can't hold a long reason; its hash can, and says whether it was still the same."""
    shown = {"reason": "x" * 9000, "order": "ORD-1"}
    form = Form(verb="approve", title="t", submit="s", blanks=(), item="REF-1", code="C", shown=shown)
    kept = json.loads(metadata(form))
    assert kept["digest"] == digest(shown)
    assert kept["shown"]["order"] == "ORD-1"
    assert len(kept["shown"]["reason"]) < 3000
    assert view(form, READER)["callback_id"] == PREFIX + "approve"


def test_what_an_option_has_no_room_for_stands_below_the_select() -> None:
    meaning = "The customer was charged twice, and the payment log of that very day shows both captures in full."
    blank = Blank(
        name="reason_code", label="Reason", kind="choice", choices=(Choice(value="A", label="A", meaning=meaning),)
    )
    blocks = view(Form(verb="approve", title="t", submit="s", blanks=(blank,)), READER)["blocks"]
    assert blocks[1]["elements"][0]["text"] == f"A: {meaning}"


def test_a_deadline_is_shown_in_the_readers_own_zone() -> None:
    at = NOW + timedelta(hours=2, minutes=30)
    text, blocks = write(Message(subject="", headline=("Decide by ", When(at, "time"))), READER)
    assert text == "Decide by 11:30"
    assert blocks[0]["text"]["text"] == f"Decide by <!date^{int(at.timestamp())}^{{time}}|11:30>"


@given(pointed, st.dictionaries(words, words, max_size=3))
@settings(max_examples=examples(60), deadline=None)
def test_a_form_brings_its_message_back(message: Posted, shown: dict[str, str]) -> None:
    """Where it stands and whose it is, whole; of its words what has room, for they are read again."""
    form = Form(verb="new", title="t", submit="s", blanks=(), shown=shown, message=message)
    made = view(form, READER, "1763800009.000100")
    assert block_kit.units(made["private_metadata"]) <= 3000
    back = read_submission({"view": {**made, "id": "V1"}, "user": {"id": "U0LEE"}}, US, NOW)
    assert isinstance(back, Submission)
    found = back.command.message
    assert found is not None
    assert (found.place, found.ts, found.thread, found.by) == (message.place, message.ts, message.thread, message.by)
    assert (found.joined, found.direct) == (message.joined, message.joined and message.place.startswith("D"))
    assert back.prompt == "1763800009.000100"
    if len(message.text) < 50 and not shown:
        assert found.text == wire.string(message.text)
