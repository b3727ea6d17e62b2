"""Owns `generate-image`."""

from __future__ import annotations

from mainspring.language.draft import BlockKind, Draft
from mainspring.language.media import media_block, media_model
from mainspring.model.program import GenerateMedia

_MEMBERS = ("prompt", "imageModel", "aspectRatio", "resolution", "size", "referenceImages", "output")
_SIZES = {"1024x1024": "1:1", "1792x1024": "16:9", "1024x1792": "9:16"}


def _read(draft: Draft) -> GenerateMedia:
    draft.variable("prompt")
    media_model(draft, "imageModel")
    draft.section.text("aspectRatio")
    resolution = draft.section.get("resolution")
    if resolution is not None:
        resolution.choice(("1K", "2K", "4K"))
    _check_size(draft)
    for item in draft.section.items("referenceImages"):
        draft.scope.resolve(item)
    return media_block(draft, _MEMBERS, "generate-image")


def _check_size(draft: Draft) -> None:
    size = draft.section.get("size")
    word = None if size is None else size.choice(tuple(_SIZES))
    if size is not None and word is not None:
        size.warn("deprecated", "`size` is deprecated", hint=f"write `aspectRatio: {_SIZES[word]!r}`")


GENERATE_IMAGE = BlockKind(name="generate-image", members=_MEMBERS, read=_read)
