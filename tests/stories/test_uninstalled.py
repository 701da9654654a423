"""The app is removed from Slack while the bot runs: Slack's side ends in words, mail and due times go on."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import func, select

from bot.demo import example
from bot.run import Misconfigured
from bot.sandbox.clock import HandClock
from bot.sandbox.faults import Fault
from bot.sandbox.letters import opened
from bot.sandbox.town import Town
from rules.book.load import load
from rules.items import Item
from storage.schema import outbox
from tests.stories.harbor import MORNING, Harbor, environment, harbor, working
from tests.stories.waiting import comes, failures

pytestmark = pytest.mark.usefixtures("unpaced", "both_modes")

REQUEST = "Please refund ORD-48213, $450, I was charged twice"


def subjects(office: Harbor, address: str) -> list[str]:
    return [opened(letter).subject for letter in office.town.mail.mailbox(f"{address}@harbor.example")]


async def waiting_for_slack(office: Harbor) -> int:
    """How many notices wait for a way that is closed."""
    query = select(func.count()).where(outbox.c.state == "waiting", outbox.c.lane.like("slack:%"))
    return await office.store.read(lambda conn: conn.execute(query).scalar_one())


async def told(office: Harbor, *whys: str) -> Item:
    """The operator's one exception, which reached him by mail, for one of these reasons."""
    await office.calm()
    (failure,) = await failures(office)
    assert (failure.fields["cause"], failure.owner) == ("slack-installation", "sam")
    said = str(failure.fields["what"])
    assert any(f"Slack has ended Docket's installation: {why}." in said for why in whys), said
    assert len([subject for subject in subjects(office, "sam") if failure.key in subject]) == 1
    assert not office.bot.slack.connected
    return failure


async def test_what_waited_for_slack_goes_by_mail_and_the_rest_goes_on(tmp_path: Path) -> None:
    async with harbor(tmp_path) as office:
        town = office.town
        await town.slack.opens_home("lee")
        await office.calm()
        assert town.slack.home("lee") is not None
        town.faults.order("chat.postMessage", Fault(kind="ratelimited", retry_after_seconds=600), times=9)
        await town.slack.says("rita", "#refunds", REQUEST)
        await office.calm()
        assert await waiting_for_slack(office)
        town.workspace.end("account_inactive")
        await told(office, "the app was uninstalled", "its bot token was revoked")  # they come in either order
        assert not town.delivery.busy, "that it ended was acknowledged"
        await town.mail.write("A", "a@shop.example", f"refunds@{town.mail.domain}", "Broken", f"{REQUEST}0")
        await office.until(lambda: [subject for subject in subjects(office, "lee") if "REF-2" in subject])

        await office.pushes(minutes=11)
        assert await waiting_for_slack(office) == 0
        assert any("REF-1" in subject for subject in subjects(office, "lee")), "the decision that waited for Slack"
        assert town.slack.inbox("lee") == []
        await office.pushes(hours=2)
        assert any("REF-1" in subject for subject in subjects(office, "maria")), "escalations go on"

        await office.pushes(days=1)
        assert len(await failures(office)) == 1, "nothing churns on what is off"
        assert await waiting_for_slack(office) == 0


@pytest.mark.parametrize(
    ("refusal", "why"),
    [("token_revoked", "its bot token was revoked"), ("account_inactive", "its account in Slack is no longer active")],
)
async def test_an_end_that_only_a_call_shows_is_the_same_end(tmp_path: Path, refusal: str, why: str) -> None:
    """The event was missed: the first notice that Slack refuses shows it, and goes by mail itself."""
    async with harbor(tmp_path) as office:
        await office.town.slack.says("rita", "#refunds", REQUEST)
        await office.calm()
        cards = len(office.town.slack.inbox("lee"))
        assert cards
        office.town.workspace.refusal = refusal
        await office.pushes(hours=1)  # the reminder
        await told(office, why)
        assert any("REF-1" in subject for subject in subjects(office, "lee")), "the reminder that showed it"
        assert len(office.town.slack.inbox("lee")) == cards


async def test_another_start_refuses_the_dead_token_and_a_new_installation_ends_the_exception(tmp_path: Path) -> None:
    async with Town(load(example()), HandClock(MORNING, running=False)) as town:
        given = {**environment(town), "DOCKET_DATABASE_URL": f"sqlite:///{tmp_path}/docket.db"}
        async with working(town, given, example(), town.clock) as office:
            town.workspace.end("token_revoked")
            failure = await told(office, "its bot token was revoked")
        with pytest.raises(Misconfigured, match="SLACK_BOT_TOKEN was revoked"):
            async with working(town, given, example(), town.clock):
                pass
        town.workspace.refusal = ""
        async with working(town, given, example(), town.clock) as office:
            await office.calm()
            assert (await office.item(failure.key)).closed_at is not None
            await town.slack.says("rita", "#refunds", REQUEST)
            await office.calm()
            assert town.slack.inbox("lee")


@pytest.mark.usefixtures("hurried")
async def test_a_token_that_died_while_slack_was_out_of_reach_is_the_same_end(tmp_path: Path) -> None:
    async with Town(load(example()), HandClock(MORNING, running=False)) as town:
        town.workspace.refusal = "account_inactive"
        town.faults.order("auth.test", Fault(kind="server_error"), times=2)
        given = {**environment(town), "DOCKET_DATABASE_URL": f"sqlite:///{tmp_path}/docket.db"}
        async with working(town, given, example(), town.clock, connected=False) as office:
            await comes(lambda: failures(office))
            await told(office, "its account in Slack is no longer active")
            assert not office.served.done(), "mail and due times go on"
