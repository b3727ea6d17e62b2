"""Owns the version of an agent: a hash of its files."""

from __future__ import annotations

import hashlib

from mainspring.model.agents import AgentSource
from mainspring.model.values import encode_json


def fingerprint(source: AgentSource) -> str:
    """The hex SHA-256 of an agent's files; the order in which prompts and references come does not matter."""
    prompts = sorted((prompt.name, prompt.content) for prompt in source.prompts)
    references = sorted((one.name, one.description, one.content) for one in source.references)
    settings = source.settings
    canonical = [
        [settings.slug, settings.name, settings.format, settings.description],
        source.protocol,
        prompts,
        references,
    ]
    return hashlib.sha256(encode_json(canonical)).hexdigest()
