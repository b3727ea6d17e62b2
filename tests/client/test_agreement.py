"""Holds the client to the API document: every request it makes is described there, every answer it reads too."""

import re
from collections.abc import Iterator
from typing import Any

import httpx2
import msgspec

from mainspring.client import answers
from mainspring.client.routes import EVENTS
from mainspring.providers.scripted import Pause
from tests.client.play import Play, asks
from tests.server.desk import worker_agent

ANSWERS = {
    ("GET", "/api/agents"): answers.AgentList,
    ("GET", "/api/agents/{id}"): answers.AgentDetail,
    ("POST", "/api/agent-sessions"): answers.SessionMade,
    ("GET", "/api/agent-sessions"): answers.SessionPage,
    ("POST", "/api/agent-sessions/{id}/restore"): answers.SessionRestored,
    ("DELETE", "/api/agent-sessions/{id}"): answers.SessionCleared,
    ("POST", "/api/agent-sessions/{id}/fork"): answers.SessionMade,
    ("GET", "/api/agent-sessions/{id}/approvals"): answers.ApprovalList,
    ("POST", "/api/agent-sessions/{id}/stop"): answers.SessionStopped,
    ("GET", "/api/agent-sessions/{id}/logs"): answers.LogPage,
}
MORE = {"status", "displayName"}
"""Members of answers that the document does not know: those of an expired session."""


def drive(play: Play) -> None:
    """Does everything a client can."""
    ask, client, sessions = play.caller.ask, play.caller.client, play.sessions
    play.office.call(play.office.desk.agent(worker_agent()))
    question = ("ask-person", {"question": "?"})
    play.script(
        asks(question), ["Fine."], ["Once."], ["Found."], asks(("get-weather", {"city": "Oslo"})), ["Cold."]
    )
    ask(client.agents.list())
    ask(client.agents.get("support"))
    session = ask(sessions.create("support", {"COMPANY_NAME": "Acme"}))
    attached = sessions.attach(session)
    outcome = ask(attached.send("Hi").outcome())
    ask(attached.resume([{"toolCallId": outcome.asked[0].tool_call_id, "result": 1}]).outcome())
    ask(sessions.start("support", answers_trigger(), input={"COMPANY_NAME": "Acme"}).outcome())
    ask(client.workers.generate("researcher", {"TOPIC": "x"}))
    first = ask(client.workers.execute("researcher", {"TOPIC": "x"}).outcome())
    given = [{"toolCallId": first.asked[0].tool_call_id, "error": "no"}]
    ask(client.workers.resume("researcher", first.execution_id, given).outcome())
    ask(sessions.list("support", status="active", limit=1, before=None))
    ask(sessions.get(session))
    stored = ask(sessions.get_messages(session)).messages
    ask(sessions.logs(session, exclude_model_requests=True))
    play.caller.read(sessions.events(session, after=1, follow=False))
    ask(sessions.fork(session, stored[0]["id"]))
    ask(sessions.approvals(session))
    ask(sessions.stop(session, outcome.execution_id))
    ask(sessions.clear(session))
    ask(sessions.restore(session, stored, {"COMPANY_NAME": "Acme"}))


def answers_trigger() -> Any:
    from mainspring.client import trigger

    return trigger("user-message", USER_MESSAGE="Hi")


def template(document: Any, path: str) -> str:
    """The path of the document that a request's path is one of; plain ones first."""
    for known in sorted(document["paths"], key=lambda text: text.count("{")):
        if re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", known), path):
            return str(known)
    raise AssertionError(f"no path for {path}")


def resolved(document: Any, schema: Any) -> Any:
    """A schema, its reference followed."""
    while "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        schema = document["components"]["schemas"][name]
    return schema


def complaints(document: Any, request: httpx2.Request) -> Iterator[str]:
    """What a request has that the document does not know."""
    operation = document["paths"][template(document, request.url.path)].get(request.method.lower())
    if operation is None:
        yield f"{request.method} {request.url.path} is not there"
        return
    queries = {one["name"] for one in operation.get("parameters", ()) if one["in"] == "query"}
    yield from (f"query {name}" for name in request.url.params if name not in queries)
    body = request.read()
    if body:
        schema = resolved(document, operation["requestBody"]["content"]["application/json"]["schema"])
        yield from (
            f"member {name}" for name in msgspec.json.decode(body) if name not in schema["properties"]
        )


def test_every_request_is_in_the_document(play: Play) -> None:
    drive(play)
    document = play.office.call(play.office.desk.client.get("/openapi.json")).json
    found = [
        f"{request.method} {request.url.path}: {complaint}"
        for request in play.office.seen
        for complaint in complaints(document, request)
    ]
    assert found == []
    used = {(request.method, template(document, request.url.path)) for request in play.office.seen}
    assert set(ANSWERS) <= used
    assert len(used) == 15


def test_every_answer_is_in_the_document(play: Play) -> None:
    document = play.office.call(play.office.desk.client.get("/openapi.json")).json
    for (method, path), shape in ANSWERS.items():
        given = document["paths"][path][method.lower()]["responses"]
        success = given.get("200") or given["201"]
        schema = resolved(document, success["content"]["application/json"]["schema"])
        members = {field.encode_name for field in msgspec.structs.fields(shape)}
        assert members <= set(schema["properties"]) | MORE, path


def test_the_query_that_streams_are_asked_with(play: Play) -> None:
    play.script([Pause(60_000)])
    play.caller.read(play.sessions.attach(play.session()).send("Hi"), until=lambda _: True)
    request = next(request for request in play.office.seen if request.url.path.endswith("/trigger"))
    assert dict(request.url.params) == EVENTS
    assert request.headers["x-octavus-sdk-version"] == "4"
    assert request.headers["user-agent"].startswith("mainspring-python/")
