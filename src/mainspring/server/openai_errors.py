"""Owns how a failure looks to OpenAI's clients: `{"error": {"message", "type", "param", "code"}}`."""

from __future__ import annotations

from typing import Final

from mainspring.model.values import Json
from mainspring.server.errors import Complaint

_TYPES: Final = {
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    409: "conflict_error",
    429: "rate_limit_error",
}


def openai_shape(complaint: Complaint) -> dict[str, Json]:
    """The body of a complaint; the code is ours, in lower case as theirs are."""
    message = complaint.message
    if complaint.request_id is not None:
        message = f"{message}; request {complaint.request_id}"
    fallback = "server_error" if complaint.status >= 500 else "invalid_request_error"
    return {
        "error": {
            "message": message,
            "type": _TYPES.get(complaint.status, fallback),
            "param": complaint.param,
            "code": complaint.code.lower(),
        }
    }
