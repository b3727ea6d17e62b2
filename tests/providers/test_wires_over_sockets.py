"""Each wire over a real socket, found by its provider: an answer, and what a failure cost."""

import pytest

from mainspring.model.errors import ProviderError
from mainspring.model.generation import Finished, Usage
from mainspring.providers.registry import Registry
from mainspring.testing.clock import ManualClock
from tests.contract.providers.recordings import FIXTURES
from tests.providers.fake_provider import fake_provider
from tests.providers.threads import request, user


@pytest.mark.parametrize(
    ("model", "recording", "base"),
    [
        ("openai-responses/m", "openai_responses/text", "OPENAI_BASE_URL"),
        ("google/m", "gemini/text", "GEMINI_BASE_URL"),
        ("anthropic/m", "anthropic/text", "ANTHROPIC_BASE_URL"),
        ("ollama/m", "openai_chat/ollama-turn", "OLLAMA_BASE_URL"),
    ],
)
async def test_each_wire_answers_over_a_socket(model: str, recording: str, base: str) -> None:
    said = (FIXTURES / f"{recording}.sse").read_bytes()
    async with fake_provider(lambda visit: visit.whole(said)) as fake:
        found = Registry({base: fake.url}, clock=ManualClock())
        chunks = [
            chunk
            async for some in found.find(model).complete(request(user("x"), model=model))
            for chunk in some
        ]
        await found.close()
    assert isinstance(chunks[-1], Finished)
    assert chunks[-1].usage.output_tokens


USED = {
    "openai_responses/m": b'data: {"type":"response.failed","response":{"usage":{"input_tokens":7}}}\n\n',
    "google/m": b'data: {"usageMetadata":{"promptTokenCount":7},"error":{"code":500}}\n\n',
    "anthropic/m": b'data: {"type":"message_start","message":{"usage":{"input_tokens":7}}}\n\n',
    "ollama/m": b'data: {"usage":{"prompt_tokens":7},"error":{"code":500}}\n\n',
}


@pytest.mark.parametrize("model", USED)
@pytest.mark.parametrize("told", [True, False])
async def test_a_failure_tells_what_it_cost_all_the_same(model: str, told: bool) -> None:
    said = USED[model] if told else b"data: {}\n\n"
    name = model.replace("_", "-")
    async with fake_provider(lambda visit: visit.whole(said)) as fake:
        bases = ("OPENAI_BASE_URL", "GEMINI_BASE_URL", "ANTHROPIC_BASE_URL", "OLLAMA_BASE_URL")
        found = Registry(dict.fromkeys(bases, fake.url), clock=ManualClock())
        with pytest.raises(ProviderError) as caught:
            async for _ in found.find(name).complete(request(user("x"), model=name)):
                pass
        await found.close()
    assert caught.value.usage == (Usage(input_tokens=7) if told else None)
