"""Tells how files get into the requests of models: from the newest on, once a message, never at the cost of a talk."""

import io
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from mainspring.model.errors import StoreError
from mainspring.model.generation import ModelRequest
from mainspring.model.messages import Message
from mainspring.model.parts import FilePart, FileReference, TextPart, ToolResultPart
from mainspring.model.retelling import Retelling
from mainspring.runtime.file_ports import FileRecord
from mainspring.runtime.file_showing import FileShowing
from mainspring.runtime.files import Files, Wanted
from mainspring.storage.file_folder import FolderFiles
from mainspring.storage.images import PillowScaler
from mainspring.storage.sqlite.store import SqliteStore
from mainspring.testing.clock import ManualClock
from mainspring.testing.ids import SequenceIds
from tests.server.uploads import PNG, data_url

LARGE = PNG + bytes(1000)


class Broken(FolderFiles):
    """A folder whose disk fails, once it is told to."""

    broken = False

    async def read(self, record: FileRecord, /) -> AsyncIterator[bytes]:
        if self.broken:
            raise StoreError("the disk is gone")
        async for piece in super().read(record):
            yield piece


@pytest.fixture
async def folder(tmp_path: Path) -> Broken:
    return Broken(tmp_path)


@pytest.fixture
async def files(folder: Broken) -> Files:
    clock = ManualClock(1000.0)
    files = Files(folder, log=SqliteStore(":memory:", clock=clock), clock=clock, ids=SequenceIds())
    await files.open()
    return files


async def upload(files: Files, data: bytes = PNG, media_type: str = "image/png") -> FileReference:
    """The reference to a file that is there."""
    (record,) = await files.announce(
        "p", "ses_1", [Wanted(filename="a.bin", media_type=media_type, size=len(data))]
    )

    async def pieces() -> AsyncIterator[bytes]:
        yield data

    await files.take(record.id, files.upload_address(record), pieces())
    url = f"https://host{files.download_address(record)}"
    return FileReference(id=record.id, media_type=media_type, url=url, filename="a.bin")


def said(*files: FileReference, number: int = 1) -> Message:
    parts = (TextPart(text="Look"), *(FilePart(file=file) for file in files))
    return Message(id=f"m{number}", role="user", parts=parts, at=1.0, turn_id=f"m{number}")


def request(*messages: Message, model: str = "openai/gpt-5", **more: Any) -> ModelRequest:
    return ModelRequest(model=model, messages=messages, **more)


def urls(asked: ModelRequest) -> list[str]:
    """What became of each file: its address, or the sentence instead."""
    parts = [part for message in asked.messages for part in message.parts]
    return [
        part.file.url if isinstance(part, FilePart) else part.text
        for part in parts
        if isinstance(part, FilePart | TextPart) and getattr(part, "text", "") != "Look"
    ]


async def test_a_request_without_files_is_the_same_object(files: Files) -> None:
    asked = request(said())
    assert await FileShowing(files, PillowScaler()).shown(asked, "p") is asked


async def test_the_newest_files_go_along_first(files: Files) -> None:
    showing = FileShowing(files, PillowScaler(), most=2500)
    memory = Retelling()
    three = [said(await upload(files, LARGE), number=number) for number in (1, 2, 3)]
    shown = await showing.shown(request(*three[:2], retelling=memory), "p")
    assert urls(shown) == [data_url(LARGE, "image/png")] * 2
    later = await showing.shown(request(*three, retelling=memory), "p")
    assert urls(later)[0] == "[The file a.bin is left out: the files of this talk are too large together]"
    assert urls(later)[1:] == [data_url(LARGE, "image/png")] * 2
    assert later.messages[1] is shown.messages[1]


async def test_providers_get_what_they_can_show(files: Files) -> None:
    showing = FileShowing(files, PillowScaler())
    sound = await upload(files, b"sound", "audio/mpeg")
    memory = Retelling()
    message = said(sound)
    assert urls(await showing.shown(request(message, retelling=memory), "p")) == [sound.url]
    other = await showing.shown(request(message, model="google/gemini-3", retelling=memory), "p")
    assert urls(other) == [data_url(b"sound", "audio/mpeg")]


async def test_a_disk_that_fails_fails_no_talk(files: Files, folder: Broken) -> None:
    picture = await upload(files)
    folder.broken = True
    result = ToolResultPart(call_id="c", tool="t", files=(picture,))
    answered = Message(id="m2", role="tool", parts=(result,), at=1.0, turn_id="m2")
    shown = await FileShowing(files, PillowScaler()).shown(request(said(picture), answered), "p")
    assert urls(shown) == ["[The file a.bin cannot be read now]"]
    (part,) = shown.messages[1].parts
    assert isinstance(part, ToolResultPart)
    (told,) = part.files
    assert (told.filename, told.url) == ("The file a.bin cannot be read now", "data:,")


def picture_of(width: int, height: int, kind: str = "PNG") -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (width, height), "red").save(out, kind)
    return out.getvalue()


def size_of(url: str) -> tuple[int, int]:
    import base64

    with Image.open(io.BytesIO(base64.b64decode(url.partition(",")[2]))) as image:
        return image.size


async def test_large_pictures_are_scaled_down(files: Files) -> None:
    large = await upload(files, picture_of(400, 100))
    inline = FileReference(
        id="x", media_type="image/jpeg", url=data_url(picture_of(50, 500, "JPEG"), "image/jpeg")
    )
    small = await upload(files, picture_of(20, 20))
    shown = await FileShowing(files, PillowScaler()).shown(
        request(said(large, inline, small), max_image_dimension=100), "p"
    )
    assert [size_of(url) for url in urls(shown)] == [(100, 25), (10, 100), (20, 20)]


@pytest.mark.parametrize(
    "url",
    [
        data_url(PNG, "image/png"),
        data_url(b"GIF89a", "image/gif"),
        "data:image/png;base64,%%%",
        data_url(b"Hello", "text/plain"),
    ],
)
async def test_what_cannot_be_scaled_stays(files: Files, url: str) -> None:
    file = FileReference(id="x", media_type="image/png", url=url)
    shown = await FileShowing(files, PillowScaler()).shown(request(said(file), max_image_dimension=5), "p")
    assert urls(shown) == [url]


async def test_an_enormous_picture_is_not_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mainspring.storage.images.MOST_PIXELS", 10)
    assert await PillowScaler().scale(picture_of(20, 20), "image/png", 5) is None


async def test_without_pillow_it_is_said_once(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def missing(*_: object) -> bytes:
        raise ModuleNotFoundError("PIL")

    monkeypatch.setattr("mainspring.storage.images._scaled", missing)
    scaler = PillowScaler()
    assert await scaler.scale(PNG, "image/png", 5) is None
    assert await scaler.scale(PNG, "image/png", 5) is None
    assert [record.message for record in caplog.records] == [
        "images are not scaled down: `pip install 'mainspring[images]'` installs what it takes"
    ]
