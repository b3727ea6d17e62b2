"""What a thread may use of MCP servers where something of them is not there, or is there twice."""

from msgspec.structs import replace

from mainspring.engine.served import direct_servers, reached, served_tools
from mainspring.engine.turn import Library, Turn
from mainspring.model.program import Tool
from mainspring.model.served import ServedTools
from mainspring.model.session import Scope, Thread
from tests.engine.driver import Driver

PROTOCOL = """
tools:
  look: { description: Look }
mcpServers:
  files: { description: Files, source: device }
agent: { model: scripted/model, system: system, agentic: true, tools: [look], mcpServers: [files] }
"""
FILES = ServedTools(
    namespace="files",
    source="device",
    tools={name: Tool(name=name, description="Theirs") for name in ("files__read", "files__write")},
)


def with_files(driver: Driver) -> Library:
    """The library of a session whose server reaches the files."""
    return replace(driver.library, servers={"files": FILES})


def test_a_server_that_no_protocol_names_any_more_is_left_out() -> None:
    driver = Driver(PROTOCOL)
    program = driver.library.programs[driver.state.version]
    thread = Thread(name="main", settings={"mcpServers": ["gone", "files"]})
    assert list(reached(with_files(driver), program, thread)) == ["files"]


def test_a_declared_tool_comes_before_one_of_a_server() -> None:
    driver = Driver(PROTOCOL)
    program = driver.library.programs[driver.state.version]
    program = replace(program, tools={"files__read": Tool(name="files__read", description="Ours")})
    thread = Thread(name="main", settings={"mcpServers": ["files"]})
    assert list(served_tools(with_files(driver), program, Scope(), thread)) == ["files__write"]


def test_a_frame_that_waits_for_no_model_has_no_servers() -> None:
    driver = Driver(PROTOCOL)
    driver.trigger()
    turn = Turn(with_files(driver), driver.state, at=1.0)
    frame = turn.frame(turn.execution.root)
    assert direct_servers(turn, frame) == {"files"}
    assert direct_servers(turn, replace(frame, generation=None)) == frozenset()
