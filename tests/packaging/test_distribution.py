"""What a person installs: the wheel carries the whole package, the sdist makes the same wheel, the command runs."""

import os
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

import mainspring

ROOT = Path(__file__).resolve().parents[2]
INSIDE = "src/mainspring/"


def run(*command: str | Path, cwd: Path, **environment: str) -> str:
    finished = subprocess.run(
        [str(word) for word in command],
        cwd=cwd,
        env={**os.environ, **environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert finished.returncode == 0, finished.stdout + finished.stderr
    return finished.stdout


def sources() -> set[str]:
    """The files of the package that are, or are about to be, in the repository."""
    listed = run("git", "ls-files", "-z", "-c", "-o", "--exclude-standard", INSIDE, cwd=ROOT).split("\0")
    return {name.removeprefix("src/") for name in listed if name and (ROOT / name).is_file()}


def packaged(wheel: Path) -> set[str]:
    """The files of the package in `wheel`."""
    return {name for name in zipfile.ZipFile(wheel).namelist() if name.startswith("mainspring/")}


@pytest.fixture(scope="module")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the wheel (made from the sdist) and the sdist."""
    folder = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "build", "--no-isolation", "--outdir", folder, ROOT, cwd=folder)
    return folder


@pytest.fixture(scope="module")
def wheel(dist: Path) -> Path:
    """The wheel, named for the version of the package."""
    (found,) = dist.glob("*.whl")
    assert found.name == f"mainspring-{mainspring.__version__}-py3-none-any.whl"
    return found


def test_the_wheel_carries_every_file_of_the_package(wheel: Path) -> None:
    assert packaged(wheel) == sources()


def test_the_wheel_has_its_licence_and_its_command(wheel: Path) -> None:
    contents = zipfile.ZipFile(wheel)
    info = f"mainspring-{mainspring.__version__}.dist-info"
    assert b"Apache License" in contents.read(f"{info}/licenses/LICENSE")
    assert b"mainspring = mainspring.cli.main:main" in contents.read(f"{info}/entry_points.txt")
    assert "mainspring/py.typed" in contents.namelist()


def test_the_sdist_carries_no_tests_and_no_tools(dist: Path) -> None:
    (archive,) = dist.glob("*.tar.gz")
    with tarfile.open(archive) as opened:
        tops = {name.split("/")[1] for name in opened.getnames()}
    assert tops <= {"src", "pyproject.toml", "README.md", "CHANGELOG.md", "LICENSE", "PKG-INFO", ".gitignore"}


def test_the_installed_command_runs_away_from_the_checkout(wheel: Path, tmp_path: Path) -> None:
    site = tmp_path / "site"
    run(
        sys.executable,
        "-m",
        "pip",
        "install",
        "-qq",
        "--no-deps",
        "--no-index",
        "--target",
        site,
        wheel,
        cwd=tmp_path,
    )
    where = "import mainspring.cli.main; print(mainspring.__file__)"
    assert Path(run(sys.executable, "-c", where, cwd=tmp_path, PYTHONPATH=str(site)).strip()).is_relative_to(
        site
    )
    version = run(sys.executable, "-m", "mainspring", "--version", cwd=tmp_path, PYTHONPATH=str(site))
    assert mainspring.__version__ in version
