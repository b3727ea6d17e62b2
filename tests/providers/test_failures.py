"""Failures of a call: the table of the event contract, any shape of body, nothing secret, never an exception."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mainspring.model.errors import Failure
from mainspring.providers.failures import Failures
from mainspring.runtime.scrub import scrub

FAILURES = Failures("acme", model="m", secrets=("hunter2secret", ""))


def of_status(status: int, body: object = None, **headers: str) -> Failure:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return FAILURES.response(status, named, data).failure


@pytest.mark.parametrize(
    ("status", "error_type", "retryable"),
    [
        (400, "validation_error", False),
        (401, "authentication_error", False),
        (402, "quota_exceeded_error", False),
        (403, "permission_error", False),
        (404, "not_found_error", False),
        (408, "provider_timeout", True),
        (413, "validation_error", False),
        (418, "validation_error", False),
        (422, "validation_error", False),
        (429, "rate_limit_error", True),
        (500, "provider_error", True),
        (502, "provider_error", True),
        (503, "provider_overloaded", True),
        (504, "provider_timeout", True),
        (529, "provider_overloaded", True),
        (599, "provider_error", True),
    ],
)
def test_the_status_gives_the_class(status: int, error_type: str, retryable: bool) -> None:
    failure = of_status(status, {"error": {"message": "no", "type": "a_type"}}, request_id="req_1")
    assert (failure.error_type, failure.retryable) == (error_type, retryable)
    assert failure.code == f"ACME_{status}"
    assert failure.source == "provider"
    assert failure.provider is not None
    assert failure.provider.status_code == status
    assert failure.provider.error_type == "a_type"
    assert failure.provider.request_id == "req_1"
    assert (failure.provider.name, failure.provider.model) == ("acme", "m")


@pytest.mark.parametrize(
    ("status", "body", "error_type"),
    [
        (
            429,
            {"error": {"code": "insufficient_quota", "type": "insufficient_quota"}},
            "quota_exceeded_error",
        ),
        (429, {"error": {"type": "tokens", "code": "rate_limit_exceeded"}}, "rate_limit_error"),
        (
            403,
            {"type": "error", "error": {"type": "billing_error", "message": "pay"}},
            "quota_exceeded_error",
        ),
        (500, {"type": "error", "error": {"type": "overloaded_error"}}, "provider_overloaded"),
        (200, {"error": {"type": "timeout_error"}}, "provider_timeout"),
    ],
)
def test_a_clear_word_beats_the_status(status: int, body: object, error_type: str) -> None:
    assert of_status(status, body).error_type == error_type


@pytest.mark.parametrize(
    "body",
    [
        {"error": {"message": "it broke"}},
        {"error": "it broke"},
        [{"error": {"message": "it broke"}}],
        {"error": [{"message": "it broke"}]},
        {"message": "it broke"},
        {"detail": "it broke"},
        {"error": '{"error": {"message": "it broke"}}'},
        {"error": {"code": 500}, "message": "it broke"},
        b"it broke",
        b"  it\r\n\x00 broke ",
    ],
)
def test_the_message_is_found_in_any_shape(body: object) -> None:
    assert "it broke" in of_status(500, body).message


@pytest.mark.parametrize(
    "body", [b"<html>secret page</html>", b"", {}, [], None, 7, {"error": None}, {"error": 7}]
)
def test_without_a_message_there_is_still_a_sentence(body: object) -> None:
    assert of_status(500, body).message == "The provider acme failed with status 500."


@given(
    st.integers(200, 599), st.binary(max_size=60), st.dictionaries(st.text(max_size=9), st.text(max_size=9))
)
def test_anything_gives_a_failure(status: int, body: bytes, headers: dict[str, str]) -> None:
    failure = FAILURES.response(status, headers, body).failure
    assert failure.message.startswith("The provider acme")
    assert "\n" not in failure.message


def test_a_deep_body_gives_a_failure() -> None:
    assert of_status(500, b"[" * 100_000).error_type == "provider_error"
    nested: object = "deep"
    for _ in range(20):
        nested = {"error": nested}
    assert of_status(500, nested).message == "The provider acme failed with status 500."
    assert of_status(500, b'{"error": "' + b"[" * 9_000 + b'"}').error_type == "provider_error"


@pytest.mark.parametrize(
    "secret",
    [
        "hunter2secret",
        "sk-proj-abcDEF123456",
        "sk-ant-api03-abc_DEF-123",
        "sk-abc***************wxyz",
        "AIzaSyA1234567890abcdefgh",
        "Bearer abc.def-123456",
        "gsk_abcdef123456",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc",
        "api_key=abcdef123456",
        "9f8e7d6c5b4a39281706f5e4d3c2b1a09f8e7d6c5b4a",
    ],
)
def test_no_secret_is_shown(secret: str) -> None:
    failure = of_status(
        401, {"error": {"message": f"Incorrect API key provided: {secret}. See https://x.org/keys."}}
    )
    kept = secret.removeprefix("Bearer ").removeprefix("api_key=")
    assert kept not in failure.message
    assert "[hidden]" in failure.message
    assert "https://x.org/keys" in failure.message


def test_ordinary_words_are_shown() -> None:
    words = "The model `gpt-4.1-mini` needs max_tokens <= 128000 (task-sk-learn) in req_0123456789abcdef"
    assert scrub(words) == words
    assert len(scrub("long " * 1000)) == 500


def test_the_time_to_wait_may_be_a_date() -> None:
    date = "Wed, 21 Oct 2026 07:28:30 GMT"
    assert FAILURES.response(429, {"retry-after": date}, b"").failure.retry_after is None
    dated = Failures("acme", now=lambda: 1792567700.0)
    assert dated.response(429, {"retry-after": date}, b"").failure.retry_after == 10.0


def test_the_provider_may_say_whether_to_try_again() -> None:
    assert not of_status(500, x_should_retry="false").retryable
    assert of_status(409, x_should_retry="true").retryable


def test_our_own_failures() -> None:
    lost, timeout = FAILURES.lost("").failure, FAILURES.timeout("").failure
    assert (lost.code, lost.error_type, lost.retryable) == ("ACME_CONNECTION_LOST", "provider_error", True)
    assert (timeout.code, timeout.error_type, timeout.retryable) == ("ACME_TIMEOUT", "provider_timeout", True)
    assert (
        FAILURES.unreachable("no route").failure.message == "The provider acme cannot be reached: no route."
    )
    assert not FAILURES.untrusted("self-signed").failure.retryable
    assert FAILURES.ended("insufficient_system_resource").failure.error_type == "provider_overloaded"
    assert FAILURES.nothing_called().failure.error_class == "malformed_output"
    assert FAILURES.refused("validation_error", "X Y", "no").failure.code == "ACME_X_Y"
