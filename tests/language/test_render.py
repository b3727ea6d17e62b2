"""Checks how diagnostics look: the quoted line, the mark under the place, and the JSON form."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from mainspring.language.render import render_json, render_text, summary
from mainspring.model.diagnostics import Diagnostic
from mainspring.model.spans import Span


def diagnostic(*place: int, **more: Any) -> Diagnostic:
    """One at (line, column[, end_line, end_column]) of `f.yaml`."""
    line, column, end_line, end_column = (*place, place[0], place[1] + 1)[:4] if len(place) == 2 else place
    span = Span(file="f.yaml", line=line, column=column, end_line=end_line, end_column=end_column)
    return Diagnostic(**{"code": "bad", "message": "this is wrong", "span": span, **more})


def lines(found: Diagnostic, text: str) -> list[str]:
    return render_text([found], {"f.yaml": text}).split("\n")


def test_an_error_quotes_its_line_and_marks_the_place() -> None:
    found = diagnostic(2, 8, 2, 11, allowed=("one", "two"), hint="did you mean `one`?")
    assert render_text([found], {"f.yaml": "a: 1\ntools: own\n"}) == (
        "f.yaml:2:8: this is wrong [bad]\n"
        "    2 | tools: own\n"
        "      |        ^^^\n"
        "  allowed: one, two\n"
        "  hint: did you mean `one`?\n"
        "\n"
        "1 error\n"
    )


def test_a_warning_says_so_and_the_summary_counts() -> None:
    found = [diagnostic(1, 1), diagnostic(1, 1), diagnostic(1, 2, severity="warning")]
    text = render_text(found, {})
    assert text.split("\n\n") == [
        "f.yaml:1:1: this is wrong [bad]",
        "f.yaml:1:1: this is wrong [bad]",
        "f.yaml:1:2: warning: this is wrong [bad]",
        "2 errors, 1 warning\n",
    ]


def test_nothing_wrong_says_nothing() -> None:
    assert render_text([], {}) == ""
    assert summary([]) == "No problems"
    assert summary([diagnostic(1, 1, severity="warning")] * 2) == "2 warnings"


def test_without_a_place_the_path_is_named() -> None:
    assert render_text([diagnostic(1, 1, span=None, path="agent.model")], {}).startswith("agent.model: this")
    assert render_text([diagnostic(1, 1, span=None)], {}).startswith("this is wrong [bad]\n")


def test_a_place_outside_the_file_is_not_quoted() -> None:
    assert lines(diagnostic(9, 1), "a")[1:] == ["", "1 error", ""]
    assert lines(diagnostic(1, 50), "a")[1:3] == ["    1 | a", "      |  ^"]


def test_a_span_over_several_lines_is_marked_to_the_end_of_the_first() -> None:
    assert lines(diagnostic(1, 3, 2, 2), "a: |\r\n  b\r\n")[1:3] == ["    1 | a: |", "      |   ^^"]


def test_tabs_wide_and_combining_characters_keep_the_mark_in_place() -> None:
    assert lines(diagnostic(1, 4, 1, 5), "\t日e\u0301x")[1:3] == [
        "    1 |     日e\u0301x",
        "      |        ^",
    ]
    assert lines(diagnostic(1, 1, 1, 3), "日本")[2] == "      | ^^^^"


def test_a_long_line_is_cut_around_the_place() -> None:
    shown, mark = lines(diagnostic(1, 501, 1, 504), "a" * 500 + "bcd" + "e" * 500)[1:3]
    assert shown.startswith("    1 | …a")
    assert shown.endswith("e…")
    assert len(shown) < 120
    assert shown[mark.index("^") :].startswith("bcde")
    assert mark.count("^") == 3


def test_what_cannot_be_seen_is_shown_as_an_escape() -> None:
    text = lines(diagnostic(1, 1, message="a\nb\x1b[2J", hint="\u202e"), "x\x1b[1m\u200b\ud800")
    assert text[0] == "f.yaml:1:1: a\\nb\\x1b[2J [bad]"
    assert text[1] == "    1 | x\\x1b[1m\\u200b\\ud800"
    assert text[3] == "  hint: \\u202e"


def test_many_allowed_values_are_cut_short() -> None:
    found = diagnostic(1, 1, allowed=tuple(f"v{number}" for number in range(15)))
    assert lines(found, "")[3].endswith("v10, v11 and 3 more")


def test_colours_only_where_asked() -> None:
    found = [diagnostic(1, 1), diagnostic(1, 1, severity="warning")]
    assert "\x1b" not in render_text(found, {"f.yaml": "a"})
    coloured = render_text(found, {"f.yaml": "a"}, color=True)
    assert "\x1b[1;31m^" in coloured
    assert "\x1b[1;33mwarning: " in coloured


def test_json_has_every_member_that_is_known() -> None:
    full = diagnostic(3, 4, path="a.b", allowed=("x",), hint="y")
    assert render_json([full, Diagnostic(code="c", message="m", severity="warning")]) == [
        {
            "message": "this is wrong",
            "path": "a.b",
            "severity": "error",
            "code": "bad",
            "file": "f.yaml",
            "line": 3,
            "column": 4,
            "allowed": ["x"],
            "hint": "y",
        },
        {"message": "m", "path": "", "severity": "warning", "code": "c"},
    ]


NUMBERS = st.integers(-2, 120)


@given(st.text(max_size=150), NUMBERS, NUMBERS, NUMBERS, NUMBERS)
def test_any_place_in_any_text_can_be_shown(text: str, line: int, column: int, down: int, right: int) -> None:
    found = diagnostic(line, column, line + down, right)
    shown = render_text([found], {"f.yaml": text})
    shown.encode()
    assert "\x1b" not in shown
