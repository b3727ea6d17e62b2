"""Owns the tools of the support chat: what your own server would look up in its own systems."""

from typing import Any

ACCOUNTS = {
    "user-1": {"name": "Ada", "plan": "Team", "renewsOn": "2027-03-01", "seats": 12},
    "user-2": {"name": "Linus", "plan": "Solo", "renewsOn": "2026-12-15", "seats": 1},
}
PAGES = (
    {"title": "Exports", "text": "Open the board, choose Share, then Export. PDF needs the Team plan."},
    {"title": "Invitations", "text": "Only owners invite people: Settings, Members, Invite."},
)


def get_user_account(args: dict[str, Any]) -> dict[str, Any]:
    """The account of a customer; an unknown id is an error that the model reads."""
    account = ACCOUNTS.get(args["userId"])
    if account is None:
        raise LookupError(f"there is no customer {args['userId']}")
    return account


def search_docs(args: dict[str, Any]) -> dict[str, Any]:
    """The pages that share most words with the query."""
    words = set(args["query"].lower().split())

    def shared(page: dict[str, str]) -> int:
        return len(words & set(f"{page['title']} {page['text']}".lower().split()))

    return {"pages": sorted(PAGES, key=shared, reverse=True)[: args.get("limit", 3)]}


def create_support_ticket(args: dict[str, Any]) -> dict[str, Any]:
    """A new ticket."""
    return {"id": "T-1042", "priority": args["priority"], "summary": args["summary"]}


TOOLS = {
    "get-user-account": get_user_account,
    "search-docs": search_docs,
    "create-support-ticket": create_support_ticket,
}
