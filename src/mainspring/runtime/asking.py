"""Owns one model call as a host performs it: a request to whoever is asked, the recording, and what came of it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import aclosing

from msgspec.structs import replace

from mainspring.engine.evolve_execution import add_usage
from mainspring.model.errors import Failure, ProviderError, ProviderInfo
from mainspring.model.generation import ModelRequest, Usage
from mainspring.model.parts import ReasoningPart, TextPart
from mainspring.model.signals import AnswerSignal, Complete, FailedSignal
from mainspring.model.stream_events import RetryScheduled
from mainspring.runtime.attempts import Retry
from mainspring.runtime.classify import Fault, classify
from mainspring.runtime.failpoints import ARMED, reach
from mainspring.runtime.ports import Completers
from mainspring.runtime.recorder import Recorder

log = logging.getLogger("mainspring.host")


class Asking:
    """A `Step`: the model call of one effect. `model`: who is asked now; `request_for`: what to ask of whom.

    `restarts`: an answer that breaks off after something of it was shown is taken back, and the call made again.
    """

    def __init__(
        self,
        effect: Complete,
        recorder: Recorder,
        *,
        completers: Completers,
        request_for: Callable[[str], Awaitable[ModelRequest]],
        seed: str,
        restarts: bool = False,
    ) -> None:
        self.effect = effect
        self.model = ""
        self.seed = seed
        self.restarts = restarts
        self._again = False
        self._asked = 0
        self._recorder = recorder
        self._completers = completers
        self._request_for = request_for
        self._spent: Usage | None = None

    @property
    def shown(self) -> bool:
        """Whether anybody saw something of the answer."""
        return self._recorder.shown

    @property
    def made(self) -> int:
        """How often the call was made before: only what may be taken back is counted across attempts."""
        return self.effect.attempt - 1 if self.restarts else 0

    async def ask(self, model: str, /) -> Failure | None:
        """One attempt; see `Step`."""
        self.model = model
        self._recorder.restart()
        try:
            await self._listen(await self._request(model))
        except ProviderError as error:
            self._spend(error.usage)
            return error.failure
        except asyncio.CancelledError:
            raise
        except Exception:
            log.exception("a model call (%s) failed in our own code", self._recorder.place)
            return _internal(model)
        return None if self._recorder.finished is not None else _cut(model)

    def _spend(self, usage: Usage | None) -> None:
        """Counts what an attempt cost that came to nothing."""
        if usage is not None:
            self._spent = usage if self._spent is None else add_usage(self._spent, usage)

    async def _request(self, model: str) -> ModelRequest:
        """What is sent; scripts are told which attempt of the call it is, those before a crash included."""
        request = await self._request_for(model)
        self._asked += 1
        return replace(request, tags={**request.tags, "attempt": str(self.effect.attempt + self._asked - 1)})

    async def _listen(self, request: ModelRequest) -> None:
        chunks = self._completers.find(request.model).complete(request)
        if ARMED:
            reach("perform.asked")
        async with aclosing(chunks) as answer:
            async for arrived in answer:
                if ARMED:
                    reach("perform.chunk")
                self._recorder.feed(arrived)
        if ARMED:
            reach("perform.answered")

    def waits(self, retry: Retry, /) -> None:
        """Tells the readers of the session. Nothing of what they saw stays open while they wait."""
        failure = retry.failure
        self._again = self.shown
        if self._again:
            self._recorder.close(cut=True)
        log.info(
            "%s: attempt %d in %.3f s by %s, after: %s",
            self._recorder.place,
            retry.attempt,
            retry.delay,
            retry.model,
            failure.message,
        )
        self._recorder.tell(
            RetryScheduled(
                generation_id=self.effect.generation_id,
                attempt=retry.attempt,
                delay=retry.delay,
                model=retry.model,
                error_class=failure.error_class or "unknown",
                message=failure.message,
                worker_id=self._recorder.worker_id,
            )
        )

    def cut(self) -> tuple[tuple[TextPart | ReasoningPart, ...], tuple[str, ...]]:
        """Closes what was opened; what had been said, and the ids it streamed under."""
        self._recorder.close(cut=True)
        return self._recorder.partial(self.model)

    def outcome(self, failure: Failure | None, *, at: float) -> AnswerSignal | FailedSignal:
        """What the call came to, as a signal; everything open is closed."""
        finished = self._recorder.finished
        if failure is not None and finished is not None:
            self._spend(finished.usage)
        if failure is not None or finished is None:
            parts, part_ids = self.cut()
            return FailedSignal(
                generation_id=self.effect.generation_id,
                attempt=self.effect.attempt,
                failure=failure or _cut(self.model),
                at=at,
                parts=parts,
                part_ids=part_ids,
                usage=self._spent,
                again=self._again,
                streamed=tuple(self._recorder.streamed) if self._again else (),
            )
        self._recorder.close()
        answer, ids = self._recorder.answer_parts(self.model)
        return AnswerSignal(
            generation_id=self.effect.generation_id,
            attempt=self.effect.attempt,
            parts=answer,
            part_ids=ids,
            reason=finished.reason,
            usage=finished.usage if self._spent is None else add_usage(self._spent, finished.usage),
            model=self.model,
            at=at,
            raw_reason=finished.raw_reason,
            response_id=finished.response_id,
            context_tokens=_size(finished.usage) if self._spent is not None else None,
        )


def _size(usage: Usage) -> int | None:
    """What the thread with the answer counts."""
    return usage.input_tokens + usage.output_tokens or None


def _cut(model: str) -> Failure:
    provider, _, name = model.partition("/")
    detail = "the answer ended before it was complete"
    return classify(Fault(provider=provider, model=name or None, trouble="lost", detail=detail))


def _internal(model: str) -> Failure:
    provider, _, name = model.partition("/")
    return Failure(
        error_type="internal_error",
        message="The server failed while it read the model's answer.",
        retryable=True,
        source="platform",
        provider=ProviderInfo(name=provider, model=name or None),
        error_class="unknown",
    )
