"""Checks the tables of the documentation: those that the code writes are what it writes, the others name everything."""

import re
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import get_args

import pytest

from mainspring.language.rules.table import RULES
from mainspring.model.errors import ErrorClass, ErrorType
from mainspring.model.stream_events import StreamFinish
from mainspring.providers.failures import Failures
from mainspring.runtime.classify import error_type_of
from mainspring.runtime.keys import SCOPES
from mainspring.settings import NAMES
from tests.docs.errors import advice_table, classes_table, statuses_table, troubles_table
from tests.docs.events import MADE, PRIVATE, PUBLIC, events_table, shapes_table, tag_of, types_list
from tests.docs.faults import faults_table
from tests.docs.keys import TOP, block_tables, every_key, member_table, top_table, type_tables
from tests.docs.moves import moves_table
from tests.docs.pages import PAGES, ROOT, code_words, fences, name_of, prose, regions, with_region
from tests.providers.provider_tables import provider_table, quirks_table

EVENTS = ROOT / "docs" / "reference" / "events.md"
PROTOCOL = ROOT / "docs" / "reference" / "protocol.md"
TABLES: dict[str, Callable[[], str]] = {
    "moves": moves_table,
    "event-types": types_list,
    "public": lambda: events_table(PUBLIC),
    "made": lambda: events_table(MADE),
    "private": lambda: events_table(PRIVATE),
    "shapes": shapes_table,
    "error-classes": classes_table,
    "error-advice": advice_table,
    "error-troubles": troubles_table,
    "error-statuses": statuses_table,
    "faults": faults_table,
    "top": top_table,
    "types": type_tables,
    "blocks": block_tables,
    "providers": provider_table,
    "quirks": quirks_table,
    **{
        name: partial(member_table, name)
        for name in TOP
        if name not in {"types", "handlers", "steps", "output"}
    },
}
WRITTEN = [page for page in PAGES if regions(page.read_text(encoding="utf-8"))]


@pytest.mark.parametrize("page", WRITTEN, ids=name_of)
def test_a_table_is_what_the_code_says(page: Path, golden: Callable[[Path, str], None]) -> None:
    text = page.read_text(encoding="utf-8")
    for name in regions(text):
        text = with_region(text, name, TABLES[name]())
    golden(page, text)


def test_every_table_is_somewhere() -> None:
    used = [name for page in WRITTEN for name in regions(page.read_text(encoding="utf-8"))]
    assert sorted(used) == sorted(set(used)), "a table stands in two places"
    assert {"moves", "event-types", "public", "made", "private", "shapes", "top", "blocks", "agent"} <= set(
        used
    )


def test_every_event_is_named_in_the_architecture_and_the_reference() -> None:
    tags = {tag_of(event) for event in (*PUBLIC, *PRIVATE)}
    assert tags <= set(code_words(ROOT / "ARCHITECTURE.md"))
    assert tags | {tag_of(event) for event in MADE} <= set(code_words(EVENTS))


def test_every_key_of_the_schema_is_in_the_reference() -> None:
    named = {part for word in code_words(PROTOCOL) for part in re.split(r"[.*]+", word)}
    assert every_key() - named == set()


def test_every_rule_has_a_line_in_the_reference() -> None:
    text = prose(PROTOCOL)
    assert [rule.__name__ for rule in RULES if f"`{rule.__name__}`" not in text] == []


def test_every_type_of_error_is_explained() -> None:
    named = set(code_words(ROOT / "docs" / "guides" / "errors.md"))
    assert set(get_args(ErrorType)) - named == set()
    assert set(get_args(StreamFinish)) - set(code_words(ROOT / "docs" / "guides" / "streaming.md")) == set()


def test_every_class_of_error_has_its_type() -> None:
    text = (ROOT / "docs" / "guides" / "errors.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| ([`\w, ]+) \| `(\w+)` \|$", text, re.MULTILINE)
    told = {name: error_type for names, error_type in rows for name in re.findall(r"\w+", names)}
    classes = get_args(ErrorClass)
    assert {name: told.get(name) for name in classes} == {name: error_type_of(name) for name in classes}


def test_the_statuses_of_providers_are_what_the_guide_says() -> None:
    text = (ROOT / "docs" / "guides" / "errors.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| ([\d, ]+) \| `(\w+)` \| (yes|no) \|$", text, re.MULTILINE)
    assert len(rows) >= 8
    for statuses, error_type, retryable in rows:
        for status in statuses.split(","):
            failure = Failures("any").response(int(status), {}, b"").failure
            assert (failure.error_type, failure.retryable) == (error_type, retryable == "yes"), status


def test_every_scope_of_a_key_is_explained() -> None:
    assert set(SCOPES) - set(code_words(ROOT / "docs" / "guides" / "security.md")) == set()


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_variables_of_ours_exist(page: Path) -> None:
    known = {f"MAINSPRING_{name.upper()}" for name in NAMES}
    known |= {"MAINSPRING_URL", "MAINSPRING_KEY", "MAINSPRING_GOLDEN", "MAINSPRING_TEST_NODE"}
    text = prose(page) + "".join(fence.text for fence in fences(page))
    assert set(re.findall(r"MAINSPRING_[A-Z][A-Z_]*", text)) - known == set()
