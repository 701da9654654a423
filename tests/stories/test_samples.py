"""Real payloads and real mails, all of them, through the running bot: each becomes something, and a count proves it."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from handlers.mail.read import read
from rules.items import Item
from storage.schema import inbox
from tests.stories.harbor import Harbor, harbor

pytestmark = pytest.mark.usefixtures("unpaced")

ROOT = Path(__file__).parents[2]
OWN = ROOT / "tests" / "samples"
SHARED = ROOT.parent / "shared"
#: The frames of Socket Mode that carry something; the others (hello, disconnect) speak of the connection itself.
FRAMES = {"events_api", "interactive", "slash_commands"}
CARRIES = {"view_submission": "view", "block_actions": "actions"}
BATCH = 100


def payloads() -> list[tuple[str, dict[str, Any]]]:
    """Every collected payload with the kind of envelope it comes in, and our own few."""
    files = sorted((SHARED / "slack" / "samples" / "payloads").rglob("*.json")) + sorted((OWN / "slack").glob("*.json"))
    found = []
    for file in files:
        content = json.loads(file.read_text())
        sample = content["payload"] if file.is_relative_to(OWN) else content
        if "envelope_id" in sample or file.parent.name == "socket":
            if sample["type"] in FRAMES:
                found.append((sample["type"], sample["payload"]))
        elif "command" in sample:
            found.append(("slash_commands", sample))
        elif sample["type"] == "event_callback":
            found.append(("events_api", sample))
        elif sample["type"] != "url_verification" and CARRIES.get(sample["type"], "type") in sample:
            # The first is asked by HTTP alone (test_slack_over_http.py), and two samples are cut by their sources.
            found.append(("interactive", sample))
    return found


def mails() -> list[bytes]:
    """Every collected mail, and our own few."""
    files = [*sorted((SHARED / "mail").rglob("*.eml")), *sorted((OWN / "mail").glob("*.eml"))]
    return [file.read_bytes() for file in files]


async def arrivals(office: Harbor) -> dict[str, Any]:
    """What was counted, by its outside id."""
    rows = await office.store.read(lambda conn: list(conn.execute(select(inbox))))
    return {row.outside_id: row for row in rows}


async def settled(office: Harbor) -> dict[str, Item]:
    """Every arrival ended as an item, an attached reply, a reasoned ignore or in quarantine with an owner."""
    every = {item.key: item for item in await office.everything()}
    quarantined = 0
    for row in (await arrivals(office)).values():
        match row.state:
            case "taken":
                assert row.item in every or row.kind in ("Digest", "Command", "Recovered"), row
            case "attached":
                assert row.item in every, row
            case "ignored":
                assert row.reason, row
            case "quarantined":
                quarantined += 1
            case _:
                pytest.fail(f"{row.outside_id} was counted and forgotten")
    told = [item for item in every.values() if item.workflow == "docket"]
    assert all(item.owner == "sam" for item in told)
    assert not quarantined or told, "what is in quarantine has an owner"
    return every


def counted(rows: dict[str, Any]) -> Counter[str]:
    return Counter(f"{row.kind} {row.state}" for row in rows.values())


async def sends(office: Harbor, envelopes: Sequence[tuple[str, dict[str, Any]]]) -> Counter[str]:
    """Hand each to the bot by its way in; says how each was answered ("" for an acknowledgement)."""
    here = f"{office.town.url}/response/of-another-day"
    for _, body in envelopes:
        if "response_url" in body:
            body["response_url"] = here  # no test speaks to Slack itself
    answers = await asyncio.gather(*(office.town.delivery.ask(kind, body, accepts=False) for kind, body in envelopes))
    await office.calm()
    return Counter(answer.error for answer in answers)


@pytest.mark.usefixtures("both_modes")
async def test_every_payload_is_acknowledged_and_becomes_something(tmp_path: Path) -> None:
    """Sent twice, they change nothing the second time."""
    envelopes = payloads()
    assert len(envelopes) >= 11
    async with harbor(tmp_path) as office:
        assert await sends(office, envelopes) == {"": len(envelopes)}
        first = await arrivals(office)
        await settled(office)
        print(len(envelopes), "envelopes:", dict(counted(first)))
        assert await sends(office, envelopes) == {"": len(envelopes)}
        again = await arrivals(office)
        assert [key for key in again.keys() - first.keys() if not key.startswith("failed:")] == []
        assert not office.served.done(), "the bot goes on"


async def test_every_mail_is_taken_once_and_becomes_something(tmp_path: Path) -> None:
    """As the inbox hands them over, in batches; as many as there are different outside ids, and once more nothing."""
    raws = mails()
    async with harbor(tmp_path) as office:
        clock = office.clock.now()
        events = [
            read(raw, inbox=("refunds", "concerns")[n % 2], received_at=clock + timedelta(seconds=n),
                 own_addresses=frozenset({office.town.mail.address}), sent_ids=lambda _: False)
            for n, raw in enumerate(raws)
        ]  # fmt: skip
        for start in range(0, len(raws), BATCH):
            pairs = zip(events[start : start + BATCH], raws[start : start + BATCH], strict=True)
            await asyncio.gather(*(office.bot.desk.take(event, raw) for event, raw in pairs))
        # A few lie in both inboxes; what was public first is taken once more for the private one (bot/belonging.py).
        rows = {
            key: row
            for key, row in (await arrivals(office)).items()
            if key.startswith("mail:") and not key.endswith(":private")
        }
        states = Counter(row.state for row in rows.values())
        print(len(raws), "mails:", dict(states))
        assert states.total() == len({event.id for event in events}) == len(rows)
        assert all(row.raw for row in rows.values()), "each is kept as it came"
        before = await settled(office)
        for start in range(0, len(raws), BATCH):
            pairs = zip(events[start : start + BATCH], raws[start : start + BATCH], strict=True)
            taken = await asyncio.gather(*(office.bot.desk.take(event, raw) for event, raw in pairs))
            assert all(one.repeat for one in taken)
        assert {key: item.version for key, item in before.items()} == {
            item.key: item.version for item in await office.everything()
        }


async def test_a_few_mails_through_a_real_mailbox(tmp_path: Path) -> None:
    """What a mail server hands out is what was put in: the same outside ids as when read from the file."""
    every = [raw for raw in mails() if len(raw) < 1_000_000]
    some = every[:: max(1, len(every) // 40)]
    async with harbor(tmp_path) as office:
        for raw in some:
            await office.town.mail.deliver("refunds", raw)
        at = office.clock.now()
        wanted = {read(raw, inbox="refunds", received_at=at).id for raw in some}
        async with asyncio.timeout(30):
            while not wanted <= (found := await arrivals(office)).keys():
                await asyncio.sleep(0.05)
        assert wanted == {key for key in found if key.startswith("mail:")}
        await office.calm()
        await settled(office)
