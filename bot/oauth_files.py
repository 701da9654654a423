"""The files of DOCKET_OAUTH_<NAME>: what access tokens are asked for with; a rotated refresh token is kept there."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from functools import partial
from pathlib import Path

from bot.config import OAUTH, Misconfigured, Settings, variable_of
from handlers.mail.settings import OAuthSettings, parse_oauth

log = logging.getLogger(__name__)


def oauth_of(settings: Settings, name: str, host: str) -> tuple[OAuthSettings, Callable[[str], None]]:
    """What access tokens of an inbox (or of `smtp`) are asked for with, and where a new refresh token is kept.

    Raises Misconfigured with the mend.
    """
    variable = f"{OAUTH}{variable_of(name).upper()}"
    path = settings.oauth_file(name)
    if path is None:
        raise Misconfigured(f"auth=xoauth2 needs {variable}: a file with client_id, client_secret and refresh_token.")
    try:
        text = path.read_text("utf-8")
        read = parse_oauth(variable, text, host)
    except (OSError, UnicodeDecodeError):
        raise Misconfigured(f"{variable}: the file {path} can't be read.") from None
    except ValueError as problem:
        raise Misconfigured(str(problem)) from None
    return read, partial(_keep_refresh_token, path)


def _keep_refresh_token(path: Path, refresh_token: str) -> None:
    """Put a rotated refresh token into its file, whole or not at all; nobody else may read it."""
    fresh = path.with_name(f"{path.name}.new")
    try:
        content = json.loads(path.read_text("utf-8")) | {"refresh_token": refresh_token}
        fresh.unlink(missing_ok=True)
        fresh.touch(mode=0o600)
        fresh.write_text(json.dumps(content, indent=2), "utf-8")
        fresh.replace(path)
    except (OSError, ValueError) as problem:
        # it lives on in this process; the one in the file works until the provider forgets it
        log.warning("a new refresh token could not be kept in %s (%s)", path, type(problem).__name__)
