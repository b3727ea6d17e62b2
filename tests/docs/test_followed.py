"""Does what the pages say, in real processes: the tutorial with Node.js, the guide to testing, the README's demo."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.docs.following import Following, matches, same
from tests.docs.pages import ROOT, fences

DOCS = ROOT / "docs"
PACKAGES = ROOT / "tests" / "interop" / "node_modules"


@pytest.mark.interop
def test_the_tutorial_and_the_backend_of_the_readme(tmp_path: Path) -> None:
    assert (PACKAGES / "@octavus" / "server-sdk").is_dir(), "`make test-interop` installs the packages"
    (tmp_path / "node_modules").symlink_to(PACKAGES)
    [shown] = [fence for fence in fences(ROOT / "README.md") if fence.language == "js"]
    with Following(tmp_path) as reader:
        assert reader.follow(DOCS / "tutorial.md") >= 20
        assert reader.play(shown) == ["Order 17 is on its way."]


@pytest.mark.e2e
def test_the_guide_to_testing(tmp_path: Path) -> None:
    assert shutil.which("bash"), "the commands of the guide are for bash"
    with Following(tmp_path) as reader:
        assert reader.follow(DOCS / "guides" / "testing-your-agent.md") == 2


@pytest.mark.e2e
def test_the_demo_prints_what_the_readme_shows() -> None:
    [shown] = [fence for fence in fences(ROOT / "README.md") if "demo" in fence.words]
    done = subprocess.run(
        [sys.executable, "-m", "mainspring", "demo"], check=True, capture_output=True, text=True, timeout=50
    )
    assert same(done.stdout) == same(shown.text)


def test_outputs_are_compared_line_by_line() -> None:
    assert matches(["a", "...", "d"], ["a", "b", "c", "d"])
    assert matches(["...", "a", "..."], ["a"])
    assert not matches(["a", "d"], ["a", "b", "d"])
    assert not matches(["...", "d"], ["a", "d", "e"])
    assert same("at  127.0.0.1:80 \n\nses_0123456789012345678901") == ["at 127.0.0.1:0", "ses_"]
