"""Owns values that may be written or taken from a variable: dynamic settings, arguments of tools and workers."""

from __future__ import annotations

from collections.abc import Callable

from mainspring.language.names import MODEL, is_variable
from mainspring.language.places import Place, Section
from mainspring.language.report import did_you_mean
from mainspring.language.scope import Scope
from mainspring.model.program import Operand
from mainspring.model.values import Json

THINKING = ("low", "medium", "high", "max", "off")
SPEEDS = ("fast", "standard")
_WORDS = (*THINKING, *SPEEDS)

Reader = Callable[[Place], Json]


def dynamic(section: Section, key: str, scope: Scope, read: Reader) -> Operand | None:
    """A setting: a name in UPPER_SNAKE_CASE is a variable, anything else is read by `read`."""
    place = section.get(key)
    return None if place is None else dynamic_at(place, scope, read)


def dynamic_at(place: Place, scope: Scope, read: Reader) -> Operand | None:
    """The same for the value at a place: of a member, or of an item of a list."""
    name = place.value
    if not is_variable(name):
        literal = read(place)
        return None if literal is None else Operand(literal=literal)
    if name in scope.dynamic:
        return Operand(variable=name)
    if name in scope.names:
        place.error("unknown-variable", f"`{name}` is a resource: {place.name} takes an input or a variable")
    elif name.lower() in _WORDS:
        message = f"no input or variable is called `{name}` here"
        place.error("unknown-variable", message, hint=f"write `{name.lower()}` if you mean the word")
    else:
        scope.complain(name, place)
    return None


def model(place: Place) -> str | None:
    """A model: `provider/model-id`."""
    text = place.text()
    if text is None or MODEL.fullmatch(text):
        return text
    hint = "write `provider/model-id`, like `anthropic/claude-sonnet-4-5`, or the name of a variable"
    place.error("bad-model", f"`{text[:80]}` is not a model", hint=hint)
    return None


def temperature(place: Place) -> Json:
    """A number from 0 to 2, or `off`."""
    return "off" if place.value == "off" else place.number(least=0, most=2)


def thinking(place: Place) -> Json:
    """How much the model thinks."""
    return place.choice(THINKING)


def speed(place: Place) -> Json:
    """How fast the model answers."""
    return place.choice(SPEEDS)


def max_steps(place: Place) -> Json:
    """How many model calls a message may take."""
    return place.integer(least=1)


def arguments(section: Section, scope: Scope) -> dict[str, Operand]:
    """The `input` of a call: a text that is a visible name is its value, anything else stands for itself."""
    found: dict[str, Operand] = {}
    for name, place in section.members("input"):
        value = place.value
        if isinstance(value, str) and value in scope.names:
            found[name] = Operand(variable=value)
            continue
        if is_variable(value) and (near := did_you_mean(value, scope.names)):
            place.warn(
                "looks-like-variable", f"`{value[:80]}` is sent as text: nothing is called so", hint=near
            )
        found[name] = Operand(literal=place.json())
    return found
