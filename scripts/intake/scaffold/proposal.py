"""The mapping that is proposed for one file, as the text of a mapping file."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field, replace

from scripts.intake.formulas import WORDS
from scripts.intake.landing import column_names
from scripts.intake.mapping import OPEN
from scripts.intake.scaffold.profile import ColumnProfile, FileProfile
from scripts.intake.scaffold.roles import roles_of, words_of
from scripts.platform.contracts import Source, Table

# Before any retailer's first sale: the day from which a catalogue without dates of its own applies.
BEGINNING = "2000-01-01"
# More than this of one article in one basket is a weight or a volume.
MOST_UNITS = 100
# Stands for the names of the files until they are all known.
FILES = "\0"
# Missing of order lines, unless a file of products is given too.
NEEDS_PRODUCTS = "categories and cost come with products/product: without it they and margin are not known"
STATUSES = (
    (
        "completed",
        r"paid|complete[d]?|delivered|shipped|fulfilled|closed|processing|invoiced|approved|success(ful)?|done|ok",
    ),
    ("voided", r"cancel.*|void.*|failed|unavailable|declined|refunded|rejected|expired|unpaid"),
    ("training", r"test|training|draft"),
)
CHANNELS = (
    ("store", r"(in_?)?store|pos|retail|shop|till|offline"),
    ("online", r"web.*|online|internet|app|mobile|e_?com.*|site"),
    ("phone", r"phone|call.*|tele.*"),
    ("mail_order", r"mail.*|catalog.*|post"),
)


@dataclass
class Proposal:
    """A mapping for the files of one shape: what they are, its text, questions left open, and what is missing."""

    what: str
    template: str
    questions: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    newest: str | None = None

    def text(self, file_names: list[str]) -> str:
        """The mapping file for files of these names."""
        return self.template.replace(FILES, ", ".join(map(_quoted, file_names)))

    def beside_products(self) -> Proposal:
        """The same where a file of products is mapped as well."""
        missing = [text for text in self.missing if text != NEEDS_PRODUCTS]
        return replace(self, template=self.template.replace(f"#   - {NEEDS_PRODUCTS}\n", ""), missing=missing)


@dataclass(frozen=True)
class Given:
    """What whoever runs the command says of the files: their zone and currency, None where not known."""

    zone: str | None
    currency: str | None


def contract_of(file: FileProfile, sources: dict[str, Source]) -> Table | None:
    """The table whose columns the file has already, all required ones by name; it needs no mapping."""
    delivered = [column.name for column in file.columns]
    fitting = []
    for table in (table for source in sources.values() for table in source.tables.values()):
        names = set(column_names(delivered, {column.name for column in table.columns}))
        if all(column.name in names for column in table.columns if column.required):
            fitting.append((sum(column.name in names for column in table.columns), table))
    best = max(fitting, key=lambda found: found[0], default=None)
    # Two or three required columns, such as an id and a time, are no evidence.
    return best[1] if best and best[0] >= 4 and 2 * best[0] >= len(delivered) else None


def propose(file: FileProfile, given: Given) -> Proposal | None:
    """A mapping for the file; None where it looks like none of orders, order lines, products and customers."""
    roles = roles_of(file.columns)
    writer = _Writer(file, roles, given)
    has_amount = any(role in roles for role in ("total", "line_amount", "unit_price"))
    if "order_id" in roles and "sold_at" in roles and has_amount:
        return writer.orders()
    sku = roles.get("sku", [None])[0]
    if sku and sku.is_unique and any(role in roles for role in ("category", "brand", "title", "cost", "unit_price")):
        return writer.products()
    customer = next((c for role in ("customer", "email") for c in roles.get(role, []) if c.is_unique), None)
    personal = ("email", "phone", "first_name", "last_name", "postcode", "city", "region", "country", "birth_date",
                "gender")  # fmt: skip
    if customer and any(roles.get(role, [customer])[0] is not customer for role in personal):
        return writer.customers(customer)
    return None


class _Writer:
    """Writes the mapping of one file, and notes what it asks and what is missing."""

    def __init__(self, file: FileProfile, roles: dict[str, list[ColumnProfile]], given: Given) -> None:
        self.file, self.roles, self.given = file, roles, given
        self.questions: list[str] = []
        self.missing: list[str] = []
        self.used: dict[str, ColumnProfile] = {}
        self.newest: str | None = None

    def orders(self) -> Proposal:
        """Receipts, and their lines: one line each, or as many as the file has rows of an order."""
        order, sold_at = self._first("order_id"), self._first("sold_at")
        assert order and sold_at
        self.newest = sold_at.newest
        is_lines = not order.is_unique
        refunds = self._refunds()
        only = f"{_formula_name(refunds)} > 0" if refunds else ""
        receipt = [
            ("receipt_id", self._use(order)),
            *self._optional("customer_number", "customer"),
            *self._optional("email", "email"),
            *self._optional("phone", "phone"),
            *self._optional("loyalty_number", "loyalty_number"),
            *self._optional("store_id", "store"),
            ("sold_at", f"{{earliest: {self._use(sold_at)}}}" if is_lines else self._use(sold_at)),
            ("sales_channel", self._channel()),
            ("status", self._status()),
            ("currency", self._currency()),
        ]
        receipt += self._country()
        line = [("receipt_id", self._use(order))]
        number = self._first("line_number") if is_lines else None
        line.append(("line_number", self._use(number) if number else
                     f"{{number_within: {_name(order)}}}" if is_lines else "{value: 1}"))  # fmt: skip
        if is_lines:
            line += [*self._optional("sku", "sku"), *self._optional("description", "title")]
            total, priced = self._priced_lines()
            receipt.append(("total_amount", total))
            line += priced
        else:
            amount = next(self._first(role) for role in ("total", "line_amount", "unit_price") if role in self.roles)
            assert amount
            receipt.append(("total_amount", self._use(amount)))
            if "tax" in self.roles:
                receipt += [*self._optional("tax_amount", "tax"), ("prices_include_tax", "{value: true}")]
                self.missing.append("whether amounts include tax is not said: taken as included (prices_include_tax)")
            line += [
                ("quantity", "{value: 1}"),
                ("unit_price", self._use(amount)),
                *self._optional("tax_amount", "tax"),
            ]
        tables = [
            ("pos/receipt", receipt, _name(order) if is_lines else None, only),
            ("pos/receipt_line", line, None, only),
        ]
        if refunds:
            tables.append(("returns/return_line", self._returns(order, sold_at, refunds, is_lines), None,
                           f"{_formula_name(refunds)} < 0"))  # fmt: skip
        self._what_orders_lack(is_lines)
        self._conflicts(order, is_lines)
        what = "order lines, several rows per order" if is_lines else "orders, one row each"
        return self._proposal(what, tables, _name(sold_at))

    def products(self) -> Proposal:
        """The catalogue, each product valid from the beginning."""
        sku = self._first("sku")
        assert sku
        columns = [("sku", self._use(sku)), ("valid_from", f"{{value: {BEGINNING}}}")]
        columns += self._optional("product_name", "title")
        categories = self.roles.get("category", [])
        best = min(categories, key=lambda column: -column.filled, default=None)
        if best is None:
            columns.append(("category", "{value: uncategorised}"))
            self.missing.append("no category: next best category, related categories and category growth stay empty")
        else:
            # The finest of the categories, and where it is empty the one that is filled best.
            fine = max((c for c in categories if c.distinct <= 1000), key=lambda c: c.distinct, default=best)
            self._use(fine), self._use(best)
            columns.append(
                ("category", _name(fine) if fine.filled == fine.rows else
                 f"{{first_of: [{_name(fine)}, {_name(best)}]}}" if best.filled == best.rows and best is not fine else
                 f'{{column: {_name(fine)}, values: {{"": uncategorised}}}}')
            )  # fmt: skip
        columns += [*self._optional("subcategory", "subcategory"), *self._optional("brand", "brand")]
        columns += [*self._optional("list_price", "unit_price"), *self._optional("unit_cost", "cost")]
        if "cost" not in self.roles:
            self.missing.append("no unit_cost: margin is not known, and nothing that rests on it is said")
        if {"cost", "unit_price"} & set(self.roles):
            columns.append(("currency", self._currency()))
        return self._proposal(
            "products, one row each", [("products/product", columns, None, "")], f"{{value: {BEGINNING}}}"
        )

    def customers(self, key: ColumnProfile) -> Proposal:
        """Profiles, under the number by which orders name them."""
        columns = [("profile_id", self._use(key))]
        if key in self.roles.get("customer", []):
            columns.append(("customer_number", self._use(key)))
        for name, role in (
            ("loyalty_number", "loyalty_number"), ("email", "email"), ("phone", "phone"), ("first_name", "first_name"),
            ("last_name", "last_name"), ("birth_date", "birth_date"), ("gender", "gender"), ("street", "street"),
            ("postcode", "postcode"), ("city", "city"), ("region", "region"), ("language", "language"),
        ):  # fmt: skip
            columns += self._optional(name, role)
        columns += self._country()
        created = self._first("sold_at")
        if created:
            columns.append(("created_at", self._use(created)))
        if not self.roles.get("email") and not self.roles.get("phone"):
            self.missing.append(
                "no e-mail and no phone: nobody can be addressed, and records of other sources do not join"
            )
        self.missing.append("consent is not read from this file: deliver consent/consent_event before any export")
        known_from = _name(created) if created and created.filled == created.rows else f"{{value: {BEGINNING}}}"
        return self._proposal("customers, one row each", [("crm/profile", columns, None, "")], known_from)

    def _refunds(self) -> ColumnProfile | None:
        """The quantity or amount that is negative in some rows: those are returns."""
        for role in ("quantity", "line_amount", "total", "unit_price"):
            column = self._first(role)
            if column and column.lowest is not None and column.lowest < 0:
                return column
        return None

    def _returns(
        self, order: ColumnProfile, at: ColumnProfile, negative: ColumnProfile, is_lines: bool
    ) -> list[tuple[str, str]]:
        columns = [
            ("return_id", self._use(order)),
            ("line_number", f"{{number_within: {_name(order)}}}" if is_lines else "{value: 1}"),
            ("channel", self._channel()),
            *self._optional("customer_number", "customer"),
            *(self._optional("sku", "sku") if is_lines else []),
        ]
        price, amount = self._first("unit_price"), self._first("line_amount") or self._first("total")
        is_quantity = negative in self.roles.get("quantity", [])
        columns.append(("quantity", f'{{formula: "-{_formula_name(negative)}"}}' if is_quantity else "{value: 1}"))
        if is_quantity and price:
            worth = f"-{_formula_name(negative)} * {_formula_name(price)}"
        else:
            worth = f"-{_formula_name(amount or negative)}"
        return [*columns, ("refund_amount", f'{{formula: "{worth}"}}'), ("currency", self._currency()),
                ("returned_at", self._use(at))]  # fmt: skip

    def _priced_lines(self) -> tuple[str, list[tuple[str, str]]]:
        """The total of a receipt, and quantity and price of its lines."""
        quantity, price, amount = (self._first(role) for role in ("quantity", "unit_price", "line_amount"))
        total, order = self._first("total"), self._first("order_id")
        assert order
        if total and not price and not amount:
            amount = total
        for column in (quantity, price, amount):
            if column:
                self._use(column)
        if price:
            units = _formula_name(quantity) if quantity else "1"
            worth = f"{units} * {_formula_name(price)}" if quantity else _formula_name(price)
            if amount:
                self.used.pop(amount.name, None)
            lines = [("quantity", _name(quantity) if quantity else "{value: 1}"), ("unit_price", _name(price))]
        else:
            assert amount
            worth = _formula_name(amount)
            if quantity:
                units = _formula_name(quantity)
                # Where the price of one unit would be rounded too far, the line counts as one unit.
                choice = f'when: "{units} > 0 and {units} < {MOST_UNITS}"'
                lines = [
                    ("quantity", f'{{formula: "{units}", {choice}, otherwise: "1"}}'),
                    ("unit_price", f'{{formula: "{worth} / {units}", {choice}, otherwise: "{worth}"}}'),
                ]
            else:
                lines = [("quantity", "{value: 1}"), ("unit_price", _name(amount))]
        if total and total is not amount and not self.file.conflicts(order.name, total.name):
            return self._use(total), lines
        return f'{{sum: "{worth}"}}', lines

    def _status(self) -> str:
        column = self._first("status")
        if not column:
            self.missing.append("no status: every order counts as paid and completed")
            return "{value: completed}"
        return self._translated(column, STATUSES, "completed, voided or training (not a sale)")

    def _channel(self) -> str:
        column = self._first("channel")
        if column:
            return self._translated(column, CHANNELS, "store, online, phone or mail_order")
        return "{value: store}" if self._first("store") else "{value: online}"

    def _translated(self, column: ColumnProfile, patterns: tuple[tuple[str, str], ...], choice: str) -> str:
        values = []
        for value in column.few:
            meant = next((to for to, names in patterns if re.fullmatch(names, words_of(value))), None)
            if meant is None:
                self._ask(f"what does {column.name} '{value}' mean? write {choice}")
            if meant != value:
                values.append(f"{_quoted(value)}: {meant or json.dumps(OPEN)}")
        name = self._use(column)
        return f"{{column: {name}, values: {{{', '.join(values)}}}}}" if values else name

    def _currency(self) -> str:
        column = self._first("currency")
        order = self._first("order_id")
        # Some shops name it on the first line of an order only.
        if column and (column.filled == column.rows or (order and not self.file.lacking(order.name, column.name))):
            return self._use(column)
        if self.given.currency:
            return f"{{value: {self.given.currency}}}"
        self._ask("which currency are the amounts in? write its code, such as EUR, or give --currency")
        return f'{{value: "{OPEN}"}}'

    def _ask(self, question: str) -> None:
        if question not in self.questions:
            self.questions.append(question)

    def _what_orders_lack(self, is_lines: bool) -> None:
        """What the product cannot say for want of a column, in the order of what it costs."""
        roles = self.roles
        if not {"customer", "email", "phone", "loyalty_number"} & set(roles):
            self.missing.append(
                "no customer, e-mail or phone: orders belong to nobody, and there are no segments at all"
            )
        elif not {"email", "phone"} & set(roles):
            self.missing.append(
                "no e-mail and no phone: nobody can be addressed; deliver crm/profile with them to export"
            )
        if not is_lines or "sku" not in roles:
            self.missing.append(
                "no products: categories, add-ons and recommendations stay empty, and margin is not known"
            )
        else:
            self.missing.append(NEEDS_PRODUCTS)
        if "tax" not in roles:
            self.missing.append("no tax: amounts are taken as they are, without tax")
        elif is_lines:
            self.missing.append(
                "tax is not read: say whether prices include it (prices_include_tax) and map tax_amount"
            )
        if "discount" in roles:
            names = ", ".join(column.name for column in roles["discount"])
            self.missing.append(
                f"discounts ({names}) are not read: where prices are before them, map discount_amount and subtract it"
            )
        if not self._refunds():
            self.missing.append("no returns: revenue is before returns until returns/return_line is delivered")
        self.missing.append("no consent: nothing is exported until consent/consent_event is delivered")

    def _conflicts(self, order: ColumnProfile, is_lines: bool) -> None:
        customer = self._first("customer")
        if is_lines and customer and (count := self.file.conflicts(order.name, customer.name)):
            self._ask(
                f"{count} values of {order.name} have several values of {customer.name} and will be refused: is there "
                "another number of the order? If not, join two columns: receipt_id: {join: [a, b], with: '-'}"
            )

    def _optional(self, name: str, role: str) -> list[tuple[str, str]]:
        column = self._first(role)
        return [(name, self._use(column))] if column else []

    def _country(self) -> list[tuple[str, str]]:
        """The country where it is given as codes; names of countries are left unread."""
        column = self._first("country")
        if column and column.few and all(re.fullmatch("[A-Za-z]{2}", value) for value in column.few):
            return [("country_code", self._use(column))]
        return []

    def _first(self, role: str) -> ColumnProfile | None:
        return next(iter(self.roles.get(role, [])), None)

    def _use(self, column: ColumnProfile) -> str:
        self.used[column.name] = column
        return _name(column)

    def _readings(self) -> list[str]:
        lines = []
        for name, column in self.used.items():
            is_time = any(column in self.roles.get(role, []) for role in ("sold_at", "birth_date"))
            if is_time and column.times != ("epoch",):
                parts = []
                if len(column.times) > 1:
                    self._ask(f"how is {name} written: {' or '.join(column.times)}?")
                    parts.append(f'time: "{OPEN}"')
                elif column.times != ("ISO",):
                    parts.append(f'time: "{column.times[0]}"')
                if column in self.roles.get("sold_at", []) and not column.has_zone:
                    if not self.given.zone:
                        self._ask(f"in which time zone is {name}? write one such as Europe/London, or give --zone")
                    parts.append(f"zone: {self.given.zone or json.dumps(OPEN)}")
                if parts:
                    lines.append(f"  {_quoted(name)}: {{{', '.join(parts)}}}")
            elif column.numbers and column.numbers != ("1234.50",) and not is_time and self._is_amount(column):
                if len(column.numbers) > 1:
                    self._ask(f"how are numbers written in {name}: {' or '.join(column.numbers)}?")
                look = column.numbers[0] if len(column.numbers) == 1 else OPEN
                lines.append(f'  {_quoted(name)}: {{number: "{look}"}}')
        return lines

    def _is_amount(self, column: ColumnProfile) -> bool:
        amounts = ("quantity", "unit_price", "line_amount", "total", "discount", "tax", "cost")
        return any(column in self.roles.get(role, []) for role in amounts)

    def _proposal(
        self, what: str, tables: list[tuple[str, list[tuple[str, str]], str | None, str]], known_from: str
    ) -> Proposal:
        readings = self._readings()
        unread = [column.name for column in self.file.columns if column.name not in self.used]
        lines = [f"# {what[0].upper()}{what[1:]}. Review every line, then run intake."]
        lines += [f"# {'Open' if self.questions else 'Nothing open'}{':' if self.questions else '.'}"]
        lines += [f"#   - {question}" for question in self.questions]
        if self.missing:
            lines += ["# Missing, and what that costs:", *(f"#   - {text}" for text in self.missing)]
        if readings:
            lines += ["", "# How the file writes times and numbers.", "columns:", *readings]
        lines += [
            "",
            "# Rows of these files count as known from then on; rows of later files from the day of their delivery.",
            "history:",
            f"  files: [{FILES}]",
            f"  known_from: {known_from}",
            "",
            "tables:",
        ]
        for label, columns, one_row_per, only in tables:
            lines.append(f"  {label}:")
            lines += [f'    only: "{only}"'] if only else []
            lines += [f"    one_row_per: {one_row_per}"] if one_row_per else []
            lines += ["    columns:", *(f"      {name}: {source}" for name, source in columns)]
        if unread:
            lines += ["", "# Columns that nothing reads; any other column is reported as new.",
                      f"unread: [{', '.join(map(_quoted, unread))}]"]  # fmt: skip
        return Proposal(what, "\n".join(lines) + "\n", self.questions, self.missing, self.newest)


def _name(column: ColumnProfile) -> str:
    """A column's name as YAML."""
    return _quoted(column.name.strip())


def _quoted(text: str) -> str:
    """A text as YAML, in quotes where it needs them."""
    is_plain = re.fullmatch(r"[^\W\d]([\w .-]*\w)?", text)
    return text if is_plain else json.dumps(text, ensure_ascii=False)


def _formula_name(column: ColumnProfile) -> str:
    """A column's name in a formula."""
    name = column.name.strip()
    is_plain = re.fullmatch(r"[^\W\d]\w*", name) and name.lower() not in WORDS
    return name if is_plain else f"[{name}]"
