"""Owns `generate-speech`."""

from __future__ import annotations

from mainspring.language.draft import BlockKind, Draft
from mainspring.language.media import media_block, media_model
from mainspring.model.program import GenerateMedia

_MEMBERS = ("text", "speechModel", "voice", "format", "instructions", "language", "speed", "output")
_FORMATS = ("mp3", "opus", "aac", "flac", "wav")


def _read(draft: Draft) -> GenerateMedia:
    draft.variable("text")
    media_model(draft, "speechModel")
    for key in ("voice", "instructions", "language"):
        draft.section.text(key)
    draft.section.choice("format", _FORMATS, default="mp3")
    speed = draft.section.get("speed")
    if speed is not None:
        speed.number(least=0.25, most=4)
    return media_block(draft, _MEMBERS, "generate-speech")


GENERATE_SPEECH = BlockKind(name="generate-speech", members=_MEMBERS, read=_read)
