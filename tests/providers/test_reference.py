"""The reference pages say what is true: their scripts load, their program runs, their tables are complete."""

import re
from pathlib import Path

import pytest

from mainspring.providers import script_reader, script_templates
from mainspring.providers.endpoints import ENDPOINTS
from mainspring.providers.script_reader import load_script
from tests.providers.provider_tables import provider_table

REFERENCE = Path(__file__).resolve().parents[2] / "docs" / "reference"
SCRIPTED = (REFERENCE / "scripted-model.md").read_text()


@pytest.mark.parametrize("text", re.findall(r"^```yaml\n(.*?)^```", SCRIPTED, re.MULTILINE | re.DOTALL))
def test_every_script_of_the_page_loads(text: str) -> None:
    assert load_script(text, "page.yaml").turns


def test_the_program_of_the_page_runs() -> None:
    (program,) = re.findall(r"^```python\n(.*?)^```", SCRIPTED, re.MULTILINE | re.DOTALL)
    names: dict[str, object] = {}
    exec(compile(program, "page.py", "exec"), names)
    assert "completer" in names


def test_every_key_is_on_the_page() -> None:
    keys = {*script_reader._WHEN, *script_reader._TURN, *script_reader._SCRIPT, *script_reader._USAGE}
    keys |= {*script_reader._PIECES, *script_reader._CALL}
    missing = {key for key in keys if not re.search(rf"[`{{, ]{key}[`:,}} ]", SCRIPTED)}
    assert not missing
    assert not [root for root in script_templates.ROOTS if f"{{{{{root}" not in SCRIPTED]


def test_every_provider_has_a_line_of_its_own() -> None:
    assert len(provider_table().splitlines()) == len(ENDPOINTS) + 2
    assert all(f"| `{provider}` |" in provider_table() for provider in ENDPOINTS)
