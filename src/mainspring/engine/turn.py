"""Owns one decision in the making: the state so far, the events so far, and the frames that can move on."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping

from mainspring.engine.evolve import evolve
from mainspring.engine.summarizer import BUILT_IN
from mainspring.model.errors import ErrorType, Failure
from mainspring.model.events import Event
from mainspring.model.facts import BlockDone
from mainspring.model.program import Block, Program
from mainspring.model.served import NO_SERVERS, ServedTools
from mainspring.model.session import Execution, Frame, Scope, State
from mainspring.model.stream_events import BlockEnd
from mainspring.model.values import Json, Value


class Library(Value, frozen=True, kw_only=True):
    """The programs a session may need: by version, and the version each worker slug stands for today.

    `boxed`: the tools that a tool box of this server runs for the session, as the session's own agent names them;
    `servers`: the MCP servers it may use, by namespace.
    """

    programs: dict[str, Program]
    workers: dict[str, str] = {}
    boxed: frozenset[str] = frozenset()
    servers: Mapping[str, ServedTools] = NO_SERVERS

    def worker(self, slug: str) -> Program | None:
        """The worker published under a slug."""
        version = self.workers.get(slug)
        return None if version is None else self.programs.get(version)


class BlockFailed(Exception):
    """A block cannot go on; its frame ends with the failure."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.message)
        self.failure = failure


def block_failure(message: str, *, error_type: ErrorType = "execution_error") -> BlockFailed:
    """A failure of ours (not of a provider) inside a block."""
    return BlockFailed(Failure(error_type=error_type, message=message, retryable=False, source="platform"))


class Turn:
    """Collects the events of one decision; every event is folded in at once, so later steps see it."""

    __slots__ = ("at", "events", "library", "ready", "state")

    def __init__(self, library: Library, state: State, *, at: float) -> None:
        self.library = library
        self.state = state
        self.at = at
        self.events: list[Event] = []
        self.ready: deque[str] = deque()

    def emit(self, *events: Event) -> None:
        """Records events, in order."""
        for event in events:
            self.events.append(event)
            self.state = evolve(self.state, event)

    @property
    def execution(self) -> Execution:
        """The open execution."""
        execution = self.state.execution
        if execution is None:
            raise ValueError("no execution is open")
        return execution

    def frame(self, frame_id: str) -> Frame:
        """An open frame, as it stands now."""
        return self.execution.frames[frame_id]

    def scope(self, frame_id: str) -> Scope:
        """A frame's scope, as it stands now."""
        return self.state.scopes[frame_id]

    def program(self, frame: Frame) -> Program:
        """The protocol a frame runs."""
        program = self.library.programs.get(frame.version) or BUILT_IN.get(frame.version)
        if program is None:
            raise block_failure(
                f"version {frame.version[:12]} of the agent is no longer there", error_type="protocol_error"
            )
        return program

    def blocks(self, frame: Frame) -> tuple[Block, ...]:
        """The list of blocks a frame walks through."""
        program = self.program(frame)
        return (
            program.handlers.get(frame.handler or "", ())
            if program.format == "interactive"
            else program.steps
        )

    def block(self, frame: Frame) -> Block:
        """The block at a frame's program counter."""
        return self.blocks(frame)[frame.index]

    def values(self, frame: Frame) -> dict[str, Json]:
        """Every name a frame can read: inputs, trigger input, resources, variables (the later win)."""
        scope = self.scope(frame.id)
        values = dict(scope.input)
        if frame.parent is None:
            values.update(self.execution.input)
            values.update(self.state.resources)
        values.update(scope.variables)
        return values

    def worker_id(self, frame: Frame) -> str | None:
        """What public events of a frame carry as `workerId`."""
        return None if frame.id == "main" else frame.id

    def visible(self, frame: Frame) -> bool:
        """Whether what happens inside a frame streams: the root's does, a worker's with display `stream`."""
        while frame.parent is not None:
            if frame.display != "stream":
                return False
            frame = self.frame(frame.parent)
        return True

    def place(self, frame: Frame) -> str:
        """Names a block of this session: turn, frame, position."""
        return f"{self.execution.turn}_{frame.ordinal}_{frame.index}"

    def end_block(self, frame_id: str) -> None:
        """The open block of a frame is over; the frame can move on."""
        frame = self.frame(frame_id)
        block = self.block(frame)
        if announced(self, frame, block):
            self.emit(BlockEnd(block_id=frame.block_id or "", worker_id=self.worker_id(frame)))
        self.emit(BlockDone(frame=frame_id, index=frame.index))
        self.ready.append(frame_id)


def announced(turn: Turn, frame: Frame, block: Block) -> bool:
    """Whether clients hear of a block at all."""
    return block.display != "hidden" and turn.visible(frame)
