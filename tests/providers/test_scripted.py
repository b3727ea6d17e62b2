"""The scripted model: the same thread gets the same answer, in the deltas and at the pace that the script says."""

import asyncio
from collections.abc import AsyncIterator, Iterator

import pytest

from mainspring.model.errors import Failure, ProviderError
from mainspring.model.generation import (
    Finished,
    ModelRequest,
    PartEnd,
    ReasoningDelta,
    ReasoningStart,
    SourceFound,
    TextDelta,
    TextStart,
    ToolInputDelta,
    ToolInputStart,
    Usage,
)
from mainspring.providers.scripted import (
    Call,
    Cite,
    Data,
    End,
    Fail,
    Pause,
    Say,
    Script,
    Simple,
    Think,
    load_script,
)
from mainspring.testing.clock import ManualClock, settle
from tests.providers.threads import (
    assistant,
    batches,
    call,
    chunks,
    outcome,
    request,
    result,
    results,
    text,
    user,
)  # fmt: skip

WEATHER = load_script(
    """
    turns:
      - when: {user: weather}
        reasoning: {text: They want it., signature: c2ln}
        text: "One moment."
        tools:
          - {name: get-weather, args: {city: Oslo, days: 2}, split: 8}
      - when: {tool-result: get-weather}
        text: "It is {{result.get-weather.today.0}} degrees."
    default:
      text: "You said: {{user}}"
    """,
    "weather.yaml",
)


def loaded(text: str) -> Script:
    return load_script(text, "test.yaml")


async def failing(script: Script, asked: ModelRequest) -> tuple[int, Failure]:
    """How many deltas of text came, and the failure after them."""
    found, failure = await outcome(script, asked)
    assert failure is not None
    return sum(isinstance(chunk, TextDelta) for chunk in found), failure


class Instantly(ManualClock):
    """A clock on which nothing takes time."""

    def __init__(self) -> None:
        super().__init__()
        self.slept: list[float] = []

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)


async def test_an_answer_with_reasoning_text_and_a_tool_call() -> None:
    found = await chunks(WEATHER, request(user("the WEATHER?")))
    assert found[:-1] == [
        ReasoningStart(0),
        ReasoningDelta(0, "They "),
        ReasoningDelta(0, "want "),
        ReasoningDelta(0, "it."),
        PartEnd(0, {"signature": "c2ln"}),
        TextStart(1),
        TextDelta(1, "One "),
        TextDelta(1, "moment."),
        PartEnd(1),
        ToolInputStart(2, "get-weather"),
        ToolInputDelta(2, '{"city":'),
        ToolInputDelta(2, '"Oslo","'),
        ToolInputDelta(2, 'days":2}'),
        PartEnd(2),
    ]
    last = found[-1]
    assert isinstance(last, Finished)
    assert (last.reason, last.model, last.usage.output_tokens, last.usage.reasoning_output_tokens) == (
        "tool-calls",
        "demo",
        8,
        3,
    )
    assert last.usage.input_tokens > 0


async def test_a_tool_result_is_answered_and_may_be_quoted() -> None:
    asked = assistant(call("get-weather", city="Oslo"))
    got = results(result("get-weather", {"today": [3, 4]}))
    assert await text(WEATHER, user("weather"), asked, got) == "It is 3 degrees."


async def test_what_nothing_matches_gets_the_default() -> None:
    assert await text(WEATHER, user("hi {{there}}")) == "You said: hi {{there}}"


async def test_turns_without_conditions_are_played_in_order() -> None:
    script = loaded("[one, {text: two, repeat: 2}, {text: three, repeat: forever}]")
    thread = [user("go")]
    said = []
    for _ in range(5):
        said.append(await text(script, *thread))
        thread += [assistant(said[-1]), user("go")]
    assert said == ["one", "two", "two", "three", "three"]


async def test_the_same_thread_gets_the_same_answer_again() -> None:
    script = loaded("[one, two]")
    thread = (user("go"), assistant("one"), user("go"))
    first = await chunks(script, request(*thread))
    assert await chunks(script, request(*thread)) == first


async def test_a_turn_that_fails_is_not_counted_as_an_answer() -> None:
    script = loaded("[{failure: {status: 503}, when: {attempt: 1, step: 1}}, one, two]")
    assert await text(script, user("go"), tags={"attempt": "2"}) == "one"
    assert await text(script, user("go"), assistant("one"), user("go"), tags={"attempt": "2"}) == "two"
    assert (await failing(script, request(user("go"))))[1].error_type == "provider_overloaded"


async def test_without_an_answer_the_call_fails_and_says_why() -> None:
    _, failure = await failing(loaded("[{when: {user: a}, text: b}]"), request(user("zzz")))
    assert failure.message == "Test.yaml has no turn for this call (the user said: 'zzz') and no `default`."
    _, failure = await failing(loaded("[one]"), request(assistant("one")))
    assert not failure.retryable


async def test_json_pieces_parts_and_the_end() -> None:
    script = loaded(
        """
        - parts:
            - text: [a, "b c"]
            - reasoning: hm
            - {tool: look, args: {a: 1}}
            - json: {x: ["{{user}}"]}
            - delay: 5
            - source: https://example.org
            - failure: {status: 500, after: 99, cut: true, message: too late}
          finish: length
          usage: {input: 1, output: 2, cached: 3, cached-write: 4, reasoning: 5}
        """
    )
    clock = Instantly()
    seen, failure = await outcome(script, request(user("hi")), clock)
    assert failure is not None
    assert "too late" in failure.message
    assert clock.slept == [0.005]
    assert [chunk for chunk in seen if not isinstance(chunk, PartEnd)] == [
        TextStart(0), TextDelta(0, "a"), TextDelta(0, "b c"),
        ReasoningStart(1), ReasoningDelta(1, "hm"),
        ToolInputStart(2, "look"), ToolInputDelta(2, '{"a":1}'),
        TextStart(3), TextDelta(3, '{"x":["hi"]}'),
        SourceFound("https://example.org"),
    ]  # fmt: skip


async def test_the_end_may_be_given() -> None:
    script = loaded(
        "[{text: a, finish: length, usage: {input: 1, output: 2, cached: 3, cached-write: 4, reasoning: 5}}]"
    )
    usage = Usage(
        input_tokens=1,
        output_tokens=2,
        cached_input_tokens=3,
        cached_write_tokens=4,
        reasoning_output_tokens=5,
    )
    assert (await chunks(script, request(user("x"))))[-1] == Finished("length", usage, None, None, "demo")


@pytest.mark.parametrize(
    ("failure", "deltas", "error_type", "code"),
    [
        ("{status: 529, type: overloaded_error, message: Busy}", 0, "provider_overloaded", "SCRIPTED_529"),
        ("{status: 429, retry-after: 7}", 0, "rate_limit_error", "SCRIPTED_429"),
        ("{type: authentication_error}", 0, "authentication_error", "SCRIPTED_AUTHENTICATION_ERROR"),
        ("{status: 500, after: 2}", 2, "provider_error", "SCRIPTED_500"),
        ("{cut: true, after: 0}", 0, "provider_error", "SCRIPTED_CONNECTION_LOST"),
        ("{cut: true, after: 3}", 3, "provider_error", "SCRIPTED_CONNECTION_LOST"),
        ("{cut: true, after: 50}", 4, "provider_error", "SCRIPTED_CONNECTION_LOST"),
    ],
)
@pytest.mark.parametrize("together", [1, 3])
async def test_failures(failure: str, deltas: int, error_type: str, code: str, together: int) -> None:
    text = "text: a b c d\n    " if " after" in failure else ""
    script = loaded(f"together: {together}\nturns:\n  - {text}failure: {failure}\n")
    seen, found = await failing(script, request(user("x")))
    assert (seen, found.error_type, found.code) == (deltas, error_type, code)
    if "retry-after" in failure:
        assert found.retry_after == 7.0


async def test_the_pace_and_the_delay_pass_on_the_clock() -> None:
    clock = ManualClock()
    script = loaded("pace: 100\nturns: [{text: a b c, delay: 1000}]")
    started = clock.monotonic()
    task = asyncio.create_task(batches(script, request(user("x")), clock))
    await settle()
    assert not task.done()
    await clock.advance(2)
    assert len(await task) == 4
    assert clock.monotonic() - started == 2
    slow = asyncio.create_task(
        batches(loaded("pace: 100\nturns: [{text: a b, pace: 0}]"), request(user("x")), clock)
    )
    await settle()
    assert slow.done()


async def test_deltas_may_arrive_together() -> None:
    script = loaded("together: 2\nturns: [{text: a b c}]")
    found = await batches(script, request(user("x")))
    assert [sum(isinstance(chunk, TextDelta) for chunk in together) for together in found] == [2, 1, 0]


async def test_blank_and_empty_text() -> None:
    script = loaded("[{text: '  a  b '}, {text: '  '}, {text: ['']}]")
    assert await text(script, user("x")) == "  a  b "
    assert await text(script, user("x"), assistant("a")) == "  "
    assert await text(script, user("x"), assistant("a"), assistant("b")) == ""


# ---------------------------------------------------------------- Python


async def test_a_function_may_answer() -> None:
    def plain(asked: ModelRequest) -> str:
        return f"{len(asked.messages)} message"

    def several(_: ModelRequest) -> Iterator[Simple]:
        yield "a"
        yield Think("b", None, {"signature": "s"})
        yield Say("cd", ("c", "d"))
        yield Call("look", {"a": 1})
        yield Data([1])
        yield Cite("https://example.org")
        yield End("length", Usage(output_tokens=9), "cap")

    async def later(_: ModelRequest) -> AsyncIterator[Simple]:
        yield "later"

    assert await text(plain, user("x")) == "1 message"
    assert await text(later, user("x")) == "later"
    found = await chunks(several, request(user("x")))
    assert found[-1] == Finished("length", Usage(output_tokens=9), "cap", None, "demo")
    assert [type(chunk).__name__ for chunk in found if "Start" in type(chunk).__name__] == [
        "TextStart", "ReasoningStart", "TextStart", "ToolInputStart", "TextStart",
    ]  # fmt: skip


async def test_a_function_may_give_chunks() -> None:
    def raw(_: ModelRequest) -> list[Simple]:
        return [ToolInputStart(4, "look"), ToolInputDelta(4, "{"), PartEnd(4), "after"]

    found = await chunks(raw, request(user("x")))
    assert found[:3] == [ToolInputStart(4, "look"), ToolInputDelta(4, "{"), PartEnd(4)]
    assert found[3] == TextStart(5)
    last = found[-1]
    assert isinstance(last, Finished)
    assert last.reason == "tool-calls"
    ending = Finished("other", Usage(), "mine")
    assert (await chunks(lambda _: [SourceFound("https://example.org"), ending], request(user("x"))))[
        -1
    ] == ending


async def test_a_function_may_fail_and_pause() -> None:
    def cut(_: ModelRequest) -> list[Simple]:
        return [Fail(after=1, cut=True), Pause(0), TextStart(0), TextDelta(0, "a"), TextDelta(0, "b")]

    with pytest.raises(ProviderError, match="lost"):
        await chunks(cut, request(user("x")))


async def test_a_broken_function_is_a_failure_that_says_so() -> None:
    def broken(_: ModelRequest) -> str:
        raise KeyError("oops")

    with pytest.raises(ProviderError, match="The script failed: KeyError: 'oops'"):
        await chunks(broken, request(user("x")))
    with pytest.raises(ProviderError, match="a script gave int"):
        await chunks(lambda _: [7], request(user("x")))  # type: ignore[arg-type]  # the mistake under test
