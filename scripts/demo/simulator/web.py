"""Web and app visits, in Segment's format, and the ad clicks that led to some of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from scripts.demo.simulator.arrays import (
    DAY,
    NULL,
    Bools,
    Ints,
    Streams,
    join,
    lag,
    only,
    padded,
    pick,
    ranks,
    text,
    to_utc,
)
from scripts.demo.simulator.catalogue import GIFT_CARD, PER_TIER, SUBCATEGORIES, TIERS, Catalogue
from scripts.demo.simulator.landing import Landing, TableWriter
from scripts.demo.simulator.model import (  # fmt: skip
    ANONYMOUS_VISITORS,
    BACKGROUND_SESSIONS,
    CART_PER_SESSION,
    CLASSES,
    CURRENCIES,
    DORMANT_BROWSING,
    EPISODE_DAYS,
    EPISODE_SESSIONS,
    RECENT_DAYS,
)
from scripts.demo.simulator.orders import Orders, order_ids
from scripts.demo.simulator.people import People
from scripts.demo.simulator.purchases import ONLINE, ONLINE_HOURS, clock
from scripts.demo.simulator.shop import ShopOrders

CHUNK = 150_000  # sessions at a time
SOURCES: tuple[str | None, ...] = (None, "newsletter", "searchads", "socialads", "videoads", "blog")
MEDIA: tuple[str | None, ...] = (None, "email", "cpc", "cpc", "cpc", "referral")
PLATFORMS = ("searchads", "socialads", "videoads")
AD_CAMPAIGNS = ("Brand", "Spring range", "Electronics", "Retargeting")
AGENTS = ("Mozilla/5.0 (iPhone)", "Mozilla/5.0 (Android)", "Mozilla/5.0 (Macintosh)", "Mozilla/5.0 (Windows NT 10.0)",
          "ShopApp/4.2")  # fmt: skip


@dataclass
class Sessions:
    """Visits in order of time. `person` -1: unknown; `order` -1: ends without an order."""

    person: Ints
    device: Ints
    at: Ints
    order: Ints
    logged: Bools
    mailed: Bools
    cart: Bools
    source: Ints


def make_sessions(people: People, orders: Orders, streams: Streams) -> Sessions:
    """Visits in the recent window: episodes of interest, orders, a few in between, and unknown visitors.

    Episodes start as a Poisson process at the person's rate (gamma over people, lower after dropping out) and last an
    exponential time, during which visits are Poisson; a visit adds to the cart with a fixed probability.
    """
    rng = streams("sessions")
    end = people.end + 1
    begin = end - RECENT_DAYS
    web = np.flatnonzero((people.shop != NULL) | (people.klaviyo != NULL))
    rate = np.array([c.episodes for c in CLASSES])[people.klass[web]] * rng.gamma(1.2, 1 / 1.2, len(web))
    lead_in = 4 * EPISODE_DAYS
    spells = rng.poisson(rate * (RECENT_DAYS + lead_in) / 365)
    who = np.repeat(web, spells)
    start = begin - lead_in + rng.random(len(who)) * (RECENT_DAYS + lead_in)
    engaged = people.engaged(who, (start * DAY).astype(np.int64)) | (rng.random(len(who)) < DORMANT_BROWSING)
    known = people.opened[who] <= start * DAY
    who, start = who[engaged & known], start[engaged & known]
    length = rng.exponential(EPISODE_DAYS, len(who))
    visits = rng.poisson(EPISODE_SESSIONS / 30 * length)
    spell = np.repeat(np.arange(len(who)), visits)
    day = np.floor(start[spell] + rng.random(len(spell)) * length[spell]).astype(np.int64)
    quiet = np.repeat(web, rng.poisson(BACKGROUND_SESSIONS * RECENT_DAYS / 365, len(web)))
    strangers = int(people.n * ANONYMOUS_VISITORS)
    stranger = np.repeat(np.arange(strangers), 1 + rng.poisson(0.8, strangers))
    person = np.r_[who[spell], quiet, np.full(len(stranger), -1)]
    day = np.r_[day, rng.integers(begin, end, len(quiet) + len(stranger))]
    at = to_utc(day * DAY + clock(rng, len(day), ONLINE_HOURS))
    inside = (day >= begin) & (day < end) & (at > np.where(person >= 0, people.opened[person], 0))
    label = np.r_[np.zeros(len(spell) + len(quiet), dtype=np.int64), people.n * 3 + stranger][inside]
    person, at = person[inside], at[inside]
    bought = np.flatnonzero((orders.channel == ONLINE) & (orders.person >= 0) & (orders.at > begin * DAY))
    bought = bought[rng.random(len(bought)) < 0.93]
    none = np.full(len(person), -1)
    order = np.r_[none, bought]
    person = np.r_[person, orders.person[bought]]
    at = np.r_[at, orders.at[bought] - rng.integers(500, 1100, len(bought))]
    label = np.r_[label, np.zeros(len(bought), dtype=np.int64)]
    turn = np.minimum(rng.geometric(0.68, len(person)) - 1, 2)
    device = np.where(person >= 0, person * 3 + turn, label)
    # Edge case: some use the first browser of the person they live with.
    lends = people.edge_cases.tablet[np.maximum(person, 0)]
    device = np.where((person >= 0) & (lends >= 0) & (turn == 0), lends * 3, device)
    has_account = (person >= 0) & (people.shop[person] != NULL)
    logged = has_account & (rng.random(len(person)) < np.where(order >= 0, 0.95, 0.5))
    source = rng.choice(len(SOURCES), len(person), p=[0.58, 0.14, 0.09, 0.07, 0.03, 0.09])
    mailed = (person >= 0) & ~logged & (people.klaviyo[person] != NULL) & (rng.random(len(person)) < 0.22)
    source = np.where(mailed, 1, source)
    cart = (rng.random(len(person)) < np.where(person >= 0, CART_PER_SESSION, 0.06)) & (order < 0)
    in_time = np.argsort(at, kind="stable")
    columns: list[Any] = [person, device, at, order, logged, mailed, cart, source]
    return Sessions(*[c[in_time] for c in columns])


def anonymous_ids(device: Ints) -> pa.Array:
    """Browser ids whose order carries no information."""
    return join("anon-", padded(device * 2_654_435_761 % 10**11, 11))


def write_web(
    landing: Landing, sessions: Sessions, people: People, orders: Orders, shop: ShopOrders, catalogue: Catalogue
) -> None:
    """Write page views, product views, cart additions, orders and log-ins, in chunks of sessions."""
    rng = landing.streams("web")
    names = ("pages", "product_viewed", "product_added", "order_completed", "identifies")
    counts = dict.fromkeys(names, 0)
    lines_of = _lines_by_order(orders)
    open_tables = [landing.open("web", name) for name in names]
    writers = dict(zip(names, [t.__enter__() for t in open_tables], strict=True))
    try:
        for start in range(0, max(len(sessions.at), 1), CHUNK):
            part = slice(start, start + CHUNK)
            chunk = Sessions(*[getattr(sessions, f)[part] for f in Sessions.__dataclass_fields__])
            _write_chunk(writers, counts, chunk, people, orders, shop, catalogue, lines_of, rng)
    finally:
        for table in open_tables:
            table.__exit__(None, None, None)
    devices, first = np.unique(sessions.device, return_index=True)
    person = sessions.person[first]
    shared = np.unique(sessions.device[sessions.person != person[np.searchsorted(devices, sessions.device)]])
    person[np.isin(devices, shared)] = -2
    landing.record_owners("web", anonymous_ids(devices[person >= 0]), person[person >= 0])
    landing.record_owners("web", anonymous_ids(shared), np.full(len(shared), -1), "browser of two people")
    rows = np.flatnonzero(np.isin(sessions.device, shared))
    landing.add_truth("shared_browser_sessions", {
        "anonymous_id": anonymous_ids(sessions.device[rows]),
        "started_at": pa.array(sessions.at[rows]).cast(pa.timestamp("s")),
        "person_id": sessions.person[rows], "is_logged_in": sessions.logged[rows],
    })  # fmt: skip
    _write_ads(landing, sessions, rng, people)


def _lines_by_order(orders: Orders) -> tuple[Ints, Ints]:
    count = np.bincount(orders.order, minlength=len(orders.person))
    return np.cumsum(count) - count, count


def _write_chunk(
    writers: dict[str, TableWriter], counts: dict[str, int], s: Sessions, people: People, orders: Orders,
    shop: ShopOrders, catalogue: Catalogue, lines_of: tuple[Ints, Ints], rng: np.random.Generator,
) -> None:  # fmt: skip
    n = len(s.at)
    if n == 0:
        return
    anonymous, ordered = anonymous_ids(s.device), s.order >= 0
    account = np.where(ordered, shop.account[s.order], np.where(s.person >= 0, people.shop[s.person], NULL))
    user = text(np.where(s.logged, account, NULL))
    pages = np.where(ordered, 3, np.minimum(rng.geometric(0.55, n), 12))
    session = np.repeat(np.arange(n), pages)
    step = ranks(session)
    gap = np.where(step == 0, 0, rng.integers(8, 110, len(session)))
    total = np.cumsum(gap)
    at = s.at[session] + total - np.repeat(total[np.cumsum(pages) - pages], pages)
    subs = len(SUBCATEGORIES)
    known = s.person[session] >= 0
    own = (s.person[session] * 31 + step % 3) % subs
    popularity = catalogue.popularity / catalogue.popularity.sum()
    sub = np.where(known & (rng.random(len(session)) < 0.5), own, rng.choice(subs, len(session), p=popularity))
    sku = sub * TIERS * PER_TIER + rng.integers(0, TIERS * PER_TIER, len(session))
    kind = np.where(step == 0, rng.integers(0, 2, len(session)), np.where(rng.random(len(session)) < 0.6, 2, 1))
    kind = np.where(ordered[session], np.array([0, 3, 4])[np.minimum(step, 2)], kind)
    kind = np.where(s.cart[session] & (step == pages[session] - 1), 2, kind)
    slug = pick([sku.lower() for sku in catalogue.sku], sku)
    categories = [f"/c/{row[1].lower().replace(' ', '-')}" for row in SUBCATEGORIES]
    plain = pick(["/", "", "", "/cart", "/checkout"], kind)
    path = _by_kind(kind, plain, pick(categories, sub), join("/p/", slug))
    titles = _by_kind(kind, pick(["Home", "", "", "Cart", "Check-out"], kind), pick([r[1] for r in SUBCATEGORIES], sub),
                      pick(catalogue.name, sku))  # fmt: skip
    first, m = step == 0, len(session)
    source = np.where(first, s.source[session], 0)
    ad = (s.device[session] % len(AD_CAMPAIGNS)) + 1
    agent = s.device[session] % len(AGENTS)
    shared = {"anonymous_id": anonymous.take(pa.array(session)), "user_id": user.take(pa.array(session))}
    received = at + 2 + lag(rng, m, 0.2, late=0.001) - 60
    writers["pages"].add({
        "id": _number("P", counts, "pages", m), **shared, "received_at": np.maximum(received, at + 1), "sent_at": at,
        "timestamp": at, "url": join("https://shop.example.com", path), "path": path, "title": titles,
        "referrer": only(~first, pick(["https://shop.example.com/"], np.zeros(m, int))),
        "context_campaign_source": pick(SOURCES, source), "context_campaign_medium": pick(MEDIA, source),
        "context_campaign_name": pick([None, *AD_CAMPAIGNS, "newsletter"],
                                      np.where(source == 1, 5, np.where((source >= 2) & (source <= 4), ad, 0))),
        "context_user_agent": pick(AGENTS, agent),
    })  # fmt: skip
    viewed = np.flatnonzero(kind == 2)
    added = np.flatnonzero(s.cart[session] & (step == pages[session] - 1))
    # the lines of an order were viewed and added before it
    begin, count = lines_of[0][s.order], np.where(ordered, lines_of[1][s.order], 0)
    of = np.repeat(np.arange(n), count)
    line = np.repeat(begin, count) + ranks(of)
    line_at = s.at[of] + 20 + ranks(of) * 15
    cart = 40_000_000 + np.where(ordered, s.order, 0)
    loose = 70_000_000 + s.device * 37 + s.at // (2 * DAY) % 37
    for name, rows, offset in (("product_viewed", viewed, 0), ("product_added", added, 6)):
        skus = np.r_[sku[rows], orders.sku[line]]
        who = np.r_[session[rows], of]
        when = np.r_[at[rows], line_at] + offset
        k, safe = len(skus), np.maximum(skus, 0)
        columns = {
            "id": _number(name[8].upper(), counts, name, k), "anonymous_id": anonymous.take(pa.array(who)),
            "user_id": user.take(pa.array(who)), "received_at": when + 2, "timestamp": when,
            "product_id": np.where(skus < 0, 7_900_000, 7_000_000 + skus),
            "sku": pick([*catalogue.sku, GIFT_CARD], np.where(skus < 0, len(catalogue), skus)),
            "category": pick([*catalogue.category, "Gift cards"], np.where(skus < 0, len(catalogue), skus)),
            "price": catalogue.list_price(safe, np.full(k, 4)),
        }  # fmt: skip
        if name == "product_added":
            columns |= {"cart_id": join("c", text(np.where(ordered[who], cart[who], loose[who]))),
                        "quantity": np.r_[np.ones(len(rows), dtype=np.int64), orders.quantity[line]]}  # fmt: skip
        writers[name].add(columns)
    o = np.flatnonzero(ordered)
    done = orders.at[s.order[o]] + 3
    writers["order_completed"].add({
        "id": _number("O", counts, "order_completed", len(o)), "anonymous_id": anonymous.take(pa.array(o)),
        "user_id": user.take(pa.array(o)), "received_at": done + 2, "timestamp": done,
        "order_id": order_ids(orders)[s.order[o]], "cart_id": join("c", text(cart[o])), "total": shop.total[s.order[o]],
        "currency": pick(CURRENCIES, orders.currency[s.order[o]]),
    })  # fmt: skip
    i = np.flatnonzero((s.logged | s.mailed) & (rng.random(n) < 0.6))
    when = s.at[i] + 9
    writers["identifies"].add({
        "id": _number("I", counts, "identifies", len(i)), "anonymous_id": anonymous.take(pa.array(i)),
        "user_id": user.take(pa.array(i)),
        "email": only(s.mailed[i] | (i % 3 == 0), people.email.take(pa.array(np.maximum(s.person[i], 0)))),
        "received_at": when + 2, "timestamp": when,
    })  # fmt: skip


def _number(letter: str, counts: dict[str, int], name: str, n: int) -> pa.Array:
    counts[name] += n
    return join("W", letter, padded(counts[name] - n + np.arange(n), 9))


def _by_kind(kind: Ints, plain: pa.Array, category: pa.Array, product: pa.Array) -> pa.Array:
    """A page's text: the product's on product pages, the category's on category pages."""
    out = pa.compute.if_else(pa.array(kind == 2), product, plain)
    return pa.compute.if_else(pa.array(kind == 1), category, out)


def _write_ads(landing: Landing, sessions: Sessions, rng: np.random.Generator, people: People) -> None:
    """Write clicks that reached the site, and daily spend by platform and campaign."""
    rows = np.flatnonzero((sessions.source >= 2) & (sessions.source <= 4))
    platform, campaign = sessions.source[rows] - 2, sessions.device[rows] % len(AD_CAMPAIGNS)
    at = sessions.at[rows] - rng.integers(1, 20, len(rows))
    landing.write("paid_media", "ad_click", at + lag(rng, len(rows), 240), lambda r: {
        "click_id": join("CK", padded(r, 9)), "platform": pick(PLATFORMS, platform[r]),
        "ad_campaign_id": join("AD", text(platform[r] * 10 + campaign[r])),
        "anonymous_id": anonymous_ids(sessions.device[rows[r]]), "clicked_at": at[r],
    })  # fmt: skip
    days = np.arange(people.end - RECENT_DAYS + 1, people.end + 1)
    grid = np.stack(np.meshgrid(days, np.arange(3), np.arange(len(AD_CAMPAIGNS)), indexing="ij")).reshape(3, -1)
    reached = np.zeros(grid.shape[1], dtype=np.int64)
    cell = ((at // DAY).clip(days[0], days[-1]) - days[0]) * 12 + platform * 4 + campaign
    reached += np.bincount(cell, minlength=len(reached))
    clicks = reached + rng.poisson(reached * 0.25 + 1)
    spend = np.rint(clicks * rng.uniform(18, 60, len(clicks))).astype(np.int64) + 200
    landing.write("paid_media", "daily_spend", (grid[0] + 1) * DAY + 7 * 3600, lambda r: {
        "platform": pick(PLATFORMS, grid[1][r]), "ad_campaign_id": join("AD", text(grid[1][r] * 10 + grid[2][r])),
        "ad_campaign_name": pick(AD_CAMPAIGNS, grid[2][r]), "spend_date": grid[0][r],
        "impressions": clicks[r] * 45 + grid[0][r] % 97, "clicks": clicks[r], "spend_amount": spend[r],
        "currency": pick(["GBP"], np.zeros(len(r), int)),
    })  # fmt: skip
