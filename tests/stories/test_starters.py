"""The starter rulebooks in examples/: each keeps its own word, and works in the sandbox from the first message on."""

from __future__ import annotations

from pathlib import Path

import pytest

from rules.book.load import load
from rules.examples import run
from tests.stories.harbor import harbor

STARTERS = {path.stem: path.read_text() for path in sorted((Path(__file__).parents[2] / "examples").glob("*.yml"))}


def test_the_five_promises_are_shipped() -> None:
    assert STARTERS.keys() >= {
        "lead-response",
        "dispatch",
        "candidate-follow-up",
        "billing-closeout",
        "vendor-coordination",
    }


@pytest.mark.parametrize("name", STARTERS)
def test_a_starter_loads_and_what_it_says_of_itself_is_true(name: str) -> None:
    assert run(load(STARTERS[name])) == []


@pytest.mark.parametrize("name", STARTERS)
async def test_a_starter_works_from_its_first_message_on(name: str, tmp_path: Path) -> None:
    """Rita writes what its first example says in its channel; the owner that the example names has it, and is told."""
    book = load(STARTERS[name])
    flow = next(iter(book.workflows.values()))
    example = flow.examples[0]
    async with harbor(tmp_path, STARTERS[name]) as office:
        posted = await office.town.slack.says("rita", f"#{flow.intake.slack[0].channel}", example.message)
        await office.calm()
        item = await office.item(f"{flow.key}-1")
        assert item.owner == example.owner
        thread = "\n".join(office.town.slack.words(message) for message in office.town.slack.thread(posted))
        assert item.key in thread
        assert flow.promise in thread
