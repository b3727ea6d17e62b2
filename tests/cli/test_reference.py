"""The reference pages say what the program says; `MAINSPRING_GOLDEN=write` writes them."""

from collections.abc import Callable
from pathlib import Path

from mainspring.cli.exits import EXIT_CODES
from mainspring.cli.main import COMMANDS, command
from mainspring.cli.reference import cli_page, settings_page
from mainspring.settings import NAMES

PAGES = Path(__file__).parents[2] / "docs" / "reference"


def test_the_page_of_the_command_line(golden: Callable[[Path, str], None]) -> None:
    golden(PAGES / "cli.md", cli_page(command))


def test_the_page_of_the_settings(golden: Callable[[Path, str], None]) -> None:
    golden(PAGES / "settings.md", settings_page())


def test_the_pages_leave_nothing_out() -> None:
    page = (PAGES / "cli.md").read_text()
    assert all(f"\n## mainspring {name}\n" in page for name in COMMANDS)
    assert all(f"\n| {code} | " in page for code in EXIT_CODES)
    settings = (PAGES / "settings.md").read_text()
    assert all(f"| `{name}` | `--{name.replace('_', '-')}` |" in settings for name in NAMES)
