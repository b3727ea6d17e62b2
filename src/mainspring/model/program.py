"""Owns the compiled protocol: the treaty between the compiler and the interpreter."""

from __future__ import annotations

from typing import Literal, TypeAlias

from mainspring.model.values import Json, Value

Display = Literal["hidden", "name", "description", "stream", "title"]
Format = Literal["interactive", "worker"]


class TypeRef(Value, frozen=True, kw_only=True):
    """A use of a type: a scalar (`string number integer boolean unknown file`) or a custom type, maybe `T[]`."""

    name: str
    array: bool = False


class Property(Value, frozen=True, kw_only=True):
    """A property of an object type or a parameter of a tool."""

    type: TypeRef
    description: str | None = None
    optional: bool = False
    enum: tuple[str, ...] = ()
    const: str | None = None


class ObjectType(Value, frozen=True, kw_only=True, tag_field="kind", tag="object"):
    """An object with named properties."""

    name: str
    properties: dict[str, Property]
    description: str | None = None


class ArrayType(Value, frozen=True, kw_only=True, tag_field="kind", tag="array"):
    """A named array type."""

    name: str
    items: TypeRef
    description: str | None = None


class UnionType(Value, frozen=True, kw_only=True, tag_field="kind", tag="union"):
    """A discriminated union of object types."""

    name: str
    any_of: tuple[str, ...]
    discriminator: str
    description: str | None = None


TypeDecl: TypeAlias = ObjectType | ArrayType | UnionType


class Declared(Value, frozen=True, kw_only=True):
    """A declared input, trigger input, variable or resource."""

    name: str
    type: TypeRef
    description: str | None = None
    optional: bool = False
    default: Json = None
    has_default: bool = False
    enum: tuple[str, ...] = ()
    readonly: bool = False


class Operand(Value, frozen=True, kw_only=True):
    """A literal, or the value of a variable when `variable` is set (unset variable: nothing is sent)."""

    variable: str | None = None
    literal: Json = None


class TextNode(Value, frozen=True, kw_only=True, tag_field="node", tag="text"):
    """Literal prompt text."""

    text: str


class VariableNode(Value, frozen=True, kw_only=True, tag_field="node", tag="variable"):
    """`{{NAME}}`: filled in if mapped and present, else left as written in `source`."""

    name: str
    source: str


class Condition(Value, frozen=True, kw_only=True):
    """`VAR`, `!VAR`, `VAR == "x"` or `VAR != "x"`."""

    variable: str
    operator: Literal["truthy", "falsy", "equals", "differs"] = "truthy"
    literal: str = ""


class Branch(Value, frozen=True, kw_only=True):
    """One arm of a conditional; no condition: the `else` arm."""

    condition: Condition | None
    nodes: tuple[TemplateNode, ...]


class ConditionalNode(Value, frozen=True, kw_only=True, tag_field="node", tag="if"):
    """`{{#if}} ... {{else if}} ... {{else}} ... {{/if}}`: the first arm that holds is rendered."""

    branches: tuple[Branch, ...]


TemplateNode: TypeAlias = TextNode | VariableNode | ConditionalNode


class Prompt(Value, frozen=True, kw_only=True):
    """A prompt file, its includes resolved and its conditionals parsed."""

    name: str
    nodes: tuple[TemplateNode, ...]


class Reference(Value, frozen=True, kw_only=True):
    """A reference document the model may read on demand."""

    name: str
    description: str
    content: str


class ArgumentCondition(Value, frozen=True, kw_only=True):
    """A condition on the arguments of a call: `path` leads to the argument; `source` is what was written."""

    path: tuple[str, ...]
    operator: Literal["truthy", "falsy", "equals", "differs", "above", "at-least", "below", "at-most"]
    literal: str | float = ""
    source: str = ""


class Policy(Value, frozen=True, kw_only=True):
    """How calls of a tool are run. `timeout`, `backoff`, `approval_timeout` are seconds.

    `retries`: how often a failed attempt is made again; the wait before it begins with `backoff` and doubles.
    `conditions`: with approval `when`, one that holds is enough. `concurrency`: how many of an execution run at once.
    """

    timeout: float | None = None
    retries: int = 0
    backoff: float = 1.0
    idempotent: bool = False
    unknown: Literal["retry", "ask", "fail", "probe"] = "ask"
    approval: Literal["never", "always", "when"] = "never"
    conditions: tuple[ArgumentCondition, ...] = ()
    approval_timeout: float | None = None
    concurrency: int | None = None
    max_result_tokens: int | None = None


class Tool(Value, frozen=True, kw_only=True):
    """A tool that runs on the customer's side; `schema` is the JSON Schema of its arguments object."""

    name: str
    description: str
    display: Display = "description"
    title: str | None = None
    parameters: dict[str, Property] = {}
    schema: dict[str, Json] = {}
    policy: Policy | None = None


class Namespace(Value, frozen=True, kw_only=True):
    """An MCP server: a group of tools whose names are led by `name__`. `source` says who reaches it.

    `remote`: this server, by its address; `device`: this server, as a process of its own, or the caller's side;
    `consumer`: the caller's side. `eager`: its tools are offered at once, else the model has to activate it.
    """

    name: str
    source: Literal["remote", "device", "consumer"]
    display: Display = "description"
    title: str | None = None
    description: str | None = None
    eager: bool = False


class Worker(Value, frozen=True, kw_only=True):
    """A worker agent this protocol may call; `tools` maps the worker's tool names to the parent's."""

    slug: str
    description: str | None = None
    display: Display = "stream"
    title: str | None = None
    tools: dict[str, str] = {}


class Trigger(Value, frozen=True, kw_only=True):
    """A way into the agent; `assumed` when convention supplied it."""

    name: str
    input: dict[str, Declared] = {}
    description: str | None = None
    assumed: bool = False


class ThreadConfig(Value, frozen=True, kw_only=True):
    """How a thread talks to its model: the `agent` section or a `start-thread` block."""

    model: Operand | None = None
    backup_models: tuple[Operand, ...] = ()
    system: str | None = None
    input: dict[str, str] = {}
    tools: tuple[str, ...] = ()
    workers: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
    todo_list: bool = False
    agentic: bool = False
    max_steps: Operand | None = None
    temperature: Operand | None = None
    thinking: Operand | None = None
    speed: Operand | None = None
    cache: Literal["auto", "extended", "off"] = "auto"
    max_tool_output_tokens: int | None = None
    max_image_dimension: int | None = None
    max_output_tokens: int | None = None
    loop_guard: bool = False
    on_interrupted: Literal["keep", "restart"] = "keep"
    options: dict[str, Json] = {}
    """Validated members that this server does not run yet (skills, MCP, media models ...), as written."""


class BlockFields(Value, frozen=True, kw_only=True, tag_field="block"):
    """What every block has; `index` is its position in the handler."""

    name: str
    index: int
    display: Display
    description: str | None = None
    title: str | None = None
    assumed: bool = False


class AddMessage(BlockFields, frozen=True, kw_only=True, tag="add-message"):
    """Adds a rendered prompt to a thread; `prompt` None: the value of `text_variable` itself (by convention)."""

    role: Literal["user", "assistant", "system"]
    prompt: str | None
    text_variable: str | None = None
    input: dict[str, str] = {}
    visible: bool = True
    files: tuple[str, ...] = ()
    ui_content: str | None = None
    thread: str = "main"


class NextMessage(BlockFields, frozen=True, kw_only=True, tag="next-message"):
    """Asks the model for the next message of a thread, with its tool rounds."""

    thread: str = "main"
    independent: bool = False
    output: str | None = None
    response_type: str | None = None


class CallTool(BlockFields, frozen=True, kw_only=True, tag="tool-call"):
    """Calls a tool without the model."""

    tool: str
    input: dict[str, Operand] = {}
    output: str | None = None


class SetResource(BlockFields, frozen=True, kw_only=True, tag="set-resource"):
    """Writes a variable's value into a resource."""

    resource: str
    value: str


class StartThread(BlockFields, frozen=True, kw_only=True, tag="start-thread"):
    """Begins (or begins anew) a named thread."""

    thread: str
    config: ThreadConfig


class SerializeThread(BlockFields, frozen=True, kw_only=True, tag="serialize-thread"):
    """Writes a thread as text into a variable."""

    thread: str = "main"
    format: Literal["markdown", "json"] = "markdown"
    output: str | None = None


class RunWorker(BlockFields, frozen=True, kw_only=True, tag="run-worker"):
    """Runs a worker to its end."""

    worker: str
    input: dict[str, Operand] = {}
    output: str | None = None


class GenerateMedia(BlockFields, frozen=True, kw_only=True, tag="media"):
    """An image, speech, transcription or video block: compiled and checked; refused as unsupported to run."""

    kind: Literal["generate-image", "generate-speech", "transcribe-audio", "generate-video"]
    members: dict[str, Json] = {}


Block: TypeAlias = (
    AddMessage
    | NextMessage
    | CallTool
    | SetResource
    | StartThread
    | SerializeThread
    | RunWorker
    | GenerateMedia
)


class Program(Value, frozen=True, kw_only=True):
    """A compiled protocol. `hash` is the hex SHA-256 of the agent's files: the version of the agent."""

    slug: str
    name: str
    format: Format
    hash: str
    description: str | None = None
    input: dict[str, Declared] = {}
    variables: dict[str, Declared] = {}
    resources: dict[str, Declared] = {}
    types: dict[str, TypeDecl] = {}
    schemas: dict[str, dict[str, Json]] = {}
    """JSON Schema of every custom type, self-contained (no `$ref`)."""
    tools: dict[str, Tool] = {}
    namespaces: dict[str, Namespace] = {}
    """MCP servers."""
    on_demand: Namespace | None = None
    """How MCP servers show that the protocol does not name."""
    workers: dict[str, Worker] = {}
    triggers: dict[str, Trigger] = {}
    agent: ThreadConfig | None = None
    handlers: dict[str, tuple[Block, ...]] = {}
    steps: tuple[Block, ...] = ()
    output: str | None = None
    prompts: dict[str, Prompt] = {}
    references: dict[str, Reference] = {}
