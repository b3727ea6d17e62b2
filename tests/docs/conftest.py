"""Owns which tests of this folder run unasked: those that start processes run when `-m` or their file names them."""

from pathlib import Path

import pytest

HERE = Path(__file__).parent


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.option.markexpr or any(".py" in argument for argument in config.args):
        return
    slow = {
        item
        for item in items
        if item.path.is_relative_to(HERE)
        and any(item.get_closest_marker(name) for name in ("e2e", "interop"))
    }
    if slow:
        config.hook.pytest_deselected(items=list(slow))
        items[:] = [item for item in items if item not in slow]
