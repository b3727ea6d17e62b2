"""The way to a server: what a foreign, broken or silent one is called, and what goes over the wire."""

import http.server
import threading
from collections.abc import Iterator

import pytest

from mainspring.cli.exits import ServerRefused
from mainspring.cli.http import Api
from mainspring.model.errors import Unavailable


class Stranger(http.server.BaseHTTPRequestHandler):
    """A server that is something else; what it does is in the path."""

    def do_GET(self) -> None:
        if self.path == "/hang-up":
            self.connection.close()
            return
        status, kind, body = {
            "/page": (200, "text/html", b"<html>"),
            "/list": (200, "application/json", b"[]"),
            "/gone": (404, "text/html", b"<html>"),
            "/odd": (418, "application/json", b"{}"),
        }[self.path]
        self.send_response(status)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Says nothing."""


@pytest.fixture
def stranger() -> Iterator[Api]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Stranger)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        with Api(f"http://127.0.0.1:{server.server_port}/", "k") as api:
            yield api
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.mark.parametrize("path", ["/page", "/list", "/gone"])
def test_what_is_no_mainspring_server(stranger: Api, path: str) -> None:
    with pytest.raises(Unavailable, match="does not answer as a Mainspring server does"):
        stranger.get(path)


def test_a_connection_that_breaks(stranger: Api) -> None:
    with pytest.raises(Unavailable, match="broke"):
        stranger.get("/hang-up")
    with pytest.raises(Unavailable, match="broke"):
        list(stranger.events("GET", "/page"))


def test_a_refusal_without_words(stranger: Api) -> None:
    with pytest.raises(ServerRefused, match=r"The server answered 418\.") as refused:
        stranger.get("/odd")
    assert (refused.value.status, refused.value.code) == (418, "UNKNOWN")


def test_a_silent_server(stranger: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    import httpx2

    def silent(*_: object, **__: object) -> httpx2.Response:
        raise httpx2.ReadTimeout("too long")

    monkeypatch.setattr(stranger._client, "request", silent)
    with pytest.raises(Unavailable, match="silent for too long"):
        stranger.get("/page")
