"""Owns the proof of how the process itself begins and ends: one on a file, a clean end, a quick start."""

import signal
import time
from collections.abc import Callable

from tests.e2e.agents import PLAIN
from tests.e2e.desk import Desk, text_of
from tests.e2e.model_server import Gate, Say, said
from tests.e2e.server_process import ServerProcess

Open = Callable[..., Desk]


def test_a_second_process_on_the_file_is_refused(desk: Desk) -> None:
    desk.server.port = 0
    second = desk.server.spawn()
    said, _ = second.communicate(timeout=15)
    assert second.returncode != 0
    assert "mainspring.db" in said + desk.server.log()
    assert "Traceback" not in desk.server.log()
    assert desk.client.ask("GET", "/api/agents").status == 200


def test_a_file_that_was_left_is_free_again(desk: Desk) -> None:
    desk.crash()
    assert desk.client.ask("GET", "/api/agents").body["agents"][0]["id"] == desk.agent


def test_sigterm_ends_idle_at_once(desk: Desk) -> None:
    began = time.monotonic()
    assert desk.server.stop() == 0
    assert time.monotonic() - began < 5
    assert "Traceback" not in desk.server.log()


def test_sigterm_lets_live_streams_end(open_desk: Open) -> None:
    desk = open_desk(PLAIN)
    gates = [Gate() for _ in range(10)]
    desk.script(*([Say(("Half, ",)), gate, Say(("whole.",))] for gate in gates))
    sessions = [desk.session() for _ in gates]
    streams = [desk.client.trigger(session) for session in sessions]
    for gate in gates:
        gate.wait()
    process = desk.server.process
    assert process is not None
    process.send_signal(signal.SIGTERM)
    time.sleep(0.3)
    for gate in gates:
        gate.opened.set()
    ends = [stream.rest()[-1] for stream in streams]
    assert [(end.type, end.data.get("finishReason")) for end in ends] == [("finish", "stop")] * 10
    assert all(stream.done for stream in streams)
    assert desk.server.stop() == 0
    assert "Traceback" not in desk.server.log()
    desk.server.start()
    for session in sessions:
        assert text_of(desk.client.messages(session), "assistant") == ["Half, whole."]


def test_a_turn_cut_by_a_restart_goes_on(open_desk: Open) -> None:
    desk = open_desk(PLAIN)
    desk.server.environment["MAINSPRING_GRACEFUL_TIMEOUT"] = "1"
    assert desk.server.stop() == 0
    desk.server.start()
    gate = Gate()
    desk.script([Say(("Half, ",)), gate], said("Whole."))
    session = desk.session()
    stream = desk.client.trigger(session)
    gate.wait()
    assert desk.server.stop() == 0
    assert stream.rest()[-1].type in {"finish", "error"}
    assert not stream.broken
    desk.server.start()
    follower = desk.client.follow(session)
    follower.until(lambda event: event.type in {"finish", "error"})
    follower.close()
    assert text_of(desk.client.messages(session), "user") == ["Hello"]


def test_a_silent_model_does_not_make_a_silent_stream(open_desk: Open, server: ServerProcess) -> None:
    server.environment["MAINSPRING_HEARTBEAT"] = "1s"
    desk = open_desk(PLAIN)
    gate = Gate()
    desk.script([gate, Say(("Done.",))])
    stream = desk.client.trigger(desk.session())
    gate.wait()
    stream.until(lambda event: event.type == "start")
    time.sleep(3.5)
    gate.opened.set()
    stream.rest()
    assert stream.comments >= 2
    assert stream.done
