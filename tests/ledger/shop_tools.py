"""Owns the tools of the shop, as a worker serves them: `mainspring tools serve tests/ledger/shop_tools.py`."""

import os
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

from mainspring.client import ToolContext, ToolError
from tests.ledger.hands import perform
from tests.ledger.shop import KEYED, READS, UNKEYED

PATH = Path(os.environ["LEDGER_DATABASE"])
BUSY_EVERY = 5


def tool(name: str, work: Callable[..., Any]) -> Callable[..., Any]:
    """A function of the shop as a tool."""

    def run(args: dict[str, Any], context: ToolContext) -> Any:
        if name == "get-product" and context.attempt == 1 and int(args["product"][1:]) % BUSY_EVERY == 0:
            raise ToolError("The catalogue is busy.", retryable=True)

        def in_shop(shop: sqlite3.Connection) -> Any:
            return work(shop, **args)

        return perform(PATH, context, in_shop, keyed=name in KEYED)

    return run


TOOLS = {name: tool(name, work) for name, work in {**READS, **KEYED, **UNKEYED}.items()}
