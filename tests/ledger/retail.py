"""Owns what is used of a checkout of tau2-bench: the retail domain's data, tools and environment, and its tasks.

Nothing of it is here: it is imported from the checkout, without the package's `__init__`, which wants its agents.
"""

import importlib
import json
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

KINDS = ("orders", "products", "users")


def load(checkout: Path, module: str) -> Any:
    """A module of the checkout."""
    if "tau2" not in sys.modules:
        package = ModuleType("tau2")
        package.__path__ = [str(checkout / "src" / "tau2")]
        sys.modules["tau2"] = package
    return importlib.import_module(module)


class Retail:
    """The retail domain of a checkout."""

    def __init__(self, checkout: Path) -> None:
        folder = checkout / "data" / "tau2" / "domains" / "retail"
        self.text = (folder / "db.json").read_text()
        self.all_tasks: list[dict[str, Any]] = json.loads((folder / "tasks.json").read_text())
        self._model: Any = load(checkout, "tau2.domains.retail.data_model").RetailDB
        self._toolkit: Any = load(checkout, "tau2.domains.retail.tools").RetailTools
        kind: Any = load(checkout, "tau2.environment.toolkit").ToolType
        self._data = json.loads(self.text)
        kit = self.tools(self.fresh())
        self.names: tuple[str, ...] = tuple(sorted(kit.tools))
        self.writing = frozenset(name for name in self.names if kit.tool_type(name) == kind.WRITE)
        self.descriptions = {
            name: str(kit.tools[name].__doc__).strip().splitlines()[0] for name in self.names
        }
        self.parameters = {name: _parameters(kit.tools[name]) for name in self.names}

    def fresh(self) -> Any:
        """The benchmark's database, as it begins."""
        return self._model.model_validate_json(self.text)

    def with_changes(self, changes: dict[str, dict[str, Any]]) -> Any:
        """The database with other entities in place of its own."""
        data = {**self._data, **{kind: {**self._data[kind], **changes[kind]} for kind in KINDS}}
        return self._model.model_validate(data)

    def tools(self, database: Any) -> Any:
        """The benchmark's tools on a database."""
        return self._toolkit(database)

    def entities(self, database: Any) -> dict[tuple[str, str], str]:
        """Every entity as JSON, by kind and id."""
        data = database.model_dump(mode="json")
        return {(kind, id_): json.dumps(body) for kind in KINDS for id_, body in data[kind].items()}

    def as_json(self, result: Any) -> Any:
        """A result as it crosses the wire."""
        return result.model_dump(mode="json") if hasattr(result, "model_dump") else result


def dashed(name: str) -> str:
    """The name of a tool as a protocol writes it."""
    return name.replace("_", "-")


def _parameters(function: Any) -> dict[str, str]:
    """The parameters of a tool with the protocol's type of each."""
    hints = {
        name: str(hint) for name, hint in function.__annotations__.items() if name not in {"return", "self"}
    }
    return {name: "array" if "ist[" in hint else "string" for name, hint in hints.items()}


def expected(checkout: Path, actions: list[dict[str, Any]]) -> str:
    """The hash of the database after the gold actions, by the benchmark's own environment."""
    made = load(checkout, "tau2.domains.retail.environment").get_environment()
    for action in actions:
        try:
            made.make_tool_call(tool_name=action["name"], requestor="assistant", **action["arguments"])
        except Exception:  # noqa: BLE001 - its evaluator goes on too when a gold action is refused
            continue
    return str(made.get_db_hash())
