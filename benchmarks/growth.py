"""Owns the measures of sessions that grow: late turns beside early ones, bytes beside the transcript, opening again."""

import statistics
import time
from collections.abc import AsyncGenerator
from pathlib import Path

import msgspec

from benchmarks.connection import Connection
from benchmarks.measures import Size, a_turn, b_turn, sessions
from benchmarks.report import Section
from benchmarks.subjects import AGENT, Mainspring, Subject
from mainspring.assembly import Mainspring as Assembled
from mainspring.assembly import World, assemble
from mainspring.model.agents import AgentSettings, AgentSource, PromptFile
from mainspring.model.generation import (
    Finished,
    ModelChunk,
    ModelRequest,
    PartEnd,
    TextDelta,
    TextStart,
    Usage,
)
from mainspring.runtime.requests import TriggerRequest
from mainspring.settings import Settings
from mainspring.storage.sqlite.store import SqliteStore
from mainspring.system import SystemClock, SystemIds
from mainspring.wires.ui_messages import ui_messages

TURNS_A_SESSION = 25
OPENINGS = 5
PROJECT = "default"


async def stretch(subject: Subject, connection: Connection, session: str, turns: int) -> tuple[float, float]:
    """Seconds of the median turn, and CPU seconds of each."""
    used = subject.cpu()
    times = [(await subject.turn(connection, session)).took for _ in range(turns)]
    return statistics.median(times), (subject.cpu() - used) / turns


async def long_session(section: Section, subjects: list[Subject], size: Size) -> None:
    """Turns 2 to 50 of one session, then as many at its end."""
    some = min(50, size.history // 4)
    for subject in subjects:
        subject.prepare()
        await subject.start()
        await subject.warm()
        connection = await Connection.open(subject.url)
        (name,) = await sessions(subject, "bench-10", 1)
        early = await stretch(subject, connection, name, some)
        await stretch(subject, connection, name, size.history - 2 * some)
        late = await stretch(subject, connection, name, some)
        connection.close()
        subject.stop()
        if isinstance(subject, Mainspring):
            section.note("turns late in a session: ms", theirs=1000 * early[0], ours=1000 * late[0])
            section.note("turns late in a session: CPU ms", theirs=1000 * early[1], ours=1000 * late[1])
        else:
            section.say(
                f"late beside early turns of the relay: {late[0] / early[0]:.2f}x time, "
                f"{late[1] / max(early[1], 1e-4):.2f}x CPU; late: from turn {size.history - some}"
            )


async def transcripts(section: Section, folder: Path, model_url: str, size: Size) -> None:
    """Bytes in use once the deltas are dropped, beside the JSON of what a person sees of the same turns."""
    for kind, model, turn in (("A", "bench-200", a_turn), ("B", "bench-tool-50", b_turn)):
        subject = Mainspring(f"transcripts-{kind}", folder, model_url)
        subject.prepare()
        await subject.start()
        await sessions(subject, model, 1)
        subject.stop()
        before = subject.stored()
        await subject.start()
        names = await sessions(subject, model, max(2, size.turns // 40))
        connection = await Connection.open(subject.url)
        told = 0
        for name in names:
            for _ in range(TURNS_A_SESSION):
                await turn(subject, connection, name)
            seen = await connection.request("GET", f"/api/agent-sessions/{name}?format=ui", key=subject.key)
            told += len(msgspec.json.encode(seen.json()["messages"]))
        connection.close()
        subject.stop()
        await subject.prune()
        turns = len(names) * TURNS_A_SESSION
        section.note(
            f"{kind} turns in one session, pruned: kB a turn",
            theirs=told / turns / 1000,
            ours=(subject.stored() - before) / turns / 1000,
        )


class Instant:
    """A model that answers at once."""

    def find(self, model: str, /) -> "Instant":
        """Answers for every name."""
        return self

    async def close(self) -> None:
        """Nothing is open."""

    async def complete(self, request: ModelRequest, /) -> AsyncGenerator[list[ModelChunk], None]:
        """A sentence."""
        words = "I see waves, a boat, and a man who looks at the sea as if it owed him something."
        usage = Usage(input_tokens=10, output_tokens=20)
        yield [TextStart(0), TextDelta(0, words), PartEnd(0), Finished("stop", usage)]


def assembled(database: Path) -> Assembled:
    """The product without its socket."""
    clock = SystemClock()
    store = SqliteStore(str(database), clock=clock, synchronous="OFF")
    world = World(clock=clock, ids=SystemIds(), store=store, completers=Instant())
    return assemble(Settings(), world)


async def grown(database: Path, turns: int) -> str:
    """A session of that many turns; its id."""
    app = assembled(database)
    await app.open()
    prompts = (
        PromptFile(name="system", content="Be brief."),
        PromptFile(name="user-message", content="{{USER_MESSAGE}}"),
    )
    settings = AgentSettings(slug="bench", name="Bench")
    source = AgentSource(settings=settings, protocol=AGENT.replace("MODEL", "bench"), prompts=prompts)
    await app.agents.publish(PROJECT, source)
    session = (await app.sessions.create(PROJECT, "bench", {})).id
    request = TriggerRequest(input={"USER_MESSAGE": "What do you see?"})
    for _ in range(turns):
        await app.sessions.trigger(PROJECT, session, request)
        await app.hosts.live(session).settled()  # type: ignore[union-attr]  # it was used a moment ago
    await app.close()
    return session


async def opening(section: Section, folder: Path, size: Size) -> None:
    """Taking a session that is not in memory, beside reading and decoding a JSON file of the same conversation."""
    database, transcript = folder / "grown.db", folder / "grown.json"
    session = await grown(database, size.opened)
    section.say(f"the session that is opened has {size.opened} turns")
    app = assembled(database)
    await app.open()
    messages = ui_messages(await app.sessions.events(PROJECT, session), version=4)
    transcript.write_bytes(msgspec.json.encode(messages))
    await app.close()
    for _ in range(OPENINGS):
        began = time.process_time()
        msgspec.json.decode(transcript.read_bytes())
        theirs = time.process_time() - began
        app = assembled(database)
        await app.open()
        agent = await app.agents.get(PROJECT, "bench")
        await app.agents.program(
            PROJECT, agent.id, agent.version
        )  # compiled once a process, not once a session
        began, used = time.perf_counter(), time.process_time()
        await app.hosts.get(session)
        wall, used = time.perf_counter() - began, time.process_time() - used
        section.note("opening a session of many turns, ms", theirs=1000 * theirs, ours=1000 * wall)
        section.note("opening a session of many turns, CPU ms", theirs=1000 * theirs, ours=1000 * used)
        await app.close()
