"""Files in the stand-in: three steps and no fewer, within the scope, and only then in a message and on the page."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import aiohttp
import pytest
from slack_bolt.async_app import AsyncApp
from slack_sdk.errors import SlackApiError

from bot.sandbox.town import Town


async def test_a_picture_is_uploaded_shown_in_a_message_and_on_the_page(town: Town, app: AsyncApp) -> None:
    given = await app.client.files_getUploadURLExternal(filename="ages.png", length=3, alt_txt="6 and 3")
    show = {"channel": "C0REFUNDS", "text": "x", "blocks": [_image(given["file_id"])]}
    async with aiohttp.ClientSession() as session:

        async def put(data: bytes) -> int:
            async with session.post(given["upload_url"], data=data) as answer:
                return answer.status

        assert await _refused(app.client.chat_postMessage(**show)) == "invalid_blocks"
        assert (
            await _refused(app.client.files_completeUploadExternal(files=[{"id": given["file_id"]}]))
            == "file_not_found"
        )
        assert await put(b"four") == 400, "as many bytes as were said"
        assert await put(b"PNG") == 200
        assert await _refused(app.client.chat_postMessage(**show)) == "invalid_blocks", "it is not complete yet"
        await app.client.files_completeUploadExternal(files=[{"id": given["file_id"], "title": "Ages"}])
        assert await put(b"GIF") == 400, "what is complete stays as it is"
        message = await app.client.chat_postMessage(**show)
        assert message["message"]["blocks"][0]["slack_file"] == {"id": given["file_id"]}
        async with session.get(f"{town.url}/sandbox/file/{given['file_id']}") as page:
            assert (page.status, await page.read()) == (200, b"PNG")
        async with session.get(f"{town.url}/sandbox/file/F0NONE") as page:
            assert page.status == 404


async def test_what_slack_would_refuse_is_refused(town: Town, app: AsyncApp) -> None:
    ask = app.client.files_getUploadURLExternal
    assert await _refused(ask(filename="a.png", length=0)) == "invalid_arguments"
    assert await _refused(ask(filename="a.png", length=3, alt_txt="x" * 1001)) == "alt_txt_too_large"
    words = await ask(filename="words.txt", length=3)
    async with aiohttp.ClientSession() as session, session.post(words["upload_url"], data=b"abc") as answer:
        assert answer.status == 200
    await app.client.files_completeUploadExternal(files=[{"id": words["file_id"]}])
    shown = app.client.chat_postMessage(channel="C0REFUNDS", text="x", blocks=[_image(words["file_id"])])
    assert await _refused(shown) == "invalid_blocks", "no image"
    town.workspace.app = replace(town.app, scopes=town.app.scopes - {"files:write"})
    assert await _refused(ask(filename="a.png", length=3)) == "missing_scope"


def _image(file: str) -> dict[str, Any]:
    return {"type": "image", "slack_file": {"id": file}, "alt_text": "6 and 3"}


async def _refused(call: Any) -> str:
    with pytest.raises(SlackApiError) as refused:
        await call
    return str(refused.value.response["error"])
