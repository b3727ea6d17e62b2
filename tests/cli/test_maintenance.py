"""Tests the commands that look after a database file."""

import asyncio
import json
from pathlib import Path

import apsw
import pytest

from mainspring.cli.views.sizes import bytes_in_words
from mainspring.storage.sqlite.store import SqliteStore
from mainspring.testing.clock import ManualClock
from mainspring.testing.samples import deltas, ended, fact, session, settled
from tests.cli.conftest import Run

NAME = "mainspring.db"


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """A file with one old session, which is over."""
    asyncio.run(_fill(tmp_path / NAME))
    return tmp_path / NAME


async def _fill(path: Path) -> None:
    from tests.storage.test_maintenance import created

    store = SqliteStore(path, clock=ManualClock(), synchronous="OFF")
    await store.open()
    rows = [fact(1, created()), deltas(2, "a" * 5000), fact(3, settled("part-1")), fact(4, ended())]
    # `settled` and `ended` are of no execution that the journal began: nothing of them is folded.
    await store.create_session(session(), rows[:1])
    await store.create_session(session("session-2"), rows)
    await store.close()


def test_doctor_finds_nothing_wrong(run: Run, tmp_path: Path) -> None:
    asyncio.run(_one_session(tmp_path / NAME))
    done = run("doctor", "--database", NAME)
    assert done.exit_code == 0, done.output
    assert "Nothing is wrong." in done.output
    assert "1 active, 0 expired" in done.output


async def _one_session(path: Path) -> None:
    from tests.storage.test_maintenance import created

    store = SqliteStore(path, clock=ManualClock(), synchronous="OFF")
    await store.open()
    await store.create_session(session(), [fact(1, created())])
    await store.close()


def test_doctor_opens_every_session(run: Run, database: Path) -> None:
    with_problem = run("doctor", "--database", NAME, "--json")
    assert with_problem.exit_code == 1
    report = json.loads(with_problem.stdout)
    assert report["sessions"] == {"active": 2, "due": 2}
    assert report["freeable"]["rows"] == 1
    assert "Session session-2 cannot be opened" in report["problems"][0]
    assert run("doctor", "--database", NAME, "--quick").exit_code == 0
    connection = apsw.Connection(str(database))
    connection.execute("UPDATE journal SET kind = 3, data = x'00ff'")
    connection.close()
    assert "cannot be read" in run("doctor", "--database", NAME).output


def test_a_backup_is_a_whole_database(run: Run, database: Path, tmp_path: Path) -> None:
    done = run("backup", "copies.db", "--database", NAME)
    assert done.exit_code == 0, done.output
    assert "checked" in done.output
    assert run("doctor", "--quick", "--database", "copies.db").exit_code == 0
    again = run("backup", "copies.db", "--database", NAME)
    assert again.exit_code == 1
    assert "--force replaces it" in again.output
    (tmp_path / "folder").mkdir()
    told = json.loads(run("backup", "folder", "--database", NAME, "--json").stdout)
    assert told == {"path": f"folder/{NAME}", "bytes": (tmp_path / "folder" / NAME).stat().st_size}
    assert "the database itself" in run("backup", NAME, "--force", "--database", NAME).output
    assert "no folder 'no'" in run("backup", "no/where.db", "--database", NAME).output


def test_a_damaged_database_gives_no_backup(run: Run, database: Path, tmp_path: Path) -> None:
    with database.open("r+b") as file:
        file.seek(3 * 4096)
        file.write(b"\xff" * 2048)
    done = run("backup", "copy.db", "--database", NAME)
    assert done.exit_code == 1
    assert "not whole" in done.output
    assert [path.name for path in tmp_path.glob("copy*")] == []


def test_prune_says_what_it_would_do_and_does_it(run: Run, database: Path) -> None:
    dry = json.loads(run("prune", "--dry-run", "--database", NAME, "--json").stdout)
    assert dry["rows"] == 1
    assert dry["dryRun"] is True
    assert "Would drop 1 delta rows of 1 sessions: " in run("prune", "--dry-run", "--database", NAME).output
    done = run("prune", "--vacuum", "--database", NAME)
    assert "Dropped 1 delta rows of 1 sessions: " in done.output
    assert "Would drop 0 delta rows" in run("prune", "--dry-run", "--database", NAME).output


def test_a_file_that_is_not_there_is_not_made(run: Run, tmp_path: Path) -> None:
    for command in (("doctor",), ("backup", "x.db"), ("prune",)):
        done = run(*command, "--database", "none.db")
        assert done.exit_code == 3
        assert "There is no database 'none.db'" in done.output
        assert "This works on a SQLite file" in run(*command, "--database", ":memory:").output
    (tmp_path / "text.db").write_text("no database, but long enough to be read as one" * 100)
    assert "not a database" in run("doctor", "--database", "text.db").output


@pytest.mark.parametrize(
    ("count", "words"),
    [(0, "0 B"), (999, "999 B"), (1234, "1.2 kB"), (34_500_000, "34.5 MB"), (10**16, "10000.0 TB")],
)
def test_bytes_are_written_for_people(count: int, words: str) -> None:
    assert bytes_in_words(count) == words
