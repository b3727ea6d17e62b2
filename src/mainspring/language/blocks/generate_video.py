"""Owns `generate-video`: its members are not documented, so the likely ones are kept as written."""

from __future__ import annotations

from mainspring.language.draft import BlockKind, Draft
from mainspring.language.media import media_block
from mainspring.model.program import GenerateMedia

_MEMBERS = ("prompt", "videoModel", "aspectRatio", "resolution", "duration", "referenceImages", "output")


def _read(draft: Draft) -> GenerateMedia:
    return media_block(draft, _MEMBERS, "generate-video")


GENERATE_VIDEO = BlockKind(name="generate-video", members=_MEMBERS, read=_read)
