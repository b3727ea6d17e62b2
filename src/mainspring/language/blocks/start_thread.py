"""Owns `start-thread`: a thread begins, with settings of its own."""

from __future__ import annotations

from msgspec.structs import replace

from mainspring.language.draft import BlockKind, Draft
from mainspring.language.threads import SHARED, agentic_by_steps, read_thread
from mainspring.model.program import StartThread


def _read(draft: Draft) -> StartThread:
    if draft.unit.format == "worker":
        draft.section.need("model")
        draft.section.need("system")
    config = read_thread(draft.section, draft.unit, draft.scope)
    if config.model is None and draft.unit.format == "interactive":
        config = replace(config, model=draft.unit.agent_model)
    return StartThread(
        **draft.shown("hidden"),
        thread=draft.thread(draft.name),
        config=replace(config, agentic=agentic_by_steps(config.max_steps)),
    )


START_THREAD = BlockKind(name="start-thread", members=SHARED, read=_read)
