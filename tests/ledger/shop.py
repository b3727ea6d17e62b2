"""Owns a shop: its tables, its first state, and what can be done in it, each as one transaction's work.

Nothing here knows of agents: the tools of the workers and the checker both call these functions, the one through the
whole server, the other directly.
"""

import json
import sqlite3
from collections.abc import Callable
from random import Random
from typing import Any

Shop = sqlite3.Connection
Result = Any

SCHEMA = """
CREATE TABLE customers (id TEXT PRIMARY KEY, name TEXT, email TEXT UNIQUE, zip TEXT, street TEXT, credit INTEGER);
CREATE TABLE products (id TEXT PRIMARY KEY, name TEXT, price INTEGER, stock INTEGER);
CREATE TABLE orders (id TEXT PRIMARY KEY, customer TEXT, status TEXT, street TEXT, payment TEXT, total INTEGER);
CREATE TABLE lines (order_id TEXT, product TEXT, count INTEGER, PRIMARY KEY (order_id, product));
CREATE TABLE bookings (order_id TEXT, kind TEXT, amount INTEGER);
CREATE TABLE notes (customer TEXT, text TEXT);
CREATE TABLE fees (customer TEXT, amount INTEGER);
"""
STATE = ("customers", "products", "orders", "lines", "bookings", "fees")
"""What has to be right to the last row. Of notes only that none is there twice: they may get lost."""
CUSTOMERS = 110
PRODUCTS = 40


class Refused(ValueError):
    """What the shop's rules do not allow."""


def stock(shop: Shop, seed: int = 7) -> None:
    """Makes the tables and what is in them at the beginning."""
    chance = Random(seed)
    shop.executescript(SCHEMA)
    for number in range(PRODUCTS):
        price = chance.randint(3, 90) * 100
        shop.execute("INSERT INTO products VALUES (?, ?, ?, 10000)", (f"P{number}", f"Thing {number}", price))
    for number in range(CUSTOMERS):
        who = (
            f"C{number}",
            f"Ada {number}",
            f"ada{number}@example.com",
            str(10000 + number),
            f"{number} Elm Row",
            0,
        )
        shop.execute("INSERT INTO customers VALUES (?, ?, ?, ?, ?, ?)", who)
        for place, status in enumerate(("pending", "pending", "delivered", "delivered")):
            order(shop, f"O{number}-{place}", f"C{number}", status, chance.sample(range(PRODUCTS), 3))
    shop.commit()


def order(shop: Shop, order_id: str, customer: str, status: str, products: list[int]) -> None:
    """One order of three things."""
    for product in products:
        shop.execute("INSERT INTO lines VALUES (?, ?, 2)", (order_id, f"P{product}"))
    values = (order_id, customer, status, "Home", "card", total_of(shop, order_id))
    shop.execute("INSERT INTO orders VALUES (?, ?, ?, ?, ?, ?)", values)


def total_of(shop: Shop, order_id: str) -> int:
    """What the lines of an order come to."""
    lines = "lines AS l JOIN products AS p ON p.id = l.product"
    query = f"SELECT coalesce(sum(l.count * p.price), 0) FROM {lines} WHERE order_id = ?"
    (total,) = shop.execute(query, (order_id,)).fetchone()
    return int(total)


def state_of(shop: Shop) -> dict[str, list[Any]]:
    """Every row of what has to be right, in an order of its own."""
    return {table: sorted(map(list, shop.execute(f"SELECT * FROM {table}"))) for table in STATE}


# ---- reading ----------------------------------------------------------------------------------------------------


def found(shop: Shop, query: str, *values: Any) -> dict[str, Any]:
    """The one row of a query."""
    cursor = shop.execute(query, values)
    row = cursor.fetchone()
    if row is None:
        raise Refused(f"There is no {values[0]}.")
    return dict(zip([column[0] for column in cursor.description], row, strict=True))


def find_customer_by_email(shop: Shop, email: str) -> Result:
    """The id of a customer."""
    return found(shop, "SELECT id FROM customers WHERE email = ?", email)["id"]


def find_customer_by_name(shop: Shop, name: str, zip_code: str) -> Result:
    """The id of a customer."""
    return found(shop, "SELECT id FROM customers WHERE name = ? AND zip = ?", name, zip_code)["id"]


def get_customer(shop: Shop, customer: str) -> Result:
    """A customer."""
    return found(shop, "SELECT * FROM customers WHERE id = ?", customer)


def list_orders(shop: Shop, customer: str) -> Result:
    """The orders of a customer."""
    get_customer(shop, customer)
    rows = shop.execute("SELECT id, status, total FROM orders WHERE customer = ? ORDER BY id", (customer,))
    return [{"id": row[0], "status": row[1], "total": row[2]} for row in rows]


def get_order(shop: Shop, order: str) -> Result:
    """An order with its lines."""
    lines = shop.execute("SELECT product, count FROM lines WHERE order_id = ? ORDER BY product", (order,))
    return {**found(shop, "SELECT * FROM orders WHERE id = ?", order), "lines": dict(lines.fetchall())}


def get_product(shop: Shop, product: str) -> Result:
    """A product, without its stock: others buy meanwhile."""
    return found(shop, "SELECT id, name, price FROM products WHERE id = ?", product)


def calculate(shop: Shop, amounts: list[int]) -> Result:
    """A sum."""
    del shop
    return sum(amounts)


# ---- writing ----------------------------------------------------------------------------------------------------


def in_status(shop: Shop, order: str, status: str) -> dict[str, Any]:
    """An order, if it has that status."""
    row = found(shop, "SELECT * FROM orders WHERE id = ?", order)
    if row["status"] != status:
        raise Refused(f"Order {order} is {row['status']}, not {status}.")
    return row


def book(shop: Shop, order: str, kind: str, amount: int) -> None:
    """Writes down what money moved."""
    shop.execute("INSERT INTO bookings VALUES (?, ?, ?)", (order, kind, amount))


def restock(shop: Shop, product: str, count: int) -> None:
    """Puts things back, or takes them (a negative count)."""
    shop.execute("UPDATE products SET stock = stock + ? WHERE id = ?", (count, product))


def cancel_order(shop: Shop, order: str, reason: str) -> Result:
    """Cancels a pending order; everything goes back to the shelf, the money to the customer."""
    row = in_status(shop, order, "pending")
    for product, count in shop.execute(
        "SELECT product, count FROM lines WHERE order_id = ?", (order,)
    ).fetchall():
        restock(shop, product, count)
    shop.execute("UPDATE orders SET status = ? WHERE id = ?", (f"cancelled: {reason}", order))
    book(shop, order, "refund", row["total"])
    return {"refunded": row["total"]}


def change_order_address(shop: Shop, order: str, street: str) -> Result:
    """Sends a pending order elsewhere."""
    in_status(shop, order, "pending")
    shop.execute("UPDATE orders SET street = ? WHERE id = ?", (street, order))
    return get_order(shop, order)


def change_order_payment(shop: Shop, order: str, payment: str) -> Result:
    """Has a pending order paid otherwise."""
    in_status(shop, order, "pending")
    shop.execute("UPDATE orders SET payment = ? WHERE id = ?", (payment, order))
    return {"payment": payment}


def change_order_items(shop: Shop, order: str, old: str, new: str) -> Result:
    """Swaps one thing of a pending order for another."""
    before = in_status(shop, order, "pending")["total"]
    swap(shop, order, old, new)
    total = total_of(shop, order)
    shop.execute("UPDATE orders SET total = ? WHERE id = ?", (total, order))
    book(shop, order, "difference", total - before)
    return {"total": total, "difference": total - before}


def swap(shop: Shop, order: str, old: str, new: str) -> None:
    """One line becomes another."""
    line = found(shop, "SELECT count FROM lines WHERE product = ? AND order_id = ?", old, order)
    get_product(shop, new)
    shop.execute("DELETE FROM lines WHERE order_id = ? AND product = ?", (order, old))
    more = "INSERT INTO lines VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET count = count + excluded.count"
    shop.execute(more, (order, new, line["count"]))
    restock(shop, old, line["count"])
    restock(shop, new, -line["count"])


def return_items(shop: Shop, order: str, products: list[str]) -> Result:
    """Takes things of a delivered order back."""
    in_status(shop, order, "delivered")
    refunded = 0
    for product in products:
        line = found(shop, "SELECT count FROM lines WHERE product = ? AND order_id = ?", product, order)
        refunded += line["count"] * get_product(shop, product)["price"]
        restock(shop, product, line["count"])
    shop.execute("UPDATE orders SET status = 'return requested' WHERE id = ?", (order,))
    book(shop, order, "refund", refunded)
    return {"refunded": refunded}


def exchange_items(shop: Shop, order: str, old: str, new: str) -> Result:
    """Exchanges a thing of a delivered order."""
    in_status(shop, order, "delivered")
    swap(shop, order, old, new)
    shop.execute("UPDATE orders SET status = 'exchange requested' WHERE id = ?", (order,))
    return get_order(shop, order)


def change_customer_address(shop: Shop, customer: str, street: str) -> Result:
    """Moves a customer."""
    get_customer(shop, customer)
    shop.execute("UPDATE customers SET street = ? WHERE id = ?", (street, customer))
    return {"street": street}


def give_credit(shop: Shop, customer: str, amount: int) -> Result:
    """Adds to the store credit: twice would be twice as much."""
    get_customer(shop, customer)
    shop.execute("UPDATE customers SET credit = credit + ? WHERE id = ?", (amount, customer))
    return get_customer(shop, customer)["credit"]


def charge_fee(shop: Shop, customer: str, amount: int) -> Result:
    """Charges a fee: twice would be twice as much."""
    get_customer(shop, customer)
    shop.execute("INSERT INTO fees VALUES (?, ?)", (customer, amount))
    return {"charged": amount}


def leave_note(shop: Shop, customer: str, text: str) -> Result:
    """Writes a note about a customer."""
    shop.execute("INSERT INTO notes VALUES (?, ?)", (customer, text))
    return "noted"


READS: dict[str, Callable[..., Result]] = {
    "find-customer-by-email": find_customer_by_email,
    "find-customer-by-name": find_customer_by_name,
    "get-customer": get_customer,
    "list-orders": list_orders,
    "get-order": get_order,
    "get-product": get_product,
    "calculate": calculate,
}
KEYED: dict[str, Callable[..., Result]] = {
    "cancel-order": cancel_order,
    "change-order-address": change_order_address,
    "change-order-payment": change_order_payment,
    "change-order-items": change_order_items,
    "return-items": return_items,
    "exchange-items": exchange_items,
    "change-customer-address": change_customer_address,
    "give-credit": give_credit,
}
UNKEYED: dict[str, Callable[..., Result]] = {"charge-fee": charge_fee, "leave-note": leave_note}
WORK = {**READS, **KEYED, **UNKEYED}


def as_text(result: Result) -> str:
    """A result as it is kept."""
    return json.dumps(result, sort_keys=True)
