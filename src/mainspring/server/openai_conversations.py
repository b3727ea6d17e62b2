"""Owns OpenAI's resource, the items of a conversation: what a session's messages are, page by page."""

from __future__ import annotations

from typing import Final

from mainspring.model.errors import InvalidRequest
from mainspring.server.openai_bodies import ItemPage
from mainspring.server.operation import Context
from mainspring.server.replies import Reply, reply
from mainspring.server.request import Request
from mainspring.server.sessions import shown_rows
from mainspring.wires.conversation_items import conversation_items

MOST: Final = 100
USUAL: Final = 20


async def list_items(context: Context, request: Request) -> Reply:
    """The items of a session, the newest first unless `order` is `asc`; a page begins after the item `after`."""
    record = await context.services.sessions.record(request.project, request.param("id"))
    limit = request.number("limit") or USUAL
    order = request.query("order") or "desc"
    if limit > MOST or order not in ("asc", "desc"):
        name = "limit" if limit > MOST else "order"
        raise InvalidRequest(f"limit is at most {MOST}, order is asc or desc", details={"param": name})
    items = (
        [] if record.status == "expired" else conversation_items(await shown_rows(context, record), record.id)
    )
    if order == "desc":
        items.reverse()
    after = request.query("after")
    if after is not None:
        ids = [item["id"] for item in items]
        if after not in ids:
            raise InvalidRequest("after names no item of this conversation", details={"param": "after"})
        items = items[ids.index(after) + 1 :]
    page = items[:limit]
    first, last = (page[0]["id"], page[-1]["id"]) if page else ("", "")
    return reply(ItemPage(data=tuple(page), first_id=first, last_id=last, has_more=len(items) > limit))
