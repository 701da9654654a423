"""The URLs of an inbox and of the way out, read into values; what can never work is refused with a sentence."""

from __future__ import annotations

import ipaddress
import json
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

Security = Literal["tls", "starttls", "plain"]

#: Where the two large providers give access tokens, by the end of their mail servers' names.
TOKEN_URLS = {
    "gmail.com": "https://oauth2.googleapis.com/token",
    "office365.com": "https://login.microsoftonline.com/common/oauth2/v2.0/token",
    "outlook.com": "https://login.microsoftonline.com/common/oauth2/v2.0/token",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class InboxSettings:
    """Where an inbox is and how to get in. `done`: the folder that taken mail moves to (None: it is marked \\Seen).

    `authserv` names the receiver whose Authentication-Results count (RFC 8601, section 2.5; its forms: trust.py).
    `oauth`: it is entered with an access token (XOAUTH2) and not with `password`.
    """

    name: str
    host: str
    port: int
    security: Security
    user: str
    password: str = field(repr=False)
    folder: str = "INBOX"
    done: str | None = None
    authserv: str | None = None
    oauth: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SmtpSettings:
    """The server that takes our mail; without `user` nobody logs in. `oauth`: with an access token (XOAUTH2)."""

    host: str
    port: int
    security: Security
    user: str | None = None
    password: str = field(default="", repr=False)
    oauth: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class OAuthSettings:
    """What access tokens are asked for with (RFC 6749, section 6)."""

    token_url: str
    client_id: str
    client_secret: str = field(default="", repr=False)
    refresh_token: str = field(repr=False)
    scope: str = ""


def parse_inbox_url(name: str, url: str) -> InboxSettings:
    """`imaps://user:password@host:993/FOLDER?done=FOLDER`. ValueError: a sentence, never with the password."""
    what = f"The inbox {name}"
    parts, options = _split(what, url, ("imaps", "imap"), ("done", "authserv", "auth", "starttls"))
    security = _security(what, parts, options, "imaps")
    oauth = _oauth(what, options)
    if not parts.username or not (parts.password or oauth):
        raise ValueError(f"{what}: its URL needs a user and a password: imaps://user:password@host/FOLDER.")
    folder = unquote(parts.path.strip("/")) or "INBOX"
    done = options.get("done")
    if done == "":
        raise ValueError(f"{what}: done= needs the name of a folder.")
    if done == folder or (done or "").upper() == folder.upper() == "INBOX":
        raise ValueError(f"{what}: done={done} is the folder that is watched; name another one.")
    if options.get("authserv") in ("", "below:"):
        raise ValueError(f"{what}: authserv= needs the name that the receiving server writes.")
    return InboxSettings(
        name=name,
        host=parts.hostname or "",
        port=_port(what, parts) or (993 if security == "tls" else 143),
        security=security,
        user=unquote(parts.username),
        password=unquote(parts.password or ""),
        folder=folder,
        done=done,
        authserv=options.get("authserv"),
        oauth=oauth,
    )


def parse_smtp_url(url: str) -> SmtpSettings:
    """`smtps://user:password@host:465` or `smtp://...?starttls=1`. ValueError: a sentence, never with the password."""
    what = "DOCKET_SMTP_URL"
    parts, options = _split(what, url, ("smtps", "smtp"), ("auth", "starttls"))
    security = _security(what, parts, options, "smtps")
    if parts.path.strip("/"):
        raise ValueError(f"{what}: nothing can stand behind the port; write smtps://user:password@host:465.")
    oauth = _oauth(what, options)
    if oauth and not parts.username:
        raise ValueError(f"{what}: auth=xoauth2 needs the user: smtp://user@host:587?starttls=1&auth=xoauth2.")
    if not oauth and bool(parts.username) != bool(parts.password):
        raise ValueError(f"{what}: a user needs a password, and a password a user.")
    return SmtpSettings(
        host=parts.hostname or "",
        port=_port(what, parts) or {"tls": 465, "starttls": 587, "plain": 25}[security],
        security=security,
        user=unquote(parts.username) if parts.username else None,
        password=unquote(parts.password or ""),
        oauth=oauth,
    )


def parse_oauth(what: str, text: str, host: str) -> OAuthSettings:
    """The JSON of a DOCKET_OAUTH_<NAME> file: client_id, client_secret, refresh_token, and token_url and scope where
    they are not the ones of `host`'s provider. ValueError: a sentence, never with a secret."""
    try:
        content = json.loads(text)
    except ValueError:
        content = None
    if not isinstance(content, dict) or not all(isinstance(value, str) for value in content.values()):
        raise ValueError(f'{what}: the file is a JSON object of texts: {{"client_id": ..., "refresh_token": ...}}.')
    known = ("client_id", "client_secret", "refresh_token", "token_url", "scope")
    if unknown := sorted(content.keys() - set(known)):
        raise ValueError(f"{what}: {', '.join(unknown)} is unknown; known are {', '.join(known)}.")
    if missing := [name for name in ("client_id", "refresh_token") if not content.get(name)]:
        raise ValueError(f"{what}: {' and '.join(missing)} is missing in the file.")
    url = content.get("token_url") or next(
        (url for end, url in TOKEN_URLS.items() if host.lower() == end or host.lower().endswith(f".{end}")), ""
    )
    if not url.startswith("https://") and not is_loopback(urlsplit(url).hostname or ""):
        raise ValueError(f"{what}: token_url is missing in the file, or is no https:// address.")
    return OAuthSettings(
        token_url=url,
        client_id=content["client_id"],
        client_secret=content.get("client_secret", ""),
        refresh_token=content["refresh_token"],
        scope=content.get("scope", ""),
    )


def _oauth(what: str, options: dict[str, str]) -> bool:
    auth = options.get("auth")
    if auth not in (None, "xoauth2"):
        raise ValueError(f"{what}: auth={auth} is unknown; leave it out for a password, or write auth=xoauth2.")
    return auth is not None


def _split(what: str, url: str, schemes: tuple[str, str], known: tuple[str, ...]) -> tuple[SplitResult, dict[str, str]]:
    try:
        parts = urlsplit(url.strip())
        parts.port  # noqa: B018 - reading it is what checks it
    except ValueError:
        raise ValueError(
            f"{what}: its URL can't be read; write special characters of a password as %XX (# is %23, / is %2F)."
        ) from None
    if parts.scheme not in schemes:
        raise ValueError(f"{what}: its URL begins with {schemes[0]}:// or {schemes[1]}://.")
    if parts.fragment:
        raise ValueError(f"{what}: its URL holds a #; in a password write it as %23.")
    if not parts.hostname:
        raise ValueError(f"{what}: its URL names no host.")
    pairs = parse_qsl(parts.query, keep_blank_values=True)
    options = dict(pairs)
    for key, _ in pairs:
        if key not in known:
            raise ValueError(f"{what}: {key}= is unknown; known are {', '.join(sorted(known))}.")
    if len(options) != len(pairs):
        raise ValueError(f"{what}: its URL says something twice.")
    return parts, options


def _security(what: str, parts: SplitResult, options: dict[str, str], tls_scheme: str) -> Security:
    starttls = options.get("starttls")
    if starttls not in (None, "1"):
        raise ValueError(f"{what}: write starttls=1 or leave it out.")
    if parts.scheme == tls_scheme:
        if starttls:
            raise ValueError(f"{what}: {tls_scheme}:// is TLS from the start; leave starttls=1 out.")
        return "tls"
    if starttls:
        return "starttls"
    if not is_loopback(parts.hostname or ""):
        raise ValueError(
            f"{what}: {parts.scheme}:// would send the password readable; write {tls_scheme}:// or add ?starttls=1."
        )
    return "plain"


def _port(what: str, parts: SplitResult) -> int | None:
    if parts.port == 0:
        raise ValueError(f"{what}: 0 is no port.")
    return parts.port


def is_loopback(host: str) -> bool:
    """Whether that host is this machine, by its name alone (no look-up)."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
