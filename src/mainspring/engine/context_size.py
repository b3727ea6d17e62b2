"""Owns how large a thread is to its model, in tokens: what the provider counted, and an estimate of what is newer."""

from __future__ import annotations

from typing import Final

from mainspring.model.messages import Message
from mainspring.model.parts import FilePart, Part, ReasoningPart, TextPart, ToolResultPart
from mainspring.model.program import Program
from mainspring.model.session import Thread
from mainspring.model.values import encode_json

BYTES_A_TOKEN: Final = 4
"""Of UTF-8: close for English and for code, and not too few for other scripts."""
OF_A_MESSAGE: Final = 4
OF_A_FILE: Final = 1000


class Sizes:
    """Estimates the messages of a thread as its model gets them, long tool results shortened."""

    def __init__(self, program: Program, thread: Thread) -> None:
        self._thread = thread
        self._bounds: dict[str, int] = {
            name: tool.policy.max_result_tokens
            for name, tool in program.tools.items()
            if tool.policy is not None and tool.policy.max_result_tokens is not None
        }
        digest = thread.digest
        tight = None if digest is None else digest.result_tokens
        self._bound: int | None = _least(thread.settings.get("maxToolOutputTokens"), tight)

    def whole(self) -> int:
        """What the model would get of the thread now."""
        thread = self._thread
        if thread.counted:
            return thread.tokens + self.of(thread.messages[thread.counted :])
        return tokens_of(thread.system or "") + self.of(thread.view)

    def of(self, messages: tuple[Message, ...]) -> int:
        """Messages."""
        return sum(map(self.message, messages))

    def message(self, message: Message) -> int:
        """One message; what its model never gets counts nothing."""
        return 0 if message.incomplete else OF_A_MESSAGE + sum(map(self._part, message.parts))

    def result(self, part: ToolResultPart) -> int:
        """One tool result, shortened to its bound."""
        said = part.error if part.error is not None else part.output
        size = tokens_of(said) if isinstance(said, str) else len(encode_json(said)) // BYTES_A_TOKEN
        bound = _least(self._bound, self._bounds.get(part.tool))
        return (size if bound is None else min(size, bound)) + OF_A_FILE * len(part.files)

    def _part(self, part: Part) -> int:
        if isinstance(part, (TextPart, ReasoningPart)):
            return tokens_of(part.text)
        if isinstance(part, ToolResultPart):
            return self.result(part)
        return OF_A_FILE if isinstance(part, FilePart) else len(encode_json(part.args)) // BYTES_A_TOKEN + 8


def _least(*bounds: int | None) -> int | None:
    """The smallest bound that there is."""
    return min((one for one in bounds if one is not None), default=None)


def tokens_of(text: str) -> int:
    """About how many tokens a text is."""
    return (len(text) if text.isascii() else len(text.encode(errors="replace"))) // BYTES_A_TOKEN
