"""The settings: the only place that reads the environment, `.env` and the rulebook's file."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from pydantic import Field, SecretStr
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, EnvSettingsSource, SettingsConfigDict
from pydantic_settings import PydanticBaseSettingsSource as Source

from handlers.mail.settings import parse_inbox_url, parse_smtp_url
from rules.book.load import Holes, load
from rules.book.rulebook import Rulebook

RULEBOOK_MOST_BYTES = 1_000_000
SECRET_LEAST_BYTES = 16
INBOX, OAUTH = "DOCKET_INBOX_", "DOCKET_OAUTH_"
_ADDRESS = re.compile(r"[^@\s<>,;]+@[^@\s<>,;]+")


class Misconfigured(Exception):
    """Settings that can never work; the sentences say what to do."""


class Settings(BaseSettings):
    """Every setting of interface.md, "Environment", that this version acts on. Secrets stay wrapped.

    `inboxes` are the DOCKET_INBOX_<NAME>, `oauth` the DOCKET_OAUTH_<NAME>, by that name in small letters.
    """

    model_config = SettingsConfigDict(env_file=".env", env_ignore_empty=True, extra="ignore", frozen=True)

    rulebook: Path = Field(default=Path("rulebook.yml"), validation_alias="DOCKET_RULEBOOK")
    database_url: str = Field(default="sqlite:///docket.db", validation_alias="DOCKET_DATABASE_URL", repr=False)
    files: Path | None = Field(default=None, validation_alias="DOCKET_FILES")
    slack_bot_token: SecretStr | None = Field(default=None, validation_alias="SLACK_BOT_TOKEN")
    slack_app_token: SecretStr | None = Field(default=None, validation_alias="SLACK_APP_TOKEN")
    slack_signing_secret: SecretStr | None = Field(default=None, validation_alias="SLACK_SIGNING_SECRET")
    slack_api_url: str | None = Field(default=None, validation_alias="SLACK_API_URL")
    smtp_url: SecretStr | None = Field(default=None, validation_alias="DOCKET_SMTP_URL")
    mail_from: str | None = Field(default=None, validation_alias="DOCKET_MAIL_FROM")
    http: str | None = Field(default=None, validation_alias="DOCKET_HTTP")
    public_url: str | None = Field(default=None, validation_alias="DOCKET_PUBLIC_URL")
    secret: SecretStr | None = Field(default=None, validation_alias="DOCKET_SECRET")
    heartbeat_url: SecretStr | None = Field(default=None, validation_alias="DOCKET_HEARTBEAT_URL")
    log: str | None = Field(default=None, validation_alias="DOCKET_LOG")
    inboxes: Mapping[str, SecretStr] = Field(default_factory=dict)
    oauth: Mapping[str, Path] = Field(default_factory=dict)

    @property
    def slack_on(self) -> bool:
        """Whether the bot speaks with Slack."""
        return self.slack_bot_token is not None and (self.slack_app_token is not None or self.slack_by_http)

    @property
    def slack_by_http(self) -> bool:
        """Whether Slack sends requests to DOCKET_HTTP; where Socket Mode is set up, that one is used."""
        return self.slack_app_token is None and self.slack_signing_secret is not None and self.http is not None

    @property
    def log_form(self) -> str:
        """`text` or `json`; where nothing is set, text for a terminal and JSON for whatever collects logs."""
        return self.log or ("text" if sys.stderr.isatty() else "json")

    @property
    def mail_on(self) -> bool:
        """Whether mail can go out."""
        return self.smtp_url is not None and self.mail_from is not None

    @property
    def http_address(self) -> tuple[str, int] | None:
        """Host and port of DOCKET_HTTP (`127.0.0.1:8080`, `[::1]:8080`, `:8080` for all); None: no listener."""
        if self.http is None:
            return None
        host, _, port = self.http.rpartition(":")
        return host.strip("[]") or "0.0.0.0", int(port)  # noqa: S104 an address that names no host means all of them

    def inbox(self, name: str) -> SecretStr | None:
        """The URL of an inbox of the rulebook (`it-help` is DOCKET_INBOX_IT_HELP), None where it is not set."""
        return self.inboxes.get(name.lower()) or self.inboxes.get(variable_of(name))

    def oauth_file(self, name: str) -> Path | None:
        """The file with what access tokens of an inbox (or of `smtp`) are asked for with, None where it is not set."""
        return self.oauth.get(name.lower()) or self.oauth.get(variable_of(name))

    def problems(self) -> list[str]:
        """What can never work, a sentence each, none of them with a secret in it."""
        return [*self._slack_problems(), *self._mail_problems(), *self._http_problems(), *self._log_problems()]

    def _slack_problems(self) -> Iterable[str]:
        bot, app = self.slack_bot_token, self.slack_app_token
        secret = self.slack_signing_secret
        if bot is None and app is None and secret is None and not self.inboxes:
            yield (
                "Neither Slack nor an inbox is configured. Set SLACK_BOT_TOKEN and SLACK_APP_TOKEN, "
                f"or {INBOX}<NAME>; `docketbot demo` needs neither."
            )
        if bot is None and (app is not None or secret is not None):
            other = "SLACK_APP_TOKEN" if app is not None else "SLACK_SIGNING_SECRET"
            yield f"SLACK_BOT_TOKEN and {other} belong together: SLACK_BOT_TOKEN is not set."
        if bot is not None and app is None and secret is None:
            yield (
                "SLACK_BOT_TOKEN and SLACK_APP_TOKEN belong together: SLACK_APP_TOKEN is not set. "
                "(HTTP mode takes SLACK_SIGNING_SECRET and DOCKET_HTTP instead.)"
            )
        if bot is not None and app is None and secret is not None and self.http is None:
            yield (
                "SLACK_SIGNING_SECRET (HTTP mode) needs DOCKET_HTTP, where Slack's requests arrive. "
                "Example: 127.0.0.1:8080. For Socket Mode set SLACK_APP_TOKEN instead."
            )
        if secret is not None and not secret.get_secret_value().strip():
            yield "SLACK_SIGNING_SECRET is blank. It stands in the app's settings under Basic Information."
        # Slack's own kinds of tokens, swapped; what other Slack-compatible servers call theirs is not ours to judge.
        if bot is not None and bot.get_secret_value().startswith("xapp-"):
            yield "SLACK_BOT_TOKEN holds an app-level token (xapp-). It takes the installed app's bot token (xoxb-)."
        if app is not None and app.get_secret_value().startswith(("xoxb-", "xoxp-")):
            yield "SLACK_APP_TOKEN holds a bot or user token. It takes an app-level token (xapp-, connections:write)."
        if self.slack_api_url is not None and not _is_web_address(self.slack_api_url):
            yield "SLACK_API_URL is no web address. Example: https://slack.com/api/"

    def _mail_problems(self) -> Iterable[str]:
        for name, url in self.inboxes.items():
            yield from _refusal(lambda name=name, url=url: parse_inbox_url(name, url.get_secret_value()))
        if (smtp := self.smtp_url) is not None:
            yield from _refusal(lambda: parse_smtp_url(smtp.get_secret_value()))
            if self.mail_from is None:
                yield "DOCKET_SMTP_URL is set, but DOCKET_MAIL_FROM, the bot's own address, is not."
        if self.mail_from is not None and not _ADDRESS.fullmatch(self.mail_from):
            yield "DOCKET_MAIL_FROM is not one plain mail address. Example: docket@harbor.example"
        elif self.mail_from is not None and ("+" in (local := self.mail_from.partition("@")[0]) or len(local) > 20):
            # replies come back to it with a token of 42 characters behind a plus; RFC 5321 allows 64 before the @
            yield "DOCKET_MAIL_FROM takes 20 characters at most before its @ and no +: replies carry a token behind it."

    def _http_problems(self) -> Iterable[str]:
        if self.http is not None and not (
            re.fullmatch(r"(\[[0-9a-fA-F:.]+\]|[^\s:]*):\d{1,5}", self.http)
            and int(self.http.rpartition(":")[2]) < 65536
        ):
            yield "DOCKET_HTTP is host:port. Example: 127.0.0.1:8080"
        if self.secret is not None and len(self.secret.get_secret_value().encode()) < SECRET_LEAST_BYTES:
            yield f"DOCKET_SECRET is shorter than {SECRET_LEAST_BYTES} characters. `openssl rand -hex 32` makes one."
        if self.public_url is not None and not _is_web_address(self.public_url):
            yield "DOCKET_PUBLIC_URL is no web address. Example: https://docket.harbor.example"
        if self.public_url is not None and self.http is None:
            yield "DOCKET_PUBLIC_URL needs DOCKET_HTTP, where its pages are served. Example: 127.0.0.1:8080"
        if self.heartbeat_url is not None and not _is_web_address(self.heartbeat_url.get_secret_value()):
            yield "DOCKET_HEARTBEAT_URL is no web address. Example: https://heartbeats.example/docket"

    def _log_problems(self) -> Iterable[str]:
        if self.log not in (None, "text", "json"):
            yield "DOCKET_LOG is `text` or `json`."

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: Source,
        env_settings: Source,
        dotenv_settings: Source,
        file_secret_settings: Source,
    ) -> tuple[Source, ...]:
        """The environment before `.env`; the inboxes, whose names only the rulebook knows, are collected from both."""
        return (init_settings, _Inboxes(settings_cls, dotenv_settings, env_settings), env_settings, dotenv_settings)


class _Inboxes(Source):
    """DOCKET_INBOX_<NAME> of the given sources, the later ones winning."""

    def __init__(self, settings_cls: type[BaseSettings], *sources: Source) -> None:
        super().__init__(settings_cls)
        self._variables: dict[str, str | None] = {}
        for source in sources:
            if isinstance(source, EnvSettingsSource):  # which the one for `.env` is, too
                self._variables |= source.env_vars

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        return None, field_name, False

    def __call__(self) -> dict[str, Any]:
        return {"inboxes": named_in(self._variables, INBOX), "oauth": named_in(self._variables, OAUTH)}


class _Given(Settings):
    """Settings of a given environment, whatever this process's own says."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: Source,
        env_settings: Source,
        dotenv_settings: Source,
        file_secret_settings: Source,
    ) -> tuple[Source, ...]:
        return (init_settings,)


def settings(environment: Mapping[str, str] | None = None) -> Settings:
    """The settings of this process, or of `environment` alone (the sandbox, tests). Raises Misconfigured."""
    try:
        if environment is None:
            return Settings()
        named = {"inboxes": named_in(environment, INBOX), "oauth": named_in(environment, OAUTH)}
        return _Given(**{**environment, **named})  # type: ignore[arg-type]  # by their aliases
    except (UnicodeDecodeError, OSError):
        raise Misconfigured("The file .env can't be read; it must be text in UTF-8.") from None


def named_in(variables: Mapping[str, str | None], start: str) -> dict[str, str]:
    """What is set under a name of its own; an empty variable is how many systems spell "not set"."""
    end = len(start)
    return {name[end:].lower(): value for name, value in variables.items() if value and name.upper().startswith(start)}


def variable_of(name: str) -> str:
    """How a name of the rulebook stands in a variable's: `it-help` is it_help."""
    return re.sub(r"\W", "_", name).lower()


def rulebook_text(path: Path) -> bytes:
    """The rulebook's bytes. Raises Misconfigured with the mend."""
    try:
        with path.open("rb") as file:
            text = file.read(RULEBOOK_MOST_BYTES + 1)
    except FileNotFoundError:
        raise Misconfigured(
            f"There is no rulebook at {path}. Copy examples/harbor.yml there, or set DOCKET_RULEBOOK."
        ) from None
    except OSError as problem:
        raise Misconfigured(f"The rulebook {path} can't be read: {problem.strerror}.") from None
    if len(text) > RULEBOOK_MOST_BYTES:
        raise Misconfigured(
            f"The rulebook {path} is larger than {RULEBOOK_MOST_BYTES // 1000} kB. Is it the right file?"
        )
    return text


def rulebook(path: Path) -> tuple[Rulebook, str]:
    """The rulebook of a file with its text. Raises Misconfigured: unreadable, or its holes, all of them."""
    text = rulebook_text(path)
    try:
        return load(text, str(path)), text.decode()
    except Holes as holes:
        count = "1 hole" if len(holes.holes) == 1 else f"{len(holes.holes)} holes"
        lines = "\n".join(str(hole) for hole in holes.holes)
        raise Misconfigured(f"The rulebook has {count}; nothing was started.\n{lines}") from None


def _is_web_address(url: str) -> bool:
    parts = urlsplit(url)
    return parts.scheme in ("http", "https") and bool(parts.hostname)


def _refusal(parse: Any) -> Iterable[str]:
    try:
        parse()
    except ValueError as problem:
        yield str(problem)
