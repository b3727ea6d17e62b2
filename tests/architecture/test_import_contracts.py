"""Keeps the import contracts honest: they bite, and what is pruned is only what is not there."""

import configparser
import importlib.util
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from tests.architecture.sources import ROOT

CONTRACTS = """
[importlinter]
root_packages = shop
[importlinter:contract:pure]
type = forbidden
source_modules =
    shop.engine
    shop.later
    shop.blocks.*
forbidden_modules =
    asyncio
[importlinter:contract:later]
type = independence
modules =
    shop.later.*
"""


SCRIPT = ROOT / "scripts" / "lint_imports.py"

LAYERS = "Layers: arrows point down only, siblings do not know each other"
PURE = "The core does no I/O: no clock, chance, network, process, thread or event loop"
TRESPASSES = [
    ("model/x.py", "from mainspring.engine import y", LAYERS),
    ("engine/x.py", "from mainspring.language import y", LAYERS),
    ("storage/x.py", "from mainspring.providers import y", LAYERS),
    ("extra/x.py", "", LAYERS),
    ("engine/y.py", "from mainspring.engine import two", "No package imports in circles"),
    ("engine/x.py", "import time", PURE),
    ("wires/x.py", "import aiohttp", PURE),
    (
        "cli/commands/one.py",
        "from mainspring.cli.commands import two",
        "A command does not know another command",
    ),
    ("language/x.py", "import yaml", "The reader owns YAML"),
    ("runtime/x.py", "import apsw", "The storage owns SQLite"),
]


def load_script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("lint_imports", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_only_absent_modules_are_dropped(tmp_path: Path) -> None:
    (tmp_path / "shop" / "blocks").mkdir(parents=True)
    (tmp_path / "shop" / "engine.py").touch()
    (tmp_path / "shop" / "blocks" / "one.py").touch()
    config = configparser.ConfigParser()
    config.read_string(CONTRACTS)

    dropped = load_script().prune(config, tmp_path)

    assert dropped == ["shop.later", "shop.later.*"]
    assert config.sections() == ["importlinter", "importlinter:contract:pure"]
    kept = config["importlinter:contract:pure"]
    assert kept["source_modules"].split() == ["shop.engine", "shop.blocks.*"]
    assert kept["forbidden_modules"].split() == ["asyncio"]


@pytest.fixture
def house(tmp_path: Path) -> Path:
    """A tree with the real contracts and nearly empty packages, all in order."""
    shutil.copy(ROOT / ".importlinter", tmp_path)
    package = tmp_path / "src" / "mainspring"
    for folder in (
        "model",
        "language",
        "engine",
        "wires",
        "runtime",
        "storage",
        "providers",
        "extra",
        "cli/commands",
    ):
        (package / folder).mkdir(parents=True)
        for child in ("y", "two"):
            (package / folder / f"{child}.py").touch()
    shutil.rmtree(package / "extra")
    for folder in (package, *package.rglob("*/")):
        (folder / "__init__.py").touch()
    (package / "engine" / "two.py").write_text("from mainspring.engine import y\n")
    (package / "language" / "reader.py").write_text("import yaml, re\n")
    (package / "storage" / "database.py").write_text("import apsw\nfrom mainspring.runtime import y\n")
    return tmp_path


def lint(root: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(SCRIPT), str(root)]
    return subprocess.run(command, capture_output=True, text=True, cwd=root, check=False)


def test_the_contracts_let_good_imports_pass(house: Path) -> None:
    linted = lint(house)
    assert linted.returncode == 0, linted.stdout + linted.stderr


@pytest.mark.parametrize(("path", "text", "contract"), TRESPASSES)
def test_the_contracts_bite(house: Path, path: str, text: str, contract: str) -> None:
    trespasser = house / "src" / "mainspring" / path
    trespasser.parent.mkdir(exist_ok=True)
    (trespasser.parent / "__init__.py").touch()
    trespasser.write_text(text + "\n")
    linted = lint(house)
    assert linted.returncode == 1, linted.stdout + linted.stderr
    assert f"{contract} BROKEN" in linted.stdout
