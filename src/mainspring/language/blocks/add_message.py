"""Owns `add-message`: a rendered prompt joins a thread."""

from __future__ import annotations

from typing import Literal

from mainspring.language.conventions import USER_INPUT, USER_PROMPT
from mainspring.language.draft import BlockKind, Draft
from mainspring.language.mappings import mapping_for, read_mapping
from mainspring.language.places import Place
from mainspring.language.threads import read_prompt
from mainspring.model.program import AddMessage

Role = Literal["user", "assistant", "system"]

_ROLES: tuple[Role, ...] = ("user", "assistant", "system")


def _read(draft: Draft) -> AddMessage | None:
    section = draft.section
    role_place = section.need("role")
    role: Role | None = None if role_place is None else role_place.choice(_ROLES)
    prompt_place = section.need("prompt")
    text_variable = None if prompt_place is None else _text_variable(prompt_place, draft)
    prompt = None
    if prompt_place is not None and text_variable is None:
        prompt = read_prompt(prompt_place, draft.unit)
    mapping = {} if text_variable else mapping_for(section, prompt, draft.unit, draft.scope)
    content = section.get("uiContent")
    block = AddMessage(
        **draft.shown("hidden"),
        role=role or "user",
        prompt=prompt,
        text_variable=text_variable,
        input=mapping,
        visible=section.flag("visible", default=True),
        files=_files(draft),
        ui_content=None if content is None else draft.scope.resolve(content),
        thread=draft.thread(),
    )
    return None if role is None or (prompt is None and text_variable is None) else block


def _text_variable(place: Place, draft: Draft) -> str | None:
    """The prompt `user-message` may have no file: then it is the text of USER_MESSAGE itself."""
    if place.value != USER_PROMPT or USER_PROMPT in draft.unit.prompts:
        return None
    written = read_mapping(draft.section, draft.scope)
    if written is not None:
        return written.get(USER_INPUT)
    return USER_INPUT if USER_INPUT in draft.scope.names else None


def _files(draft: Draft) -> tuple[str, ...]:
    found: list[str] = []
    for item in draft.section.items("files"):
        name = draft.scope.resolve(item)
        if name is None:
            continue
        declared = draft.scope.names[name].declared
        if declared is not None and declared.type.name not in {"file", "unknown"}:
            item.error("bad-type", f"`{name}` is not of the type `file` or `file[]`")
        found.append(name)
    return tuple(found)


ADD_MESSAGE = BlockKind(
    name="add-message", members=("role", "prompt", "input", "visible", "files", "uiContent"), read=_read
)
