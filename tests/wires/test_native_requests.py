"""Tells what the bodies of native requests mean, and which are refused, naming the place."""

from typing import Any

import pytest

from mainspring.model.agents import AgentSettings, AgentSource, PromptFile, ReferenceFile
from mainspring.model.errors import InvalidRequest, TooLarge
from mainspring.model.messages import Sender
from mainspring.model.parts import FileReference
from mainspring.model.signals import ToolResult
from mainspring.wires.native_requests import (
    MAX_RESULTS,
    ParsedContinue,
    ParsedCreate,
    ParsedRestore,
    ParsedStart,
    ParsedTrigger,
    ParsedWorker,
    parse_agent_definition,
    parse_agent_patch,
    parse_create,
    parse_restore,
    parse_start,
    parse_trigger,
    parse_worker,
)

SCHEMA = {"name": "tabs__open", "description": "Opens", "inputSchema": {"type": "object", "$schema": "x"}}
SETTINGS = {"slug": "support-chat", "name": "Support", "format": "interactive"}


def nested(levels: int) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = [value]
    return value


def test_a_trigger() -> None:
    assert parse_trigger({"triggerName": "user-message", "input": {"A": 1}}) == ParsedTrigger(
        trigger="user-message", input={"A": 1}
    )
    assert parse_trigger({}) == ParsedTrigger()
    assert parse_trigger({"triggerName": "go", "toolResults": [], "executionId": None}) == ParsedTrigger(
        trigger="go"
    )


def test_a_trigger_with_all_that_version_4_may_send() -> None:
    body = {
        "triggerName": "go",
        "sender": {"id": "7", "name": "Ada", "email": "not taken"},
        "dynamicToolSchemas": [SCHEMA, {"name": "bare", "inputSchema": {}, "outputSchema": {"a": 1}, "x": 1}],
    }
    assert parse_trigger(body) == ParsedTrigger(
        trigger="go",
        sender=Sender(id="7", name="Ada"),
        tool_schemas=(
            SCHEMA,
            {"name": "bare", "description": "", "inputSchema": {}, "outputSchema": {"a": 1}},
        ),
    )


@pytest.mark.parametrize(
    ("body", "rollback", "after"),
    [
        ({}, False, None),
        ({"rollbackAfterMessageId": None}, True, None),
        ({"rollbackAfterMessageId": "m1"}, True, "m1"),
    ],
)
def test_a_rollback_to_nothing_is_not_no_rollback(
    body: dict[str, Any], rollback: bool, after: str | None
) -> None:
    parsed = parse_trigger(body)
    assert isinstance(parsed, ParsedTrigger)
    assert (parsed.rollback, parsed.rollback_after) == (rollback, after)


def test_an_execution_id_makes_it_a_continuation_whatever_else_is_repeated() -> None:
    body = {
        "triggerName": "user-message",
        "input": {"A": 1},
        "rollbackAfterMessageId": "m1",
        "sender": {"name": "Ada"},
        "executionId": "e1",
        "dynamicToolSchemas": [SCHEMA],
        "toolResults": [
            {"toolCallId": "c1", "toolName": "a", "result": {"x": 1}, "outputVariable": "V", "blockIndex": 2},
            {"toolCallId": "c2"},
            {"toolCallId": "c3", "error": "Boom.", "result": "ignored"},
            {"toolCallId": "c4", "error": ""},
            {
                "toolCallId": "c5",
                "result": None,
                "files": [{"id": "f", "mediaType": "image/png", "url": "u", "size": 3.0, "width": 9}],
            },
        ],
    }
    file = FileReference(id="f", media_type="image/png", url="u", size=3)
    assert parse_trigger(body) == ParsedContinue(
        execution_id="e1",
        tool_schemas=(SCHEMA,),
        results=(
            ToolResult(tool_call_id="c1", tool_name="a", result={"x": 1}),
            ToolResult(tool_call_id="c2"),
            ToolResult(tool_call_id="c3", error="Boom."),
            ToolResult(tool_call_id="c4", error="The tool failed without a message."),
            ToolResult(tool_call_id="c5", files=(file,)),
        ),
    )
    assert parse_trigger({"executionId": "e1"}) == ParsedContinue(execution_id="e1")


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ([], "the body must be an object"),
        ({"triggerName": 1}, "triggerName must be a string"),
        ({"triggerName": ""}, "triggerName must not be empty"),
        ({"input": []}, "input must be an object"),
        ({"input": {"a": nested(70)}}, "input is nested deeper than 64 levels"),
        ({"sender": "Ada"}, "sender must be an object"),
        ({"sender": {"name": 1}}, "sender.name must be a string"),
        ({"rollbackAfterMessageId": 5}, "rollbackAfterMessageId must be a string"),
        (
            {"toolResults": [{"toolCallId": "c"}]},
            "executionId is missing: toolResults need the execution they belong to",
        ),
        ({"toolResults": {}}, "toolResults must be an array"),
        ({"executionId": 5}, "executionId must be a string"),
        ({"executionId": "e", "toolResults": [5]}, "toolResults[0] must be an object"),
        ({"executionId": "e", "toolResults": [{}]}, "toolResults[0].toolCallId must be a string"),
        (
            {"executionId": "e", "toolResults": [{"toolCallId": "c"}, {"toolCallId": "c"}]},
            "toolResults[1].toolCallId repeats c",
        ),
        (
            {"executionId": "e", "toolResults": [{"toolCallId": "c", "error": {"a": 1}}]},
            "toolResults[0].error must be a string",
        ),
        (
            {"executionId": "e", "toolResults": [{"toolCallId": "c", "result": nested(70)}]},
            "toolResults[0].result is nested deeper than 64 levels",
        ),
        (
            {"executionId": "e", "toolResults": [{"toolCallId": "c", "files": [{"id": "f"}]}]},
            "toolResults[0].files[0].mediaType must be a string",
        ),
        ({"dynamicToolSchemas": [{}]}, "dynamicToolSchemas[0].name must be a string"),
        (
            {"dynamicToolSchemas": [{"name": "a", "inputSchema": True}]},
            "dynamicToolSchemas[0].inputSchema must be an object",
        ),
    ],
)
def test_what_is_malformed_is_refused_by_place(body: Any, message: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        parse_trigger(body)
    assert refused.value.message == message


@pytest.mark.parametrize("size", [True, -1, 1.5, "3"])
def test_a_size_is_a_whole_number(size: Any) -> None:
    file = {"id": "f", "mediaType": "m", "url": "u", "size": size}
    body = {"executionId": "e", "toolResults": [{"toolCallId": "c", "files": [file]}]}
    with pytest.raises(InvalidRequest, match="size must be a whole number, 0 or more"):
        parse_trigger(body)


def test_too_many_results_are_too_large() -> None:
    results = [{"toolCallId": str(number)} for number in range(MAX_RESULTS + 1)]
    with pytest.raises(TooLarge):
        parse_trigger({"executionId": "e", "toolResults": results})


def test_a_session_to_create() -> None:
    assert parse_create({"agentId": "a"}) == ParsedCreate(agent="a")
    assert parse_create({"agentId": "a", "input": {"B": 2}}) == ParsedCreate(agent="a", input={"B": 2})
    with pytest.raises(InvalidRequest, match="agentId must not be empty"):
        parse_create({"agentId": ""})


def test_a_session_to_create_and_trigger() -> None:
    body = {
        "agentId": "a",
        "input": {"B": 2},
        "idempotencyKey": "k",
        "trigger": {"triggerName": "go", "input": {"A": 1}, "dynamicToolSchemas": [SCHEMA]},
    }
    trigger = ParsedTrigger(trigger="go", input={"A": 1}, tool_schemas=(SCHEMA,))
    assert parse_start(body) == ParsedStart(agent="a", input={"B": 2}, key="k", trigger=trigger)
    assert parse_start({"agentId": "a", "trigger": {}}) == ParsedStart(agent="a", trigger=ParsedTrigger())
    with pytest.raises(InvalidRequest, match="trigger must be an object"):
        parse_start({"agentId": "a"})


def test_a_worker_to_run_and_to_go_on() -> None:
    assert parse_worker({"type": "start"}) == ParsedWorker()
    assert parse_worker({"type": "start", "input": {"T": "x"}, "dynamicToolSchemas": [SCHEMA]}) == (
        ParsedWorker(input={"T": "x"}, tool_schemas=(SCHEMA,))
    )
    body = {"type": "continue", "executionId": "e", "toolResults": [{"toolCallId": "c", "result": 1}]}
    assert parse_worker(body) == ParsedContinue(
        execution_id="e", results=(ToolResult(tool_call_id="c", result=1),)
    )
    with pytest.raises(InvalidRequest, match="type must be one of start, continue"):
        parse_worker({"input": {}})


def test_messages_to_restore() -> None:
    assert parse_restore({"messages": [{"id": "m"}], "input": {"A": 1}}) == ParsedRestore(
        messages=({"id": "m"},), input={"A": 1}
    )
    with pytest.raises(InvalidRequest, match="messages must be an array"):
        parse_restore({})


def test_an_agent() -> None:
    body = {
        "settings": {**SETTINGS, "description": "Helps"},
        "protocol": "agent: {}",
        "prompts": [{"name": "system", "content": "Be kind."}],
        "references": [{"name": "faq", "description": "Questions", "content": "None."}],
    }
    assert parse_agent_definition(body) == AgentSource(
        settings=AgentSettings(slug="support-chat", name="Support", description="Helps"),
        protocol="agent: {}",
        prompts=(PromptFile(name="system", content="Be kind."),),
        references=(ReferenceFile(name="faq", description="Questions", content="None."),),
    )


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"settings": None}, "settings must be an object"),
        (
            {"settings": {**SETTINGS, "slug": "Big Dog"}},
            "settings.slug must be lowercase letters and digits with dashes between",
        ),
        (
            {"settings": {**SETTINGS, "format": "batch"}},
            "settings.format must be one of interactive, worker",
        ),
        ({"protocol": None}, "protocol must be a string"),
        ({"prompts": [{"name": "a"}]}, "prompts[0].content must be a string"),
        ({"prompts": [{"name": "a", "content": ""}] * 2}, "prompts[1].name repeats a"),
        (
            {"references": [{"name": "a", "description": "d", "content": ""}] * 2},
            "references[1].name repeats a",
        ),
    ],
)
def test_a_malformed_agent_is_refused(change: dict[str, Any], message: str) -> None:
    body = {"settings": SETTINGS, "protocol": "", "prompts": [], **change}
    with pytest.raises(InvalidRequest) as refused:
        parse_agent_definition(body)
    assert refused.value.message == message


def test_an_update_changes_what_it_names() -> None:
    current = AgentSource(
        settings=AgentSettings(slug="support-chat", name="Support", description="Helps"),
        protocol="old",
        prompts=(PromptFile(name="system", content="old"),),
        references=(ReferenceFile(name="faq", description="d", content="c"),),
    )
    older = parse_agent_patch({"protocol": "new", "prompts": [{"name": "system", "content": "new"}]}, current)
    assert older == AgentSource(
        settings=current.settings,
        protocol="new",
        prompts=(PromptFile(name="system", content="new"),),
        references=current.references,
    )
    newer = parse_agent_patch({"settings": {"name": "Desk"}, "references": []}, current)
    assert newer == AgentSource(
        settings=AgentSettings(slug="support-chat", name="Desk", description="Helps"),
        protocol="old",
        prompts=current.prompts,
    )
    assert parse_agent_patch({"settings": {"slug": "support-chat"}}, current) == current
    with pytest.raises(InvalidRequest, match="slug cannot change: it is support-chat"):
        parse_agent_patch({"settings": {"slug": "other"}}, current)
