"""The web page over HTTP: a link that scanners don't spend, a cookie of this host alone, pages that only show."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from http.cookies import SimpleCookie
from zoneinfo import ZoneInfo

import pytest
from aiohttp import ClientResponse, ClientSession, CookieJar

from bot.tokens import Tokens
from handlers.looking import Filters, Seen, Wanted
from handlers.pieces import Reading
from handlers.ports import Busy
from handlers.web.listen import WebDoor
from handlers.web.look import NOBODY, NOTHING, LookPages
from handlers.web.taps import Taps
from rules.looking import Plot, Sheet, Table
from rules.messages import Link, Quote, Row, Section, When, Who

LINK = "a" * 42
NOON = datetime(2026, 11, 20, 18, 0, tzinfo=UTC)
EVIL = "<script>alert(1)</script>\"'><img src=x>"
SHEET = Sheet(
    title=("Refund for ", EVIL),
    lines=(("They wrote ", Quote(EVIL)), ("Look ", Link("javascript:alert(1)", "here"))),
    parts=(
        Table(
            heading="Decisions",
            columns=("Item", "Count"),
            rows=(((Link("https://docket.example/look/items/REF-1", "REF-1"),), ("3",)), (("REF-2",), ())),
            numbers=frozenset({"Count"}),
        ),
        Section(heading="Record", rows=(Row(line=(When(NOON), " opened by ", Who("slack:U0<b>"))),), rest="and 3 more"),
    ),
)


@dataclass
class Desk:
    """Whose pages they are. `busy`: the database can't be had."""

    base: str = ""
    good: set[str] = field(default_factory=lambda: {LINK})
    sessions: set[str] = field(default_factory=set)
    sheet: Sheet | None = SHEET
    chosen: dict[str, str] | None = None
    wanted: list[Wanted] = field(default_factory=list)
    busy: bool = False

    async def invited(self, token: str) -> str | None:
        return "Maria Sol" if token in self.good else None

    async def enter(self, token: str) -> str | None:
        if token not in self.good:
            return None
        self.good.remove(token)
        self.sessions.add("s" * 43)
        return "s" * 43

    async def leave(self, session: str, *, everywhere: bool) -> None:
        self.sessions -= self.sessions if everywhere else {session}

    async def signed_in(self, session: str) -> bool:
        return session in self.sessions

    async def plot(self, session: str, name: str) -> bytes | None:
        return b"PNG" if session in self.sessions and name == "ages" else None

    async def seen(self, session: str, wanted: Wanted) -> Seen | None:
        if self.busy:
            raise Busy("busy")
        self.wanted.append(wanted)
        if session not in self.sessions:
            return None
        zone = ZoneInfo("America/Chicago")
        filters = Filters(workflows=(("refund", "refund"),), owners=(("lee", "Lee"),), chosen=self.chosen or {})
        return Seen(
            sheet=self.sheet, reader="Maria Sol", organization="Harbor <b>Supply</b>", at=NOON, base=self.base,
            reading=Reading(names={}, zone=zone, today=date(2026, 11, 20)), reports=True,
            filters=filters if self.chosen is not None else None, onward={"after": "x&y", "owner": "lee"},
        )  # fmt: skip


@dataclass
class Site:
    """The pages on loopback, and a browser that keeps its cookies."""

    desk: Desk
    browser: ClientSession
    url: str
    now: list[float]

    async def get(self, path: str = "/look/", **headers: str) -> tuple[ClientResponse, str]:
        async with self.browser.get(f"{self.url}{path}", headers=headers, allow_redirects=False) as answer:
            return answer, await answer.text()

    async def post(self, path: str, headers: dict[str, str] | None = None, **form: str) -> tuple[ClientResponse, str]:
        url = f"{self.url}{path}"
        async with self.browser.post(url, data=form, headers=headers, allow_redirects=False) as answer:
            return answer, await answer.text()

    async def proof(self, link: str = LINK) -> str:
        _, html = await self.get(f"/look/in/{link}")
        return re.findall(r'name="proof" value="(\w+)"', html)[0]

    async def enters(self) -> ClientResponse:
        answer, _ = await self.post(f"/look/in/{LINK}", proof=await self.proof())
        assert answer.status == 303
        return answer


@asynccontextmanager
async def opened(*, secure: bool = False) -> AsyncIterator[Site]:
    desk, now = Desk(), [0.0]
    door = WebDoor("127.0.0.1", 0)
    LookPages(desk, Tokens(b"s" * 32).proof, Taps(lambda: now[-1], burst=8, per_minute=8), secure=secure).serve(door)
    await door.start()
    desk.base = f"http://127.0.0.1:{door.port}/look/"
    async with ClientSession(cookie_jar=CookieJar(unsafe=True)) as browser:
        yield Site(desk, browser, f"http://127.0.0.1:{door.port}", now)
    await door.stop()


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    async with opened() as one:
        yield one


async def test_opening_a_link_spends_nothing_and_says_whose_it_is(site: Site) -> None:
    for _ in range(3):
        answer, html = await site.get(f"/look/in/{LINK}")
        assert answer.status == 200
        assert "Go on as Maria Sol" in html
    async with site.browser.head(f"{site.url}/look/in/{LINK}") as head:
        assert head.status == 405
    assert site.desk.good == {LINK}
    assert site.desk.sessions == set()


async def test_the_button_signs_in_once(site: Site) -> None:
    proof = await site.proof()
    answer, _ = await site.post(f"/look/in/{LINK.upper()}", proof=proof)
    assert (answer.status, answer.headers["Location"]) == (303, site.desk.base)
    cookie = SimpleCookie("; ".join(answer.headers.getall("Set-Cookie")[0:1]))["docket_look"]
    assert (cookie["httponly"], cookie["samesite"], cookie["path"], cookie["max-age"]) == (True, "Lax", "/", "43200")
    assert (await site.get())[0].status == 200
    site.browser.cookie_jar.clear()
    assert (await site.get(f"/look/in/{LINK}"))[0].status == 404


async def test_whoever_is_signed_in_goes_on_where_their_link_is_spent(site: Site) -> None:
    await site.enters()
    answer, _ = await site.get(f"/look/in/{LINK}")
    assert (answer.status, answer.headers["Location"]) == (303, site.desk.base)


async def test_no_form_but_ours_signs_anybody_in(site: Site) -> None:
    """Neither one without what our page showed, nor one of another browser, link or site."""
    proof = await site.proof()
    elsewhere = {"Origin": "https://evil.example"}
    for headers, form in (
        ({}, {}),
        ({}, {"proof": "0" * 64}),
        ({}, {"proof": "\udcff".encode(errors="surrogateescape").decode("latin-1")}),
        (elsewhere, {"proof": proof}),
        ({"Sec-Fetch-Site": "cross-site"}, {"proof": proof}),
    ):
        assert (await site.post(f"/look/in/{LINK}", headers, **form))[0].status == 403
    site.browser.cookie_jar.clear()
    assert (await site.post(f"/look/in/{LINK}", proof=proof))[0].status == 403
    assert site.desk.good == {LINK}


async def test_by_https_the_cookies_are_of_this_host_alone() -> None:
    async with opened(secure=True) as site:
        answer, html = await site.get(f"/look/in/{LINK}")
        nonce = answer.headers["Set-Cookie"]
        assert nonce.startswith("__Host-docket-in=")
        proof = re.findall(r'name="proof" value="(\w+)"', html)[0]
        cookie = {"Cookie": nonce.partition(";")[0]}
        answer, _ = await site.post(f"/look/in/{LINK}", cookie, proof=proof)
        session = next(each for each in answer.headers.getall("Set-Cookie") if each.startswith("__Host-docket="))
        parts = {part.strip() for part in session.split(";")}
        assert {"HttpOnly", "Secure", "SameSite=Lax", "Path=/"} <= parts
        assert not any(part.startswith("Domain") for part in parts)


async def test_nobody_sees_anything_without_a_session(site: Site) -> None:
    paths = (
        "/look",
        "/look/",
        "/look/mine",
        "/look/items",
        "/look/items/REF-1",
        "/look/reports",
        "/look/reports/gates",
    )
    for path in paths[:4]:
        answer, html = await site.get(path, Cookie="docket_look=" + "x" * 43)
        assert (answer.status, NOBODY.split("`")[0] in html) == (403, True), path
    for path in paths[4:]:
        assert (await site.get(path))[0].status == 403
    assert "Location" not in answer.headers


async def test_what_strangers_write_is_only_text(site: Site) -> None:
    await site.enters()
    site.desk.chosen = {"state": "open", "workflow": EVIL, "owner": "", "key": EVIL}
    answer, html = await site.get("/look/items")
    for raw in ("<script", "<img", "<b>", "javascript:"):
        assert raw not in html, raw
    assert "&lt;script&gt;" in html
    assert 'href="?after=x%26y&amp;owner=lee"' in html
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "script-src" not in policy
    assert "frame-ancestors 'none'" in policy


async def test_a_page_says_who_looks_since_when_it_is_true_and_where_one_is(site: Site) -> None:
    await site.enters()
    _, html = await site.get("/look/items/REF-1")
    flat = re.sub(r"\s+", " ", html)
    assert "<strong>Maria Sol</strong> · Harbor &lt;b&gt;Supply&lt;/b&gt; · as of 12:00, America/Chicago" in flat
    assert flat.count("<h1>") == 1
    assert 'items" aria-current="page">Items' in flat
    assert '<th role="columnheader" scope="col" class="number">Count</th>' in flat
    assert flat.count('scope="row"') == 2
    assert "today at 12:00 opened by" in flat


async def test_what_is_not_theirs_is_as_unknown_as_what_is_not_there(site: Site) -> None:
    await site.enters()
    site.desk.sheet = None
    for path in ("/look/items/CON-1", "/look/reports/nothing", "/look/items/..%2f..%2fetc%2fpasswd"):
        answer, html = await site.get(path)
        assert (answer.status, NOTHING in html) == (404, True)
    for path in (
        "/look/style.css",
        "/look/in/",
        "/look/items/a/b",
        "/look/plots/ages.svg",
        "/look/plots/x.png",
        "/look/%2e%2e/%2e%2e/etc/passwd",
    ):
        assert (await site.get(path))[0].status == 404


async def test_a_picture_is_of_this_page_alone_and_for_whoever_is_signed_in(site: Site) -> None:
    assert (await site.get("/look/plots/ages.png"))[0].status == 404
    await site.enters()
    site.desk.sheet = Sheet(title=("Trends",), parts=(Plot(name="ages", title=EVIL, alt='3 under a day "x"'),))
    answer, html = await site.get("/look/trends")
    assert f'<img src="{site.desk.base}plots/ages.png" alt="3 under a day &#34;x&#34;"' in html
    assert answer.headers["Content-Security-Policy"].endswith("img-src 'self' data:")
    answer, body = await site.get("/look/plots/ages.png")
    assert (answer.status, answer.content_type, body) == (200, "image/png", "PNG")
    assert answer.headers["Cache-Control"] == "no-store"


async def test_only_what_a_page_understands_is_asked_and_little_of_it(site: Site) -> None:
    await site.enters()
    await site.get("/look/items?owner=lee&evil=1&after=" + "9" * 5000)
    asked = site.desk.wanted[-1].asked
    assert set(asked) == {"owner", "after"}
    assert len(asked["after"]) <= 100


async def test_signing_out_here_and_everywhere(site: Site) -> None:
    await site.enters()
    site.desk.sessions.add("another browser")
    assert (await site.post("/look/out", {"Sec-Fetch-Site": "cross-site"}))[0].status == 403
    assert (await site.get("/look/out"))[0].status == 405
    assert len(site.desk.sessions) == 2
    assert (await site.post("/look/out"))[0].status == 200
    assert site.desk.sessions == {"another browser"}
    assert (await site.get())[0].status == 403

    site.desk.good.add(LINK)
    await site.enters()
    await site.post("/look/out", where="everywhere")
    assert site.desk.sessions == set()


async def test_too_many_requests_are_held_up(site: Site) -> None:
    await site.enters()
    statuses = [(await site.get())[0].status for _ in range(9)]
    assert statuses.count(200) == 8
    assert statuses[-1] == 429
    async with ClientSession() as stranger:
        for n in range(1, 11):
            async with stranger.get(f"{site.url}/look/in/{'b' * n}") as answer:
                said = await answer.text()
    assert "too often" in said
    site.now.append(60.0)
    assert (await site.get())[0].status == 200


async def test_a_busy_database_is_said(site: Site) -> None:
    await site.enters()
    site.desk.busy = True
    answer, html = await site.get()
    assert (answer.status, answer.headers["Retry-After"]) == (503, "60")
    assert "busy" in html
