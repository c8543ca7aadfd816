"""Stores and marketplaces: receipts, marketplace orders, and the returns of all channels."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from scripts.demo.simulator.arrays import DAY, NULL, Bools, Ints, choose, join, lag, only, padded, pick, text
from scripts.demo.simulator.catalogue import Catalogue, order_line_text, sku_text
from scripts.demo.simulator.identity_edge_cases import DESK_BARE, DESK_BY_CARD, desk_addresses
from scripts.demo.simulator.landing import Landing
from scripts.demo.simulator.model import CURRENCIES, KNOWN_MARKETPLACE_BUYERS
from scripts.demo.simulator.orders import CANCELLED, NORMAL, REASONS, TRAINING, VOIDED, Orders, order_ids
from scripts.demo.simulator.people import POSTCODE, People
from scripts.demo.simulator.purchases import MARKETPLACE, ONLINE, STORE

NOBODY, BY_CARD, BY_EMAIL, BY_NUMBER, BY_TILL, BY_PHONE = range(6)
COUNTRIES = ("GB", "DE", "US")


def identified_by(orders: Orders, people: People, rng: np.random.Generator) -> Ints:
    """How a receipt identifies its customer: card, e-mail for a digital receipt, customer number, phone, or none."""
    n, who = len(orders.person), np.maximum(orders.person, 0)
    known = (orders.person >= 0) & (orders.channel == STORE)
    luck = rng.random((5, n))
    card = (people.loyalty[who] != NULL) & (people.joined[who] <= orders.at) & (luck[0] < 0.90)
    shows = np.zeros(n, dtype=np.int64)
    shows[known & (luck[4] < 0.15) & (people.phone[who] != NULL)] = BY_PHONE
    shows[known & (people.crm[who] != NULL) & (luck[1] < 0.45)] = BY_NUMBER
    shows[known & people.has_email[who] & (luck[2] < 0.55)] = BY_EMAIL
    shows[known & card] = BY_CARD
    # Edge case: staff type the till's own address when someone wants a digital receipt but gives no address.
    shows[(orders.channel == STORE) & (shows == NOBODY) & (luck[3] < 0.06)] = BY_TILL
    return shows


def sales_channel(orders: Orders) -> Ints:
    """0 store, 1 phone, 2 mail order: the till system also books phone and mail orders."""
    turn = orders.number % 40
    return np.where(turn == 7, 1, np.where(turn == 23, 2, 0))


def receipt_ids(orders: Orders, which: Ints) -> pa.Array:
    """Receipt ids: store, till, number."""
    return join("S", padded(which % 6 + 1, 2), "-", text(which % 4 + 1), "-", padded(orders.number[which], 8))


def marketplace_ids(orders: Orders, which: Ints) -> pa.Array:
    """Marketplace order ids in three groups of digits."""
    number = orders.number[which]
    return join(text(202 + number % 7), "-", padded(number * 7919 % 10**7, 7), "-", padded(number, 7))


def write_tills(landing: Landing, orders: Orders, people: People, catalogue: Catalogue, shows: Ints) -> None:
    """Write receipts, their lines and payments."""
    rng = landing.streams("tills")
    n, who = len(orders.person), np.maximum(orders.person, 0)
    r0 = np.flatnonzero(orders.channel == STORE)
    payable = orders.by_order(orders.net)
    tax = orders.by_order(orders.tax)
    kind = sales_channel(orders)
    email = people.email_typed(who, rng, 0.04)
    till_email = join("till", text(np.arange(n) % 4 + 1), "@stores.example.com")
    # Edge case: an unlisted address of the counter, typed for card holders and for unknown customers.
    luck = landing.streams("counter").random(n)
    at_desk = (orders.channel == STORE) & (luck < np.choose(shows, [DESK_BARE, DESK_BY_CARD, 0, 0, 0, 0]))
    till_email = choose(at_desk, desk_addresses(np.arange(n)), till_email)
    phone = people.phone_typed(who, rng, orders.at)
    also = rng.random((2, n))
    status = np.where(orders.state == VOIDED, 1, np.where(orders.state == TRAINING, 2, 0))

    def receipts(r: Ints) -> dict[str, object]:
        o = r0[r]
        s, p = shows[o], who[o]
        address = only((s == BY_EMAIL) | (s == BY_CARD) & (also[0][o] < 0.2), email.take(pa.array(o)))
        return {
            "receipt_id": receipt_ids(orders, o), "receipt_number": padded(orders.number[o] % 10**6, 6),
            "sales_channel": pick(["store", "phone", "mail_order"], kind[o]),
            "store_id": join("S", padded(o % 6 + 1, 2)), "till_id": join("T", text(o % 4 + 1)),
            "sold_at": orders.at[o], "currency": pick(CURRENCIES, orders.currency[o]),
            "prices_include_tax": orders.taxed_in[o],
            "customer_number": only((s == BY_NUMBER) | (s == BY_CARD) & (also[1][o] < 0.3), people.customer_number(p)),
            "loyalty_number": only(s == BY_CARD, people.loyalty_number(p)),
            "email": choose((s == BY_TILL) | at_desk[o], till_email.take(pa.array(o)), address),
            "phone": only(s == BY_PHONE, phone.take(pa.array(o))),
            "status": pick(["completed", "voided", "training"], status[o]), "total_amount": payable[o],
            "tax_amount": tax[o], "country_code": pick(["GB"], np.zeros(len(o), int)),
        }  # fmt: skip

    harmless = status != 0
    landing.write("pos", "receipt", orders.known[r0], receipts, harmless[r0])
    line = np.flatnonzero((orders.channel == STORE)[orders.order])
    owner = orders.order

    def lines(r: Ints) -> dict[str, object]:
        k = line[r]
        gift = orders.sku[k] < 0
        return {
            "receipt_id": receipt_ids(orders, owner[k]), "line_number": orders.position[k] + 1,
            "sku": sku_text(catalogue, orders.sku[k]),
            "description": order_line_text(catalogue, np.where(gift, len(catalogue), orders.sku[k])),
            "line_type": pick(["product", "gift_card", None], np.where(gift, 1, np.where(k % 5 == 0, 2, 0))),
            "quantity": orders.quantity[k], "unit_price": orders.price[k], "discount_amount": orders.discount[k],
            "tax_amount": orders.tax[k], "is_promotion": orders.discount[k] > 0,
        }  # fmt: skip

    landing.write("pos", "receipt_line", orders.known[owner[line]], lines, harmless[owner[line]])
    paid = r0[status[r0] == 0]
    part = np.where((rng.random(n) < 0.06) & (payable > 1000), payable // 300 * 100, 0)
    method = rng.choice(4, n, p=[0.74, 0.18, 0.03, 0.05])
    two = paid[part[paid] > 0]
    o, position = np.r_[paid, two], np.repeat([1, 2], [len(paid), len(two)])
    amount = np.where(position == 1, payable[o] - part[o], part[o])
    landing.write("pos", "receipt_payment", orders.known[o], lambda r: {
        "receipt_id": receipt_ids(orders, o[r]), "payment_number": position[r],
        "method": pick(["card", "cash", "voucher", "gift_card"], np.where(position[r] == 2, 3, method[o[r]])),
        "amount": amount[r],
    })  # fmt: skip
    shown = r0[(shows[r0] != NOBODY) & (shows[r0] != BY_TILL)]
    landing.record_owners("pos", receipt_ids(orders, shown), orders.person[shown])
    for note, mask in (("till's own address, anyone", shows == BY_TILL),
                       ("counter's own address, anyone", at_desk & (shows == NOBODY))):  # fmt: skip
        shared = r0[mask[r0]]
        landing.record_owners("pos", receipt_ids(orders, shared), np.full(len(shared), -1), note)


def write_marketplace(landing: Landing, orders: Orders, people: People, catalogue: Catalogue) -> None:
    """Write marketplace orders: amounts excluding tax, relay addresses, a commission."""
    rng = landing.streams("marketplace")
    mine = np.flatnonzero(orders.channel == MARKETPLACE)
    buyers = int(orders.buyer.max()) + 1 if len(mine) else 0
    hidden = np.where(rng.random(buyers) < KNOWN_MARKETPLACE_BUYERS, rng.integers(0, people.n, buyers), -1)
    place, label = rng.choice(14, buyers), rng.permutation(buyers)
    buyer_id = join("B", padded(label + 100_000, 9))
    goods, share = orders.by_order(orders.net), np.where(orders.number % 2 == 0, 0.15, 0.12)
    commission = np.rint(goods * share).astype(np.int64)
    market = orders.number % 2
    changes = mine[orders.state[mine] == CANCELLED]
    o0 = np.r_[mine, changes]
    cancelled = np.repeat([False, True], [len(mine), len(changes)])
    known = np.where(cancelled, orders.refund_known[o0], orders.known[o0])
    recent = orders.at > landing.end_second - 12 * DAY

    def build(r: Ints) -> dict[str, object]:
        o = o0[r]
        b = orders.buyer[o]
        status = np.where(cancelled[r], 3, np.where(orders.state[o] == CANCELLED, 0, np.where(recent[o], 1, 2)))
        return {
            "order_id": marketplace_ids(orders, o), "marketplace": pick(["Bazaarly", "Marktplein"], market[o]),
            "account": pick(["UK-1", "EU-1"], market[o]), "buyer_id": buyer_id.take(pa.array(b)),
            "buyer_email": join("b", text(label[b] * 7 + 11), "@relay.marketplace.example.net"),
            "ship_name": join("Buyer ", text(label[b] % 977)),
            "ship_country_code": pick(COUNTRIES, orders.currency[o]),
            "ship_postcode": pick(POSTCODE, place[b]), "purchased_at": orders.at[o],
            "status": pick(["unshipped", "shipped", "delivered", "cancelled"], status),
            "currency": pick(CURRENCIES, orders.currency[o]), "shipping_amount": orders.shipping[o],
            "shipping_tax_amount": orders.shipping_tax[o], "commission_amount": commission[o],
        }  # fmt: skip

    harmless = orders.state == CANCELLED
    landing.write("marketplace", "order", known, build, harmless[o0])
    line = np.flatnonzero((orders.channel == MARKETPLACE)[orders.order])
    owner = orders.order
    landing.write("marketplace", "order_item", orders.known[owner[line]], lambda r: {
        "order_item_id": text(21_000_000_000 + line[r]), "order_id": marketplace_ids(orders, owner[line[r]]),
        "sku": sku_text(catalogue, orders.sku[line[r]]), "title": order_line_text(catalogue, orders.sku[line[r]]),
        "quantity": orders.quantity[line[r]], "item_price": orders.amount[line[r]], "item_tax": orders.tax[line[r]],
        "promotion_discount": orders.discount[line[r]],
    }, harmless[owner[line]])  # fmt: skip
    landing.record_owners("marketplace", buyer_id, hidden, "relay address")


def write_returns(landing: Landing, orders: Orders, people: People, catalogue: Catalogue, shows: Ints) -> None:
    """Write returned goods of every channel, with reasons; for online orders the money is in the shop's refund."""
    rng = landing.streams("returns")
    owner = orders.order
    line = np.flatnonzero((orders.returned > 0) & (orders.state == NORMAL)[owner])
    o = owner[line]
    channel = orders.channel[o]
    sold_by = np.where((channel == STORE) & (sales_channel(orders)[o] > 0), sales_channel(orders)[o] + 2, channel)
    back, back_tax = orders.refunded()
    money = back - np.where(orders.taxed_in[owner], back_tax, 0)
    reference = choose(channel == ONLINE, text(order_ids(orders)[o]), receipt_ids(orders, o))
    reference = choose(channel == MARKETPLACE, marketplace_ids(orders, o), reference)
    line_ref = choose(channel == ONLINE, text(11_000_000_000 + line), text(orders.position[line] + 1))
    line_ref = choose(channel == MARKETPLACE, text(21_000_000_000 + line), line_ref)
    # Some are returned to a store without a receipt, at best with a customer number.
    lost: Bools = (channel == STORE) & (rng.random(len(line)) < 0.04)
    number = only((channel == STORE) & (orders.person[o] >= 0) & (shows[o] != NOBODY),
                  people.customer_number(np.maximum(orders.person[o], 0)))  # fmt: skip
    number = only(rng.random(len(line)) < 0.7, number)
    restocked = rng.random(len(line)) < 0.85
    known = np.where(channel == ONLINE, orders.refund_known[o], orders.refund_at[o] + lag(rng, len(line), 90))
    known = np.maximum(known, orders.known[o] + 30)
    landing.write("returns", "return_line", known, lambda r: {
        "return_id": join("RT", padded(o[r], 9)), "line_number": orders.position[line[r]] + 1,
        "channel": pick(["online", "store", "marketplace", "phone", "mail_order"], sold_by[r]),
        "order_ref": only(~lost[r], reference.take(pa.array(r))),
        "order_line_ref": only(~lost[r], line_ref.take(pa.array(r))), "customer_number": number.take(pa.array(r)),
        "sku": sku_text(catalogue, orders.sku[line[r]]), "quantity": orders.returned[line[r]],
        "refund_amount": np.where(channel[r] == ONLINE, NULL, money[line[r]]),
        "refund_tax_amount": np.where(channel[r] == ONLINE, NULL, back_tax[line[r]]),
        "currency": pick(CURRENCIES, orders.currency[o[r]]), "reason_code": pick(REASONS, orders.reason[line[r]]),
        "is_restocked": restocked[r], "returned_at": orders.refund_at[o[r]],
    })  # fmt: skip
