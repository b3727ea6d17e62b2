"""Owns the agents of a simulation: protocols that chance puts together, with their workers."""

from typing import Any

from mainspring.model.agents import AgentSettings, AgentSource, PromptFile, ReferenceFile
from mainspring.testing.simulation.chance import Chance

DISPLAYS = ("hidden", "name", "description", "stream")
TOOLS = ("find", "look", "count")


def agent(chance: Chance) -> AgentSource:
    """An interactive agent `main`."""
    return source("main", "interactive", _interactive(chance))


def worker(chance: Chance) -> AgentSource:
    """A worker `helper`."""
    return source("helper", "worker", _worker(chance, nested=chance.happens(0.3)))


def inner() -> AgentSource:
    """A worker `inner`, which the other may call."""
    return source("inner", "worker", INNER)


def source(slug: str, kind: Any, protocol: str) -> AgentSource:
    """An agent with the prompts and references that the protocols here use."""
    return AgentSource(
        settings=AgentSettings(slug=slug, name=slug.title(), format=kind),
        protocol=protocol,
        prompts=(
            PromptFile(name="system", content="Help with {{SEEN}}."),
            PromptFile(name="say", content="About {{USER_MESSAGE}} and {{SEEN}}."),
        ),
        references=(ReferenceFile(name="guide", description="A guide", content="# Guide"),),
    )


INNER = """
variables: { OUT: { type: unknown } }
tools: { find: { description: Find } }
steps:
  Start: { block: start-thread, thread: t, model: scripted/inner, system: system, tools: [find], maxSteps: 2 }
  Say: { block: next-message, thread: t, output: OUT }
output: OUT
"""


def _tools(chance: Chance) -> str:
    lines = [
        f"  {name}: {{ description: {name.title()}, display: {chance.of(DISPLAYS)},"
        " parameters: { word: { type: string, optional: true } } }"
        for name in TOOLS
    ]
    return "\n".join(("tools:", *lines))


def _interactive(chance: Chance) -> str:
    workers = f"  helper: {{ description: Helps, display: {chance.of(DISPLAYS)} }}\n"
    workers += "  recap: { description: Sums up }\n"
    workers += "  missing: { description: Nobody, display: stream }\n" if chance.happens(0.3) else ""
    named = "helper" + (", missing" if "missing" in workers else "")
    extra = "  references: [guide]\n" if chance.happens(0.3) else ""
    extra += "  todoList: true\n" if chance.happens(0.3) else ""
    agentic = f"  agentic: true\n  maxSteps: {1 + chance.below(4)}\n" if chance.happens(0.8) else ""
    handler = _handler(chance) if chance.happens(0.75) else ""
    extra += _management(chance)
    return f"""
variables:
  SEEN: {{ type: unknown }}
  LOG: {{ type: unknown }}
resources:
  KEPT: {{ type: unknown }}
{_tools(chance)}
workers:
{workers}
triggers:
  user-message: {{ input: {{ USER_MESSAGE: {{ type: string }} }} }}
agent:
  model: scripted/main
  system: system
  input: [SEEN]
  tools: [{", ".join(TOOLS)}]
  workers: [{named}]
{extra}{agentic}
{handler}
"""


def _management(chance: Chance) -> str:
    """A window so small that summaries are asked for, of a worker or of the built-in summarizer."""
    if not chance.happens(0.4):
        return ""
    worker = ", summarizerWorker: recap" if chance.happens(0.3) else ""
    return f"  contextManagement: {{ window: 150, thresholdPercent: 60, recentPercent: {chance.below(40)}{worker} }}\n"


def _handler(chance: Chance) -> str:
    blocks = [_block(chance) for _ in range(chance.below(4))]
    talk = [
        "block: add-message, role: user, prompt: say, input: [USER_MESSAGE, SEEN]",
        f"block: next-message, display: {chance.of(DISPLAYS)}, output: SEEN",
    ]
    blocks = [*blocks, *talk, *[_block(chance) for _ in range(chance.below(3))]]
    lines = [f"    Block {number}: {{ {block} }}" for number, block in enumerate(blocks)]
    return "\n".join(("handlers:", "  user-message:", *lines))


def _block(chance: Chance) -> str:
    shown = f"display: {chance.of(DISPLAYS)}"
    kinds = (
        f"block: tool-call, tool: {chance.of(TOOLS)}, input: {{ word: USER_MESSAGE }}, output: SEEN, {shown}",
        f"block: tool-call, tool: {chance.of(TOOLS)}, {shown}",
        f"block: set-resource, resource: KEPT, value: SEEN, {shown}",
        f"block: serialize-thread, output: LOG, {shown}",
        f"block: run-worker, worker: helper, output: SEEN, {shown}",
        f"block: next-message, independent: true, {shown}",
        "block: add-message, role: assistant, prompt: say, input: [USER_MESSAGE, SEEN]",
        "block: add-message, role: user, prompt: say, input: [USER_MESSAGE, SEEN], visible: false",
        f"block: next-message, {shown}",
    )
    return chance.of(kinds)


def _worker(chance: Chance, *, nested: bool) -> str:
    shown = f"display: {chance.of(DISPLAYS)}"
    inside = (
        f"workers: {{ inner: {{ description: Inner, display: {chance.of(DISPLAYS)} }} }}" if nested else ""
    )
    uses = "    workers: [inner]" if nested else ""
    run = f"  Run: {{ block: run-worker, worker: inner, output: SEEN, {shown} }}\n" if nested else ""
    call = (
        f"  Call: {{ block: tool-call, tool: find, output: SEEN, {shown} }}\n" if chance.happens(0.4) else ""
    )
    return f"""
input:
  WORD: {{ type: string, optional: true }}
variables:
  SEEN: {{ type: unknown }}
  USER_MESSAGE: {{ type: unknown }}
{_tools(chance)}
{inside}
steps:
  Start:
    block: start-thread
    thread: w
    model: scripted/helper
    system: system
    tools: [find, look]
{uses}
    maxSteps: {1 + chance.below(3)}
{call}{run}  Ask: {{ block: add-message, thread: w, role: user, prompt: say }}
  Work: {{ block: next-message, thread: w, output: SEEN, {shown} }}
output: SEEN
"""
