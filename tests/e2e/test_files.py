"""Owns the proof that an uploaded file outlives a killed server, and that uploads are bounded over a real socket."""

import base64
import http.client
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tests.e2e.agents import PLAIN
from tests.e2e.desk import Desk
from tests.e2e.model_server import said

PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 2000
PICTURES = PLAIN.replace(
    "      USER_MESSAGE: {type: string}\n",
    "      USER_MESSAGE: {type: string}\n      FILES: {type: 'file[]', optional: true}\n",
).replace("      input: [USER_MESSAGE]\n", "      input: [USER_MESSAGE]\n      files: [FILES]\n")


def announce(desk: Desk, session: str, size: int) -> Any:
    body = {"sessionId": session, "files": [{"filename": "cat.png", "mediaType": "image/png", "size": size}]}
    answer = desk.client.ask("POST", "/api/files/upload-urls", body)
    assert answer.status == 200, answer.body
    return answer.body["files"][0]


def put(url: str, data: bytes) -> int:
    there = urlsplit(url)
    connection = http.client.HTTPConnection(str(there.hostname), there.port, timeout=20)
    try:
        connection.request("PUT", f"{there.path}?{there.query}", body=data)
        return connection.getresponse().status
    finally:
        connection.close()


def put_without_length(url: str, pieces: int, piece: bytes) -> int:
    """Sends in chunks, as many as the server takes; its status."""
    there = urlsplit(url)
    connection = http.client.HTTPConnection(str(there.hostname), there.port, timeout=20)
    connection.putrequest("PUT", f"{there.path}?{there.query}")
    connection.putheader("transfer-encoding", "chunked")
    connection.endheaders()
    try:
        for _ in range(pieces):
            connection.send(b"%x\r\n%s\r\n" % (len(piece), piece))
    except OSError:
        pass
    return connection.getresponse().status


def test_a_file_outlives_a_killed_server(open_desk: Callable[[str], Desk]) -> None:
    desk = open_desk(PICTURES)
    desk.script(said("A cat."))
    session = desk.session()
    made = announce(desk, session, len(PNG))
    assert put(made["uploadUrl"], PNG) == 200
    desk.crash()
    file = {"id": made["id"], "mediaType": "image/png", "url": made["downloadUrl"], "filename": "cat.png"}
    body = {"triggerName": "user-message", "input": {"USER_MESSAGE": "What is this?", "FILES": [file]}}
    desk.client.stream("POST", f"/api/agent-sessions/{session}/trigger", body).rest()
    (asked,) = desk.asked()
    url = f"data:image/png;base64,{base64.b64encode(PNG).decode()}"
    assert {"type": "image_url", "image_url": {"url": url}} in asked.messages[-1]["content"]


def test_a_file_of_fifty_megabytes_is_refused_before_it_is_there(
    open_desk: Callable[[str], Desk], tmp_path: Path
) -> None:
    desk = open_desk(PICTURES)
    session = desk.session()
    huge = {
        "sessionId": session,
        "files": [{"filename": "a.png", "mediaType": "image/png", "size": 50_000_000}],
    }
    refused = desk.client.ask("POST", "/api/files/upload-urls", huge)
    assert (refused.status, refused.body["code"]) == (413, "FILE_TOO_LARGE")
    made = announce(desk, session, 1000)
    before = resident(desk)
    assert put_without_length(made["uploadUrl"], 50, PNG[:8] + b"x" * 999_992) == 413
    assert resident(desk) - before < 10_000_000
    kept = [path for path in tmp_path.rglob("*.files/**/*") if path.is_file() and path.stat().st_size > 500]
    assert kept == []


def resident(desk: Desk) -> int:
    """Bytes of memory that the server holds."""
    process = desk.server.process
    assert process is not None
    for line in Path(f"/proc/{process.pid}/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    raise AssertionError("no VmRSS")
