"""Owns what is asked of the shop: tasks as large and as many as those of a public benchmark, made from a seed."""

import sqlite3
from dataclasses import dataclass
from random import Random
from typing import Any

from tests.ledger.shop import CUSTOMERS, KEYED, PRODUCTS, UNKEYED, WORK, Refused, get_order

Action = tuple[str, dict[str, Any]]
Round = tuple[Action, ...]

READING = "{idempotent: true, timeout: 20s, retries: {max: 4, backoff: 0.2}, concurrency: 4}"
WRITING = "{idempotent: true, onUnknownOutcome: retry, timeout: 30s, retries: {max: 4, backoff: 0.2}}"
POLICIES = {
    "list-orders": "{idempotent: true, onUnknownOutcome: retry, maxResultTokens: 400}",
    "give-credit": "{idempotent: true, onUnknownOutcome: probe, approval: amount > 100, approvalTimeout: 1h}",
    "charge-fee": "{onUnknownOutcome: ask}",
    "leave-note": "{onUnknownOutcome: fail}",
}
TYPES = {
    "amount": "{type: integer, description: Cents}",
    "amounts": "{type: array, items: {type: integer}, description: Cents}",
    "products": "{type: array, items: {type: string}, description: Ids}",
}


@dataclass(frozen=True)
class Task:
    """One talk: what the model asks for, round by round. The calls of a round are made at once."""

    id: str
    rounds: tuple[Round, ...]

    @property
    def actions(self) -> tuple[Action, ...]:
        """All of them, in order."""
        return tuple(action for one in self.rounds for action in one)


def protocol() -> str:
    """The tools of the shop for an agent, with a policy each."""
    lines = ["tools:"]
    for name, work in WORK.items():
        policy = POLICIES.get(name) or (WRITING if name in KEYED else READING)
        lines += [
            f"  {name}:",
            f"    description: {work.__doc__!r}",
            f"    policy: {policy}",
            "    parameters:",
        ]
        for parameter in list(work.__annotations__)[1:-1]:
            lines.append(f"      {parameter}: {TYPES.get(parameter, '{type: string, description: Which}')}")
    return "\n".join(lines) + "\n"


def tasks(shop: sqlite3.Connection, count: int = CUSTOMERS, seed: int = 11) -> list[Task]:
    """A task for each customer; in whatever order they are done, the shop ends in the same state."""
    return [_task(shop, number, Random(seed * 1000 + number)) for number in range(count)]


def _task(shop: sqlite3.Connection, number: int, chance: Random) -> Task:
    who, orders = f"C{number}", [f"O{number}-{place}" for place in range(4)]
    by_name: Action = ("find-customer-by-name", {"name": f"Ada {number}", "zip_code": str(10000 + number)})
    by_email: Action = ("find-customer-by-email", {"email": f"ada{number}@example.com"})
    looks: list[Round] = [
        (chance.choice((by_name, by_email)),),
        (("get-customer", {"customer": who}), ("list-orders", {"customer": who})),
        tuple(("get-order", {"order": order}) for order in chance.sample(orders, 2)),
    ]
    writes = [(action,) for action in _writes(shop, who, orders, chance)]
    return Task(str(number), (*looks[: chance.randint(1, 3)], *writes))


def _writes(shop: sqlite3.Connection, who: str, orders: list[str], chance: Random) -> list[Action]:
    pending, delivered = chance.choice(orders[:2]), chance.choice(orders[2:])
    mine, theirs = sorted(get_order(shop, pending)["lines"]), sorted(get_order(shop, delivered)["lines"])
    new = f"P{chance.randrange(PRODUCTS)}"
    possible: list[Action] = [
        ("change-order-items", {"order": pending, "old": mine[0], "new": new}),
        ("change-order-address", {"order": pending, "street": f"{chance.randint(1, 99)} Oak Lane"}),
        ("change-order-payment", {"order": pending, "payment": "voucher"}),
        ("get-product", {"product": new}),
        ("exchange-items", {"order": delivered, "old": theirs[0], "new": new}),
        ("return-items", {"order": delivered, "products": theirs[1:]}),
        ("cancel-order", {"order": pending, "reason": "no longer needed"}),
        ("change-customer-address", {"customer": who, "street": f"{chance.randint(1, 99)} Ash Way"}),
        ("give-credit", {"customer": who, "amount": chance.choice((50, 80, 150, 400))}),
        ("charge-fee", {"customer": who, "amount": chance.randint(1, 9)}),
        ("leave-note", {"customer": who, "text": f"Talked about {pending}."}),
        ("calculate", {"amounts": [chance.randint(1, 999) for _ in range(4)]}),
    ]
    chosen = sorted(chance.sample(range(len(possible)), chance.randint(2, 5)))
    return [possible[place] for place in chosen]


def applied(shop: sqlite3.Connection, done: list[Task]) -> None:
    """Does what the tasks ask for directly, without any server; what the shop refuses it refuses here too."""
    for task in done:
        for name, args in task.actions:
            try:
                WORK[name](shop, **args)
            except Refused:
                continue
    shop.commit()


def writes(tool: str) -> bool:
    """Whether a tool changes anything."""
    return tool in KEYED or tool in UNKEYED
