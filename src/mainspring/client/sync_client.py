"""Owns the synchronous client: agents, sessions and workers of a server."""

from __future__ import annotations

from collections.abc import Collection, Generator, Iterable, Mapping
from types import TracebackType
from typing import Literal

import httpx2

from mainspring.client import routes
from mainspring.client.answers import (
    AgentDetail,
    AgentList,
    AgentSummary,
    ApprovalList,
    ApprovalTaken,
    LogPage,
    OpenApproval,
    SessionCleared,
    SessionDetail,
    SessionMade,
    SessionMessages,
    SessionPage,
    SessionRestored,
    SessionStopped,
    SessionSummary,
    UIMessage,
)
from mainspring.client.approvals import Approval, Approvals
from mainspring.client.configuration import Configuration, Patience, configure
from mainspring.client.driving import Drivers, Hands, continuation, returned, user_message
from mainspring.client.errors import StreamError, WorkerError
from mainspring.client.following import follow_journal
from mainspring.client.machine import Machine
from mainspring.client.retries import ask
from mainspring.client.sync_files import Files
from mainspring.client.sync_shell import SyncShell
from mainspring.client.sync_tokens import Tokens
from mainspring.client.sync_turn import Journal, Turn
from mainspring.client.tool_workers import ToolWorkers
from mainspring.client.tools import ToolsGiven
from mainspring.client.trigger import Given, Results, Trigger
from mainspring.client.turn import Place, TurnDriver
from mainspring.model.values import Json


class Client:
    """A Mainspring server. Use it with `with`, or `client.close()` at the end. One client serves many threads.

    `url` and `key`: else the environment's `MAINSPRING_URL` and `MAINSPRING_KEY`. `http`: connections of your own,
    with your own proxies or certificates. Raises `ValueError` for what is no HTTP address.
    """

    def __init__(
        self,
        url: str | None = None,
        key: str | None = None,
        *,
        patience: Patience | None = None,
        http: httpx2.Client | None = None,
        machine: Machine | None = None,
    ) -> None:
        self._configuration = configure(url, key, patience, machine)
        self._shell = SyncShell(self._configuration, http)
        self.agents = Agents(self._configuration, self._shell)
        self.sessions = Sessions(self._configuration, self._shell)
        self.workers = Workers(self._configuration, self._shell)
        self.tokens = Tokens(self._configuration, self._shell)
        self.files = Files(self._configuration, self._shell)
        self.tools = ToolWorkers(self._configuration)

    def __enter__(self) -> Client:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Closes the connections."""
        self._shell.close()


class Agents:
    """The agents of the project."""

    def __init__(self, configuration: Configuration, shell: SyncShell) -> None:
        self._attempts = configuration.patience.attempts
        self._shell = shell

    def list(self) -> tuple[AgentSummary, ...]:
        """Every agent that is not archived."""
        return (self._shell.run(ask(routes.list_agents(), AgentList, self._attempts))).agents

    def get(self, agent: str) -> AgentDetail:
        """One agent with its files, by id or slug. Raises `NotFound`."""
        return self._shell.run(ask(routes.get_agent(agent), AgentDetail, self._attempts))


class Sessions:
    """The sessions of the project. Methods raise `ApiError` for what the server refuses, `ConnectionFailed` else."""

    def __init__(self, configuration: Configuration, shell: SyncShell) -> None:
        self._attempts = configuration.patience.attempts
        self._drivers = Drivers(configuration)
        self._shell = shell

    def create(self, agent: str, input: Mapping[str, Json] | None = None) -> str:
        """A new session with an agent, by id or slug; its id."""
        request = routes.create_session(agent, dict(input or {}))
        return (self._shell.run(ask(request, SessionMade, self._attempts))).session_id

    def start(
        self,
        agent: str,
        trigger: Trigger,
        *,
        input: Mapping[str, Json] | None = None,
        tools: ToolsGiven | None = None,
        client_tools: Collection[str] | None = None,
    ) -> Turn:
        """A new session and its first turn at once; the same `trigger.key` again is the same session and turn."""
        hands = Hands.of(tools, client_tools)
        return Turn(self._shell, self._drivers.start(agent, trigger, hands, session_input=input), hands)

    def get(self, session_id: str) -> SessionDetail:
        """All of a session."""
        return self._shell.run(ask(routes.get_session(session_id), SessionDetail, self._attempts))

    def get_messages(self, session_id: str) -> SessionMessages:
        """The messages people see. `status` is `expired` if they have to be restored."""
        return self._shell.run(ask(routes.get_messages(session_id), SessionMessages, self._attempts))

    def list(
        self,
        agent: str | None = None,
        *,
        status: Literal["active", "expired"] | None = None,
        limit: int | None = None,
        before: str | None = None,
    ) -> SessionPage:
        """A page of sessions, the last active first."""
        request = routes.list_sessions(agentId=agent, status=status, limit=limit, before=before)
        return self._shell.run(ask(request, SessionPage, self._attempts))

    def each(
        self, agent: str | None = None, *, status: Literal["active", "expired"] | None = None
    ) -> Generator[SessionSummary]:
        """Every session, the last active first, page by page as you go."""
        before: str | None = None
        while True:
            page = self.list(agent, status=status, before=before)
            yield from page.sessions
            before = page.next
            if before is None:
                return

    def fork(self, session_id: str, after: str | None = None) -> str:
        """A new session that begins with what this one had by message `after` (None: by now); its id."""
        request = routes.fork_session(session_id, after)
        return (self._shell.run(ask(request, SessionMade, self._attempts))).session_id

    def approvals(self, session_id: str) -> tuple[OpenApproval, ...]:
        """What waits for a person in a session."""
        request = routes.list_approvals(session_id)
        return (self._shell.run(ask(request, ApprovalList, self._attempts))).approvals

    def approve(self, session_id: str, answer: Approval) -> bool:
        """Takes `allow(...)` or `deny(...)`, from whoever decides; False: it was said before. Raises `Conflict`.

        Whoever reads the turn goes on with `resume`; so do you with `resume(approvals=[...])`, which does both.
        """
        request = routes.answer_approval(session_id, answer)
        return (self._shell.run(ask(request, ApprovalTaken, self._attempts))).changed

    def restore(
        self, session_id: str, messages: Iterable[UIMessage], input: Mapping[str, Json] | None = None
    ) -> bool:
        """Rebuilds an expired session from messages you stored; False: it is active, and left as it is."""
        request = routes.restore_session(session_id, list(messages), dict(input or {}))
        return (self._shell.run(ask(request, SessionRestored, self._attempts))).restored

    def clear(self, session_id: str) -> bool:
        """Ends a session's content now; False: it was over."""
        request = routes.clear_session(session_id)
        return (self._shell.run(ask(request, SessionCleared, self._attempts))).cleared

    def stop(self, session_id: str, execution_id: str | None = None) -> bool:
        """Stops what runs (only `execution_id`, if given); False: nothing did."""
        request = routes.stop_request(session_id, execution_id)
        return (self._shell.run(ask(request, SessionStopped, self._attempts))).stopped

    def logs(self, session_id: str, *, exclude_model_requests: bool = False) -> LogPage:
        """What happened in a session, step by step."""
        request = routes.get_logs(session_id, exclude_model_requests=exclude_model_requests)
        return self._shell.run(ask(request, LogPage, self._attempts))

    def events(self, session_id: str, *, after: int = 0, follow: bool = True) -> Journal:
        """Every event after a cursor, each once, over every cut; `follow`: and those to come. Leaving stops nothing."""
        steps = follow_journal(session_id, after=after, on=follow, retries=self._attempts)
        return Journal(self._shell.show(steps, {}), after)

    def attach(
        self,
        session_id: str,
        *,
        tools: ToolsGiven | None = None,
        client_tools: Collection[str] | None = None,
    ) -> Session:
        """A session with the functions that answer its tools.

        `client_tools`: those that you answer with `resume`; by default every tool that has no function here. Raises
        `InvalidTool`.
        """
        return Session(self._shell, self._drivers, session_id, Hands.of(tools, client_tools))


class Session:
    """A session with the functions that answer its tools."""

    def __init__(self, shell: SyncShell, drivers: Drivers, session_id: str, hands: Hands) -> None:
        self.id = session_id
        self._shell = shell
        self._drivers = drivers
        self._hands = hands
        self._place = Place()

    def send(self, text: str, /, **input: Json) -> Turn:
        """A turn: the trigger `user-message` with `text` as `USER_MESSAGE`, and more input."""
        return self.execute(user_message(text, input))

    def execute(self, given: Given) -> Turn:
        """A turn: a `trigger(...)`, or what a browser posted. Raises `ValueError` for what is neither."""
        return self._turn(self._drivers.execute(self.id, given, self._hands))

    def resume(
        self,
        results: Results | None = None,
        *,
        approvals: Approvals | None = None,
        execution_id: str | None = None,
        after: int | None = None,
    ) -> Turn:
        """Goes on with a turn that waits for `results` or `approvals`, or with whatever runs or waits in the session.

        `execution_id`: whose they are; by default the last turn's of this object. `after`: the last cursor you have
        seen; what came since is shown first. Raises `ValueError` for results of nothing.
        """
        if results is None and approvals is None:
            return self._turn(self._drivers.pick_up(self.id, self._hands, after=after))
        given = continuation(results, execution_id or self._place.execution_id, approvals)
        return self._turn(self._drivers.go_on(self.id, given, self._hands, before=self._place))

    def _turn(self, driver: TurnDriver) -> Turn:
        self._place = driver.place
        return Turn(self._shell, driver, self._hands)


class Workers:
    """Workers: agents that run once and return a value."""

    def __init__(self, configuration: Configuration, shell: SyncShell) -> None:
        self._drivers = Drivers(configuration)
        self._shell = shell

    def execute(
        self,
        agent: str,
        input: Mapping[str, Json] | None = None,
        *,
        tools: ToolsGiven | None = None,
        client_tools: Collection[str] | None = None,
    ) -> Turn:
        """A run, event by event."""
        hands = Hands.of(tools, client_tools)
        return Turn(self._shell, self._drivers.run_worker(agent, input, hands), hands)

    def resume(
        self, agent: str, execution_id: str, results: Results, *, tools: ToolsGiven | None = None
    ) -> Turn:
        """Goes on with a run that waits for results."""
        hands = Hands.of(tools, None)
        given = continuation(results, execution_id)
        return Turn(self._shell, self._drivers.go_on_worker(agent, given, hands), hands)

    def generate(
        self, agent: str, input: Mapping[str, Json] | None = None, *, tools: ToolsGiven | None = None
    ) -> Json:
        """What a run returns. Raises `WorkerError`; tools without a function are refused to the model."""
        turn = self.execute(agent, input, tools=tools, client_tools=())
        try:
            return returned(turn.outcome())
        except StreamError as error:
            raise WorkerError(error.event, worker_id=turn.execution_id) from None
