"""The house stays tidy: every file says what it is for and stays short, and nothing points to the place where it was made."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]
TOP_LEVEL = {
    ".ci", ".gitignore", "CHANGELOG.md", "LICENSE", "Makefile", "README.md", "bot", "constraints.txt", "docs",
    "examples", "handlers", "manifest.yml", "pyproject.toml", "rules", "storage", "tests",
}  # fmt: skip
ROOMS = ("bot", "handlers", "rules", "storage")
LINES = 300
LONGER = {
    "rules/book/rulebook.py": "the rulebook's types, one for each key of the format: read as a list, and torn apart it is none",
}
VAGUE = {"utils", "util", "helpers", "helper", "manager", "common", "base", "misc"}
OPENING = {
    ".py": '"""', ".js": "//", ".css": "/*", ".html": ("<!", "{#"), ".yml": "#", ".toml": ("#", "["),
    "Makefile": "#", "constraints.txt": "#", "run": "#!", "setup": "#!",
}  # fmt: skip

# Each pattern is written so that it does not match itself.
NOWHERE = {
    "an index or registry host": re.compile(
        r"pypi[.]org|pythonhosted[.]|npmjs[.]|crates[.]io|(deb|security)[.]debian[.]org|index[-]url|find[-]links"
    ),
    "a path of one machine": re.compile(r"(?<![\w.~])/(work|root|home|opt|mnt|Users)/\w|/tmp/\w"),
    "something left to do": re.compile(r"\b(TO[D]O|FIX[M]E|XX[X])\b"),
    "a real token": re.compile(r"xox[abp]-\d{6}|BEGIN [A-Z ]*PRIVATE KEY"),
}


def _kept() -> list[Path]:
    """Every file that is tracked or will be; in a copy without its history, every file that is not a cache."""
    if (PROJECT / ".git").exists() and shutil.which("git"):
        listed = subprocess.run(
            ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
            cwd=PROJECT, capture_output=True, text=True, check=False,
        )  # fmt: skip
        if listed.returncode == 0:  # git refuses a clone that belongs to somebody else
            return sorted(path for name in listed.stdout.split("\0") if name and (path := PROJECT / name).is_file())
    found = (path for name in TOP_LEVEL if (PROJECT / name).exists() for path in _below(PROJECT / name))
    return sorted(path for path in found if "__pycache__" not in path.parts)


def _below(path: Path) -> list[Path]:
    return [path] if path.is_file() else [each for each in path.rglob("*") if each.is_file()]


FILES = _kept()
# Samples are other people's texts: they say what they say.
OURS = [path for path in FILES if not path.is_relative_to(PROJECT / "tests" / "samples")]


def name(path: Path) -> str:
    return path.relative_to(PROJECT).as_posix()


def written(suffixes: set[str]) -> list[Path]:
    return [path for path in OURS if path.suffix in suffixes]


def test_the_top_level_stays() -> None:
    """The rooms and the few files beside them; what else there may be belongs into one of them."""
    assert {path.relative_to(PROJECT).parts[0] for path in FILES} <= TOP_LEVEL


def test_every_file_opens_with_what_it_is_for() -> None:
    """A module with a sentence as its docstring; pages, styles, scripts and settings with a comment."""
    silent = []
    for path in OURS:
        text = path.read_text() if path.suffix in OPENING or path.name in OPENING else ""
        if path.suffix == ".py":
            said = (ast.get_docstring(ast.parse(text)) or "").split("\n\n")[0]
            opens = re.match(r"\S.{10,}[.:](\s|$)", said, re.DOTALL) is not None
        else:
            opens = text.startswith(OPENING.get(path.suffix or path.name, ""))
        if not opens:
            silent.append(name(path))
    assert silent == []


def test_files_are_short() -> None:
    """Above 300 lines a file of ours is two files, or stands in the list with its reason."""
    lengths = {name(path): len(path.read_text().splitlines()) for path in written({".py", ".js", ".css", ".html"})}
    long = {path for path, lines in lengths.items() if lines > LINES and path.split("/")[0] in ROOMS}
    assert long == set(LONGER), "too long, or in the list for nothing"


def test_no_name_says_nothing() -> None:
    """A file is named after what it does; these names would take in anything."""
    assert [name(path) for path in OURS if VAGUE & set(re.split(r"[_\W]", path.stem.lower()))] == []


@pytest.mark.parametrize("what", NOWHERE)
def test_no_file_holds(what: str) -> None:
    """Where it was made, what is not done and what must stay secret are nobody's to read here."""
    found = []
    for path in OURS:
        try:
            lines = path.read_text().splitlines()
        except UnicodeDecodeError:
            continue  # a picture
        found += [f"{name(path)}:{n}: {line}" for n, line in enumerate(lines, 1) if NOWHERE[what].search(line)]
    assert found == []


def test_a_silenced_type_checker_hears_why() -> None:
    """`type: ignore` names its code, and a reason stands behind it."""
    found = [
        f"{name(path)}:{n}"
        for path in written({".py"})
        if path.relative_to(PROJECT).parts[0] in ROOMS
        for n, line in enumerate(path.read_text().splitlines(), 1)
        if "# type: " + "ignore" in line and not re.search(r"ignore\[[\w, -]+\]  # \w", line)
    ]
    assert found == []


def test_the_pages_lead_somewhere() -> None:
    """Every link within the project leads to a file, and every `make` target that a page names exists."""
    targets = set(re.findall(r"^([a-z]+):", (PROJECT / "Makefile").read_text(), re.MULTILINE))
    lost = []
    for page in written({".md"}):
        text = page.read_text()
        links = (link.split("#")[0] for link in re.findall(r"\]\(([^)\s]+)\)", text) if "://" not in link)
        lost += [f"{name(page)}: {link}" for link in links if link and not (page.parent / link).exists()]
        named = set(re.findall(r"(?:`| {4})make ([a-z]+)", text))
        lost += [f"{name(page)}: make {target}" for target in named - targets]
    assert lost == []


def test_ci_runs_what_the_readme_names() -> None:
    """CI is a reader of the README: it calls the same targets and has no way of its own."""
    called = set(re.findall(r"\bmake ([a-z]+)", (PROJECT / ".ci" / "run").read_text()))
    assert {"check", "demo"} <= called
    assert called <= set(re.findall(r"`?make ([a-z]+)", (PROJECT / "README.md").read_text()))
