"""What travels in the wheel is enough: installed in an empty environment, `docketbot demo` shows its page."""

from __future__ import annotations

import subprocess
import sys
import sysconfig
import tomllib
import venv
import zipfile
from pathlib import Path

import pytest
from demo_page import visit

PROJECT = Path(__file__).parents[2]
CONFIG = tomllib.loads((PROJECT / "pyproject.toml").read_text())
ROOMS = CONFIG["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built by the build backend that is installed here: that needs no network."""
    out = tmp_path_factory.mktemp("dist")
    built = subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", out, PROJECT],
        capture_output=True, text=True,
    )  # fmt: skip
    assert built.returncode == 0, built.stdout + built.stderr
    (made,) = out.glob("*.whl")
    return made


@pytest.fixture(scope="session")
def programs(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of programs of an empty environment with the wheel in it; what it depends on is lent by this one."""
    place = tmp_path_factory.mktemp("empty")
    venv.create(place, symlinks=True)
    subprocess.run(
        [
            sys.executable,
            "-m",
            "pip",
            "--python",
            place / "bin" / "python",
            "install",
            "--quiet",
            "--no-index",
            "--no-deps",
            wheel,
        ],
        check=True,
    )
    # Only now, or pip would take this checkout for the installed wheel. Paths of a lent folder's own .pth files are not
    # followed, so the checkout stays out of sight.
    (site,) = place.glob("lib/python3*/site-packages")
    (site / "lent.pth").write_text(sysconfig.get_path("purelib"))
    return place / "bin"


def test_what_is_not_code_travels(wheel: Path) -> None:
    """Every file of the packages, the example rulebook and the app's manifest are in the wheel; the tests are not."""
    packed = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    ours = {
        path.relative_to(PROJECT).as_posix()
        for room in ROOMS
        for path in (PROJECT / room).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    examples = {f"bot/examples/{path.name}" for path in (PROJECT / "examples").iterdir()}
    assert packed == ours | examples | {"bot/manifest.yml"}
    assert any(name.startswith("storage/migrations/versions/m0001") for name in packed)


def test_the_demo_runs_from_the_wheel(programs: Path, tmp_path: Path) -> None:
    """Its page, its migrations, its templates and its rulebook come from the wheel; Ctrl-C ends it cleanly."""
    page, code = visit([programs / "docketbot", "demo", "--no-browser", "--port", "0"], tmp_path)
    assert "Docket" in page
    assert code == 0


def test_the_checkout_does_not_lend_a_hand(programs: Path, tmp_path: Path) -> None:
    """The test above would prove nothing if the packages came from here."""
    ask = (
        "import bot, handlers, rules, storage; print(bot.__file__, handlers.__file__, rules.__file__, storage.__file__)"
    )
    told = subprocess.run([programs / "python", "-c", ask], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert all(path.startswith(str(programs.parent)) for path in told.stdout.split())


def test_help_names_every_command(programs: Path, tmp_path: Path) -> None:
    """The console script is there, and its first page is a table of contents."""
    told = subprocess.run([programs / "docketbot", "--help"], cwd=tmp_path, capture_output=True, text=True, check=True)
    commands = ("demo", "run", "check", "items", "exceptions", "show", "why", "ledger", "digest")
    assert [command for command in commands if command not in told.stdout] == []
