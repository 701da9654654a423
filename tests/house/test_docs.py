"""What the docs promise is there: every test that docs/mission.md names exists, every file that README links to."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
NAMED = re.findall(r"`(tests/[\w/]+\.py)((?:::\w+)*)`", (ROOT / "docs" / "mission.md").read_text())


@pytest.mark.parametrize(("file", "names"), sorted(set(NAMED)))
def test_the_test_that_holds_a_row_exists(file: str, names: str) -> None:
    text = (ROOT / file).read_text()
    for name in filter(None, names.split("::")):
        assert re.search(rf"(class|def) {name}\b|^{name} =", text, re.MULTILINE), f"{file} has no {name}"


@pytest.mark.parametrize("page", ["README.md", "docs/architecture.md", "docs/contributing.md"])
def test_links_lead_somewhere(page: str) -> None:
    text = (ROOT / page).read_text()
    for target in re.findall(r"\]\((?!https?://)([^)#]+)\)", text):
        assert (ROOT / page).parent.joinpath(target).exists(), f"{page} links to {target}"
