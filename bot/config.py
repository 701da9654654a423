"""The settings: the only place that reads the environment, `.env` and the rulebook's file."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from dotenv import dotenv_values
from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict
from pydantic_settings import PydanticBaseSettingsSource as Source

from rules.book.load import Holes, load
from rules.book.rulebook import Rulebook

RULEBOOK_MOST_BYTES = 1_000_000
INBOX = "DOCKET_INBOX_"
#: An app in Socket Mode and one over HTTP are told apart by what is set.
SLACK_NEEDS = "SLACK_BOT_TOKEN and SLACK_APP_TOKEN belong together: {missing} is not set."


class Misconfigured(Exception):
    """Settings that can never work; the sentences say what to do."""


class Settings(BaseSettings):
    """Every setting of interface.md, "Environment", as far as this version acts on it. Secrets stay wrapped."""

    model_config = SettingsConfigDict(env_ignore_empty=True, extra="ignore")

    rulebook: Path = Field(Path("rulebook.yml"), alias="DOCKET_RULEBOOK")
    database_url: str = Field("sqlite:///docket.db", alias="DOCKET_DATABASE_URL")
    slack_bot_token: SecretStr | None = Field(None, alias="SLACK_BOT_TOKEN")
    slack_app_token: SecretStr | None = Field(None, alias="SLACK_APP_TOKEN")
    slack_api_url: str | None = Field(None, alias="SLACK_API_URL")
    smtp_url: SecretStr | None = Field(None, alias="DOCKET_SMTP_URL")
    mail_from: str | None = Field(None, alias="DOCKET_MAIL_FROM")
    log: Literal["text", "json"] = Field("text", alias="DOCKET_LOG")
    inboxes: dict[str, SecretStr] = Field(default_factory=dict, exclude=True)

    @property
    def slack_on(self) -> bool:
        """Whether both tokens are there."""
        return self.slack_bot_token is not None and self.slack_app_token is not None

    @property
    def mail_on(self) -> bool:
        """Whether mail can go out."""
        return self.smtp_url is not None and self.mail_from is not None

    def problems(self) -> list[str]:
        """What can never work, a sentence each."""
        found = []
        tokens = {"SLACK_BOT_TOKEN": self.slack_bot_token, "SLACK_APP_TOKEN": self.slack_app_token}
        lacking = [name for name, token in tokens.items() if token is None]
        if len(lacking) == 1:
            found.append(SLACK_NEEDS.format(missing=lacking[0]))
        for name, start in (("SLACK_BOT_TOKEN", "xoxb-"), ("SLACK_APP_TOKEN", "xapp-")):
            token = tokens[name]
            if token is not None and not token.get_secret_value().startswith(start):
                found.append(f"{name} must begin with {start}; this is another kind of token.")
        if len(lacking) == 2 and not self.inboxes:
            found.append(
                "Neither Slack nor an inbox is configured. Set SLACK_BOT_TOKEN and SLACK_APP_TOKEN, "
                f"or {INBOX}<NAME>; `docketbot demo` needs neither."
            )
        if self.smtp_url is not None and self.mail_from is None:
            found.append("DOCKET_SMTP_URL is set, but DOCKET_MAIL_FROM, the bot's own address, is not.")
        return found


def settings(environment: Mapping[str, str] | None = None, env_file: str = ".env") -> Settings:
    """The settings of this process, or of `environment` alone (the sandbox, tests). Raises Misconfigured."""
    # What pydantic-settings can't know by name, the inboxes, is read from the same two places.
    everything = {**dotenv_values(env_file), **os.environ} if environment is None else environment
    known = {name: value for name, value in everything.items() if value}
    try:
        read: Settings = Settings(_env_file=env_file)  # type: ignore[call-arg]  # pydantic-settings' own argument if environment is None else _Given.model_validate(known)
    except ValidationError as problem:
        raise Misconfigured("\n".join(_sentence(error) for error in problem.errors())) from None
    boxes = {name[len(INBOX) :].lower(): SecretStr(str(v)) for name, v in known.items() if name.startswith(INBOX)}
    return read.model_copy(update={"inboxes": boxes})


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


def _sentence(error: Mapping[str, object]) -> str:
    """One setting's problem without its value, which may be a secret."""
    place = error.get("loc") or ("a setting",)
    name = place[0] if isinstance(place, tuple) else place
    return f"{name}: {error.get('msg')}."


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
        raise Misconfigured(f"The rulebook {path} is larger than {RULEBOOK_MOST_BYTES // 1000} kB.")
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
