"""Owns the tables of errors, drawn from the table of classes and from what the classifier does."""

from typing import get_args

from mainspring.providers.failures import Failures
from mainspring.runtime.classify import Fault, Trouble, classify
from mainspring.runtime.fault_classes import CLASSES
from mainspring.runtime.fault_rules import BY_STATUS

_SEEN: dict[Trouble, str] = {
    "unreachable": "no connection could be made",
    "untrusted": "the certificate is not trusted",
    "lost": "the connection broke, or the answer ended before it was complete",
    "timeout": "nothing, or nothing more, came in time",
    "malformed": "the answer is not of the wire",
    "too_large": "the answer, or a piece of it, is far too large",
    "web_page": "the answer is a page for people",
    "redirect": "the provider sends us elsewhere",
    "nothing_called": "a tool call was announced, and none came",
    "stopped": "somebody stopped it",
}


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


def _yes(value: object) -> str:
    return "yes" if value else "no"


def classes_table() -> str:
    """What each class means, and what comes next by itself."""
    head = ("`errorClass`", "`errorType`", "means", "`retryable`, and tried again", "a backup is asked")
    rows = [
        _row(f"`{name}`", f"`{row.error_type}`", row.means, _yes(row.passes), _yes(row.elsewhere))
        for name, row in CLASSES.items()
    ]
    return "\n".join([_row(*head), _row(*["---"] * len(head)), *rows])


def advice_table() -> str:
    """What people do about each class."""
    head = ("`errorClass`", "show your user", "do yourself")
    rows = [_row(f"`{name}`", row.show, row.do) for name, row in CLASSES.items()]
    return "\n".join([_row(*head), _row(*["---"] * len(head)), *rows])


def troubles_table() -> str:
    """What the server sees itself, without a word of the provider."""
    head = ("seen", "`code`", "`errorClass`", "`retryable`", "a backup is asked")
    rows: list[str] = []
    for trouble in get_args(Trouble):
        status = 307 if trouble == "redirect" else None
        failure = classify(Fault(provider="acme", trouble=trouble, status=status))
        cells = (f"`{failure.code}`", f"`{failure.error_class}`")
        rows.append(_row(_SEEN[trouble], *cells, _yes(failure.retryable), _yes(failure.fallback)))
    return "\n".join([_row(*head), _row(*["---"] * len(head)), *rows])


def statuses_table() -> str:
    """What a status alone says."""
    head = ("status", "`errorClass`", "`retryable`", "a backup is asked")
    said: dict[tuple[str, bool, bool], list[str]] = {}
    for status in sorted({*BY_STATUS, 400, 405, 418, 422, 500, 502, 520}):
        failure = Failures("acme").response(status, {}, b"").failure
        key = (str(failure.error_class), failure.retryable, failure.fallback)
        said.setdefault(key, []).append(str(status))
    rows = [
        _row(", ".join(statuses), f"`{name}`", _yes(again), _yes(elsewhere))
        for (name, again, elsewhere), statuses in said.items()
    ]
    return "\n".join([_row(*head), _row(*["---"] * len(head)), *rows])
