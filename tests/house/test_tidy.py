"""The house rules that a reader would check by eye, checked by a test (so that nobody has to)."""

from __future__ import annotations

import ast
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROOMS = ("bot", "handlers", "rules", "storage")
CODE = sorted(path for room in ROOMS for path in (ROOT / room).rglob("*.py"))
LONGEST = 300
#: Longer for a reason.
LONG = {"rules/book/rulebook.py": "the rulebook's whole vocabulary, read from top to bottom beside the example"}
#: Names that say nothing about what is inside.
EMPTY_NAMES = {"utils", "util", "helpers", "helper", "manager", "common", "base", "misc"}
#: Where packages come from is the installer's business, and a machine's paths are nobody else's.
FOREIGN = re.compile(
    r"pypi\.org|pythonhosted|--index-url|--extra-index|find-links|registry\.npmjs|deb\.debian\.org|(?<![}\\w])/(?:work|tmp|root|home)/"
)
#: Where such a path is what the text is about.
MAY_NAME_PATHS = {"tests/house/test_tidy.py"}


def tracked() -> list[Path]:
    """Every file that belongs to the project, also before it is committed."""
    names = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if names.returncode != 0:
        pytest.skip("no git checkout")
    return [ROOT / name for name in names.stdout.splitlines() if (ROOT / name).is_file()]


@pytest.mark.parametrize("path", CODE, ids=lambda p: str(p.relative_to(ROOT)))
def test_a_file_opens_with_what_it_is_for_and_stays_short(path: Path) -> None:
    text = path.read_text()
    said = ast.get_docstring(ast.parse(text))
    assert said, "it opens with a sentence that says what it is for"
    assert said.split("\n\n")[0].rstrip().endswith((".", ":", "?")), "a whole sentence"
    if str(path.relative_to(ROOT)) not in LONG:
        assert len(text.splitlines()) <= LONGEST, "ask whether it is two"
    assert path.stem not in EMPTY_NAMES


@pytest.mark.parametrize("path", CODE, ids=lambda p: str(p.relative_to(ROOT)))
def test_nothing_half_done_is_left(path: Path) -> None:
    text = path.read_text()
    assert not re.search(r"\b(TODO|FIXME|XXX|HACK)\b", text)
    assert "breakpoint()" not in text
    calls = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Call)]
    assert not any(isinstance(c.func, ast.Name) and c.func.id == "print" for c in calls), (
        "people are told by typer or logs"
    )


def test_no_file_names_a_machine_or_an_index() -> None:
    found = []
    for path in tracked():
        name = str(path.relative_to(ROOT))
        if path.suffix in {".png", ".eml", ".json"} or name in MAY_NAME_PATHS:
            continue
        for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1):
            if FOREIGN.search(line):
                found.append(f"{name}:{number}: {line.strip()[:100]}")
    assert not found, "\n".join(found)


def test_the_pins_name_exact_versions_and_nothing_else() -> None:
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    pins = [line for line in lines if line and not line.startswith("#")]
    assert pins
    assert all(re.fullmatch(r"[A-Za-z0-9_.-]+==[A-Za-z0-9_.]+", pin) for pin in pins)


def test_the_top_level_stays() -> None:
    expected = {
        "pyproject.toml", "bot", "handlers", "rules", "storage", "tests", "manifest.yml", "README.md", "CHANGELOG.md",
        "LICENSE", "Makefile", "docs", "examples", ".ci", "constraints.txt", ".gitignore",
    }  # fmt: skip
    names = {path.relative_to(ROOT).parts[0] for path in tracked()}
    assert names <= expected, names - expected


def test_the_state_diagrams_are_drawn_from_the_tables() -> None:
    import runpy

    draw = runpy.run_path(str(ROOT / "docs" / "draw_states.py"))
    page = (ROOT / "docs" / "architecture.md").read_text()
    assert draw["redrawn"](page) == page, "run: python docs/draw_states.py"
