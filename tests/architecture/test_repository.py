"""Keeps the repository portable: no registry's address, no machine's path, no foreign lock, few dependencies."""

import re
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.architecture.sources import ROOT

MOST_PACKAGES = 40
MOST_BYTES = 2_000_000
ALLOWED = {
    "aiohttp", "apsw", "click", "httptools", "httpx2", "msgspec", "opentelemetry-api", "pyjwt", "pyyaml", "rich",
    "starlette", "uvicorn", "uvloop", "watchfiles", "websockets",
}  # fmt: skip
FOREIGN_LOCKS = {
    "uv.lock",
    "poetry.lock",
    "Pipfile.lock",
    "yarn.lock",
    "pnpm-lock.yaml",
    ".npmrc",
    "pip.conf",
}

# Pieced together, so that this file does not find itself.
HOSTS = tuple(
    "".join(pieces).encode()
    for pieces in (
        ("pypi", ".org"), ("python", "hosted.org"), ("registry.npm", "js.org"), ("registry.yarn", "pkg.com"),
        ("deb.", "debian.org"), ("security.", "debian.org"), ("npm", "mirror.com"), ("jsr", ".io/"),
    )
)  # fmt: skip
MACHINE_PATHS = re.compile(
    rb"(?<![\w.])/(?:work/(?:main|shared|\.)|root/|home/[a-z]|Users/[A-Za-z]|tmp/(?:ms-|pytest-))"
)


def places(text: bytes) -> Iterator[str]:
    """Every registry host and machine path that `text` names."""
    for host in HOSTS:
        if host in text:
            yield f"names the registry host {host.decode()}"
    checkout = re.escape(str(ROOT).encode())
    for path in re.findall(rb"(?<![\w.])" + checkout + rb"(?![\w.-])", text) + MACHINE_PATHS.findall(text):
        yield f"names the machine path {path.decode()}"


def files() -> list[Path]:
    """What is, or is about to be, in the repository."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    paths = (ROOT / name for name in listed.stdout.split("\0") if name)
    return [path for path in paths if path.is_file() and not path.is_symlink()]


def locked(lock: str) -> dict[str, list[str]]:
    """The packages of a lock file, each with its lines of hashes."""
    packages: dict[str, list[str]] = {}
    for line in lock.splitlines():
        if named := re.match(r"([a-z0-9][a-z0-9._-]*)==", line):
            packages[named[1]] = []
        elif "--hash=" in line:
            packages[next(reversed(packages))].append(line)
    return packages


def test_no_file_names_a_registry_or_a_machine() -> None:
    found = [f"{path.relative_to(ROOT)}: {place}" for path in files() for place in places(path.read_bytes())]
    assert not found, "\n".join(found)


def test_no_foreign_lock_and_nothing_large() -> None:
    found = [str(path) for path in files() if path.name in FOREIGN_LOCKS or path.stat().st_size > MOST_BYTES]
    assert not found, "\n".join(found)


def test_only_the_dependencies_of_the_house() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert {re.split(r"[^a-z0-9-]", name)[0] for name in project["dependencies"]} == ALLOWED


def test_an_install_is_small() -> None:
    assert len(locked((ROOT / "requirements" / "runtime.txt").read_text())) <= MOST_PACKAGES


@pytest.mark.parametrize("lock", sorted((ROOT / "requirements").glob("*.txt")), ids=lambda path: path.name)
def test_a_lock_is_hashed_and_names_no_address(lock: Path) -> None:
    text = lock.read_text()
    assert locked(text)
    assert all(locked(text).values()), [name for name, hashes in locked(text).items() if not hashes]
    assert not re.search(r"https?://|file:|--index|--find-links|-e ", text)


@pytest.mark.parametrize("lock", ["build", "dev"])
def test_every_lock_agrees_with_the_runtime(lock: str) -> None:
    def versions(name: str) -> set[str]:
        text = (ROOT / "requirements" / f"{name}.txt").read_text()
        return {line.split(" ")[0] for line in text.splitlines() if "==" in line and line[0] not in " #"}

    assert versions("runtime" if lock == "dev" else lock) <= versions("dev")


def test_a_bad_file_is_found() -> None:
    assert list(places(b"see https://" + HOSTS[0] + b"/simple"))
    assert list(places(f"cd {ROOT}/src".encode()))
    assert list(places(b"PATH=" + b"/ro" + b"ot/.local/bin"))
    assert not list(places(b"GET /v1/root/session, chroot/x, https://example.org/work/mai" + b"n"))


def test_an_unhashed_lock_is_found() -> None:
    assert locked("a==1 \\\n    --hash=sha256:0\nb==2\n") == {"a": ["    --hash=sha256:0"], "b": []}
