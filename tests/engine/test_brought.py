"""Tools that a caller brings with a trigger: where they are offered, how their calls are judged, how long they hold."""

from typing import Any

import pytest

from mainspring.engine.brought import brought_tools
from mainspring.engine.generations import presentation
from mainspring.engine.turn import Turn
from mainspring.model.errors import InvalidRequest
from mainspring.model.signals import ResultsSignal, ToolResult
from mainspring.model.stream_events import ToolRequest
from mainspring.runtime.context import tool_specs
from tests.engine.driver import HELPER, Driver, kinds

CITY: dict[str, Any] = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
MAP: dict[str, Any] = {"name": "show_map", "description": "Shows a map", "inputSchema": CITY}
OPEN: dict[str, Any] = {"name": "browser__open", "description": "Opens a page", "inputSchema": {}}

BROWSING = """
tools:
  look: { description: Look }
mcpServers:
  browser: { description: The browser of the user, source: consumer, display: name }
  files: { description: Files, source: device }
agent: { model: scripted/model, system: system, agentic: true, tools: [look], mcpServers: [browser] }
handlers:
  user-message:
    Answer: { block: next-message }
    Side: { block: start-thread, thread: side, model: scripted/model, system: system }
    Ask: { block: next-message, thread: side }
"""
WORKER = """
mcpServers:
  browser: { description: The browser of the user, source: consumer }
variables: { DONE: { type: string } }
steps:
  Start: { block: start-thread, thread: t, model: scripted/w, system: system, mcpServers: [browser], maxSteps: 3 }
  Work: { block: next-message, thread: t, output: DONE }
output: DONE
"""
BOSS = """
workers: { helper: { description: Helps } }
agent: { model: scripted/model, system: system, agentic: true, workers: [helper] }
"""


def offered(driver: Driver) -> list[str]:
    """The names that the one model that is asked now may call."""
    turn = Turn(driver.library, driver.state, at=1.0)
    frame = next(
        one for one in turn.execution.frames.values() if one.generation and not one.generation.settled
    )
    return [spec.name for spec in tool_specs(driver.library, presentation(turn, frame, attempt=1))]


def asked(driver: Driver) -> list[str]:
    """The names of the calls that the caller was asked for last."""
    requests = [event for event in driver.events if isinstance(event, ToolRequest)]
    return [call.tool_name for call in requests[-1].tool_calls]


def test_a_plain_tool_is_offered_in_the_main_thread_and_its_call_goes_to_the_caller() -> None:
    driver = Driver(boxed=["show_map"])
    driver.trigger(tool_schemas=(MAP,))
    assert offered(driver) == ["look", "find", "show_map"]
    driver.answer("", ("show_map", {"city": "Rome"}))
    assert asked(driver) == ["show_map"]
    driver.results(ToolResult(tool_call_id=driver.open_calls()[0], result="shown"))
    assert offered(driver) == ["look", "find", "show_map"]
    driver.answer("Done.")
    assert driver.results_of() == [("shown", None)]


def test_arguments_are_judged_by_the_schema_that_the_caller_wrote() -> None:
    driver = Driver()
    driver.trigger(tool_schemas=(MAP,))
    driver.answer("", ("show_map", {"city": 7}), "show_map")
    told = "The arguments do not fit: city: "
    assert driver.results_of() == [
        (None, f"{told}expected a string, got 7."),
        (None, f"{told}is required, expected a string."),
    ]
    driver.answer("", "show_table")
    assert driver.results_of()[-1][1] == "There is no tool 'show_table'. Tools: look, find, show_map."


def test_they_hold_for_one_execution() -> None:
    driver = Driver()
    driver.trigger(tool_schemas=(MAP,))
    driver.answer("Fine.")
    driver.trigger("And now?")
    assert offered(driver) == ["look", "find"]


def test_a_later_leg_may_bring_others() -> None:
    driver = Driver()
    driver.trigger(tool_schemas=(MAP,))
    driver.answer("", ("show_map", {"city": "Rome"}))
    call = driver.open_calls()[0]
    again: dict[str, Any] = {**MAP, "name": "show_list"}
    result = (ToolResult(tool_call_id=call, result=1),)
    with pytest.raises(InvalidRequest, match="twice"):
        driver.signal(ResultsSignal(execution_id="exe_T1", results=result, at=4.0, tool_schemas=(MAP, MAP)))
    first = driver.signal(ResultsSignal(execution_id="exe_T1", results=result, at=4.0, tool_schemas=(again,)))
    assert kinds(first)[0] == "ToolSchemasGiven"
    assert offered(driver) == ["look", "find", "show_list"]
    assert driver.signal(ResultsSignal(execution_id="exe_T1", results=result, at=4.0, tool_schemas=())) == []
    assert offered(driver) == ["look", "find", "show_list"]


def test_what_the_protocol_declares_comes_first() -> None:
    driver = Driver()
    driver.trigger(tool_schemas=({**MAP, "name": "look"},))
    assert offered(driver) == ["look", "find"]
    driver.answer("", ("look", {"anything": 1}))
    assert asked(driver) == ["look"]


def test_namespaces_are_offered_where_the_protocol_lists_them() -> None:
    driver = Driver(BROWSING)
    undeclared = {**OPEN, "name": "shell__run"}
    unlisted = {**OPEN, "name": "files__read"}
    plain = {**OPEN, "name": "mcp__fetch", "plain": True}
    driver.trigger(tool_schemas=(MAP, OPEN, undeclared, unlisted, plain))
    assert offered(driver) == ["look", "show_map", "browser__open", "mcp__fetch"]
    turn = Turn(driver.library, driver.state, at=1.0)
    frame = turn.frame(turn.execution.root)
    thread = turn.scope(frame.id).threads["main"]
    found = brought_tools(turn.execution, turn.program(frame), frame, thread)
    assert [tool.display for tool in found.values()] == ["description", "name", "description"]
    driver.answer("Next.")
    assert offered(driver) == []


def test_the_tools_of_a_remote_server_are_not_for_callers_to_bring() -> None:
    driver = Driver(BROWSING.replace("source: consumer, display: name", "source: remote"))
    driver.trigger(tool_schemas=(MAP, OPEN))
    assert OPEN["name"] not in offered(driver)
    assert MAP["name"] in offered(driver)


def test_a_worker_sees_the_namespaces_that_it_declares_itself_and_nothing_else() -> None:
    driver = Driver(BOSS, helper=WORKER)
    driver.trigger(tool_schemas=(MAP, OPEN))
    assert offered(driver) == ["helper", "show_map"]
    driver.answer("", "helper")
    assert offered(driver) == ["browser__open"]
    driver.answer("", "browser__open")
    assert asked(driver) == ["browser__open"]


@pytest.mark.parametrize(
    ("names", "why"),
    [
        (["show map"], "1 to 64 letters"),
        ([""], "1 to 64 letters"),
        (["x" * 65], "1 to 64 letters"),
        (["octavus_read"], "Mainspring's own"),
        (["one", "one"], "there twice"),
    ],
)
def test_names_that_cannot_be_offered(names: list[str], why: str) -> None:
    driver = Driver(HELPER)
    with pytest.raises(InvalidRequest, match=why) as caught:
        driver.trigger(tool_schemas=tuple({**MAP, "name": name} for name in names))
    assert caught.value.code == "INVALID_TOOL"
    assert driver.state.execution is None
