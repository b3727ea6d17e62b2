"""Owns the schema of Absurd, the engine that dispatches executions: its pinned version, installed and upgraded here.

Its SQL is that of the package `absurdctl`; nothing is fetched.
"""

from __future__ import annotations

import re
from typing import Any

import absurdctl  # type: ignore[import-untyped]  # it ships no annotations

from mainspring.model.errors import StoreError
from mainspring.storage.postgres.connections import Connection
from mainspring.storage.postgres.statements import statements

PACKAGE: Any = absurdctl
VERSION: str = PACKAGE.ABSURD_SCHEMA_TARGET_VERSION
QUEUE = "mainspring"
_STEP = re.compile(r"(\d[\d.]*)-(\d[\d.]*)\.sql")


async def missing(connection: Connection) -> list[tuple[str, str]]:
    """What has to be run, as (title, SQL): the schema or its upgrades, and our queue.

    Raises `StoreError` if a version is installed that this release does not know.
    """
    sql = statements("absurd")
    if not await connection.fetchval(sql["exists"]):
        install = (f"Absurd {VERSION}", PACKAGE.BUNDLED_SCHEMA_SQL)
        return [install, (f"Absurd queue {QUEUE}", sql["create_queue"])]
    steps: list[tuple[str, str]] = []
    installed = str(await connection.fetchval(sql["version"]))
    while installed != VERSION:
        name, following = _upgrade_from(installed)
        steps.append((f"Absurd {following}", PACKAGE.BUNDLED_MIGRATIONS[name]))
        installed = following
    if not await connection.fetchval(sql["has_queue"], QUEUE):
        steps.append((f"Absurd queue {QUEUE}", sql["create_queue"]))
    return steps


def _upgrade_from(version: str) -> tuple[str, str]:
    for name in PACKAGE.BUNDLED_MIGRATIONS:
        found = _STEP.fullmatch(name)
        if found and found[1] == version:
            return name, found[2]
    raise StoreError(
        f"Absurd {version} is installed in this database; this Mainspring knows up to {VERSION}."
    )
