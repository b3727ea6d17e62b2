"""Owns reading what an error says, whatever its shape: words, sentences, a status, a delay, how an answer ended.

An error may be an object, text, a list of either, JSON inside text, a stream of events, a page, or nothing.
"""

from __future__ import annotations

import re
from typing import Final

import msgspec

from mainspring.model.json_shape import is_list, is_object
from mainspring.model.values import Json
from mainspring.runtime.fault_delay import in_member, in_text

MAX_DEPTH: Final = 12
MAX_NODES: Final = 500
MAX_BODY: Final = 256 * 1024
MAX_TEXT: Final = 8192

_NAMES: Final = frozenset(
    {
        "code",
        "type",
        "status",
        "reason",
        "errortype",
        "errorcode",
        "exceptiontype",
        "quotaid",
    }
)
_SENTENCES: Final = frozenset(
    {
        "message",
        "detail",
        "details",
        "msg",
        "error",
        "errors",
        "errormessage",
        "errormsg",
        "errordescription",
        "raw",
        "title",
        "description",
        "cause",
        "reason",
        "code",
        "type",
        "explanation",
        "blockreasonmessage",
    }
)
_STATUSES: Final = frozenset(
    {"code", "status", "statuscode", "httpstatus", "errorcode", "originalstatuscode"}
)
_ENDINGS: Final = frozenset({"finishreason", "nativefinishreason", "stopreason", "blockreason"})
_REQUEST_IDS: Final = frozenset({"requestid", "xrequestid"})
# What a model or a user wrote: no evidence of anything.
_FOREIGN: Final = frozenset(
    {
        "failedgeneration",
        "flaggedinput",
        "input",
        "inputvalue",
        "param",
        "delta",
        "content",
        "parts",
        "text",
        "messages",
        "output",
        "usage",
        "usagemetadata",
        "loc",
        "userid",
    }
)
_WORD: Final = re.compile(r"[A-Za-z][\w.:/-]{0,99}")
_VAGUE: Final = frozenset({"error", "responsefailed", "failed", "exception", "requestfail"})
_VAGUE_TEXT: Final = re.compile(
    r"(?i)(?:provider returned error|upstream error|bad request|error|invalid request|request failed)\W*"
)
_ADDRESS: Final = re.compile(r"(?:https?://|www\.)\S+")
_STATUS_TEXT: Final = re.compile(r"[45]\d\d")


class Evidence(msgspec.Struct, frozen=True, kw_only=True):
    """What was found.

    `words`: names as the provider wrote them, the deepest first. `message`: the sentence for people. `text`: all
    sentences, in lower case, without addresses. `ending`: how the answer ended, in the provider's word. `readable`:
    some of it was JSON.
    """

    words: tuple[str, ...] = ()
    message: str = ""
    text: str = ""
    status: int | None = None
    delay: float | None = None
    ending: str | None = None
    request_id: str | None = None
    flagged: bool = False
    readable: bool = False


def plain(name: str) -> str:
    """A name without case and punctuation: providers spell the same word in five ways."""
    return "".join(letter for letter in name.lower() if letter.isascii() and letter.isalnum())


def word_of(words: tuple[str, ...], known: frozenset[str]) -> str:
    """The word to show: the deepest one that means something, else the first that is not vague."""
    for word in words:
        if plain(word) in known:
            return word
    return next((word for word in reversed(words) if plain(word) not in _VAGUE), "")


class _Finder:
    """Walks through a value, within bounds, and notes what it meets."""

    def __init__(self) -> None:
        self.words: list[tuple[int, str]] = []
        self.sentences: list[str] = []
        self.status: int | None = None
        self.delay: float | None = None
        self.ending: str | None = None
        self.request_id: str | None = None
        self.flagged = False
        self.readable = False
        self._nodes = 0

    def walk(self, value: Json, depth: int = 0) -> None:
        """Notes what a value says, and what is inside it."""
        self._nodes += 1
        if depth > MAX_DEPTH or self._nodes > MAX_NODES:
            return
        if is_object(value):
            for name, inner in value.items():
                self._member(plain(name[:100]), inner, depth)
        elif is_list(value):
            for inner in value[:50]:
                self.walk(inner, depth + 1)
        elif isinstance(value, str) and depth <= 1:
            self._sentence(value, depth)

    def _member(self, name: str, value: Json, depth: int) -> None:
        if name in _FOREIGN:
            self.flagged = self.flagged or (name == "flaggedinput" and value is not None)
            return
        delay = in_member(name, value)
        if delay is not None:
            self.delay = delay if self.delay is None else self.delay
        elif isinstance(value, str):
            self._text(name, value, depth)
        elif is_object(value) or is_list(value):
            self._inside(name, value, depth)
        elif name in _STATUSES:
            self._note_status(value)

    def _inside(self, name: str, value: dict[str, Json] | list[Json], depth: int) -> None:
        if is_list(value) and name in _SENTENCES:
            for inner in value[:50]:
                if isinstance(inner, str):
                    self._sentence(inner, depth)
        self.walk(value, max(depth + 1, 2))

    def _text(self, name: str, value: str, depth: int) -> None:
        if name in _ENDINGS:
            self.ending = value or self.ending
        elif name in _REQUEST_IDS:
            self.request_id = value
        elif name in _STATUSES and _STATUS_TEXT.fullmatch(value):
            self._note_status(int(value))
        elif name in _NAMES and _WORD.fullmatch(value):
            self.words.append((depth, value.partition(":")[0]))
        elif name in _SENTENCES:
            self._sentence(value, depth)

    def _note_status(self, value: Json) -> None:
        if isinstance(value, int) and not isinstance(value, bool) and 400 <= value <= 599:
            self.status = value

    def _sentence(self, text: str, depth: int) -> None:
        inner = _decoded(text)
        if inner is not None:
            self.walk(inner, depth + 1)
        elif text.strip() and not is_markup(text):
            self.sentences.append(text[:MAX_TEXT])

    def found(self) -> Evidence:
        """Everything noted."""
        clear = [text for text in self.sentences if not _VAGUE_TEXT.fullmatch(text)]
        text = _ADDRESS.sub("", "\n".join(self.sentences)[:MAX_TEXT]).lower()
        return Evidence(
            words=tuple(word for _, word in sorted(self.words, key=lambda pair: -pair[0])),
            message=next(iter(clear or self.sentences), ""),
            text=text,
            status=self.status,
            delay=in_text(text) if self.delay is None else self.delay,
            ending=self.ending,
            request_id=self.request_id,
            flagged=self.flagged,
            readable=self.readable,
        )


def is_markup(text: str) -> bool:
    """Whether text is a page, not a sentence."""
    return text.lstrip("\ufeff \t\r\n").startswith("<")


def evidence_in(frame: Json) -> Evidence:
    """What an error value says."""
    finder = _Finder()
    finder.walk(frame)
    return finder.found()


def evidence_of(body: bytes, *, failed: bool) -> Evidence:
    """What a body says: one JSON document, events (`data:` lines), one document a line, or text.

    `failed`: the response is no success, so all of it is about the failure; else only its error frames are.
    """
    finder = _Finder()
    text = body[:MAX_BODY].decode("utf-8", "replace").lstrip("\ufeff")
    whole = _decoded(text)
    values = [whole] if whole is not None else _lines(text)
    finder.readable = bool(values)
    for value in values:
        _note(finder, value, failed=failed)
    if not values and failed and not is_markup(text) and not _is_scalar(text):
        finder.sentences.append(text.strip()[:MAX_TEXT])
    return finder.found()


def _is_scalar(text: str) -> bool:
    """Whether text says nothing: it is empty, or a number or a literal of JSON."""
    return not any(letter.isalpha() for letter in text) or text.strip() in {"null", "true", "false"}


def _lines(text: str) -> list[Json]:
    found: list[Json] = []
    for line in text.splitlines():
        value = _decoded(line.removeprefix("data:"))
        if value is not None:
            found.append(value)
    return found


def _decoded(text: str) -> Json:
    """The array or object of a JSON text; None for any other text."""
    if text.lstrip()[:1] not in {"{", "["}:
        return None
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError, UnicodeEncodeError):
        return None


def _note(finder: _Finder, value: Json, *, failed: bool) -> None:
    if failed or _is_error(value):
        finder.walk(value)
    elif is_object(value):
        finder.ending = _ending_in(value) or finder.ending


def _is_error(value: Json) -> bool:
    if not is_object(value):
        return False
    headers = value.get("headers")
    if is_object(headers) and headers.get(":message-type") == "exception":
        return True
    return bool(value.get("error")) or value.get("type") in ("error", "response.failed")


def _ending_in(value: dict[str, Json]) -> str | None:
    """How an answer ended, in the frames and documents of the known wires."""
    choices, candidates = value.get("choices"), value.get("candidates")
    places: list[Json] = [value, value.get("delta"), value.get("promptFeedback")]
    places += [*choices] if is_list(choices) else []
    places += [*candidates] if is_list(candidates) else []
    response = value.get("response")
    if is_object(response):
        places.append(response.get("incomplete_details"))
    for place in places:
        for name in ("blockReason", "finish_reason", "finishReason", "stop_reason", "reason"):
            found = place.get(name) if is_object(place) else None
            if isinstance(found, str) and found:
                return found
    return None
