"""Tells what a request for upload addresses means, and what is refused of it."""

from typing import Any

import pytest

from mainspring.model.errors import InvalidRequest
from mainspring.wires.upload_requests import AnnouncedFile, ParsedUpload, parse_upload

FILE: dict[str, Any] = {"filename": "a.png", "mediaType": "image/png", "size": 3.0}


def test_files_of_a_session() -> None:
    announced = AnnouncedFile(filename="a.png", media_type="image/png", size=3)
    assert parse_upload({"sessionId": "s", "files": [FILE]}) == ParsedUpload(session="s", files=(announced,))


@pytest.mark.parametrize(
    ("body", "place"),
    [
        ({"sessionId": "s"}, "files"),
        ({"sessionId": "s", "files": []}, "files"),
        ({"files": [FILE]}, "sessionId"),
        ({"sessionId": "s", "files": [{**FILE, "filename": "x" * 256}]}, "files[0].filename"),
        ({"sessionId": "s", "files": [{**FILE, "filename": ""}]}, "files[0].filename"),
        ({"sessionId": "s", "files": [{**FILE, "size": 0}]}, "files[0].size"),
        ({"sessionId": "s", "files": [{**FILE, "size": None}]}, "files[0].size"),
        ({"sessionId": "s", "files": [{**FILE, "mediaType": 1}]}, "files[0].mediaType"),
    ],
)
def test_what_is_refused(body: dict[str, Any], place: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        parse_upload(body)
    assert caught.value.details["param"] == place
