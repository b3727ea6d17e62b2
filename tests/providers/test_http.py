"""The connections to providers: what is sent, what is refused, what failures become; leaving closes them."""

import asyncio
import gzip
import zlib
from collections.abc import AsyncIterator

import pytest

from mainspring.model.errors import Failure, ProviderError
from mainspring.model.generation import Finished, ModelChunk, TextDelta
from mainspring.providers.anthropic import AnthropicCompleter
from mainspring.providers.failures import Failures
from mainspring.providers.http import Inflater, ProviderHttp
from mainspring.providers.openai_chat import ChatCompleter
from mainspring.providers.registry import Registry
from mainspring.providers.wire import Times
from mainspring.testing.clock import ManualClock
from tests.contract.providers.recordings import FIXTURES
from tests.providers.fake_provider import Answer, FakeProvider, Visit, fake_provider
from tests.providers.threads import request, user

HELLO = b'data: {"choices":[{"index":0,"delta":{"content":"hello"}}]}\n\n'
STOP = b'data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\n'
DONE = b"data: [DONE]\n\n"
ASKED = request(user("x"), model="acme/m")


@pytest.fixture
async def http() -> AsyncIterator[ProviderHttp]:
    pool = ProviderHttp()
    yield pool
    await pool.close()


def completer(fake: FakeProvider, http: ProviderHttp) -> ChatCompleter:
    return ChatCompleter("acme", fake.url, key="sk-the-key", http=http)


async def outcome(fake: FakeProvider, http: ProviderHttp) -> tuple[list[ModelChunk], Failure | None]:
    found: list[ModelChunk] = []
    try:
        async for chunks in completer(fake, http).complete(ASKED):
            found += chunks
    except ProviderError as error:
        return found, error.failure
    return found, None


async def failure(answer: Answer, http: ProviderHttp) -> Failure:
    async with fake_provider(answer) as fake:
        _, found = await outcome(fake, http)
    assert found is not None
    return found


async def test_a_call_is_sent_as_it_should_be_and_each_read_is_one_list(http: ProviderHttp) -> None:
    more = asyncio.Event()

    async def answer(visit: Visit) -> None:
        await visit.start()
        await visit.piece(HELLO + HELLO)
        await more.wait()
        await visit.piece(STOP + DONE)
        await visit.finish()

    async with fake_provider(answer) as fake:
        answering = completer(fake, http).complete(ASKED)
        first = await anext(answering)
        assert [type(chunk).__name__ for chunk in first] == ["TextStart", "TextDelta", "TextDelta"]
        more.set()
        rest = [chunk async for chunks in answering for chunk in chunks]
        assert isinstance(rest[-1], Finished)
        visit = fake.visits[0]
    assert visit.head == "POST /v1/chat/completions HTTP/1.1"
    assert visit.headers["authorization"] == "Bearer sk-the-key"
    assert visit.headers["accept-encoding"] == "identity"
    assert visit.body.startswith(b'{"model":"m"')


async def test_a_connection_is_used_again(http: ProviderHttp) -> None:
    async def answer(visit: Visit) -> None:
        await visit.whole(HELLO + STOP + DONE)

    async with fake_provider(answer) as fake:
        for _ in range(3):
            assert (await outcome(fake, http))[1] is None
        assert (len(fake.visits), fake.connections) == (3, 1)


async def test_a_kept_connection_that_is_gone_is_replaced(http: ProviderHttp) -> None:
    seen: set[object] = set()

    async def answer(visit: Visit) -> None:
        if visit.writer in seen:
            raise ConnectionResetError
        seen.add(visit.writer)
        await visit.whole(HELLO + STOP + DONE)

    async with fake_provider(answer) as fake:
        for _ in range(3):
            assert (await outcome(fake, http))[1] is None
        assert (len(fake.visits), fake.connections) == (5, 3)


async def test_a_new_connection_that_is_cut_is_a_failure(http: ProviderHttp) -> None:
    async def answer(visit: Visit) -> None:
        raise ConnectionResetError

    async with fake_provider(answer) as fake:
        _, problem = await outcome(fake, http)
        assert len(fake.visits) == 1
    assert problem is not None
    assert problem.code == "ACME_CONNECTION_LOST"


async def test_the_messages_wire_goes_the_same_way(http: ProviderHttp) -> None:
    recording = FIXTURES / "anthropic" / "json-answer.sse"

    async def answer(visit: Visit) -> None:
        assert visit.headers["x-api-key"] == "sk-the-key"
        await visit.whole(recording.read_bytes())

    asked = request(user("x"), model="acme/claude-sonnet-4-0", response_schema={"type": "object"})
    async with fake_provider(answer) as fake:
        wire = AnthropicCompleter("acme", fake.url.removesuffix("/v1"), key="sk-the-key", http=http)
        found = [chunk async for chunks in wire.complete(asked) for chunk in chunks]
        assert fake.visits[0].head == "POST /v1/messages HTTP/1.1"
    assert "".join(chunk.text for chunk in found if isinstance(chunk, TextDelta)) == '{"name":"Ada"}'


async def test_closing_the_iterator_closes_the_connection(http: ProviderHttp) -> None:
    async def answer(visit: Visit) -> None:
        await visit.start()
        await visit.piece(HELLO)
        await asyncio.Event().wait()

    async with fake_provider(answer) as fake:
        answering = completer(fake, http).complete(ASKED)
        await anext(answering)
        await answering.aclose()
        await asyncio.wait_for(fake.left.wait(), 1)


@pytest.mark.parametrize("speaks_first", [True, False])
async def test_cancelling_the_task_closes_the_connection(http: ProviderHttp, speaks_first: bool) -> None:
    asked = asyncio.Event()

    async def answer(visit: Visit) -> None:
        if speaks_first:
            await visit.start()
            await visit.piece(HELLO)
        asked.set()
        await asyncio.Event().wait()

    async with fake_provider(answer) as fake:
        task = asyncio.create_task(outcome(fake, http))
        await asked.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await asyncio.wait_for(fake.left.wait(), 1)


async def test_an_answer_may_come_at_once(http: ProviderHttp) -> None:
    body = b'{"choices":[{"index":0,"message":{"content":"hello"},"finish_reason":"stop"}]}'

    async def answer(visit: Visit) -> None:
        await visit.whole(body, content_type="application/json; charset=utf-8")

    async with fake_provider(answer) as fake:
        found, problem = await outcome(fake, http)
    assert problem is None
    assert TextDelta(0, "hello") in found


@pytest.mark.parametrize("wbits", [31, 15])
async def test_a_compressed_answer_is_read(http: ProviderHttp, wbits: int) -> None:
    packer = zlib.compressobj(wbits=wbits)
    data = packer.compress(HELLO + STOP + DONE) + packer.flush()

    async def answer(visit: Visit) -> None:
        await visit.start(Content_Encoding="gzip" if wbits == 31 else "deflate")
        for at in range(0, len(data), 3):
            await visit.piece(data[at : at + 3])
        await visit.finish()

    async with fake_provider(answer) as fake:
        found, problem = await outcome(fake, http)
    assert problem is None
    assert TextDelta(0, "hello") in found


@pytest.mark.parametrize(
    ("coding", "data", "words"),
    [
        ("gzip", gzip.compress(b":" * 50_000_000), "suspiciously large"),
        ("gzip", b"not compressed at all", "damaged"),
        ("br", b"x", "content coding br was not asked for"),
    ],
)
async def test_a_suspicious_coding_is_refused(
    http: ProviderHttp, coding: str, data: bytes, words: str
) -> None:
    async def answer(visit: Visit) -> None:
        await visit.whole(data, Content_Encoding=coding)

    assert words in (await failure(answer, http)).message


def test_a_bomb_is_never_unpacked() -> None:
    inflater = Inflater(Failures("acme"))
    with pytest.raises(ProviderError, match="suspiciously large"):
        inflater.feed(gzip.compress(b"\0" * 20_000_000))
    slowly = Inflater(Failures("acme"))
    packed = gzip.compress(b"\0" * 50_000_000)
    with pytest.raises(ProviderError, match="suspiciously large"):
        [slowly.feed(packed[at : at + 100]) for at in range(0, len(packed), 100)]


async def test_a_redirect_is_not_followed(http: ProviderHttp) -> None:
    async def answer(visit: Visit) -> None:
        await visit.whole(b"", "302 Found", Location="http://127.0.0.1:9/steal")

    async with fake_provider(answer) as fake:
        _, problem = await outcome(fake, http)
        assert len(fake.visits) == 1
    assert problem is not None
    assert (problem.code, problem.retryable) == ("ACME_302", False)
    assert "redirects" in problem.message


async def test_an_error_response_is_classified(http: ProviderHttp) -> None:
    async def answer(visit: Visit) -> None:
        body = b'{"error":{"message":"Slow down, sk-the-key","type":"requests"}}'
        await visit.whole(
            body, "429 Too Many Requests", "application/json", Retry_After="7", x_request_id="r1"
        )

    found = await failure(answer, http)
    assert (found.error_type, found.retry_after) == ("rate_limit_error", 7.0)
    assert found.message == "The provider acme limits the rate of requests: Slow down, [hidden]."
    assert found.provider is not None
    assert found.provider.request_id == "r1"


@pytest.mark.parametrize("body", [b"x" * 200_000, b""])
async def test_an_error_without_a_readable_body_is_classified_too(http: ProviderHttp, body: bytes) -> None:
    async def answer(visit: Visit) -> None:
        await visit.whole(body, "503 Service Unavailable", "text/plain")

    assert (await failure(answer, http)).error_type == "provider_overloaded"


async def test_a_web_page_is_no_answer(http: ProviderHttp) -> None:
    async def answer(visit: Visit) -> None:
        await visit.whole(b"<html>", content_type="text/html")

    assert "check the base URL" in (await failure(answer, http)).message


async def test_an_endless_document_is_refused(http: ProviderHttp) -> None:
    async def answer(visit: Visit) -> None:
        await visit.start(content_type="application/json")
        for _ in range(40):
            await visit.piece(b" " * 1_000_000)

    assert "larger than" in (await failure(answer, http)).message


async def test_what_came_before_a_cut_is_given(http: ProviderHttp) -> None:
    async def answer(visit: Visit) -> None:
        await visit.start()
        await visit.piece(HELLO)
        raise ConnectionResetError

    async with fake_provider(answer) as fake:
        found, problem = await outcome(fake, http)
    assert TextDelta(0, "hello") in found
    assert problem is not None
    assert (problem.code, problem.retryable) == ("ACME_CONNECTION_LOST", True)


async def test_chunks_before_an_error_in_the_same_read_are_given(http: ProviderHttp) -> None:
    async def answer(visit: Visit) -> None:
        await visit.whole(HELLO + b'data: {"error":{"message":"no","code":529}}\n\n')

    async with fake_provider(answer) as fake:
        found, problem = await outcome(fake, http)
    assert TextDelta(0, "hello") in found
    assert problem is not None
    assert problem.error_type == "provider_overloaded"


async def test_a_stream_that_just_ends_is_lost(http: ProviderHttp) -> None:
    async def answer(visit: Visit) -> None:
        await visit.whole(HELLO)

    assert (await failure(answer, http)).code == "ACME_CONNECTION_LOST"


async def test_a_closed_port_cannot_be_reached(http: ProviderHttp) -> None:
    async def nothing(visit: Visit) -> None: ...

    async with fake_provider(nothing) as fake:
        pass
    _, problem = await outcome(fake, http)
    assert problem is not None
    assert (problem.code, problem.retryable) == ("ACME_UNREACHABLE", True)


async def test_an_answer_without_tls_cannot_be_trusted(http: ProviderHttp) -> None:
    def plain(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()

    async with await asyncio.start_server(plain, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        _, problem = await outcome(FakeProvider(f"https://127.0.0.1:{port}"), http)
    assert problem is not None
    assert (problem.code, problem.retryable) == ("ACME_TLS", False)


@pytest.mark.parametrize("url", ["http://exa mple:x/v1", "http://"])
async def test_a_bad_address_is_a_setting_to_check(http: ProviderHttp, url: str) -> None:
    _, problem = await outcome(FakeProvider(url), http)
    assert problem is not None
    assert problem.code == "ACME_SETTINGS"


@pytest.mark.parametrize(
    ("times", "pieces"),
    [
        (Times(first=0.05), []),
        (Times(first=0.05), [b": comment\n\n"] * 1000),
        (Times(idle=0.05), [HELLO]),
        (Times(idle=0.05), [HELLO, *[b": comment\n\n"] * 1000]),
        (Times(total=0.05), [HELLO] * 1000),
    ],
    ids=["no first event", "comments only", "no next event", "comments after an event", "never ends"],
)
async def test_time_runs_out(times: Times, pieces: list[bytes]) -> None:
    async def answer(visit: Visit) -> None:
        await visit.start()
        for piece in pieces:
            await visit.piece(piece)
            await asyncio.wait({asyncio.get_running_loop().create_future()}, timeout=0.002)
        await asyncio.Event().wait()

    pool = ProviderHttp(times)
    async with fake_provider(answer) as fake:
        _, problem = await outcome(fake, pool)
        assert problem is not None
        assert problem.error_type == "provider_timeout"
        await asyncio.wait_for(fake.left.wait(), 1)
    await pool.close()


async def test_no_answer_at_all_is_a_timeout() -> None:
    async def silent(visit: Visit) -> None:
        await asyncio.Event().wait()

    pool = ProviderHttp(Times(first=0.05))
    assert (await failure(silent, pool)).error_type == "provider_timeout"
    await pool.close()


async def test_an_event_that_never_ends_is_refused(http: ProviderHttp) -> None:
    async def answer(visit: Visit) -> None:
        await visit.start()
        for _ in range(80):
            await visit.piece(b"data: " + b"x" * 65_536)

    assert "a line is longer than" in (await failure(answer, http)).message


async def test_a_server_that_holds_the_connection_open_holds_up_nobody(http: ProviderHttp) -> None:
    async def answer(visit: Visit) -> None:
        await visit.start()
        await visit.piece(HELLO + STOP + DONE)
        await asyncio.Event().wait()

    async with fake_provider(answer) as fake:
        assert (await asyncio.wait_for(outcome(fake, http), 2))[1] is None
        await asyncio.wait_for(fake.left.wait(), 1)


async def test_the_registry_joins_it_all() -> None:
    async def answer(visit: Visit) -> None:
        await visit.whole(HELLO + STOP + DONE)

    async with fake_provider(answer) as fake:
        registry = Registry({"ACME_BASE_URL": fake.url}, clock=ManualClock())
        found = [chunk async for chunks in registry.find("acme/m").complete(ASKED) for chunk in chunks]
        await registry.close()
    assert isinstance(found[-1], Finished)
