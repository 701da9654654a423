"""A vendor falls silent: somebody here notices first and decides; the answer that comes at last ends the wait."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.stories.harbor import harbor
from tests.stories.test_main_job import asks, holds

pytestmark = pytest.mark.usefixtures("unpaced")
RULEBOOK = (Path(__file__).parents[2] / "examples" / "vendor-coordination.yml").read_text()
ORDER = "Order PO-3301, needed by 2026-12-14"


async def test_a_supplier_who_does_not_answer_becomes_somebodys_decision(tmp_path: Path) -> None:
    async with harbor(tmp_path, RULEBOOK) as office:
        slack = office.town.slack
        root = await asks(office, ORDER, channel="#purchasing")
        await slack.says("rita", "#purchasing", "Delta Grain", thread=root)
        await office.calm()
        assert "Expects an answer from the supplier by" in "\n".join(slack.words(m) for m in slack.thread(root))
        await office.pushes(hours=4, minutes=1)
        (silent,) = (await office.item("PO-1")).open_trouble()
        assert (silent.code, silent.owner) == ("SILENT", "alba")
        (card,) = [words for m in slack.inbox("alba") if "SILENT" in (words := slack.words(m))]
        assert "the supplier has not answered" in card
        assert "the kitchen can cook on Monday / the supplier stays one we can rely on" in card
        await slack.types("alba", "/docket approve PO-1 ACCEPT_DELAY The kitchen can do without it until Friday.")
        await office.calm()
        assert (await office.item("PO-1")).open_trouble() == ()
        await slack.says("noa", "#purchasing", "This is Delta Grain: it leaves on Tuesday.", thread=root)
        await office.calm()
        await office.pushes(hours=30)
        codes = [trouble.code for trouble in (await office.item("PO-1")).exceptions]
        assert codes == ["SILENT"], "they have answered, so nothing is waited for"
        await holds(office)
