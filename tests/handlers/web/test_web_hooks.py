"""Webhooks over HTTP: what is signed and understood is taken once; everything else hears why, and learns nothing."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from aiohttp import ClientSession

from bot.tokens import Tokens
from handlers.ports import Busy
from handlers.web import hooks
from handlers.web.hooks import BODY_MOST_BYTES, HookAnswer, Hooks, signed
from handlers.web.listen import WebDoor
from handlers.web.read import NotRead, read
from handlers.web.taps import Taps
from rules.elsewhere import Elsewhere
from rules.events import Hooked

NOON = datetime(2026, 11, 20, 18, 0, tzinfo=UTC)
TOKENS = Tokens(b"s" * 32)
OPEN = {"refund"}
SAID = {"system": "Stripe", "key": "REF-12", "fields": {"amount": "400 USD"}}


@dataclass
class Site:
    """The address on loopback; `taken` is what reached the desk, `answers` what it says."""

    browser: ClientSession
    url: str = ""
    answers: Callable[[Hooked], HookAnswer] = lambda hooked: HookAnswer(key="REF-12")
    taken: list[Hooked] = field(default_factory=list)
    now: list[float] = field(default_factory=lambda: [0.0])

    async def take(self, hooked: Hooked, raw: bytes, signature: str) -> HookAnswer:
        self.taken.append(hooked)
        return self.answers(hooked)

    async def post(
        self, said: Any = SAID, *, workflow: str = "refund", signed_for: str = "", at: datetime = NOON, **more: Any
    ) -> tuple[int, dict[str, Any]]:
        """Send a hook; `more` are headers (None: left out) that stand in place of the right ones."""
        body = said if isinstance(said, bytes) else json.dumps(said).encode()
        stamp = f"{at.timestamp():.0f}"
        headers = {
            "Content-Type": "application/json",
            "X-Docket-Id": "evt_1",
            "X-Docket-Timestamp": stamp,
            "X-Docket-Signature": signed(TOKENS.hook_secret(signed_for or workflow), stamp, body),
        } | {name.replace("_", "-"): value for name, value in more.items()}
        given = {name: value for name, value in headers.items() if value is not None}
        async with self.browser.post(f"{self.url}/hooks/{workflow}", data=body, headers=given) as answer:
            assert answer.content_type == "application/json"
            return answer.status, await answer.json()


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    async with ClientSession() as browser:
        found = Site(browser)
        taps = Taps(lambda: found.now[-1], burst=40, per_minute=40)
        door = WebDoor("127.0.0.1", 0)
        takes = Hooks(found.take, TOKENS.hook_secret, OPEN.__contains__, lambda: NOON, taps, "main")
        door.add("*", hooks.ROUTE, takes.answer)
        await door.start()
        found.url = f"http://127.0.0.1:{door.port}"
        yield found
        await door.stop()


async def test_a_signed_hook_becomes_an_event_and_is_answered_with_its_key(site: Site) -> None:
    assert await site.post() == (200, {"key": "REF-12"})
    (hooked,) = site.taken
    assert (hooked.id, hooked.by, hooked.via) == ("hook:refund:evt_1", "hook:Stripe", "webhook")
    assert (hooked.item, hooked.fields, hooked.at) == ("REF-12", {"amount": "400 USD"}, NOON)


WRONG = [
    {"X_Docket_Signature": None},
    {"X_Docket_Signature": "v0=" + "0" * 64},
    {"X_Docket_Signature": "v1=\u00e9"},
    {"X_Docket_Timestamp": None},
    {"X_Docket_Timestamp": "soon"},
    {"X_Docket_Timestamp": "9" * 40},
    {"signed_for": "access"},
    {"at": NOON - timedelta(seconds=301)},
    {"at": NOON + timedelta(seconds=301)},
    {"workflow": "nothing_such"},
    {"workflow": "access"},  # it is there, and takes none
    {"said": b"not json", "signed_for": "access"},
]


@pytest.mark.parametrize("wrong", WRONG, ids=str)
async def test_whoever_cannot_sign_has_one_answer_and_learns_nothing(site: Site, wrong: dict[str, Any]) -> None:
    assert await site.post(**wrong) == (401, {"code": "signature", "sentence": hooks.UNSIGNED})
    assert site.taken == []


@pytest.mark.parametrize("seconds", [-300, 0, 300])
async def test_the_window_is_five_minutes_each_way(site: Site, seconds: int) -> None:
    assert (await site.post(at=NOON + timedelta(seconds=seconds)))[0] == 200


REFUSED = [
    (415, "content_type", {"Content_Type": "text/plain"}),
    (415, "content_type", {"Content_Type": "application/json; charset=latin-1"}),
    (400, "id", {"X_Docket_Id": None}),
    (400, "id", {"X_Docket_Id": "a b"}),
    (400, "id", {"X_Docket_Id": "x" * 201}),
    (400, "not_json", {"said": b"{"}),
    (400, "not_json", {"said": b"\xff{}"}),
    (400, "not_json", {"said": b"[]"}),
    (400, "not_json", {"said": b'{"fields": {"amount": NaN}}'}),
    (400, "not_json", {"said": b"[" * 100_000}),
    (400, "not_json", {"said": b'{"text": ' + b"9" * 5_000 + b"}"}),
    (400, "twice", {"said": b'{"key": "REF-1", "key": "REF-2"}'}),
    (413, "too_large", {"said": {"text": "x" * BODY_MOST_BYTES}}),
]


@pytest.mark.parametrize(("status", "code", "sent"), REFUSED, ids=lambda each: str(each)[:40])
async def test_what_cannot_be_read_says_why(site: Site, status: int, code: str, sent: dict[str, Any]) -> None:
    answered, said = await site.post(**sent)
    assert (answered, said["code"]) == (status, code)
    assert said["sentence"].endswith(".")
    assert site.taken == []


NOT_UNDERSTOOD = [
    ("unknown_key", {"sytem": "Stripe"}, "Did you mean `system`?"),
    ("unknown_key", {"approve": True}, "Known: system, key"),
    ("about_what", {}, "`key` or `link`"),
    ("about_what", {"system": "Stripe", "status": "paid"}, ""),
    ("system", {"key": "REF-1"}, "`system` goes with"),
    ("text", {"system": "S", "key": "REF-1", "text": "hello"}, "goes into `note`"),
    ("text", {"system": "S", "key": "REF-1", "title": "hello"}, ""),
    ("key", {"system": "S", "key": "REF-1; drop"}, ""),
    ("type", {"system": "S", "key": "REF-1", "close": "yes"}, "true or false"),
    ("type", {"system": "S", "key": "REF-1", "fields": ["amount"]}, ""),
    ("type", {"system": "S", "key": "REF-1", "fields": {"amount": None}}, "`fields.amount`"),
    ("type", {"system": "S", "key": "REF-1", "fields": {"amount": True}}, ""),
    ("type", {"system": "S", "key": "REF-1", "evidence": [{"kind": "receipt"}]}, ""),
    ("type", {"system": "S", "key": "REF-1", "evidence": "receipt"}, ""),
    ("type", {"system": "S", "key": "REF-1", "links": [{"system": "S", "id": "1", "url": "javascript:x"}]}, ""),
    ("type", {"system": "S\u202e", "key": "REF-1"}, "can't be shown"),
    ("type", {"system": "\ud800", "key": "REF-1"}, "can't be shown"),
    ("too_long", {"text": "x" * 20_001}, ""),
    ("too_long", {"text": "x", "fields": {"x" * 61: "1"}}, "name of a field"),
    ("too_long", {"system": "S" * 61, "key": "REF-1"}, ""),
    ("too_many", {"system": "S", "key": "REF-1", "fields": {str(n): "" for n in range(51)}}, ""),
]


@pytest.mark.parametrize(("code", "said", "words"), NOT_UNDERSTOOD, ids=lambda each: str(each)[:50])
def test_what_is_not_understood_is_refused_and_not_passed_over(code: str, said: dict[str, Any], words: str) -> None:
    with pytest.raises(NotRead) as refused:
        read(json.dumps(said).encode(), id="hook:refund:1", workspace="main", workflow="refund", at=NOON)
    assert refused.value.code == code
    assert words in str(refused.value)


def test_all_that_can_be_said() -> None:
    body = {
        "system": "Stripe", "link": "re_1", "text": "Refund asked", "title": "Refund", "requester": "C@x.example",
        "fields": {"order": "ORD-48213", "amount": 400.10, "count": 3}, "status": "paid",
        "evidence": [{"kind": "receipt", "value": "re_1"}], "close": True, "note": "Paid out.",
        "links": [{"system": "Zendesk", "id": "991", "url": "https://z.example/991"}],
    }  # fmt: skip
    found = read(json.dumps(body).encode(), id="hook:refund:1", workspace="main", workflow="refund", at=NOON)
    assert found.requester == "c@x.example"
    assert found.fields == {"order": "ORD-48213", "amount": "400.1", "count": "3"}
    assert found.links == (Elsewhere(system="Zendesk", id="991", url="https://z.example/991"),)
    assert (found.evidence, found.close, found.status) == ((("receipt", "re_1"),), True, "paid")


async def test_other_methods_are_told_how_it_is_sent(site: Site) -> None:
    async with site.browser.get(f"{site.url}/hooks/refund") as answer:
        assert (answer.status, answer.headers["Allow"]) == (405, "POST")
        assert (await answer.json())["code"] == "method"


ANSWERS = [
    (HookAnswer(code="unknown_item", sentence="There is none."), 404),
    (HookAnswer(code="unreadable", sentence="No amount."), 400),
    (HookAnswer(code="closed", sentence="REF-12 is closed."), 409),
    (HookAnswer(code="held", sentence="It is kept.", held=True), 202),
]


@pytest.mark.parametrize(("answer", "status"), ANSWERS, ids=lambda each: str(each)[:40])
async def test_what_the_desk_says_has_its_status(site: Site, answer: HookAnswer, status: int) -> None:
    site.answers = lambda _: answer
    assert await site.post() == (status, {"code": answer.code, "sentence": answer.sentence})


async def test_what_was_not_closed_is_recorded_all_the_same(site: Site) -> None:
    site.answers = lambda _: HookAnswer(key="REF-12", code="evidence", sentence="No receipt.")
    assert await site.post() == (
        200, {"key": "REF-12", "not_closed": {"code": "evidence", "sentence": "No receipt."}},
    )  # fmt: skip


async def test_a_database_that_is_away_asks_for_patience(site: Site) -> None:
    def busy(_: Hooked) -> HookAnswer:
        raise Busy("a path and a password")

    site.answers = busy
    status, said = await site.post()
    assert (status, said["code"]) == (503, "busy")
    assert "password" not in said["sentence"]


async def test_a_fault_of_ours_tells_nothing(site: Site) -> None:
    def broken(_: Hooked) -> HookAnswer:
        raise RuntimeError("a secret")

    site.answers = broken
    status, said = await site.post()
    assert (status, said["code"]) == (500, "failed")
    assert "secret" not in said["sentence"]


async def test_a_program_that_runs_in_a_circle_is_slowed_down_and_others_are_not(site: Site) -> None:
    statuses = [status for status, _ in await asyncio.gather(*(site.post() for _ in range(45)))]
    assert statuses.count(200) == 40
    assert statuses.count(429) == 5
    site.now.append(60.0)
    assert (await site.post())[0] == 200


def test_each_workflow_has_its_own_secret_and_it_is_no_other_token() -> None:
    secrets = {TOKENS.hook_secret(name) for name in ("refund", "access", "")}
    assert len(secrets) == 3
    assert TOKENS.proof(b"refund") not in secrets
    assert Tokens(b"t" * 32).hook_secret("refund") not in secrets
