"""Owns what an asynchronous caller iterates: one turn, or a session's journal."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncGenerator
from types import TracebackType

from mainspring.client.answers import Outcome, SessionStopped
from mainspring.client.async_shell import AsyncShell
from mainspring.client.driving import LAST_WORD, Hands
from mainspring.client.errors import MainspringClientError, StreamError
from mainspring.client.events import Event
from mainspring.client.onward import DONE, error_event, frame
from mainspring.client.reading import Reading
from mainspring.client.retries import ask
from mainspring.client.routes import stop_request
from mainspring.client.turn import TurnDriver


class AsyncTurn:
    """The events of one turn. Leaving the loop, or the `async with` block, before its end stops the execution.

    Raises `ApiError` if the turn is refused, `StreamError` after the `error` event of one that fails, and
    `ConnectionFailed` if the server stays away; the execution then goes on without a reader.
    """

    def __init__(self, shell: AsyncShell, driver: TurnDriver, hands: Hands) -> None:
        self._shell = shell
        self._place = driver.place
        self._reading = Reading()
        # A generator that does not know this object ends with the last reference to it.
        self._events = _events(shell, driver, hands, self._reading)

    def __aiter__(self) -> AsyncTurn:
        return self

    async def __anext__(self) -> Event:
        return await anext(self._events)

    async def __aenter__(self) -> AsyncTurn:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Leaves the turn; what still runs is stopped."""
        await self._events.aclose()

    async def stop(self) -> bool:
        """Stops the execution; the events go on to its end. False: nothing runs."""
        if not self._place.execution_id:
            return False
        request = stop_request(self._place.session_id, self._place.execution_id)
        return (await self._shell.run(ask(request, SessionStopped, LAST_WORD))).stopped

    async def outcome(self) -> Outcome:
        """Reads to the end, and says what it came to. Raises what iterating does."""
        async for _ in self:
            pass
        return self._reading.outcome(self._place.execution_id, self._place.asked.values())

    async def sse(self) -> AsyncGenerator[bytes]:
        """The turn as server-sent events for a browser; whatever goes wrong is an `error` event.

        The headers of such an answer are `onward.HEADERS`.
        """
        try:
            async for event in self:
                yield frame(event)
        except MainspringClientError as error:
            if not isinstance(error, StreamError):  # that one's event has been sent
                yield frame(error_event(error))
        finally:
            await self.aclose()
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


async def _events(
    shell: AsyncShell, driver: TurnDriver, hands: Hands, reading: Reading
) -> AsyncGenerator[Event]:
    shown = shell.show(driver.run(), hands.tools)
    try:
        async for cursor, event in shown:
            driver.place.shown = cursor
            reading.see(event)
            yield event
    except MainspringClientError:
        raise
    except BaseException:
        # The caller left, by whatever way.
        await shown.aclose()
        request = driver.leaving()
        if request is not None:
            with contextlib.suppress(MainspringClientError):
                await shell.run(ask(request, SessionStopped, LAST_WORD))
        raise
    finally:
        await shown.aclose()


class AsyncJournal:
    """The events of a session, over all its executions; `cursor` is that of the last one you got."""

    def __init__(self, shown: AsyncGenerator[tuple[int, Event]], after: int) -> None:
        self._shown = shown
        self.cursor = after

    def __aiter__(self) -> AsyncJournal:
        return self

    async def __anext__(self) -> Event:
        self.cursor, event = await anext(self._shown)
        return event

    async def __aenter__(self) -> AsyncJournal:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Stops reading; the session goes on."""
        await self._shown.aclose()
