"""The Home tab's view: every Home is one that Slack takes, page by page, and no row of it is lost or shown twice."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from handlers.slack import home as home_tab
from handlers.slack.home import opened, turned, view
from handlers.slack.mrkdwn import Reader
from handlers.slack.read_actions import read_click
from handlers.slack.wire import Malformed, Us
from rules.book.load import load
from rules.home import Home, home
from rules.items import Item, Source, Trouble
from rules.messages import Action, Row, Section, Strong
from tests.fuzzing import examples
from tests.handlers.slack import block_kit
from tests.handlers.slack.test_slack_writes_within_limits import NASTY, sections
from tests.rules.test_flows import HARBOR

BOOK = load(HARBOR)
NOW = datetime(2026, 3, 4, 16, 0, tzinfo=UTC)
READER = Reader("America/Chicago", {"lee": "Lee <Park> *the* owner", "dana": "Dana"}, {"lee": "U0LEE"})
US = Us(team="T1", user="U0DOCKET", bot="B0DOCKET")
PEOPLE = ("lee", "dana", "maria", "slack:U0RITA", "rita@customer.example")
words = st.one_of(
    st.text(max_size=80),
    st.lists(st.sampled_from(NASTY), max_size=12).map("".join),
    st.sampled_from(("x" * 3000, "😀" * 1500, "مرحبا " * 600, "\u202eevil " * 500, "<!channel> " * 300)),
)


@st.composite
def items(draw: Any) -> list[Item]:
    """Up to two hundred items of whatever words and people; most of them alike, for they differ little in a Home."""
    kinds = [
        Item(
            key="REF-0",
            workspace="main",
            workflow="refund",
            rulebook="",
            title=draw(words),
            text=draw(words),
            requester=draw(st.sampled_from(PEOPLE)),
            source=Source(channel="slack", place="C1", permalink=draw(st.sampled_from((None, "https://a.example/p1")))),
            opened_at=NOW,
            owner=draw(st.sampled_from(PEOPLE)),
            backup="maria",
            stage=draw(st.sampled_from((None, "triage", "payment"))),
            due_at=draw(st.sampled_from((None, NOW - timedelta(hours=1), NOW + timedelta(hours=1)))),
            fields=draw(st.dictionaries(st.sampled_from(("reason", "region", "order")), words, max_size=3)),
            missing=draw(st.sampled_from(((), ("amount",)))),
            exceptions=draw(st.lists(troubles(), max_size=2, unique_by=lambda t: t.code).map(tuple)),
            closed_at=draw(st.sampled_from((None, None, None, NOW - timedelta(days=1)))),
            outcome="done",
        )
        for _ in range(draw(st.integers(1, 4)))
    ]
    count = draw(st.sampled_from((0, 1, 7, 200)))
    return [replace(kinds[n % len(kinds)], key=f"REF-{n}") for n in range(count)]


def troubles() -> st.SearchStrategy[Trouble]:
    return st.builds(
        Trouble,
        code=st.sampled_from(("OVER_LIMIT", "NOT_READY", "GONE_CODE" * 9)),
        state=st.just("open"),
        owner=st.sampled_from(PEOPLE),
        backup=st.just("maria"),
        may_decide=st.sampled_from((("lee",), ("lee", "maria"), ("dana",))),
        opened_at=st.just(NOW),
        due_at=st.sampled_from((NOW - timedelta(hours=1), NOW + timedelta(hours=1))),
        next_at=st.none(),
    )


@given(items(), st.sampled_from(PEOPLE))
@settings(max_examples=examples(30), deadline=None)
def test_every_home_is_one_that_slack_takes(some: list[Item], reader: str) -> None:
    """200 items, titles of 3,000 characters, right to left, emoji, and everything that could ping or format."""
    made = home(reader, some, BOOK, lambda item: BOOK.workflows[item.workflow], NOW)
    for page in pages(made):
        block_kit.check_home(page)


@given(st.lists(sections, max_size=4).map(lambda found: Home(sections=tuple(found))))
@settings(max_examples=examples(30), deadline=None)
def test_whatever_the_lists_hold_each_page_is_within_the_limits(made: Home) -> None:
    for page in pages(made):
        block_kit.check_home(page)


def pages(made: Home) -> list[dict[str, Any]]:
    """Every page, by pressing Next until there is none."""
    found: list[dict[str, Any]] = []
    for number in range(1000):
        page, shown = view(made, READER, number)
        if shown < number:
            return found or [page]
        found.append(page)
    raise AssertionError("the pages have no end")


def long_home(count: int = 120) -> Home:
    """One decision after the other, each with its two buttons, and a second list below."""
    acts = [Action(verb=verb, label=verb, item="REF-1", code="X") for verb in ("approve", "reject")]
    rows = [Row(line=(Strong(f"DEC-{n}"), " decide"), actions=tuple(acts)) for n in range(count)]
    below = Section(heading="You asked for", rows=(Row(line=("the end",)),), rest="and 7 more: `/docket list`")
    return Home(sections=(Section(heading="Waiting for your decision", rows=tuple(rows)), below))


def test_pages_follow_each_other_without_losing_or_repeating_a_row() -> None:
    made = long_home()
    found = pages(made)
    said = "\n".join(texts(page) for page in found)
    assert len(found) == 3
    assert [said.count(f"*DEC-{n}* decide") for n in range(120)] == [1] * 120
    assert said.count("the end") == 1
    assert "and 7 more: `/docket list`" in said
    headings = [[b["text"]["text"] for b in page["blocks"] if b["type"] == "header"] for page in found]
    assert headings[0] == ["Waiting for your decision"]
    assert headings[1][0] == headings[2][0] == "Waiting for your decision (continued)"
    assert headings[2][-1] == "You asked for"


def test_the_buttons_lead_to_the_pages_beside_it() -> None:
    first, second, last = pages(long_home())
    (following,) = first["blocks"][-1]["elements"]
    back, on = second["blocks"][-1]["elements"]
    assert [click(b) for b in (following, back, on)] == [("slack:U0LEE", 1), ("slack:U0LEE", 0), ("slack:U0LEE", 2)]
    assert [b["action_id"] for b in last["blocks"][-1]["elements"]] == ["docket:home:previous"]


def test_a_page_beyond_the_end_is_the_last_one() -> None:
    """What was on page 3 may be decided meanwhile."""
    assert view(long_home(), READER, 99)[1] == 2
    assert view(long_home(1), READER, 99)[1] == 0


def test_a_click_on_a_row_is_the_same_command_as_on_a_card() -> None:
    page, _ = view(long_home(1), READER)
    approve = page["blocks"][2]["elements"][0]
    body = {"actions": [{**approve, "action_ts": "1763800000.1"}], "user": {"id": "U0LEE"}, "trigger_id": "t"}
    command = read_click(body, US, NOW)
    assert turned(body) is None
    assert (command.verb, command.item, command.code) == ("approve", "REF-1", "X")  # type: ignore[union-attr]


def texts(page: dict[str, Any]) -> str:
    return json.dumps(page, ensure_ascii=False)


def click(button: dict[str, Any]) -> tuple[str, int] | None:
    return turned({"actions": [button], "user": {"id": "U0LEE"}})


@pytest.mark.parametrize("value", ["", "[]", "{", '{"page": "2"}', '{"page": -1}', '{"page": 100000}', "[" * 5000])
def test_a_page_that_makes_no_sense_is_the_first(value: str) -> None:
    """A button's value comes back as it was sent; who changes it gets no further than page one."""
    assert click({"action_id": home_tab.TURN + ":next", "value": value}) == ("slack:U0LEE", 0)


@pytest.mark.parametrize(
    ("event", "who"),
    [
        ({"tab": "home", "user": "U0LEE"}, "slack:U0LEE"),
        ({"user": "U0LEE"}, "slack:U0LEE"),
        ({"tab": "messages", "user": "U0LEE"}, None),
    ],
)
def test_only_the_home_tab_counts_as_opened(event: dict[str, Any], who: str | None) -> None:
    assert opened({"event": event}) == who


def test_an_opened_home_of_nobody_is_malformed() -> None:
    with pytest.raises(Malformed):
        opened({"event": {"tab": "home"}})
