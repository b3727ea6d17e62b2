"""Owns the tools of this agent: they run on your side, with your data."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

ORDERS = {"17": "on its way", "18": "waiting for stock"}


def get_order(args: dict[str, Any]) -> dict[str, Any]:
    """The state of an order; an unknown number is told to the model, which says so."""
    number = args["orderId"]
    return {"orderId": number, "status": ORDERS.get(number, "not known to us")}


TOOLS: dict[str, Callable[[dict[str, Any]], Any]] = {"get-order": get_order}
