"""The online shop's tables, in Shopify's format."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from scripts.demo.simulator.arrays import DAY, NULL, Bools, Ints, blank, choose, join, lag, only, pick, text
from scripts.demo.simulator.catalogue import Catalogue, brand_of, order_line_text, sku_text
from scripts.demo.simulator.landing import Landing
from scripts.demo.simulator.model import CURRENCIES
from scripts.demo.simulator.orders import (
    CANCELLED,
    CODE,
    FIXED,
    IS_TEST,
    NORMAL,
    PENDING,
    SALE,
    STAFF_OFFER,
    Orders,
    order_ids,
)
from scripts.demo.simulator.people import CITY, COUNTRY, REGION, People
from scripts.demo.simulator.purchases import ONLINE

GATEWAYS = ("shopify_payments", "paypal", "klarna", "gift_card", "manual")


@dataclass
class ShopOrders:
    """What only the shop knows about its orders. All arrays have one element per order of any channel."""

    account: Ints  # NULL for a guest
    guest: Bools
    total: Ints
    refund_total: Ints
    refund_shipping: Ints
    cart: Ints


def write_shop(landing: Landing, orders: Orders, people: People, catalogue: Catalogue) -> ShopOrders:
    """Write all order tables of the shop; returns what other systems refer to."""
    rng = landing.streams("shop")
    n, who = len(orders.person), np.maximum(orders.person, 0)
    online = np.flatnonzero(orders.channel == ONLINE)
    account = np.where((people.shop2[who] != NULL) & (rng.random(n) < 0.35), people.shop2[who], people.shop[who])
    second = (people.shop2[who] != NULL) & (account == people.shop2[who])
    guest = (orders.channel == ONLINE) & ((account == NULL) | (rng.random(n) < 0.04))
    account = np.where(guest, NULL, account)
    line_total, discounts = orders.by_order(orders.amount), orders.by_order(orders.discount)
    tax = orders.by_order(orders.tax) + orders.shipping_tax
    total = line_total - discounts + orders.shipping + np.where(orders.taxed_in, 0, tax)
    back, back_tax = orders.refunded()
    back_total = orders.by_order(np.where(orders.taxed_in[orders.order], back, back + back_tax))
    everything = orders.by_order(orders.returned) == orders.by_order(orders.quantity)
    refund_shipping = np.where((orders.state == CANCELLED) | everything & (rng.random(n) < 0.7), orders.shipping, 0)
    has_refund = orders.refund_at != NULL
    refund_total = np.where(has_refund, back_total + refund_shipping + orders.goodwill, 0)
    refund_total = np.minimum(refund_total, total)
    shop = ShopOrders(account, guest, total, refund_total, refund_shipping, 40_000_000 + orders.number)
    _write_orders(landing, orders, people, shop, online, second, (line_total, discounts, tax), rng)
    _write_lines(landing, orders, catalogue)
    _write_deliveries(landing, orders, online, rng)
    _write_refunds(landing, orders, shop, online, (back, back_tax), rng)
    _write_payments(landing, orders, shop, online, rng)
    guests = online[guest[online] & (orders.person[online] >= 0)]
    landing.record_owners("shopify_guest", order_ids(orders)[guests], orders.person[guests])
    return shop


def _write_orders(
    landing: Landing, orders: Orders, people: People, shop: ShopOrders, online: Ints, second: Bools,
    sums: tuple[Ints, Ints, Ints], rng: np.random.Generator,
) -> None:  # fmt: skip
    """Write order headers. Versions: placed; shipped (recent orders only); cancelled or refunded."""
    line_total, discounts, tax = sums
    n, who = len(orders.person), np.maximum(orders.person, 0)
    recent = orders.at > landing.end_second - 30 * DAY
    ships = online[recent[online] & (orders.state[online] == NORMAL)]
    ends = online[orders.refund_at[online] != NULL]
    row = np.r_[online, ships, ends]
    version = np.repeat([0, 1, 2], [len(online), len(ships), len(ends)])
    shipped_known = np.maximum(orders.shipped + 900, orders.known + 60)
    known = np.choose(version, [orders.known[row], shipped_known[row], orders.refund_known[row]])
    paid = np.where(orders.state == PENDING, np.where(rng.random(n) < 0.5, 2, 3), 0)
    after = np.where(shop.refund_total >= shop.total, 4, 1)
    money_words = ("paid", "partially_refunded", "pending", "authorized", "refunded")
    email = people.email_typed(who, rng, 0.02)
    email = choose(second & (rng.random(n) < 0.9), people.email2.take(pa.array(who)), email)
    # Edge case: a form that sends "null" for a missing address.
    email = choose(shop.guest & (rng.random(n) < 0.015), "null@null", email)
    has_phone = rng.random(n) < 0.45
    phone = people.phone_typed(who, rng, orders.at)
    source = rng.choice(3, n, p=[0.74, 0.24, 0.02])
    referrer = rng.choice(5, n, p=[0.35, 0.25, 0.15, 0.10, 0.15])
    cancel_reason = rng.choice(4, n, p=[0.6, 0.1, 0.2, 0.1])

    def build(r: Ints) -> dict[str, object]:
        o, v = row[r], version[r]
        cancelled = (v == 2) & (orders.state[o] == CANCELLED)
        fulfilled = (orders.state[o] == NORMAL) & ((v > 0) | ~recent[o])
        p = who[o]
        changed = np.choose(v, [orders.at[o], orders.shipped[o], orders.refund_at[o]])
        return {
            "id": order_ids(orders)[o], "customer_id": shop.account[o], "email": email.take(pa.array(o)),
            "phone": only(has_phone[o], phone.take(pa.array(o))), "name": join("#", text(1001 + orders.number[o])),
            "currency": pick(CURRENCIES, orders.currency[o]), "taxes_included": orders.taxed_in[o],
            "total_line_items_price": line_total[o], "total_discounts": discounts[o],
            "subtotal_price": line_total[o] - discounts[o], "total_tax": tax[o], "total_price": shop.total[o],
            "financial_status": pick(money_words, np.where(v == 2, after[o], paid[o])),
            "fulfillment_status": pick(["fulfilled", None], np.where(fulfilled, 0, 1)),
            "source_name": pick(["web", "app", "pos"], source[o]), "created_at": orders.at[o],
            "processed_at": orders.at[o], "updated_at": changed,
            "cancelled_at": blank(cancelled, orders.refund_at[o]),
            "cancel_reason": only(cancelled, pick(["customer", "fraud", "inventory", "other"], cancel_reason[o])),
            "closed_at": blank((v == 2) & ~cancelled, orders.refund_at[o]), "test": orders.state[o] == IS_TEST,
            "buyer_accepts_marketing": people.consent_at[p] != NULL,
            "referring_site": pick(["https://search.example.com", None, "https://social.example.org",
                                    "https://blog.example.net", "https://mail.example.com"], referrer[o]),
            "landing_site_base_url": pick(["/", "/sale", "/new-in", "/gifts", "/account"], referrer[o]),
            "shipping_address_city": pick(CITY, people.place[p]), "shipping_address_zip": people.zip(p),
            "shipping_address_country_code": pick(COUNTRY, people.place[p]),
            "shipping_address_province_code": pick(REGION, people.place[p]),
        }  # fmt: skip

    harmless = np.isin(orders.state[row], (CANCELLED, IS_TEST))
    landing.write("shopify", "order", known, build, harmless)


def _write_lines(landing: Landing, orders: Orders, catalogue: Catalogue) -> None:
    """Write lines, their discounts and taxes, and the offers themselves."""
    line = np.flatnonzero((orders.channel == ONLINE)[orders.order])
    owner, brands, ids = orders.order, [*brand_of(catalogue), None], order_ids(orders)
    line_id = 11_000_000_000 + np.arange(len(owner))
    harmless = np.isin(orders.state[owner], (CANCELLED, IS_TEST))
    plain_net = orders.net - np.where(orders.taxed_in[owner], orders.tax, 0)

    def lines(r: Ints) -> dict[str, object]:
        k = line[r]
        sku, gift = orders.sku[k], orders.sku[k] < 0
        title = order_line_text(catalogue, np.where(gift, len(catalogue), sku))
        return {
            "id": line_id[k], "order_id": ids[owner[k]], "index": orders.position[k],
            "product_id": np.where(gift, 7_900_000, 7_000_000 + sku),
            "variant_id": np.where(gift, 8_900_000, 8_000_000 + sku), "sku": sku_text(catalogue, sku), "title": title,
            "name": title, "vendor": pick(brands, np.where(gift, len(catalogue), sku)), "price": orders.price[k],
            "quantity": orders.quantity[k], "total_discount": orders.markdown[k], "pre_tax_price": plain_net[k],
            "gift_card": gift, "requires_shipping": ~gift, "taxable": orders.tax_rate[k] > 0,
            "fulfillment_status": pick(["fulfilled", None], np.where(orders.state[owner[k]] == NORMAL, 0, 1)),
        }  # fmt: skip

    landing.write("shopify", "order_line", orders.known[owner[line]], lines, harmless[line])
    taxed = line[orders.tax[line] > 0]
    landing.write("shopify", "tax_line", orders.known[owner[taxed]], lambda r: {
        "order_line_id": line_id[taxed[r]], "index": np.zeros(len(r), dtype=np.int64),
        "title": pick(["VAT", "VAT", "Sales tax"], orders.currency[owner[taxed[r]]]),
        "rate": np.rint(orders.tax_rate[taxed[r]] * 100).astype(np.int64), "price": orders.tax[taxed[r]],
    })  # fmt: skip
    # Offer 0 of an order is its code or sale; a mark-down of lines comes after it.
    has_code = orders.offer > 0
    by_code, by_mark = line[orders.code_discount[line] > 0], line[orders.markdown[line] > 0]
    which, mark = np.r_[by_code, by_mark], np.repeat([False, True], [len(by_code), len(by_mark)])
    index = np.where(mark & (orders.code_discount[which] > 0), 1, 0)
    application = np.where(mark & has_code[owner[which]], 1, 0)
    amount = np.where(mark, orders.markdown[which], orders.code_discount[which])
    landing.write("shopify", "discount_allocation", orders.known[owner[which]], lambda r: {
        "order_line_id": line_id[which[r]], "index": index[r], "discount_application_index": application[r],
        "amount": amount[r],
    })  # fmt: skip
    _write_offers(landing, orders, np.unique(owner[by_mark]))


def _write_offers(landing: Landing, orders: Orders, marked: Ints) -> None:
    """Write discount applications: codes, sales, staff, mark-downs, free shipping."""
    online = orders.channel == ONLINE
    coded = np.flatnonzero(online & (orders.offer > 0))
    free = np.flatnonzero(online & (orders.shipping_price > orders.shipping))
    o = np.r_[coded, marked, free]
    sort = np.repeat([0, 1, 2], [len(coded), len(marked), len(free)])
    has_mark = np.isin(o, marked).astype(np.int64)
    before = (orders.offer[o] > 0).astype(np.int64)
    index = np.choose(sort, [np.zeros(len(o), dtype=np.int64), before, before + has_mark])
    offer, percent = orders.offer[o], np.rint(orders.depth[o] * 100).astype(np.int64)
    code_kind = np.where(offer == FIXED, 1, np.where(orders.campaign[o] >= 0, 2, 0))
    code = choose(code_kind == 0, join("SAVE", text(percent)), pick(["", "TENOFF", "JUSTFORYOU"], code_kind))
    code = only((sort == 0) & np.isin(offer, (CODE, FIXED)), code)
    code = choose(sort == 2, "FREESHIP", code)
    title = choose(offer == SALE, "Seasonal sale", choose(offer == STAFF_OFFER, "Staff", code))
    title = choose(sort == 1, "Mark-down", title)
    title = choose(sort == 2, "Free delivery", title)
    kind = np.where(sort == 1, 1, np.where(sort == 2, 0, np.array([0, 0, 1, 0, 2])[offer]))
    value = np.where(offer == FIXED, 1000, percent * 100)
    value = np.where(sort == 1, 2000, np.where(sort == 2, 10_000, value))
    landing.write("shopify", "discount_application", orders.known[o], lambda r: {
        "order_id": order_ids(orders)[o[r]], "index": index[r], "code": code.take(pa.array(r)),
        "title": title.take(pa.array(r)), "type": pick(["discount_code", "automatic", "manual"], kind[r]),
        "allocation_method": pick(["across", "each"], (sort[r] > 0).astype(int)),
        "target_type": pick(["line_item", "shipping_line"], (sort[r] == 2).astype(int)), "value": value[r],
        "value_type": pick(["percentage", "fixed_amount"], ((sort[r] == 0) & (offer[r] == FIXED)).astype(int)),
    })  # fmt: skip


def _write_deliveries(landing: Landing, orders: Orders, online: Ints, rng: np.random.Generator) -> None:
    """Write shipping charged, and parcels: handed over, then delivered."""
    ids = order_ids(orders)
    charged = online[orders.shipping_price[online] > 0]
    landing.write("shopify", "order_shipping_line", orders.known[charged], lambda r: {
        "id": 13_000_000_000 + charged[r], "order_id": ids[charged[r]],
        "title": pick(["Standard delivery"], np.zeros(len(r), int)), "code": pick(["STD"], np.zeros(len(r), int)),
        "price": orders.shipping_price[charged[r]], "discounted_price": orders.shipping[charged[r]],
    })  # fmt: skip
    sent = online[orders.state[online] == NORMAL]
    arrives = sent[rng.random(len(sent)) < 0.985]
    moving = sent[orders.shipped[sent] > landing.end_second - 60 * DAY]
    parcel = np.r_[arrives, moving]
    done = np.repeat([True, False], [len(arrives), len(moving)])
    handed = np.maximum(orders.shipped[parcel] + 1200, orders.known[parcel] + 90)
    known = np.where(done, orders.delivered[parcel] + lag(rng, len(parcel), 60), handed)
    carrier = rng.integers(0, 3, len(orders.person))
    landing.write("shopify", "fulfillment", known, lambda r: {
        "id": 14_000_000_000 + parcel[r], "order_id": ids[parcel[r]],
        "status": pick(["success"], np.zeros(len(r), int)),
        "shipment_status": pick(["in_transit", "delivered"], done[r].astype(int)),
        "created_at": orders.shipped[parcel[r]],
        "updated_at": np.where(done[r], orders.delivered[parcel[r]], orders.shipped[parcel[r]]),
        "tracking_company": pick(["Northern Parcel", "Swift Post", "Blue Van"], carrier[parcel[r]]),
    })  # fmt: skip


def _write_refunds(
    landing: Landing, orders: Orders, shop: ShopOrders, online: Ints, back: tuple[Ints, Ints], rng: np.random.Generator
) -> None:
    """Write refunds, their lines, refunded shipping and goodwill; the refund itself has no amount."""
    n, ids, owner = len(orders.person), order_ids(orders), orders.order
    made = online[orders.refund_at[online] != NULL]
    waiting = (orders.refund_at > landing.end_second - 8 * DAY) & (rng.random(n) < 0.5)
    processed = np.where(waiting, NULL, orders.refund_at)
    restock = rng.random(n) < 0.88
    note = rng.integers(0, 4, n)
    refund_id = 15_000_000_000 + orders.number
    landing.write("shopify", "refund", orders.refund_known[made], lambda r: {
        "id": refund_id[made[r]], "order_id": ids[made[r]], "created_at": orders.refund_at[made[r]],
        "processed_at": processed[made[r]],
        "note": pick([None, "customer return", "see ticket", "goodwill"], note[made[r]]), "restock": restock[made[r]],
    })  # fmt: skip
    line = np.flatnonzero((orders.channel == ONLINE)[owner] & (orders.returned > 0))
    how = np.where(orders.state == CANCELLED, 1, np.where(restock, 0, 2))
    landing.write("shopify", "order_line_refund", orders.refund_known[owner[line]], lambda r: {
        "id": 16_000_000_000 + line[r], "refund_id": refund_id[owner[line[r]]],
        "order_line_id": 11_000_000_000 + line[r], "quantity": orders.returned[line[r]], "subtotal": back[0][line[r]],
        "total_tax": back[1][line[r]], "restock_type": pick(["return", "cancel", "no_restock"], how[owner[line[r]]]),
    })  # fmt: skip
    ship, good = made[shop.refund_shipping[made] > 0], made[orders.goodwill[made] > 0]
    o, kind = np.r_[ship, good], np.repeat([0, 1], [len(ship), len(good)])
    # The shop states an adjustment excluding tax, even where prices include tax.
    inside = np.where(orders.taxed_in[o], orders.shipping_tax[o], 0)
    amount = np.where(kind == 0, shop.refund_shipping[o] - inside, orders.goodwill[o])
    tax = np.where(kind == 0, orders.shipping_tax[o], 0)
    landing.write("shopify", "order_adjustment", orders.refund_known[o], lambda r: {
        "id": 17_000_000_000 + o[r] * 2 + kind[r], "order_id": ids[o[r]], "refund_id": refund_id[o[r]],
        "amount": -amount[r], "tax_amount": -tax[r], "kind": pick(["shipping_refund", "refund_discrepancy"], kind[r]),
        "reason": pick(["Shipping refund", "Refund discrepancy"], kind[r]),
    })  # fmt: skip
    shop.refund_total = np.where(waiting, -shop.refund_total, shop.refund_total)


def _write_payments(landing: Landing, orders: Orders, shop: ShopOrders, online: Ints, rng: np.random.Generator) -> None:
    """Write transactions: sales, authorisations with captures, failed attempts, gift-card parts, refunds."""
    n = len(orders.person)
    way, gateway = rng.random(n), rng.choice(3, n, p=[0.66, 0.24, 0.10])
    split = np.where((rng.random(n) < 0.02) & (orders.state == NORMAL), np.minimum(shop.total // 2, 2500), 0)
    rest = shop.total - split
    is_paid = orders.state[online] != PENDING
    two_step = online[is_paid & (way[online] < 0.10)]
    sale, failed = online[~(is_paid & (way[online] < 0.10))], online[way[online] > 0.985]
    gift, refund = online[split[online] > 0], online[shop.refund_total[online] != 0]
    groups = [(two_step, 0, rest, 0), (two_step, 1, rest, 120), (sale, 2, rest, 0), (failed, 2, rest, -90),
              (gift, 2, split, 0), (refund, 3, np.abs(shop.refund_total), 0)]  # fmt: skip
    o = np.concatenate([g[0] for g in groups])
    sort = np.repeat(np.arange(6), [len(g[0]) for g in groups])
    kind, amount = np.array([g[1] for g in groups])[sort], np.concatenate([g[2][g[0]] for g in groups])
    at = np.where(sort == 5, orders.refund_at[o], orders.at[o] + np.array([g[3] for g in groups])[sort])
    waits = (orders.state[o] == PENDING) | (sort == 5) & (shop.refund_total[o] < 0)
    status = np.where(sort == 3, 1, np.where(waits, 2, 0))
    known = np.where(sort == 5, orders.refund_known[o], orders.known[o])
    number = 18_000_000_000 + o * 8
    gate = np.where(sort == 4, 3, np.where(orders.state[o] == IS_TEST, 4, gateway[o]))
    landing.write("shopify", "transaction", known, lambda r: {
        "id": number[r] + sort[r], "order_id": order_ids(orders)[o[r]],
        "refund_id": blank(sort[r] == 5, 15_000_000_000 + o[r]),
        "parent_id": np.where(sort[r] == 1, number[r], NULL), "amount": amount[r],
        "currency": pick(CURRENCIES, orders.currency[o[r]]),
        "kind": pick(["authorization", "capture", "sale", "refund"], kind[r]),
        "status": pick(["success", "failure", "pending"], status[r]), "gateway": pick(GATEWAYS, gate[r]),
        "created_at": at[r], "processed_at": blank(status[r] != 2, at[r]), "test": orders.state[o[r]] == IS_TEST,
    }, np.isin(orders.state[o], (CANCELLED, IS_TEST)))  # fmt: skip
