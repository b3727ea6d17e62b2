"""Owns the tokens of the synchronous client."""

from __future__ import annotations

from collections.abc import Iterable

from mainspring.client import routes
from mainspring.client.answers import TokenMade, TokenRevoked
from mainspring.client.configuration import Configuration
from mainspring.client.retries import ask
from mainspring.client.sync_shell import SyncShell


class Tokens:
    """Ephemeral tokens for browsers, minted with this client's key: it needs the scope `tokens`."""

    def __init__(self, configuration: Configuration, shell: SyncShell) -> None:
        self._attempts = configuration.patience.attempts
        self._shell = shell

    def mint(
        self,
        agent: str,
        *,
        session: str | None = None,
        seconds: int | None = None,
        triggers: Iterable[str] | None = None,
        client_tools: Iterable[str] = (),
    ) -> TokenMade:
        """A token for an agent, by id or slug; it ends with the key.

        `session`: only that session. `seconds`: how long it lives, an hour by default, a day at most. `triggers`: the
        only ones it may start; none of them: it may only read. `client_tools`: those whose results it may bring.
        """
        request = routes.mint_token(
            agent,
            sessionId=session,
            ttlSeconds=seconds,
            triggers=None if triggers is None else list(triggers),
            clientTools=list(client_tools),
        )
        return self._shell.run(ask(request, TokenMade, self._attempts))

    def revoke(self, token: str) -> bool:
        """Ends a token now; False: it was unknown or over."""
        answer = self._shell.run(ask(routes.revoke_token(token), TokenRevoked, self._attempts))
        return answer.revoked
