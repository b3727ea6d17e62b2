"""Every recorded answer gives the chunks that are written down beside it, however the network cuts it."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.contract.providers.recordings import DOCUMENTS, RECORDINGS, decode, decode_document, name_of

Golden = Callable[[Path, str], None]


@pytest.mark.parametrize("path", RECORDINGS, ids=name_of)
def test_a_recording_gives_its_chunks(path: Path, golden: Golden) -> None:
    golden(path.with_suffix(".chunks"), decode(path, [path.read_bytes()]))


@pytest.mark.parametrize("path", DOCUMENTS, ids=name_of)
def test_a_whole_answer_gives_its_chunks(path: Path, golden: Golden) -> None:
    golden(path.with_suffix(".chunks"), decode_document(path))


@pytest.mark.parametrize("path", RECORDINGS, ids=name_of)
def test_a_cut_at_any_byte_changes_nothing(path: Path) -> None:
    data = path.read_bytes()
    whole = decode(path, [data])
    for cut in range(len(data) + 1):
        assert decode(path, [data[:cut], data[cut:]]) == whole, f"cut at byte {cut}"


@pytest.mark.parametrize("path", RECORDINGS, ids=name_of)
def test_one_byte_at_a_time_changes_nothing(path: Path) -> None:
    data = path.read_bytes()
    assert decode(path, [data[at : at + 1] for at in range(len(data))]) == decode(path, [data])


@pytest.mark.parametrize("path", RECORDINGS, ids=name_of)
def test_an_answer_that_stops_anywhere_is_never_complete_by_mistake(path: Path) -> None:
    """Every beginning of a recording ends with a failure, or exactly as the recording does."""
    data = path.read_bytes()
    whole = decode(path, [data]).splitlines()
    for cut in range(0, len(data), 7):
        part = decode(path, [data[:cut]]).splitlines()
        assert part[-1].startswith(("!", "Finished")), f"cut at byte {cut}"
        if part[-1].startswith("Finished"):
            assert part[:-1] == whole[:-1], f"cut at byte {cut}"
