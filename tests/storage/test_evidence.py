"""Files that prove something: small ones in the database, large ones in the folder, each given back as it came."""

from __future__ import annotations

import hashlib
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from storage import evidence
from storage.evidence import LARGE, Damaged, File
from storage.store import Store
from tests.storage.samples import WS

SMALL, BIG = b"a receipt", b"\x00photo" * (LARGE // 5)
HASH = hashlib.sha256(BIG).hexdigest()


def kept(data: bytes, folder: Path | None) -> Callable[..., None]:
    sha256 = hashlib.sha256(data).hexdigest()
    return lambda conn: evidence.keep(conn, WS, sha256, "photo.jpg", "image/jpeg", data, folder)


async def test_each_comes_back_as_it_came(store: Store, tmp_path: Path) -> None:
    folder = tmp_path / "files"
    for data in (SMALL, BIG):
        await store.write(kept(data, folder))
        await store.write(kept(data, folder))
        sha256 = hashlib.sha256(data).hexdigest()
        found = await store.read(lambda conn, sha256=sha256: evidence.load(conn, WS, sha256, folder))  # type: ignore[misc]
        assert found == File(name="photo.jpg", media_type="image/jpeg", data=data)
    assert [path.name for path in folder.rglob("*") if path.is_file()] == [HASH], "the large one alone"
    assert stat.S_IMODE((folder / HASH[:2] / HASH).stat().st_mode) == 0o600


async def test_without_a_setting_it_lies_beside_the_sqlite_file_or_in_postgresql(store: Store, url: str) -> None:
    await store.write(kept(BIG, None))
    assert (await store.read(lambda conn: evidence.load(conn, WS, HASH))) is not None
    if url.startswith("sqlite"):
        assert (Path(f"{url.removeprefix('sqlite:///')}-files") / HASH[:2] / HASH).read_bytes() == BIG


@pytest.mark.parametrize("harm", ["changed", "gone"])
async def test_what_is_not_as_it_came_is_never_handed_out(store: Store, tmp_path: Path, harm: str) -> None:
    await store.write(kept(BIG, tmp_path))
    place = tmp_path / HASH[:2] / HASH
    place.unlink() if harm == "gone" else place.write_bytes(BIG[:-1] + b"!")
    with pytest.raises(Damaged):
        await store.read(lambda conn: evidence.load(conn, WS, HASH, tmp_path))
    await store.write(kept(BIG, tmp_path))
    assert (await store.read(lambda conn: evidence.load(conn, WS, HASH, tmp_path))) is not None, "it came again"


async def test_a_folder_that_can_not_be_written_loses_nothing(store: Store, tmp_path: Path) -> None:
    in_the_way = tmp_path / "file"
    in_the_way.write_text("no folder")
    await store.write(kept(BIG, in_the_way))
    found = await store.read(lambda conn: evidence.load(conn, WS, HASH, in_the_way))
    assert found is not None
    assert found.data == BIG
