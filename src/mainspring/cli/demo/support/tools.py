"""Owns the tool of the demo: an account to look up."""

from __future__ import annotations

from collections.abc import Callable

from mainspring.model.values import Json

ACCOUNT: dict[str, Json] = {"name": "Ada", "plan": "Team", "seats": 12, "renewsOn": "2027-03-01"}


def get_user_account(args: dict[str, Json]) -> Json:
    """The account of the demo's one customer, whoever is asked for."""
    return {"userId": args["userId"], **ACCOUNT}


TOOLS: dict[str, Callable[[dict[str, Json]], Json]] = {"get-user-account": get_user_account}
