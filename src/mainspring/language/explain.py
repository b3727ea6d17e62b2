"""Owns the complete form of a protocol: what is written, and everything that is assumed beside it, marked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import cast

from mainspring.language.conventions import USER_INPUT, USER_PROMPT
from mainspring.language.emit import mapping_lines
from mainspring.language.policies import policy_members
from mainspring.language.reader import read_yaml
from mainspring.language.sources import PROTOCOL_FILE
from mainspring.language.syntax import plain
from mainspring.model.agents import AgentSource
from mainspring.model.program import (
    AddMessage,
    Block,
    CallTool,
    Declared,
    NextMessage,
    Operand,
    Program,
    Property,
    RunWorker,
    SerializeThread,
    SetResource,
    StartThread,
    ThreadConfig,
    TypeRef,
)
from mainspring.model.values import Json

Members = dict[str, Json]


def explain(program: Program, source: AgentSource) -> str:
    """The protocol as YAML with nothing left out: what the file does not say is marked `# assumed`."""
    tree, _ = read_yaml(source.protocol, PROTOCOL_FILE)
    written: Members = {} if tree is None else _long_forms(cast("Members | None", plain(tree)) or {})
    kind = "worker" if program.format == "worker" else "agent"
    head = f"# The {kind} {program.slug}, version {program.hash[:12]}, with everything it assumes."
    return "\n".join([head, *mapping_lines(_protocol(program), written)]) + "\n"


def _long_forms(written: Members) -> Members:
    """What is written, with blocks in their long form."""
    found = dict(written)
    if isinstance(found.get("steps"), dict):
        found["steps"] = _long_blocks(found["steps"])
    handlers = found.get("handlers")
    if isinstance(handlers, dict):
        by_trigger = cast("Members", handlers)
        found["handlers"] = {name: _long_blocks(blocks) for name, blocks in by_trigger.items()}
    return found


def _long_blocks(blocks: Json) -> Json:
    if not isinstance(blocks, dict):
        return blocks
    members = cast("Members", blocks)
    return {name: {"block": block} if isinstance(block, str) else block for name, block in members.items()}


def _protocol(program: Program) -> Members:
    sections: Members = {
        "input": _each(program.input, _given),
        "variables": _each(program.variables, _value),
        "resources": _each(
            program.resources, lambda declared: {**_value(declared), "readonly": declared.readonly}
        ),
        "tools": {
            name: {
                **_present(description=tool.description, display=tool.display, title=tool.title),
                **_present(parameters=_each(tool.parameters, _parameter)),
                **({} if tool.policy is None else {"policy": policy_members(tool.policy)}),
            }
            for name, tool in program.tools.items()
        },
        "workers": {
            slug: _present(display=worker.display, description=worker.description, tools=worker.tools)
            for slug, worker in program.workers.items()
        },
        "triggers": {
            name: _present(description=trigger.description, input=_each(trigger.input, _given))
            for name, trigger in program.triggers.items()
        },
    }
    if program.agent is not None:
        sections["agent"] = {**_thread(program.agent), "agentic": program.agent.agentic}
        if program.agent.agentic:
            sections["agent"].setdefault("maxSteps", 10)
    sections["handlers"] = {name: _blocks(blocks) for name, blocks in program.handlers.items()}
    sections["steps"] = _blocks(program.steps)
    return {key: value for key, value in sections.items() if value}


def _each(values: Mapping[str, Json], describe: Callable[[Json], Members]) -> Members:
    return {name: describe(value) for name, value in values.items()}


def _present(**members: Json) -> Members:
    return {key: value for key, value in members.items() if value is not None and value != {}}


def _type(ref: TypeRef) -> str:
    return f"{ref.name}[]" if ref.array else ref.name


def _value(declared: Declared) -> Members:
    found: Members = _present(type=_type(declared.type), description=declared.description)
    return {**found, "default": declared.default} if declared.has_default else found


def _given(declared: Declared) -> Members:
    return {**_value(declared), "optional": declared.optional}


def _parameter(member: Property) -> Members:
    return {**_present(type=_type(member.type), description=member.description), "optional": member.optional}


def _operand(operand: Operand | None) -> Json:
    if operand is None:
        return None
    return operand.literal if operand.variable is None else operand.variable


def _one_or_list(values: list[Json]) -> Json:
    return values[0] if len(values) == 1 else values or None


def _operands(values: Mapping[str, Operand]) -> Members:
    return {name: _operand(operand) for name, operand in values.items()}


def _thread(config: ThreadConfig) -> Members:
    members = _present(
        model=_operand(config.model),
        backupModel=_one_or_list([_operand(operand) for operand in config.backup_models]),
        system=config.system,
        input=dict(config.input),
        tools=list(config.tools) or None,
        workers=list(config.workers) or None,
        references=list(config.references) or None,
        maxSteps=_operand(config.max_steps),
        temperature=_operand(config.temperature),
        thinking=_operand(config.thinking),
        speed=_operand(config.speed),
    )
    return {
        **members,
        "todoList": config.todo_list,
        "cache": config.cache,
        "loopGuard": config.loop_guard,
        "onInterrupted": config.on_interrupted,
    }


def _blocks(blocks: tuple[Block, ...]) -> Members:
    return {block.name: _block(block) for block in blocks}


def _block(block: Block) -> Members:
    """A block in full; the members of media blocks are kept as written."""
    kind = block.__struct_config__.tag
    shown = _present(block=kind, display=block.display, title=block.title, description=block.description)
    match block:
        case AddMessage():
            members = _add_message(block)
        case NextMessage():
            members = _present(thread=block.thread, independent=block.independent, output=block.output)
            members |= _present(responseType=block.response_type)
        case CallTool():
            members = _present(tool=block.tool, input=_operands(block.input), output=block.output)
        case SetResource():
            members = _present(resource=block.resource, value=block.value)
        case StartThread():
            members = {"thread": block.thread, **_thread(block.config)}
        case SerializeThread():
            members = _present(thread=block.thread, format=block.format, output=block.output)
        case RunWorker():
            members = _present(worker=block.worker, input=_operands(block.input), output=block.output)
        case _:
            shown["block"] = block.kind
            members = block.members
    return {**shown, **members}


def _add_message(block: AddMessage) -> Members:
    if block.text_variable is None:
        prompt, mapping = block.prompt, cast("Members", dict(block.input))
    else:
        prompt, mapping = USER_PROMPT, {USER_INPUT: block.text_variable}
    members = _present(role=block.role, prompt=prompt, input=mapping, visible=block.visible)
    files = list(block.files) or None
    return {**members, **_present(files=files, uiContent=block.ui_content, thread=block.thread)}
