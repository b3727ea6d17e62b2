"""Holds the folder of files to the contract, and to what only a folder can do wrong."""

import os
from pathlib import Path

import pytest

from mainspring.model.errors import StoreError
from mainspring.runtime.file_ports import FileRecord, FileStore
from mainspring.storage.file_folder import FolderFiles
from mainspring.testing.contracts.files import FileStoreContract, all_of, announced, given, stored


@pytest.fixture
async def files(tmp_path: Path) -> FileStore:
    folder = FolderFiles(tmp_path)
    await folder.open(b"secret")
    return folder


@pytest.fixture
def other(files: FileStore, tmp_path: Path) -> FileStore:
    return FolderFiles(tmp_path)


class TestFolder(FileStoreContract):
    """See the contract."""


async def test_the_secret_is_nobody_elses_to_read(files: FileStore, tmp_path: Path) -> None:
    assert (tmp_path / "secret").read_bytes() == b"secret"
    assert (tmp_path / "secret").stat().st_mode & 0o077 == 0
    assert (tmp_path / "entries").stat().st_mode & 0o077 == 0


async def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "entries").write_text("in the way")
    with pytest.raises(StoreError, match="does not answer"):
        await FolderFiles(tmp_path).open(b"x")


async def test_bytes_that_are_uploaded_while_they_are_dropped_stay(
    files: FolderFiles, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = await stored(files, announced(1))
    aside = tmp_path / "incoming" / f"{kept.id}.dropped"
    again: list[FileRecord] = []
    real = Path.replace

    def replace(path: Path, target: str | os.PathLike[str]) -> Path:
        moved = real(path, target)
        if Path(target) == aside:
            # Another host announces that it has the same bytes, and waits for nothing.
            marker = path.parent / announced(2).id
            marker.touch()
            again.append(announced(2))
        return moved

    monkeypatch.setattr(Path, "replace", replace)
    await files.drop(kept)
    assert len(again) == 1
    assert await all_of(files, kept) == b"sixsix"
    assert not aside.exists()


async def test_pieces_are_gathered(files: FolderFiles) -> None:
    record = announced(1)
    await files.add(record)
    kept = await files.write(record, given(*[b"x" * 10_000] * 70))
    assert kept.size == 700_000
    assert await all_of(files, kept) == b"x" * 700_000
