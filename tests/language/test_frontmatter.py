"""Checks reference files: the frontmatter, the document after it, and what is wrong where."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mainspring.language.frontmatter import parse_reference
from mainspring.model.agents import ReferenceFile
from mainspring.model.diagnostics import Diagnostic
from mainspring.model.spans import Span


def complaint(text: str, name: str = "refunds") -> Diagnostic:
    reference, (found,) = parse_reference(name, text)
    assert reference is None
    return found


@pytest.mark.parametrize(
    "text",
    [
        "---\ndescription: When to pay\n---\n\n# Refunds\n---\nmore\n",
        "\ufeff--- \r\ndescription: 'When to pay'\r\n---\r\n# Refunds\n---\nmore\n",
        "---\ntitle: x\ndescription: >\n  When\n  to pay\ntags: [a]\n---\n# Refunds\n---\nmore\n",
    ],
)
def test_a_reference_is_read(text: str) -> None:
    assert parse_reference("refunds", text) == (
        ReferenceFile(name="refunds", description="When to pay", content="# Refunds\n---\nmore\n"),
        [],
    )


def test_a_reference_may_be_empty() -> None:
    reference, _ = parse_reference("a", "---\ndescription: x\n---")
    assert reference == ReferenceFile(name="a", description="x", content="")


@pytest.mark.parametrize("text", ["", "# Refunds", "---\ndescription: x\n", "x\n---\ndescription: x\n---\n"])
def test_a_missing_frontmatter_is_told(text: str) -> None:
    found = complaint(text)
    assert (found.code, found.path) == ("reference-frontmatter", "references.refunds")
    assert "description:" in found.hint


@pytest.mark.parametrize(
    ("head", "message", "line"),
    [
        ("", "the frontmatter needs `description`", 1),
        ("title: x\n", "the frontmatter needs `description`", 1),
        ("- a\n", "the frontmatter needs `description`", 1),
        ("title: x\ndescription:\n", "`description` is empty", 3),
        ("description: ' '\n", "`description` is empty", 2),
        ("description: [a]\n", "`description` has to be text, not a list", 2),
        ("description: 3\n", "`description` has to be text, not a number", 2),
    ],
)
def test_a_missing_description_is_told(head: str, message: str, line: int) -> None:
    found = complaint(f"---\n{head}---\nbody")
    assert (found.code, found.message) == ("reference-description", message)
    assert found.span is not None
    assert found.span.line == line


def test_yaml_that_cannot_be_read_is_told_in_its_line() -> None:
    found = complaint("---\ntitle: x\ndescription: [\n---\nbody")
    assert found.code == "yaml-syntax"
    assert found.span is not None
    assert found.span.file == "references/refunds.md"
    assert found.span.line >= 3


def test_characters_of_no_text_file_are_refused() -> None:
    assert complaint("---\ndescription: x\n---\nbo\0dy").code == "bad-character"


@pytest.mark.parametrize("name", ["", "A", "a/b", "a.b", "../a", "x" * 65])
def test_a_bad_name_is_refused(name: str) -> None:
    found = complaint("---\ndescription: x\n---\n", name)
    assert (found.code, found.span) == ("reference-name", Span(file=f"references/{name}.md"))


@given(st.text() | st.text().map(lambda text: f"---\n{text}\n---\n"))
def test_no_text_makes_it_raise(text: str) -> None:
    reference, diagnostics = parse_reference("a", text)
    assert reference is not None or diagnostics
