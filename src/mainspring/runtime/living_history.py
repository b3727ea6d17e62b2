"""Owns the history of a live thread as its model sees it: what was found valid once is not looked at again.

A turn costs what is new in it, however long the talk is. Every answer is the one that `fit` and `shortened` give for
the whole history.
"""

from __future__ import annotations

from mainspring.model.messages import Message
from mainspring.model.retelling import Retelling
from mainspring.runtime.history import Fitted, call_ids, fit
from mainspring.runtime.tool_output import NO_BOUNDS, Bounds, shortened


class LivingHistory:
    """One thread for one model. Only a history that needed no repair is kept: in it every call has its result."""

    def __init__(self, model: str, bounds: Bounds) -> None:
        self._model = model
        self._bounds = bounds
        self._given: tuple[Message, ...] = ()
        self._seen: tuple[Message, ...] = ()
        self._calls: set[str] = set()
        self.retelling = Retelling()

    def serves(self, model: str, bounds: Bounds) -> bool:
        """Whether this is the view of that model, with results within `bounds`."""
        return (self._model, self._bounds) == (model, bounds)

    def view(self, messages: tuple[Message, ...]) -> Fitted:
        """What the model sees of a thread's messages; its first messages are the same objects from call to call."""
        known = len(self._given)
        # Equal tuples are compared by identity first: a pointer each.
        if messages[:known] != self._given:
            self._given, self._seen, self._calls, known = (), (), set(), 0
        fresh = messages[known:]
        fitted = fit(fresh, model=self._model, before=self._calls)
        seen = (*self._seen, *shortened(fitted.messages, self._bounds))
        if not fitted.repairs:
            self._given, self._seen = messages, seen
            self._calls |= call_ids(fitted.messages)
        return Fitted(messages=seen, repairs=fitted.repairs)


class Histories:
    """The living histories of one session, by thread."""

    def __init__(self) -> None:
        self._threads: dict[str, LivingHistory] = {}

    def of(self, thread: str, *, model: str, bounds: Bounds = NO_BOUNDS) -> LivingHistory:
        """A thread for `provider/model-id`, tool results shortened to their bounds."""
        known = self._threads.get(thread)
        if known is None or not known.serves(model, bounds):
            known = self._threads[thread] = LivingHistory(model, bounds)
        return known
