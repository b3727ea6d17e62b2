"""Dynamic members become complete settings; what is not allowed ends the block with a clear error."""

from __future__ import annotations

import pytest

from mainspring.engine.thread_settings import resolve_settings
from mainspring.engine.turn import BlockFailed
from mainspring.model.program import Operand, ThreadConfig
from mainspring.model.values import Json

MODEL = Operand(literal="scripted/x")


def resolved(config: ThreadConfig, *, named: bool = False, **values: Json) -> dict[str, Json]:
    return resolve_settings(config, values, named=named)


def test_an_unset_variable_is_not_sent() -> None:
    config = ThreadConfig(
        model=MODEL, temperature=Operand(variable="HEAT"), thinking=Operand(variable="THINK")
    )
    assert resolved(config) == {"model": "scripted/x", "maxSteps": 2, "cache": "auto"}


@pytest.mark.parametrize(("value", "sent"), [("0.5", 0.5), (1, 1.0), ("off", None), ("", None)])
def test_a_temperature_may_be_text(value: Json, sent: float | None) -> None:
    config = ThreadConfig(model=MODEL, temperature=Operand(variable="HEAT"))
    assert resolved(config, HEAT=value).get("temperature") == sent


@pytest.mark.parametrize("value", ["hot", 2.5, -1, True, [1]])
def test_a_temperature_out_of_range_ends_the_block(value: Json) -> None:
    config = ThreadConfig(model=MODEL, temperature=Operand(variable="HEAT"))
    with pytest.raises(BlockFailed, match=r"temperature is .* allowed: a number from 0 to 2"):
        resolved(config, HEAT=value)


@pytest.mark.parametrize(
    ("config", "named", "steps"),
    [
        (ThreadConfig(model=MODEL), False, 2),
        (ThreadConfig(model=MODEL, agentic=True), False, 10),
        (ThreadConfig(model=MODEL, agentic=True, max_steps=Operand(literal=3)), False, 3),
        (ThreadConfig(model=MODEL, max_steps=Operand(literal=3)), False, 2),
        (ThreadConfig(model=MODEL, max_steps=Operand(literal="4")), True, 4),
    ],
)
def test_steps(config: ThreadConfig, named: bool, steps: int) -> None:
    assert resolved(config, named=named)["maxSteps"] == steps


@pytest.mark.parametrize("value", [0, -1, 1.5, "many", True])
def test_steps_out_of_range_end_the_block(value: Json) -> None:
    config = ThreadConfig(model=MODEL, agentic=True, max_steps=Operand(variable="STEPS"))
    with pytest.raises(BlockFailed, match="maxSteps"):
        resolved(config, STEPS=value)


def test_thinking_is_one_of_its_levels() -> None:
    config = ThreadConfig(model=MODEL, thinking=Operand(variable="THINK"))
    assert resolved(config, THINK="max")["thinking"] == "max"
    assert "thinking" not in resolved(config, THINK="")
    with pytest.raises(BlockFailed, match="allowed: low, medium, high, max, off"):
        resolved(config, THINK="lots")


@pytest.mark.parametrize("value", [None, "", "gpt", 3, "/x"])
def test_a_model_has_a_provider(value: Json) -> None:
    with pytest.raises(BlockFailed, match="model is"):
        resolved(ThreadConfig(model=Operand(variable="MODEL")), MODEL=value)


def test_the_failure_is_the_protocols() -> None:
    with pytest.raises(BlockFailed) as caught:
        resolved(ThreadConfig())
    assert caught.value.failure.error_type == "protocol_error"
    assert not caught.value.failure.retryable


SPARES = (Operand(variable="SPARE"), Operand(literal="scripted/y"), Operand(variable="MORE"))


@pytest.mark.parametrize(
    ("values", "backups"),
    [
        ({}, "scripted/y"),
        ({"SPARE": "", "MORE": []}, "scripted/y"),
        ({"SPARE": "scripted/y"}, "scripted/y"),
        ({"SPARE": "scripted/z"}, ["scripted/z", "scripted/y"]),
        ({"MORE": ["scripted/a", "scripted/y", "scripted/b"]}, ["scripted/y", "scripted/a", "scripted/b"]),
    ],
)
def test_backups_are_one_or_several_in_order(values: dict[str, Json], backups: Json) -> None:
    assert resolved(ThreadConfig(model=MODEL, backup_models=SPARES), **values)["backupModel"] == backups


@pytest.mark.parametrize("value", ["gpt", 3, ["scripted/x", "gpt"], [None, {}]])
def test_a_backup_has_a_provider(value: Json) -> None:
    with pytest.raises(BlockFailed, match="backupModel is"):
        resolved(ThreadConfig(model=MODEL, backup_models=SPARES), SPARE=value)


def test_no_backup_is_not_sent() -> None:
    assert "backupModel" not in resolved(ThreadConfig(model=MODEL, backup_models=SPARES[:1]))
