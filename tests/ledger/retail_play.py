"""Owns the retail domain of tau2-bench as a domain that is played: its gold actions, its own verdict."""

import json
import os
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.ledger.hands import opened
from tests.ledger.play import Played
from tests.ledger.retail import dashed
from tests.ledger.shop_tasks import Task
from tests.ledger.workers import ROOT

READING = "{idempotent: true, onUnknownOutcome: retry, retries: {max: 4, backoff: 0.2}}"
TABLE = "CREATE TABLE entities (task TEXT, kind TEXT, id TEXT, body TEXT, PRIMARY KEY (task, kind, id))"


class RetailDomain:
    """The first `count` retail tasks of a checkout, played by workers of a Python that can import it."""

    tools_file = Path(__file__).with_name("retail_tools.py")

    def __init__(self, folder: Path, checkout: Path, python: str, count: int) -> None:
        self.checkout = checkout
        self.python = python
        self.database = folder / "retail.db"
        self.verdict = ""
        # The workers and the judge are other processes.
        os.environ["TAU2"] = str(checkout)
        os.environ["TAU2_DATA_DIR"] = str(checkout / "data")
        self.about = self._judge("--describe", str(checkout))
        text = (checkout / "data/tau2/domains/retail/tasks.json").read_text()
        self.tasks: Sequence[Task] = [_task(one) for one in json.loads(text)[:count]]
        self.tools_yaml = self._yaml()
        database = opened(self.database)
        database.execute(TABLE)
        database.close()

    def _judge(self, *arguments: str) -> Any:
        """What `retail_check` prints."""
        path = os.pathsep.join(filter(None, (str(ROOT / "src"), str(ROOT), os.environ.get("PYTHONPATH"))))
        done = subprocess.run(
            [self.python, "-m", "tests.ledger.retail_check", *arguments],
            check=True,
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": path},
            stdout=subprocess.PIPE,
        )
        return json.loads(done.stdout)

    def tool_names(self) -> Sequence[str]:
        """Its tools, under their own names, written as a protocol writes them."""
        return tuple(dashed(name) for name in sorted(self.about["parameters"]))

    def _yaml(self) -> str:
        lines = ["tools:"]
        for name, parameters in sorted(self.about["parameters"].items()):
            lines += [
                f"  {dashed(name)}:",
                f"    description: {json.dumps(self.about['descriptions'][name])}",
            ]
            lines += [f"    policy: {READING}"]
            if parameters:
                lines.append("    parameters:")
            for parameter, kind in parameters.items():
                items = ", items: {type: string}" if kind == "array" else ""
                lines.append(f"      {parameter}: {{type: {kind}{items}, description: As asked}}")
        return "\n".join(lines) + "\n"

    def check(self, played: Played) -> None:
        """Each database is what the benchmark's environment comes to, and no action was done twice."""
        hashes: dict[str, tuple[str, str]] = self._judge(str(self.checkout), str(self.database))
        equal = sum(one == other for one, other in hashes.values())
        different = sorted(task for task, (one, other) in hashes.items() if one != other)
        assert len(hashes) == len(self.tasks)
        assert not different, f"{equal} of {len(self.tasks)} are equal, these are not: {different}"
        database = opened(self.database)
        writing = ", ".join(f"'{dashed(name)}'" for name in self.about["writing"])
        query = f"SELECT call_id FROM effects WHERE tool IN ({writing}) GROUP BY call_id HAVING count(*) > 1"
        assert database.execute(query).fetchall() == []
        database.close()
        for task in self.tasks:
            called = [tool for tool, _ in played.results[task.id]]
            assert called == [tool for tool, _ in task.actions], task.id
        self.verdict = f"{equal} of {len(self.tasks)} final databases equal to tau2's, no action done twice"

    def runs(self) -> tuple[int, int]:
        """How many starts of calls there were, and of how many calls."""
        database = opened(self.database)
        (starts, calls) = database.execute("SELECT count(*), count(DISTINCT call_id) FROM runs").fetchone()
        database.close()
        return starts, calls


def _task(given: dict[str, Any]) -> Task:
    actions = given["evaluation_criteria"]["actions"] or []
    return Task(str(given["id"]), tuple(((dashed(one["name"]), one["arguments"]),) for one in actions))
