"""Owns what kinds of files there are: how their bytes begin, which a model may read as text, which as themselves."""

from __future__ import annotations

from typing import Final

_BEGINNINGS: Final[dict[str, tuple[bytes, ...]]] = {
    "image/png": (b"\x89PNG\r\n\x1a\n",),
    "image/jpeg": (b"\xff\xd8\xff",),
    "image/gif": (b"GIF87a", b"GIF89a"),
    "image/webp": (b"RIFF",),
    "application/pdf": (b"%PDF-",),
}
_LONGEST: Final = max(len(one) for several in _BEGINNINGS.values() for one in several)
_TEXTS: Final = frozenset(("application/json", "application/xml", "application/yaml", "application/x-yaml"))


def mismatch(media_type: str, head: bytes, *, whole: bool) -> str | None:
    """Why the first bytes of a file cannot be of its kind; None: they can. `whole`: there are no others."""
    beginnings = _BEGINNINGS.get(media_type)
    if beginnings is None or (len(head) < _LONGEST and not whole):
        return None
    return None if head.startswith(beginnings) else f"The bytes of this file are not of {media_type}"


def is_text(media_type: str) -> bool:
    """Whether a model can be told what is in a file."""
    return media_type.startswith("text/") or media_type in _TEXTS


def is_shown(media_type: str, provider: str) -> bool:
    """Whether a provider's models are sent the bytes of such a file."""
    if media_type.startswith(("audio/", "video/")):
        return provider == "google"
    return media_type.startswith("image/") or media_type == "application/pdf" or is_text(media_type)
