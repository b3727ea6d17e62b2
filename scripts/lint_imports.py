"""Runs import-linter on the contracts of `.importlinter`, less the modules that are not there (yet).

import-linter ends with an error when a contract names a package that does not exist; a contract written
ahead of its package must bind from the package's first file on, and not before.
"""

import configparser
import sys
import tempfile
from pathlib import Path

from importlinter import cli

ROOT = Path(__file__).resolve().parent.parent
MODULE_LISTS = ("modules", "source_modules")


def exists(pattern: str, source: Path) -> bool:
    """Whether `pattern` (a module, or a wildcard like `mainspring.a.*`) names any module under `source`."""
    parts = pattern.split(".")
    folder = source.joinpath(*(part for part in parts if "*" not in part))
    if "*" in pattern:
        return folder.is_dir() and any(child.name != "__init__.py" for child in folder.glob("*.py"))
    return folder.is_dir() or folder.with_suffix(".py").is_file()


def prune(config: configparser.ConfigParser, source: Path) -> list[str]:
    """Drop from `config` every module that `source` lacks and every contract left empty; return their names."""
    dropped: list[str] = []
    for section in config.sections():
        for option in MODULE_LISTS:
            named = config.get(section, option, fallback="").split()
            kept = [name for name in named if exists(name, source)]
            dropped += [name for name in named if name not in kept]
            if named and not kept:
                config.remove_section(section)
                break
            if named:
                config.set(section, option, "\n" + "\n".join(kept))
    return dropped


def main(root: Path) -> int:
    """Lint the project in `root`, and return the exit status of import-linter."""
    config = configparser.ConfigParser()
    config.read(root / ".importlinter")
    dropped = prune(config, root / "src")
    if dropped:
        print("Not there yet:", ", ".join(sorted(set(dropped))))
    sys.path.insert(0, str(root / "src"))
    with tempfile.TemporaryDirectory() as folder:
        pruned = Path(folder) / "importlinter.ini"
        with pruned.open("w") as file:
            config.write(file)
        return cli.lint_imports(config_filename=str(pruned), no_cache=True)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]) if sys.argv[1:] else ROOT))
