"""Keeps the import contracts honest: what is pruned is only what is not there."""

import configparser
import importlib.util
from pathlib import Path

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


def load_script():
    spec = importlib.util.spec_from_file_location("lint_imports", ROOT / "scripts" / "lint_imports.py")
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
