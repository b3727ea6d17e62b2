"""Owns what the media blocks share: they are compiled and checked, and kept as written."""

from __future__ import annotations

from typing import Literal

from mainspring.language.draft import Draft
from mainspring.language.operands import dynamic, model
from mainspring.model.program import GenerateMedia

MediaKind = Literal["generate-image", "generate-speech", "transcribe-audio", "generate-video"]


def media_model(draft: Draft, key: str) -> None:
    """A media block names its model, or a variable that does."""
    draft.section.need(key)
    dynamic(draft.section, key, draft.scope, model)


def media_block(draft: Draft, keys: tuple[str, ...], kind: MediaKind) -> GenerateMedia:
    """The block itself; everything in it was checked."""
    draft.output()
    written = {key: place.json() for key in keys if (place := draft.section.get(key)) is not None}
    return GenerateMedia(**draft.shown("description"), kind=kind, members=written)
