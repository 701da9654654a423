"""What the packages import is declared, and everything that is installed is pinned."""

from __future__ import annotations

import ast
import sys
import tomllib
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

PROJECT = Path(__file__).parents[2]
CONFIG = tomllib.loads((PROJECT / "pyproject.toml").read_text())
ROOMS = CONFIG["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
RUNTIME = CONFIG["project"]["dependencies"]
EXTRAS = CONFIG["project"]["optional-dependencies"]
# Imported by name, installed as a part of another package that is declared.
PART_OF = {"proxy-protocol": "pymap", "pysasl": "pymap", "pydantic-core": "pydantic"}


def test_what_is_imported_is_declared() -> None:
    """What is here only because a test needs it would be missing elsewhere. The sandbox may need the demo's extra."""
    owners = metadata.packages_distributions()
    always, demo = declared(RUNTIME), declared(RUNTIME + EXTRAS["demo"])
    undeclared = []
    for room in ROOMS:
        for path in (PROJECT / room).rglob("*.py"):
            known = demo if path.is_relative_to(PROJECT / "bot" / "sandbox") else always
            for module in imported(path) - sys.stdlib_module_names - set(ROOMS):
                names = {canonicalize_name(owner) for owner in owners.get(module, [module])}
                if not {PART_OF.get(each, each) for each in names} & known:
                    undeclared.append(f"{path.relative_to(PROJECT)}: {module}")
    assert undeclared == []


def test_everything_that_is_installed_is_pinned() -> None:
    """What is installed is what was tested. The list is exact, and names nothing that nobody needs."""
    lines = (PROJECT / "constraints.txt").read_text().splitlines()
    pins = dict(line.split("==") for line in lines if line and not line.startswith("#"))
    assert all(version[0].isdigit() and version.isascii() for version in pins.values())
    asked = [(line, "") for line in [*CONFIG["build-system"]["requires"], *RUNTIME, *EXTRAS["demo"], *EXTRAS["dev"]]]
    needed: set[tuple[str, str]] = set()
    while asked:
        line, of_extra = asked.pop()
        requirement = Requirement(line)
        if requirement.marker is not None and not requirement.marker.evaluate({"extra": of_extra}):
            continue
        for extra in ("", *requirement.extras):
            wanted = (canonicalize_name(requirement.name), extra)
            if wanted not in needed:
                needed.add(wanted)
                asked += [(each, extra) for each in metadata.requires(wanted[0]) or []]
    assert {name for name, _ in needed} == {canonicalize_name(name) for name in pins}


def declared(lines: list[str]) -> set[str]:
    return {str(canonicalize_name(Requirement(line).name)) for line in lines}


def imported(path: Path) -> set[str]:
    """The top-level names that a module imports, anywhere in it."""
    found = set()
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module.split(".")[0])
    return found
