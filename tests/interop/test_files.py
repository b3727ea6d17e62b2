"""Owns the proof that the client SDK's own upload works, and that the provider gets the bytes; also after a crash."""

import base64
from collections.abc import Callable

from tests.e2e.agents import PLAIN
from tests.e2e.desk import Desk
from tests.e2e.model_server import said
from tests.interop.conftest import Node

PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 100
PICTURES = PLAIN.replace(
    "      USER_MESSAGE: {type: string}\n",
    "      USER_MESSAGE: {type: string}\n      FILES: {type: 'file[]', optional: true}\n",
).replace("      input: [USER_MESSAGE]\n", "      input: [USER_MESSAGE]\n      files: [FILES]\n")


def test_files_of_a_browser_reach_the_model(node: Node, make_desk: Callable[..., Desk]) -> None:
    desk = make_desk(PICTURES)
    desk.script(said("A cat."))
    given = base64.b64encode(PNG).decode()
    played = node.play("upload", desk, png=given)
    result = played.result
    assert [each["filename"] for each in result["references"]] == ["cat.png", "table.csv"]
    (asked,) = desk.asked()
    content = asked.messages[-1]["content"]
    assert {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{given}"}} in content
    assert any("a,b\n1,2\n" in part.get("text", "") for part in content)
    assert result["same"] is True
    shown = [part for part in result["messages"][0]["parts"] if part["type"] == "file"]
    assert [part["url"] for part in shown] == [each["url"] for each in result["references"]]
    assert result["refused"] == "Upload failed with status 415"
    assert "is not taken" in result["untaken"]
