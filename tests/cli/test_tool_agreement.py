"""Where agents and functions do not agree, it is said which and how."""

from typing import Any

from mainspring.cli.tool_agreement import disagreements
from mainspring.client.tools import tools_of
from mainspring.language.compiler import compile_agent
from mainspring.model.agents import AgentSettings, AgentSource, PromptFile
from mainspring.model.program import Program

PROTOCOL = """\
tools:
  get-order:
    description: Looks
    parameters:
      orderId: {type: integer}
      note: {type: string, optional: true}
      extra: {type: string}
agent:
  model: scripted/model
  system: system
  tools: [get-order]
"""


def program() -> Program:
    """An agent with one tool."""
    source = AgentSource(
        settings=AgentSettings(slug="shop", name="Shop", format="interactive"),
        protocol=PROTOCOL,
        prompts=(PromptFile(name="system", content="x"),),
    )
    compiled = compile_agent(source).program
    assert compiled is not None
    return compiled


def told(**functions: Any) -> list[str]:
    """What is said of functions by the names of their tools."""
    return disagreements(
        tools_of({name.replace("_", "-"): one for name, one in functions.items()}), [program()]
    )


def test_what_fits_is_not_spoken_of() -> None:
    def fits(order_id: float, extra: str, note: str | None = None) -> None:
        """Fits."""

    def takes_all(args: dict[str, Any]) -> None:
        """Fits too."""

    assert told(get_order=fits) == told(get_order=takes_all) == []
    assert disagreements(tools_of({"get-order": fits}), []) == []


def test_what_does_not_fit_is_named() -> None:
    def differs(order_id: str, note: str, customer: str) -> None:
        """Does not fit."""

    assert told(get_order=differs, sing=differs) == [
        "shop declares get-order without customer, which the function needs",
        "shop declares get-order with orderId as integer, but the function takes string",
        "shop declares get-order with note as optional, but the function needs it",
        "shop declares get-order with extra, which the function does not take",
        "no agent declares a tool sing",
    ]
