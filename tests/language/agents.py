"""Makes small agents for the tests of the compiler."""

from mainspring.language.compiler import Compilation, compile_agent
from mainspring.model.agents import AgentSettings, AgentSource, PromptFile, ReferenceFile
from mainspring.model.program import Format, Program

AGENT = "agent: { model: openai/gpt-5 }\n"


def agent(
    protocol: str = AGENT,
    *,
    prompts: dict[str, str] | None = None,
    references: tuple[ReferenceFile, ...] = (),
    format: Format = "interactive",
    name: str = "Small",
) -> AgentSource:
    """An agent called `small` with the prompt `system`, unless other prompts are given."""
    texts = {"system": "You help."} if prompts is None else prompts
    return AgentSource(
        settings=AgentSettings(slug="small", name=name, format=format),
        protocol=protocol,
        prompts=tuple(PromptFile(name=key, content=text) for key, text in texts.items()),
        references=references,
    )


def compiled(source: AgentSource | str, **workers: Program) -> Program:
    """The program of an agent that compiles."""
    found = compile_agent(agent(source) if isinstance(source, str) else source, workers=workers or None)
    assert found.program is not None, found.diagnostics
    return found.program


def told(source: AgentSource | str) -> list[tuple[str, str]]:
    """Code and path of every diagnostic."""
    found = compile_agent(agent(source) if isinstance(source, str) else source)
    return [(one.code, one.path) for one in found.diagnostics]


def messages(found: Compilation) -> list[str]:
    """Every message."""
    return [one.message for one in found.diagnostics]
