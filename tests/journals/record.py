"""Owns the recording of a release's journals: real conversations of a real server, killed where it stands.

Once a release, before its tag is made:

    python -m tests.journals.record v0.2

writes `tests/journals/v0.2/`: a database file, a PostgreSQL dump, and where each conversation stands. Add the folder to
git and change nothing in those of earlier releases: what they wrote is what people have. `--source` records the code of
another checkout (`PYTHONPATH`), `--no-postgres` and `--no-approvals` leave out what that did not have yet.
"""

import argparse
import asyncio
import json
import os
import shutil
import sqlite3
import sys
import tempfile
import time
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from typing import cast

from tests.e2e.http_client import Client
from tests.e2e.model_server import Gate, ModelServer
from tests.e2e.server_process import ServerProcess
from tests.journals import conversations
from tests.journals.conversations import SETTINGS, Held
from tests.postgres.server import PostgresServer, begun

HERE = Path(__file__).parent
DROPPING = {"MAINSPRING_DELTA_RETENTION": "1s", "MAINSPRING_SWEEP_INTERVAL": "1s"}


def record(database: str, folder: Path, *, approvals: bool) -> dict[str, Held]:
    """Has the conversations on a database, and kills the server in the middle of one; where each stands."""
    gate = Gate()
    with ModelServer() as models:
        conversations.answers(models, gate)
        server = ServerProcess(folder, models.base_url, **SETTINGS, **DROPPING)
        server.database = cast(Path, database)  # it is only written on command lines
        key = server.create_key("agents", "sessions")
        client = Client(server.start().url, key)
        agents = conversations.publish(client, approvals=approvals)
        held = {"pruned": conversations.pruned(client, agents)}
        _wait_until_dropped(client, held["pruned"].session)
        server.stop()
        for name in DROPPING:
            del server.environment[name]
        server.start()
        held["finished"] = conversations.finished(client, agents)
        held["expired"] = conversations.expired(client, agents)
        held["waiting"] = conversations.waiting(client, agents["chat"])
        held["worker"] = conversations.waiting(client, agents["parent"])
        if approvals:
            held["approval"] = conversations.waiting(client, agents["asking"])
        held["asking"], stream = conversations.asking(client, agents, gate)
        server.kill()
        stream.close()
        gate.opened.set()
    return held


def _wait_until_dropped(client: Client, session: str) -> None:
    for _ in range(200):
        events = conversations.finals_of(client, session, 1)
        if [event["type"] for event in events].count("text-delta") == 1:
            return
        time.sleep(0.1)
    raise SystemExit("the pieces of the first conversation were not dropped")


def record_sqlite(to: Path, *, approvals: bool) -> dict[str, Held]:
    """The database file, as a killed server left it, in one piece."""
    with tempfile.TemporaryDirectory() as name:
        file = Path(name) / "mainspring.db"
        held = record(str(file), Path(name), approvals=approvals)
        with closing(sqlite3.connect(file)) as connection:
            connection.execute("VACUUM INTO ?", [str(to / "sqlite.database")])
    return held


def record_postgres(to: Path, *, approvals: bool) -> dict[str, Held]:
    """The dump of a database."""
    server: PostgresServer = begun()
    try:
        address = asyncio.run(server.create())
        with tempfile.TemporaryDirectory() as name:
            held = record(address, Path(name), approvals=approvals)
        dump = server.folder / "dump.sql"
        server.run("pg_dump", "--no-owner", "--file", str(dump), "--dbname", address)
        shutil.copyfile(dump, to / "postgres.sql")
    finally:
        server.end()
    return held


def main() -> None:
    """Records what the command line says."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("release")
    parser.add_argument("--source", type=Path)
    parser.add_argument("--no-postgres", action="store_true")
    parser.add_argument("--no-approvals", action="store_true")
    given = parser.parse_args()
    if given.source is not None:
        os.environ["PYTHONPATH"] = str(given.source.resolve())
    to = HERE / given.release
    to.mkdir()
    approvals = not given.no_approvals
    held = {"sqlite.database": record_sqlite(to, approvals=approvals)}
    if not given.no_postgres:
        held["postgres.sql"] = record_postgres(to, approvals=approvals)
    told = {file: {name: asdict(one) for name, one in each.items()} for file, each in held.items()}
    (to / "sessions.json").write_text(json.dumps(told, indent=2) + "\n")
    sys.stdout.write(f"{to}\n")


if __name__ == "__main__":
    main()
