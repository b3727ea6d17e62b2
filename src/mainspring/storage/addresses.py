"""Owns what the address of a database says: which engine it names, and how it is shown without its password."""

from __future__ import annotations

import re

SCHEMES = ("postgresql", "postgres")
_SECRET = re.compile(r"(?i)(password=)[^&\s]*")


def is_postgres(address: str) -> bool:
    """Whether an address names a PostgreSQL database; every other one is the path of a SQLite file."""
    return address.partition("://")[0].lower() in SCHEMES and "://" in address


def is_foreign(address: str) -> bool:
    """Whether an address names an engine that is not known."""
    return re.match(r"[A-Za-z][A-Za-z0-9+.-]+://", address) is not None and not is_postgres(address)


def shown(address: str) -> str:
    """An address for people and logs: without a password, wherever in it that stands."""
    if "://" not in address:
        return address
    scheme, _, rest = address.partition("://")
    # The last "@" ends the password, which may itself hold any sign if somebody forgot to encode it.
    who, at, where = rest.rpartition("@")
    where = _SECRET.sub(r"\1***", where)
    return f"{scheme}://{who.partition(':')[0]}{at}{where}"
