"""Pictures at Slack: left there in three steps and never by our token, shown by their id, and what failed in words."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from aiohttp import web

from handlers.images import Image
from handlers.ports import Lasting, Outgoing, Passing, Unshown
from handlers.slack.client import close_client, open_client
from handlers.slack.send import SlackSender
from handlers.slack.upload import SlackUploads
from rules.messages import Message, Row, Section
from tests.handlers.slack import block_kit, fake_slack
from tests.handlers.slack.fake_slack import FakeSlack

IMAGE = Image(name="ages", title="3 of 9 are old", alt="Under 1 day: 6. " * 80, png=b"PNG", digest="abc")


@pytest_asyncio.fixture
async def slack() -> AsyncIterator[FakeSlack]:
    async with fake_slack.running() as fake:
        yield fake


@pytest_asyncio.fixture
async def client(slack: FakeSlack) -> AsyncIterator[Any]:
    client = open_client("xoxb-test", slack.url + "/api/")
    yield client
    await close_client(client)


@pytest_asyncio.fixture
async def shelf() -> AsyncIterator[tuple[str, list[Any]]]:
    """Where upload addresses lead: what came, and how it is answered."""
    came: list[Any] = []

    async def take(request: web.Request) -> web.Response:
        came.append((await request.read(), request.headers.get("Authorization")))
        return web.Response(status=int(request.match_info["status"]))

    app = web.Application()
    app.add_routes([web.post("/{status}", take)])
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}", came
    await runner.cleanup()


async def test_a_picture_is_left_in_three_steps(slack: FakeSlack, client: Any, shelf: tuple[str, list[Any]]) -> None:
    url, came = shelf
    slack.answers["files.getUploadURLExternal"] = [{"ok": True, "upload_url": f"{url}/200", "file_id": "F0AGES0001"}]
    assert await SlackUploads(client).upload(IMAGE) == "F0AGES0001"
    (asked,) = slack.called("files.getUploadURLExternal")
    assert (asked["filename"], int(asked["length"]), len(asked["alt_txt"])) == ("ages.png", 3, 1000)
    assert came == [(b"PNG", None)], "the bytes, and not our token"
    (done,) = slack.called("files.completeUploadExternal")
    assert done["files"] == [{"id": "F0AGES0001", "title": "3 of 9 are old"}]
    assert not done.get("channel_id"), "nobody is told of a file: a message shows it"


async def test_what_fails_on_the_way_passes_or_lasts(
    slack: FakeSlack, client: Any, shelf: tuple[str, list[Any]]
) -> None:
    slack.answers["files.getUploadURLExternal"] = [
        {"ok": False, "error": "missing_scope"},
        (429, {"Retry-After": "7"}, {"ok": False, "error": "ratelimited"}),
        {"ok": True, "upload_url": f"{shelf[0]}/500", "file_id": "F1"},
        {"ok": True, "upload_url": "http://127.0.0.1:9/", "file_id": "F1"},
    ]
    with pytest.raises(Lasting, match="lacks a scope"):
        await SlackUploads(client).upload(IMAGE)
    for seconds in (7.0, None, None):
        with pytest.raises(Passing) as passing:
            await SlackUploads(client).upload(IMAGE)
        assert passing.value.retry_after_seconds == seconds
    assert slack.called("files.completeUploadExternal") == []


def digest(images: tuple[Image, ...]) -> Outgoing:
    rows = tuple(Row(line=(f"REF-{n} " + "x" * 900,)) for n in range(100))
    said = Message(
        subject="s", headline=("Friday",), sections=tuple(Section(heading=f"{n}", rows=rows) for n in range(9))
    )
    return Outgoing(outbox_id="0190-abc", address="C1", message=said, timezone="UTC", images=images)


async def test_images_stand_below_the_words_and_within_slacks_limits(slack: FakeSlack, client: Any) -> None:
    images = tuple(Image(name=n, title="t" * 3000, alt="a" * 3000, png=b"P", digest=n, file=f"F0{n}") for n in "ABCD")
    await SlackSender(client).send(digest(images))
    (call,) = slack.called("chat.postMessage")
    block_kit.check_message(call["text"], call["blocks"])
    assert [b.get("slack_file", {}).get("id") for b in call["blocks"][-5:]] == [None, "F0A", "F0B", "F0C", "F0D"]


async def test_a_message_whose_pictures_slack_does_not_know_yet_is_worth_another_try(
    slack: FakeSlack, client: Any
) -> None:
    refusal = {"ok": False, "error": "invalid_blocks", "errors": ["invalid slack file"]}
    slack.answers["chat.postMessage"] = [refusal, refusal]
    with pytest.raises(Unshown) as unshown:
        await SlackSender(client).send(digest((IMAGE,)))
    assert unshown.value.retry_after_seconds == 3.0, "Slack said no, so it did not arrive: nobody need look first"
    with pytest.raises(Lasting, match="fault in the bot"):
        await SlackSender(client).send(digest(()))
