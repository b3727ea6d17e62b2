"""Tests what addresses of databases say, and that their passwords are never shown."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mainspring.settings import InvalidSetting, load_settings
from mainspring.storage.addresses import is_foreign, is_postgres, shown
from mainspring.storage.postgres.text import read, read_maybe, written

ANY_TEXT = st.text(alphabet=st.characters(exclude_categories=()))


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("./mainspring.db", "./mainspring.db"),
        ("postgresql://me:secret@db:5432/x", "postgresql://me@db:5432/x"),
        ("postgres://me:se@cr/et@db/x", "postgres://me@db/x"),
        ("postgresql://db/x?user=me&password=secret&a=b", "postgresql://db/x?user=me&password=***&a=b"),
        ("postgresql://me@db/x", "postgresql://me@db/x"),
        ("postgresql:///x?host=/tmp", "postgresql:///x?host=/tmp"),
    ],
)
def test_an_address_is_shown_without_its_password(address: str, expected: str) -> None:
    assert shown(address) == expected


@pytest.mark.parametrize("address", ["postgresql://db/x", "postgres://db/x", "PostgreSQL://db/x"])
def test_addresses_of_postgresql_are_known(address: str) -> None:
    assert is_postgres(address)
    assert not is_foreign(address)


@pytest.mark.parametrize("address", ["mainspring.db", ":memory:", "/var/postgresql/x", "C:\\x.db"])
def test_everything_else_is_a_file(address: str) -> None:
    assert not is_postgres(address)
    assert not is_foreign(address)


def test_an_engine_that_is_not_known_is_refused_without_its_password() -> None:
    with pytest.raises(InvalidSetting) as refusal:
        load_settings({"database": "mysql://me:secret@db/x"}, {})
    assert "secret" not in refusal.value.message
    assert "postgresql://" in refusal.value.message


@given(ANY_TEXT)
def test_any_text_can_be_stored(text: str) -> None:
    stored = written(text)
    assert "\0" not in stored
    stored.encode()
    assert read(stored) == text


@given(st.text(), st.text())
def test_stored_texts_keep_their_order(one: str, two: str) -> None:
    assert (written(one) < written(two)) == (one < two)


def test_no_text_stays_none() -> None:
    assert (written(None), read_maybe(None), read_maybe("a\x010000")) == (None, None, "a\0")
