"""Owns a connected worker as people write one: a process with the SDK and one function."""

import asyncio
import sys

import uvloop

from mainspring.client import AsyncClient


async def look(at: str) -> dict[str, str]:
    """Looks."""
    return {"seen": "waves"}


async def main(url: str, key: str) -> None:
    """Serves until the process is ended."""
    async with AsyncClient(url, key) as client:
        serving = asyncio.ensure_future(client.tools.serve([look], concurrency=64))
        await serving


if __name__ == "__main__":
    uvloop.run(main(*sys.argv[1:]))
