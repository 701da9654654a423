"""Every way in from Slack, told from outside: shortcuts, forms, the command, mentions, direct messages, threads."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

import bot.desk
from bot.demo import example
from storage import inbox, ledger
from tests.stories.harbor import Harbor, harbor
from tests.stories.test_main_job import WHY, holds, said

pytestmark = pytest.mark.usefixtures("unpaced")

MANIFEST: Any = YAML(typ="safe").load((Path(__file__).parents[2] / "manifest.yml").read_text())
TWICE = "my card was charged twice for ORD-48213, please send $45 back"
SHOUTS = "My manager shouts at me in front of the whole desk"
NO_PRIVATE_LANE = example().replace("intake: {email: [concerns], command: true}", "intake: {email: [concerns]}")


def plain(office: Harbor, shown: dict[str, Any] | None) -> str:
    """What stands there, without the marks of bold and code."""
    return office.town.slack.words(shown).replace("*", "").replace("`", "")


async def view_of(office: Harbor, who: str, title: str = "") -> dict[str, Any]:
    """The form in front of somebody, once it is there."""
    slack = office.town.slack
    shown = await office.until(lambda: (v := slack.view(who)) and title in v["title"]["text"] and v)
    return dict(shown)


async def whispered(office: Harbor, who: str, words: str) -> dict[str, Any]:
    """What only they see, once something of these words is there."""
    slack = office.town.slack
    found = await office.until(lambda: [m for m in slack.whispers(who) if words in plain(office, m)])
    await office.calm()
    return dict(found[-1])


async def told(office: Harbor, who: str, words: str) -> dict[str, Any]:
    """The last direct message of the bot with these words, once it is there."""
    slack, bot = office.town.slack, office.town.app.bot_user
    found = await office.until(
        lambda: [m for m in slack.inbox(who) if m.get("user") == bot and words in plain(office, m)]
    )
    await office.calm()
    return dict(found[-1])


def fields(view: dict[str, Any]) -> dict[str, str]:
    """What stands in a form's fields when it opens, by name."""
    found = {}
    for block in view["blocks"]:
        if block["type"] == "input":
            element = block["element"]
            chosen = element.get("initial_option", {}).get("value", "")
            found[block["block_id"].partition(":")[2]] = chosen or element.get("initial_value", "")
    return found


@pytest.mark.usefixtures("both_modes")
async def test_track_this(tmp_path: Path) -> None:
    """Dana points at Rita's message; Rita asks; whoever points at it next hears who has it and until when."""
    async with harbor(tmp_path, manifest=MANIFEST) as office:
        slack = office.town.slack
        message = await slack.says("rita", "#refunds", "charged twice for ORD-48213, please help")
        await office.calm()
        assert not await office.everything(), "no condition of a workflow is met"
        await slack.uses_shortcut("dana", "Track this", message)
        form = await view_of(office, "dana", "New refund")
        assert fields(form) == {"workflow": "refund", "order": "ORD-48213", "amount": "", "reason": "", "region": ""}
        assert await slack.submits("dana", {"How much should go back?": "a lot"}) != {}
        assert "How much should go back?" in plain(office, await view_of(office, "dana")), "nothing is lost"
        assert await slack.submits("dana", {"How much should go back?": "45 usd"}) == {}
        await whispered(office, "dana", "REF-1")
        item = await office.item("REF-1")
        assert (item.requester, item.fields["amount"], item.source.thread) == (
            "slack:U0RITA",
            "45.00 USD",
            message["ts"],
        )
        assert item.source.permalink == office.town.workspace.permalink(
            office.town.workspace.channel("#refunds"), message
        )
        assert "REF-1" in await said(office, message)
        await slack.uses_shortcut("finn", "Track this", message)
        words = plain(office, await whispered(office, "finn", "Tracked already"))
        assert "Dana Ruiz has it" in words
        assert "due" in words
        assert slack.view("finn") is None
        await holds(office)


async def test_what_is_left_open_is_asked_of_its_author(tmp_path: Path) -> None:
    """In any channel, with the workflow to choose; the form changes with the choice."""
    async with harbor(tmp_path) as office:
        slack = office.town.slack
        message = await slack.says("rita", "#general", "charged twice for ORD-48213")
        await slack.uses_shortcut("dana", "Track this", message)
        assert fields(await view_of(office, "dana", "New item")) == {"workflow": ""}
        await slack.clicks_in_view("dana", "What is it about", "access")
        assert set(fields(await view_of(office, "dana", "New access"))) == {"workflow", "system", "until"}
        await slack.clicks_in_view("dana", "What is it about", "refund")
        assert fields(await view_of(office, "dana", "New refund"))["order"] == "ORD-48213"
        assert await slack.submits("dana") == {}
        await office.calm()
        assert "Rita" in plain(office, slack.thread(message)[-1]), "and she is asked in her thread"
        await slack.says("rita", "#general", "45 USD", thread=message)
        await office.calm()
        assert (await office.item("REF-1")).state == "open"


async def test_a_message_where_the_bot_is_not(tmp_path: Path) -> None:
    """Its card goes where the workflow lives; the form says so, and the same message is not tracked twice."""
    async with harbor(tmp_path) as office:
        slack = office.town.slack
        office.town.workspace.channel("#general").members.discard(office.town.app.bot_user)
        message = await slack.says("rita", "#general", TWICE)
        await slack.uses_shortcut("dana", "Track this", message)
        await view_of(office, "dana")
        await slack.clicks_in_view("dana", "What is it about", "refund")
        assert "Its card goes to #refunds." in plain(office, await view_of(office, "dana", "New refund"))
        assert await slack.submits("dana") == {}
        await told(office, "dana", "Its card is in #refunds.")  # where we are not, nothing can be said
        assert any("REF-1" in plain(office, m) for m in slack.channel("#refunds"))
        assert not slack.thread(message)
        item = await office.item("REF-1")
        assert (item.requester, item.text) == ("slack:U0RITA", TWICE)
        await slack.uses_shortcut("lee", "Track this", message)
        await whispered(office, "lee", "Tracked already")
        assert not [i for i in await office.everything() if i.workflow == "docket"], "nothing failed to be delivered"


async def test_raise_an_exception(tmp_path: Path) -> None:
    """On a reply, on the bot's own card, and on a message that nothing tracks."""
    async with harbor(tmp_path) as office:
        slack = office.town.slack
        root = await slack.says("rita", "#refunds", f"Refund please: {TWICE}")
        await office.calm()
        reply = await slack.says("finn", "#refunds", "that card is another one", thread=root)
        await office.calm()
        await slack.uses_shortcut("finn", "Raise an exception", reply)
        form = await view_of(office, "finn", "Exception on REF-1")
        assert fields(form) == {"code": "", "words": "that card is another one"}
        assert "A handoff came without what the next stage needs." in plain(office, form)
        assert await slack.submits("finn", {"Exception": "NOT_READY"}) == {}
        await office.calm()
        (trouble,) = (await office.item("REF-1")).open_trouble()
        assert (trouble.code, trouble.because, trouble.raised_by) == ("NOT_READY", "that card is another one", "finn")
        card = next(m for m in slack.thread(root) if "REF-1" in plain(office, m))
        await slack.uses_shortcut("ines", "Raise an exception", card)
        assert fields(await view_of(office, "ines", "Exception on REF-1"))["words"] == ""
        other = await slack.says("rita", "#refunds", "and ORD-55555 as well, $20")
        await office.calm()
        await slack.uses_shortcut("dana", "Raise an exception", other)
        assert "Nothing tracks this message yet" in plain(office, await view_of(office, "dana", "New refund"))
        assert await slack.submits("dana") == {}
        await office.calm()
        assert (await office.item("REF-2")).requester == "slack:U0RITA"


@pytest.mark.usefixtures("both_modes")
async def test_new_item_from_anywhere(tmp_path: Path) -> None:
    """The global shortcut: what is it about, then its fields; what is wrong is said under each."""
    async with harbor(tmp_path, manifest=MANIFEST) as office:
        slack = office.town.slack
        await slack.uses_shortcut("rita", "New item")
        assert fields(await view_of(office, "rita", "New item")) == {"workflow": "", "words": ""}
        await slack.clicks_in_view("rita", "What is it about", "refund")
        await view_of(office, "rita", "New refund")
        assert len(await slack.submits("rita", {"What happened, what is needed": "it came broken"})) == 2, (
            "Slack asks for what is needed"
        )
        wrong = {"Which order is it? (ORD-12345)": "12", "How much should go back?": "a lot"}
        errors = await slack.submits("rita", wrong)
        assert len(errors) == 2
        assert "ORD-" in errors["1:order"]
        assert not await office.everything()
        right = {"Which order is it? (ORD-12345)": "ORD-48213", "How much should go back?": "45"}
        assert await slack.submits("rita", right) == {}
        await told(office, "rita", "REF-1")
        item = await office.item("REF-1")
        assert (item.text, item.fields["amount"]) == ("it came broken", "45.00 USD")
        assert any("REF-1" in plain(office, m) for m in slack.channel("#refunds"))


async def test_new_with_something_missing_opens_its_form(tmp_path: Path) -> None:
    """Rather than asking in a thread; complete it is opened at once, and nowhere is anything typed twice."""
    async with harbor(tmp_path) as office:
        slack = office.town.slack
        await slack.types("rita", "/docket new refund ORD-48213 came broken", "#refunds")
        form = await view_of(office, "rita", "New refund")
        assert fields(form)["order"] == "ORD-48213"
        assert fields(form)["words"] == "ORD-48213 came broken"
        assert not await office.everything()
        assert await slack.submits("rita", {"How much should go back?": "$45"}) == {}
        await office.calm()
        assert (await office.item("REF-1")).state == "open"
        await slack.types("rita", "/docket new refund ORD-55555 was $20 too much", "#refunds")
        await whispered(office, "rita", "REF-2")
        assert slack.view("rita") is None
        await slack.types("rita", "/docket new refnd ORD-66666", "#refunds")
        assert "There is no workflow refnd" in plain(office, await view_of(office, "rita", "New refund"))


SAID = {
    "show REF-1": "REF-1 · Dana Ruiz has it",
    "REF-1": "REF-1 · Dana Ruiz has it",
    "exept REF-1 NOT_READY": "Did you mean except",
    "help approve": "/docket approve KEY CODE why",
    "help": "Docket keeps who has what",
    "claim REF-1": "Ines Weber has REF-1 now",
}


@pytest.mark.parametrize("where", ["#general", "@docket"])
async def test_mentions_and_direct_messages_work_like_the_command(tmp_path: Path, where: str) -> None:
    """The same words, the same answers, to their author alone."""
    async with harbor(tmp_path) as office:
        slack, hears = office.town.slack, told if where == "@docket" else whispered
        await slack.says("rita", "#refunds", f"Refund please: {TWICE}")
        await office.calm()
        for typed, answer in SAID.items():
            await slack.says("ines", where, typed if where == "@docket" else f"@docket {typed}")
            await hears(office, "ines", answer)
        await slack.says("ines", where, "@docket")
        await hears(office, "ines", "You have 1 item")


async def test_a_mention_opens_and_asks_in_its_thread(tmp_path: Path) -> None:
    """No form can open from there."""
    async with harbor(tmp_path) as office:
        slack = office.town.slack
        await slack.says("rita", "#general", "@docket new refund ORD-48213 came broken")
        await whispered(office, "rita", "REF-1")
        assert (await office.item("REF-1")).missing == ("amount",)
        await slack.says("rita", "#general", "@docket new laptop for our trainee, please")
        await office.calm()
        assert len(await office.everything()) == 1, "talk that begins like a command is none"


@pytest.mark.usefixtures("both_modes")
async def test_a_word_in_confidence(tmp_path: Path) -> None:
    """Nothing of it goes anywhere before the click; a second click opens nothing more."""
    async with harbor(tmp_path, manifest=MANIFEST) as office:
        slack = office.town.slack
        written = await slack.says("rita", "@docket", SHOUTS)
        prompt = await told(office, "rita", "Hand this to Maria Sol in confidence?")
        assert not await office.everything()
        assert not slack.inbox("maria")
        raw = await office.store.read(lambda conn: inbox.raw(conn, "main", _id(office, written)))
        assert raw == b"", "not even its bytes are kept"
        await slack.clicks("rita", "Yes", prompt)
        await told(office, "rita", "Maria Sol has it, in confidence")
        await slack.clicks("rita", "Yes", prompt)
        await told(office, "rita", "Tracked already")
        (item,) = await office.everything()
        assert (item.key, item.owner, item.text, item.requester) == ("CON-1", "maria", SHOUTS, "slack:U0RITA")
        assert not [m for m in slack.inbox("rita") if "Yes" in plain(office, m).split("\n")], "the buttons are gone"
        assert SHOUTS in plain(office, slack.inbox("maria")[-1])
        for channel in ("#general", "#refunds", "#exceptions"):
            assert not slack.channel(channel)
        await slack.says("rita", "@docket", "It happened again today", thread=written)
        await told(office, "rita", "Added to CON-1")
        await told(office, "maria", "It happened again today")
        await slack.says("maria", "@docket", "I talk to him at three", thread=slack.inbox("maria")[0])
        await told(office, "maria", "Added to CON-1")
        await holds(office)


def _id(office: Harbor, message: dict[str, Any]) -> str:
    place = office.town.workspace.im("U0RITA").id
    return f"slack:{office.town.app.team_id}:{place}:{message['ts']}"


async def test_what_goes_wrong_with_it_shows_it_to_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither a fault of ours nor its edit and its end keep its words; its writer hears that it did not get through."""
    real = bot.desk.apply

    def broken(event: Any, world: Any) -> Any:
        if getattr(event, "text", "") == SHOUTS:
            raise KeyError("a fault")
        return real(event, world)

    monkeypatch.setattr(bot.desk, "apply", broken)
    async with harbor(tmp_path) as office:
        slack = office.town.slack
        first = await slack.says("rita", "@docket", SHOUTS)
        await told(office, "rita", "That didn't get through: a fault in Docket.")
        second = await slack.says("rita", "@docket", "He shouts at me")
        await told(office, "rita", "Hand this to Maria Sol in confidence?")
        await slack.edits("rita", "@docket", second["ts"], "Sam shouts at me")
        await slack.deletes("rita", "@docket", second["ts"])
        await office.calm()

        def words(conn: Any) -> list[bytes]:
            rows = conn.exec_driver_sql("SELECT raw FROM inbox WHERE channel = 'slack'")
            return [bytes(row.raw) for row in rows if b"shouts" in bytes(row.raw)]

        assert await office.store.read(words) == []
        assert await office.store.read(lambda conn: inbox.arrival(conn, "main", _id(office, first))) is not None
        assert "shouts" not in "".join(plain(office, m) for m in slack.inbox("sam")), "the operator hears of the fault"
        assert slack.inbox("sam")


async def test_something_else_opens_the_public_form_with_its_words(tmp_path: Path) -> None:
    async with harbor(tmp_path) as office:
        slack = office.town.slack
        await slack.says("rita", "@docket", TWICE)
        prompt = await told(office, "rita", "Hand this to Maria Sol in confidence?")
        await slack.clicks("rita", "Something else", prompt)
        form = await view_of(office, "rita", "New item")
        assert "Concern" not in plain(office, form)
        await slack.clicks_in_view("rita", "What is it about", "refund")
        assert fields(await view_of(office, "rita", "New refund"))["amount"] == "45 USD"
        assert await slack.submits("rita") == {}
        await told(office, "rita", "Its card is in #refunds.")
        assert not [m for m in slack.inbox("rita") if "Hand this to" in plain(office, m)], "the question is answered"
        assert any("REF-1" in plain(office, m) for m in slack.channel("#refunds"))
        assert (await office.item("REF-1")).requester == "slack:U0RITA"


async def test_without_a_private_lane_it_asks_what_should_be_opened(tmp_path: Path) -> None:
    async with harbor(tmp_path, NO_PRIVATE_LANE) as office:
        slack = office.town.slack
        await slack.says("rita", "@docket", TWICE)
        prompt = await told(office, "rita", "What should be opened?")
        await slack.clicks("rita", "Refund", prompt)
        await told(office, "rita", "Its card is in #refunds.")
        assert (await office.item("REF-1")).fields["order"] == "ORD-48213"


@pytest.mark.parametrize("text", ["thanks!", "👍", "ok"])
async def test_small_talk_to_the_bot_is_let_be(tmp_path: Path, text: str) -> None:
    async with harbor(tmp_path) as office:
        slack = office.town.slack
        await slack.says("rita", "@docket", text)
        await office.calm()
        await slack.says("rita", "@docket", "hello")
        await told(office, "rita", "Hello.")
        assert len(slack.inbox("rita")) == 3, "a greeting is answered, the rest is not"


@pytest.mark.usefixtures("both_modes")
async def test_looks_good_is_no_decision(tmp_path: Path) -> None:
    """Lee is shown the buttons, alone and once; a reason makes it a decision."""
    async with harbor(tmp_path, manifest=MANIFEST) as office:
        slack = office.town.slack
        root = await slack.says("rita", "#refunds", f"Refund please: {TWICE.replace('45', '450')}")
        await office.calm()
        for who in ("dana", "rita", "maria"):
            await slack.says(who, "#refunds", "looks good", thread=root)
        await slack.says("lee", "#refunds", "ok go ahead", thread=root)
        prompt = await whispered(office, "lee", "Is that your decision on REF-1?")
        await slack.says("lee", "#refunds", "approved", thread=root)
        await office.calm()
        assert (await office.item("REF-1")).state == "blocked"
        assert [len(slack.whispers(who)) for who in ("lee", "dana", "rita", "maria")] == [1, 0, 0, 0]
        assert prompt["thread_ts"] == root["ts"]
        await slack.clicks("lee", "Approve", prompt)
        await view_of(office, "lee", "Approve REF-1")
        await office.until(lambda: not slack.whispers("lee"))  # once answered it is gone
        assert await slack.submits("lee", {"Reason code": "DOUBLE_CHARGE", WHY: "The log shows both captures."}) == {}
        await office.calm()
        decision = (await office.item("REF-1")).exceptions[0].decision
        assert decision is not None
        assert (decision.by, decision.reason_code) == ("lee", "DOUBLE_CHARGE")
        await holds(office)


async def test_under_a_decision_card_a_reply_belongs_to_its_item(tmp_path: Path) -> None:
    """And "approved" there is as little a decision as anywhere."""
    async with harbor(tmp_path) as office:
        slack = office.town.slack
        await slack.says("rita", "#refunds", f"Refund please: {TWICE.replace('45', '450')}")
        await office.calm()
        card = next(m for m in slack.inbox("lee") if "Decide by" in plain(office, m))
        await slack.says("lee", "@docket", "the bank says both went through", thread=card)
        await told(office, "lee", "Added to REF-1. Dana Ruiz is told.")
        await told(office, "dana", "the bank says both went through")
        await slack.says("lee", "@docket", "approved", thread=card)
        await told(office, "lee", "Is that your decision on REF-1?")
        assert (await office.item("REF-1")).state == "blocked"
        await office.pushes(hours=1, minutes=1)
        reminder = next(m for m in slack.inbox("lee") if "waits for you" in plain(office, m))
        await slack.says("lee", "@docket", "I am in a meeting until noon", thread=reminder)
        await office.until(lambda: "I am in a meeting" in "".join(plain(office, m) for m in slack.inbox("dana")))


async def test_replies_files_edits_and_broadcasts_reach_the_record_once(tmp_path: Path) -> None:
    async with harbor(tmp_path) as office:
        slack = office.town.slack
        root = await slack.says("rita", "#refunds", f"Refund please: {TWICE}")
        await office.calm()
        reply = await slack.says("rita", "#refunds", "here is the log", thread=root, file="log.png")
        shown = await slack.says("rita", "#refunds", "and it is the blue card", thread=root, broadcast=True)
        plain = {k: v for k, v in shown.items() if k not in ("subtype", "root")}
        channel = office.town.workspace.channel("#refunds")
        office.town.workspace.tell(
            plain | {"channel": channel.id, "channel_type": "channel", "event_ts": shown["ts"]},
            "message.channels",
            channel,
        )
        await office.calm()
        await slack.edits("rita", "#refunds", reply["ts"], "here is the whole log")
        await slack.deletes("rita", "#refunds", shown["ts"])
        await office.calm()
        recorded = await office.store.read(lambda conn: ledger.of_item(conn, "main", "REF-1"))
        texts = [one.entry.texts.get("text") for one in recorded if one.entry.kind == "attached"]
        assert texts == ["here is the log", "and it is the blue card", "here is the whole log"]
        assert [one.entry.kind for one in recorded][-1] == "deleted"
        (file,) = [one.entry for one in recorded if one.entry.facts.get("files")]
        assert file.facts["files"] == [{"media_type": "image/png", "size": 2048, "sha256": ""}]
        assert file.texts["file_names"] == ["log.png"]
        assert file.texts["file_urls"][0].endswith("/log.png")
        assert len(await office.everything()) == 1
        await holds(office)


async def test_forms_and_buttons_that_came_too_late_are_answered(tmp_path: Path) -> None:
    """A card of what is closed, a form of what was closed meanwhile, a prompt whose message is gone."""
    async with harbor(tmp_path) as office:
        slack = office.town.slack
        root = await slack.says("rita", "#refunds", f"Refund please: {TWICE.replace('45', '450')}")
        await office.calm()
        card = next(m for m in slack.thread(root) if "REF-1" in plain(office, m))
        stale = {**card, "blocks": list(card["blocks"])}
        await slack.uses_shortcut("dana", "Raise an exception", root)
        await view_of(office, "dana", "Exception on REF-1")
        await slack.types("lee", "/docket reject REF-1 NO_PROOF the log shows one capture")
        await office.calm()
        await slack.submits("dana", {"Exception": "NOT_READY", "What is wrong": "no log"})
        assert "REF-1 is closed" in plain(office, await view_of(office, "dana"))
        await slack.clicks("dana", "Hand over", stale)
        await whispered(office, "dana", "REF-1 is closed")
        written = await slack.says("rita", "@docket", SHOUTS)
        prompt = await told(office, "rita", "Hand this to Maria Sol in confidence?")
        await slack.deletes("rita", "@docket", written["ts"])
        await slack.clicks("rita", "Yes", prompt)
        await told(office, "rita", "is gone. Nothing was opened.")
        assert [i.key for i in await office.everything()] == ["REF-1"]
