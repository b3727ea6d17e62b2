"""Tells what wires say of files that they cannot show, and what their requests hold of uploaded ones."""

import base64
from typing import Any

import pytest

from mainspring.model.generation import ModelRequest
from mainspring.model.messages import Message
from mainspring.model.parts import FilePart, FileReference, ToolCallPart, ToolResultPart
from mainspring.providers.anthropic_request import messages_request
from mainspring.providers.chat_quirks import Quirks
from mainspring.providers.gemini_request import gemini_request
from mainspring.providers.openai_chat_request import chat_request
from mainspring.providers.openai_responses_request import responses_request
from mainspring.providers.prompt_text import LONGEST_FILE, file_text


def encoded(data: bytes) -> str:
    return base64.b64encode(data).decode()


def file(media_type: str, data: bytes, **more: Any) -> FileReference:
    url = f"data:{media_type};base64,{encoded(data)}"
    return FileReference(id="fil_1", media_type=media_type, url=url, **more)


TEXTS: list[tuple[FileReference, str]] = [
    (
        file("text/csv", "a,ü\n".encode(), filename="t.csv"),
        "[file t.csv (text/csv)]\na,ü\n\n[end of file t.csv (text/csv)]",
    ),
    (
        file("application/json", b"{}"),
        "[file fil_1 (application/json)]\n{}\n[end of file fil_1 (application/json)]",
    ),
    (file("text/plain", b"\xff"), "[file fil_1 (text/plain)]\n\ufffd\n[end of file fil_1 (text/plain)]"),
    (
        FileReference(id="x", media_type="text/plain", url="data:text/plain;base64,%%%"),
        "[file x (text/plain)]\n... (not readable)\n[end of file x (text/plain)]",
    ),
    (file("application/zip", b"PK"), "[file fil_1 (application/zip)]"),
    (
        FileReference(id="x", media_type="text/plain", url="https://example.com/x.txt"),
        "[file x (text/plain): https://example.com/x.txt]",
    ),
]


@pytest.mark.parametrize(("given", "told"), TEXTS)
def test_a_file_in_words(given: FileReference, told: str) -> None:
    assert file_text(given) == told


def test_a_long_text_is_cut() -> None:
    told = file_text(file("text/plain", b"x" * (LONGEST_FILE + 1)))
    assert told.count("x") == LONGEST_FILE + "[file fil_1 (text/plain)]".count("x") * 2
    assert "\n... (cut off)\n" in told


PNG, PDF, CSV = file("image/png", b"png"), file("application/pdf", b"pdf"), file("text/csv", b"a,b")
SAID = Message(
    id="m", role="user", parts=tuple(FilePart(file=each) for each in (PNG, PDF, CSV)), at=1.0, turn_id="m"
)
CALLED = Message(
    id="c", role="assistant", parts=(ToolCallPart(call_id="c1", tool="look", args={}),), at=1.0, turn_id="c"
)
ANSWERED = Message(
    id="r",
    role="tool",
    parts=(ToolResultPart(call_id="c1", tool="look", output="seen", files=(PNG,)),),
    at=1.0,
    turn_id="c",
)
CSV_TEXT = "[file fil_1 (text/csv)]\na,b\n[end of file fil_1 (text/csv)]"


def asked(model: str) -> ModelRequest:
    return ModelRequest(model=model, messages=(SAID, CALLED, ANSWERED), cache="off")


def test_anthropic() -> None:
    body: Any = messages_request(asked("anthropic/claude-sonnet-4-6"), provider="anthropic")
    picture = {
        "type": "image",
        "source": {"type": "base64", "media_type": "image/png", "data": encoded(b"png")},
    }
    pdf = {"type": "base64", "media_type": "application/pdf", "data": encoded(b"pdf")}
    assert body["messages"][0]["content"] == [
        picture,
        {"type": "document", "source": pdf},
        {"type": "text", "text": CSV_TEXT},
    ]
    (result,) = body["messages"][2]["content"]
    assert result["content"] == [{"type": "text", "text": "seen"}, picture]


def test_openai_responses() -> None:
    body: Any = responses_request(asked("openai/gpt-5"), provider="openai")
    picture = {"type": "input_image", "image_url": PNG.url, "detail": "auto"}
    assert body["input"][0]["content"] == [
        picture,
        {"type": "input_file", "filename": "fil_1.pdf", "file_data": PDF.url},
        {"type": "input_text", "text": CSV_TEXT},
    ]
    assert body["input"][-1]["output"] == [{"type": "input_text", "text": "seen"}, picture]


def test_gemini() -> None:
    body: Any = gemini_request(asked("google/gemini-3-pro"), provider="google")
    picture = {"inlineData": {"mimeType": "image/png", "data": encoded(b"png")}}
    assert body["contents"][0]["parts"] == [
        picture,
        {"inlineData": {"mimeType": "application/pdf", "data": encoded(b"pdf")}},
        {"text": CSV_TEXT},
    ]
    assert body["contents"][2]["parts"][1] == picture


def test_chat_completions() -> None:
    body: Any = chat_request(asked("groq/any"), provider="groq", quirks=Quirks())
    picture = {"type": "image_url", "image_url": {"url": PNG.url}}
    assert body["messages"][0]["content"] == [
        picture,
        {"type": "text", "text": "[file fil_1 (application/pdf)]"},
        {"type": "text", "text": CSV_TEXT},
    ]
    assert body["messages"][-1]["content"][1] == picture
