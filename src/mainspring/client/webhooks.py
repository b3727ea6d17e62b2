"""Owns tool calls that a server posts to an address of yours: their signature, its check, and answering them.

The signature is that of Standard Webhooks: HMAC-SHA256 over `id.timestamp.body`, in the headers `webhook-id`,
`webhook-timestamp` and `webhook-signature`. The id is the call's: the same at every attempt, the key of its effect.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final

import msgspec

from mainspring.client.errors import MainspringClientError
from mainspring.client.machine import Machine
from mainspring.client.tool_running import Runner
from mainspring.client.tools import ToolsGiven, tools_of
from mainspring.model.tool_work import CallAnswer, PulledCall
from mainspring.model.values import Json, Value, encode_json

ID: Final = "webhook-id"
TIMESTAMP: Final = "webhook-timestamp"
SIGNATURE: Final = "webhook-signature"
TOLERANCE: Final = 300.0
"""Seconds that the clocks of both sides may differ, with the way between them."""
TYPE: Final = "tool.call"
_PREFIX: Final = "whsec_"
_VERSION: Final = "v1"


class InvalidSignature(MainspringClientError):
    """A request was not signed with the secret, or long ago: do nothing of what it says, answer 401."""


class CallPosted(Value, frozen=True, kw_only=True):
    """The body of a request. `timestamp`: Unix seconds of this attempt."""

    type: str
    timestamp: int
    data: PulledCall


_decode = msgspec.json.Decoder(CallPosted).decode


@dataclass(frozen=True, slots=True)
class WebhookReply:
    """What to answer to a request: a status, and JSON."""

    status: int
    body: bytes
    content_type: str = "application/json"


def sign(secret: str, message_id: str, timestamp: int, body: bytes) -> str:
    """The signature of a body. `secret`: any text, or `whsec_` with base64. Raises `ValueError` for a bad one."""
    signed = f"{message_id}.{timestamp}.".encode() + body
    digest = hmac.digest(_key(secret), signed, hashlib.sha256)
    return f"{_VERSION},{base64.b64encode(digest).decode()}"


def _key(secret: str) -> bytes:
    if not secret:
        raise ValueError("a secret that is empty signs nothing")
    if not secret.startswith(_PREFIX):
        return secret.encode()
    try:
        return base64.b64decode(secret[len(_PREFIX) :], validate=True)
    except binascii.Error:
        raise ValueError("what follows `whsec_` has to be base64") from None


def verify(
    secret: str,
    headers: Mapping[str, str],
    body: bytes,
    *,
    now: float | None = None,
    tolerance: float = TOLERANCE,
) -> None:
    """Returns if the request was signed with the secret lately; raises `InvalidSignature` else.

    `headers`: in any case; `body`: the bytes as they came, before anything reads them. `now`: Unix seconds; None: the
    machine's clock. Several signatures, parted by spaces, are alternatives: a secret may be exchanged without a gap.
    """
    told = {name.lower(): value for name, value in headers.items()}
    message_id, timestamp, given = (told.get(name, "") for name in (ID, TIMESTAMP, SIGNATURE))
    if not (message_id and timestamp.isdecimal() and given):
        raise InvalidSignature(f"The headers {ID}, {TIMESTAMP} and {SIGNATURE} have to be there.")
    at = Machine().now() if now is None else now
    if len(timestamp) > 15 or abs(at - int(timestamp)) > tolerance:
        raise InvalidSignature("The request is too old, or a clock is wrong.")
    expected = sign(secret, message_id, int(timestamp), body).encode()
    matches = [hmac.compare_digest(expected, one.encode()) for one in given.split(" ")]
    if not any(matches):
        raise InvalidSignature("The signature is not one of this secret.")


class ToolEndpoint:
    """Answers posted calls by functions: give it each request of your address, in whatever web framework.

    Raises `InvalidTool` for what cannot be a tool.
    """

    def __init__(self, tools: ToolsGiven, *, secret: str, threads: int = 32) -> None:
        self._secret = secret
        pool = ThreadPoolExecutor(threads, thread_name_prefix="mainspring-tool")
        self._runner = Runner(tools_of(tools), pool, _unasked)

    async def answer(self, headers: Mapping[str, str], body: bytes) -> WebhookReply:
        """Checks the signature, runs the function, and gives what to answer."""
        try:
            verify(self._secret, headers, body)
        except InvalidSignature as error:
            return _reply(401, {"error": str(error)})
        try:
            posted = _decode(body)
        except (msgspec.DecodeError, RecursionError) as error:
            return _reply(400, {"error": f"The body is not a call: {error}"})
        if posted.type != TYPE:
            return _reply(400, {"error": f"The body is a {posted.type!r}, not a {TYPE!r}."})
        return WebhookReply(200, encode_json(_told(await self._runner.answer(posted.data))))


def _unasked(_answer: CallAnswer) -> None:
    """Answers go back with the request."""


def _told(answer: CallAnswer) -> dict[str, Json]:
    if answer.error is None:
        return {"result": answer.result, "files": [msgspec.to_builtins(file) for file in answer.files]}
    told: dict[str, Json] = {"error": answer.error, "retryable": answer.retryable}
    return told if answer.retry_after is None else {**told, "retryAfter": answer.retry_after}


def _reply(status: int, body: dict[str, Json]) -> WebhookReply:
    return WebhookReply(status, encode_json(body))
