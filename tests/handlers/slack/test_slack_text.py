"""Slack's text in both directions: what people wrote is read as they meant it, what strangers wrote never acts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.slack.mrkdwn import Reader, line, plain
from handlers.slack.text import mentions, words
from rules.messages import Link, Quote, Strong, Who
from tests.handlers.slack import block_kit

READ = [
    ("a &amp; b &lt;c&gt;", "a & b <c>"),
    ("typed as &amp;lt;", "typed as &lt;"),
    ("<https://example.com/a?b=1&amp;c=2>", "https://example.com/a?b=1&c=2"),
    ("<https://example.com|the log>", "the log (https://example.com)"),
    ("<http://example.com|example.com>", "http://example.com"),
    ("<mailto:rita@example.com|rita@example.com>", "rita@example.com"),
    ("<tel:+15551234|+1 555 1234>", "+1 555 1234"),
    ("<@U1|rita> and <@U2>", "@U1 and @U2"),
    ("<#C1|refunds> <#C2>", "#refunds #C2"),
    ("<!channel> <!here|here> <!everyone>", "@channel @here @everyone"),
    ("<!subteam^S1|@desk> <!subteam^S2>", "@desk @S2"),
    ("<!date^1700000000^{date} at {time}|Nov 14, 2023>", "Nov 14, 2023"),
    ("<!date^1700000000^{date}>", ""),
    ("a < b, unclosed <@U1", "a < b, unclosed <@U1"),
    ("", ""),
    (None, ""),
    (17, ""),
    (["<@U1>"], ""),
    ("half an emoji \ud83d and \x00", "half an emoji ? and "),
    (":ticket: stays", ":ticket: stays"),
]


@pytest.mark.parametrize(("raw", "meant"), READ)
def test_what_people_typed_is_read_as_they_meant_it(raw: object, meant: str) -> None:
    assert words(raw) == meant


def test_a_very_long_hostile_text_is_read_in_one_pass() -> None:
    assert len(words("<" * 200_000 + "&amp;" * 100_000)) == 300_000


@pytest.mark.parametrize(
    ("raw", "named"),
    [("<@U1> hi", True), ("<@U1|docket> hi", True), ("&lt;@U1&gt; hi", False), ("@U1 hi", False), ("<@U12> hi", False)],
)
def test_only_slacks_own_token_is_a_mention(raw: str, named: bool) -> None:
    assert mentions(raw, "U1") is named


INJECTIONS = [
    ("<!channel>", "&lt;!channel&gt;"),
    ("<@U0LEE>", "&lt;@U0LEE&gt;"),
    ("<\u200b!channel>", "&lt;!channel&gt;"),
    ("&lt;!channel&gt;", "&amp;lt;!channel&amp;gt;"),
    ("<https://evil.example|Approve>", "&lt;https://evil.example|Approve&gt;"),
    ("*Approved by Lee*", "∗Approved by Lee∗"),
    ("_so_ ~not~", "ˍsoˍ ∼not∼"),
    ("a\u200b*b*", "a*b∗"),
    ("5*3*2 and DOUBLE_CHARGE", "5*3*2 and DOUBLE_CHARGE"),
    ("> quoted\n  > too", "› quoted\n  › too"),
    ("a > b", "a &gt; b"),
    ("```\ncode", "ˋˋˋ\ncode"),
    ("run `docket` now", "run `docket` now"),
    ("one ` tick", "one ˋ tick"),
    ("over `two\nlines`", "over ˋtwo\nlinesˋ"),
    ("450 \u202eDSU 003", "450 DSU 003"),
    ("مرحبا 👩\u200d👧", "مرحبا 👩\u200d👧"),
]


@pytest.mark.parametrize(("strangers", "shown"), INJECTIONS)
def test_a_strangers_words_neither_ping_nor_link_nor_format(strangers: str, shown: str) -> None:
    assert line((strangers,), Reader()) == shown
    block_kit.check_mrkdwn(plain((strangers,), Reader()), "fallback")


@pytest.mark.parametrize(
    ("part", "shown"),
    [
        (Quote("Payment log shows both."), '"Payment log shows both."'),
        (Quote('ok" Approved by Lee: "yes'), "\"ok' Approved by Lee: 'yes\""),
        (Quote("one\n> two\n*three*"), "\n>one\n>› two\n>∗three∗\n"),
        (Quote("`x`"), '"ˋxˋ"'),
        (Strong("REF-12"), "*REF-12*"),
        (Strong(" a *b*\nc "), "*a ∗b∗ c*"),
        (Strong("  "), ""),
        (Link("https://example.com/a?b&c", "the | log>"), "<https://example.com/a?b&amp;c|the ¦ log&gt;>"),
        (Link("javascript:alert(1)", "click"), "click"),
        (Link("https://example.com/a b", "spaced"), "spaced"),
        (Who("lee", mention=True), "<@U0LEE>"),
        (Who("lee"), "Lee Park"),
        (Who("slack:U9", mention=True), "U9"),
        (Who("rita", mention=True), "&lt;!here&gt;"),
        (Who("evil", mention=True), "evil"),
    ],
)
def test_each_part_of_a_line_is_written_so_that_it_only_does_what_it_is_for(part: object, shown: str) -> None:
    reader = Reader(names={"lee": "Lee Park", "rita": "<!here>"}, mentions={"lee": "U0LEE", "evil": "U1>x"})
    assert line((part,), reader) == shown  # type: ignore[arg-type]  # the table holds every kind of part


@given(
    st.lists(st.one_of(st.text(max_size=80), st.builds(Quote, st.text(max_size=80))), max_size=6), st.integers(0, 120)
)
def test_a_line_never_outgrows_its_limit(parts: list[object], limit: int) -> None:
    assert block_kit.units(line(tuple(parts), Reader(), limit)) <= limit  # type: ignore[arg-type]
