"""Friday's digest with its pictures: in Slack below the words, by mail beside the HTML, nothing of private work."""

from __future__ import annotations

import asyncio
import email
import email.policy
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bot.demo import example, manifest
from bot.sandbox.letters import opened
from tests.stories.harbor import Harbor, harbor

BOTH_WAYS = example().replace("days: [fri], via: [email]", "days: [fri], via: [slack, email]")
#: Friday, March 6 2026, 15:30 in Chicago.
FRIDAY = datetime(2026, 3, 6, 21, 30, tzinfo=UTC)
TITLES = ["Open exceptions rose from none to 1 since Feb 6", "None of 2 open items is older than a week"]
UPLOADS = ["files.getUploadURLExternal", "files.completeUploadExternal"]


async def _a_week_of_work(office: Harbor) -> None:
    """Two requests, a private concern, and then it is 16:00."""
    await office.town.slack.says("rita", "#refunds", "Please refund ORD-48213, I was charged $450 twice")
    await office.town.slack.says("rita", "#refunds", "Please refund ORD-48214, I was charged $20 too much")
    await office.town.mail.write(
        "Olu Bright", "olu@harbor.example", "concerns@harbor.example", "The desk", "Secret words"
    )
    await office.calm()
    async with asyncio.timeout(10):
        while len(await office.everything()) < 3:  # the mailbox is read when its turn comes
            await asyncio.sleep(0.02)
    await office.pushes(minutes=31)


async def test_fridays_digest_shows_pictures_in_slack_and_by_mail(tmp_path: Path) -> None:
    async with harbor(tmp_path, BOTH_WAYS, now=FRIDAY, manifest=manifest(), pictures=True) as office:
        await _a_week_of_work(office)
        (images,) = [found for m in office.town.slack.inbox("maria") if (found := _images(m))]
        assert [each["title"]["text"] for each in images] == TITLES
        assert "OVER_LIMIT: 0 at first, at most 1 on Mar 6, 1 at last." in images[0]["alt_text"]
        assert "under 1 day: 2." in images[1]["alt_text"], "the concern is nobody's business here"
        called = [name for name, _ in office.town.api.calls if name.startswith("files.")]
        assert called == UPLOADS * 2, "each once"
        letter = [each for each in office.town.mail.letters if "maria@harbor.example" in each.recipients][-1]
        mail = email.message_from_bytes(letter.raw, policy=email.policy.default)
        inline = {str(part["Content-ID"]).strip("<>") for part in mail.walk() if part.get_content_type() == "image/png"}
        html = mail.get_body(("html",))  # type: ignore[attr-defined]  # the policy makes an EmailMessage of it
        assert set(re.findall(r'src="cid:([^"]+)"', html.get_content())) == inline
        assert len(inline) == 2
        assert len(letter.raw) < 150_000
        shown = opened(letter)
        assert shown.html.count("data:image/png;base64,") == 2, "the sandbox's page shows them"
        assert all(title in " ".join(shown.text.split()) for title in TITLES)


def _images(message: dict[str, Any]) -> list[dict[str, Any]]:
    return [block for block in message.get("blocks", ()) if block["type"] == "image"]
