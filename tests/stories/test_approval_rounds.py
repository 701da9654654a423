"""Approvals told from outside: an access request there and back in Slack, and a yes, a no and held words by mail."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.stories.harbor import harbor
from tests.stories.mailroom import mailroom
from tests.stories.post_office import CUSTOMER, mail
from tests.stories.test_main_job import asks, decides, holds, said

pytestmark = pytest.mark.usefixtures("unpaced")
FINN, LEE, DANA, MARIA = (f"{name}@harbor.example" for name in ("finn", "lee", "dana", "maria"))


async def test_access_is_asked_for_goes_back_for_changes_and_is_granted(tmp_path: Path) -> None:
    async with harbor(tmp_path) as office:
        slack = office.town.slack
        root = await asks(office, "I need access to the billing system\nuntil: 2026-03-20", "finn", "#it-help")
        await slack.says("finn", "#it-help", "billing", thread=root)
        await office.calm()
        assert "Waiting for Lee Park to approve it (APPROVAL)" in await said(office, root)
        await slack.types("sam", "/docket close ACC-1")
        await office.calm()
        assert "waits for Lee Park to decide APPROVAL, until" in slack.words(slack.whispers("sam")[-1])

        # Lee sees an approval, not an exception, and sends it back with what is missing.
        card = slack.inbox("lee")[-1]
        assert "I need access to the billing system (approval)" in slack.words(card)
        await office.pushes(minutes=30)
        await slack.clicks("lee", "Ask for changes", card)
        await office.until(lambda: slack.view("lee"))
        assert await slack.submits("lee", {"What is missing or must change": "For which audit?"}) == {}
        await office.calm()
        assert (await office.item("ACC-1")).state == "waiting"
        assert "For which audit?" in await said(office, root)
        assert "Lee Park asks for changes" in slack.words(slack.inbox("sam")[-1])

        # Finn answers where he asked; Lee is asked anew, with a fresh clock, and says yes.
        await office.pushes(hours=1)
        await slack.says("finn", "#it-help", "The one in March, Maria runs it.", thread=root)
        await office.calm()
        anew = (await office.item("ACC-1")).open_trouble("APPROVAL")[0]
        assert anew.opened_at == office.clock()
        assert "The one in March, Maria runs it." in slack.words(slack.inbox("lee")[-1])
        assert await decides(office, "lee", "Approve", "GOODWILL", "The audit needs it.") == {}
        await slack.types("sam", "/docket evidence ACC-1 link https://directory.example/finn")
        await slack.types("sam", "/docket close ACC-1")
        await office.calm()
        assert (await office.item("ACC-1")).outcome == "done"
        await holds(office)


async def test_by_mail_it_is_sent_back_and_approved_and_risky_words_wait_for_a_yes(tmp_path: Path) -> None:
    async with mailroom(tmp_path) as office:
        await office.arrives(mail("new access I need access to billing\nuntil: 2026-03-20", sender=FINN))
        await office.arrives(mail("billing", sender=FINN, answers=office.last(FINN)))
        letter = office.last(LEE)
        assert letter.subject.startswith("Approve by ")
        await office.arrives(mail("changes because the audit is not named", sender=LEE, answers=letter))
        assert "the audit is not named" in office.last(FINN).text
        await office.arrives(mail("It is the one in March.", sender=FINN, answers=office.last(FINN)))
        again = office.last(LEE)
        assert "It is the one in March." in again.text
        await office.arrives(mail("approve GOODWILL because they audit us this month", sender=LEE, answers=again))
        item = await office.item("ACC-1")
        assert [(t.state, t.decision.via if t.decision else "") for t in item.exceptions] == [
            ("void", ""),
            ("approved", "mail"),
        ]
        assert office.last(LEE).subject.startswith("You approved: ")

        await office.arrives(mail("Please refund ORD-48213, $45"))
        await office.arrives(mail("reply REF-1 We guarantee it by Friday.", sender=DANA, answers=office.last(DANA)))
        assert "We guarantee" not in office.last(CUSTOMER).text
        await office.arrives(mail("approve GOODWILL because we can", sender=MARIA, answers=office.last(MARIA)))
        assert "We guarantee it by Friday." in office.last(CUSTOMER).text
        assert "Dana Ruiz" in office.last(CUSTOMER).text
        assert "was sent as you wrote it" in office.last(DANA).text
        exceptions = json.dumps([t.code for t in (await office.item("REF-1")).exceptions])
        assert exceptions == '["OUTGOING"]'
