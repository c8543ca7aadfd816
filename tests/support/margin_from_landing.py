"""An independent calculation of customers' contribution margins from the landing files alone, in plain Python.

Written from the definitions (money: architecture, README), one function for each; it shares no code with the models.
"""

from __future__ import annotations

import csv
import gzip
import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation
from pathlib import Path
from zoneinfo import ZoneInfo

import pandas as pd

Row = dict[str, str]
AMOUNTS = (
    *("gross_revenue", "discounts", "returns_amount", "shipping_revenue", "net_revenue", "cogs", "shipping_cost"),
    *("payment_fees", "marketplace_fees", "return_handling_cost", "service_cost", "contribution_margin"),
)
# A row is refused as a whole when one of these is given and cannot be read.
NUMBERS = (
    *("price", "quantity", "amount", "total_tax", "subtotal", "discounted_price", "unit_price", "discount_amount"),
    *("tax_amount", "item_price", "item_tax", "promotion_discount", "shipping_amount", "shipping_tax_amount"),
    *(
        "commission_amount",
        "refund_amount",
        "refund_tax_amount",
        "unit_cost",
        "total_price",
        "total_amount",
        "line_number",
        "index",
    ),
)
INSTANTS = ("created_at", "processed_at", "sold_at", "purchased_at", "returned_at", "valid_from")
# Columns that identify a record, or the record that it belongs to.
PARENTS = ("id", "order_id", "order_line_id", "refund_id", "receipt_id", "order_ref", "requester_id", "return_id")
LONDON = ZoneInfo("Europe/London")
UTC = ZoneInfo("UTC")
ZERO = Decimal(0)


def cents(amount: Decimal) -> Decimal:
    """Round to the cent, ties to even; first to ten decimals, which matters only for thirds and the like."""
    return amount.quantize(Decimal("1e-10"), ROUND_HALF_EVEN).quantize(Decimal("0.01"), ROUND_HALF_EVEN)


def number(text: str | None) -> Decimal:
    """A number in a file; an empty text is 0."""
    return Decimal(text) if text else ZERO


def day(instant: str) -> date:
    """The business day of a UTC timestamp: the day in London."""
    return datetime.fromisoformat(instant).replace(tzinfo=UTC).astimezone(LONDON).date()


def is_readable(row: Row) -> bool:
    try:
        for name in NUMBERS:
            number(row.get(name))
        for name in INSTANTS:
            if row.get(name):
                datetime.fromisoformat(row[name])
    except (InvalidOperation, ValueError):
        return False
    return any(row.get(name) for name in INSTANTS) or not any(name in row for name in INSTANTS)


@dataclass
class Margin:
    """The amounts of one order or customer, in pounds."""

    gross_revenue: Decimal = ZERO
    discounts: Decimal = ZERO
    returns_amount: Decimal = ZERO
    shipping_revenue: Decimal = ZERO
    cogs: Decimal = ZERO
    shipping_cost: Decimal = ZERO
    payment_fees: Decimal = ZERO
    marketplace_fees: Decimal = ZERO
    return_handling_cost: Decimal = ZERO
    service_cost: Decimal = ZERO

    @property
    def net_revenue(self) -> Decimal:
        return self.gross_revenue - self.discounts - self.returns_amount + self.shipping_revenue

    @property
    def contribution_margin(self) -> Decimal:
        return (
            self.net_revenue - self.cogs - self.shipping_cost - self.payment_fees - self.marketplace_fees
            - self.return_handling_cost - self.service_cost
        )  # fmt: skip

    def add(self, other: Margin) -> None:
        for name in AMOUNTS:
            if name not in ("net_revenue", "contribution_margin"):
                setattr(self, name, getattr(self, name) + getattr(other, name))


@dataclass
class Line:
    """A line of an order in its own currency: list price of all units, discount, and tax (included or added)."""

    line_id: str
    sku: str
    units: int
    listed: Decimal
    discount: Decimal
    tax: Decimal
    is_gift_card: bool


@dataclass
class Order:
    """An order of any channel in its own currency, shipping without tax; returns as (line or None, units, amount
    without tax, back in stock, day, goods came back)."""

    order_id: str
    profile: tuple[str, str]
    channel: str
    currency: str
    ordered: date
    tax_included: bool
    is_sale: bool
    is_refunded: bool
    shipping: Decimal
    shipping_tax: Decimal
    commission: Decimal | None
    lines: list[Line] = field(default_factory=list)
    returns: list[tuple[str | None, int, Decimal, bool, date, bool]] = field(default_factory=list)


class Landing:
    """The rows of a landing folder: the newest version of every record known by the end of a day."""

    def __init__(self, folder: Path, last_day: date, defective: set[str]) -> None:
        self.folder = folder
        self.defective = defective
        # A defective key may not exist in the files: its first part is the record that it belonged to.
        self.touched = {key.split("|")[0] for key in defective}
        end = datetime(last_day.year, last_day.month, last_day.day, 23, 59, 59, tzinfo=LONDON).astimezone(UTC)
        self.known_by = end.strftime("%Y-%m-%d %H:%M:%S")

    def rows(self, table: str, key: tuple[str, ...], stamp: str = "_fivetran_synced") -> list[Row]:
        """Files in order of name: a later version, or a later delivery of the same version, replaces the one before."""
        newest: dict[tuple[str, ...], Row] = {}
        for file in sorted((self.folder / table).iterdir()):
            for row in self._read(file):
                name = tuple(row[part] for part in key)
                if "|".join(name) in self.defective or not is_readable(row):
                    self.touched |= {row[parent] for parent in PARENTS if row.get(parent)}
                if not all(name) or not row[stamp] or row[stamp] > self.known_by or not is_readable(row):
                    continue
                if name not in newest or row[stamp] >= newest[name][stamp]:
                    newest[name] = row
        return list(newest.values())

    @staticmethod
    def _read(file: Path) -> Iterator[Row]:
        with gzip.open(file, "rt", encoding="utf-8") if file.suffix == ".gz" else file.open(encoding="utf-8") as lines:
            found: Iterable[Row] = map(json.loads, lines) if file.suffix == ".jsonl" else csv.DictReader(lines)
            for row in found:
                yield {name: str(value).strip() if value is not None else "" for name, value in row.items()}


class Books:
    """All components of customers' margins; `defective` are keys of records, which `is_touched` reports."""

    def __init__(self, landing: Path, seeds: Path, last_day: date, defective: set[str]) -> None:
        self.files = Landing(landing, last_day, defective)
        self.last_day = last_day
        self.rates = pd.read_csv(seeds / "exchange_rates.csv", dtype=str).to_dict("records")
        self.assumed = pd.read_csv(seeds / "cost_assumptions.csv", dtype=str).fillna("").to_dict("records")
        self.unit_costs: dict[str, list[tuple[date, Decimal]]] = defaultdict(list)
        for row in self.files.rows("products/product", ("sku", "valid_from"), "synced_at"):
            if row["unit_cost"]:
                begins = date.fromisoformat(row["valid_from"][:10])
                cost = Decimal(row["unit_cost"]) * (self.rate(row["currency"], begins) or ZERO)
                self.unit_costs[row["sku"]].append((begins, cost))
        self.orders: dict[str, Order] = {}
        self._read_shop()
        self._read_tills()
        self._read_marketplace()
        self.loose_returns: list[tuple[str, Decimal, date]] = []
        self._read_returns()
        self.tickets = [
            row for row in self.files.rows("zendesk/ticket", ("id",)) if day(row["created_at"]) <= last_day
        ]  # fmt: skip

    # --- seeds: the row that applies on a day is the last one valid from that day or earlier ---

    def rate(self, currency: str, on: date) -> Decimal | None:
        """The value of one unit of a currency in pounds on a day; None when unknown."""
        if currency.upper() == "GBP":
            return Decimal(1)
        begun = [
            row for row in self.rates
            if row["from_currency"] == currency.upper() and row["to_currency"] == "GBP"
            and date.fromisoformat(row["valid_from"]) <= on
        ]  # fmt: skip
        return Decimal(max(begun, key=lambda row: row["valid_from"])["rate"]) if begun else None

    def assumption(self, cost: str, applies_to: str, on: date, amount: Decimal) -> Decimal:
        """Fixed amount plus share of `amount`, in pounds, rounded to pence."""
        begun = [
            row for row in self.assumed
            if (row["cost_type"], row["applies_to"]) == (cost, applies_to)
            and date.fromisoformat(row["valid_from"]) <= on
        ]  # fmt: skip
        if not begun:
            return ZERO
        row = max(begun, key=lambda row: row["valid_from"])
        return cents(number(row["fixed_amount"]) + number(row["rate"]) * amount)

    def unit_cost(self, sku: str, on: date) -> Decimal | None:
        begun = [cost for cost in self.unit_costs.get(sku, []) if cost[0] <= on]
        return max(begun)[1] if begun else None

    # --- the three order systems ---

    def _keep(self, order: Order) -> None:
        if order.ordered <= self.last_day:
            self.orders[order.order_id] = order

    def _read_shop(self) -> None:
        """Shopify: prices with or without tax as the order states; discounts allocated to lines; refunds per line, and
        of shipping or for goodwill as (negative) adjustments; an order's tax beyond its lines' tax is on shipping."""
        discounts = _summed(
            self.files.rows("shopify/discount_allocation", ("order_line_id", "index")), "order_line_id", "amount"
        )
        taxes = _summed(self.files.rows("shopify/tax_line", ("order_line_id", "index")), "order_line_id", "price")
        shipping = _summed(self.files.rows("shopify/order_shipping_line", ("id",)), "order_id", "discounted_price")
        lines: dict[str, list[Line]] = defaultdict(list)
        order_of_line = {}
        for row in self.files.rows("shopify/order_line", ("id",)):
            order_of_line[row["id"]] = row["order_id"]
            lines[row["order_id"]].append(
                Line(
                    line_id=row["id"],
                    sku=row["sku"],
                    units=int(row["quantity"] or 0),
                    listed=number(row["price"]) * int(row["quantity"] or 0),
                    discount=discounts.get(row["id"], ZERO),
                    tax=taxes.get(row["id"], ZERO),
                    is_gift_card=row["gift_card"] == "true",
                )
            )
        for row in self.files.rows("shopify/order", ("id",)):
            own = lines[row["id"]]
            charged = shipping.get(row["id"], ZERO)
            rest = max(number(row["total_tax"]) - sum((line.tax for line in own), ZERO), ZERO)
            shipping_tax = min(rest, charged)
            included = row["taxes_included"] == "true"
            self._keep(
                Order(
                    order_id=f"shopify:{row['id']}",
                    profile=("shopify", row["customer_id"]) if row["customer_id"] else ("shopify_guest", row["id"]),
                    channel="store" if row["source_name"] == "pos" else "online",
                    currency=row["currency"],
                    ordered=day(row["processed_at"] or row["created_at"]),
                    tax_included=included,
                    is_sale=row["financial_status"] in ("paid", "partially_refunded", "refunded")
                    and not row["cancelled_at"]
                    and row["test"] != "true",
                    is_refunded=row["financial_status"] == "refunded",
                    shipping=charged - shipping_tax if included else charged,
                    shipping_tax=shipping_tax,
                    commission=None,
                    lines=own,
                )
            )
        # What the warehouse states about the goods overrides what the shop assumed at the time of the refund.
        verdicts = {
            row["order_line_ref"]: row["is_restocked"] == "true"
            for row in sorted(self._return_rows(), key=lambda row: row["returned_at"])
            if row["channel"] == "online" and not row["refund_amount"]
        }
        refunds = {row["id"]: row for row in self.files.rows("shopify/refund", ("id",))}
        for row in self.files.rows("shopify/order_line_refund", ("id",)):
            refund = refunds.get(row["refund_id"])
            order = self.orders.get(f"shopify:{refund['order_id']}") if refund else None
            if refund is None or order is None:
                continue
            amount = number(row["subtotal"]) - (number(row["total_tax"]) if order.tax_included else ZERO)
            back = verdicts.get(row["order_line_id"], row["restock_type"] in ("return", "cancel", "legacy_restock"))
            # Cancelled goods were never sent, so there is nothing to handle.
            came = row["restock_type"] != "cancel"
            mine = order_of_line.get(row["order_line_id"]) == refund["order_id"]
            line = row["order_line_id"] if mine else None
            on = day(refund["processed_at"] or refund["created_at"])
            order.returns.append((line, int(row["quantity"] or 0), amount, back, on, came))
        for row in self.files.rows("shopify/order_adjustment", ("id",)):
            order = self.orders.get(f"shopify:{row['order_id']}")
            if order is not None:
                refund = refunds.get(row["refund_id"])
                on = day(refund["processed_at"] or refund["created_at"]) if refund else day(row["_fivetran_synced"])
                order.returns.append((None, 0, -number(row["amount"]), False, on, False))
        self.files.touched |= {row["order_id"] for row in refunds.values() if row["id"] in self.files.touched}

    def _read_tills(self) -> None:
        lines: dict[str, list[Line]] = defaultdict(list)
        for row in self.files.rows("pos/receipt_line", ("receipt_id", "line_number"), "synced_at"):
            lines[row["receipt_id"]].append(
                Line(
                    line_id=row["line_number"],
                    sku=row["sku"],
                    units=int(row["quantity"] or 0),
                    listed=number(row["unit_price"]) * int(row["quantity"] or 0),
                    discount=number(row["discount_amount"]),
                    tax=number(row["tax_amount"]),
                    is_gift_card=row["line_type"] == "gift_card",
                )
            )
        for row in self.files.rows("pos/receipt", ("receipt_id",), "synced_at"):
            self._keep(
                Order(
                    order_id=f"pos:{row['receipt_id']}",
                    profile=("pos", row["receipt_id"]),
                    channel=row["sales_channel"] or "store",
                    currency=row["currency"],
                    ordered=day(row["sold_at"]),
                    tax_included=row["prices_include_tax"] == "true",
                    is_sale=row["status"] == "completed",
                    is_refunded=False,
                    shipping=ZERO,
                    shipping_tax=ZERO,
                    commission=None,
                    lines=lines[row["receipt_id"]],
                )
            )

    def _read_marketplace(self) -> None:
        """The marketplace states everything without tax, and its commission."""
        lines: dict[str, list[Line]] = defaultdict(list)
        for row in self.files.rows("marketplace/order_item", ("order_item_id",), "synced_at"):
            lines[row["order_id"]].append(
                Line(
                    line_id=row["order_item_id"],
                    sku=row["sku"],
                    units=int(row["quantity"] or 0),
                    listed=number(row["item_price"]),
                    discount=number(row["promotion_discount"]),
                    tax=number(row["item_tax"]),
                    is_gift_card=False,
                )
            )
        for row in self.files.rows("marketplace/order", ("order_id",), "synced_at"):
            self._keep(
                Order(
                    order_id=f"marketplace:{row['order_id']}",
                    profile=("marketplace", row["buyer_id"]),
                    channel="marketplace",
                    currency=row["currency"],
                    ordered=day(row["purchased_at"]),
                    tax_included=False,
                    is_sale=row["status"] in ("unshipped", "shipped", "delivered"),
                    is_refunded=False,
                    shipping=number(row["shipping_amount"]),
                    shipping_tax=number(row["shipping_tax_amount"]),
                    commission=Decimal(row["commission_amount"]) if row["commission_amount"] else None,
                    lines=lines[row["order_id"]],
                )
            )

    def _return_rows(self) -> list[Row]:
        rows = self.files.rows("returns/return_line", ("return_id", "line_number"), "synced_at")
        return [row for row in rows if day(row["returned_at"]) <= self.last_day]

    def _read_returns(self) -> None:
        """Returns with a refund amount: of tills and marketplace; one without an order belongs to the customer whose
        number it states."""
        for row in self._return_rows():
            if not row["refund_amount"]:
                continue
            on, amount = day(row["returned_at"]), number(row["refund_amount"])
            if not row["order_ref"]:
                worth = self.rate(row["currency"], on)
                self.loose_returns.append((row["return_id"], cents(amount * worth) if worth else ZERO, on))
                continue
            system = "marketplace" if row["channel"] == "marketplace" else "pos"
            order = self.orders.get(f"{system}:{row['order_ref']}")
            if order is not None:
                line = row["order_line_ref"]
                known = line if any(line == own.line_id for own in order.lines) else None
                units, back = int(row["quantity"] or 0), row["is_restocked"] == "true"
                order.returns.append((known, units, amount, back, on, True))

    def is_touched(self, order: Order) -> bool:
        """Whether any record of the order is defective."""
        number = order.order_id.split(":", 1)[1]
        return number in self.files.touched or any(line.line_id in self.files.touched for line in order.lines)

    # --- margins ---

    def of_order(self, order: Order) -> Margin:
        """The margin of one order without its tickets. An order that is not counted has no revenue and no costs except
        the handling of its returns."""
        margin = Margin()
        rate = self.rate(order.currency, order.ordered)
        gift_cards = {line.line_id for line in order.lines if line.is_gift_card}
        returns = [back for back in order.returns if back[0] not in gift_cards and back[4] <= self.last_day]
        refunds = {id(back): cents(back[2] * (rate or ZERO)) for back in returns}
        for back in returns:
            if back[5]:
                margin.return_handling_cost += self.assumption(
                    "return_handling", "return_line", back[4], refunds[id(back)]
                )
        sold = self._sold(order, rate) if rate is not None else []
        goods = sum((net for line, _, net, _ in sold), ZERO)
        of_lines = sum((refunds[id(back)] for back in returns if back[1] or back[5]), ZERO)
        fully_refunded = order.is_refunded or (goods > 0 and of_lines >= goods)
        if not order.is_sale or rate is None or fully_refunded or not any(gross > 0 for _, gross, _, _ in sold):
            return margin
        margin.gross_revenue = sum((gross for _, gross, _, _ in sold), ZERO)
        margin.discounts = sum((gross - net for _, gross, net, _ in sold), ZERO)
        margin.returns_amount = sum(refunds.values(), ZERO)
        margin.shipping_revenue = cents(order.shipping * rate)
        for line, *_ in sold:
            cost = self.unit_cost(line.sku, order.ordered)
            in_stock = sum(back[1] for back in returns if back[0] == line.line_id and back[3])
            if cost is not None:
                margin.cogs += cents(cost * max(line.units - in_stock, 0))
        paid = margin.gross_revenue - margin.discounts + margin.shipping_revenue
        # The payment fee is charged on the tax too, including that of gift cards (which have none).
        tax = sum((cents(line.tax * rate) for line in order.lines), ZERO) + cents(order.shipping_tax * rate)
        margin.shipping_cost = self.assumption("shipping", order.channel, order.ordered, paid)
        margin.payment_fees = self.assumption("payment_fee", order.channel, order.ordered, paid + tax)
        if order.commission is not None:
            margin.marketplace_fees = cents(order.commission * rate)
        elif order.channel == "marketplace":
            margin.marketplace_fees = self.assumption("marketplace_fee", order.channel, order.ordered, paid)
        return margin

    @staticmethod
    def _sold(order: Order, rate: Decimal) -> list[tuple[Line, Decimal, Decimal, Decimal]]:
        """Each line that is a sale, with its amounts in pounds without tax, before and after discount, each rounded
        once. Tax is charged on the discounted price, so it is removed from the list price in proportion."""
        sold = []
        for line in order.lines:
            if line.is_gift_card:
                continue
            with_tax = line.listed - line.discount
            net = with_tax - line.tax if order.tax_included else with_tax
            gross = line.listed * net / with_tax if order.tax_included and with_tax else line.listed
            sold.append((line, cents(gross * rate), cents(net * rate), line.tax))
        return sold

    def of_ticket(self, ticket: Row) -> Decimal:
        return self.assumption("service", "ticket", day(ticket["created_at"]), ZERO)

    def customers(
        self, owner: Callable[[str, str], str | None]
    ) -> tuple[dict[str, Margin], dict[str, Margin], dict[str, list[Order]]]:
        """Margins by order and by customer, and the orders of each customer.

        A ticket is a cost of the customer who wrote it, and of the order it names if the same customer placed that
        order. A return without an order is a cost of the customer under whose number it was booked.
        """
        by_order: dict[str, Margin] = {}
        by_customer: dict[str, Margin] = defaultdict(Margin)
        placed: dict[str, list[Order]] = defaultdict(list)
        by_number: dict[tuple[str, str], str] = {}
        for order in self.orders.values():
            by_order[order.order_id] = self.of_order(order)
            customer = owner(*order.profile)
            if customer is not None:
                by_customer[customer].add(by_order[order.order_id])
                placed[customer].append(order)
                by_number.setdefault((customer, order.order_id.split(":", 1)[1]), order.order_id)
        for ticket in self.tickets:
            customer = owner("zendesk", ticket["requester_id"])
            if customer is None:
                continue
            cost = Margin(service_cost=self.of_ticket(ticket))
            by_customer[customer].add(cost)
            named = by_number.get((customer, ticket["external_id"]))
            if named is not None:
                by_order[named].add(cost)
        for return_id, amount, on in self.loose_returns:
            customer = owner("returns", return_id)
            if customer is not None:
                handling = self.assumption("return_handling", "return_line", on, amount)
                by_customer[customer].add(Margin(returns_amount=amount, return_handling_cost=handling))
        return by_order, by_customer, placed


def _summed(rows: list[Row], key: str, amount: str) -> dict[str, Decimal]:
    sums: dict[str, Decimal] = defaultdict(Decimal)
    for row in rows:
        sums[row[key]] += number(row[amount])
    return sums
