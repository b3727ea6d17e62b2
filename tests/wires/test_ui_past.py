"""Tells how the past of a conversation changes: rolled back, expired, restored."""

from mainspring.model.facts import RolledBack, RoundClosed, SessionExpired, SessionRestored
from mainspring.model.messages import Message
from mainspring.model.parts import TextPart
from tests.wires.journal import (
    AT,
    Journal,
    added,
    begun,
    block,
    block_over,
    finished,
    round_closed,
    said,
    text,
)
from tests.wires.test_ui_messages import done, draw


def conversation(turns: int) -> Journal:
    journal = Journal()
    for number in range(1, turns + 1):
        journal.add(*begun(number), added(f"u{number}", text(f"Q{number}")), *block(number))
        journal.text(f"x{number}", "A")
        journal.add(said((f"x{number}", text(f"A{number}")), number=number, turn=number), *finished(number))
    return journal


def ids(journal: Journal) -> list[str]:
    return [message["id"] for message in draw(journal)]


def test_a_rollback_cuts_after_any_message_it_names() -> None:
    assert ids(conversation(2).add(RolledBack(after_message_id="m1"))) == ["u1", "m1"]
    assert ids(conversation(2).add(RolledBack(after_message_id="m1_1"))) == ["u1", "m1"]
    assert ids(conversation(2).add(RolledBack(after_message_id="u2"))) == ["u1", "m1", "u2"]
    assert ids(conversation(2).add(RolledBack())) == []
    assert ids(conversation(2).add(RolledBack(after_message_id="never"))) == ["u1", "m1", "u2", "m2"]


def test_what_was_rolled_back_cannot_be_named_again() -> None:
    journal = conversation(3).add(RolledBack(after_message_id="m1"))
    journal.add(*begun(4), added("u4", text("Q4")), *finished(4), RolledBack(after_message_id="m2"))
    assert ids(journal) == ["u1", "m1", "u4"]


def test_a_rollback_keeps_what_came_before_the_last_word_of_the_turn() -> None:
    journal = Journal().add(*begun()).text("x1", "One.").add(said(("x1", text("One."))))
    journal.add(added("u1", text("And?"))).text("x2", "Two.").add(said(("x2", text("Two.")), number=2))
    journal.add(added("u2", text("And?")), *finished(), RolledBack(after_message_id="m1"))
    assert ids(journal) == ["m1", "u1"]


def test_an_expired_session_shows_nothing_and_a_restored_one_what_was_given() -> None:
    journal = conversation(2).add(SessionExpired(cause="cleared", at=AT))
    assert draw(journal) == []
    given = {
        "id": "old",
        "role": "user",
        "parts": [done("Before.")],
        "status": "done",
        "createdAt": "2026-01-02T03:04:05.678Z",
        "sender": {"id": "7"},
    }
    journal.add(
        SessionRestored(
            version="v",
            input={},
            variables={},
            resources={},
            ui_messages=(given,),
            messages=(
                Message(id="old", role="user", parts=(TextPart(text="Before."),), at=AT, turn_id="old"),
            ),
            at=AT,
        ),
        *begun(3),
        added("u3", text("Now.")),
        *finished(3),
    )
    assert draw(journal)[0] == given
    assert ids(journal) == ["old", "u3"]
    assert ids(journal.add(RolledBack(after_message_id="old"))) == ["old"]


def test_the_results_of_a_round_can_be_named_too() -> None:
    elsewhere = RoundClosed(frame="w", thread="main", generation_id="g9", message_id="nested_results", at=AT)
    journal = conversation(1).add(*begun(2)).text("x9", "More.").add(said(("x9", text("More.")), turn=2))
    journal.add(round_closed(turn=2), elsewhere, added("u9", text("Late.")), *finished(2))
    assert ids(journal.add(RolledBack(after_message_id="nested_results")))[-1] == "u9"
    assert ids(journal.add(RolledBack(after_message_id="m2_1_results"))) == ["u1", "m1", "m2"]


def test_the_users_message_stands_before_an_answer_that_had_said_nothing_yet() -> None:
    journal = Journal().add(*begun(), *block(1, block_type="serialize-thread", display="name"))
    journal.add(*block_over(1), added("u1", text("Q")), added("u2", text("R")), *block(2)).text("x", "A")
    journal.add(said(("x", text("A"))), *finished())
    assert ids(journal) == ["u1", "u2", "m1"]
    assert [part["type"] for part in draw(journal)[-1]["parts"]] == ["operation", "text"]
    assert ids(journal.add(RolledBack(after_message_id="u1"))) == ["u1"]
