"""Uploaded files over HTTP: addresses, bounds, who may, how they come back, what a model sees of them."""

import asyncio
import tempfile
from collections.abc import AsyncIterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mainspring.model.generation import ModelRequest
from mainspring.model.parts import FilePart, ToolResultPart
from mainspring.providers.script import Call
from mainspring.runtime.file_ports import FileRecord
from mainspring.runtime.sweeper import FILES_INTERVAL
from mainspring.server.options import ServerOptions
from mainspring.storage.file_folder import FolderFiles
from tests.server.asgi import Client
from tests.server.desk import Desk, open_desk
from tests.server.uploads import (
    PNG,
    UPLOADS,
    Sees,
    addresses,
    announced,
    data_url,
    path_of,
    put,
    session_of,
    show,
    uploaded,
)


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    """A desk that keeps files."""
    async with open_desk(FolderFiles(tmp_path)) as opened:
        yield opened


async def test_a_file_goes_up_and_comes_down_as_a_download(desk: Desk) -> None:
    session = await session_of(desk)
    name = 'a "cat"\\\r\n../ü.png'
    (made,) = await addresses(desk, session, announced(name=name))
    stored = await put(desk, made["uploadUrl"], PNG)
    assert stored.json == {"id": made["id"], "size": len(PNG), "mediaType": "image/png"}
    answer = await Client(desk.app).get(path_of(made["downloadUrl"]))
    assert (answer.status, answer.body) == (200, PNG)
    assert answer.headers["content-type"] == "image/png"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-security-policy"] == "sandbox; default-src 'none'"
    assert answer.headers["content-length"] == str(len(PNG))
    disposition = answer.headers["content-disposition"]
    assert disposition.startswith('attachment; filename="a _cat____.._')
    assert "\r" not in disposition
    assert "filename*=UTF-8''a%20%22cat%22%5C%0D%0A..%2F%C3%BC.png" in disposition
    head = await Client(desk.app).request("HEAD", path_of(made["downloadUrl"]))
    assert (head.status, head.body, head.headers["content-length"]) == (200, b"", str(len(PNG)))


async def test_the_model_sees_pictures_and_reads_texts(desk: Desk) -> None:
    session = await session_of(desk)
    model = desk.models.script = Sees()
    office = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
    picture = await uploaded(desk, session)
    table = await uploaded(desk, session, b"a,b\n1,2\n", "t.csv", "text/csv; charset=utf-8")
    letter = await uploaded(desk, session, b"PK..", "l.docx", office)
    elsewhere = {"id": "x", "mediaType": "image/png", "url": "https://example.com/x.png"}
    assert (await show(desk, session, picture, table, letter, elsewhere)).types[-1] == "finish"
    files = [part.file for part in model.shown() if isinstance(part, FilePart)]
    assert [file.url for file in files] == [
        data_url(PNG, "image/png"),
        data_url(b"a,b\n1,2\n", "text/csv"),
        letter["url"],
        "https://example.com/x.png",
    ]
    first = model.asked[-1].messages[0]
    await show(desk, session)
    assert model.asked[-1].messages[0] is first
    (message, *_) = (await desk.client.get(f"/api/agent-sessions/{session}?format=ui")).json["messages"]
    assert next(part["url"] for part in message["parts"] if part["type"] == "file") == picture["url"]


async def test_files_of_tool_results(desk: Desk) -> None:
    session = await session_of(desk)
    picture = await uploaded(desk, session)
    asked: list[ModelRequest] = []

    async def script(request: ModelRequest) -> AsyncIterator[Any]:
        asked.append(request)
        yield Call("get-weather", {"city": "Rome"}) if len(asked) == 1 else "Fine."

    desk.models.script = script
    first = await show(desk, session)
    request = next(event for event in first.events if event["type"] == "tool-request")
    result = {"toolCallId": request["toolCalls"][0]["toolCallId"], "result": "a map", "files": [picture]}
    execution = first.events[0]["executionId"]
    again = {"executionId": execution, "toolResults": [result]}
    assert (await desk.client.post(f"/api/agent-sessions/{session}/trigger", again)).types[-1] == "finish"
    (part,) = asked[-1].messages[-1].parts
    assert isinstance(part, ToolResultPart)
    assert [file.url for file in part.files] == [data_url(PNG, "image/png")]


async def test_a_talk_goes_on_without_files_that_are_gone(desk: Desk, tmp_path: Path) -> None:
    session = await session_of(desk)
    model = desk.models.script = Sees()
    picture = await uploaded(desk, session)
    never = (await addresses(desk, session, announced()))[0]
    unsent = {"id": never["id"], "mediaType": "image/png", "url": never["downloadUrl"]}
    for data in tmp_path.rglob("data"):
        data.unlink()
    assert (await show(desk, session, picture, unsent)).types[-1] == "finish"
    told = [part.text for part in model.shown()]
    assert told == [
        "[The file cat.png is no longer available]",
        f"[The file {never['id']} is no longer available]",
    ]
    assert (await Client(desk.app).get(path_of(picture["url"]))).code == "FILE_NOT_FOUND"


async def test_a_restored_talk_goes_on_without_its_files(desk: Desk, tmp_path: Path) -> None:
    session = await session_of(desk)
    model = desk.models.script = Sees()
    picture = await uploaded(desk, session)
    await show(desk, session, picture)
    before = (await desk.client.get(f"/api/agent-sessions/{session}?format=ui")).json["messages"]
    await desk.client.request("DELETE", f"/api/agent-sessions/{session}")
    forged = {**picture, "url": picture["url"][:-4] + "AAAA"}
    before[0]["parts"].append({"type": "file", **forged})
    for data in tmp_path.rglob("data"):
        data.unlink()
    body = {"messages": before, "input": {"COMPANY": "Acme"}}
    assert (await desk.client.post(f"/api/agent-sessions/{session}/restore", body)).json["restored"] is True
    assert (await show(desk, session)).types[-1] == "finish"
    assert [part.text for part in model.shown()] == ["[The file cat.png is no longer available]"] * 2


async def test_another_project_does_not_see_a_file(desk: Desk) -> None:
    session = await session_of(desk)
    picture = await uploaded(desk, session)
    model = desk.models.script = Sees()
    desk.client, own = desk.stranger, desk.client
    await show(desk, await session_of(desk), picture)
    assert [part.text for part in model.shown()] == ["[The file cat.png is no longer available]"]
    foreign = await desk.client.post(UPLOADS, {"sessionId": session, "files": [announced()]})
    assert (foreign.status, foreign.code) == (404, "SESSION_NOT_FOUND")
    desk.client = own


REFUSED: list[tuple[dict[str, Any], int, str]] = [
    ({"files": []}, 400, "VALIDATION_ERROR"),
    ({"files": [announced()] * 21}, 400, "VALIDATION_ERROR"),
    ({"files": [{**announced(), "size": 10_000_001}]}, 413, "FILE_TOO_LARGE"),
    ({"files": [{**announced(), "size": 0}]}, 400, "VALIDATION_ERROR"),
    ({"files": [{**announced(), "size": 1.5}]}, 400, "VALIDATION_ERROR"),
    ({"files": [announced(name="x" * 256)]}, 400, "VALIDATION_ERROR"),
    ({"files": [announced(name="")]}, 400, "VALIDATION_ERROR"),
    ({"files": [announced(media_type="text/html")]}, 415, "UNSUPPORTED_MEDIA_TYPE"),
    ({"files": [announced(media_type="image/svg+xml")]}, 415, "UNSUPPORTED_MEDIA_TYPE"),
    ({"files": [announced()], "sessionId": "ses_0000000000000000009999"}, 404, "SESSION_NOT_FOUND"),
]


@pytest.mark.parametrize(("body", "status", "code"), REFUSED)
async def test_what_is_not_announced(desk: Desk, body: dict[str, Any], status: int, code: str) -> None:
    session = await session_of(desk)
    answer = await desk.client.post(UPLOADS, {"sessionId": session, **body})
    assert (answer.status, answer.code) == (status, code)


async def test_bytes_that_are_not_what_was_announced(desk: Desk, tmp_path: Path) -> None:
    session = await session_of(desk)
    (made,) = await addresses(desk, session, announced())
    url = made["uploadUrl"]
    assert (await put(desk, url, PNG + b"x")).code == "FILE_TOO_LARGE"
    assert (await put(desk, url, PNG[:-1])).code == "SIZE_MISMATCH"
    assert (await put(desk, url, b"<html>" + b"x" * (len(PNG) - 6))).code == "UNSUPPORTED_MEDIA_TYPE"
    assert (await Client(desk.app).get(path_of(made["downloadUrl"]))).status == 404
    assert [path for path in tmp_path.rglob("*") if path.name == "data"] == []
    assert list((tmp_path / "incoming").iterdir()) == []
    assert (await put(desk, url, PNG)).status == 200
    assert (await put(desk, url, PNG)).status == 200
    other = PNG[:-1] + b"!"
    assert (await put(desk, url, other)).code == "FILE_EXISTS"
    assert (await Client(desk.app).get(path_of(made["downloadUrl"]))).body == PNG


async def test_a_body_that_says_that_it_is_too_large_is_not_read(desk: Desk) -> None:
    session = await session_of(desk)
    (made,) = await addresses(desk, session, announced())
    read: list[int] = []

    async def receive() -> Any:
        read.append(1)
        return {"type": "http.request", "body": b"x" * 65536, "more_body": True}

    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    path, _, query = path_of(made["uploadUrl"]).partition("?")
    scope = {"type": "http", "method": "PUT", "path": path, "query_string": query.encode()}
    await desk.app({**scope, "headers": [(b"content-length", b"50000000")]}, receive, send)
    assert (sent[0]["status"], read) == (413, [])
    await desk.app({**scope, "headers": []}, receive, send)
    assert (sent[2]["status"], len(read)) == (413, 1)


async def test_addresses_end_and_cannot_be_made_up(desk: Desk) -> None:
    session = await session_of(desk)
    (made,) = await addresses(desk, session, announced())
    up, down = path_of(made["uploadUrl"]), path_of(made["downloadUrl"])
    client = Client(desk.app)
    for method, path in (
        ("PUT", down),
        ("GET", up),
        ("GET", down[:-1] + ("A" if down[-1] != "A" else "B")),
        ("GET", down.replace("expires=", "expires=9")),
        ("GET", down.partition("?")[0]),
        ("GET", down.replace("fil_", "fil_..%2F..%2F")),
        ("GET", "/api/files/..%2F..%2Fsecret?" + down.partition("?")[2]),
        ("PUT", up.replace(made["id"], "fil_" + "9" * 22)),
    ):
        answer = await client.request(method, path, PNG)
        assert (answer.status, answer.code) in {(404, "FILE_NOT_FOUND"), (404, "NOT_FOUND")}, path
    await desk.clock.advance(901)
    assert (await client.request("PUT", up, PNG)).code == "ADDRESS_EXPIRED"
    await desk.clock.advance(86400)
    assert (await client.get(down)).code == "ADDRESS_EXPIRED"


async def test_a_token_uploads_to_its_session_and_no_other(desk: Desk) -> None:
    session, other = await session_of(desk), await session_of(desk)
    minted = await desk.client.post("/api/tokens", {"agentId": "support", "sessionId": session})
    browser = Client(desk.app, minted.json["token"])
    assert (await browser.post(UPLOADS, {"sessionId": session, "files": [announced()]})).status == 200
    assert (await browser.post(UPLOADS, {"sessionId": other, "files": [announced()]})).status == 403
    reader = await desk.client.post(
        "/api/tokens", {"agentId": "support", "sessionId": session, "triggers": []}
    )
    client = Client(desk.app, reader.json["token"])
    assert (await client.post(UPLOADS, {"sessionId": session, "files": [announced()]})).status == 403


async def test_a_file_lives_as_long_as_its_session(desk: Desk, tmp_path: Path) -> None:
    await desk.mainspring.sweeper.stop()
    session = await session_of(desk)
    kept = await uploaded(desk, session)
    same = await uploaded(desk, session)
    await addresses(desk, session, announced())
    files = desk.mainspring.files
    assert files is not None
    assert await files.sweep() == 0
    await desk.clock.advance(86000)
    await desk.say(session)
    await desk.clock.advance(FILES_INTERVAL)
    await files.sweep()
    assert len(list(tmp_path.rglob("*.json"))) == 2
    await desk.client.request("DELETE", f"/api/agent-sessions/{session}")
    await desk.clock.advance(86400 + FILES_INTERVAL)
    await desk.mainspring.sweeper.sweep()
    assert list(tmp_path.rglob("*.json")) == []
    assert (await Client(desk.app).get(fresh_address(desk, kept))).status == 404
    assert [path for path in (tmp_path / "bytes").rglob("*") if path.is_file()] == []
    assert same["id"] != kept["id"]


def fresh_address(desk: Desk, file: dict[str, Any]) -> str:
    """An address of now for a file, whether it is there or not."""
    assert desk.mainspring.files is not None
    record = FileRecord(
        id=file["id"], project_id="", session_id="", filename="", media_type="", size=0, created_at=0.0
    )
    return desk.mainspring.files.download_address(record)


async def test_a_server_without_a_folder_says_so() -> None:
    async with open_desk() as bare:
        session = await bare.session()
        answer = await bare.client.post(UPLOADS, {"sessionId": session, "files": [announced()]})
        assert (answer.status, answer.code) == (404, "FILES_OFF")


async def test_addresses_begin_as_the_operator_says(desk: Desk) -> None:
    session = await session_of(desk)
    desk.use(ServerOptions(public_url="https://agents.example.com/ms"))
    (made,) = await addresses(desk, session, announced())
    assert made["uploadUrl"].startswith("https://agents.example.com/ms/api/files/fil_")
    desk.use(ServerOptions())
    (made,) = (
        await desk.client.post(
            UPLOADS, {"sessionId": session, "files": [announced()]}, headers={"host": "h:1"}
        )
    ).json["files"]
    assert made["downloadUrl"].startswith("http://h:1/api/files/fil_")


async def test_a_client_that_leaves_or_is_slow_leaves_nothing(desk: Desk, tmp_path: Path) -> None:
    session = await session_of(desk)
    (made,) = await addresses(desk, session, announced())
    pieces = iter(({"type": "http.request", "body": PNG[:4], "more_body": True}, {"type": "http.disconnect"}))

    async def receive() -> Any:
        return next(pieces)

    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    path, _, query = path_of(made["uploadUrl"]).partition("?")
    scope = {"type": "http", "method": "PUT", "path": path, "query_string": query.encode(), "headers": []}
    await desk.app(scope, receive, send)
    assert sent == []
    assert list((tmp_path / "incoming").iterdir()) == []
    desk.use(ServerOptions(body_timeout=0))

    async def never() -> Any:
        await asyncio.Event().wait()

    await desk.app(scope, never, send)
    assert sent[0]["status"] == 408
    assert list((tmp_path / "incoming").iterdir()) == []


@given(
    size=st.integers(1, 300_000),
    cuts=st.lists(st.integers(0, 320_000), max_size=6),
    extra=st.sampled_from([-1, 0, 1, 70_000]),
)
@settings(max_examples=25, deadline=None)
def test_any_bytes_in_any_pieces_are_kept_whole_or_not_at_all(size: int, cuts: list[int], extra: int) -> None:
    async def run(folder: Path) -> None:
        async with open_desk(FolderFiles(folder)) as desk:
            session = await session_of(desk)
            data = bytes(index % 251 for index in range(size + extra))
            (made,) = await addresses(
                desk, session, {"filename": "a.txt", "mediaType": "text/plain", "size": size}
            )
            places = sorted({0, *(cut for cut in cuts if cut < len(data)), len(data)})
            pieces = [data[one:two] for one, two in pairwise(places)] or [b""]
            answer = await put(desk, made["uploadUrl"], b"", pieces=pieces)
            down = await Client(desk.app).get(path_of(made["downloadUrl"]))
            if extra == 0:
                assert (answer.status, down.body) == (200, data)
            else:
                assert (answer.status, down.status) == (413 if extra > 0 else 400, 404)

    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(run(Path(folder)))
