"""Owns the tests of functions as tools in this process."""

import asyncio
import threading
from typing import Any

import pytest

from mainspring.client.errors import InvalidTool, ToolError
from mainspring.client.tools import ToolContext
from mainspring.runtime.tool_calls import ToolOutcome
from mainspring.runtime.toolboxes import BoxedCall, Toolboxes
from mainspring.toolboxes.connected import ConnectedBox
from mainspring.toolboxes.functions import FunctionBox
from tests.toolboxes.queue_bench import Bench, call, run


def outcome_of(function: Any, **more: Any) -> ToolOutcome:
    """What a function as the tool `look` comes to."""

    async def work() -> ToolOutcome:
        box = FunctionBox({"look": function})
        try:
            return await box.call(call(**more))
        finally:
            await box.close()

    return run(work())


def test_a_function_gets_its_arguments_and_the_call() -> None:
    seen: list[Any] = []

    def look(where: str, context: ToolContext) -> dict[str, str]:
        seen.append((context.call_id, context.attempt, context.deadline, context.session_id))
        seen.append(threading.current_thread() is threading.main_thread())
        return {"saw": where}

    assert outcome_of(look, attempt=2) == ToolOutcome(output={"saw": "here"})
    assert seen == [("call_1", 2, 2000.0, "ses_1"), False]


def test_what_a_function_raises_is_an_error_of_the_call() -> None:
    def leaves(args: dict[str, Any]) -> None:
        raise SystemExit(3)

    def cannot_yet(args: dict[str, Any]) -> None:
        raise ToolError("Later.", retryable=True, retry_after=5.0)

    async def cancels(args: dict[str, Any]) -> None:
        raise asyncio.CancelledError

    def wants_another(city: int) -> None:
        """Never called."""

    assert outcome_of(leaves) == ToolOutcome(error="RuntimeError: SystemExit")
    assert outcome_of(cannot_yet) == ToolOutcome(error="Later.", retryable=True, retry_after=5.0)
    assert outcome_of(cancels) == ToolOutcome(error="RuntimeError: CancelledError")
    assert (outcome_of(wants_another).error or "").startswith("The arguments do not fit")
    assert outcome_of(lambda args: object).error is not None


def test_a_call_that_was_cut_is_unknown_and_a_probe_may_know_more() -> None:
    async def work() -> None:
        box = FunctionBox({"look": lambda args: 1}, probes={"look": lambda args: None})
        assert (await box.call(call(resumed=True))).unknown
        probed = await box.probe(call())
        assert probed is not None
        assert (probed.retryable, probed.unknown) == (True, False)
        box.replace({"look": lambda args: 1}, probes={"look": lambda args: "done"})
        assert await box.probe(call()) == ToolOutcome(output="done")
        box.replace({"other": lambda args: 1})
        assert await box.probe(call()) is None
        assert (await box.call(call())).error == "The function of look is no longer there."
        box.settled(call(), durable=True)
        await box.close()

    run(work())


def test_a_failing_probe_leaves_the_outcome_unknown() -> None:
    def fails(args: dict[str, Any]) -> None:
        raise OSError("no line")

    async def work() -> None:
        box = FunctionBox({"look": fails}, probes={"look": fails})
        assert await box.probe(call()) == ToolOutcome(error="OSError: no line", unknown=True)
        await box.close()

    run(work())


def test_functions_that_cannot_be_tools_change_nothing() -> None:
    box = FunctionBox({"look": lambda args: 1})
    with pytest.raises(InvalidTool):
        box.replace({"look": len})
    assert list(box.tools) == list(box.offers("default", "helper")) == ["look"]


def test_the_first_box_that_offers_a_tool_runs_it() -> None:
    async def work() -> None:
        bench = Bench()
        await bench.announce()
        here = FunctionBox({"look": lambda args: "here", "mine": lambda args: 1})
        boxes = Toolboxes((here, ConnectedBox(bench.queue)))
        assert boxes.boxed("default", "helper") == {"look", "mine"}
        assert boxes.boxed("default", "helper") is boxes.boxed("default", "helper")
        assert await BoxedCall(boxes, call()).run(probe=False) == ToolOutcome(output="here")
        assert boxes.find(call(tool="sing")) is not here
        assert (boxes.outlives(call()), boxes.outlives(call(tool="sing"))) == (False, True)
        assert (await BoxedCall(boxes, call()).run(probe=True)).unknown
        alone = Toolboxes((here,))
        gone = BoxedCall(alone, call(tool="sing"))
        assert await gone.run(probe=False) == ToolOutcome(
            error="No tool box of this server runs sing any more."
        )
        assert (await BoxedCall(alone, call(tool="sing", resumed=True)).run(probe=False)).unknown
        gone.settled(durable=True)
        assert Toolboxes().boxed("default", "helper") == frozenset()
        await boxes.close()

    run(work())
