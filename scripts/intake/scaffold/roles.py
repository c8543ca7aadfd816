"""What the columns of an unknown file are for, from their names and what they hold."""

from __future__ import annotations

import re
from collections.abc import Callable

from scripts.intake.scaffold.profile import ColumnProfile

Test = Callable[[ColumnProfile], bool]
NUMBER = "_?(id|no|nr|num|number|nummer|key|code|ref|unique_id)"


def _any(_: ColumnProfile) -> bool:
    return True


def _time(column: ColumnProfile) -> bool:
    return bool(column.times)


def _number(column: ColumnProfile) -> bool:
    return bool(column.numbers)


def _few(column: ColumnProfile) -> bool:
    return bool(column.few)


# Role, the names it goes by and what its values must be, the likeliest first. Names are compared in lower case, with
# words joined by underscores. A column has one role: that of the first row here that takes it.
ROLES: tuple[tuple[str, str, Test], ...] = (
    ("email", r"(customer_|buyer_|contact_|billing_)?(e_?mail)(_?address)?", lambda column: column.is_email),
    ("currency", r"(order_|invoice_)?(currency|waehrung)(_?code)?", _any),
    ("sold_at", r"(order|purchase|invoice|transaction|sale|sold|receipt)_?(date|time|datetime|timestamp|at|on)"
     r"(_?(time|utc))?|order_purchase_timestamp", _time),
    ("sold_at", r"purchased_at|ordered_at|placed_at|created(_?(at|on|date|time))?|bestelldatum|rechnungsdatum", _time),
    ("sold_at", r"date|datetime|timestamp|time|day|datum|fecha|data|at", _time),
    ("order_id", rf"(order|invoice|receipt|basket|transaction|trans|bill|sale|purchase|check)({NUMBER}|_?name)?", _any),
    ("order_id", rf"(amazon|ebay|shop|web|sales|customer)_order{NUMBER}|increment_id", _any),
    ("order_id", rf"(bestell|rechnungs?|auftrags?|beleg)_?(nummer|nr|id)|pedido{NUMBER}?|commande{NUMBER}?", _any),
    # The orders that Shopify's back office exports are called #1001.
    ("order_id", r"name", lambda column: column.is_order_name),
    ("line_number", r"(order_|invoice_)?(line|item)_?(no|nr|num|number|index|pos|position)|order_item_id|line",
     lambda column: column.is_whole),
    ("loyalty_number", r"(loyalty|member(ship)?)_?(card|id|no|number|card_number)+|card_?(no|number)", _any),
    ("customer", rf"(customer|client|cust|buyer|user|household|shopper|account|kunden?){NUMBER}?", _any),
    ("phone", r"(customer_|billing_)?(phone|mobile|telephone|tel|cell)(_?(no|number))?", _any),
    ("quantity", r"(order_|line_?)?(item_?)?(qty|quantity)(_(ordered|purchased|sold))?", _number),
    ("quantity", r"units|menge|anzahl|pieces|pcs", _number),
    ("unit_price", r"(unit|item|line_?item|single|selling)_?price|price(_?(each|per_unit))?|(einzel)?preis", _number),
    ("line_amount", r"(line|item|sales|ext|extended)_?(total|value|amount|price|revenue|sales)|sales|net_sales",
     _number),
    ("total", r"(order|invoice|grand|basket|receipt|transaction|payment|total|net|gross)_?"
     r"(total|value|amount|price|sum|revenue|sales|paid)|total|amount|revenue|value", _number),
    ("total", r"order_total(_amount)?(_(inc|incl|including|ex|excl|excluding)_(tax|vat))?", _number),
    ("total", r"betrag|summe|montant|valor|importe", _number),
    ("discount", r".*(disc|discount|rabatt|markdown).*", _number),
    ("tax", r"(.*_)?(tax(es)?|vat|gst|mwst|taxe)(_(amount|value|total))?", _number),
    ("sku", rf"(line_?item_)?((product|article|artikel|item|stock|variant){NUMBER}|sku|upc|ean|asin|barcode)", _any),
    ("status", r"(order_|payment_|invoice_|financial_)?(status|state)", _few),
    ("channel", r"(sales_|order_)?channel|order_source|platform", _few),
    ("store", rf"(store|shop|branch|location|outlet|filiale)({NUMBER}|_?name)?", _any),
    ("country", r"(customer_|shipping_|billing_)?country(_?code)?|land", _any),
    ("title", r"(product_|item_|line_?item_)?(description|name|title)|artikel(name|bezeichnung)", _any),
    ("category", r"(product_)?category(_name|_1)?|department|kategorie|product_line", _any),
    ("subcategory", r"(product_)?(sub_?category|type)(_name)?|category_2", _any),
    ("brand", r"brand(_name)?|manufacturer|marke", _any),
    ("cost", r"(unit_|product_|item_)?(cost|cogs)(_price)?", _number),
    ("first_name", r"(customer_)?(first|given)_?name|vorname|forename", _any),
    ("last_name", r"(customer_)?(last|family|sur)_?name|nachname", _any),
    ("birth_date", r"(date_of_birth|birth_?(date|day)|dob|geburtsdatum)", _time),
    ("gender", r"gender|sex|geschlecht", _few),
    ("street", r"(street|address)(_?(line)?_?1)?(_address)?|strasse", _any),
    ("postcode", r"(customer_|postal_|zip_)?(zip|postcode|postal_?code|plz)(_?code)?(_prefix)?", _any),
    ("city", r"(customer_)?(city|town|ort|stadt)", _any),
    ("region", r"(customer_)?(region|state|province|county)", _any),
    ("language", r"(language|locale|sprache)(_?code)?", _any),
)  # fmt: skip


def words_of(name: str) -> str:
    """A column's name in lower case, its words joined by underscores: `InvoiceNo` and `Invoice no.` alike."""
    split = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name.strip())
    return re.sub(r"[^0-9a-zà-öø-ÿ]+", "_", split.lower()).strip("_")


def roles_of(columns: tuple[ColumnProfile, ...]) -> dict[str, list[ColumnProfile]]:
    """The columns of each role, the likeliest first; columns that are always empty have none."""
    found: dict[str, list[ColumnProfile]] = {}
    taken: set[str] = set()
    for role, names, test in ROLES:
        for column in columns:
            if column.name in taken or not column.filled or not re.fullmatch(names, words_of(column.name)):
                continue
            if test(column):
                found.setdefault(role, []).append(column)
                taken.add(column.name)
    return found
