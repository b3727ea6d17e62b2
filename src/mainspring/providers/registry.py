"""Owns finding the wire for a model name; what a wire needs is imported when it is found for the first time."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from mainspring.model.errors import ProviderError
from mainspring.providers.endpoints import ENDPOINTS, Endpoint, endpoint_of
from mainspring.providers.failures import Failures
from mainspring.providers.script import Script, ScriptFunction
from mainspring.providers.wire import Times
from mainspring.runtime.ports import Clock, Completer

if TYPE_CHECKING:
    from mainspring.providers.http import ProviderHttp

ANY: Final = "*"
BRIDGED: Final = "PYDANTIC_AI_PROVIDERS"
"""The variable that lists the providers to call through pydantic-ai, by their names there."""

_PROVIDER: Final = re.compile(r"[A-Za-z0-9][\w.-]{0,63}")


class Registry:
    """A `Completers`: the providers of one process.

    `environment`: names and values as in a process's environment; keys and base URLs are read from it.
    `scripts`: scripts of the scripted model by the name after `scripted/`; `*` serves every other name.
    """

    def __init__(
        self,
        environment: Mapping[str, str],
        *,
        clock: Clock,
        scripts: Mapping[str, Script | ScriptFunction] | None = None,
        times: Times | None = None,
    ) -> None:
        self._environment = environment
        self._clock = clock
        self._scripts = dict(scripts or {})
        self._times = times
        self._http: ProviderHttp | None = None
        self._found: dict[str, Completer] = {}

    def find(self, model: str, /) -> Completer:
        """The completer for `provider/model-id`; raises `ProviderError` if unknown or without a key."""
        provider, slash, name = model.partition("/")
        if not slash or not name or not _PROVIDER.fullmatch(provider):
            message = f"a model is named provider/model-id, and {model[:100]!r} is not"
            raise Failures("mainspring").refused("validation_error", "MODEL", message)
        if provider == "scripted":
            return self._scripted(name)
        found = self._found.get(provider)
        if found is None:
            bridged = provider in self._environment.get(BRIDGED, "").replace(",", " ").split()
            found = self._bridge(provider, name) if bridged else self._connect(provider, name)
            self._found[provider] = found
        return found

    async def close(self) -> None:
        """Close every connection to a provider."""
        if self._http is not None:
            await self._http.close()

    def _scripted(self, name: str) -> Completer:
        from mainspring.providers.scripted import ScriptedCompleter  # noqa: PLC0415  loads the YAML reader

        script = self._scripts.get(name) or self._scripts.get(ANY)
        if script is None:
            known = ", ".join(sorted(self._scripts)) or "none"
            message = f"no script is loaded for scripted/{name} (loaded: {known})"
            raise Failures("scripted", model=name).refused("not_found_error", "SCRIPT", message)
        return ScriptedCompleter(script, self._clock)

    def _bridge(self, provider: str, name: str) -> Completer:
        """A provider that is called through pydantic-ai, because the environment names it for that."""
        try:
            from mainspring.providers.pydantic_ai_bridge import PydanticAiCompleter  # noqa: PLC0415  an extra
        except ImportError:
            message = (
                f"{BRIDGED} names {provider}, and pydantic-ai is not installed: pip install "
                f"'mainspring[pydantic-ai]' 'pydantic-ai-slim[{provider}]'"
            )
            raise Failures(provider, model=name).refused(
                "validation_error", "NOT_INSTALLED", message
            ) from None
        return PydanticAiCompleter(provider, times=self._times)

    def _connect(self, provider: str, name: str) -> Completer:
        failures = Failures(provider, model=name)
        endpoint = endpoint_of(provider)
        url = self._base_url(provider, endpoint, failures)
        key = self._environment.get(endpoint.key, "").strip() or None
        if key is None and not endpoint.keyless and endpoint.base not in self._environment:
            message = f"there is no API key for {provider}: set {endpoint.key}"
            raise failures.refused("authentication_error", "NO_KEY", message)
        return self._completer(provider, endpoint, url, key)

    def _completer(self, provider: str, endpoint: Endpoint, url: str, key: str | None) -> Completer:
        # These load aiohttp: a process that never calls a provider starts without it.
        if endpoint.wire == "anthropic":
            from mainspring.providers.anthropic import AnthropicCompleter  # noqa: PLC0415  loads aiohttp

            return AnthropicCompleter(provider, url.removesuffix("/v1"), key=key, http=self._pool())
        if endpoint.wire == "gemini":
            from mainspring.providers.gemini import GeminiCompleter  # noqa: PLC0415  loads aiohttp

            return GeminiCompleter(provider, _versioned(url), key=key, http=self._pool())
        if endpoint.wire == "openai-responses" or (endpoint.wire == "openai" and _is_openai(url)):
            from mainspring.providers.openai_responses import ResponsesCompleter  # noqa: PLC0415  loads aiohttp

            return ResponsesCompleter(provider, url, key=key, http=self._pool())
        from mainspring.providers.openai_chat import ChatCompleter  # noqa: PLC0415  loads aiohttp

        return ChatCompleter(provider, url, key=key, http=self._pool(), quirks=endpoint.quirks)

    def _pool(self) -> ProviderHttp:
        from mainspring.providers.http import ProviderHttp  # noqa: PLC0415  loads aiohttp

        if self._http is None:
            self._http = ProviderHttp(self._times, now=self._clock.now)
        return self._http

    def _base_url(self, provider: str, endpoint: Endpoint, failures: Failures) -> str:
        """Where the provider is; an address without a path means the usual `/v1` below it."""
        url = self._environment.get(endpoint.base, "").strip() or endpoint.url
        if url is None:
            raise _unknown(provider, endpoint, failures)
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            message = f"{endpoint.base} has to be an address that begins with http:// or https://"
            raise failures.refused("validation_error", "BASE_URL", message)
        return url if parts.path.strip("/") else url.rstrip("/") + "/v1"


def _is_openai(url: str) -> bool:
    """Whether an address is OpenAI's own, in whatever region."""
    host = urlsplit(url).hostname or ""
    return host == "openai.com" or host.endswith(".openai.com")


def _versioned(url: str) -> str:
    """An address without a version of its own is of the version that knows everything."""
    return url.removesuffix("/v1") + "/v1beta" if url.endswith("/v1") else url


def _unknown(provider: str, endpoint: Endpoint, failures: Failures) -> ProviderError:
    if provider in ENDPOINTS:
        message = f"{provider} has no address of its own: set {endpoint.base} to the one of its Chat Completions API"
        return failures.refused("not_found_error", "NO_ADDRESS", message)
    message = (
        f"the provider {provider} is not known (known: {', '.join(ENDPOINTS)}): set {endpoint.base} to the address"
        " of its Chat Completions API"
    )
    return failures.refused("not_found_error", "UNKNOWN_PROVIDER", message)
