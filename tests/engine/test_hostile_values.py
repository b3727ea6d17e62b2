"""Values that nobody should send: whatever a model or a caller says, the engine has an answer."""

from __future__ import annotations

import msgspec
import pytest

from mainspring.engine.builtin import REFERENCE_READ, ToolRefused, run_builtin
from mainspring.engine.turn import Turn
from mainspring.model.signals import ToolResult
from mainspring.model.stream_events import ErrorEvent
from tests.engine.driver import Driver, kinds

STEPS = """
input: { STEPS: { type: string } }
tools: { look: { description: Look } }
agent: { model: scripted/model, system: system, agentic: true, maxSteps: STEPS, tools: [look] }
"""
TWO_CALLS = """
tools: { look: { description: Look } }
agent: { model: scripted/model, system: system }
variables: { X: { type: unknown }, Y: { type: unknown } }
triggers: { user-message: { input: { USER_MESSAGE: { type: string } } } }
handlers:
  user-message:
    A: { block: tool-call, tool: look, output: X }
    B: { block: tool-call, tool: look, output: Y }
"""


@pytest.mark.parametrize("name", [["faq"], {"a": 1}, 7, None])
def test_a_reference_is_asked_for_by_anything(name: object) -> None:
    driver = Driver()
    driver.trigger()
    turn = Turn(driver.library, driver.state, at=1.0)
    with pytest.raises(ToolRefused, match="There is no reference"):
        run_builtin(turn, turn.frame("main"), REFERENCE_READ, {"name": name})


@pytest.mark.parametrize("steps", ["nan", "inf", "-inf", "1e999"])
def test_a_number_of_steps_that_is_none_fails_the_block(steps: str) -> None:
    driver = Driver(STEPS)
    scope = msgspec.structs.replace(driver.state.scopes["main"], input={"STEPS": steps})
    created = msgspec.structs.replace(driver.events[0], input={"STEPS": steps})
    driver.events = [created]
    driver.state = msgspec.structs.replace(driver.state, scopes={"main": scope})
    error = next(event for event in driver.trigger() if isinstance(event, ErrorEvent))
    assert error.error_type == "protocol_error"
    assert "maxSteps" in error.message


def test_one_result_given_twice_in_one_request_moves_on_once() -> None:
    driver = Driver(TWO_CALLS)
    driver.trigger()
    first = driver.open_calls()[0]
    result = ToolResult(tool_call_id=first, result=1)
    assert kinds(driver.results(result, result)).count("BlockDone") == 1
    assert driver.open_calls() != [first]


def test_a_rollback_into_a_tool_round_keeps_the_results() -> None:
    driver = Driver()
    driver.trigger()
    driver.answer("Let me see.", "look")
    driver.results(ToolResult(tool_call_id=driver.open_calls()[0], result=1))
    driver.answer("Done.")
    asking = driver.state.scopes["main"].threads["main"].messages[1]
    driver.trigger("again", rollback=True, rollback_after=asking.id)
    roles = [message.role for message in driver.state.scopes["main"].threads["main"].messages]
    assert roles == ["user", "assistant", "tool", "user"]
