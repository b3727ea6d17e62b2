"""Reads recorded answers, and writes down what a wire makes of them, one chunk a line."""

from collections.abc import Iterable
from pathlib import Path

import msgspec

from mainspring.model.errors import Failure, ProviderError
from mainspring.model.generation import ModelChunk
from mainspring.providers.anthropic import MessagesWire
from mainspring.providers.failures import Failures
from mainspring.providers.gemini import GeminiWire
from mainspring.providers.openai_chat import ChatWire
from mainspring.providers.openai_responses import ResponsesWire
from mainspring.providers.wire import AnswerReader, Wire

FIXTURES = Path(__file__).parent / "fixtures"
RECORDINGS = sorted(FIXTURES.glob("*/*.sse"))
DOCUMENTS = sorted(FIXTURES.glob("*/*.json"))


def name_of(path: Path) -> str:
    return f"{path.parent.name}/{path.stem}"


def reader_for(path: Path) -> AnswerReader:
    """A reader for the wire that the folder of a recording is named after."""
    wire: Wire
    if path.parent.name == "anthropic":
        failures = Failures("anthropic", model="claude")
        wire = MessagesWire(failures, tool_answer=path.stem == "json-answer")
    elif path.parent.name == "gemini":
        failures = Failures("google", model="gemini")
        wire = GeminiWire(failures)
    elif path.parent.name == "openai_responses":
        failures = Failures("openai", model="gpt")
        wire = ResponsesWire(failures)
    else:
        failures = Failures("openai", model="gpt")
        wire = ChatWire(failures)
    return AnswerReader(wire, failures)


def decode(path: Path, pieces: Iterable[bytes]) -> str:
    """What arrives when a recording comes in these pieces, and how it ends."""
    reader = reader_for(path)
    found: list[ModelChunk] = []
    for piece in pieces:
        if reader.done:
            break
        found += reader.read(piece)
    if not reader.done:
        found += reader.end()
    return written(found, reader.failure)


def decode_document(path: Path) -> str:
    """What a whole answer gives."""
    try:
        return written(reader_for(path).whole(path.read_bytes()), None)
    except ProviderError as error:
        return written([], error)


def written(chunks: list[ModelChunk], failure: ProviderError | None) -> str:
    lines = [repr(chunk) for chunk in chunks]
    if failure is not None:
        lines.append(failure_line(failure.failure))
    return "\n".join(lines) + "\n"


def failure_line(failure: Failure) -> str:
    return "! " + msgspec.json.encode(failure, order="sorted").decode()
