"""The contents of orders: lines, prices, discounts, tax, shipping, cancellations, deliveries, returns."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from scripts.demo.simulator.arrays import (  # fmt: skip
    DAY,
    NULL,
    Bools,
    Floats,
    Ints,
    Streams,
    lag,
    part_of,
    ranks,
    split_exactly,
    to_local,
    to_utc,
    totals,
)
from scripts.demo.simulator.catalogue import PER_TIER, SUBCATEGORIES, TIERS, Catalogue
from scripts.demo.simulator.model import (  # fmt: skip
    CANCELLED_SHARE,
    CODE_DEPTHS,
    FREE_SHIPPING_FROM,
    GIFT_CARD_SHARE,
    GOODWILL_IF_LATE,
    LATE_DELIVERY,
    MARKDOWN_SHARE,
    PENDING_SHARE,
    PRICE_CLASSES,
    PRICE_FACTOR,
    REPORTING_RATE,
    SALE_SEASONS,
    SHIPPING_CENTS,
    TAX_RATE,
    TRAINING_SHARE,
    VOIDED_SHARE,
)
from scripts.demo.simulator.people import STAFF, TEST, WHOLESALER, People
from scripts.demo.simulator.purchases import MARKETPLACE, ONLINE, STORE, Purchases

NO_OFFER, CODE, SALE, FIXED, STAFF_OFFER = range(5)
REASONS = ("size", "quality", "damaged", "late", "not_as_described", "changed_mind", "unknown")
NORMAL, CANCELLED, PENDING, IS_TEST, VOIDED, TRAINING = range(6)
# Categories bought by the same people, and the share of purchases beyond their favourite that stays within them.
LIFESTYLES = (
    ("Fashion", "Accessories", "Beauty"),
    ("Home", "Kitchen", "Food and drink", "Garden", "Pets"),
    ("Sports", "Sports nutrition", "Electronics", "Electronics accessories"),
)
SAME_LIFESTYLE_SHARE = 0.6
STATES = ("normal", "cancelled", "pending", "test", "voided", "training")


@dataclass
class Orders:
    """Orders and their lines as arrays; money in cents of the order's currency.

    Prices include tax online in GBP and EUR and in stores; they exclude it in USD and at marketplaces. `amount`: the
    line before discounts; `discount`: all its discounts; `tax`: its tax; `returned`: units returned.
    """

    # one per order
    person: Ints
    at: Ints
    channel: Ints
    buyer: Ints
    campaign: Ints
    currency: Ints
    taxed_in: Bools
    state: Ints
    offer: Ints
    depth: Floats
    shipping: Ints
    shipping_price: Ints
    shipping_tax: Ints
    known: Ints
    shipped: Ints
    delivered: Ints
    late: Bools
    refund_at: Ints
    refund_known: Ints
    goodwill: Ints
    number: Ints
    # one per line
    order: Ints
    position: Ints
    sku: Ints
    quantity: Ints
    price: Ints
    amount: Ints
    markdown: Ints
    code_discount: Ints
    tax_rate: Floats
    tax: Ints
    returned: Ints
    reason: Ints

    @property
    def discount(self) -> Ints:
        return self.markdown + self.code_discount

    @property
    def net(self) -> Ints:
        """Amount paid for the line; including tax where prices include it."""
        return self.amount - self.discount

    def by_order(self, values: Ints) -> Ints:
        return totals(self.order, values, len(self.person))

    def refunded(self) -> tuple[Ints, Ints]:
        """Refund of each line's returned units: the amount (with tax if prices include it), and its tax."""
        whole = self.returned == self.quantity
        net = np.where(whole, self.net, self.net * self.returned // np.maximum(self.quantity, 1))
        tax = np.where(whole, self.tax, self.tax * self.returned // np.maximum(self.quantity, 1))
        return net, tax

    def year(self, start: int) -> Ints:
        return np.clip((self.at // DAY - start) // 365, 0, 4)


def fill(purchases: Purchases, people: People, catalogue: Catalogue, streams: Streams) -> Orders:
    """Fill the orders: gamma-Poisson basket sizes, tastes, price tiers by spend level, offers by price class."""
    rng = streams("orders")
    n = len(purchases)
    known_person = purchases.person >= 0
    who = np.where(known_person, purchases.person, 0)
    kind = np.where(known_person, people.kind[who], 0)
    market, store = purchases.channel == MARKETPLACE, purchases.channel == STORE
    currency = np.where(known_person & ~store, people.currency(who), 0)
    currency = np.where(market, rng.choice(3, n, p=[0.85, 0.10, 0.05]), currency)
    taxed_in = (currency != 2) & ~market
    order, sku, quantity = _lines(purchases, people, catalogue, rng, kind)
    year = np.clip((purchases.at // DAY - people.start) // 365, 0, 4)
    price = _prices(catalogue, sku, year[order], currency[order], market[order], rng)
    amount = price * quantity
    offer, depth = _offers(purchases, people, kind, rng)
    offer, depth = np.where(market & (offer != NO_OFFER), SALE, offer), np.where(market, 0.10, depth)
    offer, markdown, code_discount = _discounts(order, sku, amount, offer, depth, market, rng)
    net = amount - markdown - code_discount
    rate, tax = _taxes(catalogue, sku, net, currency[order], taxed_in[order], (kind == WHOLESALER)[order])
    shipping_price, shipping, shipping_tax = _shipping(order, sku, net, currency, taxed_in, store, market, rng)
    state = _states(purchases, kind, rng)
    known = purchases.at + lag(rng, n, 25, late=0.008)
    shipped = purchases.at + (rng.gamma(3.0, 9.0, n) * 3600).astype(np.int64)
    late = (rng.random(n) < LATE_DELIVERY) & ~store
    days = np.where(late, rng.uniform(7, 16, n), rng.gamma(6.0, 0.4, n))
    delivered = shipped + (days * DAY).astype(np.int64)
    patience = np.where(known_person, people.return_factor[who], 0.9) * np.where(late, 1.4, 1.0)
    returned = _returned(catalogue, sku, quantity, patience[order], state[order], rng)
    after = np.where(store, purchases.at, delivered) + ((2 + rng.gamma(2.0, 4.5, n)) * DAY).astype(np.int64)
    cancelled_at = purchases.at + (rng.exponential(7, n) * 3600).astype(np.int64) + 300
    refund_at = np.where(state == CANCELLED, cancelled_at, _in_business_hours(after, rng))
    goodwill = np.where((rng.random(n) < GOODWILL_IF_LATE) & late & (state == NORMAL), 500, 0)
    goodwill = np.minimum(goodwill, totals(order, net, n) // 4) // 100 * 100
    has_refund = (totals(order, returned, n) > 0) | (goodwill > 0)
    refund_at = np.where(has_refund, refund_at, NULL)
    refund_known = np.where(has_refund, np.maximum(refund_at + lag(rng, n, 35), known + 120), NULL)
    reason = _reasons(rng, catalogue, sku, late[order])
    return Orders(
        person=purchases.person, at=purchases.at, channel=purchases.channel, buyer=purchases.buyer,
        campaign=purchases.campaign, currency=currency, taxed_in=taxed_in, state=state, offer=offer, depth=depth,
        shipping=shipping, shipping_price=shipping_price, shipping_tax=shipping_tax, known=known, shipped=shipped,
        delivered=delivered, late=late, refund_at=refund_at, refund_known=refund_known, goodwill=goodwill,
        number=np.arange(n), order=order, position=ranks(order), sku=sku, quantity=quantity, price=price,
        amount=amount, markdown=markdown, code_discount=code_discount, tax_rate=rate, tax=tax, returned=returned,
        reason=reason,
    )  # fmt: skip


def _prices(
    catalogue: Catalogue, sku: Ints, year: Ints, currency: Ints, market: Bools, rng: np.random.Generator
) -> Ints:
    """Unit prices in cents of the order's currency; without tax at marketplaces."""
    price = catalogue.list_price(np.maximum(sku, 0), year)
    factor = np.array(PRICE_FACTOR)[currency]
    price = np.where(factor == 1.0, price, np.rint(price * factor / 10).astype(np.int64) * 10 - 1)
    price = np.where(market, np.rint(price / (1 + np.array(TAX_RATE)[currency])).astype(np.int64), price)
    return np.where(sku < 0, rng.choice([1000, 2500, 5000], len(sku)), price)


def _discounts(
    order: Ints, sku: Ints, amount: Ints, offer: Ints, depth: Floats, market: Bools, rng: np.random.Generator
) -> tuple[Ints, Ints, Ints]:
    """The offer that took effect, each line's own mark-down, and its exact share of the order's discount."""
    n, gift = len(offer), sku < 0
    marked = (rng.random(len(order)) < MARKDOWN_SHARE) & ~gift & ~market[order]
    markdown = np.where(marked, (amount * rng.choice([10, 20, 30], len(order))) // 100, 0)
    base = np.where(gift, 0, amount - markdown)
    subtotal = totals(order, base, n)
    given = np.where(np.isin(offer, (CODE, SALE, STAFF_OFFER)), np.rint(subtotal * depth), 0).astype(np.int64)
    given = np.where((offer == FIXED) & (subtotal >= 4000), 1000, given)
    return np.where(given == 0, NO_OFFER, offer), markdown, split_exactly(given, order, base)


def _taxes(
    catalogue: Catalogue, sku: Ints, net: Ints, currency: Ints, taxed_in: Bools, wholesale: Bools
) -> tuple[Floats, Ints]:
    """Tax rate and tax of each line: none on gift cards, on food in GBP, on USD sales to wholesalers."""
    rate = np.array(TAX_RATE)[currency]
    rate = np.where((sku < 0) | (catalogue.untaxed[np.maximum(sku, 0)] & (currency == 0)), 0.0, rate)
    rate = np.where(wholesale & (currency == 2), 0.0, rate)
    return rate, np.where(taxed_in, part_of(net, rate), np.rint(net * rate).astype(np.int64))


def _shipping(
    order: Ints, sku: Ints, net: Ints, currency: Ints, taxed_in: Bools, store: Bools, market: Bools,
    rng: np.random.Generator,
) -> tuple[Ints, Ints, Ints]:  # fmt: skip
    """Shipping before discounts, shipping charged, and its tax."""
    n = len(store)
    price = np.where((totals(order, net, n) < FREE_SHIPPING_FROM) & ~store, SHIPPING_CENTS, 0)
    price = np.where(totals(order, sku >= 0, n) == 0, 0, price)
    charged = np.where((rng.random(n) < 0.06) & ~market, 0, price)
    rate = np.array(TAX_RATE)[currency]
    tax = np.where(taxed_in, part_of(charged, rate), 0)
    return price, charged, np.where(market, np.rint(charged * rate).astype(np.int64), tax)


def _states(purchases: Purchases, kind: Ints, rng: np.random.Generator) -> Ints:
    """The state of each order: cancelled, pending, test, voided, training; most are normal."""
    n = len(purchases)
    store, state, luck = purchases.channel == STORE, np.zeros(n, dtype=np.int64), rng.random(n)
    state[(luck < CANCELLED_SHARE) & ~store] = CANCELLED
    state[(luck >= CANCELLED_SHARE) & (luck < CANCELLED_SHARE + PENDING_SHARE) & ~store] = PENDING
    state[(luck < VOIDED_SHARE) & store] = VOIDED
    training = (luck >= VOIDED_SHARE) & (luck < VOIDED_SHARE + TRAINING_SHARE)
    state[training & store & (purchases.person < 0)] = TRAINING
    state[(kind == TEST) & ~store | (luck > 0.9992) & (purchases.channel == ONLINE)] = IS_TEST
    return state


def _returned(
    catalogue: Catalogue, sku: Ints, quantity: Ints, patience: Floats, state: Ints, rng: np.random.Generator
) -> Ints:
    """Units returned: a Bernoulli draw per line at the category's rate times the person's factor."""
    chance = catalogue.return_rate[np.maximum(sku, 0)] * patience * 0.9
    chance = np.where((sku < 0) | (state != NORMAL), 0, chance)
    comes_back = rng.random(len(sku)) < np.minimum(chance, 0.85)
    returned = np.where(comes_back, np.maximum(1, rng.binomial(quantity, 0.85)), 0)
    return np.where(state == CANCELLED, quantity, returned)


def _lines(
    purchases: Purchases, people: People, catalogue: Catalogue, rng: np.random.Generator, kind: Ints
) -> tuple[Ints, Ints, Ints]:
    """Order number, SKU and units of every line: favourite subcategories, habits, add-ons with their main item."""
    n, subs = len(purchases), len(SUBCATEGORIES)
    popularity = catalogue.popularity / catalogue.popularity.sum()
    chances = _chances(popularity)
    first = rng.choice(subs, people.n, p=popularity)
    taste = np.column_stack([first, _drawn(chances, first, rng), _drawn(chances, first, rng)])
    consumable = np.array([i for i, row in enumerate(SUBCATEGORIES) if 0 < row[5] <= 90])
    habit = np.where(rng.random(people.n) < 0.5, rng.choice(consumable, people.n), -1)
    known = purchases.person >= 0
    who = np.where(known, purchases.person, 0)
    mean = np.where(known, people.basket[who], np.where(purchases.channel == MARKETPLACE, 0.12, 0.35))
    size = 1 + np.minimum(rng.poisson(mean * rng.gamma(4, 0.25, n)), 8)
    order = np.repeat(np.arange(n), size)
    m = len(order)
    choice, person = rng.random(m), who[order]
    random_sub = np.where(known[order], _drawn(chances, first[person], rng), rng.choice(subs, m, p=popularity))
    sub = np.where(choice < 0.42, taste[person, 0], np.where(choice < 0.62, taste[person, 1], taste[person, 2]))
    sub = np.where((choice > 0.72) | ~known[order], random_sub, sub)
    usual = (ranks(order) == 0) & known[order] & (habit[person] >= 0) & (rng.random(m) < 0.28)
    sub = np.where(usual, habit[person], sub)
    strange = np.where(purchases.channel == MARKETPLACE, -0.9, -0.3)[order]
    level = np.where(known[order], people.spend[person], strange) + rng.normal(0, 0.75, m)
    tier = (level > -0.45).astype(np.int64) + (level > 0.65)
    style = np.minimum(rng.geometric(0.35, m) - 1, PER_TIER - 1)
    settled = (catalogue.replenish[sub * TIERS * PER_TIER] > 0) & (rng.random(m) < 0.8)
    style = np.where(settled, (person * 31 + sub) % PER_TIER, style)
    tier = np.where(settled & known[order], (people.spend[person] > 0).astype(np.int64), tier)
    sku = sub * TIERS * PER_TIER + tier * PER_TIER + style
    quantity = 1 + (rng.random(m) < 0.10) + (usual & (rng.random(m) < 0.4))
    quantity = np.where((kind == WHOLESALER)[order], quantity * rng.integers(8, 30, m), quantity)
    gift = (rng.random(m) < GIFT_CARD_SHARE) & (purchases.channel[order] != MARKETPLACE)
    sku = np.where(gift, -1, sku)
    quantity = np.where(gift, 1, quantity)
    # natural add-ons go into the same basket for about a quarter of the main items
    main = np.flatnonzero((catalogue.add_on[np.maximum(sku, 0)] >= 0) & ~gift & (rng.random(m) < 0.24))
    extra = catalogue.add_on[sku[main]] * TIERS * PER_TIER + tier[main] * PER_TIER + rng.integers(0, 2, len(main))
    order, sku = np.r_[order, order[main]], np.r_[sku, extra]
    quantity = np.r_[quantity, np.ones(len(main), dtype=np.int64)]
    by_order = np.argsort(order, kind="stable")
    return order[by_order], sku[by_order], quantity[by_order]


def _chances(popularity: Floats) -> Floats:
    """Probability of each subcategory (column) by favourite (row): mostly from the same lifestyle."""
    lifestyle = np.array([next(i for i, group in enumerate(LIFESTYLES) if row[0] in group) for row in SUBCATEGORIES])
    same = popularity * (lifestyle[:, None] == lifestyle)
    return SAME_LIFESTYLE_SHARE * same / same.sum(axis=1, keepdims=True) + (1 - SAME_LIFESTYLE_SHARE) * popularity


def _drawn(chances: Floats, rows: Ints, rng: np.random.Generator) -> Ints:
    """One column for every row number in `rows`, drawn by the probabilities in that row."""
    below = np.cumsum(chances, axis=1)[:, :-1]
    luck = rng.random(len(rows))
    out = np.empty(len(rows), dtype=np.int64)
    for row in range(len(chances)):
        of = rows == row
        out[of] = np.searchsorted(below[row], luck[of], side="right")
    return out


def _offers(purchases: Purchases, people: People, kind: Ints, rng: np.random.Generator) -> tuple[Ints, Floats]:
    """Which offer an order used. The price class is latent: discount lovers rarely buy without one."""
    n = len(purchases)
    who = np.maximum(purchases.person, 0)
    wish = np.array([c[2] for c in PRICE_CLASSES])[people.price_class[who]]
    wish = np.where(purchases.person < 0, 0.25, wish)
    day = (to_local(purchases.at) // DAY).astype("datetime64[D]")
    month = day.astype("datetime64[M]").astype(int) % 12 + 1
    date = (day - day.astype("datetime64[M]").astype("datetime64[D]")).astype(int) + 1 + month * 100
    sale = np.zeros(n)
    for from_month, from_day, to_month, to_day, share in SALE_SEASONS:
        sale[(date >= from_month * 100 + from_day) & (date <= to_month * 100 + to_day)] = share
    promoted = rng.random(n) < np.where(sale > 0, np.minimum(wish * 1.25, 0.95), wish * 0.95)
    fixed = rng.random(n) < 0.12
    offer = np.where(promoted, np.where(sale > 0, SALE, np.where(fixed, FIXED, CODE)), NO_OFFER)
    depth = np.where(sale > 0, sale, rng.choice(CODE_DEPTHS, n, p=[0.4, 0.3, 0.2, 0.1]))
    offer, depth = np.where(kind == STAFF, STAFF_OFFER, offer), np.where(kind == STAFF, 0.30, depth)
    # An order that a campaign caused uses its code.
    offer, depth = np.where(purchases.campaign >= 0, CODE, offer), np.where(purchases.campaign >= 0, 0.15, depth)
    return offer, np.where(offer == NO_OFFER, 0.0, depth)


def _in_business_hours(at: Ints, rng: np.random.Generator) -> Ints:
    local = to_local(at)
    return to_utc(local // DAY * DAY + rng.integers(9 * 3600, 18 * 3600, len(at)) + DAY)


def _reasons(rng: np.random.Generator, catalogue: Catalogue, sku: Ints, late: Bools) -> Ints:
    """Return reasons: mostly size for clothes and shoes, often `late` for late parcels."""
    n = len(sku)
    sized = catalogue.sized[np.maximum(sku, 0)]
    other = rng.choice(7, n, p=[0.02, 0.20, 0.13, 0.01, 0.20, 0.34, 0.10])
    clothes = rng.choice(7, n, p=[0.62, 0.08, 0.03, 0.01, 0.08, 0.14, 0.04])
    reason = np.where(sized, clothes, other)
    return np.where(late & (rng.random(n) < 0.35), 3, reason)


def order_ids(orders: Orders) -> Ints:
    """Shop order ids; orders of tills and marketplaces have their own ids, made from the same number."""
    return 5_000_000_000 + orders.number


def revenue(orders: Orders, end_second: int) -> tuple[Bools, Ints]:
    """Truth: whether each order counts, and its net revenue in GBP cents as known at the end of the history.

    Net revenue excludes tax: lines minus discounts minus returns, plus shipping charged; gift cards are not sales.
    """
    rate = np.array(REPORTING_RATE)[orders.currency]
    goods = orders.sku >= 0
    inside = np.where(orders.taxed_in[orders.order], orders.tax, 0)
    back, back_tax = orders.refunded()
    seen = (orders.refund_known != NULL) & (orders.refund_known <= end_second)
    back = np.where(seen[orders.order], back - np.where(orders.taxed_in[orders.order], back_tax, 0), 0)
    net = orders.by_order(np.where(goods, orders.net - inside - back, 0))
    shipping = orders.shipping - np.where(orders.taxed_in, orders.shipping_tax, 0)
    sold = orders.by_order(np.where(goods, orders.quantity, 0))
    kept = orders.by_order(np.where(goods, orders.quantity - np.where(seen[orders.order], orders.returned, 0), 0))
    counts = (orders.state == NORMAL) & (sold > 0) & (kept > 0) & (orders.known <= end_second)
    return counts, np.rint((net + shipping) * rate).astype(np.int64)
