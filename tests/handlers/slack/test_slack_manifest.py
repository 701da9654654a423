"""manifest.yml asks for exactly what the door listens to and calls: not a scope or an event more or less."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from jsonschema.validators import validator_for
from ruamel.yaml import YAML

from handlers.slack import ending, listen, listen_visits, read, unfurl_links, upload
from handlers.slack.read_shortcuts import ANYWHERE, ON_A_MESSAGE

ROOT = Path(__file__).parents[3]
SCHEMA = ROOT.parent / "shared" / "slack" / "spec" / "manifest.schema.2.0.0.json"
MANIFEST: dict[str, Any] = YAML(typ="safe").load((ROOT / "manifest.yml").read_text())

#: What each Web API method needs, by its page; none: any token may call it.
METHODS = {
    "auth_test": set(),
    "apps_connections_open": set(),  # connections:write, of the app-level token
    "chat_postMessage": {"chat:write"},
    "chat_postEphemeral": {"chat:write"},
    "chat_update": {"chat:write"},
    "conversations_history": {"channels:history", "groups:history", "im:history"},
    "conversations_info": {"channels:read", "groups:read"},
    "users_info": {"users:read"},
    "dnd_info": {"dnd:read"},
    "files_getUploadURLExternal": {"files:write"},
    "files_completeUploadExternal": {"files:write"},
    "conversations_list": {"channels:read", "groups:read"},
    "conversations_open": {"im:write"},
    "conversations_replies": {"channels:history", "groups:history", "im:history"},
    "users_conversations": {"channels:read", "groups:read", "im:read"},
    "chat_unfurl": {"links:write"},
    "views_open": set(),
    "views_publish": set(),
    "views_update": set(),
}
EVENTS = {
    "app_home_opened": ("app_home_opened", set()),
    "link_shared": ("link_shared", {"links:read"}),
    "app_mention": ("app_mention", {"app_mentions:read"}),
    "message.channels": ("message", {"channels:history"}),
    "message.groups": ("message", {"groups:history"}),
    "message.im": ("message", {"im:history"}),
    "reaction_added": ("reaction_added", {"reactions:read"}),
    "app_uninstalled": ("app_uninstalled", set()),
    "tokens_revoked": ("tokens_revoked", set()),
    "user_change": ("user_change", {"users:read"}),
}


def called_methods() -> set[str]:
    """The Web API methods that our own source calls."""
    sources = (ROOT / "handlers" / "slack").glob("*.py")
    return {name for source in sources for name in re.findall(r"_client\.([a-z]+_\w+)\(", source.read_text())}


def test_it_asks_for_exactly_the_scopes_that_calls_events_and_the_command_need() -> None:
    assert called_methods() == METHODS.keys()
    needed = {"commands"}.union(*METHODS.values(), *(scopes for _, scopes in EVENTS.values()))
    assert set(MANIFEST["oauth_config"]["scopes"]["bot"]) == needed
    assert {*listen.SCOPES, *unfurl_links.SCOPES, *upload.SCOPES} == needed, (
        "what is checked at the start, or where it fails"
    )
    assert "user" not in MANIFEST["oauth_config"]["scopes"]


def test_it_subscribes_to_exactly_the_events_that_have_listeners() -> None:
    subscribed = MANIFEST["settings"]["event_subscriptions"]["bot_events"]
    assert set(subscribed) == EVENTS.keys()
    assert {kind for kind, _ in EVENTS.values()} == {*read.EVENTS, *ending.FAREWELLS, *listen_visits.EVENTS}


def test_its_command_and_switches_are_what_the_door_expects() -> None:
    (command,) = MANIFEST["features"]["slash_commands"]
    assert (command["command"], command["should_escape"]) == ("/docket", True)
    assert "url" not in command, "Socket Mode needs none"
    settings = MANIFEST["settings"]
    assert (settings["socket_mode_enabled"], settings["interactivity"]) == (True, {"is_enabled": True})
    assert (settings["org_deploy_enabled"], settings["token_rotation_enabled"]) == (False, False)
    home = MANIFEST["features"]["app_home"]
    assert (home["messages_tab_enabled"], home["messages_tab_read_only_enabled"]) == (True, False)
    assert home["home_tab_enabled"]
    assert len(MANIFEST["features"]["unfurl_domains"]) == 1, "Slack wants a host; the comment says whose"
    shortcuts = {(s["type"], s["callback_id"]): s["name"] for s in MANIFEST["features"]["shortcuts"]}
    assert shortcuts == {
        ("message", "docket:track"): "Track this",
        ("message", "docket:except"): "Raise an exception",
        ("global", "docket:new"): "New item",
    }
    heard = {("message", id_) for id_ in ON_A_MESSAGE} | {("global", id_) for id_ in ANYWHERE}
    assert shortcuts.keys() == heard


def test_its_texts_hold_slacks_lengths() -> None:
    display, features = MANIFEST["display_information"], MANIFEST["features"]
    assert len(display["name"]) <= 35
    assert len(display["description"]) <= 140
    assert len(features["bot_user"]["display_name"]) <= 80
    assert all(len(c["command"]) <= 32 and len(c["usage_hint"]) <= 1000 for c in features["slash_commands"])
    assert all(len(s["name"]) <= 24 and len(s["description"]) <= 150 for s in features["shortcuts"])


@pytest.mark.skipif(not SCHEMA.exists(), reason="Slack's manifest schema is not at hand; the checks above stand alone")
def test_it_is_valid_against_slacks_own_schema() -> None:
    schema = json.loads(SCHEMA.read_text())
    problems = [f"{list(e.absolute_path)}: {e.message}" for e in validator_for(schema)(schema).iter_errors(MANIFEST)]
    assert problems == []
