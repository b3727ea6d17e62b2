"""Owns what a synchronous caller iterates: one turn, or a session's journal."""

from __future__ import annotations

import contextlib
from collections.abc import Generator
from types import TracebackType

from mainspring.client.answers import Outcome, SessionStopped
from mainspring.client.driving import LAST_WORD, Hands
from mainspring.client.errors import MainspringClientError, StreamError
from mainspring.client.events import Event
from mainspring.client.onward import DONE, error_event, frame
from mainspring.client.reading import Reading
from mainspring.client.retries import ask
from mainspring.client.routes import stop_request
from mainspring.client.sync_shell import SyncShell
from mainspring.client.turn import TurnDriver


class Turn:
    """The events of one turn. Leaving the loop, or the `with` block, before its end stops the execution.

    Raises `ApiError` if the turn is refused, `StreamError` after the `error` event of one that fails, and
    `ConnectionFailed` if the server stays away; the execution then goes on without a reader.
    """

    def __init__(self, shell: SyncShell, driver: TurnDriver, hands: Hands) -> None:
        self._shell = shell
        self._place = driver.place
        self._reading = Reading()
        # A generator that does not know this object ends with the last reference to it.
        self._events = _events(shell, driver, hands, self._reading)

    def __iter__(self) -> Turn:
        return self

    def __next__(self) -> Event:
        return next(self._events)

    def __enter__(self) -> Turn:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Leaves the turn; what still runs is stopped."""
        self._events.close()

    def stop(self) -> bool:
        """Stops the execution; the events go on to its end. False: nothing runs."""
        if not self._place.execution_id:
            return False
        request = stop_request(self._place.session_id, self._place.execution_id)
        return (self._shell.run(ask(request, SessionStopped, LAST_WORD))).stopped

    def outcome(self) -> Outcome:
        """Reads to the end, and says what it came to. Raises what iterating does."""
        for _ in self:
            pass
        return self._reading.outcome(self._place.execution_id, self._place.asked.values())

    def sse(self) -> Generator[bytes]:
        """The turn as server-sent events for a browser; whatever goes wrong is an `error` event.

        The headers of such an answer are `onward.HEADERS`.
        """
        try:
            for event in self:
                yield frame(event)
        except MainspringClientError as error:
            if not isinstance(error, StreamError):  # that one's event has been sent
                yield frame(error_event(error))
        finally:
            self.close()
        yield DONE

    @property
    def session_id(self) -> str:
        """The session; of a turn that starts one, empty before its first event."""
        return self._place.session_id

    @property
    def execution_id(self) -> str:
        """The execution; empty before the first event."""
        return self._place.execution_id

    @property
    def cursor(self) -> int | None:
        """The cursor of the last event you got: `resume(after=cursor)` goes on after it."""
        return self._place.shown


def _events(shell: SyncShell, driver: TurnDriver, hands: Hands, reading: Reading) -> Generator[Event]:
    shown = shell.show(driver.run(), hands.tools)
    try:
        for cursor, event in shown:
            driver.place.shown = cursor
            reading.see(event)
            yield event
    except MainspringClientError:
        raise
    except BaseException:
        # The caller left, by whatever way.
        shown.close()
        request = driver.leaving()
        if request is not None:
            with contextlib.suppress(MainspringClientError):
                shell.run(ask(request, SessionStopped, LAST_WORD))
        raise
    finally:
        shown.close()


class Journal:
    """The events of a session, over all its executions; `cursor` is that of the last one you got."""

    def __init__(self, shown: Generator[tuple[int, Event]], after: int) -> None:
        self._shown = shown
        self.cursor = after

    def __iter__(self) -> Journal:
        return self

    def __next__(self) -> Event:
        self.cursor, event = next(self._shown)
        return event

    def __enter__(self) -> Journal:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Stops reading; the session goes on."""
        self._shown.close()
