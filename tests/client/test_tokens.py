"""Tells how the client mints tokens for browsers."""

import pytest

from mainspring.client.errors import NotFound
from tests.client.play import Play


def test_a_token_is_minted_and_ended(play: Play) -> None:
    ask, tokens = play.caller.ask, play.caller.client.tokens
    session = play.session()
    made = ask(
        tokens.mint("support", session=session, seconds=60, triggers=["user-message"], client_tools=["x"])
    )
    assert made.token.startswith("oct_et_")
    assert (made.agent_id, made.session_id) == (play.agent, session)
    plain = ask(tokens.mint("support"))
    assert plain.session_id is None
    assert ask(tokens.revoke(made.token)) is True
    assert ask(tokens.revoke(made.token)) is False
    with pytest.raises(NotFound):
        ask(tokens.mint("nobody"))
