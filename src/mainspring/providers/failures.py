"""Owns turning what a provider, its answer or the network did wrong into a `Failure`: total, never raises, no secrets.

The table is that of the public event contract: the status decides, unless the provider's own word says more.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import Final

import msgspec

from mainspring.model.errors import ErrorType, Failure, ProviderError, ProviderInfo
from mainspring.model.values import Json
from mainspring.providers.json_shape import is_list, is_object

MAX_MESSAGE: Final = 500
_HIDDEN: Final = "[hidden]"
_RETRYABLE: Final = frozenset(
    {"rate_limit_error", "provider_error", "provider_overloaded", "provider_timeout"}
)

_BY_STATUS: Final[dict[int, ErrorType]] = {
    400: "validation_error",
    401: "authentication_error",
    402: "quota_exceeded_error",
    403: "permission_error",
    404: "not_found_error",
    405: "validation_error",
    408: "provider_timeout",
    409: "provider_error",
    413: "validation_error",
    415: "validation_error",
    422: "validation_error",
    425: "provider_error",
    429: "rate_limit_error",
    503: "provider_overloaded",
    504: "provider_timeout",
    529: "provider_overloaded",
}
# The provider's own words, for frames inside a 200, which have no status.
_BY_WORD: Final[dict[str, ErrorType]] = {
    "invalid_request_error": "validation_error",
    "request_too_large": "validation_error",
    "context_length_exceeded": "validation_error",
    "authentication_error": "authentication_error",
    "invalid_api_key": "authentication_error",
    "permission_error": "permission_error",
    "not_found_error": "not_found_error",
    "model_not_found": "not_found_error",
    "rate_limit_error": "rate_limit_error",
    "rate_limit_exceeded": "rate_limit_error",
    "insufficient_quota": "quota_exceeded_error",
    "billing_error": "quota_exceeded_error",
    "billing_not_active": "quota_exceeded_error",
    "billing_hard_limit_reached": "quota_exceeded_error",
    "overloaded_error": "provider_overloaded",
    "timeout_error": "provider_timeout",
    "exceed_context_size_error": "validation_error",
}
# Words that say more than any status.
_BEYOND_STATUS: Final = frozenset(
    {
        "insufficient_quota",
        "billing_error",
        "billing_not_active",
        "billing_hard_limit_reached",
        "overloaded_error",
    }
)
_LEAD: Final[dict[ErrorType, str]] = {
    "validation_error": "the provider {} refused the request",
    "authentication_error": "the provider {} refused the API key",
    "permission_error": "the provider {} does not allow this with the API key",
    "not_found_error": "the provider {} does not know the model or the address",
    "rate_limit_error": "the provider {} limits the rate of requests",
    "quota_exceeded_error": "the provider {} reports that the quota is used up",
    "provider_overloaded": "the provider {} is overloaded",
    "provider_timeout": "the provider {} did not answer in time",
}
_SECRET: Final = re.compile(
    r"\b(?:sk|pk|rk|gsk|xai|hf|csk|nvapi|pplx|tgp|fw|r8)[-_][\w*.-]{6,}"
    r"|\bAIza[\w*-]{10,}|\beyJ[\w-]{8,}\.[\w-]+(?:\.[\w-]+)?"
    r"|(?i:\b(?:bearer|basic)\s+)[\w.~+/*=-]{6,}"
    r"|(?i:\b(?:api[-_]?key|access[-_]?token|token|secret|password)[\"']?\s*[=:]\s*[\"']?)[\w.~+/*-]{6,}"
    r"|\b[\w-]*\*{3,}[\w*-]*"
    r"|\b(?=[A-Za-z_-]*\d)(?=\w*[A-Za-z])[A-Za-z0-9_-]{40,}"
)
_SPACE: Final = re.compile(r"[\s\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_WORD: Final = re.compile(r"[\w.:-]{1,80}")


class Evidence(msgspec.Struct, frozen=True):
    """What an error body or frame says, as far as it says anything."""

    word: str = ""
    message: str = ""
    status: int | None = None


def scrub(text: str, secrets: tuple[str, ...] = ()) -> str:
    """One line without keys, tokens or control characters, of at most 500 characters."""
    for secret in secrets:
        if secret:
            text = text.replace(secret, _HIDDEN)
    text = _SECRET.sub(_HIDDEN, text[: 20 * MAX_MESSAGE])
    text = _SPACE.sub(" ", text).strip()
    return text if len(text) <= MAX_MESSAGE else text[: MAX_MESSAGE - 1] + "…"


class Failures:
    """Makes the failures of one call: knows who is called, for which model, and what must never be shown."""

    def __init__(self, provider: str, *, model: str | None = None, secrets: tuple[str, ...] = ()) -> None:
        self.provider = provider
        self.model = model
        self._secrets = secrets

    def response(self, status: int, headers: Mapping[str, str], body: bytes) -> ProviderError:
        """A response with a status that is not a success; `headers` by lower-case name."""
        return self.judge(evidence_of(body), status=status, headers=headers)

    def frame(self, frame: Json) -> ProviderError:
        """An error frame inside a successful response."""
        evidence = evidence_in(frame)
        return self.judge(evidence, status=evidence.status)

    def judge(
        self, evidence: Evidence, *, status: int | None = None, headers: Mapping[str, str] | None = None
    ) -> ProviderError:
        """The class of a failure by the provider's word and the status."""
        headers = headers or {}
        error_type = _class_of(evidence.word, status)
        lead = _LEAD.get(error_type, "the provider {} failed").format(self.provider)
        if status is not None and error_type == "provider_error":
            lead += f" with status {status}"
        retryable = {"true": True, "false": False}.get(headers.get("x-should-retry", ""))
        request_id = headers.get("request-id") or headers.get("x-request-id")
        return ProviderError(
            Failure(
                error_type=error_type,
                message=self._sentence(lead, evidence.message),
                retryable=error_type in _RETRYABLE if retryable is None else retryable,
                source="provider",
                retry_after=retry_after(headers),
                code=self._code(str(status) if status is not None else evidence.word or "ERROR"),
                provider=self._info(status, evidence.word, request_id),
            )
        )

    def lost(self, detail: str) -> ProviderError:
        """The connection broke, or the answer ended before it was complete."""
        return self._own(
            "provider_error", "CONNECTION_LOST", f"the connection to {self.provider} was lost", detail
        )

    def unreachable(self, detail: str) -> ProviderError:
        """No connection could be made."""
        return self._own(
            "provider_error", "UNREACHABLE", f"the provider {self.provider} cannot be reached", detail
        )

    def untrusted(self, detail: str) -> ProviderError:
        """The provider's certificate is not to be trusted: trying again does not help."""
        failure = self._own(
            "provider_error", "TLS", f"the certificate of {self.provider} is not trusted", detail
        )
        return ProviderError(msgspec.structs.replace(failure.failure, retryable=False))

    def timeout(self, detail: str) -> ProviderError:
        """The provider took longer than one of our own bounds."""
        return self._own(
            "provider_timeout", "TIMEOUT", f"the provider {self.provider} did not answer in time", detail
        )

    def malformed(self, detail: str) -> ProviderError:
        """The answer is not what the wire allows."""
        lead = f"the provider {self.provider} answered with something that cannot be read"
        return self._own("provider_error", "MALFORMED", lead, detail)

    def refused(self, error_type: ErrorType, word: str, message: str) -> ProviderError:
        """The call was not made at all: no key, no wire, no such script."""
        return self._own(error_type, word, message, "")

    def _own(self, error_type: ErrorType, word: str, lead: str, detail: str) -> ProviderError:
        return ProviderError(
            Failure(
                error_type=error_type,
                message=self._sentence(lead, detail),
                retryable=error_type in _RETRYABLE,
                source="provider",
                code=self._code(word),
                provider=self._info(None, "", None),
            )
        )

    def _sentence(self, lead: str, detail: str) -> str:
        detail = scrub(detail, self._secrets)
        sentence = f"{lead[:1].upper()}{lead[1:]}" + (f": {detail}" if detail else "")
        return sentence if sentence.endswith((".", "!", "?", "…")) else sentence + "."

    def _code(self, word: str) -> str:
        name = re.sub(r"\W+", "_", f"{self.provider}_{word}", flags=re.ASCII)
        return name[:80].upper()

    def _info(self, status: int | None, word: str, request_id: str | None) -> ProviderInfo:
        return ProviderInfo(
            name=self.provider,
            model=self.model,
            status_code=status,
            error_type=word or None,
            request_id=scrub(request_id, self._secrets)[:100] if request_id else None,
        )


def _class_of(word: str, status: int | None) -> ErrorType:
    if word in _BEYOND_STATUS or status is None or status < 400:
        return _BY_WORD.get(word, "provider_error")
    found = _BY_STATUS.get(status)
    if found is not None:
        return found
    return "provider_error" if status >= 500 else "validation_error"


def retry_after(headers: Mapping[str, str]) -> float | None:
    """The seconds a response asks to wait: `retry-after-ms`, `retry-after` in seconds or as a date.

    A date counts from the response's own `date`, so a wrong clock on either side does no harm.
    """
    milliseconds = _number(headers.get("retry-after-ms", ""))
    if milliseconds is not None:
        return milliseconds / 1000
    value = headers.get("retry-after", "")
    seconds = _number(value)
    if seconds is not None or not value or "date" not in headers:
        return seconds
    try:
        wait = parsedate_to_datetime(value) - parsedate_to_datetime(headers["date"])
    except (ValueError, TypeError, OverflowError):
        return None
    return max(0.0, wait.total_seconds())


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if 0 <= value < 1e9 else None


def evidence_of(body: bytes) -> Evidence:
    """What an error body says, whatever its shape."""
    try:
        return evidence_in(msgspec.json.decode(body))
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        text = body[:4096].decode("utf-8", "replace").strip()
        return Evidence(message="" if text.startswith("<") else text)


def evidence_in(frame: Json, depth: int = 0) -> Evidence:
    """What an error value says: an object, text, a list of either, or JSON inside text."""
    if depth > 4:
        return Evidence()
    if isinstance(frame, str):
        return _inside_text(frame, depth)
    if is_list(frame):
        return evidence_in(frame[0], depth + 1) if frame else Evidence()
    if not is_object(frame):
        return Evidence()
    inner = frame.get("error")
    if inner:
        found = evidence_in(inner, depth + 1)
        return found if found.word or found.message else _of_object(frame)
    return _of_object(frame)


def _inside_text(text: str, depth: int) -> Evidence:
    if text.lstrip().startswith(("{", "[")):
        try:
            found = evidence_in(msgspec.json.decode(text), depth + 1)
        except (msgspec.DecodeError, RecursionError):
            found = Evidence()
        if found.word or found.message:
            return found
    return Evidence(message=text)


def _of_object(frame: dict[str, Json]) -> Evidence:
    words = [str(frame[key]) for key in ("code", "type", "status") if isinstance(frame.get(key), str)]
    words = [word for word in words if _WORD.fullmatch(word)]
    known = [word for word in words if word in _BY_WORD]
    message = next(
        (frame[key] for key in ("message", "detail", "msg") if isinstance(frame.get(key), str)), ""
    )
    status = next((frame[key] for key in ("code", "status") if _is_status(frame.get(key))), None)
    return Evidence(word=(known or words or [""])[0], message=message, status=status)


def _is_status(value: Json) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 400 <= value <= 599
