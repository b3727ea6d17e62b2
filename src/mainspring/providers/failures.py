"""Owns the failures of one call of one provider: what was seen goes to the classifier, with whose call it was."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

import msgspec

from mainspring.model.errors import ErrorClass, ErrorType, Failure, ProviderError, ProviderInfo
from mainspring.model.values import Json, encode_json
from mainspring.runtime.classify import Fault, Trouble, classify, code_of
from mainspring.runtime.scrub import scrub

_REFUSALS: Final[dict[ErrorType, ErrorClass]] = {
    "authentication_error": "auth",
    "validation_error": "invalid_request",
    "not_found_error": "not_found",
}


class Failures:
    """Makes the failures of one call: knows who is called, for which model, and what must never be shown.

    `now` gives Unix seconds, for waits that are said as a date.
    """

    def __init__(
        self,
        provider: str,
        *,
        model: str | None = None,
        secrets: tuple[str, ...] = (),
        now: Callable[[], float] | None = None,
    ) -> None:
        self.provider = provider
        self.model = model
        self._secrets = secrets
        self._now = now

    def response(self, status: int, headers: Mapping[str, str], body: bytes) -> ProviderError:
        """A response with a status that is not a success; `headers` by lower-case name."""
        return self._judge(self._fault(status=status, headers=headers, body=body))

    def frame(self, frame: Json) -> ProviderError:
        """An error frame inside a successful response."""
        return self._judge(self._fault(frame=frame))

    def ended(self, reason: str) -> ProviderError:
        """The answer ended for a reason that is no success, in the provider's word."""
        return self._judge(self._fault(ending=reason))

    def told(
        self, *, status: int | None, headers: Mapping[str, str], word: str, message: str
    ) -> ProviderError:
        """A failure as a script describes it."""
        body = encode_json({"error": {"type": word or None, "message": message or None}})
        if status is None:
            return self.frame(msgspec.json.decode(body))
        return self.response(status, headers, body)

    def lost(self, detail: str) -> ProviderError:
        """The connection broke, or the answer ended before it was complete."""
        return self._seen("lost", detail)

    def unreachable(self, detail: str) -> ProviderError:
        """No connection could be made."""
        return self._seen("unreachable", detail)

    def untrusted(self, detail: str) -> ProviderError:
        """The provider's certificate is not to be trusted: trying again does not help."""
        return self._seen("untrusted", detail)

    def timeout(self, detail: str) -> ProviderError:
        """The provider took longer than one of our own bounds."""
        return self._seen("timeout", detail)

    def malformed(self, detail: str) -> ProviderError:
        """The answer is not what the wire allows."""
        return self._seen("malformed", detail)

    def too_large(self, detail: str) -> ProviderError:
        """The answer, or a piece of it, is larger than any provider has reason to send."""
        return self._seen("too_large", detail)

    def web_page(self) -> ProviderError:
        """The answer is a page for people."""
        return self._seen("web_page", "it is a web page; check the base URL")

    def redirect(self, status: int) -> ProviderError:
        """The provider wants us to go elsewhere."""
        return self._judge(self._fault(status=status, trouble="redirect"))

    def nothing_called(self) -> ProviderError:
        """The answer ends for a tool call and has none."""
        return self._seen("nothing_called", "")

    def refused(self, error_type: ErrorType, word: str, message: str) -> ProviderError:
        """The call was not made at all: no key, no wire, no such script."""
        message = scrub(message, self._secrets)
        sentence = f"{message[:1].upper()}{message[1:]}"
        return ProviderError(
            Failure(
                error_type=error_type,
                message=sentence if sentence.endswith((".", "!", "?", "…")) else sentence + ".",
                retryable=False,
                source="provider",
                code=code_of(self.provider, word),
                provider=ProviderInfo(name=self.provider, model=self.model),
                error_class=_REFUSALS.get(error_type, "unknown"),
            )
        )

    def _seen(self, trouble: Trouble, detail: str) -> ProviderError:
        return self._judge(self._fault(trouble=trouble, detail=detail))

    def _fault(self, **seen: object) -> Fault:
        whose = Fault(provider=self.provider, model=self.model, secrets=self._secrets)
        return msgspec.structs.replace(whose, now=None if self._now is None else self._now(), **seen)

    @staticmethod
    def _judge(fault: Fault) -> ProviderError:
        return ProviderError(classify(fault))
