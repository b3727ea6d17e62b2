"""When a summarizer would never run."""

from mainspring.language.compiler import compile_agent
from mainspring.model.agents import AgentSettings, AgentSource, PromptFile

PROTOCOL = """
workers: {{ summarizer: {{ description: Sums up }} }}
agent: {{ model: scripted/model, system: system, contextManagement: {written} }}
"""


def complaints(written: str) -> list[tuple[str, str]]:
    """Codes and places of what is said of a `contextManagement`."""
    source = AgentSource(
        settings=AgentSettings(slug="agent", name="Agent", format="interactive"),
        protocol=PROTOCOL.format(written=written),
        prompts=(PromptFile(name="system", content="Help."),),
    )
    return [
        (one.code, one.path) for one in compile_agent(source, workers={}).diagnostics if "context" in one.path
    ]


def test_without_a_recent_part_nothing_is_summed_up() -> None:
    assert complaints("{ thresholdPercent: 80 }") == [("summarizer-never-runs", "agent.contextManagement")]
    place = "agent.contextManagement.summarizerWorker"
    assert complaints("{ summarizerWorker: summarizer }") == [("summarizer-never-runs", place)]


def test_what_is_kept_is_less_than_what_it_begins_at() -> None:
    place = "agent.contextManagement.recentPercent"
    assert complaints("{ recentPercent: 90, thresholdPercent: 80 }") == [("bad-value", place)]
    assert complaints("{ recentPercent: 30 }") == []
