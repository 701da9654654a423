"""Opened Home tabs and shared links, as Slack tells of them: what is ours is told on, and nothing else is touched."""

from __future__ import annotations

from typing import Any

import pytest
from slack_sdk.errors import SlackApiError

import handlers.slack.unfurl_links
from handlers.ports import Busy, Drawn, Lasting, Outdated, Passing
from handlers.slack.home_tabs import SlackHomeTabs
from handlers.slack.listen_events import NotTaken
from handlers.slack.listen_visits import EVENTS, visits
from handlers.slack.mrkdwn import Reader
from handlers.slack.unfurl import key_in_address, shared, unfurls
from handlers.slack.unfurl_links import Unfurls
from rules.messages import Message, Quote
from tests.handlers.slack import block_kit

PUBLIC = "https://docket.harbor.example/"
OPENED = {"event": {"type": "app_home_opened", "user": "U0LEE", "tab": "home"}}
LINK = {
    "user": "U0LEE", "channel": "C1", "message_ts": "1.2", "unfurl_id": "C1.1.2.x", "source": "conversations_history",
    "links": [{"url": f"{PUBLIC}items/REF-1", "domain": "harbor.example"}],
}  # fmt: skip


class Desk:
    """Hears of opened Homes and previews REF-1; `busy`: the database can't be had."""

    def __init__(self, *, busy: bool = False) -> None:
        self.busy = busy
        self.heard: list[tuple[str, int]] = []

    async def opened(self, reader: str, page: int = 0) -> None:
        if self.busy:
            raise Busy("The database is busy.")
        self.heard.append((reader, page))

    async def preview(self, key: str, by: str) -> Message | None:
        if self.busy:
            raise Busy("The database is busy.")
        return Message(subject="", headline=(key, " by ", by)) if key == "REF-1" else None


class Client:
    """Slack's Web API as far as it is called here; `answers` are Slack's words for what goes wrong next."""

    def __init__(self, *answers: str) -> None:
        self.answers = list(answers)
        self.calls: list[dict[str, Any]] = []

    async def chat_unfurl(self, **given: Any) -> dict[str, Any]:
        return self._answer(given)

    async def views_publish(self, **given: Any) -> dict[str, Any]:
        return self._answer(given) | {"view": {"hash": "h2"}}

    def _answer(self, given: dict[str, Any]) -> dict[str, Any]:
        self.calls.append(given)
        if self.answers and (code := self.answers.pop(0)):
            raise SlackApiError("", _Response(code))
        return {"ok": True}


class _Response:
    def __init__(self, code: str) -> None:
        self.data = {"ok": False, "error": code}
        self.status_code = 429 if code == "ratelimited" else 200
        self.headers = {"Retry-After": "7"}


class Nobody:
    """Private answers and people, of whom nothing is known here."""

    people: Any = property(lambda self: self)
    names: dict[str, str] = {}  # noqa: RUF012 a test's stand-in

    async def learn(self, identities: object) -> None:
        return None

    def reader(self, identity: str) -> Reader:
        return Reader()


def listening(desk: Desk, client: Client | None = None) -> tuple[dict[str, Any], Unfurls]:
    unfurling = Unfurls(client or Client(), desk, Nobody(), PUBLIC)  # type: ignore[arg-type]
    return visits(desk, unfurling, Nobody()), unfurling  # type: ignore[arg-type]


async def test_an_opened_home_is_told_on_and_another_tab_is_not() -> None:
    desk = Desk()
    heard, _ = listening(desk)
    assert set(heard) == set(EVENTS)
    await heard["app_home_opened"](OPENED)
    await heard["app_home_opened"]({"event": {"user": "U0LEE", "tab": "messages"}})
    assert desk.heard == [("slack:U0LEE", 0)]


async def test_while_the_database_is_busy_slack_tells_it_again() -> None:
    heard, _ = listening(Desk(busy=True))
    with pytest.raises(NotTaken):
        await heard["app_home_opened"](OPENED)


async def test_a_home_opened_by_nobody_is_acknowledged() -> None:
    """Sent again it would be no better."""
    heard, _ = listening(Desk())
    await heard["app_home_opened"]({"event": {"tab": "home"}})


async def test_a_shared_link_unfolds_by_what_slack_gave_for_it() -> None:
    client = Client()
    heard, unfurling = listening(Desk(), client)
    await heard["link_shared"]({"event": LINK})
    old = {name: value for name, value in LINK.items() if name not in ("unfurl_id", "source")}
    await heard["link_shared"]({"event": old})
    await heard["link_shared"]({"event": {**LINK, "channel": "COMPOSER", "source": "composer"}})
    await unfurling.settle()
    targets = [{k: v for k, v in call.items() if k != "unfurls"} for call in client.calls]
    assert targets == [
        {"unfurl_id": "C1.1.2.x", "source": "conversations_history"},
        {"channel": "C1", "ts": "1.2"},
        {"unfurl_id": "C1.1.2.x", "source": "composer"},
    ]
    assert "REF-1 by slack:U0LEE" in str(client.calls[0]["unfurls"][f"{PUBLIC}items/REF-1"])


@pytest.mark.parametrize(
    "event",
    [
        {},
        {**LINK, "user": ""},
        {**LINK, "links": "no"},
        {**LINK, "links": [{"url": 7}, None]},
        {**LINK, "links": [{"url": f"{PUBLIC}items/REF-2"}]},
        {**LINK, "links": [{"url": "https://[broken/items/REF-1"}]},
        {"user": "U0LEE", "links": LINK["links"]},
    ],
)
async def test_what_is_not_ours_to_unfold_makes_no_call(event: dict[str, Any]) -> None:
    client = Client()
    heard, unfurling = listening(Desk(), client)
    await heard["link_shared"]({"event": event})
    await unfurling.settle()
    assert client.calls == []


async def test_without_an_address_of_our_own_links_are_nothing_to_us() -> None:
    await visits(Desk(), None, Nobody())["link_shared"]({"event": LINK})


async def test_an_unfurl_that_overtook_its_acknowledgement_is_tried_once_more(monkeypatch: pytest.MonkeyPatch) -> None:
    """Slack's page on chat.unfurl: `cannot_unfurl_url` while the event is not acknowledged."""
    monkeypatch.setattr(handlers.slack.unfurl_links, "AGAIN_SECONDS", 0.0)
    client = Client("cannot_unfurl_url", "", "cannot_unfurl_url", "cannot_unfurl_url", "no_permission")
    heard, unfurling = listening(Desk(), client)
    for calls in (2, 4, 5):
        await heard["link_shared"]({"event": LINK})
        await unfurling.settle()
        assert len(client.calls) == calls


async def test_a_busy_database_leaves_the_link_as_it_is() -> None:
    client = Client()
    _, unfurling = listening(Desk(busy=True), client)
    await unfurling.hear({"event": LINK})
    await unfurling.settle()
    assert client.calls == []


@pytest.mark.parametrize(
    ("url", "key"),
    [
        ("https://docket.harbor.example/items/REF-1", "REF-1"),
        ("http://DOCKET.harbor.example/items/ref-01/?a=b#c", "REF-1"),
        ("https://docket.harbor.example:443/items/REF-1", None),
        ("https://docket.harbor.example/decide/items/REF-1", None),
        ("https://docket.harbor.example/items/REF-1/OVER_LIMIT", None),
        ("https://docket.harbor.example/items/../items/REF-1", None),
        ("ftp://docket.harbor.example/items/REF-1", None),
        ("https://user@evil.example/items/REF-1", None),
        ("", None),
    ],
)
def test_an_address_is_ours_to_the_letter(url: str, key: str | None) -> None:
    assert key_in_address(url, PUBLIC) == key


def test_an_address_may_lie_below_a_path() -> None:
    assert key_in_address("https://h.example/docket/items/REF-1", "https://h.example/docket") == "REF-1"
    assert key_in_address("https://h.example/items/REF-1", "https://h.example/docket") is None


def test_of_many_links_in_a_message_a_few_unfold() -> None:
    links = [{"url": f"{PUBLIC}items/REF-{n}"} for n in range(1, 30)]
    found = shared({"event": {**LINK, "links": links}}, PUBLIC)
    assert found is not None
    assert list(found.keys.values()) == [f"REF-{n}" for n in range(1, 6)]


def test_what_unfolds_is_within_slacks_limits_and_pings_nobody() -> None:
    said = Message(subject="", headline=(Quote("<!channel> " * 3000),), lines=(("<@U0LEE> *b*",),))
    (shown,) = unfurls({"u": said}, Reader()).values()
    block_kit.check_message("x", shown["blocks"])


@pytest.mark.parametrize(
    ("code", "raised"),
    [("hash_conflict", Outdated), ("not_enabled", Lasting), ("user_not_found", Lasting), ("ratelimited", Passing)],
)
async def test_what_slack_says_to_a_home_is_told_on(code: str, raised: type[Exception]) -> None:
    tabs = SlackHomeTabs(Client(code), lambda _: Reader(), Nobody())  # type: ignore[arg-type]
    with pytest.raises(raised) as caught:
        await tabs.publish(Drawn(reader="slack:U0LEE", page=0, digest="d", view={}), "h1")
    if isinstance(caught.value, Passing):
        assert caught.value.retry_after_seconds == 7


async def test_a_home_is_published_over_what_we_know_to_stand_there() -> None:
    client = Client()
    tabs = SlackHomeTabs(client, lambda _: Reader(), Nobody())  # type: ignore[arg-type]
    drawn = Drawn(reader="slack:U0LEE", page=0, digest="d", view={"type": "home"})
    assert await tabs.publish(drawn, "h1") == "h2"
    assert await tabs.publish(drawn, "") == "h2"
    assert [(c["user_id"], c["hash"]) for c in client.calls] == [("U0LEE", "h1"), ("U0LEE", None)]
