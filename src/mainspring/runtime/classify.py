"""Owns what a failure of a model call is: one total function from what was seen to a `Failure`; it never raises.

The order of evidence: what we did or saw ourselves (a stop, the network), the provider's exact words, what its
sentences say, the status. Whether to try again is the class's own, unless the provider says so in `x-should-retry`;
money, keys and content are never tried again.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final, Literal

from msgspec import structs

from mainspring.model.errors import ErrorClass, ErrorType, Failure, ProviderInfo
from mainspring.model.values import Json, Value, encode_json
from mainspring.runtime.fault_classes import CLASSES
from mainspring.runtime.fault_delay import in_headers, in_limits
from mainspring.runtime.fault_evidence import Evidence, evidence_in, evidence_of, is_markup, plain, word_of
from mainspring.runtime.fault_rules import ENDINGS, KNOWN, class_of, never_fits
from mainspring.runtime.scrub import scrub

LONGEST_WAIT: Final = 120.0
"""Seconds: a longer wait than this is nobody's wish inside a call."""

MAX_DETAILS: Final = 2000
Trouble = Literal[
    "unreachable",
    "untrusted",
    "lost",
    "timeout",
    "malformed",
    "too_large",
    "web_page",
    "redirect",
    "nothing_called",
    "stopped",
]
"""What we saw ourselves: no connection; a certificate nobody vouches for; a connection or an answer cut short; one of
our bounds in time or size; an answer that is not the wire's, or a page; a call announced and not made; a stop."""

_OF_TROUBLE: Final[dict[Trouble, tuple[ErrorClass, str]]] = {
    "unreachable": ("network", "the provider {} cannot be reached"),
    "untrusted": ("network", "the certificate of {} is not trusted"),
    "lost": ("network", "the connection to {} was lost"),
    "timeout": ("timeout", "the provider {} did not answer in time"),
    "malformed": ("malformed_output", "the provider {} answered with something that cannot be read"),
    "too_large": ("malformed_output", "the provider {} answered with something that cannot be read"),
    "web_page": ("malformed_output", "the provider {} answered with something that cannot be read"),
    "redirect": ("unknown", "the provider {} redirects, which is not followed: check its base URL"),
    "nothing_called": ("malformed_output", "the provider {} announced a tool call and sent none"),
    "stopped": ("cancelled", "the call was stopped"),
}
_CODES: Final[dict[Trouble, str]] = {
    "lost": "CONNECTION_LOST",
    "untrusted": "TLS",
    "too_large": "MALFORMED",
    "web_page": "MALFORMED",
    "nothing_called": "MALFORMED",
}
_PERMANENT: Final[frozenset[Trouble | None]] = frozenset({"untrusted", "too_large", "redirect", "stopped"})
_REQUEST_IDS: Final = ("request-id", "x-request-id", "x-amzn-requestid", "apim-request-id", "cf-ray")


class Fault(Value, frozen=True, kw_only=True):
    """Everything that was seen of a failed call. `headers` by lower-case name; `secrets` must never be shown.

    `frame`: an error value out of a stream, with or without a `status`. `ending`: the finish reason, in the provider's
    word. `shown`: something of the answer was visible, or a tool was called. `now`: Unix seconds, for dates.
    """

    provider: str
    model: str | None = None
    status: int | None = None
    headers: Mapping[str, str] = {}
    body: bytes = b""
    frame: Json = None
    trouble: Trouble | None = None
    detail: str = ""
    ending: str | None = None
    shown: bool = False
    now: float | None = None
    secrets: tuple[str, ...] = ()


def error_type_of(name: ErrorClass) -> ErrorType:
    """The type clients know for a class."""
    return CLASSES[name].error_type


def classify(fault: Fault) -> Failure:
    """The failure, with everything that decides what comes next."""
    evidence = _evidence(fault)
    trouble = fault.trouble or _trouble_of(fault, evidence)
    name = _class(fault, evidence, trouble)
    retryable = _retryable(fault, evidence, name, trouble)
    delay = _delay(fault, evidence) if retryable and trouble is None else None
    near = delay is None or delay <= LONGEST_WAIT
    status = _status(fault, evidence)
    word = word_of(evidence.words, KNOWN) or (fault.ending or "")
    return Failure(
        error_type=CLASSES[name].error_type,
        message=_sentence(fault, evidence, trouble, name),
        retryable=retryable,
        source="provider",
        retry_after=delay,
        code=code_of(fault.provider, _code_word(trouble, status, word)),
        provider=_info(fault, evidence, status=status, word=word),
        error_class=name,
        inline_retry=retryable and near and not fault.shown and trouble != "web_page",
        fallback=not fault.shown and _helps_elsewhere(name, trouble),
        details=_details(fault) or None,
    )


def _evidence(fault: Fault) -> Evidence:
    if fault.frame is not None:
        return evidence_in(fault.frame)
    body = fault.body
    failed = fault.status is not None and fault.status >= 300
    found = evidence_of(body, failed=failed)
    kind = fault.headers.get("x-amzn-errortype", "").partition(":")[0]
    return structs.replace(found, words=(kind, *found.words)) if kind else found


def _trouble_of(fault: Fault, evidence: Evidence) -> Trouble | None:
    """What a response without an error says about itself: it is a page, it redirects, or it stops in the middle."""
    status = fault.status
    if status is not None and 300 <= status < 400:
        return "redirect"
    if (status is not None and status >= 400) or fault.frame is not None or fault.ending is not None:
        return None
    if evidence.words or evidence.text or evidence.ending is not None or evidence.status is not None:
        return None
    text = fault.body[:4096].decode("utf-8", "replace")
    if is_markup(text):
        return "web_page"
    if not text.strip():
        return None
    return "lost" if evidence.readable else "malformed"


def _status(fault: Fault, evidence: Evidence) -> int | None:
    """The status that speaks of the failure: a gateway's own says less than the one it passes on."""
    outer = fault.status if fault.status is not None and fault.status >= 300 else None
    if outer is None or (outer in {424, 500, 502} and evidence.status is not None):
        return evidence.status if evidence.status is not None else outer
    return outer


def _class(fault: Fault, evidence: Evidence, trouble: Trouble | None) -> ErrorClass:
    if trouble is not None:
        return _OF_TROUBLE[trouble][0]
    ending = fault.ending or evidence.ending
    found = class_of(evidence, _status(fault, evidence))
    if found is None and ending is not None:
        return ENDINGS.get(plain(ending), "unknown")
    if found is None:
        return "server_error" if evidence.text or evidence.words else "unknown"
    return found


def _retryable(fault: Fault, evidence: Evidence, name: ErrorClass, trouble: Trouble | None) -> bool:
    if CLASSES[name].final or trouble in _PERMANENT:
        return False
    if name == "rate_limit" and never_fits(evidence.text):
        return False
    told = {"true": True, "false": False}.get(fault.headers.get("x-should-retry", "").strip().lower())
    return CLASSES[name].passes if told is None else told


def _delay(fault: Fault, evidence: Evidence) -> float | None:
    delay = in_headers(fault.headers, fault.now)
    delay = evidence.delay if delay is None else delay
    return in_limits(fault.headers, fault.now) if delay is None else delay


def _helps_elsewhere(name: ErrorClass, trouble: Trouble | None) -> bool:
    """Whether another model may be asked by default: nothing is wrong with the request or with what was answered."""
    return CLASSES[name].elsewhere or (name == "malformed_output" and trouble in {"malformed", "web_page"})


def _sentence(fault: Fault, evidence: Evidence, trouble: Trouble | None, name: ErrorClass) -> str:
    lead = CLASSES[name].lead if trouble is None else _OF_TROUBLE[trouble][1]
    lead = lead.format(scrub(fault.provider, fault.secrets, limit=100))
    status = _status(fault, evidence)
    if trouble is None and status is not None and name in {"server_error", "unknown"}:
        lead += f" with status {status}"
    detail = scrub(fault.detail or ("" if trouble is not None else evidence.message), fault.secrets)
    sentence = f"{lead[:1].upper()}{lead[1:]}" + (f": {detail}" if detail else "")
    return sentence if sentence.endswith((".", "!", "?", "…")) else sentence + "."


def _code_word(trouble: Trouble | None, status: int | None, word: str) -> str:
    if trouble is not None and trouble != "redirect":
        return _CODES.get(trouble, trouble)
    return str(status) if status is not None else word or "ERROR"


def code_of(provider: str, word: str) -> str:
    """The stable code of a failure: `ANTHROPIC_429`."""
    return re.sub(r"\W+", "_", f"{provider}_{word}", flags=re.ASCII)[:80].upper()


def _info(fault: Fault, evidence: Evidence, *, status: int | None, word: str) -> ProviderInfo:
    request_id = next(
        (fault.headers[name] for name in _REQUEST_IDS if fault.headers.get(name)), evidence.request_id
    )
    return ProviderInfo(
        name=fault.provider,
        model=fault.model,
        status_code=status,
        error_type=scrub(word, fault.secrets, limit=100) or None,
        request_id=scrub(request_id, fault.secrets, limit=100) if request_id else None,
    )


def _details(fault: Fault) -> str:
    """What the provider said, for operators: at most 2 KB whatever it is written in."""
    frame = fault.frame
    said = fault.body[: 4 * MAX_DETAILS].decode("utf-8", "replace") if frame is None else _written(frame)
    clean = scrub(said, fault.secrets, limit=MAX_DETAILS)
    return clean.encode()[:MAX_DETAILS].decode("utf-8", "ignore")


def _written(frame: Json) -> str:
    try:
        return encode_json(frame).decode()
    except (TypeError, ValueError, OverflowError, RecursionError):
        return repr(frame)[: 4 * MAX_DETAILS]
