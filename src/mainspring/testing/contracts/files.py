"""Owns what every `FileStore` promises: bytes whole or not at all, one secret, files that are wanted and not.

A subclass gives two fixtures: `files`, an opened store, and `other`, the same as another host has it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator

from mainspring.model.errors import Conflict, NotFound
from mainspring.runtime.file_ports import FileRecord, FileStore
from mainspring.testing.expectations import equal, holds, refused


def announced(number: int = 1, *, project: str = "project-1", at: float = 1000.0) -> FileRecord:
    """A file whose bytes have not come."""
    return FileRecord(
        id=f"fil_{number:022}",
        project_id=project,
        session_id="session-1",
        filename="../ä.png",
        media_type="image/png",
        size=6,
        created_at=at,
    )


async def given(*pieces: bytes) -> AsyncIterator[bytes]:
    """Bytes as they arrive."""
    for piece in pieces:
        yield piece


async def cut(*pieces: bytes) -> AsyncIterator[bytes]:
    """Bytes whose sender leaves."""
    for piece in pieces:
        yield piece
    raise ConnectionError("gone")


async def all_of(files: FileStore, record: FileRecord) -> bytes:
    """The bytes of a file."""
    return b"".join([piece async for piece in files.read(record)])


async def stored(files: FileStore, record: FileRecord, data: bytes = b"sixsix") -> FileRecord:
    """A file that is there."""
    await files.add(record)
    return await files.write(record, given(data))


class FileStoreContract:
    """Files."""

    async def test_bytes_come_in_pieces_and_go_as_they_came(self, files: FileStore, other: FileStore) -> None:
        record = announced()
        await files.add(record)
        equal(await other.find(record.id), record)
        kept = await files.write(record, given(b"six", b"", b"six"))
        holds(kept.digest is not None, "a digest")
        equal(kept.size, 6)
        equal(await other.find(record.id), kept)
        equal(await all_of(other, kept), b"sixsix")

    async def test_what_breaks_off_leaves_nothing(self, files: FileStore) -> None:
        record = announced()
        await files.add(record)
        await refused(files.write(record, cut(b"six")), ConnectionError)
        equal(await files.find(record.id), record)
        await refused(all_of(files, record), NotFound)

    async def test_the_same_bytes_again_are_fine_and_others_are_not(self, files: FileStore) -> None:
        kept = await stored(files, announced())
        equal(await files.write(kept, given(b"sixsix")), kept)
        await refused(files.write(kept, given(b"others")), Conflict)
        equal(await all_of(files, kept), b"sixsix")

    async def test_an_id_may_be_any_text(self, files: FileStore) -> None:
        for unknown in (
            "",
            "fil_",
            "fil_../../../../etc/passwd",
            "/etc/passwd",
            "fil_" + "9" * 22,
            "\0",
            "é" * 26,
        ):
            equal(await files.find(unknown), None)

    async def test_a_project_does_not_know_that_another_has_the_same_bytes(self, files: FileStore) -> None:
        one = await stored(files, announced(1))
        same = await stored(files, announced(2))
        foreign = await stored(files, announced(3, project="project-2"))
        equal(one.digest, same.digest)
        holds(one.digest != foreign.digest, "another digest")

    async def test_bytes_stay_while_a_file_has_them(self, files: FileStore) -> None:
        one, same = await stored(files, announced(1)), await stored(files, announced(2))
        await files.drop(one)
        equal(await files.find(one.id), None)
        equal(await all_of(files, same), b"sixsix")
        await files.drop(same)
        await files.drop(same)
        await refused(all_of(files, same), NotFound)
        again = await stored(files, announced(4))
        equal(await all_of(files, again), b"sixsix")

    async def test_what_nobody_wanted_for_long(self, files: FileStore) -> None:
        old = [announced(number, at=1000.0) for number in (1, 2, 3)]
        for record in (*old, announced(4, at=3000.0)):
            await files.add(record)
        equal(sorted(record.id for record in await files.old(2000.0, 10)), [record.id for record in old])
        equal(len(await files.old(2000.0, 2)), 2)
        await files.keep(old[0].id, 3000.0)
        await files.keep("fil_" + "9" * 22, 3000.0)
        equal(len(await files.old(2000.0, 10)), 2)

    async def test_all_hosts_have_one_secret(self, files: FileStore, other: FileStore) -> None:
        first = await files.open(b"one")
        equal(await other.open(b"two"), first)
        equal(await files.open(b"three"), first)
