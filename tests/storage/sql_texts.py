"""Owns looking at a package's SQL texts: which nouns there are, and which statements nobody names."""

from importlib import resources

from mainspring.storage.sql_files import named_statements


def nouns_of(package: str) -> list[str]:
    """The `.sql` files of a package, without their suffix."""
    folder = resources.files(package) / "sql"
    return sorted(file.name.removesuffix(".sql") for file in folder.iterdir() if file.name.endswith(".sql"))


def unused_in(package: str) -> list[str]:
    """Statements that no module of the package names."""
    folder = resources.files(package)
    sources = "".join(file.read_text("utf-8") for file in folder.iterdir() if file.name.endswith(".py"))
    return [
        name
        for noun in nouns_of(package)
        for name in named_statements(package, noun)
        if f'["{name}"]' not in sources
    ]
