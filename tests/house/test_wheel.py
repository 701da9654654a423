"""What travels in the wheel is enough: installed in an empty environment, `docketbot demo` answers."""

from __future__ import annotations

import re
import subprocess
import sys
import time
import urllib.request
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built with the build backend that is installed here: no network is needed."""
    out = tmp_path_factory.mktemp("dist")
    built = subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(out), str(ROOT)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert built.returncode == 0, built.stdout + built.stderr
    return next(out.glob("*.whl"))


def test_templates_migrations_pages_and_the_example_travel(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    for needed in (
        "bot/examples/harbor.yml",
        "bot/sandbox/page/index.html",
        "bot/manifest.yml",
        "handlers/mail/templates/letter.html",
        "rules/book/load.py",
    ):
        assert needed in names, needed
    assert any(name.startswith("storage/migrations/") and name.endswith(".py") for name in names)
    assert not any(name.startswith("tests/") for name in names)


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty environment with the wheel alone; the packages it needs are lent by this one, not installed again."""
    place = tmp_path_factory.mktemp("empty") / "venv"
    venv.create(place, with_pip=False, symlinks=True)
    site = next((place / "lib").glob("python3*/site-packages"))
    # Its dependencies, but never the checkout: an editable install would hide what the wheel lacks.
    here = next(path for path in sys.path if path.endswith("site-packages"))
    (site / "lent.pth").write_text(f"import sys; sys.path.append({here!r})\n")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(site)
    return place / "bin" / "python"


def test_the_demo_runs_from_the_wheel(installed: Path, tmp_path: Path) -> None:
    child = subprocess.Popen(
        [str(installed), "-m", "bot", "demo", "--no-browser"],
        cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    try:
        assert child.stdout is not None
        address, said, until = "", "", time.monotonic() + 60
        while not address and time.monotonic() < until:
            line = child.stdout.readline()
            said += line
            found = re.search(r"http://127\.0\.0\.1:\d+/", line)
            address = found.group() if found else ""
            if not line and child.poll() is not None:
                break
        assert address, said
        page = urllib.request.urlopen(address, timeout=20).read().decode()
        assert "Docket" in page
    finally:
        child.terminate()
        child.wait(timeout=20)
    assert child.returncode == 0


def test_help_is_quick_to_read_and_names_every_command(installed: Path, tmp_path: Path) -> None:
    told = subprocess.run(
        [str(installed), "-m", "bot", "--help"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert told.returncode == 0
    for command in ("demo", "run", "check", "items", "exceptions", "show", "why", "ledger", "digest"):
        assert command in told.stdout
