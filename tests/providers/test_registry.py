"""Finding wires by name: what is known, what the environment adds, and what to set when something is missing."""

import subprocess
import sys
from collections.abc import Mapping

import pytest

from mainspring.model.errors import Failure, ProviderError
from mainspring.providers.anthropic import AnthropicCompleter
from mainspring.providers.endpoints import ENDPOINTS
from mainspring.providers.gemini import GeminiCompleter
from mainspring.providers.openai_chat import ChatCompleter
from mainspring.providers.openai_responses import ResponsesCompleter
from mainspring.providers.registry import ANY, Registry
from mainspring.providers.script_reader import load_script
from mainspring.providers.scripted import ScriptedCompleter
from mainspring.providers.wire import HttpCall
from mainspring.testing.clock import ManualClock
from tests.providers.threads import request, user


def registry(environment: Mapping[str, str] = {}) -> Registry:
    return Registry(environment, clock=ManualClock())


def called(environment: Mapping[str, str], model: str) -> HttpCall:
    """The request that the found wire would send."""
    found = registry(environment).find(model)
    assert isinstance(found, ChatCompleter | ResponsesCompleter | AnthropicCompleter | GeminiCompleter)
    return found.call(request(user("x"), model=model))


def refused(environment: Mapping[str, str], model: str) -> Failure:
    with pytest.raises(ProviderError) as caught:
        registry(environment).find(model)
    return caught.value.failure


@pytest.mark.parametrize("provider", ENDPOINTS)
def test_every_provider_of_the_table_is_found(provider: str) -> None:
    endpoint = ENDPOINTS[provider]
    environment = {
        endpoint.key: "the-key",
        **({} if endpoint.url else {endpoint.base: "http://localhost:9/v1"}),
    }
    made = called(environment, f"{provider}/some-model")
    assert made.url.startswith(endpoint.url or "http://localhost:9/v1")
    ends = {
        "anthropic": "/v1/messages",
        "google": "/models/some-model:streamGenerateContent?alt=sse",
        "openai": "/responses",
        "openai-responses": "/responses",
    }
    assert made.url.endswith(ends.get(provider, "/chat/completions"))
    assert "the-key" in "".join(made.headers.values())
    assert b'"model":"some-model"' in made.body or provider == "google"


@pytest.mark.parametrize(
    "provider", [name for name, endpoint in ENDPOINTS.items() if endpoint.url and not endpoint.keyless]
)
def test_a_missing_key_names_the_variable_to_set(provider: str) -> None:
    failure = refused({ENDPOINTS[provider].key: "  "}, f"{provider}/x")
    assert failure.error_type == "authentication_error"
    assert failure.message.endswith(f"set {ENDPOINTS[provider].key}.")


@pytest.mark.parametrize(
    ("environment", "model", "url"),
    [
        ({}, "ollama/qwen3:8b", "http://localhost:11434/v1/chat/completions"),
        ({"OLLAMA_BASE_URL": "http://box:1"}, "ollama/q", "http://box:1/v1/chat/completions"),
        ({"OLLAMA_BASE_URL": "http://box:1/"}, "ollama/q", "http://box:1/v1/chat/completions"),
        ({"OPENAI_BASE_URL": "https://proxy.example/openai/v1/"}, "openai/g", "https://proxy.example/openai/v1/chat/completions"),
        ({"OPENAI_BASE_URL": "https://openai.com.example/v1"}, "openai/g", "https://openai.com.example/v1/chat/completions"),
        ({"OPENAI_BASE_URL": "https://eu.api.openai.com/v1"}, "openai/g", "https://eu.api.openai.com/v1/responses"),
        ({"OPENAI_BASE_URL": "https://eu.api.openai.com/v1"}, "openai-chat/g", "https://eu.api.openai.com/v1/chat/completions"),
        ({"OPENAI_BASE_URL": "http://box:1"}, "openai-responses/g", "http://box:1/v1/responses"),
        ({"ANTHROPIC_BASE_URL": "http://box:1/v1"}, "anthropic/c", "http://box:1/v1/messages"),
        ({"ANTHROPIC_BASE_URL": "http://box:1/proxy"}, "anthropic/c", "http://box:1/proxy/v1/messages"),
        ({"MY_LLM_BASE_URL": "http://box:1/api"}, "my-llm/a/b", "http://box:1/api/chat/completions"),
    ],
)  # fmt: skip
def test_base_urls_come_from_the_environment(environment: dict[str, str], model: str, url: str) -> None:
    made = called(environment, model)
    assert made.url == url
    assert "Authorization" not in made.headers
    assert "x-api-key" not in made.headers


def test_a_key_for_a_provider_of_ones_own() -> None:
    environment = {"MY_LLM_BASE_URL": "http://box:1/api", "MY_LLM_API_KEY": "k"}
    assert called(environment, "my-llm/a").headers["Authorization"] == "Bearer k"


@pytest.mark.parametrize(
    ("environment", "model", "error_type", "words"),
    [
        ({}, "gpt-4", "validation_error", "a model is named provider/model-id"),
        ({}, "openai/", "validation_error", "a model is named provider/model-id"),
        ({}, "a b/c", "validation_error", "a model is named provider/model-id"),
        ({}, "nobody/x", "not_found_error", "set NOBODY_BASE_URL"),
        ({"AZURE_OPENAI_API_KEY": "k"}, "azure/x", "not_found_error", "set AZURE_OPENAI_BASE_URL"),
        ({}, "openai-compatible/x", "not_found_error", "set OPENAI_COMPATIBLE_BASE_URL"),
        ({}, "google/gemini", "authentication_error", "set GEMINI_API_KEY"),
        (
            {"OLLAMA_BASE_URL": "localhost:1"},
            "ollama/x",
            "validation_error",
            "OLLAMA_BASE_URL has to be an address",
        ),
        (
            {"OLLAMA_BASE_URL": "file:///etc"},
            "ollama/x",
            "validation_error",
            "OLLAMA_BASE_URL has to be an address",
        ),
        ({}, "scripted/x", "not_found_error", "no script is loaded for scripted/x (loaded: none)"),
    ],
)
def test_what_cannot_be_found(environment: dict[str, str], model: str, error_type: str, words: str) -> None:
    failure = refused(environment, model)
    assert failure.error_type == error_type
    assert words.lower() in failure.message.lower()
    assert not failure.retryable


def test_a_wire_is_made_once() -> None:
    found = registry({"OPENAI_API_KEY": "k"})
    assert found.find("openai/a") is found.find("openai/b")


def test_azure_takes_its_key_in_a_header_of_its_own() -> None:
    base = "https://me.openai.azure.com/openai/v1"
    made = called({"AZURE_OPENAI_BASE_URL": base, "AZURE_OPENAI_API_KEY": "k"}, "azure/my-deployment")
    assert made.url == f"{base}/chat/completions"
    assert made.headers["api-key"] == "k"
    assert "Authorization" not in made.headers


async def test_scripts_by_name_and_for_every_name() -> None:
    one, other = load_script("default: one", "one.yaml"), load_script("default: other", "other.yaml")
    scripts = Registry({}, clock=ManualClock(), scripts={"one": one, ANY: other})
    for model, said in (("scripted/one", "one"), ("scripted/two", "other")):
        found = scripts.find(model)
        assert isinstance(found, ScriptedCompleter)
        first = await anext(found.complete(request(user("x"), model=model)))
        assert said in repr(first)
    with pytest.raises(ProviderError, match="loaded: one"):
        Registry({}, clock=ManualClock(), scripts={"one": one}).find("scripted/two")


async def test_closing_what_was_never_opened() -> None:
    await registry().close()
    opened = registry()
    opened.find("ollama/x")
    await opened.close()


def test_nothing_heavy_is_loaded_before_it_is_used() -> None:
    program = (
        "import sys, mainspring.providers.registry; print('aiohttp' in sys.modules, 'yaml' in sys.modules)"
    )
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert found.stdout == "False False\n"


@pytest.mark.parametrize(
    ("base", "model", "address"),
    [
        (
            "",
            "google/gemini-2.5-pro",
            "https://generativelanguage.googleapis.com/v1beta/models/gemini-2.5-pro",
        ),
        ("http://localhost:9", "google/g", "http://localhost:9/v1beta/models/g"),
        ("http://localhost:9/v7", "google/tunedModels/a b", "http://localhost:9/v7/tunedModels/a%20b"),
    ],
)
def test_the_model_of_google_stands_in_the_address(base: str, model: str, address: str) -> None:
    call = called({"GEMINI_API_KEY": "k", "GEMINI_BASE_URL": base}, model)
    assert call.url == f"{address}:streamGenerateContent?alt=sse"
    assert call.headers["x-goog-api-key"] == "k"
