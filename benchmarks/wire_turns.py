"""Owns the measure of whole turns on each wire: the CPU of the server, beside the same turns on the native one."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.connection import Connection, Reply
from benchmarks.measures import Size, crowd, sessions
from benchmarks.report import Section
from benchmarks.subjects import Mainspring, Subject

MODEL = "bench-200"
SAID = "What do you see?"
USER = {"id": "u1", "role": "user"}
CROWD = 16
Asked = tuple[str, dict[str, Any]]

WIRES: dict[str, Callable[[str, str], Asked]] = {
    "native": lambda session, _: (
        f"/api/agent-sessions/{session}/trigger",
        {"triggerName": "user-message", "input": {"USER_MESSAGE": SAID}},
    ),
    "ai-sdk": lambda session, agent: (
        f"/api/chat/{agent}",
        {
            "id": session,
            "messages": [{**USER, "parts": [{"type": "text", "text": SAID}]}],
            "trigger": "submit-message",
        },
    ),
    "ag-ui": lambda session, agent: (
        f"/api/ag-ui/{agent}",
        {"threadId": session, "runId": "r1", "messages": [{**USER, "content": SAID}]},
    ),
    "responses": lambda session, _: (
        "/v1/responses",
        {"model": f"agent:{MODEL}", "input": SAID, "conversation": session, "stream": True},
    ),
    "chat": lambda session, _: (
        "/v1/chat/completions",
        {"model": f"agent:{MODEL}", "messages": [{"role": "user", "content": SAID}], "stream": True},
    ),
}
"""What a client posts: its path and its body. Chat Completions has no sessions: the server makes one for each turn."""


async def wire_turns(section: Section, folder: Path, model_url: str, size: Size) -> None:
    """A turns in a burst, 16 at once, on one wire after the other."""
    subject = Mainspring("wires", folder, model_url)
    subject.prepare()
    await subject.start()
    await subject.warm()
    for _ in range(size.rounds):
        native = 0.0
        for name, asked in WIRES.items():

            async def turn(
                subject: Subject,
                connection: Connection,
                session: str,
                asked: Callable[[str, str], Asked] = asked,
            ) -> Reply:
                path, body = asked(session, subject.agents[MODEL])
                reply = await connection.request("POST", path, body, subject.key)
                assert reply.status == 200, reply.body
                assert b" word199" in reply.body, (path, reply.body[-500:])
                return reply

            ran = await crowd(subject, turn, await sessions(subject, MODEL, size.turns), CROWD)
            spent = 1000 * ran.cpu / size.turns
            native = native or spent
            section.note(f"{name}: CPU s per 1000 A", theirs=native, ours=spent)
    subject.stop()
