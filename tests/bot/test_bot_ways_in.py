"""Links that sign people in: what makes one good, and all that makes it none."""

from __future__ import annotations

from datetime import timedelta

from bot.books import Books
from bot.demo import example
from bot.tokens import Tokens
from bot.ways_in import ASKED_LASTS, answer, below, link, read
from rules.book.load import load
from rules.messages import Message
from tests.bot.house import MORNING
from tests.street import plain

TOKENS = Tokens(b"s" * 32)
MINUTE = timedelta(minutes=1)


def books(public_url: str = "https://docket.example/", tokens: Tokens | None = TOKENS) -> Books:
    made = Books(load(example()), example(), "main")
    made.public_url, made.tokens = public_url, tokens
    return made


def token_for(person: str) -> str:
    url = link(books(), person, MORNING + ASKED_LASTS)
    assert url is not None
    assert url.startswith("https://docket.example/look/in/")
    return url.rpartition("/")[2]


def test_a_link_names_its_person_until_its_time() -> None:
    token, book = token_for("lee"), books().current
    found = read(TOKENS, token.upper(), book, MORNING)
    assert found is not None
    assert (found.person, found.until) == ("lee", MORNING + ASKED_LASTS)
    assert read(TOKENS, token, book, MORNING + ASKED_LASTS - MINUTE) is not None
    assert read(TOKENS, token, book, MORNING + ASKED_LASTS) is None
    assert token_for("lee") != token, "each is spent alone"


def test_a_link_of_another_secret_use_or_shape_is_none() -> None:
    token, book = token_for("lee"), books().current
    assert read(Tokens(b"t" * 32), token, book, MORNING) is None
    number = read(TOKENS, token, book, MORNING)
    assert number is not None
    for use in ("mail", "page"):
        assert read(TOKENS, TOKENS.mint(number.id, use), book, MORNING) is None
    assert TOKENS.read(token, "page") is None, "and it opens no decision page"
    for wrong in ("", "a" * 42, token[:-1], ("b" if token[0] == "a" else "a") + token[1:], "ß" * 42):
        assert read(TOKENS, wrong, book, MORNING) is None


def test_a_link_for_whom_the_rulebook_does_not_have_is_none() -> None:
    token = token_for("slack:U0RITA")
    assert read(TOKENS, token, books().current, MORNING) is None


def test_without_pages_there_is_no_link_but_a_sentence() -> None:
    for none in (books(""), books(tokens=None)):
        said = answer(none, "lee", MORNING)
        assert said.refused
        assert "DOCKET_PUBLIC_URL" in plain(said.message)
        digest = Message(subject="d", headline=("h",))
        assert below(digest, none, "lee", MORNING) is digest


def test_a_digest_has_its_readers_link_at_its_foot() -> None:
    digest = below(Message(subject="d", headline=("h",), small=(("seal",),)), books(), "lee", MORNING)
    assert digest.small[0] == ("seal",)
    assert "the link is yours alone" in plain(digest)
