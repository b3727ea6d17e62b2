"""Owns the exit codes of the command, the mistakes only it can find, and what a person may do about each."""

from __future__ import annotations

from typing import Final

from mainspring.model.errors import InvalidRequest, MainspringError, NotFound, Unauthorized

OK: Final = 0
FAILED: Final = 1
USAGE: Final = 2
NOT_FOUND: Final = 3
NO_KEY: Final = 4
INTERRUPTED: Final = 130

EXIT_CODES: Final[dict[int, str]] = {
    OK: "Done.",
    FAILED: "It failed: an agent is not valid, an execution ended with an error, a server refused.",
    USAGE: "The command was not understood: an unknown command, flag or setting, a value that is not allowed.",
    NOT_FOUND: "Not found: a folder, an agent, a session, a key; or no server answers.",
    NO_KEY: "No API key, one that is not valid, or one that lacks the scope.",
    INTERRUPTED: "Interrupted by Ctrl-C.",
}
"""What each exit code means; the reference prints this table."""

_BY_STATUS: Final = {401: NO_KEY, 403: NO_KEY, 404: NOT_FOUND}
_MAKE_KEY: Final = "`mainspring keys create --scope agents --scope sessions` makes one."

_HINTS: Final[dict[str, str]] = {
    "NO_SERVER": "`mainspring serve` starts one; --url or MAINSPRING_URL says where it is.",
    "NO_KEY": _MAKE_KEY,
    "UNAUTHORIZED": _MAKE_KEY,
    "KEY_EXPIRED": _MAKE_KEY,
    "AGENT_NOT_FOUND": "`mainspring sync FOLDER` publishes an agent.",
    "SESSION_NOT_FOUND": "`mainspring sessions list` shows the sessions there are.",
    "KEY_NOT_FOUND": "`mainspring keys list` shows the keys there are.",
    "INVALID_SETTING": "`mainspring serve --help` shows every setting.",
}


class NoServer(NotFound):
    """Nothing answers at the address."""

    code = "NO_SERVER"


class NoKey(Unauthorized):
    """No key was given."""

    code = "NO_KEY"


class MissingFile(NotFound):
    """A file or folder is not there."""

    code = "FILE_NOT_FOUND"


class Refused(InvalidRequest):
    """What was asked for cannot be done as things are."""

    code = "REFUSED"


class ServerRefused(MainspringError):
    """A server answered with an error."""

    def __init__(self, message: str, *, code: str, status: int) -> None:
        super().__init__(message, code=code)
        self.status = status


def exit_code_of(error: MainspringError) -> int:
    """The exit code that tells of an error."""
    if error.code == "INVALID_SETTING":
        return USAGE
    return _BY_STATUS.get(error.status, FAILED)


def hint_of(error: MainspringError) -> str:
    """What may be done about an error; empty: nothing is known."""
    return str(error.details.get("hint", "")) or _HINTS.get(error.code, "")
