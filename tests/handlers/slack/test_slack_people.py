"""What Slack says of people: names, who left, who is a guest, who is not to be disturbed; asked once and remembered."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from slack_sdk.errors import SlackApiError

import handlers.slack.people
from handlers.ports import Busy, Standing
from handlers.slack.people import People
from handlers.slack.profiles import Profile, nobody, profile_of, quiet_until
from handlers.slack.wire import Malformed
from rules.events import Command

NOW = datetime(2026, 3, 4, 16, 0, tzinfo=UTC)
SAMPLES = Path(__file__).parents[4] / "shared" / "slack" / "samples"


class Answer(dict[str, Any]):
    """As the SDK's: the answer's own data under `data`."""

    @property
    def data(self) -> dict[str, Any]:
        return dict(self)


class Client:
    """users.info and dnd.info that answer when they are let; an answer that is a text is Slack's error."""

    def __init__(self, answer: dict[str, Any] | str = "") -> None:
        self.answer, self.asked, self.gate = answer, 0, asyncio.Event()
        self.gate.set()

    async def users_info(self, user: str) -> Answer:
        return Answer(user=await self._said())

    async def dnd_info(self, user: str) -> Answer:
        return Answer(await self._said())

    async def _said(self) -> dict[str, Any]:
        self.asked += 1
        await self.gate.wait()
        if isinstance(self.answer, str):
            raise SlackApiError("no", Answer(error=self.answer)) if self.answer else TimeoutError
        return self.answer


def people(client: Client, now: datetime = NOW, **given: Any) -> People:
    return People(client, lambda: now, **given)  # type: ignore[arg-type]  # only these methods are called


def named(name: str, **more: Any) -> dict[str, Any]:
    return {"id": "U1", "team_id": "T1", "profile": {"real_name": name}, **more}


class TestProfiles:
    """One user object, read."""

    @pytest.mark.parametrize(
        ("user", "read"),
        [
            ({"profile": {"real_name": "Rita Gomez", "display_name": "rita"}}, {"name": "Rita Gomez"}),
            ({"profile": {"real_name": "", "display_name": "rita"}}, {"name": "rita"}),
            ({"name": "rita"}, {"name": "rita"}),
            ({"tz": "Europe/Berlin"}, {"timezone": "Europe/Berlin"}),
            ({"tz": "Mars/Olympus"}, {}),
            ({"tz": "../etc/passwd"}, {}),
            ({"tz": 7, "name": None, "profile": []}, {}),
            ({"deleted": True}, {"gone": "deactivated in Slack"}),
            ({"is_restricted": True}, {"guest": True}),
            ({"is_ultra_restricted": True}, {"guest": True}),
            ({"is_stranger": True}, {"guest": True}),
            ({"team_id": "T2"}, {"guest": True}),
            ({"team_id": "T1"}, {}),
            ({"team_id": "T2", "enterprise_user": {"teams": ["T1", "T2"]}}, {}),  # another workspace of our own
        ],
    )
    def test_what_it_says(self, user: dict[str, Any], read: dict[str, Any]) -> None:
        assert profile_of({"id": "U1", **user}, "T1") == replace(Profile(user="U1"), **read)

    def test_of_a_team_that_we_do_not_know_nobody_is_foreign(self) -> None:
        assert not profile_of({"id": "U1", "team_id": "T2"}, "").guest

    @pytest.mark.skipif(not SAMPLES.exists(), reason="Slack's own samples are not at hand")
    def test_slacks_own_samples_are_read(self) -> None:
        sample = json.loads((SAMPLES / "api_responses" / "users.info.json").read_text())["user"]
        assert profile_of(sample, "T00000000") == Profile(user="U00000000")

    @pytest.mark.parametrize(
        ("answer", "minutes"),
        [
            ({"dnd_enabled": True, "next_dnd_start_ts": -60, "next_dnd_end_ts": 60}, 60),
            ({"dnd_enabled": True, "next_dnd_start_ts": 0, "next_dnd_end_ts": 60}, 60),
            ({"dnd_enabled": True, "next_dnd_start_ts": 1, "next_dnd_end_ts": 60}, None),  # tonight, not now
            ({"dnd_enabled": True, "next_dnd_start_ts": -60, "next_dnd_end_ts": 0}, None),  # it is over
            ({"dnd_enabled": False, "next_dnd_start_ts": -60, "next_dnd_end_ts": 60}, None),
            ({"snooze_enabled": True, "snooze_endtime": 20}, 20),
            ({"snooze_enabled": False, "snooze_endtime": 20}, None),
            (
                {
                    "dnd_enabled": True, "next_dnd_start_ts": -60, "next_dnd_end_ts": 60,
                    "snooze_enabled": True, "snooze_endtime": 90,
                },
                90,
            ),
            ({"dnd_enabled": True}, None),
            ({"dnd_enabled": True, "next_dnd_start_ts": -60, "next_dnd_end_ts": "soon"}, None),
            ({}, None),
        ],
    )  # fmt: skip
    def test_who_is_not_to_be_disturbed_until_when(self, answer: dict[str, Any], minutes: int | None) -> None:
        at = {k: int(NOW.timestamp()) + v * 60 if type(v) is int else v for k, v in answer.items()}
        assert quiet_until(at, NOW) == (None if minutes is None else NOW + timedelta(minutes=minutes))

    def test_a_time_that_is_none(self) -> None:
        answer = {"dnd_enabled": True, "next_dnd_start_ts": 0, "next_dnd_end_ts": 10**30}
        assert quiet_until(answer, NOW) is None


class TestNames:
    async def test_messages_that_are_worded_together_wait_for_the_one_question(self) -> None:
        client = Client(named("Rita Gomez"))
        client.gate.clear()
        known = people(client)
        both = asyncio.gather(known.learn(["slack:U1"]), known.learn(["slack:U1", "dana"]))
        await asyncio.sleep(0)
        client.gate.set()
        await both
        assert known.names == {"slack:U1": "Rita Gomez"}
        assert client.asked == 1

    @pytest.mark.parametrize("error", ["user_not_found", "internal_error", ""])
    async def test_a_name_that_can_not_be_had_is_asked_for_again_later_and_fails_nobody(self, error: str) -> None:
        client, now = Client(error), [NOW]
        known = People(client, lambda: now[0])  # type: ignore[arg-type]
        await known.learn(["slack:U1"])
        await known.learn(["slack:U1"])
        assert (known.names, client.asked) == ({}, 1)
        now[0] += timedelta(minutes=11)
        client.answer = {"name": "rita", "profile": {}, "tz": "Europe/Berlin"}
        await known.learn(["slack:U1"])
        assert known.names == {"slack:U1": "rita"}
        assert (known.zone("slack:U1"), known.zone("slack:U2")) == ("Europe/Berlin", "")

    async def test_so_many_are_kept_and_no_more(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(handlers.slack.people, "KEPT", 2)
        client = Client(named("Rita Gomez"))
        known = people(client)
        for user in ("U1", "U2", "U3"):
            await known.learn([f"slack:{user}"])
        assert list(known.names) == ["slack:U2", "slack:U3"]
        await known.learn(["slack:U1"])
        assert client.asked == 4, "who was forgotten is asked for again"


class TestGuests:
    def command(self, by: str = "slack:U1") -> Command:
        return Command(id="c1", workspace="main", at=NOW, by=by, via="slack", verb="mine")

    @pytest.mark.parametrize(
        ("answer", "guest"),
        [
            (named("Noa", is_restricted=True), True),
            (named("Noa", team_id="T2"), True),
            ("user_not_found", True),  # of another organization, and not shown to us
            (named("Rita"), False),
            ("ratelimited", False),  # a colleague is not taken for a guest because Slack is slow
            ("", False),
        ],
    )
    async def test_a_command_says_whether_a_guest_gave_it(self, answer: dict[str, Any] | str, guest: bool) -> None:
        known = people(Client(answer))
        known.team = "T1"
        assert (await known.marked(self.command())).guest is guest

    async def test_whom_the_rulebook_names_is_no_guest_and_not_asked_for(self) -> None:
        client = Client(named("Lee", is_restricted=True))
        known = people(client, ours=lambda: {"U1"})
        assert not (await known.marked(self.command())).guest
        assert not (await known.marked(self.command("lee@harbor.example"))).guest
        assert client.asked == 0


class Heard:
    """Who is told of a changed account."""

    def __init__(self) -> None:
        self.told: list[tuple[Standing, str]] = []
        self.busy = False

    async def __call__(self, standing: Standing, id: str) -> None:
        if self.busy:
            raise Busy("busy")
        self.told.append((standing, id))


class TestChanges:
    """user_change: one event per change of any member, of which we follow a few."""

    def event(self, **user: Any) -> dict[str, Any]:
        return {"event_id": "Ev1", "event": {"type": "user_change", "user": {"id": "U1", **user}}}

    async def test_ours_are_followed_and_others_are_renamed_if_we_know_them(self) -> None:
        heard, client = Heard(), Client(named("Rita Gomez"))
        known = people(client, ours=lambda: {"U9"}, changed=heard)
        known.team = "T1"
        await known.hear(self.event(profile={"real_name": "Somebody"}))
        assert known.names == {}, "a stranger who never spoke with us is nothing to remember"
        await known.learn(["slack:U1"])
        await known.hear(self.event(profile={"real_name": "Rita Gomez-Lind"}))
        assert known.names == {"slack:U1": "Rita Gomez-Lind"}
        await known.learn(["slack:U1"])
        assert (client.asked, heard.told) == (1, [])
        await known.hear(self.event(id="U9", deleted=True))
        assert heard.told == [(Standing(user="U9", gone="deactivated in Slack"), "slack:T1:event:Ev1")]

    async def test_what_could_not_be_recorded_is_not_taken_and_what_lacks_its_id_is_no_event(self) -> None:
        heard = Heard()
        known = people(Client(), ours=lambda: {"U1"}, changed=heard)
        heard.busy = True
        with pytest.raises(Busy):
            await known.hear(self.event(deleted=True))
        with pytest.raises(Malformed):
            await known.hear({"event": {"user": {"id": "U1", "deleted": True}}})
        await known.hear({"event": {"user": "U1"}})


class TestStanding:
    async def test_is_asked_anew_each_time(self) -> None:
        client = Client(named("Lee"))
        known = people(client)
        assert await known.standing("U1") == Standing(user="U1")
        client.answer = named("Lee", deleted=True)
        assert await known.standing("U1") == Standing(user="U1", gone="deactivated in Slack")
        client.answer = "user_not_found"
        assert await known.standing("U1") == Standing(user="U1", gone=nobody("U1").gone, known=False)
        client.answer = "ratelimited"
        assert await known.standing("U1") is None

    async def test_not_to_be_disturbed_is_believed_for_a_minute(self) -> None:
        until = NOW + timedelta(hours=1)
        begins, ends = int(NOW.timestamp()) - 60, int(until.timestamp())
        client = Client({"dnd_enabled": True, "next_dnd_start_ts": begins, "next_dnd_end_ts": ends})
        now = [NOW]
        known = People(client, lambda: now[0])  # type: ignore[arg-type]
        assert await known.quiet_until("U1") == until
        client.answer = {"dnd_enabled": False}
        assert await known.quiet_until("U1") == until
        assert client.asked == 1
        now[0] += timedelta(minutes=1)
        assert await known.quiet_until("U1") is None
        client.answer = "missing_scope"
        assert await known.quiet_until("U2") is None, "who can't be asked about is reminded"
