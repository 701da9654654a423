"""Mailboxes that want access tokens: a provider gives them, a real IMAP server and an SMTP peer take them."""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiosmtpd.smtp import AuthResult

from bot.config import Misconfigured, settings
from bot.oauth_files import oauth_of
from handlers.mail.oauth import AccessTokens, ConsentNeeded, NoToken
from handlers.mail.send import SmtpSender
from handlers.mail.settings import OAuthSettings, SmtpSettings
from handlers.ports import Passing
from tests.dovecot import running
from tests.handlers.mail.conftest import House
from tests.handlers.mail.test_mail_listen import mail, settings_of, watching
from tests.handlers.mail.test_mail_send import Peer
from tests.handlers.mail.test_mail_write import OUTGOING

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


@dataclass
class Provider:
    """Gives `token-1`, `token-2` ...; `whose` says who may use which; `answer`: what it says instead."""

    url: str = ""
    asked: list[dict[str, str]] = field(default_factory=list)
    whose: dict[str, str] = field(default_factory=dict)
    user: str = ""
    answer: tuple[int, Any] | None = None
    renewed: str = ""

    async def token(self, request: web.Request) -> web.Response:
        self.asked.append({name: str(value) for name, value in (await request.post()).items()})
        if self.answer is not None:
            return web.json_response(self.answer[1], status=self.answer[0])
        token = f"token-{len(self.asked)}"
        self.whose[token] = self.user
        more = {"refresh_token": self.renewed} if self.renewed else {}
        return web.json_response({"access_token": token, "expires_in": 3600, "token_type": "Bearer", **more})

    async def info(self, request: web.Request) -> web.Response:
        user = self.whose.get(request.query.get("access_token", ""))
        return web.json_response({"email": user} if user else {"error": "invalid_token"}, status=200 if user else 401)

    def settings(self, **more: str) -> OAuthSettings:
        given = {"client_id": "docket", "client_secret": "cs", "refresh_token": "rt-1"}
        return OAuthSettings(token_url=f"{self.url}/token", **{**given, **more})  # type: ignore[arg-type]


@pytest.fixture
async def provider() -> AsyncIterator[Provider]:
    one = Provider()
    app = web.Application()
    app.router.add_post("/token", one.token)
    app.router.add_get("/info", one.info)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    one.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield one
    await runner.cleanup()


def tokens_of(provider: Provider, now: list[datetime] | None = None, rotated: list[str] | None = None) -> AccessTokens:
    times = now or [NOON]
    return AccessTokens(provider.settings(), clock=lambda: times[-1], rotated=(rotated or []).append)


async def test_a_token_is_used_until_five_minutes_before_its_end(provider: Provider) -> None:
    now = [NOON]
    tokens = tokens_of(provider, now)
    assert [await tokens.token(), await tokens.token()] == ["token-1", "token-1"]
    assert provider.asked == [
        {"grant_type": "refresh_token", "client_id": "docket", "client_secret": "cs", "refresh_token": "rt-1"}
    ]
    now.append(NOON + timedelta(minutes=54))
    assert await tokens.token() == "token-1"
    now.append(NOON + timedelta(minutes=55))
    assert await tokens.token() == "token-2"
    tokens.forget()
    assert await tokens.token() == "token-3"


async def test_a_renewed_refresh_token_is_used_and_kept(provider: Provider) -> None:
    rotated: list[str] = []
    tokens = AccessTokens(provider.settings(), clock=lambda: NOON, rotated=rotated.append)
    provider.renewed = "rt-2"
    await tokens.token()
    tokens.forget()
    await tokens.token()
    assert rotated == ["rt-2"]
    assert provider.asked[-1]["refresh_token"] == "rt-2"


@pytest.mark.parametrize(
    ("answer", "raised"),
    [
        ((400, {"error": "invalid_grant"}), ConsentNeeded),
        ((503, {}), NoToken),
        ((200, {"access_token": 7}), NoToken),
        ((200, ["no object"]), NoToken),
    ],
)
async def test_what_waiting_helps_is_told_from_what_a_person_must_mend(
    provider: Provider, answer: tuple[int, Any], raised: type[Exception]
) -> None:
    provider.answer = answer
    with pytest.raises(raised) as caught:
        await tokens_of(provider).token()
    assert "rt-1" not in str(caught.value)


async def test_a_provider_that_is_away_is_tried_again() -> None:
    away = Provider(url="http://127.0.0.1:9")
    with pytest.raises(NoToken):
        await tokens_of(away).token()


async def test_an_inbox_is_entered_with_a_token_and_a_withdrawn_consent_is_told(
    provider: Provider, house: House
) -> None:
    """A real IMAP server asks the provider whose token it is."""
    with running(tokeninfo=f"{provider.url}/info?access_token=") as dovecot:
        provider.user = user = dovecot.new_user()
        dovecot.deliver(user, mail("one"))
        inbox = replace(settings_of(dovecot, user), password="", oauth=True)
        async with watching(inbox, house, tokens=tokens_of(provider)):
            await house.until(lambda: house.subjects == ["one"])
        provider.answer = (400, {"error": "invalid_grant"})
        async with watching(inbox, house, tokens=tokens_of(provider)):
            await house.until(lambda: any("consent again" in told for _, told in house.told))
        provider.answer, provider.user = None, "somebody-else"
        async with watching(inbox, house, tokens=tokens_of(provider)):
            await house.until(lambda: any("refuses the user" in told for _, told in house.told))
            await house.until(lambda: len(provider.asked) > 4, 30)  # a refused token is not used again


@pytest.mark.filterwarnings("ignore:Requiring AUTH")
async def test_mail_goes_out_with_a_token_and_waits_while_consent_is_missing(provider: Provider) -> None:
    async def auth_xoauth2(server: Any, args: list[str]) -> AuthResult:
        said = base64.b64decode(args[1]).decode() if len(args) > 1 else ""
        good = any(said == f"user=bot@harbor.example\x01auth=Bearer {token}\x01\x01" for token in provider.whose)
        return AuthResult(success=good, handled=good, auth_data="bot") if good else AuthResult(success=False)

    peer = Peer()
    peer.more = {"auth_required": True, "auth_require_tls": False, "authenticator": lambda *_: None}
    peer.auth_XOAUTH2 = auth_xoauth2  # type: ignore[attr-defined]  # aiosmtpd looks for mechanisms there
    await peer.start()
    smtp = SmtpSettings(host="127.0.0.1", port=peer.port, security="plain", user="bot@harbor.example", oauth=True)
    sender = SmtpSender(
        smtp, sender="bot@harbor.example", sender_name="Harbor", clock=lambda: NOON, tokens=tokens_of(provider)
    )
    try:
        provider.answer = (400, {"error": "invalid_grant"})
        with pytest.raises(Passing, match="consent again"):
            await sender.send(OUTGOING)
        provider.answer = None
        await sender.send(OUTGOING)
        assert len(peer.got) == 1
    finally:
        await sender.close()
        peer.hang_up()
        peer.server.close()


SLACKLESS = {"DOCKET_INBOX_REFUNDS": "imaps://bot%40harbor.example@outlook.office365.com/?auth=xoauth2"}


def test_the_file_says_what_is_needed_and_a_rotated_token_is_kept_in_it(tmp_path: Path) -> None:
    file = tmp_path / "refunds.json"
    read = settings({**SLACKLESS, "DOCKET_OAUTH_REFUNDS": str(file)})
    assert read.problems() == []
    with pytest.raises(Misconfigured, match=r"refunds.json can't be read"):
        oauth_of(read, "refunds", "outlook.office365.com")
    file.write_text(json.dumps({"client_id": "a", "refresh_token": "first"}))
    found, keep = oauth_of(read, "refunds", "outlook.office365.com")
    assert found.token_url == "https://login.microsoftonline.com/common/oauth2/v2.0/token"
    keep("second")
    assert json.loads(file.read_text()) == {"client_id": "a", "refresh_token": "second"}
    assert file.stat().st_mode & 0o077 == 0
    with pytest.raises(Misconfigured, match="DOCKET_OAUTH_SMTP"):
        oauth_of(read, "smtp", "smtp.gmail.com")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("no json", "is a JSON object"),
        ('{"client_id": "a"}', "refresh_token is missing"),
        ('{"client_id": "a", "refresh_token": "b", "secret": "c"}', "secret is unknown"),
        ('{"client_id": "a", "refresh_token": "b"}', "token_url is missing"),
        ('{"client_id": "a", "refresh_token": "b", "token_url": "http://evil.example/"}', "no https"),
    ],
)
def test_a_file_that_can_never_work_is_refused_with_the_mend(tmp_path: Path, content: str, said: str) -> None:
    file = tmp_path / "refunds.json"
    file.write_text(content)
    with pytest.raises(Misconfigured, match=said):
        oauth_of(settings({**SLACKLESS, "DOCKET_OAUTH_REFUNDS": str(file)}), "refunds", "imap.corp.example")
