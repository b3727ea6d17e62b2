"""Owns what is kept of a secret."""

from __future__ import annotations

import hashlib


def digest_of(secret: str) -> bytes:
    """What is stored of a secret: its SHA-256. Secrets carry 256 random bits, so no salt is needed."""
    return hashlib.sha256(secret.encode()).digest()
