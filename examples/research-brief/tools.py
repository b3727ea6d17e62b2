"""Owns the tools of the research brief: a small archive."""

from typing import Any

ARTICLES = {
    "a-7": "Mainsprings replaced weights in clocks from about 1430; the fusee evened out their falling torque.",
    "a-9": "The going barrel drives the train directly and needs no fusee.",
}


def search_archive(args: dict[str, Any]) -> dict[str, Any]:
    """The articles, those that share words with the query first."""
    words = set(args["query"].lower().split())
    ranked = sorted(ARTICLES, key=lambda key: -len(words & set(ARTICLES[key].lower().split())))
    return {"found": [{"id": key, "start": ARTICLES[key][:40]} for key in ranked]}


def read_article(args: dict[str, Any]) -> dict[str, Any]:
    """The text of an article; an unknown id is an error that the model reads."""
    if args["id"] not in ARTICLES:
        raise LookupError(f"there is no article {args['id']}")
    return {"id": args["id"], "text": ARTICLES[args["id"]]}


TOOLS = {"search-archive": search_archive, "read-article": read_article}
