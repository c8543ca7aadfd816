"""The assortment: SKUs with dated prices and costs, natural add-ons, replenishment, stock."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from scripts.demo.simulator.arrays import DAY, NULL, Bools, Floats, Ints, Streams, day_number, lag, pick, to_utc
from scripts.demo.simulator.landing import Landing
from scripts.demo.simulator.model import COST_INFLATION, HISTORY_DAYS, PRICE_INFLATION

# category, subcategory, code, price (GBP, tax included), popularity, days until used up, unit return rate,
# cost share of the price without tax, natural add-on (code), untaxed, sized
SUBCATEGORIES = (
    ("Fashion", "Dresses", "DRS", 52, 9, 0, 0.30, 0.42, "JWL", False, True),
    ("Fashion", "Knitwear", "KNT", 42, 8, 0, 0.22, 0.42, "", False, True),
    ("Fashion", "Jeans", "JNS", 48, 7, 0, 0.27, 0.44, "BLT", False, True),
    ("Fashion", "Shoes", "SHO", 64, 8, 0, 0.28, 0.45, "SCK", False, True),
    ("Accessories", "Belts", "BLT", 18, 3, 0, 0.08, 0.35, "", False, False),
    ("Accessories", "Socks", "SCK", 9, 4, 180, 0.03, 0.35, "", False, False),
    ("Accessories", "Jewellery", "JWL", 28, 4, 0, 0.09, 0.33, "", False, False),
    ("Electronics", "Cameras", "CAM", 190, 2, 0, 0.08, 0.72, "MEM", False, False),
    ("Electronics", "Headphones", "HPH", 75, 4, 0, 0.09, 0.62, "CSE", False, False),
    ("Electronics", "Tablets", "TAB", 165, 2, 0, 0.08, 0.74, "CSE", False, False),
    ("Electronics accessories", "Memory cards", "MEM", 22, 2, 0, 0.03, 0.50, "", False, False),
    ("Electronics accessories", "Cases", "CSE", 19, 3, 0, 0.06, 0.40, "", False, False),
    ("Kitchen", "Coffee machines", "COF", 145, 2, 0, 0.06, 0.60, "BNS", False, False),
    ("Kitchen", "Cookware", "CKW", 46, 5, 0, 0.05, 0.50, "", False, False),
    ("Food and drink", "Coffee beans", "BNS", 13, 6, 30, 0.01, 0.50, "", True, False),
    ("Food and drink", "Tea", "TEA", 8, 4, 45, 0.01, 0.48, "", True, False),
    ("Beauty", "Skin care", "SKN", 26, 8, 60, 0.03, 0.34, "", False, False),
    ("Beauty", "Make-up", "MKP", 19, 7, 90, 0.04, 0.32, "SKN", False, False),
    ("Home", "Bedding", "BED", 56, 5, 0, 0.08, 0.46, "PIL", False, False),
    ("Home", "Pillows", "PIL", 21, 3, 730, 0.04, 0.42, "", False, False),
    ("Home", "Lamps", "LMP", 48, 4, 0, 0.08, 0.48, "BLB", False, False),
    ("Home", "Bulbs", "BLB", 7, 3, 365, 0.02, 0.45, "", False, False),
    ("Sports", "Running shoes", "RUN", 82, 5, 0, 0.24, 0.50, "SCK", False, True),
    ("Sports", "Fitness", "FIT", 38, 4, 0, 0.06, 0.50, "NUT", False, False),
    ("Sports nutrition", "Protein", "NUT", 24, 4, 40, 0.02, 0.48, "", False, False),
    ("Pets", "Dog food", "DOG", 29, 4, 35, 0.01, 0.60, "PTY", False, False),
    ("Pets", "Pet toys", "PTY", 10, 3, 0, 0.03, 0.40, "", False, False),
    ("Garden", "Garden tools", "GRD", 36, 4, 0, 0.05, 0.50, "GLV", False, False),
    ("Garden", "Gloves", "GLV", 9, 2, 0, 0.02, 0.40, "", False, False),
)
CODES = [row[2] for row in SUBCATEGORIES]
TIERS, PER_TIER = 3, 5
TIER_FACTOR = (0.62, 1.0, 1.75)
TIER_WORDS = ("Everyday", "Classic", "Premium")
BRANDS = ("Aldermoor", "Brackwell", "Copperleaf", "Dunmere", "Eastwold", "Farrowdale", "Greyholm", "Hartsease")
STYLES = ("Aster", "Briar", "Cedar", "Damson", "Elder")
LOCATIONS = ("WH1", "S01", "S02")
GIFT_CARD = "GIFT-CARD"


@dataclass(frozen=True)
class Catalogue:
    """SKUs as arrays; a SKU's number is its position: subcategory * 15 + tier * 5 + style."""

    sku: list[str]
    name: list[str]
    category: list[str]
    subcategory: Ints
    price: Ints  # cents of GBP at the history's start
    cost: Ints
    return_rate: Floats
    sized: Bools
    untaxed: Bools
    replenish: Ints
    add_on: Ints  # subcategory, -1 when none
    popularity: Floats  # of subcategories
    sellable: Bools
    out_of_stock: Bools

    def __len__(self) -> int:
        return len(self.sku)

    def list_price(self, sku: Ints, year: Ints) -> Ints:
        """Price in GBP cents in the n-th year of the history; prices change yearly and end in 9."""
        raised = self.price[sku] * (1 + PRICE_INFLATION) ** year
        return (np.rint(raised / 10) * 10 - 1).astype(np.int64)

    def unit_cost(self, sku: Ints, year: Ints) -> Ints:
        """Cost in GBP cents, without tax, in the n-th year of the history."""
        return np.rint(self.cost[sku] * (1 + COST_INFLATION) ** year).astype(np.int64)


def make_catalogue(streams: Streams) -> Catalogue:
    """The assortment of the simulated retailer; the same for every size of workspace."""
    rng = streams("catalogue")
    n = len(SUBCATEGORIES) * TIERS * PER_TIER
    sku = np.arange(n)
    sub, tier, style = sku // (TIERS * PER_TIER), sku // PER_TIER % TIERS, sku % PER_TIER
    base = np.array([row[3] for row in SUBCATEGORIES], dtype=float)[sub]
    price = base * np.array(TIER_FACTOR)[tier] * rng.lognormal(0, 0.12, n)
    price = (np.rint(price * 10) * 10 - 1).astype(np.int64)
    share = np.array([row[7] for row in SUBCATEGORIES])[sub] * rng.lognormal(0, 0.10, n)
    cost = np.rint(price / 1.2 * np.minimum(share, 0.9)).astype(np.int64)
    add_on = np.array([CODES.index(row[8]) if row[8] else -1 for row in SUBCATEGORIES])
    return Catalogue(
        sku=[f"{CODES[s]}-{t + 1}{k + 1:02d}" for s, t, k in zip(sub, tier, style, strict=True)],
        name=[
            f"{TIER_WORDS[t]} {SUBCATEGORIES[s][1].lower()} {STYLES[k]}"
            for s, t, k in zip(sub, tier, style, strict=True)
        ],
        category=[SUBCATEGORIES[s][0] for s in sub],
        subcategory=sub,
        price=price,
        cost=cost,
        return_rate=np.array([row[6] for row in SUBCATEGORIES])[sub],
        sized=np.array([row[10] for row in SUBCATEGORIES])[sub],
        untaxed=np.array([row[9] for row in SUBCATEGORIES])[sub],
        replenish=np.array([row[5] for row in SUBCATEGORIES])[sub],
        add_on=add_on[sub],
        popularity=np.array([row[4] for row in SUBCATEGORIES], dtype=float),
        sellable=rng.random(n) > 0.03,
        out_of_stock=rng.random(n) < 0.10,
    )


def brand_of(catalogue: Catalogue) -> list[str]:
    """A brand for every SKU, the same for all styles of a tier."""
    return [BRANDS[(s // PER_TIER) % len(BRANDS)] for s in range(len(catalogue))]


def write_catalogue(landing: Landing, catalogue: Catalogue, start: date, end: date) -> None:
    """Write products with dated prices and costs, relations, the shop's own product tables, stock counts."""
    rng = landing.streams("catalogue files")
    n, first = len(catalogue), day_number(start)
    sku = np.arange(n)
    years = HISTORY_DAYS // 365
    # --- products: one row per year; the last SKU of some tiers enters the range later
    row_sku, row_year = np.repeat(sku, years), np.tile(np.arange(years), n)
    entered = np.where(sku % PER_TIER == 4, sku % 3, 0)
    kept = row_year >= entered[row_sku]
    row_sku, row_year = row_sku[kept], row_year[kept]
    valid_from = first - 30 + row_year * 365
    known = valid_from * DAY - 5 * 3600
    last = row_year == years - 1
    replenish = np.where(catalogue.replenish > 0, catalogue.replenish, NULL)
    brands = brand_of(catalogue)

    def products(r: Ints) -> dict[str, object]:
        s = row_sku[r]
        return {
            "sku": pick(catalogue.sku, s),
            "valid_from": valid_from[r],
            "product_name": pick(catalogue.name, s),
            "category": pick(catalogue.category, s),
            "subcategory": pick([row[1] for row in SUBCATEGORIES], catalogue.subcategory[s]),
            "brand": pick(brands, s),
            "list_price": catalogue.list_price(s, row_year[r]),
            "unit_cost": catalogue.unit_cost(s, row_year[r]),
            "currency": pick(["GBP"], np.zeros(len(r), int)),
            "replenishment_days": replenish[s],
            "is_sellable": catalogue.sellable[s] | ~last[r],
        }

    landing.write("products", "product", known, products)
    # --- relations: main SKUs with their natural add-ons, alternatives within a tier, upgrades to the next
    main = sku[catalogue.add_on >= 0]
    pairs = [(main, catalogue.add_on[main] * TIERS * PER_TIER + (main // PER_TIER % TIERS) * PER_TIER + k, 0)
             for k in range(2)]  # fmt: skip
    pairs.append((sku, sku // PER_TIER * PER_TIER + (sku + 1) % PER_TIER, 1))
    low = sku[sku // PER_TIER % TIERS < TIERS - 1]
    pairs.append((low, low + PER_TIER, 2))
    left, right = np.concatenate([p[0] for p in pairs]), np.concatenate([p[1] for p in pairs])
    kind = np.concatenate([np.full(len(p[0]), p[2]) for p in pairs])
    landing.write(
        "products",
        "product_relation",
        np.full(len(left), (first - 30) * DAY),
        lambda r: {
            "sku": pick(catalogue.sku, left[r]),
            "related_sku": pick(catalogue.sku, right[r]),
            "relation_type": pick(["add_on", "alternative", "upgrade"], kind[r]),
        },
    )
    # --- the shop's own tables, in their latest state
    stock = np.where(catalogue.out_of_stock, 0, rng.integers(8, 400, n))
    changed = (first - 20 + (years - 1) * 365) * DAY
    known = changed + lag(rng, n)
    opened = (first - 400 + rng.integers(0, 200, n)) * DAY
    product_id, variant_id, item_id = 7_000_000 + sku, 8_000_000 + sku, 9_000_000 + sku
    year = np.full(n, years - 1)
    price = catalogue.list_price(sku, year)
    landing.write("shopify", "product", known, lambda r: {
        "id": product_id[r], "title": pick(catalogue.name, r),
        "handle": pc.replace_substring(pc.utf8_lower(pick(catalogue.name, r)), " ", "-"),
        "product_type": pick(catalogue.category, r), "vendor": pick(brands, r),
        "created_at": opened[r], "updated_at": np.full(len(r), changed), "_fivetran_deleted": ~catalogue.sellable[r],
    })  # fmt: skip
    landing.write("shopify", "product_variant", known, lambda r: {
        "id": variant_id[r], "product_id": product_id[r], "inventory_item_id": item_id[r],
        "sku": pick(catalogue.sku, r), "title": pick(["Default"], np.zeros(len(r), int)), "price": price[r],
        "compare_at_price": np.where(r % 11 == 0, (price[r] * 5) // 4, NULL),
        "available_for_sale": catalogue.sellable[r] & ~catalogue.out_of_stock[r], "inventory_quantity": stock[r],
        "updated_at": np.full(len(r), changed),
    })  # fmt: skip
    landing.write("shopify", "inventory_item", known, lambda r: {
        "id": item_id[r], "sku": pick(catalogue.sku, r), "unit_cost_amount": catalogue.unit_cost(r, year[r]),
        "unit_cost_currency_code": pick(["GBP"], np.zeros(len(r), int)), "tracked": np.ones(len(r), dtype=bool),
        "updated_at": np.full(len(r), changed),
    })  # fmt: skip
    # --- stock: month by month for half a year, then daily for the last week
    last_day = day_number(end)
    days = np.r_[last_day - 30 * np.arange(6, 0, -1), last_day - np.arange(6, -1, -1)]
    grid = np.stack(np.meshgrid(days, np.arange(len(LOCATIONS)), sku, indexing="ij")).reshape(3, -1)
    counted = to_utc(grid[0] * DAY + 5 * 3600)
    recent = grid[0] > last_day - 7
    empty = np.where(recent, catalogue.out_of_stock[grid[2]], rng.random(grid.shape[1]) < 0.05)
    on_hand = np.where(empty, 0, rng.integers(3, 180, grid.shape[1]))
    reserved = np.minimum(rng.integers(0, 6, grid.shape[1]), on_hand)
    landing.write("inventory", "stock_level", counted + lag(rng, len(counted), 15), lambda r: {
        "sku": pick(catalogue.sku, grid[2][r]), "location_id": pick(LOCATIONS, grid[1][r]), "counted_at": counted[r],
        "on_hand": on_hand[r], "reserved": reserved[r],
    })  # fmt: skip


def order_line_text(catalogue: Catalogue, sku: Ints) -> pa.Array:
    """The title of a line; SKU -1 is a gift card."""
    return pick([*catalogue.name, "Gift card"], sku)


def sku_text(catalogue: Catalogue, sku: Ints) -> pa.Array:
    """The SKU of a line; SKU -1 is a gift card."""
    return pick([*catalogue.sku, GIFT_CARD], np.where(sku < 0, len(catalogue), sku))
