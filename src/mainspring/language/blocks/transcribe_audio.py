"""Owns `transcribe-audio`."""

from __future__ import annotations

from mainspring.language.draft import BlockKind, Draft
from mainspring.language.media import media_block, media_model
from mainspring.model.program import GenerateMedia

_MEMBERS = ("audio", "transcriptionModel", "language", "timestamps", "output")


def _read(draft: Draft) -> GenerateMedia:
    draft.variable("audio")
    media_model(draft, "transcriptionModel")
    draft.section.text("language")
    return media_block(draft, _MEMBERS, "transcribe-audio")


TRANSCRIBE_AUDIO = BlockKind(name="transcribe-audio", members=_MEMBERS, read=_read)
