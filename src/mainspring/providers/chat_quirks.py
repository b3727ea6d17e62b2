"""Owns where servers of Chat Completions differ from each other, as data: the wire reads it, the reference shows it.

Sources: the public API references of the providers, and of the servers that run on one's own machine.
"""

from __future__ import annotations

import re
from typing import Final, Literal

import msgspec

from mainspring.model.generation import Thinking

Efforts = dict[str, str]
"""Our word for how hard to think, and theirs."""

ThinkingAs = Literal[
    "reasoning_effort", "reasoning", "reasoning-switch", "thinking-switch", "template-switch"
]
"""Where the word goes: a member of its own; inside `reasoning`; or only on and off, in `reasoning`, in `thinking`,
or in what the chat template is told."""

SchemaAs = Literal["json_schema", "json_object", "words"]
"""How a structured answer is asked for: by its schema; as any JSON object, the schema told in words; in words alone."""

LOW_TO_HIGH: Final[Efforts] = {"low": "low", "medium": "medium", "high": "high", "max": "high"}
WITH_NONE: Final[Efforts] = {"off": "none", **LOW_TO_HIGH}
_SWITCH: Final[Efforts] = {"off": "off", "low": "on", "medium": "on", "high": "on", "max": "on"}


class Family(msgspec.Struct, frozen=True, kw_only=True):
    """Models of one provider, by a pattern in their names, and what they do otherwise than its others.

    None: as the others. `refuses`: members that are not sent to them.
    """

    names: str
    efforts: Efforts | None = None
    thinking_as: ThinkingAs | None = None
    schema_as: SchemaAs | None = None
    refuses: tuple[str, ...] = ()


class Quirks(msgspec.Struct, frozen=True, kw_only=True):
    """Where a provider differs from the others.

    `auth`: the header of the key. `limit`: the member that bounds the answer. `efforts`: its words for how hard to
    think, without one it is not told. `by_model`: what a model can do follows from its name, as with OpenAI itself.
    `reasoning_back`: the member in which its own reasoning goes back. `usage_option`: usage is sent if it is asked for.
    `strict_turns`: ids of calls are nine letters and digits, and between results and a question there is an answer.
    `schema_beside_tools`: a schema may be given beside tools. `refuses`: members that it does not take.
    """

    auth: Literal["Authorization", "api-key"] = "Authorization"
    limit: Literal["max_tokens", "max_completion_tokens"] = "max_tokens"
    efforts: Efforts = msgspec.field(default_factory=lambda: dict(LOW_TO_HIGH))
    thinking_as: ThinkingAs = "reasoning_effort"
    schema_as: SchemaAs = "json_schema"
    schema_beside_tools: bool = True
    by_model: bool = False
    reasoning_back: Literal["reasoning_content", "reasoning"] | None = None
    usage_option: bool = True
    strict_turns: bool = False
    refuses: tuple[str, ...] = ()
    families: tuple[Family, ...] = ()

    def of(self, model: str) -> Quirks:
        """What holds for one model: the first family whose pattern is found in its name counts."""
        for family in self.families:
            if re.search(family.names, model, re.IGNORECASE):
                return self.of_family(family)
        return self

    def of_family(self, family: Family) -> Quirks:
        """What holds for the models of a family."""
        return msgspec.structs.replace(
            self,
            efforts=self.efforts if family.efforts is None else family.efforts,
            thinking_as=family.thinking_as or self.thinking_as,
            schema_as=family.schema_as or self.schema_as,
            refuses=(*self.refuses, *family.refuses),
        )

    def thinking(self, thinking: Thinking | None) -> dict[str, object]:
        """The members that say how hard to think; none if there is no word for it."""
        word = self.efforts.get(thinking or "")
        if word is None:
            return {}
        match self.thinking_as:
            case "reasoning_effort":
                return {"reasoning_effort": word}
            case "reasoning":
                return {"reasoning": {"effort": word}}
            case "reasoning-switch":
                return {"reasoning": {"enabled": word == "on"}}
            case "thinking-switch":
                return {"thinking": {"type": "enabled" if word == "on" else "disabled"}}
            case "template-switch":
                return {"chat_template_kwargs": {"enable_thinking": word == "on"}}


_GPT_OSS: Final = Family(names="gpt-oss", efforts=LOW_TO_HIGH, thinking_as="reasoning_effort")

OPENAI: Final = Quirks(limit="max_completion_tokens", by_model=True)
AZURE: Final = Quirks(auth="api-key", limit="max_completion_tokens", by_model=True)
OPENROUTER: Final = Quirks(
    efforts={**WITH_NONE, "max": "xhigh"}, thinking_as="reasoning", reasoning_back="reasoning"
)
GROQ: Final = Quirks(
    limit="max_completion_tokens",
    efforts={},
    schema_as="json_object",
    schema_beside_tools=False,
    families=(
        Family(names="gpt-oss", efforts=LOW_TO_HIGH, schema_as="json_schema"),
        Family(names="qwen3", efforts={key: "none" if key == "off" else "default" for key in _SWITCH}),
    ),
)
DEEPSEEK: Final = Quirks(
    efforts=_SWITCH,
    thinking_as="thinking-switch",
    schema_as="json_object",
    reasoning_back="reasoning_content",
    families=(Family(names="reasoner", efforts={}, refuses=("temperature",)),),
)
MOONSHOT: Final = Quirks(
    efforts={},
    schema_as="json_schema",
    reasoning_back="reasoning_content",
    families=(Family(names=r"kimi-k2\.[5-9]|kimi-k[3-9]", efforts=_SWITCH, thinking_as="thinking-switch"),),
)
MISTRAL: Final = Quirks(usage_option=False, efforts={}, strict_turns=True)
XAI: Final = Quirks(
    limit="max_completion_tokens",
    efforts={"low": "low", "medium": "medium", "high": "high", "max": "xhigh"},
    families=(
        Family(names="non-reasoning|grok-2", efforts={}),
        Family(names="grok-3-mini", efforts={"low": "low", "medium": "low", "high": "high", "max": "high"}),
        Family(names="grok-3", efforts={}),
    ),
)
TOGETHER: Final = Quirks(efforts=_SWITCH, thinking_as="reasoning-switch", families=(_GPT_OSS,))
FIREWORKS: Final = Quirks(efforts=WITH_NONE)
CEREBRAS: Final = Quirks(
    limit="max_completion_tokens", efforts={}, schema_beside_tools=False, families=(_GPT_OSS,)
)
OLLAMA: Final = Quirks(efforts=WITH_NONE)
VLLM: Final = Quirks(efforts=_SWITCH, thinking_as="template-switch", families=(_GPT_OSS,))
LLAMACPP: Final = Quirks(efforts=_SWITCH, thinking_as="template-switch", families=(_GPT_OSS,))
LMSTUDIO: Final = Quirks(efforts=LOW_TO_HIGH)
