"""Leaves pictures at Slack before the message that shows them: ask for an address, send the bytes, say it is all.

Slack's pages "files.getUploadURLExternal" and "files.completeUploadExternal". Given to no conversation a file is seen
by nobody until a message of ours shows it, and then by whoever may read that.
"""

from __future__ import annotations

from slack_sdk.web.async_client import AsyncWebClient

from handlers.images import Image
from handlers.ports import Passing
from handlers.slack.client import fault
from handlers.slack.send import CALL_ERRORS
from handlers.slack.wire import string

#: What it needs beside the scopes of the rest; an installation without it has digests without pictures.
SCOPES = ("files:write",)
ALT_CHARACTERS = 1000


class SlackUploads:
    """handlers/ports.Uploads over a Web API client with a session of its own."""

    def __init__(self, client: AsyncWebClient) -> None:
        self._client = client

    async def upload(self, image: Image) -> str:
        """Leave it there; gives the file's id. Raises Passing or Lasting."""
        try:
            answer = await self._client.files_getUploadURLExternal(
                filename=f"{image.name}.png", length=len(image.png), alt_txt=image.alt[:ALT_CHARACTERS]
            )
            file = string(answer.get("file_id"))
            await self._send(string(answer.get("upload_url")), image.png)
            await self._client.files_completeUploadExternal(files=[{"id": file, "title": image.title}])
        except CALL_ERRORS as error:
            raise fault(error) from error
        return file

    async def _send(self, url: str, png: bytes) -> None:
        assert self._client.session is not None, "client.py opened one"
        # The address itself is the permission: our token does not belong there.
        async with self._client.session.post(url, data=png, headers={"Content-Type": "image/png"}) as answer:
            if answer.status != 200:
                raise Passing(f"Slack does not take a file now (HTTP {answer.status}).")
