"""Owns `serialize-thread`: a thread is written as text into a variable."""

from __future__ import annotations

from mainspring.language.draft import BlockKind, Draft
from mainspring.model.program import SerializeThread


def _read(draft: Draft) -> SerializeThread:
    return SerializeThread(
        **draft.shown("name"),
        thread=draft.thread(),
        format=draft.section.choice("format", ("markdown", "json"), default="markdown"),
        output=draft.output(),
    )


SERIALIZE_THREAD = BlockKind(name="serialize-thread", members=("format", "output"), read=_read)
