"""Tells how the client uploads files and gives them to triggers."""

from pathlib import Path
from typing import Any

import pytest

from mainspring.client.errors import ApiError, UnexpectedAnswer
from mainspring.client.retries import Retries
from mainspring.client.steps import Answer
from mainspring.client.uploading import packed, upload
from mainspring.model.parts import FilePart
from tests.client.callers import Caller
from tests.client.office import Fault, Office
from tests.client.play import PROTOCOL, Play
from tests.server.uploads import PNG, data_url

PICTURES = PROTOCOL.replace(
    "      USER_MESSAGE: {type: string}\n",
    "      USER_MESSAGE: {type: string}\n      FILES: {type: 'file[]', optional: true}\n",
).replace("      input: [USER_MESSAGE]\n", "      input: [USER_MESSAGE]\n      files: [FILES]\n")


def test_a_file_by_its_path_and_one_by_its_bytes(office: Office, caller: Caller, tmp_path: Path) -> None:
    play = Play.open(office, caller, PICTURES)
    ask, files = play.caller.ask, play.caller.client.files
    play.script(["I see."])
    session = play.session()
    (tmp_path / "cat.png").write_bytes(PNG)
    office.faults.extend([None, Fault(lost=True)])
    picture = ask(files.upload(session, tmp_path / "cat.png"))
    assert (picture.filename, picture.media_type, picture.size) == ("cat.png", "image/png", len(PNG))
    note = ask(files.upload(session, b"Hello", filename="note.txt"))
    assert note.media_type == "text/plain"
    assert (
        play.caller.read(play.sessions.attach(session).send("Look", FILES=[picture, note])).text == "I see."
    )
    parts = play.model.requests[0].messages[0].parts
    shown = [part.file.url for part in parts if isinstance(part, FilePart)]
    assert shown == [data_url(PNG, "image/png"), data_url(b"Hello", "text/plain")]


def test_what_the_server_does_not_take(play: Play) -> None:
    ask, files = play.caller.ask, play.caller.client.files
    session = play.session()
    with pytest.raises(ApiError) as caught:
        ask(files.upload(session, b"?"))
    assert caught.value.code == "UNSUPPORTED_MEDIA_TYPE"
    with pytest.raises(ApiError) as caught:
        ask(files.upload(session, b"not a picture", filename="cat.png"))
    assert caught.value.code == "UNSUPPORTED_MEDIA_TYPE"


def test_an_answer_that_is_none() -> None:
    steps: Any = upload("ses_1", [packed(b"x", "a.txt")], Retries())
    next(steps)
    with pytest.raises(UnexpectedAnswer, match="0 addresses"):
        steps.send(Answer(200, {}, b'{"files": []}'))
