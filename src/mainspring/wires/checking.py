"""Owns reading JSON that a stranger sent: members with their types, refused with an error that names the place."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import cast

import msgspec

from mainspring.model.errors import InvalidRequest, TooLarge
from mainspring.model.parts import FileReference
from mainspring.model.values import Json

MAX_DEPTH = 64
"""How deep the objects and arrays of a request may be nested."""


def check_depth(value: Json, place: str) -> None:
    """Refuses a value that is nested deeper than `MAX_DEPTH`; linear, and never recursive."""
    level: list[Json] = [value]
    for _ in range(MAX_DEPTH + 1):
        level = [item for container in level for item in _items(container) if isinstance(item, dict | list)]
        if not level:
            return
    raise InvalidRequest(f"{place} is nested deeper than {MAX_DEPTH} levels")


def _items(container: Json) -> Iterable[Json]:
    if isinstance(container, dict):
        return cast("dict[str, Json]", container).values()
    return cast("Iterable[Json]", container) if isinstance(container, list) else ()


class Fields:
    """The members of one JSON object. `place` says where it stands, for the errors: `messages[3].parts[0]`.

    An optional member that is null counts as absent. Every reader raises `InvalidRequest`.
    """

    def __init__(self, value: Json, place: str = "") -> None:
        self.place = place
        if not isinstance(value, dict):
            raise InvalidRequest(f"{place or 'the body'} must be an object")
        self.members = cast("dict[str, Json]", value)

    def at(self, name: str) -> str:
        """Where a member stands."""
        return f"{self.place}.{name}" if self.place else name

    def has(self, name: str) -> bool:
        """Whether a member is there and not null."""
        return self.members.get(name) is not None

    def text(self, name: str) -> str:
        """A string."""
        value = self.members.get(name)
        if not isinstance(value, str):
            raise self.refuse(name, "must be a string")
        return value

    def name(self, name: str) -> str:
        """A string that is not empty."""
        value = self.text(name)
        if not value:
            raise self.refuse(name, "must not be empty")
        return value

    def text_or_none(self, name: str) -> str | None:
        """A string, or nothing."""
        return self.text(name) if self.has(name) else None

    def number_or_none(self, name: str) -> int | None:
        """A whole number that is not negative, or nothing; JavaScript may write it with a fraction of zero."""
        if not self.has(name):
            return None
        value = self.members[name]
        if isinstance(value, bool) or not isinstance(value, int | float) or value < 0 or value != int(value):
            raise self.refuse(name, "must be a whole number, 0 or more")
        return int(value)

    def truth(self, name: str) -> bool:
        """True or false."""
        value = self.members.get(name)
        if not isinstance(value, bool):
            raise self.refuse(name, "must be true or false")
        return value

    def choice(self, name: str, allowed: tuple[str, ...]) -> str:
        """One of some strings."""
        value = self.members.get(name)
        if value not in allowed:
            raise self.refuse(name, "must be one of " + ", ".join(allowed))
        return cast("str", value)

    def mapping(self, name: str) -> dict[str, Json]:
        """An object, as it is."""
        value = self.members.get(name)
        if not isinstance(value, dict):
            raise self.refuse(name, "must be an object")
        check_depth(cast("Json", value), self.at(name))
        return cast("dict[str, Json]", value)

    def mapping_or_empty(self, name: str) -> dict[str, Json]:
        """An object, as it is; none: an empty one."""
        return self.mapping(name) if self.has(name) else {}

    def anything(self, name: str) -> Json:
        """Whatever is there; nothing: None."""
        value = self.members.get(name)
        check_depth(value, self.at(name))
        return value

    def inner(self, name: str) -> Fields:
        """An object, to be read on."""
        return Fields(self.members.get(name), self.at(name))

    def items(self, name: str, *, most: int) -> list[tuple[Json, str]]:
        """The elements of an array, each with its place; `TooLarge` beyond `most`."""
        value = self.members.get(name)
        if not isinstance(value, list):
            raise self.refuse(name, "must be an array")
        elements = list(cast("Iterable[Json]", value))
        if len(elements) > most:
            raise TooLarge(f"{self.at(name)} has {len(elements)} elements, {most} are allowed")
        return [(element, f"{self.at(name)}[{index}]") for index, element in enumerate(elements)]

    def objects(self, name: str, *, most: int) -> Iterator[Fields]:
        """The elements of an array of objects; no array: none."""
        if self.has(name):
            for element, place in self.items(name, most=most):
                yield Fields(element, place)

    def refuse(self, name: str, why: str) -> InvalidRequest:
        """The error about a member; `param` of its details is the place."""
        return InvalidRequest(f"{self.at(name)} {why}", details={"param": self.at(name)})


def value_of_text(text: str) -> Json:
    """A tool's result that is written as JSON is what it says; any other text is itself."""
    if not text.lstrip().startswith(("{", "[")):
        return text
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError):
        return text


def read_file(fields: Fields) -> FileReference:
    """A file reference (`octavus-http.md` §9.3)."""
    return FileReference(
        id=fields.text("id"),
        media_type=fields.text("mediaType"),
        url=fields.text("url"),
        filename=fields.text_or_none("filename"),
        size=fields.number_or_none("size"),
    )
