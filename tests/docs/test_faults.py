"""Checks the table of faults: no row is missing, and every test it names is there and runs on the stores it says."""

import ast
import re

import pytest

from tests.docs.faults import FAULTS, SAID
from tests.docs.pages import ROOT

ON_EACH_STORE = re.compile(r"postgres|house_of_each_store|def test_\w+\([^)]*\bhouse\b|RECORDED")


def test_every_fault_has_its_row() -> None:
    assert list(FAULTS) == [f"F{number:02}" for number in range(1, 63)]


@pytest.mark.parametrize("name", FAULTS)
def test_what_proves_it_is_there(name: str) -> None:
    row = FAULTS[name]
    assert row["tests"]
    texts: list[str] = []
    for test in row["tests"]:
        file, function = test.split("::")
        text = (ROOT / "tests" / file).read_text("utf-8")
        found = [
            node.name
            for node in ast.walk(ast.parse(text))
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        ]
        assert function in found, f"{test} is not there"
        texts.append(f"{file} {text}")
    assert row["where"] in SAID
    if row["where"] == "both":
        assert any(ON_EACH_STORE.search(text) for text in texts), "none of them knows PostgreSQL"
