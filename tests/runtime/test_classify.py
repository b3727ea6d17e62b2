"""The classifier: the wire formats of many providers, recorded failures where they are at hand, and any bytes at all.

`failures.jsonl` holds one failure a line, written after the providers' wire formats: status, headers, body, and the
classes that are right. The recorded ones are other people's texts and lie beside the checkout, not in it.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mainspring.model.errors import ErrorClass, ErrorType
from mainspring.runtime.classify import LONGEST_WAIT, Fault, Trouble, classify, error_type_of
from mainspring.runtime.fault_delay import duration, in_headers, in_limits, in_member, in_text
from mainspring.runtime.fault_evidence import evidence_in, evidence_of

NOW = 1_700_000_000.0
FINAL = ("quota_exceeded", "auth", "content_filter", "permission")
WRITTEN = [
    json.loads(line)
    for line in (Path(__file__).parent / "failures.jsonl").read_text(encoding="utf-8").splitlines()
]
RECORDED = Path(__file__).parents[3] / "shared" / "corpus" / "errors.jsonl"
SEEN: dict[str, Trouble] = {
    "dns_nxdomain": "unreachable",
    "connect_blackhole": "timeout",
    "tls_self_signed": "untrusted",
    "reset_before_response": "lost",
    "fin_before_response": "lost",
    "reset_after_body": "lost",
    "fin_without_last_chunk": "lost",
    "content_length_short": "lost",
    "stall_before_response": "timeout",
    "stall_after_headers": "timeout",
    "stall_after_body": "timeout",
    "repeat_comment": "timeout",
    "client_abort_after_body": "stopped",
}


def fault(**seen: Any) -> Fault:
    return Fault(provider="acme", model="m", now=NOW, **seen)


def of_body(status: int | None, body: Any, **headers: str) -> Fault:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return fault(status=status, body=data, headers={k.replace("_", "-"): v for k, v in headers.items()})


@pytest.mark.parametrize("case", WRITTEN, ids=lambda case: f"{case['status']}-{case['class'][0]}")
def test_what_providers_write(case: dict[str, Any]) -> None:
    found = classify(
        fault(status=case["status"], headers=case.get("headers", {}), body=case["body"].encode())
    )
    assert found.error_class in case["class"], found
    assert found.retryable == case.get("retryable", found.retryable), found
    assert found.retry_after == case.get("delay", found.retry_after), found
    assert found.error_class not in FINAL or not (found.retryable or found.fallback)
    assert "\n" not in found.message
    assert "<" not in found.message.replace("<= ", "").replace("<ak-y>", "")


def test_the_recorded_failures() -> None:
    if not RECORDED.is_file():
        pytest.skip("the recorded failures are not beside this checkout")
    classes: list[bool] = []
    retries: list[bool] = []
    for line in RECORDED.read_text(encoding="utf-8").splitlines():
        case = json.loads(line)
        expected, graded = case["expected"], case["expected"]["graded"]
        network = (case.get("network") or {}).get("fault", "none")
        found = classify(
            Fault(
                provider=case["provider"],
                status=case["status"],
                headers=case["headers"],
                body=(case["body"] or "").encode(),
                trouble=SEEN.get(network),
                shown=case["output_before_error"] != "none",
                now=NOW,
            )
        )
        if "class" in graded:
            classes.append(found.error_class in (expected["class"], *expected["class_also_ok"]))
        if "retryable" in graded:
            retries.append(found.retryable == expected["retryable"])
        if "retry_after_s" in graded:
            assert found.retry_after == expected["retry_after_s"], case["id"]
        if "fallback_by_default" in graded:
            assert found.fallback == expected["fallback_by_default"], case["id"]
        if expected["class"] in FINAL:
            assert not found.retryable, case["id"]
    assert sum(classes) / len(classes) >= 0.97
    assert sum(retries) / len(retries) >= 0.99


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                ["error", "message", "code", "type", "status", "details", "retryDelay", "metadata"]
            )
            | st.text(max_size=8),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)
HEADERS = st.dictionaries(
    st.sampled_from(
        [
            "retry-after",
            "retry-after-ms",
            "date",
            "x-should-retry",
            "x-ratelimit-remaining",
            "x-ratelimit-reset",
        ]
    )
    | st.text(max_size=9),
    st.text(max_size=12) | st.sampled_from(["0", "1e999", "nan", "99999999999999999999", "Mon, 32 Foo"]),
    max_size=4,
)


@given(
    status=st.none() | st.integers(-1, 700),
    headers=HEADERS,
    body=st.binary(max_size=200) | JSON.map(lambda value: json.dumps(value).encode()),
    frame=st.none() | JSON,
    trouble=st.none() | st.sampled_from(get_args(Trouble)),
    ending=st.none() | st.text(max_size=12),
    shown=st.booleans(),
    provider=st.text(max_size=8),
)
def test_anything_is_a_failure(**seen: Any) -> None:
    found = classify(Fault(now=NOW, **seen))
    assert found.error_class in get_args(ErrorClass)
    assert found.error_type in get_args(ErrorType)
    assert found.message.endswith((".", "!", "?", "…"))
    assert "\n" not in found.message
    assert len((found.details or "").encode()) <= 2048
    assert found.retry_after is None or found.retry_after >= 0
    assert not (found.error_class in FINAL and (found.retryable or found.fallback))
    assert not (found.inline_retry and (seen["shown"] or not found.retryable))


def test_every_class_has_a_type() -> None:
    assert {error_type_of(name) for name in get_args(ErrorClass)} <= set(get_args(ErrorType))


def test_what_was_shown_is_not_tried_again_by_itself() -> None:
    busy = of_body(503, {"error": {"message": "busy"}})
    assert classify(busy).inline_retry
    assert classify(busy).fallback
    shown = classify(Fault(provider="acme", status=503, shown=True))
    assert (shown.retryable, shown.inline_retry, shown.fallback) == (True, False, False)


def test_a_long_wait_is_told_and_not_waited() -> None:
    found = classify(of_body(429, {}, retry_after="121"))
    assert (found.retry_after, found.retryable, found.inline_retry) == (121.0, True, False)
    assert classify(of_body(429, {}, retry_after=str(LONGEST_WAIT))).inline_retry


def test_the_provider_decides_about_trying_again_but_not_about_money_keys_and_content() -> None:
    assert not classify(of_body(500, {}, x_should_retry="false")).retryable
    assert classify(of_body(400, {}, x_should_retry="true")).retryable
    for status in (401, 402, 403):
        assert not classify(of_body(status, {}, x_should_retry="true")).retryable


def test_what_a_model_or_a_user_wrote_is_no_evidence() -> None:
    said = {"error": {"message": "no", "failed_generation": "rate limit insufficient_quota", "input": "401"}}
    assert classify(of_body(400, said)).error_class == "invalid_request"
    delta = {"choices": [{"delta": {"content": "rate limit"}, "finish_reason": "stop"}]}
    assert classify(of_body(200, delta)).error_class == "unknown"


def test_a_stream_that_says_nothing_of_its_end_was_lost() -> None:
    lost = classify(of_body(200, b'data: {"choices":[{"delta":{"content":"Hel"}}]}\n\n'))
    assert (lost.error_class, lost.code) == ("network", "ACME_CONNECTION_LOST")
    assert classify(of_body(200, b"data: {unparsable}\n\n")).error_class == "malformed_output"
    assert classify(of_body(None, b"")).error_class == "unknown"


def test_pages_and_redirects() -> None:
    page = classify(of_body(200, b"<!DOCTYPE html><html><body>Sign in</body></html>"))
    assert (page.error_class, page.inline_retry, page.fallback) == ("malformed_output", False, True)
    moved = classify(of_body(307, b"", location="http://10.0.0.1/"))
    assert (moved.error_class, moved.retryable, moved.code) == ("unknown", False, "ACME_307")


def test_ends_that_are_failures() -> None:
    classes = {
        word: classify(fault(ending=word)).error_class
        for word in ("RECITATION", "insufficient_system_resource", "MALFORMED_FUNCTION_CALL", "error", "what")
    }
    assert list(classes.values()) == [
        "content_filter",
        "overloaded",
        "malformed_output",
        "server_error",
        "unknown",
    ]


def test_a_gateway_passes_on_the_status_of_whom_it_asked() -> None:
    assert classify(of_body(502, {"error": {"message": "no", "code": 400}})).error_class == "invalid_request"
    assert classify(of_body(429, {"error": {"message": "no", "code": 500}})).error_class == "rate_limit"


def test_details_are_for_operators_and_hold_no_key() -> None:
    body = {
        "error": {"message": "Bad key hunter2 given", "type": "authentication_error"},
        "trace": "é" * 3000,
    }
    found = classify(
        Fault(
            provider="acme",
            status=401,
            body=json.dumps(body, ensure_ascii=False).encode(),
            secrets=("hunter2",),
        )
    )
    assert found.details is not None
    assert "hunter2" not in found.details + found.message
    assert "authentication_error" in found.details
    assert len(found.details.encode()) <= 2048


def test_a_request_id_from_the_body() -> None:
    found = classify(of_body(400, {"error": {"message": "no"}, "request_id": "req_7"}))
    assert found.provider is not None
    assert found.provider.request_id == "req_7"


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("18.642s", 18.642),
        ("174ms", 0.174),
        ("9m38.016s", 578.016),
        ("1h", 3600.0),
        ("2 minutes and 5 seconds", 125.0),
        ("20", 20.0),
        ("soon", None),
        ("5 apples", None),
        ("-1", None),
        ("nan", None),
        ("1e999", None),
        ("", None),
    ],
)
def test_durations(text: str, seconds: float | None) -> None:
    assert duration(text) == seconds


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("please try again in 18.642s. visit", 18.642),
        ("please retry in 12s.", 12.0),
        ("please retry after 86400 seconds.", 86400.0),
        ("try again after 1 minute", 60.0),
        ("limit 30000, used 14567", None),
        ("resets in 2h30m", 9000.0),
        ("we will be back soon", None),
    ],
)
def test_waits_in_sentences(text: str, seconds: float | None) -> None:
    assert in_text(text) == seconds


@pytest.mark.parametrize(
    ("name", "value", "seconds"),
    [
        ("retryDelay", "34.4s", 34.4),
        ("retryDelay", {"seconds": 9, "nanos": 500_000_000}, 9.5),
        ("retry_after", 7, 7.0),
        ("retry_after_ms", 1500, 1.5),
        ("retry_after_ms", "x", None),
        ("retryAfterSeconds", "8", 8.0),
        ("retry_after", True, None),
        ("retry_after", 10**400, None),
        ("other", 7, None),
    ],
)
def test_waits_in_members(name: str, value: Any, seconds: float | None) -> None:
    assert in_member(name, value) == seconds


DATE = "Wed, 21 Oct 2026 07:28:30 GMT"


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "20"}, 20.0),
        ({"retry-after": "1.5"}, 1.5),
        ({"retry-after": "2", "retry-after-ms": "1500"}, 1.5),
        ({"retry-after": "2", "retry-after-ms": "soon"}, 2.0),
        ({"retry-after": "6m0s"}, 360.0),
        ({"retry-after": "soon", "date": DATE}, None),
        ({"retry-after": DATE, "date": "Wed, 21 Oct 2026 07:28:00 GMT"}, 30.0),
        ({"retry-after": DATE, "date": "Wed, 21 Oct 2026 07:29:00 GMT"}, 0.0),
        ({"retry-after": DATE, "date": "today"}, 1792567710.0 - 1792567700.0),
        ({"retry-after": DATE}, 10.0),
        ({"retry-after": "2026-10-21T07:28:30Z"}, 10.0),
        ({"retry-after": "2026-10-21T07:28:30"}, 10.0),
    ],
)
def test_waits_in_headers(headers: dict[str, str], seconds: float | None) -> None:
    assert in_headers(headers, 1792567700.0) == seconds


def test_a_date_without_any_clock_is_no_wait() -> None:
    assert in_headers({"retry-after": DATE}, None) is None


def test_used_up_limits_say_when_they_begin_anew() -> None:
    used = {
        "x-ratelimit-remaining-requests": "10",
        "x-ratelimit-reset-requests": "9s",
        "x-ratelimit-remaining-tokens": "0",
        "x-ratelimit-reset-tokens": "6m0s",
        "ratelimit-remaining": "0",
        "ratelimit-reset": "12",
        "a-ratelimit-remaining": "0",
    }
    assert in_limits(used, NOW) == 360.0
    assert in_limits({"x-ratelimit-remaining": "0", "x-ratelimit-reset": "1700000030000"}, NOW) == 30.0
    assert in_limits({"x-ratelimit-remaining": "0", "x-ratelimit-reset": "1700000040"}, NOW) == 40.0
    iso = {
        "anthropic-ratelimit-tokens-remaining": "0",
        "anthropic-ratelimit-tokens-reset": "2023-11-14T22:13:50Z",
    }
    assert in_limits(iso, NOW) == 30.0


def test_evidence_is_bounded() -> None:
    deep: Any = "deep"
    for _ in range(40):
        deep = {"error": deep}
    assert evidence_in(deep).message == ""
    wide = {"errors": [{"message": str(number)} for number in range(100_000)]}
    assert len(evidence_in(wide).text) < 10_000
    assert evidence_of(b"[" * 100_000, failed=True).message == ""
    assert evidence_in(["one", ["two"]]).message == "one"
    assert evidence_in({"details": ["not", {"message": "this"}]}).message == "not"
