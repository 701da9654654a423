"""The house stays tidy: every file says what it is for and is short, and nothing points to where it was made."""

from __future__ import annotations

import ast
import re
import runpy
import shutil
import subprocess
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]
ROOMS = ("bot", "handlers", "rules", "storage")
TOP_LEVEL = {
    *ROOMS, ".ci", ".gitignore", "CHANGELOG.md", "LICENSE", "Makefile", "README.md", "constraints.txt", "docs",
    "examples", "manifest.yml", "pyproject.toml", "tests",
}  # fmt: skip
LONGEST = 300
LONGER = {"rules/book/rulebook.py": "the types of the rulebook's format, read from top to bottom beside an example"}
VAGUE = {"utils", "util", "helpers", "helper", "manager", "common", "base", "misc"}
OPENING: dict[str, str | tuple[str, ...]] = {
    ".js": "//", ".css": "/*", ".html": ("<!", "{#"), ".yml": "#", "Makefile": "#", "constraints.txt": "#",
    "run": "#!", "setup": "#!",
}  # fmt: skip

# Each pattern is written so that it does not match itself.
NOWHERE = {
    "an index or registry host": re.compile(
        r"pypi[.]org|python[h]osted|npmjs[.]|crates[.]io|(deb|security)[.]debian[.]org|index[-]url|find[-]links"
    ),
    "a path of one machine": re.compile(r"(?<![\w.~])/(work|root|home|opt|mnt|Users)/\w|/tmp/\w"),
    "something left to do": re.compile(r"\b(TO[D]O|FIX[M]E|XX[X])\b|breakpoint[(]"),
    "a real token": re.compile(r"xox[abp]-\d{6}|BEGIN [A-Z ]*PRIVATE KEY"),
}


def _kept() -> list[Path]:
    """Every file that is tracked or will be; where git can't say, every file that is not a cache."""
    git = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(git, cwd=PROJECT, capture_output=True, text=True) if shutil.which("git") else None
    # An archive has no history, and git refuses a clone that belongs to somebody else.
    if listed is not None and listed.returncode == 0:
        found = [PROJECT / line for line in listed.stdout.split("\0") if line]
    else:
        found = [PROJECT / top for top in TOP_LEVEL] + [
            path for top in TOP_LEVEL for path in (PROJECT / top).rglob("*")
        ]
    return sorted(path for path in found if path.is_file() and "__pycache__" not in path.parts)


KEPT = _kept()
# Samples are other people's texts and say what they say.
OURS = [path for path in KEPT if not path.is_relative_to(PROJECT / "tests" / "samples")]


def name(path: Path) -> str:
    return path.relative_to(PROJECT).as_posix()


def written(*suffixes: str) -> list[Path]:
    return [path for path in OURS if path.suffix in suffixes]


def test_the_top_level_stays() -> None:
    """The rooms and the few files beside them; whatever else comes belongs into one of them."""
    assert {path.relative_to(PROJECT).parts[0] for path in KEPT} - TOP_LEVEL == set()


def test_every_module_opens_with_a_sentence() -> None:
    """One sentence that says what the file is for, before anything else."""
    silent = []
    for path in written(".py"):
        first = (ast.get_docstring(ast.parse(path.read_bytes())) or "").split("\n\n")[0]
        if not re.match(r"\S.{10,}[.:](\s|$)", first, re.DOTALL):
            silent.append(name(path))
    assert silent == []


def test_other_files_open_with_a_comment() -> None:
    """Pages, styles, scripts and settings say it too."""
    asked = [(path, OPENING[key]) for path in OURS if (key := path.suffix or path.name) in OPENING]
    assert [name(path) for path, opening in asked if not path.read_text().startswith(opening)] == []


def test_files_are_short() -> None:
    """A file of more than 300 lines is two, or it stands in the list with its reason."""
    ours = [path for path in written(".py", ".js", ".css", ".html") if name(path).split("/")[0] in ROOMS]
    assert {name(path) for path in ours if len(path.read_text().splitlines()) > LONGEST} == set(LONGER)


def test_no_name_says_nothing() -> None:
    """A file is called after what it does; these names would take in anything."""
    assert [name(path) for path in OURS if VAGUE & set(re.split(r"[\W_]", path.stem.lower()))] == []


@pytest.mark.parametrize("what", NOWHERE)
def test_no_file_holds(what: str) -> None:
    """Where it was made, what is not done and what must stay secret are not to be read here."""
    found = []
    for path in OURS:
        for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1):
            if NOWHERE[what].search(line) and path.suffix != ".png":
                found.append(f"{name(path)}:{number}: {line.strip()}")
    assert found == []


def test_a_silenced_type_checker_hears_why() -> None:
    """`type: ignore` names its code (mypy asks for it) and has a reason behind it."""
    found = []
    for path in (path for path in written(".py") if name(path).split("/")[0] in ROOMS):
        for number, line in enumerate(path.read_text().splitlines(), 1):
            if re.search(r"# type: ignore\b(?!\[[\w, -]+\]  # \w)", line):
                found.append(f"{name(path)}:{number}")
    assert found == []


def test_every_target_that_a_page_names_exists() -> None:
    """Whoever types what a page says gets what it promises."""
    targets = set(re.findall(r"^([a-z]+):", (PROJECT / "Makefile").read_text(), re.MULTILINE))
    named = {
        (name(page), target)
        for page in written(".md")
        for target in re.findall(r"(?:`| {4})make ([a-z]+)", page.read_text())
    }
    assert {(page, target) for page, target in named if target not in targets} == set()


def test_ci_is_a_reader_of_the_readme() -> None:
    """CI calls targets that the README names and has no way of its own."""
    called = set(re.findall(r"\bmake ([a-z]+)", (PROJECT / ".ci" / "run").read_text()))
    assert {"check", "demo"} <= called <= set(re.findall(r"\bmake ([a-z]+)", (PROJECT / "README.md").read_text()))


def test_the_state_diagrams_are_drawn_from_the_tables() -> None:
    """What docs/architecture.md shows is what rules/states.py allows: `python docs/draw_states.py` draws it anew."""
    page = (PROJECT / "docs" / "architecture.md").read_text()
    assert runpy.run_path(str(PROJECT / "docs" / "draw_states.py"))["redrawn"](page) == page
