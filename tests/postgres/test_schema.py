"""Tests migrations on PostgreSQL: who may start on what, what is run, and what is said."""

import asyncio

import asyncpg
import pytest

from mainspring.model.errors import StoreError
from mainspring.storage.postgres import absurd, schema
from mainspring.storage.postgres.connections import connect
from mainspring.storage.postgres.statements import PACKAGE, statements
from mainspring.storage.postgres.store import PostgresStore
from mainspring.system import SystemClock
from tests.postgres.server import PostgresServer
from tests.storage.sql_texts import nouns_of, unused_in

NUMBERS = ("int4", "int8", "float8")


def store_at(address: str, *, migrate: bool = False) -> PostgresStore:
    return PostgresStore(address, clock=SystemClock(), migrate=migrate)


async def refusal_of(address: str) -> StoreError:
    with pytest.raises(StoreError) as refusal:
        await store_at(address).open()
    return refusal.value


async def test_a_database_without_schema_is_refused_with_the_command(bare_postgres: str) -> None:
    refusal = await refusal_of(bare_postgres)
    assert refusal.code == "SCHEMA_BEHIND"
    assert "no Mainspring schema" in refusal.message
    assert "mainspring migrate --database" in str(refusal.details["hint"])


async def test_a_store_may_be_told_to_migrate(bare_postgres: str) -> None:
    store = store_at(bare_postgres, migrate=True)
    await store.open()
    await store.ping()
    await store.close()
    await store.close()
    state = await schema.look(bare_postgres)
    assert (state.version, state.latest, state.missing) == (len(schema.MIGRATIONS), state.version, ())


async def test_an_older_schema_is_refused(postgres: str, postgres_server: PostgresServer) -> None:
    name = postgres.rpartition("/")[2]
    await postgres_server.ask("DELETE FROM mainspring.schema_version", database=name)
    await postgres_server.ask("INSERT INTO mainspring.schema_version VALUES (-1)", database=name)
    assert "schema -1" in (await refusal_of(postgres)).message


async def test_a_newer_schema_is_refused_by_all(postgres: str, postgres_server: PostgresServer) -> None:
    name = postgres.rpartition("/")[2]
    await postgres_server.ask("INSERT INTO mainspring.schema_version VALUES (99)", database=name)
    assert "a newer Mainspring" in (await refusal_of(postgres)).message
    with pytest.raises(StoreError, match="a newer Mainspring"):
        await schema.look(postgres)
    with pytest.raises(StoreError, match="a newer Mainspring"):
        await store_at(postgres, migrate=True).open()


async def test_another_encoding_is_refused(postgres_server: PostgresServer) -> None:
    await postgres_server.ask("CREATE DATABASE latin ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0")
    assert "UTF8 is needed" in (await refusal_of(postgres_server.address("latin"))).message
    await postgres_server.ask("DROP DATABASE latin")


async def test_many_may_migrate_at_once(bare_postgres: str) -> None:
    stores = [store_at(bare_postgres, migrate=True) for _ in range(4)]
    await asyncio.gather(*(store.open() for store in stores))
    for store in stores:
        await store.close()


async def test_the_printed_script_does_the_same(bare_postgres: str) -> None:
    state = await schema.look(bare_postgres)
    assert state.version == 0
    connection = await asyncpg.connect(bare_postgres)
    await connection.execute(state.script)
    await connection.close()
    store = store_at(bare_postgres)
    await store.open()
    await store.close()


async def test_a_migration_that_fails_changes_nothing(bare_postgres: str) -> None:
    connection = await connect(bare_postgres)
    await connection.execute("CREATE SCHEMA absurd; CREATE TABLE absurd.queues (other int)")
    with pytest.raises(asyncpg.PostgresError):
        await schema.migrate(connection, bare_postgres)
    assert await schema.version_of(connection) == 0
    await connection.close()


async def test_absurd_is_upgraded_from_any_version_it_had(bare_postgres: str) -> None:
    connection = await connect(bare_postgres)
    await connection.execute(
        "CREATE SCHEMA absurd; CREATE FUNCTION absurd.get_schema_version() RETURNS text LANGUAGE sql "
        "AS $$ SELECT '0.3.0'::text $$; CREATE TABLE absurd.queues (queue_name text)"
    )
    titles = [title for title, _ in await absurd.missing(connection)]
    assert titles == ["Absurd 0.4.0", "Absurd 0.5.0", "Absurd 0.5.1", "Absurd queue mainspring"]
    await connection.execute(
        "CREATE OR REPLACE FUNCTION absurd.get_schema_version() RETURNS text LANGUAGE sql "
        "AS $$ SELECT '9.9.9'::text $$"
    )
    with pytest.raises(StoreError, match=r"Absurd 9\.9\.9"):
        await absurd.missing(connection)
    await connection.close()


async def test_a_password_is_never_told(postgres_server: PostgresServer) -> None:
    for address in (
        "postgresql://me:hunter2@127.0.0.1:1/x",
        postgres_server.address("no_such_database").replace("mainspring@", "mainspring:hunter2@"),
        "postgresql://me@127.0.0.1:1/x?password=hunter2",
    ):
        refusal = await refusal_of(address)
        assert "hunter2" not in f"{refusal} {refusal.details}"
        assert "127.0.0.1" in refusal.message


@pytest.mark.parametrize("noun", nouns_of(PACKAGE))
async def test_every_statement_compiles(noun: str, postgres: str) -> None:
    connection = await asyncpg.connect(postgres)
    assert statements(noun)
    for name, sql in statements(noun).items():
        if sql.count(";") == 1 and not sql.startswith("SET "):
            assert await connection.prepare(sql), name
    await connection.close()


def test_every_statement_is_used() -> None:
    assert unused_in(PACKAGE) == []


@pytest.mark.parametrize(
    ("noun", "name", "index"),
    [
        ("sessions", "records_of_project", "sessions_of_project"),
        ("sessions", "records_of_agent", "sessions_of_agent"),
        ("sessions", "records_due", "sessions_due"),
        ("sessions", "record_by_start_key", "sessions_start_key"),
        ("sessions", "stale", "heads_stale"),
        ("hosts", "is_due", "heads_wake"),
        ("journal", "read", "journal_"),
        ("letters", "fetch", "letters_to"),
    ],
)
async def test_lists_use_their_index(noun: str, name: str, index: str, postgres: str) -> None:
    connection = await asyncpg.connect(postgres)
    await connection.execute("SET enable_seqscan = off; SET plan_cache_mode = force_generic_plan")
    sql = statements(noun)[name]
    prepared = await connection.prepare(sql)
    await connection.execute(f"PREPARE asked AS {sql}")
    values = ", ".join("1" if each.name in NUMBERS else "NULL" for each in prepared.get_parameters())
    plan = "\n".join(row[0] for row in await connection.fetch(f"EXPLAIN EXECUTE asked({values})"))
    assert index in plan, plan
    await connection.close()
